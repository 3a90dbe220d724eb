//! Events as packets for Wireshark and its like.

use std::borrow::Cow;
use std::time::Duration;

use pcap_parser::pcapng::{
    EnhancedPacketBlock, InterfaceDescriptionBlock, OptionCode, PcapNGOption, SectionHeaderBlock,
};
use pcap_parser::{Linktype, ToVec};

use crate::event::{Direction, Event, Kind};
use crate::printable::{hexadecimal, printable};

/// The link type that is left to users, which people tell Wireshark's dissector of AT commands to take.
pub(crate) const LINK_TYPE: Linktype = Linktype(147);

/// The option of a packet that tells its direction, and what stands there.
pub(crate) const FLAGS: OptionCode = OptionCode(2);
pub(crate) const INBOUND: u32 = 1;
pub(crate) const OUTBOUND: u32 = 2;

/// What begins the comment of a packet that has no octets of the line.
pub(crate) const RETRY: &str = "retry: ";
pub(crate) const REMARK: &str = "remark: ";

/// The interfaces: what is a line, and what is none.
const LINES: u32 = 0;
const PAYLOAD: u32 = 1;

/// As many octets of payload are in one packet: readers take no more than 262,144.
const PACKET: usize = 65_536;

/// Renders events as a pcapng file: lines as packets of one interface, payload as packets of another, each with its direction,
/// its time, and what it means as its comment. Times are those of the capture, from 1970 on.
///
/// `tshark -o 'uat:user_dlts:"User 0 (DLT=147)","at","0","","0",""' -r FILE` shows the commands.
#[derive(Debug, Default)]
pub struct Pcapng {
    last: Duration,
}

impl Pcapng {
    /// A file, and its beginning.
    #[must_use]
    pub fn new() -> (Self, Vec<u8>) {
        let section = SectionHeaderBlock {
            block_type: 0,
            block_len1: 0,
            bom: 0,
            major_version: 1,
            minor_version: 0,
            section_len: -1,
            options: vec![option(OptionCode::ShbUserAppl, b"sim800")],
            block_len2: 0,
        };
        let mut file = octets(section);
        for (name, description) in
            [("lines", "commands and responses"), ("payload", "the octets of data phases")]
        {
            file.extend(octets(InterfaceDescriptionBlock {
                block_type: 0,
                block_len1: 0,
                linktype: LINK_TYPE,
                reserved: 0,
                snaplen: 0,
                options: vec![
                    option(OptionCode::IfName, name.as_bytes()),
                    option(OptionCode::IfDescription, description.as_bytes()),
                ],
                block_len2: 0,
                if_tsresol: 6,
                if_tsoffset: 0,
            }));
        }
        (Self::default(), file)
    }

    /// The packets of an event.
    #[must_use]
    pub fn event(&mut self, event: &Event) -> Vec<u8> {
        let Some(payload) = &event.payload else {
            let is_of_line = event.direction.is_some();
            let line = if is_of_line { &event.line[..] } else { &[] };
            let comment = comment(event);
            let len = if is_of_line { event.octets } else { 0 };
            return self.packet(LINES, event.direction, event.time, (line, len), comment.as_deref());
        };
        let mut comment =
            format!("{} octets of payload, SHA-256 {}", payload.received, hexadecimal(&payload.sha256));
        if let Some(meaning) = &event.meaning {
            comment = format!("{comment}; error: {meaning}");
        }
        let mut packets = Vec::new();
        let mut parts = payload.octets.chunks(PACKET).peekable();
        let mut time = payload.since;
        let mut comment = Some(comment.as_str());
        // What was not kept is told by the length of the last.
        let mut left = payload.received;
        loop {
            let part = parts.next().unwrap_or_default();
            let is_last = parts.peek().is_none();
            let len = if is_last { left } else { part.len() as u64 };
            left -= len;
            time = if is_last { event.time } else { time };
            packets.extend(self.packet(PAYLOAD, event.direction, time, (part, len), comment.take()));
            if is_last {
                return packets;
            }
        }
    }

    /// `len`: how many octets there were.
    fn packet(
        &mut self,
        interface: u32,
        direction: Option<Direction>,
        time: Option<Duration>,
        (data, len): (&[u8], u64),
        comment: Option<&str>,
    ) -> Vec<u8> {
        // A packet has a time; what has none crossed after what was before it.
        let time = time.unwrap_or(self.last);
        self.last = time;
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let length = |len| u32::try_from(len).unwrap_or(u32::MAX);
        let flags = direction.map(|direction| match direction {
            Direction::Sent => OUTBOUND.to_le_bytes(),
            Direction::Received => INBOUND.to_le_bytes(),
        });
        let flags = flags.as_ref().map(|flags| option(FLAGS, flags));
        let comment = comment.map(|comment| option(OptionCode::Comment, comment.as_bytes()));
        octets(EnhancedPacketBlock {
            block_type: 0,
            block_len1: 0,
            if_id: interface,
            ts_high: (micros >> 32) as u32,
            ts_low: (micros & 0xFFFF_FFFF) as u32,
            caplen: length(data.len() as u64),
            origlen: length(len),
            data,
            options: flags.into_iter().chain(comment).collect(),
            block_len2: 0,
        })
    }
}

fn comment(event: &Event) -> Option<String> {
    let text = || printable(event.text());
    match (event.kind, &event.meaning) {
        (Kind::Retry, _) => Some(format!("{RETRY}{}", text())),
        (_, meaning) if event.direction.is_none() => {
            let meaning = meaning.as_deref().map_or_else(String::new, |meaning| format!(": {meaning}"));
            Some(format!("{REMARK}{}{meaning}", text()))
        }
        (_, Some(meaning)) if event.is_error => Some(format!("error: {meaning}")),
        (_, None) if event.is_error => Some("error".to_owned()),
        (_, meaning) => meaning.clone(),
    }
}

fn option(code: OptionCode, value: &[u8]) -> PcapNGOption<'_> {
    // An option has no room for more.
    let value = value.get(..usize::from(u16::MAX)).unwrap_or(value);
    PcapNGOption { code, len: u16::try_from(value.len()).unwrap_or(u16::MAX), value: Cow::Borrowed(value) }
}

/// A block as octets; writing to memory does not fail.
fn octets(mut block: impl ToVec) -> Vec<u8> {
    block.to_vec().unwrap_or_default()
}
