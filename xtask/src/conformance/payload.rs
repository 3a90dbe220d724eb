//! Content to move: what a careless parser trips over, at every place where it could.

/// What looks like the end of something in the midst of payload.
const TRAPS: [&[u8]; 6] = [
    b"\r\nOK\r\n",
    b"\r\nERROR\r\n",
    b"\r\n+FTPGET: 1,0\r\n",
    b"\r\n+HTTPREAD: 9\r\n",
    b"\r\nDOWNLOAD\r\n",
    b"\r\n> ",
];

/// What one FTPGET hands over, and a little less than the largest FTPPUT: where blocks begin and end.
const BLOCK: usize = 1460;

/// `size` octets, the same ones for the same `seed`. From 1459 octets on they hold every value and every trap, and
/// a trap lies across the end of every block and ends the whole.
pub(crate) fn payload(size: usize, seed: u64) -> Vec<u8> {
    let mut octets = Vec::with_capacity(size + 256);
    let mut random = seed | 1;
    while octets.len() < size {
        octets.extend(0..=u8::MAX);
        for trap in TRAPS {
            octets.extend_from_slice(trap);
            // Stretches of random length between them, so that they meet the blocks at ever other places.
            random = xorshift(random);
            octets.extend(random.to_le_bytes().into_iter().cycle().take((random >> 58) as usize));
        }
    }
    octets.truncate(size);
    let ends = (BLOCK..size).step_by(BLOCK).zip(TRAPS.iter().cycle());
    for (end, trap) in ends.filter(|(end, _)| end + 16 < size) {
        let start = end - trap.len() / 2;
        octets[start..start + trap.len()].copy_from_slice(trap);
    }
    if let Some(start) = size.checked_sub(TRAPS[0].len()) {
        octets[start..].copy_from_slice(TRAPS[0]);
    }
    octets
}

fn xorshift(mut state: u64) -> u64 {
    state ^= state << 13;
    state ^= state >> 7;
    state ^ (state << 17)
}

/// Where `got` departs from `expected`, in words; nothing when they are the same.
pub(crate) fn difference(got: &[u8], expected: &[u8]) -> Option<String> {
    let place = got.iter().zip(expected).position(|(a, b)| a != b);
    match place {
        Some(place) => Some(format!(
            "octet {place} is {:#04x}, not {:#04x} ({} octets, expected {})",
            got[place],
            expected[place],
            got.len(),
            expected.len()
        )),
        None if got.len() == expected.len() => None,
        None => {
            Some(format!("{} octets, expected {}; what both have is the same", got.len(), expected.len()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payload_has_its_size_every_value_and_every_trap() {
        for size in [0, 1, 1459, 1460, 1461, 300_000] {
            let octets = payload(size, 7);
            assert_eq!(octets.len(), size);
            if size >= 1459 {
                assert!((0..=u8::MAX).all(|value| octets.contains(&value)));
                for trap in TRAPS {
                    assert!(octets.windows(trap.len()).any(|window| window == trap), "{size}");
                }
                assert!(octets.ends_with(TRAPS[0]));
            }
        }
        assert_ne!(payload(1460, 1), payload(1460, 2 << 40));
    }

    #[test]
    fn the_first_difference_is_named() {
        assert_eq!(difference(b"ab", b"ab"), None);
        assert_eq!(difference(b"a", b"ab").unwrap(), "1 octets, expected 2; what both have is the same");
        assert_eq!(difference(b"ab", b"aB").unwrap(), "octet 1 is 0x62, not 0x42 (2 octets, expected 2)");
    }
}
