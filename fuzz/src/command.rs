//! Command lines: read, written, and read again.

use std::fmt::Debug;

use arbitrary::{Arbitrary, Unstructured};
use sim800_command::{
    BearerParameter, Cid, Command, CommandLine, FtpGetName, FtpGetRead, FtpPort, FtpPw, FtpRest, FtpServ,
    HttpData, HttpPara, HttpParameter, HttpReadRange, InvalidValue, LINE_LIMIT, Number, Prepared, SapbrSet,
    Secret, Text, UserData,
};

/// Any octets as a command line, and commands of any values: what is written reads as the same, and is one line.
pub fn command_round_trip(data: &[u8]) {
    if let Some(prepared) = Prepared::parse(data) {
        let line = prepared.line.as_bytes();
        check(&prepared.line);
        let again = Prepared::parse(line).expect("what is written can be read");
        assert_eq!(again.line, prepared.line);
        assert_eq!(again.line.secret(), prepared.line.secret());
        assert_eq!(again.spec.to_string(), prepared.spec.to_string());
        assert_eq!(again.time_limit, prepared.time_limit);
        assert_eq!((again.expect.data, again.expect.echo), (prepared.expect.data, prepared.expect.echo));
    }
    // Octets that are not enough make no command.
    let _ = typed(&mut Unstructured::new(data));
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
    }
}

fn typed(u: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let kind = u.int_in_range(0..=15)?;
    let number = u32::arbitrary(u)?;
    let headers: [(&str, &str); 2] = if kind == 15 { u.arbitrary()? } else { [("", ""); 2] };
    let text = <&str>::arbitrary_take_rest(std::mem::replace(u, Unstructured::new(&[])))?;
    let cid = Cid::saturating(number % 4);
    match kind {
        0 => same(text, Text::new(text).map(|server| FtpServ { server })),
        1 => same(text, Secret::new(text).map(|password| FtpPw { password })),
        2 => same(text, Text::new(text).map(|name| FtpGetName { name })),
        3 => same("", Number::new(number).map(|port| FtpPort { port })),
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
        _ => parameter("", UserData::new(&headers).map(HttpParameter::UserData)),
    }
    Ok(())
}

fn parameter(text: &str, parameter: Result<HttpParameter<'_>, InvalidValue>) {
    same(text, parameter.map(|parameter| HttpPara { parameter }));
}

/// Whatever the line of the command is read as, it is written the same; `text` stands in it as it is.
fn same<C: Command + Debug>(text: &str, command: Result<C, InvalidValue>) {
    let Ok(command) = command else { return };
    let Ok(line) = CommandLine::new(&command) else { return };
    check(&line);
    let octets = line.as_bytes();
    assert!(octets.windows(text.len().max(1)).any(|window| window.starts_with(text.as_bytes())));
    let prepared =
        Prepared::parse(octets).unwrap_or_else(|| panic!("{command:?} is written as what cannot be read"));
    assert_eq!(prepared.line, line, "{command:?}");
    assert_eq!(prepared.spec.to_string(), C::SPEC.to_string());
    assert_eq!(prepared.time_limit, command.time_limit());
    assert_eq!(prepared.expect.data, command.expect().data);
}
