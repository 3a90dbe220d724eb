//! Looking for octets.

/// The place of the first `octet` in `octets` from `from` on, looked for eight octets at a time. Lines are short: calling
/// a vectorised search costs more than it saves.
#[inline]
pub(crate) fn find(octet: u8, octets: &[u8], from: usize) -> Option<usize> {
    let octets = octets.get(from..)?;
    let place = place(octet, octets);
    looked(place.map_or(octets.len(), |place| place + 1));
    Some(from + place?)
}

/// The place of the first line end from `from` on; a function of its own, for where lines are rare.
#[inline(never)]
pub(crate) fn line_end(octets: &[u8], from: usize) -> Option<usize> {
    find(b'\n', octets, from)
}

#[inline(always)]
fn place(octet: u8, octets: &[u8]) -> Option<usize> {
    let Some(last) = octets.last_chunk() else { return octets.iter().position(|other| *other == octet) };
    let mut rest = octets;
    while let Some((word, after)) = rest.split_first_chunk() {
        if let Some(place) = place_in(octet, *word) {
            return Some(octets.len() - rest.len() + place);
        }
        rest = after;
    }
    // What is left is looked for together with octets before it, which hold none.
    Some(octets.len() - last.len() + place_in(octet, *last)?)
}

#[inline(always)]
fn place_in(octet: u8, word: [u8; 8]) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHS: u64 = ONES << 7;
    // An octet of the difference is zero where the word has the octet. Subtracting one borrows for its highest bit there,
    // and first there, but for octets of the difference that have this bit themselves.
    let difference = u64::from_le_bytes(word) ^ (ONES * u64::from(octet));
    let borrowed = difference.wrapping_sub(ONES) & HIGHS;
    let found = borrowed & !difference;
    (borrowed != 0 && found != 0).then(|| (found.trailing_zeros() / 8) as usize)
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
