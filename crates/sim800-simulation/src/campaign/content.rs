//! What is moved.

use bytes::Bytes;
use fastrand::Rng;

/// What the content is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// The letters of the alphabet, again and again.
    Letters,
    /// What looks like protocol.
    Traps,
    /// Octets of any value.
    Random,
    /// Empty lines.
    LineEnds,
}

impl Content {
    /// So many octets of it.
    pub(super) fn octets(self, length: usize, seed: u64) -> Bytes {
        const TRAPS: &[u8] =
            b"\r\nOK\r\n\r\nERROR\r\n\r\n+FTPGET: 1,0\r\n\r\n+HTTPREAD: 5\r\n\r\n+FTPPUT: 1,1,1360\r\n>\
            \r\nRDY\r\n\r\nNORMAL POWER DOWN\r\n\r\n+SAPBR 1: DEACT\r\nAT\r+CME ERROR: 3\r\nDOWNLOAD\r\n";
        match self {
            Self::Letters => (b'a'..=b'z').cycle().take(length).collect(),
            Self::Traps => TRAPS.iter().copied().cycle().skip(seed as usize % 19).take(length).collect(),
            Self::Random => {
                let mut rng = Rng::with_seed(seed);
                (0..length).map(|_| rng.u8(..)).collect()
            }
            Self::LineEnds => b"\r\n".iter().copied().cycle().skip(seed as usize % 2).take(length).collect(),
        }
    }
}
