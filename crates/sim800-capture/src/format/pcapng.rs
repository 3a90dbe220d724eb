//! The pcapng files that this library writes: packets of octets with their directions.

use std::time::Duration;

use pcap_parser::pcapng::{Block, EnhancedPacketBlock, OptionCode, parse_block_be, parse_block_le};
use pcap_parser::traits::PcapNGPacketBlock as _;

use super::{Format, Reading, Row};
use crate::event::{Direction, Kind};
use crate::record::Record;
use crate::render::pcapng::{FLAGS, INBOUND, LINK_TYPE, OUTBOUND, REMARK, RETRY};

pub(super) const ROW: Row = Row {
    format: Format::Pcapng,
    name: "pcapng",
    description: "what --pcapng wrote: packets of LINKTYPE_USER0 with their directions",
    fits,
    open: |_| Box::new(Pcapng::default()),
    is_unsure: |_| false,
    is_by_clock: false,
};

/// What a section begins with; it reads the same in both orders of octets.
const SECTION: &[u8] = &[0x0A, 0x0D, 0x0D, 0x0A];

/// The order of octets that most machines have, behind the length of the section's header.
const LITTLE: &[u8] = &[0x4D, 0x3C, 0x2B, 0x1A];

/// The longest block that is read, in octets. Those with packets are below 262,144.
const BLOCK: usize = 512 * 1024;

/// The smallest has its type, and twice its length.
const LEAST: usize = 12;

#[derive(Debug, Default)]
struct Pcapng {
    pending: Vec<u8>,
    is_big: bool,
    /// Octets of a block that is skipped.
    skipped: usize,
    /// How many octets there are from one on that begins no block; where the next begins nobody knows.
    lost: Option<u64>,
    /// Of each interface: how many parts its times have a second, and whether its packets are of the line.
    interfaces: Vec<(u64, bool)>,
}

impl Pcapng {
    fn block(&mut self, block: &[u8], sink: &mut dyn FnMut(Record)) {
        let parsed = if self.is_big { parse_block_be(block) } else { parse_block_le(block) };
        match parsed {
            Ok((_, Block::SectionHeader(_))) => self.interfaces.clear(),
            Ok((_, Block::InterfaceDescription(interface))) => {
                let parts = interface.ts_resolution().unwrap_or(1_000_000).max(1);
                self.interfaces.push((parts, interface.linktype == LINK_TYPE));
            }
            Ok((_, Block::EnhancedPacket(packet))) => {
                let interface = usize::try_from(packet.if_id).ok().and_then(|id| self.interfaces.get(id));
                if let Some((parts, true)) = interface {
                    self.packet(&packet, *parts).into_iter().for_each(sink);
                }
            }
            // Names, statistics and the like.
            Ok(_) => {}
            Err(_) => sink(Record::unreadable(b"(binary)", block.len() as u64, "a damaged block of pcapng")),
        }
    }

    fn packet(&self, packet: &EnhancedPacketBlock<'_>, parts: u64) -> Vec<Record> {
        let stamp = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
        let nanos = u128::from(stamp % parts) * 1_000_000_000 / u128::from(parts);
        let time =
            Duration::from_secs(stamp / parts) + Duration::from_nanos(u64::try_from(nanos).unwrap_or(0));
        let value =
            |code| packet.options.iter().find(|option| option.code == code).and_then(|o| o.as_bytes().ok());
        let flags =
            value(FLAGS).and_then(|flags| <[u8; 4]>::try_from(flags).ok()).map(|flags| match self.is_big {
                true => u32::from_be_bytes(flags),
                false => u32::from_le_bytes(flags),
            });
        let direction = match flags.map(|flags| flags & 0b11) {
            Some(OUTBOUND) => Some(Direction::Sent),
            Some(INBOUND) => Some(Direction::Received),
            _ => None,
        };
        let octets = packet.packet_data();
        let missing = u64::from(packet.origlen.saturating_sub(packet.caplen));
        let time = Some(time);
        let Some(direction) = direction else {
            let comment = value(OptionCode::Comment).unwrap_or_default();
            let (kind, text) = match comment.strip_prefix(RETRY.as_bytes()) {
                Some(text) => (Kind::Retry, text),
                None => (Kind::Remark, comment.strip_prefix(REMARK.as_bytes()).unwrap_or(comment)),
            };
            let (text, octets) = (text.to_vec(), text.len() as u64);
            return vec![Record::Note { time, kind, text, octets, fault: None }];
        };
        let mut records = vec![Record::Octets { time, direction, octets: octets.to_vec() }];
        if missing > 0 {
            let text = format!("{missing} bytes that the file does not have").into_bytes();
            let fault = Some("they were not kept when the packet was written");
            records.push(Record::Note { time, kind: Kind::Unreadable, text, octets: 0, fault });
        }
        records
    }

