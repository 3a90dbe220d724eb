//! What is waited for, on a terminal.

use std::net::TcpListener;
use std::time::Duration;

use sim800_emulator::{Config, Registration};

use crate::bench::{Bench, program};
use crate::terminals::on_a_terminal;

#[test]
fn the_search_for_the_module_is_shown_with_its_limit() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = format!("tcp://{}", silent.local_addr().unwrap());
    let arguments = ["-p", &port, "--answer-within", "1", "info"];
    let text = on_a_terminal(program(&arguments));
    assert!(text.contains("looking for the module") && text.contains("of 1 s at most"), "{text:?}");
    for other in ["-q", "-v"] {
        let text = on_a_terminal(program(&[&[other], &arguments[..]].concat()));
        assert!(!text.contains("looking for"), "{text:?}");
    }
}

#[test]
fn registration_and_bearer_are_shown_with_their_limits() {
    let bench = Bench::slow(|config: &mut Config| {
        config.timings.bearer_open = Duration::from_millis(500);
        config.timings.bearer_close = Duration::from_millis(500);
    });
    let text = on_a_terminal(bench.command(&["--close", "bearer", "open"]));
    for said in ["opening the bearer", "of 85 s at most", "closing the bearer"] {
        assert!(text.contains(said), "{said}: {text:?}");
    }
    let mut config = Config::default();
    config.registration = Registration::Denied;
    let text = on_a_terminal(Bench::with(config).command(&["info"]));
    assert!(text.contains("registering with the network") && text.contains("of 60 s at most"), "{text:?}");
}
