//! How much of the line's rate a transfer gets, in virtual time: what the protocol allows, less one part in two hundred.

use std::num::NonZeroU32;
use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt;
use sim800_emulator::Config as ModuleConfig;
use sim800_emulator::Line;
use sim800_session::{Bearer, Config, Ftp, Http, Profile, Runtime, Server};
use sim800_simulation::{Clock, Resource, World};

const LENGTH: usize = 292_000;

/// The rate of a transfer as a share of that of the line, the time of `procedure` alone being counted.
fn share<F: Future<Output = Duration>>(rate: u32, procedure: impl FnOnce(Bearer, Clock) -> F) -> f64 {
    let line = Line::paced(NonZeroU32::new(rate).expect("a rate"));
    let mut module = ModuleConfig::default();
    // What the line moves is measured, not how long the module hesitates.
    module.timings.unsolicited = Duration::ZERO;
    let mut world = World::on_line(module, line);
    world.network().put_file("/file", vec![b'x'; LENGTH]);
    world.network().put_resource("http://example.com/file", Resource::new(vec![b'x'; LENGTH]));
    let mut config = Config::default();
    config.rate = rate;
    let client = world.open(config);
    let clock = world.clock();
    let took = world.run(async move {
        client.start_up().await.expect("start-up");
        let bearer = Bearer::open(&client, &Profile::new("internet")).await.expect("bearer");
        procedure(bearer, clock).await
    });
    let ceiling = Duration::from_secs_f64(LENGTH as f64 * 10.0 / f64::from(rate));
    ceiling.as_secs_f64() / took.as_secs_f64()
}

/// Payload as a share of all that one round moves (both directions, one after the other).
fn ceiling(payload: usize, command: &str, header: &str, rest: &str) -> f64 {
    let round = payload + command.len() + header.len() + rest.len();
    payload as f64 / round as f64
}

fn check(what: &str, share: f64, ceiling: f64) {
    assert!(share >= 0.995 * ceiling, "{what}: {share:.4} of the line, {ceiling:.4} is possible");
}

#[test]
fn transfers_run_at_the_rate_that_the_protocol_allows() {
    for rate in [9_600, 115_200, 460_800] {
        let get = share(rate, |bearer, clock| async move {
            let download =
                Ftp::new(&bearer, Server::new("ftp.example.com")).get("/file").await.expect("open");
            let began = clock.now();
            download.try_for_each(|_| async { Ok(()) }).await.expect("complete");
            clock.now() - began
        });
        let round = ceiling(1460, "AT+FTPGET=2,1460\r", "\r\n+FTPGET: 2,1460\r\n", "\r\nOK\r\n");
        check(&format!("FTPGET at {rate}"), get, round);

        let read = share(rate, |bearer, clock| async move {
            let request =
                http::Request::get("http://example.com/file").body(Bytes::new()).expect("a request");
            let response = Http::new(&bearer).send(request).await.expect("a response");
            let began = clock.now();
            response.into_body().try_for_each(|_| async { Ok(()) }).await.expect("complete");
            clock.now() - began
        });
        let window = match rate {
            9_600 => 4_096,
            115_200 => 16_384,
            _ => 65_536,
        };
        let round = ceiling(window, "AT+HTTPREAD=163840,16384\r", "\r\n+HTTPREAD: 16384\r\n", "\r\nOK\r\n");
        check(&format!("HTTPREAD at {rate}"), read, round);
        assert!(read >= 0.98, "HTTPREAD at {rate}: {read:.4} of the line");

        let put = share(rate, |bearer, clock| async move {
            let began = clock.now();
            let source = vec![b'x'; LENGTH];
            let ftp = Ftp::new(&bearer, Server::new("ftp.example.com"));
            ftp.put("/up", &source[..]).await.expect("complete");
            clock.now() - began
        });
        let rest = "\r\nOK\r\n\r\n+FTPPUT: 1,1,1360\r\n";
        let round = ceiling(1360, "AT+FTPPUT=2,1360\r", "\r\n+FTPPUT: 2,1360\r\n", rest);
        check(&format!("FTPPUT at {rate}"), put, round);
    }
}

#[test]
fn a_body_moves_on_every_few_seconds_whatever_the_rate() {
    for (rate, limit) in [(9_600, 4_500), (19_200, 2_500), (115_200, 1_500), (460_800, 1_500)] {
        share(rate, |bearer, clock| async move {
            let request =
                http::Request::get("http://example.com/file").body(Bytes::new()).expect("a request");
            let response = Http::new(&bearer).send(request).await.expect("a response");
            let began = clock.now();
            let mut before = began;
            let mut body = response.into_body();
            while body.try_next().await.expect("complete").is_some() {
                let now = clock.now();
                assert!(now - before <= Duration::from_millis(limit), "{rate}: {:?}", now - before);
                before = now;
            }
            before - began
        });
    }
}
