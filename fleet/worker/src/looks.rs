//! Idle modules of a worker take turns at looking for jobs that no bell told of: those that come again after a while.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sim800_fleet_job::Place;
use tokio::time::Instant;

/// When somebody last looked at each place.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    last: Mutex<HashMap<Place, Instant>>,
}

impl Looks {
    /// Those of `places` at which nobody has looked for so long; whoever asks looks there now.
    pub(crate) fn due(&self, places: &[Place], every: Duration) -> Vec<Place> {
        let now = Instant::now();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let mut is_due = |place: &&Place| match last.get_mut(*place) {
            Some(at) if now.duration_since(*at) < every => false,
            Some(at) => {
                *at = now;
                true
            }
            None => {
                last.insert((*place).clone(), now);
                true
            }
        };
        places.iter().filter(&mut is_due).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_look_is_enough_for_all() {
        let looks = Looks::default();
        let place = |name: &str| Place::Module(name.into());
        let every = Duration::from_secs(10);
        assert_eq!(looks.due(&[place("a"), Place::Any], every), [place("a"), Place::Any]);
        assert_eq!(looks.due(&[place("b"), Place::Any], every), [place("b")]);
        tokio::time::advance(every).await;
        assert_eq!(looks.due(&[place("b"), Place::Any], every), [place("b"), Place::Any]);
    }
}
