//! A checksum of octets that are not kept.

/// FNV-1a of 64 bits: it tells files apart that differ by accident, not those that somebody made alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Digest(u64);

impl Digest {
    /// Of nothing.
    pub(super) fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// `octets` follow.
    pub(super) fn push(&mut self, octets: &[u8]) {
        self.0 = octets
            .iter()
            .fold(self.0, |digest, octet| (digest ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_that_were_published() {
        for (text, value) in
            [("", 0xcbf2_9ce4_8422_2325), ("a", 0xaf63_dc4c_8601_ec8c), ("foobar", 0x8594_4171_f739_67e8)]
        {
            let mut digest = Digest::new();
            digest.push(text.as_bytes());
            assert_eq!(digest, Digest(value), "{text}");
        }
    }
}