    /// How long a block is.
    fn length(&self, block: &[u8]) -> Option<usize> {
        let length = <[u8; 4]>::try_from(block.get(4..8)?).ok()?;
        let length = if self.is_big { u32::from_be_bytes(length) } else { u32::from_le_bytes(length) };
        usize::try_from(length).ok()
    }
}

impl Reading for Pcapng {
    fn handle_input(&mut self, mut octets: &[u8], sink: &mut dyn FnMut(Record)) {
        let skipped = self.skipped.min(octets.len());
        self.skipped -= skipped;
        octets = octets.get(skipped..).unwrap_or_default();
        if let Some(lost) = &mut self.lost {
            *lost += octets.len() as u64;
            return;
        }
        let mut pending = std::mem::take(&mut self.pending);
        pending.extend_from_slice(octets);
        let mut rest = &pending[..];
        while rest.len() >= LEAST {
            if rest.starts_with(SECTION) {
                self.is_big = rest.get(8..12) != Some(LITTLE);
            }
            let Some(length) = self.length(rest).filter(|length| *length >= LEAST && length % 4 == 0) else {
                self.lost = Some(rest.len() as u64);
                return;
            };
            if length > BLOCK {
                sink(Record::unreadable(
                    b"(binary)",
                    length as u64,
                    "a block of pcapng longer than any that is read",
                ));
                self.skipped = length.saturating_sub(rest.len());
                rest = rest.get(length..).unwrap_or_default();
                continue;
            }
            let Some((block, behind)) = rest.split_at_checked(length) else { break };
            self.block(block, sink);
            rest = behind;
        }
        self.pending = rest.to_vec();
    }

    fn handle_end(&mut self, sink: &mut dyn FnMut(Record)) {
        let lost = self.lost.unwrap_or(self.pending.len() as u64);
        if lost > 0 {
            sink(Record::unreadable(b"(binary)", lost, "no block of pcapng; what follows is not read"));
        }
    }
}

fn fits(sample: &[u8]) -> bool {
    sample.starts_with(SECTION)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Capture;
    use crate::event::Event;
    use crate::render::Pcapng as Writer;

    fn events(feed: impl FnOnce(&mut Capture, &mut dyn FnMut(Event))) -> Vec<Event> {
        let mut events = Vec::new();
        let mut capture = Capture::new();
        feed(&mut capture, &mut |event| events.push(event));
        capture.handle_end(&mut |event| events.push(event));
        events
    }

    #[test]
    fn what_was_written_is_read() {
        let long: Vec<u8> = (0..=255).cycle().take(150_000).collect();
        let written = events(|capture, sink| {
            let mut at = |ms, direction, octets: &[u8]| {
                capture.handle_octets(Some(Duration::from_millis(ms)), direction, octets, sink);
            };
            at(10, Direction::Sent, b"AT+HTTPREAD\r");
            at(20, Direction::Received, b"AT+HTTPREAD\r\r\n+HTTPREAD: 150000\r\n");
            at(30, Direction::Received, &long);
            at(40, Direction::Received, b"\r\nOK\r\n\r\n+CME ERROR: 3\r\n");
            capture.handle_record(Record::retry(Duration::from_millis(50), "it broke"), sink);
        });
        let (mut writer, mut file) = Writer::new();
        written.iter().for_each(|event| file.extend(writer.event(event)));
        for cut in [1, 1000, file.len()] {
            let read = events(|capture, sink| {
                let mut reader = Pcapng::default();
                for piece in file.chunks(cut) {
                    reader.handle_input(piece, &mut |record| capture.handle_record(record, sink));
                }
                reader.handle_end(&mut |record| capture.handle_record(record, sink));
            });
            assert_eq!(read.len(), written.len());
            for (read, written) in read.iter().zip(&written) {
                assert_eq!((read.kind, read.time, &read.line), (written.kind, written.time, &written.line));
                let octets = |event: &Event| event.payload.as_ref().map(|payload| payload.sha256);
                assert_eq!(octets(read), octets(written));
            }
        }
    }

    #[test]
    fn damage_is_told_and_ends() {
        let (mut writer, mut file) = Writer::new();
        let event =
            events(|capture, sink| capture.handle_octets(None, Direction::Received, b"\r\nRDY\r\n", sink));
        file.extend(writer.event(&event[0]));
        let read = |file: &[u8]| {
            let mut records = Vec::new();
            let mut reader = Pcapng::default();
            reader.handle_input(file, &mut |record| records.push(record));
            reader.handle_end(&mut |record| records.push(record));
            records
        };
        assert!(matches!(read(&file)[..], [Record::Octets { .. }]));
        assert!(matches!(read(&file[..file.len() - 3])[..], [Record::Note { fault: Some(_), .. }]));
        for place in 0..file.len() {
            let mut damaged = file.clone();
            damaged[place] ^= 0xFF;
            let _ = read(&damaged);
        }
    }
}
