//! What a UART makes of octets that come at another rate than its own.

use std::num::NonZeroU32;

/// Start bit, eight data bits, stop bit.
const FRAME: u64 = 10;

/// A line that carries octets one behind the other, as levels over time, and is idle after them. Time is counted so that the bits of
/// both sides are whole numbers long.
struct Waveform<'a> {
    octets: &'a [u8],
    bit: u64,
}

impl Waveform<'_> {
    fn is_high(&self, time: u64) -> bool {
        let bit = time / self.bit;
        let octet = usize::try_from(bit / FRAME).ok().and_then(|index| self.octets.get(index));
        match (octet, bit % FRAME) {
            (None, _) | (_, 9) => true,
            (_, 0) => false,
            (Some(octet), bit) => octet >> (bit - 1) & 1 == 1,
        }
    }

    /// When the line falls next, at or behind `time`, if it ever does.
    fn falls_at(&self, mut time: u64) -> Option<u64> {
        let end = self.octets.len() as u64 * FRAME * self.bit;
        let mut was_high = false;
        while time < end {
            if was_high && !self.is_high(time) {
                return Some(time);
            }
            was_high |= self.is_high(time);
            time = (time / self.bit + 1) * self.bit;
        }
        None
    }
}

/// What a receiver at the rate `at` hears of octets that were sent at `sent`, each bit taken in its middle as UARTs do. What stands
/// in place of a stop bit is not looked at.
pub(crate) fn heard(octets: &[u8], sent: NonZeroU32, at: NonZeroU32) -> Vec<u8> {
    if sent == at {
        return octets.to_vec();
    }
    let line = Waveform { octets, bit: 2 * u64::from(at.get()) };
    let bit = 2 * u64::from(sent.get());
    let mut heard = Vec::new();
    // The line is idle before.
    let mut start = (!octets.is_empty()).then_some(0);
    while let Some(at) = start {
        let sample = |n: u64| line.is_high(at + n * bit + bit / 2);
        // A pulse that is shorter than half a bit is no start.
        if !sample(0) {
            heard.push((0..8).fold(0, |octet, n| octet | u8::from(sample(n + 1)) << n));
            start = line.falls_at(at + (FRAME - 1) * bit + bit / 2);
        } else {
            start = line.falls_at(at + bit / 2);
        }
    }
    heard
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(octets: &[u8], sent: u32, at: u32) -> Vec<u8> {
        heard(octets, NonZeroU32::new(sent).unwrap(), NonZeroU32::new(at).unwrap())
    }

    #[test]
    fn as_much_as_uarts_bear_changes_nothing() {
        let octets: Vec<u8> = (0..=u8::MAX).collect();
        for (sent, at) in [(9600, 9600), (9600, 9750), (9750, 9600), (115_200, 111_900), (115_200, 117_600)] {
            assert_eq!(between(&octets, sent, at), octets, "{sent} {at}");
        }
    }

    #[test]
    fn another_rate_makes_rubbish_of_the_usual_kind() {
        // Twice as fast, each bit of `U` is taken for two: start and 0110_0110, then no stop bit; from the next fall on start and
        // 0110_011 again, and the idle line behind it.
        assert_eq!(between(b"U", 9600, 19_200), [0x66, 0xE6]);
        // A slow receiver finds less than was sent, a fast one more.
        let octets = b"AT+CGMM\r".repeat(20);
        assert!(between(&octets, 115_200, 9600).len() < octets.len() / 4);
        assert!(between(&octets, 9600, 115_200).len() > octets.len() * 2);
        for (sent, at) in [(115_200, 57_600), (57_600, 115_200), (38_400, 115_200), (460_800, 1200)] {
            let rubbish = between(&octets, sent, at);
            assert!(!rubbish.windows(2).any(|pair| pair == b"AT"), "{sent} {at}: {}", rubbish.escape_ascii());
        }
        assert_eq!(between(b"", 9600, 115_200), b"");
    }
}
