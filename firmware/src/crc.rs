//! CRC-32 as in Ethernet and zip, bit by bit: slow, and no table in flash.

const POLYNOMIAL: u32 = 0xEDB8_8320;
/// What is left of octets that are followed by their CRC-32, the lowest octet first.
const RESIDUE: u32 = 0xDEBB_20E3;

/// Sums up octets.
pub struct Crc32(u32);

impl Crc32 {
    /// The sum of none.
    #[expect(clippy::new_without_default, reason = "constant")]
    pub const fn new() -> Self {
        Self(u32::MAX)
    }

    /// Takes octets in.
    pub fn update(&mut self, octets: &[u8]) {
        for octet in octets {
            self.0 ^= u32::from(*octet);
            for _ in 0..8 {
                self.0 = (self.0 >> 1) ^ (POLYNOMIAL * (self.0 & 1));
            }
        }
    }

    /// Whether the octets end in the CRC-32 of those before.
    pub const fn is_intact(&self) -> bool {
        self.0 == RESIDUE
    }
}
