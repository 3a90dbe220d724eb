//! `+HTTPACTION: 0,200,1000` by others, who get it as a whole.

use at_commands::parser::CommandParser;
use atat::{AtDigester, DigestResult, Digester, atat_derive::AtatUrc};

pub(crate) fn at_commands(line: &[u8]) -> Option<(i32, i32, i32)> {
    CommandParser::parse(line)
        .expect_identifier(b"\r\n+HTTPACTION: ")
        .expect_int_parameter()
        .expect_int_parameter()
        .expect_int_parameter()
        .expect_identifier(b"\r\n")
        .finish()
        .ok()
}

#[derive(Clone, AtatUrc)]
enum Urc {
    #[at_urc("+HTTPACTION")]
    HttpAction(HttpAction),
}

#[derive(Clone, atat::atat_derive::AtatResp)]
struct HttpAction {
    method: u8,
    status: u16,
    length: u32,
}

pub(crate) fn atat(line: &[u8]) -> Option<(i32, i32, i32)> {
    let (found, _) = AtDigester::<Urc>::new().digest(line);
    let DigestResult::Urc(text) = found else { return None };
    let Urc::HttpAction(action) = <Urc as atat::AtatUrc>::parse(text)?;
    Some((action.method.into(), action.status.into(), i32::try_from(action.length).ok()?))
}

/// As a program does it that needs no more than this line.
pub(crate) fn by_hand(line: &[u8]) -> Option<(i32, i32, i32)> {
    let end = line.iter().skip(2).position(|octet| *octet == b'\n')?;
    let text = line.get(2..end + 1)?.strip_prefix(b"+HTTPACTION:")?;
    let mut values = text.split(|octet| *octet == b',').map(|value| {
        value.trim_ascii().iter().try_fold(0_i32, |number, octet| {
            let digit = octet.wrapping_sub(b'0');
            number.checked_mul(10)?.checked_add(i32::from(digit)).filter(|_| digit < 10)
        })
    });
    let action = (values.next()??, values.next()??, values.next()??);
    values.next().is_none().then_some(action)
}
