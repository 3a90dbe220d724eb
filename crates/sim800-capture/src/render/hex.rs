//! Octets as hexadecimal digits and text.

use std::fmt::Write as _;

/// As many octets stand in a row.
pub(super) const ROW: usize = 16;

/// Rows with their place, digits and text, as `hexdump -C` has them.
pub(super) fn rows(octets: &[u8]) -> impl Iterator<Item = String> {
    octets.chunks(ROW).enumerate().map(|(row, octets)| {
        let mut line = format!("{:08x} ", row * ROW);
        for place in 0..ROW {
            if place % 8 == 0 {
                line.push(' ');
            }
            // Writing to a string does not fail.
            let _ = match octets.get(place) {
                Some(octet) => write!(line, "{octet:02x} "),
                None => write!(line, "   "),
            };
        }
        line.push('|');
        line.extend(octets.iter().map(|octet| match octet {
            b' '..=b'~' => char::from(*octet),
            _ => '.',
        }));
        line.push('|');
        line
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_those_of_hexdump() {
        let octets: Vec<u8> = (0x3c..0x4e).chain([0, 0xff]).collect();
        assert_eq!(
            rows(&octets).collect::<Vec<_>>(),
            [
                "00000000  3c 3d 3e 3f 40 41 42 43  44 45 46 47 48 49 4a 4b |<=>?@ABCDEFGHIJK|",
                "00000010  4c 4d 00 ff                                      |LM..|",
            ]
        );
    }
}
