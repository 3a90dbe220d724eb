//! The emulated module against the commands of the table: what it answers is what they read.

use std::sync::Arc;
use std::time::Duration;

use sim800_command::{Form, Id, Line, Prepared, SPECS, Values};
use sim800_emulator::{MemoryStorage, Start};
use sim800_engine::{Failure, Request};
use sim800_grammar::{Attempt, Kind, attempts};
use sim800_parser::DataPhase;

use crate::emulator::{self, QUICK};
use crate::responses;
use crate::script::Script;
use crate::world::World;

/// The longest file on a server, and the room of a card.
const LONGEST: u16 = 3000;
const CARD: u64 = 4096;
/// The most octets that are offered to a command.
const MOST: u32 = 2000;
/// How many of them are offered as text, which ends where it ends.
const TEXT: u32 = 100;
/// For the line, and for what is said between.
const SLACK: Duration = Duration::from_secs(5);

/// Command lines of the table, one after another, on a network that has a file: a module that is well answers each within its
/// time, and what it answers is read by the command that it answers. Lines that the table does not have are left out.
pub fn answers(data: &[u8]) {
    let mut script = Script::new(data);
    let mut config = emulator::config(&mut script);
    config.start = Start::Running;
    config.card = Some(Arc::new(MemoryStorage::new(CARD)));
    let cut = 1 + usize::from(script.draw::<u8>());
    let len = script.draw::<u16>() % LONGEST;
    let mut world = World::with(config, cut, Vec::new());
    world.serve((0..len).map(|place| place as u8).collect::<Vec<u8>>().into());
    let (mut is_manual, mut is_single) = (false, true);
    for line in script.rest().split(|octet| *octet == b'\r') {
        let Some(prepared) = Prepared::parse(line) else { continue };
        // Octets from a server would come as they are, and might read like anything.
        let is_connection = prepared.spec.id == Some(Id::CipStart) && prepared.spec.form == Form::Write;
        // Where there may be several connections, the number is that of one: octets end with Ctrl-Z, or as many come as there are.
        let is_of_one = matches!(prepared.spec.type_name, "CipSendSingle" | "CipRxGetReadSingle");
        let is_ambiguous = is_of_one && !is_single;
        if !is_answered(&prepared) || is_connection && !is_manual || is_ambiguous {
            continue;
        }
        let text = String::from_utf8_lossy(prepared.line.as_bytes()).into_owned();
        let request = Request::raw(text.trim_end(), prepared.time_limit + SLACK).expect("a command line");
        let request = match offered(&prepared) {
            0 => request,
            offered => request.with_body(vec![b'.'; offered as usize].into()),
        };
        // Octets that have no header are those behind the next line end, even if that is of a line that nobody asked for. The driver tells
        // then that it makes no sense, and is right.
        if matches!(prepared.expect.data, DataPhase::Counted { .. }) {
            world.rest();
        }
        match world.run(request) {
            Ok(response) => {
                let lines: Vec<Line<'_>> = response.lines().collect();
                let read = responses::read(&prepared, &lines);
                assert!(read.is_ok(), "{text:?} is answered by {lines:?}");
                is_manual |= prepared.spec.type_name == "CipRxGet" && text.ends_with("=1\r");
                is_single &= prepared.spec.type_name != "CipMux" || text.ends_with("=0\r");
            }
            Err(failure) => assert!(matches!(failure, Failure::Rejected(_)), "{text:?}: {failure}"),
        }
    }
}

/// Whether a module answers it in words, and stays on.
fn is_answered(prepared: &Prepared) -> bool {
    match prepared.spec.id {
        Some(Id::Quiet | Id::Verbose | Id::Cpowd) => false,
        Some(Id::Cfun) => !prepared.line.as_bytes().ends_with(b",1\r"),
        _ => true,
    }
}

