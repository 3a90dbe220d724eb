//! The simulation itself: the same seed is the same run, and what fails is shrunk to what matters.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use sim800_simulation::campaign::{KINDS, Run, Scenario, run, shrink};

/// Octets that crossed the line: when, as they set out, and as they arrived.
type Log = Vec<(Duration, Vec<u8>, Vec<u8>)>;

/// A run, and every octet that crossed the line with its time.
fn recorded(seed: u64) -> (Run, Log) {
    let log = Rc::new(RefCell::new(Vec::new()));
    let shared = Rc::clone(&log);
    let scenario = Scenario::draw(seed);
    let run = run(&scenario, move |crossing| {
        shared.borrow_mut().push((crossing.at, crossing.left.to_vec(), crossing.arrived.to_vec()));
    });
    (run.unwrap_or_else(|violation| panic!("seed {seed}: {}", violation.what)), log.take())
}

#[test]
fn the_same_seed_is_the_same_run() {
    for seed in 0..60 {
        assert_eq!(Scenario::draw(seed), Scenario::draw(seed));
        let (run, log) = recorded(seed);
        assert!(!log.is_empty());
        assert!(recorded(seed) == (run, log), "seed {seed}");
    }
}

#[test]
fn what_is_tried_has_a_name_in_the_list() {
    for seed in 0..300 {
        let (run, _) = recorded(seed);
        for kind in &run.tried {
            assert!(KINDS.contains(kind), "{kind}");
        }
    }
}

#[test]
fn what_does_not_matter_is_left_out() {
    // Fails whenever a restart is among the faults, so that in the end it is the only one.
    let restarts = |scenario: &Scenario| {
        scenario.faults.iter().filter(|planned| planned.what.kind().starts_with("restart")).count()
    };
    let scenario =
        (0..).map(Scenario::draw).find(|scenario| scenario.faults.len() > 3 && restarts(scenario) == 1);
    let least = shrink(&scenario.expect("a seed"), |scenario| restarts(scenario) == 1);
    assert_eq!((least.faults.len(), restarts(&least)), (1, 1));
    assert_eq!((least.length, least.variants.len(), least.left_over, least.leave), (0, 0, None, None));
}
