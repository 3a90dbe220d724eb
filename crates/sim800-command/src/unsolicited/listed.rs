//! Lines that are told by their name, or by their text where that is all. They are rare: a `match` over the octets would be
//! quicker, and take three times the room.

use super::{PowerDownCause, Unsolicited};
use crate::Line;

/// What `line` is by its name, or by its text where that is all.
pub(super) fn listed<'a>(line: Line<'a>, text: &[u8]) -> Option<Unsolicited<'a>> {
    if let Some((_, state)) = STATES.iter().find(|(state, _)| *state == text) {
        return Some(*state);
    }
    Some(match text {
        _ if NETWORK.contains(&text) => Unsolicited::Network(line),
        _ if CALL.contains(&text) => Unsolicited::Call(line),
        _ if SIM.contains(&text) => Unsolicited::Sim(line),
        _ if SERVICE.contains(&text) => Unsolicited::Service(line),
        _ if TCP.contains(&text) || CONNECTION.contains(&text) => Unsolicited::Tcp(line),
        _ => return data(line),
    })
}

/// Data of the TCP command set: before the colon, where there is one, stands a comma, which is in no name.
pub(super) fn data(line: Line<'_>) -> Option<Unsolicited<'_>> {
    let text = line.text();
    (text.starts_with(b"+IPD,") || text.starts_with(b"+RECEIVE,")).then_some(Unsolicited::Tcp(line))
}

/// What happens to the supply.
const STATES: &[(&[u8], Unsolicited<'static>)] = &[
    (b"NORMAL POWER DOWN", Unsolicited::PowerDown(PowerDownCause::Normal)),
    (b"UNDER-VOLTAGE POWER DOWN", Unsolicited::PowerDown(PowerDownCause::UnderVoltage)),
    (b"OVER-VOLTAGE POWER DOWN", Unsolicited::PowerDown(PowerDownCause::OverVoltage)),
    (b"UNDER-VOLTAGE WARNNING", Unsolicited::UnderVoltage),
    (b"UNDER-VOLTAGE WARNING", Unsolicited::UnderVoltage),
    (b"OVER-VOLTAGE WARNNING", Unsolicited::OverVoltage),
    (b"OVER-VOLTAGE WARNING", Unsolicited::OverVoltage),
    (b"CHARGE-ONLY MODE", Unsolicited::ChargeOnly),
];

const NETWORK: &[&[u8]] =
    &[b"*PSNWID", b"*PSUTTZ", b"+CTZV", b"+CIEV", b"+CSQN", b"+CGEV", b"+CENG", b"+CELLIST"];

const CALL: &[&[u8]] = &[
    b"+CRING",
    b"+CLIP",
    b"+CCWA",
    b"+COLP",
    b"+CR",
    b"+CSSI",
    b"+CSSU",
    b"+CLCC",
    b"+CDRIND",
    b"+CCWV",
    b"+DTMF",
    b"MO RING",
    b"MO CONNECTED",
    b"NO CARRIER",
    b"BUSY",
    b"NO ANSWER",
];

const SIM: &[&[u8]] = &[b"+CSMINS", b"+STKPCI"];

const SERVICE: &[&[u8]] = &[
    b"+CMTE",
    b"+CHF",
    b"+SIMTONE",
    b"+STTONE",
    b"+CREC",
    b"+CTTS",
    b"+CMEDPLAY",
    b"+SKPD",
    b"+CANT",
    b"+SJDR",
    b"+CALV",
    b"+SMTPSEND",
    b"ALARM RING",
];

const TCP: &[&[u8]] = &[b"+CDNSGIP", b"CONNECT", b"SHUT OK"];

/// What a connection tells; its number stands before, where there are many.
pub(super) const CONNECTION: &[&[u8]] =
    &[b"CONNECT OK", b"CONNECT FAIL", b"ALREADY CONNECT", b"SEND OK", b"SEND FAIL", b"CLOSED", b"CLOSE OK"];

/// How lines of the TCP command set begin that hold more than words.
pub(super) const TOLD: &[&[u8]] = &[b"DATA ACCEPT:", b"STATE:", b"C: ", b"REMOTE IP:", b"RECV FROM:"];
