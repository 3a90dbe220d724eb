//! Short messages as they go over the air (3GPP TS 23.040, 9.2.2).

use super::alphabet;

/// The longest user data: octets.
const LONGEST: usize = 140;

/// How a text is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Septets,
    Octets,
    Ucs2,
}

impl Coding {
    /// Of the groups of 3GPP TS 23.038, 4 those that programs use.
    pub(super) fn of(dcs: u8) -> Self {
        match dcs & 0x0C {
            0x04 => Self::Octets,
            0x08 => Self::Ucs2,
            _ => Self::Septets,
        }
    }
}

/// What a message says of itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// Who sent it, or whom it is for.
    pub(super) number: String,
    /// `145` with a `+`, else `129`.
    pub(super) kind: u8,
    /// `yy/MM/dd,hh:mm:ss±zz`, if it was received.
    pub(super) time: Option<String>,
    pub(super) first: u8,
    pub(super) protocol: u8,
    pub(super) dcs: u8,
    pub(super) coding: Coding,
    /// Octets, if they are no text.
    pub(super) octets: Vec<u8>,
    pub(super) text: String,
}

/// A number in swapped digits, behind their count and its type.
fn address(number: &str) -> Vec<u8> {
    let digits: Vec<u8> = number
        .bytes()
        .filter_map(|digit| match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'*' => Some(10),
            b'#' => Some(11),
            _ => None,
        })
        .take(20)
        .collect();
    let mut octets = vec![digits.len().to_le_bytes()[0], kind(number)];
    octets.extend(digits.chunks(2).map(|pair| match *pair {
        [low, high] => high << 4 | low,
        [low] => 0xF0 | low,
        _ => 0xFF,
    }));
    octets
}

/// The type of a number.
pub(super) fn kind(number: &str) -> u8 {
    if number.starts_with('+') { 145 } else { 129 }
}

/// The address of a service centre, which counts octets.
pub(super) fn centre(number: &str) -> Vec<u8> {
    let mut octets = address(number);
    if octets.len() <= 2 {
        return vec![0];
    }
    if let Some(first) = octets.first_mut() {
        *first = first.div_ceil(2) + 1;
    }
    octets
}

/// The user data behind its length.
fn user_data(text: &str, coding: Coding) -> Option<Vec<u8>> {
    let (count, octets) = match coding {
        Coding::Septets => {
            let mut septets = alphabet::septets(text)?;
            septets.truncate(160);
            (septets.len(), alphabet::pack(&septets))
        }
        Coding::Octets => (text.len().min(LONGEST), text.bytes().take(LONGEST).collect()),
        Coding::Ucs2 => {
            let octets: Vec<u8> = text.encode_utf16().take(LONGEST / 2).flat_map(u16::to_be_bytes).collect();
            (octets.len(), octets)
        }
    };
    Some([&[count.to_le_bytes()[0]][..], &octets].concat())
}

/// A message that is received, and when: `yy/MM/dd,hh:mm:ss+zz`.
pub(super) fn deliver(sender: &str, time: &str, text: &str) -> Vec<u8> {
    let (dcs, data) = match user_data(text, Coding::Septets) {
        Some(data) => (0, data),
        None => (8, user_data(text, Coding::Ucs2).unwrap_or_default()),
    };
    let digits: Vec<u8> = time.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
    let stamp = digits.chunks(2).map(|pair| pair.iter().rev().fold(0, |octet, digit| octet << 4 | digit));
    [&[0x04][..], &address(sender), &[0, dcs], &stamp.collect::<Vec<_>>(), &data].concat()
}

/// A message to be sent, after `AT+CSMP`; `None` if the text cannot be coded so.
pub(super) fn submit(number: &str, text: &str, parameters: [u8; 4]) -> Option<Vec<u8>> {
    let [first, validity, protocol, dcs] = parameters;
    let validity: &[u8] = if first & 0x18 == 0x10 { &[validity] } else { &[] };
    let first = first & 0xE4 | if validity.is_empty() { 0x01 } else { 0x11 };
    Some(
        [&[first, 0][..], &address(number), &[protocol, dcs], validity, &user_data(text, Coding::of(dcs))?]
            .concat(),
    )
}

