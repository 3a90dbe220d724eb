//! Checksums as people read them.

use sha2::{Digest, Sha256};

/// SHA-256 of `octets` in hexadecimal digits.
pub(crate) fn sha256(octets: &[u8]) -> String {
    hexadecimal(&Sha256::digest(octets))
}

pub(crate) fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
