//! Octets that get lost or damaged by chance.

use std::num::NonZeroU32;

use crate::fault::Damage;

/// What a line does to the octets that cross it one way: the same for the same seed, however they are cut.
#[derive(Clone, Debug)]
pub(crate) struct Interference {
    damage: Damage,
    one_in: NonZeroU32,
    state: u64,
}

impl Interference {
    pub(crate) const fn new(damage: Damage, one_in: NonZeroU32, seed: u64) -> Self {
        Self { damage, one_in, state: seed }
    }

    /// What arrives of `octets`.
    pub(crate) fn cross(&mut self, octets: &[u8]) -> Vec<u8> {
        let mut arrived = Vec::with_capacity(octets.len() + 1);
        for &octet in octets {
            let (mut octet, mut copies) = (octet, 1);
            if let Some(damage) = self.next() {
                damage.apply(&mut octet, &mut copies);
            }
            arrived.extend(std::iter::repeat_n(octet, copies));
        }
        arrived
    }

    /// What happens to the next octet, if anything.
    pub(crate) fn next(&mut self) -> Option<Damage> {
        // SplitMix64: small, and good enough to hit octets by chance.
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut drawn = self.state;
        drawn = (drawn ^ (drawn >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        drawn = (drawn ^ (drawn >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        drawn ^= drawn >> 31;
        (drawn % u64::from(self.one_in.get()) == 0).then_some(self.damage)
    }
}

impl Damage {
    /// How often an octet arrives that came `copies` times so far, and as what.
    pub(crate) fn apply(self, octet: &mut u8, copies: &mut usize) {
        match self {
            Self::Drop => *copies = 0,
            Self::Duplicate => *copies = (*copies).min(1) * 2,
            Self::Flip(mask) => *octet ^= mask,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(one_in: u32, seed: u64) -> Vec<usize> {
        let mut interference = Interference::new(Damage::Drop, NonZeroU32::new(one_in).unwrap(), seed);
        (0..100_000).filter(|_| interference.next().is_some()).collect()
    }

    #[test]
    fn as_many_as_said_and_the_same_for_a_seed() {
        let hit = drawn(100, 7);
        assert!((850..1150).contains(&hit.len()), "{}", hit.len());
        assert_eq!(hit, drawn(100, 7));
        assert_ne!(hit, drawn(100, 8));
        assert_eq!(drawn(1, 7).len(), 100_000);
    }
}
