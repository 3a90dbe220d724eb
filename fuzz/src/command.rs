//! Command lines: read, written, and read again.

use std::fmt::Debug;

use arbitrary::{Arbitrary, Unstructured};
use sim800_command::render::{CommandsTable, Dictionary, Documentation};
use sim800_command::{
    BearerParameter, Cid, Command, CommandLine, FsDel, FtpGetName, FtpGetRead, FtpPort, FtpPw, FtpRest,
    FtpServ, HttpData, HttpPara, HttpParameter, HttpReadRange, InvalidValue, Ipr, LINE_LIMIT, Line, Mask,
    Number, Path, Prepared, Rate, SPECS, SapbrSet, Secret, Text, UserData,
};

use crate::{memory, responses};

/// Any octets as a command line and, behind its end, as the lines of its response, and commands of any values: what is written reads
/// as the same, and is one line; secrets are masked, and what the response says does not matter to anything else.
pub fn command_round_trip(data: &[u8]) {
    if data.is_empty() {
        return rendered();
    }
    let mut lines = data.split(|octet| *octet == b'\n');
    if let Some(prepared) = lines.next().and_then(|line| memory::none(|| Prepared::parse(line))) {
        response(&prepared, &lines.map(Line::new).collect::<Vec<_>>());
        let line = prepared.line.as_bytes();
        check(&prepared.line);
        let again = Prepared::parse(line).expect("what is written can be read");
        assert_eq!(again.line, prepared.line);
        assert_eq!(again.line.secret(), prepared.line.secret());
        assert_eq!(again.spec.to_string(), prepared.spec.to_string());
        assert_eq!(again.time_limit, prepared.time_limit);
        assert_eq!((again.expect.data, again.expect.echo), (prepared.expect.data, prepared.expect.echo));
    }
    masked(data);
    // Octets that are not enough make no command.
    let _ = typed(&mut Unstructured::new(data));
}

/// What is made of the table, and has no input, has all of it.
fn rendered() {
    let (table, dictionary) = (CommandsTable.to_string(), Dictionary.to_string());
    for spec in SPECS {
        assert!(table.contains(&format!("`{spec}`")) && dictionary.contains(spec.name), "{spec}");
    }
}