/// How many octets the command sends.
fn offered(prepared: &Prepared) -> u32 {
    match prepared.expect.data {
        DataPhase::Granted { at_most, .. } => at_most.min(MOST),
        DataPhase::Invited { .. } | DataPhase::Prompted => {
            let Some(place) = prepared.spec.parameters.iter().position(|given| given.name == "size") else {
                return TEXT;
            };
            let line = prepared.line.as_bytes().trim_ascii_end();
            let values = line.splitn(2, |octet| *octet == b'=').nth(1).unwrap_or_default();
            let size = Values::new(values).nth(place);
            size.and_then(|size| size.number()).and_then(|size| size.try_into().ok()).expect("a size")
        }
        _ => 0,
    }
}

/// What is set before most commands do something.
const PREPARED: &str = "AT+CMEE=2\rAT+SAPBR=3,1,\"CONTYPE\",\"GPRS\"\rAT+SAPBR=1,1\rAT+HTTPINIT\rAT+HTTPPARA=\"CID\",1\r\
    AT+HTTPPARA=\"URL\",\"a\"\rAT+HTTPACTION=0\rAT+FTPCID=1\rAT+FTPSERV=\"a\"\rAT+FTPUN=\"b\"\rAT+FTPPW=\"c\"\r\
    AT+FTPGETNAME=\"d\"\rAT+FTPGETPATH=\"/\"\rAT+FTPPUTNAME=\"d\"\rAT+FTPPUTPATH=\"/\"\rAT+FSCREATE=C:\\User\\a\r\
    AT+FSWRITE=C:\\User\\a,0,3,10\rAT+FTPSCONT\rAT+HTTPSCONT\r";
/// The same for sockets, which have a context of their own.
const CONNECTED: &str = "AT+CMEE=2\rAT+CIPMUX=1\rAT+CIPRXGET=1\rAT+CSTT=\"a\",\"\",\"\"\rAT+CIICR\rAT+CIFSR\r\
    AT+CIPSTART=0,\"TCP\",\"a\",80\rAT+CIPSEND=0,5\r";
const ONE_CONNECTED: &str = "AT+CMEE=2\rAT+CIPRXGET=1\rAT+CSTT=\"a\",\"\",\"\"\rAT+CIICR\rAT+CIFSR\r\
    AT+CIPSTART=\"TCP\",\"a\",80\rAT+CIPSEND=5\r";

/// Each form of the table, where it is refused and where it has something to tell.
pub(crate) fn seeds(exchanges: impl Iterator<Item = Vec<Vec<u8>>>) -> Vec<Vec<u8>> {
    let valid = |attempt: &Attempt| matches!(attempt.kind, Kind::Valid | Kind::Boundary);
    let head = |config: [u8; 2]| [&config[..], &[20, 100, 0]].concat();
    let mut seeds = Vec::new();
    for spec in SPECS.iter().filter(|spec| spec.form != Form::Test) {
        let all = SPECS.iter().filter(|other| other.id == spec.id && other.form != Form::Write);
        let all = all.chain([spec]).flat_map(|spec| attempts(spec)).filter(valid);
        let lines: Vec<String> = all.map(|attempt| attempt.line).collect();
        let lines = lines.join("\r");
        seeds.push([&head(QUICK)[..], lines.as_bytes()].concat());
        seeds.push([&head(QUICK)[..], PREPARED.as_bytes(), lines.as_bytes()].concat());
        if spec.name.starts_with("+C") {
            for connected in [CONNECTED, ONE_CONNECTED] {
                seeds.push([&head(QUICK)[..], connected.as_bytes(), lines.as_bytes()].concat());
            }
        }
    }
    // No card, and one that asks for its PIN, on a network that does not let the module in.
    for config in [[QUICK[0], 0x02], [QUICK[0], 0x06], [QUICK[0], 0x1E]] {
        seeds.extend(exchanges_of(&head(config)));
    }
    seeds.extend(exchanges.map(|lines| [&head(QUICK)[..], &lines.join(&b'\r')].concat()));
    seeds
}

/// Each form once, some of them at a time.
fn exchanges_of(head: &[u8]) -> Vec<Vec<u8>> {
    let first = |spec| attempts(spec).into_iter().next().map(|attempt| attempt.line);
    let lines: Vec<String> = SPECS.iter().filter_map(|spec| first(spec)).collect();
    lines.chunks(40).map(|lines| [head, lines.join("\r").as_bytes()].concat()).collect()
}
