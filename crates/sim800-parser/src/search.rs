//! Looking for octets.

/// The place of the first `octet` in `octets` from `from` on, looked for eight octets at a time. Lines are short: calling
/// a vectorised search costs more than it saves.
#[inline]
pub(crate) fn find(octet: u8, octets: &[u8], from: usize) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHS: u64 = ONES << 7;
    let octets = octets.get(from..)?;
    let mut rest = octets;
    let found = loop {
        let Some((word, after)) = rest.split_first_chunk::<8>() else {
            break rest.iter().position(|other| *other == octet);
        };
        // An octet of the difference is zero where the word has the octet. Subtracting one borrows for its highest bit
        // there, and first there, but for octets of the difference that have this bit themselves.
        let difference = u64::from_le_bytes(*word) ^ (ONES * u64::from(octet));
        let borrowed = difference.wrapping_sub(ONES) & HIGHS;
        if borrowed != 0 && borrowed & !difference != 0 {
            break Some(((borrowed & !difference).trailing_zeros() / 8) as usize);
        }
        rest = after;
    };
    let place = octets.len() - rest.len();
    looked(found.map_or(octets.len(), |found| place + found + 1));
    Some(from + place + found?)
}

/// Counts the octets that were looked at, so that linear work is a test and not a claim.
#[inline(always)]
pub(crate) fn looked(_octets: usize) {
    #[cfg(test)]
    tests::LOOKED.set(tests::LOOKED.get() + _octets);
}

#[cfg(test)]
pub(crate) mod tests {
    extern crate std;
    use core::cell::Cell;
    use std::vec;

    use super::find;

    std::thread_local!(pub(crate) static LOOKED: Cell<usize> = const { Cell::new(0) });

    #[test]
    fn the_first_octet_is_found() {
        for len in 0..if cfg!(miri) { 12 } else { 40 } {
            for place in 0..len {
                for noise in [b'\n' - 1, b'\n' + 1, 0, 0x8A, 0xFF] {
                    let mut octets = vec![noise; len];
                    octets[place] = b'\n';
                    octets[len - 1] = b'\n';
                    for from in 0..=len {
                        let expected =
                            octets.iter().skip(from).position(|octet| *octet == b'\n').map(|at| at + from);
                        assert_eq!(find(b'\n', &octets, from), expected, "{octets:?} from {from}");
                    }
                }
            }
        }
    }
}
