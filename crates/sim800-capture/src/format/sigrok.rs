//! Annotations of sigrok's UART decoder, one octet a row: of `sigrok-cli -A uart=rx-data` (`1009-1079 uart-1: 41`), and as
//! PulseView exports them (`1009-1079 UART: RX data: 41`). Places are counted in samples, and nobody tells how many there are a second.

use super::channel::Channels;
use super::lines::{self, Lines};
use super::{Format, Row};
use crate::event::Direction;
use crate::record::Record;

pub(super) const ROW: Row = Row {
    format: Format::Sigrok,
    name: "sigrok",
    description: "UART annotations of sigrok-cli or PulseView, in hexadecimal",
    fits,
    open: |sample| Box::new(Lines::new(Sigrok { channels: channels(sample) })),
    is_unsure: |sample| channels(sample).are_two(),
    is_by_clock: false,
};

#[derive(Debug)]
struct Sigrok {
    channels: Channels,
}

impl lines::Format for Sigrok {
    const FAULT: &'static str =
        "no byte of a UART; export the annotations of its data alone, as sigrok-cli -A uart=rx-data does";

    fn take(&mut self, line: &[u8], sink: &mut dyn FnMut(Record)) {
        let Some((class, octet)) = annotation(line) else {
            return sink(Record::unreadable(line, line.len() as u64, Self::FAULT));
        };
        let direction = class.map_or(Direction::Received, |class| self.channels.direction(class));
        sink(Record::Octets { time: None, direction, octets: vec![octet] });
    }
}

/// The class, where it is told, and the octet.
fn annotation(line: &[u8]) -> Option<(Option<&[u8]>, u8)> {
    let line = line.trim_ascii();
    let colon = line.iter().rposition(|octet| *octet == b':')?;
    let digits = line.get(colon + 1..)?.trim_ascii();
    let digits = digits.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or(digits);
    if digits.len() != 2 {
        return None;
    }
    let octet = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    let decoder = line.get(..colon)?;
    let is_uart = decoder.windows(4).any(|part| part.eq_ignore_ascii_case(b"uart"));
    let class = decoder.iter().rposition(|octet| *octet == b':').and_then(|at| decoder.get(at + 1..));
    is_uart.then_some((class.map(<[u8]>::trim_ascii), octet))
}

fn channels(sample: &[u8]) -> Channels {
    Channels::new(sample.split(|octet| *octet == b'\n').filter_map(|line| annotation(line)?.0))
}

fn fits(sample: &[u8]) -> bool {
    // The last may be cut.
    let mut lines = sample.split(|octet| *octet == b'\n').take(8);
    lines.next().is_some_and(|line| annotation(line).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_are_read() {
        assert_eq!(annotation(b"uart-1: 41\n"), Some((None, 0x41)));
        assert_eq!(annotation(b"1009-1079 uart-1: 0D"), Some((None, 0x0D)));
        assert_eq!(annotation(b"1009-1079 UART: RX data: \"41\""), Some((Some(&b"RX data"[..]), 0x41)));
        for line in ["uart-1: Start bit", "uart-1: 1", "spi-1: 41", "OK", ""] {
            assert_eq!(annotation(line.as_bytes()), None, "{line}");
        }
    }
}