/// A response says something, or it is told of which command it is none.
fn response(prepared: &Prepared, lines: &[Line<'_>]) {
    let syntax = prepared.spec.to_string();
    match responses::read(prepared, lines) {
        Ok(shown) => assert!(!shown.contains(char::is_control), "{shown:?}"),
        Err(malformed) => assert!(malformed.to_string().contains(&syntax), "{malformed}"),
    }
    let id = prepared.spec.id.expect("what the table has is named");
    assert!(Documentation(id).to_string().contains(&format!("`{syntax}`")), "{syntax} is not documented");
}

/// Octets stay as they are or become asterisks, line ends stay, and cuts do not matter.
fn masked(data: &[u8]) {
    let mask = |size| {
        let (mut mask, mut octets) = (Mask::new(), data.to_vec());
        octets.chunks_mut(size).for_each(|piece| memory::none(|| mask.mask(piece)));
        octets
    };
    let whole = mask(data.len().max(1));
    let is_kept = |(octet, shown): (&u8, &u8)| octet == shown || *shown == b'*' && !b"\r\n".contains(octet);
    assert!(data.len() == whole.len() && data.iter().zip(&whole).all(is_kept));
    assert_eq!(mask(1), whole, "octet by octet");
}

/// One line of printable ASCII that the module accepts, with the secret inside of it.
fn check(line: &CommandLine) {
    let octets = line.as_bytes();
    let text = octets
        .strip_prefix(b"AT")
        .and_then(|rest| rest.strip_suffix(b"\r"))
        .expect("AT and a carriage return");
    assert!(text.len() <= LINE_LIMIT);
    assert!(text.iter().all(|octet| matches!(octet, b' '..=b'~')), "{}", octets.escape_ascii());
    if let Some(secret) = line.secret() {
        assert_eq!((octets[secret.start - 1], octets[secret.end]), (b'"', b'"'));
        assert!(secret.start == secret.end || format!("{line:?}").contains("\"***"));
        let mut masked = octets.to_vec();
        Mask::new().mask(&mut masked);
        let is_credential = octets.starts_with(b"AT+HTTPPARA");
        assert!(is_credential || masked[secret].iter().all(|octet| *octet == b'*'), "{line:?}");
    }
}

fn typed(u: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let kind = u.int_in_range(0..=17)?;
    let number = u32::arbitrary(u)?;
    let headers: [(&str, &str); 2] = if kind == 17 { u.arbitrary()? } else { [("", ""); 2] };
    let text = <&str>::arbitrary_take_rest(std::mem::replace(u, Unstructured::new(&[])))?;
    let cid = Cid::saturating(number % 4);
    match kind {
        0 => same(text, Text::try_from(text).map(|server| FtpServ { server })),
        1 => same(text, Secret::try_from(text).map(|password| FtpPw { password })),
        2 => same(text, Text::new(text).map(|name| FtpGetName { name })),
        3 => same("", Number::try_from(number).map(|port| FtpPort { port })),
        4 => same("", Number::new(number).map(|offset| FtpRest { offset })),
        5 => same("", Number::new(number).map(|length| FtpGetRead { length })),
        6 => {
            same("", Number::new(number).map(|size| HttpData { size, time: Number::saturating(number / 3) }))
        }
        7 => same(
            "",
            Number::new(number).map(|start| HttpReadRange { start, size: Number::saturating(number / 3) }),
        ),
        8 => parameter(text, Text::new(text).map(HttpParameter::Url)),
        9 => parameter(text, Text::new(text).map(HttpParameter::UserAgent)),
        10 => parameter(text, Text::new(text).map(HttpParameter::ContentType)),
        11 => parameter("", Ok(HttpParameter::Redirect(number % 2 == 0))),
        12 => parameter("", Number::new(number).map(HttpParameter::Break)),
        13 => same(text, Text::new(text).map(|apn| SapbrSet { cid, parameter: BearerParameter::Apn(apn) })),
        14 => same(
            text,
            Secret::new(text).map(|word| SapbrSet { cid, parameter: BearerParameter::Password(word) }),
        ),
        15 => same(text, Path::try_from(text).map(|file| FsDel { file })),
        16 => same("", Rate::from_bits_per_second(number).map(|rate| Ipr { rate })),
        _ => parameter("", UserData::new(&headers).map(HttpParameter::UserData)),
    }
    Ok(())
}

fn parameter(text: &str, parameter: Result<HttpParameter<'_>, InvalidValue>) {
    same(text, parameter.map(|parameter| HttpPara { parameter }));
}

/// Whatever the line of the command is read as, it is written the same; `text` stands in it as it is.
fn same<C: Command + Debug>(text: &str, command: Result<C, InvalidValue>) {
    let command = match command {
        Ok(command) => command,
        // What is wrong with a value is told without it.
        Err(error) => return assert!(is_told_apart(&error.to_string(), text), "{error}"),
    };
    let line = match CommandLine::new(&command) {
        Ok(line) => line,
        Err(error) => {
            assert!(error.length > LINE_LIMIT && is_told_apart(&error.to_string(), text), "{error}");
            return assert_eq!(Prepared::new(&command).err(), Some(error));
        }
    };
    check(&line);
    let octets = line.as_bytes();
    assert!(octets.windows(text.len().max(1)).any(|window| window.starts_with(text.as_bytes())));
    let prepared =
        Prepared::parse(octets).unwrap_or_else(|| panic!("{command:?} is written as what cannot be read"));
    assert_eq!(prepared.line, line, "{command:?}");
    assert_eq!(prepared.spec.to_string(), C::SPEC.to_string());
    assert_eq!(prepared.time_limit, command.time_limit());
    assert_eq!(prepared.expect.data, command.expect().data);
    assert_eq!(Prepared::new(&command).map(|prepared| prepared.line), Ok(line));
}

/// Whether `told` is fit for people and has nothing of a value.
fn is_told_apart(told: &str, value: &str) -> bool {
    !told.contains(char::is_control) && (value.len() < 12 || !told.contains(value))
}