/// Reads a message; `None` if it is none.
pub(super) fn read(tpdu: &[u8]) -> Option<Reading> {
    let (&first, rest) = tpdu.split_first()?;
    let is_received = match first & 3 {
        0 => true,
        1 => false,
        _ => return None,
    };
    let rest = if is_received { rest } else { rest.get(1..)? };
    let (&digits, rest) = rest.split_first()?;
    let (&kind, rest) = rest.split_first()?;
    let length = usize::from(digits).div_ceil(2);
    let (number, rest) = (number(rest.get(..length)?, usize::from(digits), kind), rest.get(length..)?);
    let (&protocol, rest) = rest.split_first()?;
    let (&dcs, rest) = rest.split_first()?;
    let skipped = match (is_received, first >> 3 & 3) {
        (true, _) | (false, 1 | 3) => 7,
        (false, 2) => 1,
        (false, _) => 0,
    };
    let time = is_received.then(|| time(rest.get(..7)?)).flatten();
    let (&count, data) = rest.get(skipped..)?.split_first()?;
    let coding = Coding::of(dcs);
    let header = match (first & 0x40 != 0, data.first()) {
        (true, Some(&length)) => usize::from(length) + 1,
        _ => 0,
    };
    let (text, octets) = match coding {
        Coding::Septets => {
            let septets = alphabet::unpack(data, usize::from(count));
            (alphabet::text(septets.get((header * 8).div_ceil(7)..)?), Vec::new())
        }
        Coding::Octets => (String::new(), data.get(header..usize::from(count))?.to_vec()),
        Coding::Ucs2 => {
            let units = data.get(header..usize::from(count))?.chunks_exact(2);
            let units: Vec<u16> =
                units.map(|pair| pair.iter().fold(0, |unit, octet| unit << 8 | u16::from(*octet))).collect();
            (String::from_utf16_lossy(&units), Vec::new())
        }
    };
    Some(Reading { number, kind, time, first, protocol, dcs, coding, octets, text })
}

fn number(octets: &[u8], count: usize, kind: u8) -> String {
    if kind & 0x70 == 0x50 {
        return alphabet::text(&alphabet::unpack(octets, count * 4 / 7));
    }
    let digits = octets.iter().flat_map(|octet| [octet & 15, octet >> 4]).take(count);
    let digits = digits.filter_map(|digit| "0123456789*#abc".chars().nth(digit.into()));
    let plus = if kind & 0x70 == 0x10 { "+" } else { "" };
    plus.chars().chain(digits).collect()
}

fn time(octets: &[u8]) -> Option<String> {
    let swapped: Vec<u8> = octets.iter().map(|octet| (octet & 15) * 10 + (octet >> 4)).collect();
    let &[year, month, day, hour, minute, second, zone] = &swapped[..] else { return None };
    let (sign, zone) = match octets.last() {
        Some(octet) if octet & 8 != 0 => ('-', zone.saturating_sub(80)),
        _ => ('+', zone),
    };
    Some(format!("{year:02}/{month:02}/{day:02},{hour:02}:{minute:02}:{second:02}{sign}{zone:02}"))
}

/// Octets as digits.
pub(super) fn digits(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02X}")).collect()
}

/// Digits as octets.
pub(super) fn octets(digits: &str) -> Option<Vec<u8>> {
    if digits.len() % 2 != 0 || !digits.is_ascii() {
        return None;
    }
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From <https://www.developershome.com> and every other introduction: "hellohello" to and from +46708251358.
    #[test]
    fn the_examples_that_everybody_knows() {
        let submitted = submit("+46708251358", "hellohello", [17, 170, 0, 0]).unwrap();
        assert_eq!(digits(&submitted), "11000B916407281553F80000AA0AE8329BFD4697D9EC37");
        let received = octets("040BC87238880900F10000993092516195800AE8329BFD4697D9EC37").unwrap();
        let reading = read(&received).unwrap();
        assert_eq!(reading.text, "hellohello");
        assert_eq!(reading.time.as_deref(), Some("99/03/29,15:16:59+08"));
        assert_eq!(digits(&centre("+46708251358")), "0791".to_owned() + "6407281553F8");
    }

    #[test]
    fn what_is_written_reads_the_same() {
        for text in ["hellohello", "", "Grüße {€}", "Жук", "0123456789012345678901234567890"] {
            let reading = read(&deliver("+491711234567", "26/01/02,03:04:05+04", text)).unwrap();
            assert_eq!(reading.text, text);
            assert_eq!(reading.number, "+491711234567");
            assert_eq!(reading.time.as_deref(), Some("26/01/02,03:04:05+04"));
        }
        assert_eq!(submit("1", "Жук", [17, 167, 0, 0]), None);
        assert_eq!(read(&submit("110", "Жук", [17, 167, 0, 8]).unwrap()).unwrap().text, "Жук");
    }

    #[test]
    fn anything_can_be_read() {
        for length in 0..40 {
            for octet in [0x00, 0x01, 0x11, 0x40, 0x51, 0xFF] {
                read(&vec![octet; length]);
            }
        }
    }
}
