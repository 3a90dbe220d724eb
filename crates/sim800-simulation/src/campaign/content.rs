//! What is moved, and where it is.

use bytes::Bytes;
use fastrand::Rng;

/// Where the content is by HTTP.
pub(super) const CONTENT_URL: &str = "http://example.com/file";
/// Where the content is by FTP.
pub(super) const CONTENT_PATH: &str = "/file";

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
            Self::Letters => again(b"abcdefghijklmnopqrstuvwxyz", 0, length),
            Self::Traps => again(TRAPS, seed as usize % 19, length),
            Self::Random => {
                let mut rng = Rng::with_seed(seed);
                (0..length).map(|_| rng.u8(..)).collect()
            }
            Self::LineEnds => again(b"\r\n", seed as usize % 2, length),
        }
    }
}

/// So many octets of `text` over and over, from one place of it on.
fn again(text: &[u8], start: usize, length: usize) -> Bytes {
    let octets = Bytes::from(text.repeat((start + length).div_ceil(text.len())));
    octets.slice(start..start + length)
}

/// A number below `end`, each order of magnitude as likely as the others.
pub(super) fn below_by_magnitude(rng: &mut Rng, end: u64) -> u64 {
    let bits = u64::BITS - end.max(1).leading_zeros();
    let most = 1_u64.checked_shl(rng.u32(0..=bits)).unwrap_or(u64::MAX);
    rng.u64(0..most.min(end.max(1)).max(1))
}
