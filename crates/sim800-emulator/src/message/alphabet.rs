//! The GSM 7 bit default alphabet (3GPP TS 23.038, 6.2.1).

/// The characters in their order.
const DEFAULT: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å', 'Δ', '_', 'Φ', 'Γ',
    'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', '\u{1b}', 'Æ', 'æ', 'ß', 'É', ' ', '!', '"', '#', '¤', '%', '&', '\'',
    '(', ')', '*', '+', ',', '-', '.', '/', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<',
    '=', '>', '?', '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q',
    'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§', '¿', 'a', 'b', 'c', 'd', 'e', 'f',
    'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä',
    'ö', 'ñ', 'ü', 'à',
];

/// What stands behind an escape.
const EXTENSION: [(u8, char); 10] = [
    (0x0A, '\u{c}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2F, '\\'),
    (0x3C, '['),
    (0x3D, '~'),
    (0x3E, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

const ESCAPE: u8 = 0x1B;

/// A text in the alphabet; `None` if it has characters that are not there.
pub(super) fn septets(text: &str) -> Option<Vec<u8>> {
    let mut septets = Vec::with_capacity(text.len());
    for character in text.chars() {
        if let Some((septet, _)) =
            (0..).zip(DEFAULT).find(|(septet, other)| *other == character && *septet != ESCAPE)
        {
            septets.push(septet);
        } else {
            let (septet, _) = EXTENSION.iter().find(|(_, other)| *other == character)?;
            septets.extend([ESCAPE, *septet]);
        }
    }
    Some(septets)
}

/// The text of septets.
pub(super) fn text(septets: &[u8]) -> String {
    let mut is_escaped = false;
    let mut text = String::with_capacity(septets.len());
    for &septet in septets {
        if !is_escaped && septet == ESCAPE {
            is_escaped = true;
            continue;
        }
        let extended = EXTENSION
            .iter()
            .find(|(other, _)| is_escaped && *other == septet)
            .map(|(_, character)| *character);
        text.extend(extended.or_else(|| DEFAULT.get(usize::from(septet)).copied()));
        is_escaped = false;
    }
    text
}

/// Eight septets in seven octets.
pub(super) fn pack(septets: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(septets.len());
    let (mut bits, mut count) = (0_u16, 0);
    for &septet in septets {
        bits |= u16::from(septet & 0x7F) << count;
        count += 7;
        if count >= 8 {
            octets.push(bits.to_le_bytes()[0]);
            bits >>= 8;
            count -= 8;
        }
    }
    if count > 0 {
        octets.push(bits.to_le_bytes()[0]);
    }
    octets
}

/// So many septets out of octets, as far as they are there.
pub(super) fn unpack(octets: &[u8], count: usize) -> Vec<u8> {
    let mut septets = Vec::with_capacity(octets.len() * 8 / 7);
    let (mut bits, mut available) = (0_u16, 0);
    for &octet in octets {
        bits |= u16::from(octet) << available;
        available += 8;
        while available >= 7 {
            septets.push(bits.to_le_bytes()[0] & 0x7F);
            bits >>= 7;
            available -= 7;
        }
    }
    septets.truncate(count);
    septets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_that_everybody_knows() {
        let packed = pack(&septets("hellohello").unwrap());
        assert_eq!(packed, [0xE8, 0x32, 0x9B, 0xFD, 0x46, 0x97, 0xD9, 0xEC, 0x37]);
        assert_eq!(text(&unpack(&packed, 10)), "hellohello");
    }

    #[test]
    fn every_character_returns() {
        for character in DEFAULT.into_iter().chain(EXTENSION.map(|(_, character)| character)) {
            if character != '\u{1b}' {
                assert_eq!(text(&septets(&character.to_string()).unwrap()), character.to_string());
            }
        }
        assert_eq!(septets("Ж"), None);
    }
}
