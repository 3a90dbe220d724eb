//! Finding the least that fails.

use std::time::Duration;

use super::content::Content;
use super::scenario::{Scenario, Settings};

/// The least of a scenario that still `fails`: without the faults and peculiarities that do not matter.
///
/// `fails` is asked again and again until nothing can be left out any more; each answer costs a run.
#[must_use]
pub fn shrink(scenario: &Scenario, mut fails: impl FnMut(&Scenario) -> bool) -> Scenario {
    let mut least = scenario.clone();
    loop {
        let Some(smaller) = candidates(&least).into_iter().find(&mut fails) else { return least };
        least = smaller;
    }
}

/// What a scenario is with one thing less. Each is smaller, so that this ends.
fn candidates(scenario: &Scenario) -> Vec<Scenario> {
    let mut candidates = Vec::new();
    let mut with = |change: &dyn Fn(&mut Scenario)| {
        let mut smaller = scenario.clone();
        change(&mut smaller);
        if smaller != *scenario {
            candidates.push(smaller);
        }
    };
    // Half of the faults at once, then one after the other.
    let half = scenario.faults.len() / 2;
    if half > 0 {
        with(&|smaller| smaller.faults.truncate(half));
        with(&|smaller| drop(smaller.faults.drain(..half)));
    }
    for index in 0..scenario.faults.len() {
        with(&|smaller| drop(smaller.faults.remove(index)));
    }
    for index in 0..scenario.variants.len() {
        with(&|smaller| drop(smaller.variants.remove(index)));
    }
    for index in 0..scenario.manners.len() {
        with(&|smaller| _ = smaller.manners.remove(index));
    }
    for index in 0..scenario.beside.len() {
        with(&|smaller| _ = smaller.beside.remove(index));
    }
    with(&|smaller| smaller.old_file = false);
    with(&|smaller| smaller.left_over = None);
    with(&|smaller| smaller.leave = None);
    with(&|smaller| smaller.rate = None);
    with(&|smaller| smaller.cuts.clear());
    with(&|smaller| smaller.latency = Duration::ZERO);
    with(&|smaller| smaller.settings = Settings::default());
    with(&|smaller| smaller.content = Content::Letters);
    with(&|smaller| smaller.length /= 2);
    with(&|smaller| smaller.length -= smaller.length.div_ceil(16));
    candidates
}
