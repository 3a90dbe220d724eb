//! What the line has done to what crossed it.

use std::time::Duration;

use sim800_session::Direction;

use crate::Crossing;

/// What the line has damaged so far, which decides on what can be told from what was sent.
#[derive(Debug, Default)]
pub(super) struct Damages {
    /// The line has damaged anything.
    pub(super) any: bool,
    /// Octets whose place says what they mean, changed, or octets that the module got twice: nothing on the line tells.
    pub(super) deceptive: bool,
    /// Other octets that arrived changed.
    pub(super) substituted: usize,
    pub(super) lost: bool,
    /// Of these, octets on their way to the module.
    pub(super) lost_to_module: usize,
    /// When something was damaged.
    pub(super) times: Vec<Duration>,
    /// How many octets on their way to the program came twice.
    pub(super) doubled: usize,
    /// A digit was among them.
    pub(super) digits: bool,
}

impl Damages {
    pub(super) fn observe(&mut self, crossing: &Crossing<'_>, in_payload: bool) {
        let (left, arrived) = (crossing.left, crossing.arrived);
        if left == arrived {
            return;
        }
        self.any = true;
        self.times.push(crossing.at);
        let digits = left.iter().chain(arrived).any(u8::is_ascii_digit);
        if crossing.direction == Direction::Sent {
            self.lost_to_module += left.len().saturating_sub(arrived.len());
            // A command line that says something else, or payload that is as long as it should be.
            self.deceptive |= !in_payload || arrived.len() >= left.len();
            return;
        }
        self.digits |= digits;
        match arrived.len().cmp(&left.len()) {
            std::cmp::Ordering::Less => self.lost = true,
            std::cmp::Ordering::Greater => self.doubled += arrived.len() - left.len(),
            std::cmp::Ordering::Equal if digits => self.deceptive = true,
            std::cmp::Ordering::Equal => self.substituted += 1,
        }
        // What is lost in one place and doubled in another adds up.
        self.deceptive |= self.lost && self.doubled > 0;
    }
}
