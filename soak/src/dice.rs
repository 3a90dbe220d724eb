//! What is left to chance, the same for the same seed.

/// A generator of numbers (SplitMix64): one per module, so that what one does draws nothing from another's.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut dice = Self(seed ^ stream.wrapping_mul(0xd134_2543_de82_ef95));
        dice.next();
        dice
    }

    /// Another one, of which this one knows nothing further.
    pub(crate) fn fork(&mut self) -> Self {
        Self(self.next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// An index into something of `length`, which is not 0.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        self.below(length as u64) as usize
    }

    /// One of them.
    pub(crate) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.index(choices.len())]
    }

    /// Octets of every value, with what looks like results and prompts in between.
    pub(crate) fn octets(&mut self, length: usize) -> Vec<u8> {
        let traps: [&[u8]; 5] =
            [b"\r\nOK\r\n", b"\r\nERROR\r\n", b"\r\n+FTPGET: 1,0\r\n", b"> ", b"\r\nRDY\r\n"];
        let mut octets = Vec::with_capacity(length + 16);
        while octets.len() < length {
            match self.below(64) {
                0 => octets.extend_from_slice(self.one_of(&traps)),
                _ => octets.extend_from_slice(&self.next().to_le_bytes()),
            }
        }
        octets.truncate(length);
        octets
    }
}
