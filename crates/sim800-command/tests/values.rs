//! What is refused, what is masked, and where the line ends.

use std::error::Error;

use sim800_command::*;

type TestResult = Result<(), Box<dyn Error>>;

#[test]
fn text_refuses_what_would_break_the_line() {
    type Name<'a> = Text<'a, 5>;
    assert_eq!(Name::new("ab\"c"), Err(InvalidValue::Quote { position: 2 }));
    for octet in (0..0x20_u8).chain([0x7f]) {
        let text = format!("a{}", char::from(octet));
        assert_eq!(Name::new(&text), Err(InvalidValue::Control { octet, position: 1 }));
    }
    assert_eq!(Name::new("aé"), Err(InvalidValue::NotAscii { position: 1 }));
    assert_eq!(Name::new("123456"), Err(InvalidValue::TooLong { length: 6, limit: 5 }));
    assert_eq!(Name::new("12345").map(Name::as_str), Ok("12345"));
    assert_eq!(Name::new("").map(Name::as_str), Ok(""));
    // No escape, though V.250 has one: `\\22` stays four octets.
    let file = CommandLine::new(&FtpGetName { name: Text::new(r"a\22b").unwrap() }).unwrap();
    assert_eq!(file.as_bytes(), b"AT+FTPGETNAME=\"a\\22b\"\r");
    assert_eq!(Secret::<5>::new("a\r"), Err(InvalidValue::Control { octet: 13, position: 1 }));
}

#[test]
fn numbers_keep_their_range() {
    assert_eq!(Number::<1, 3>::new(0), Err(InvalidValue::OutOfRange { value: 0, min: 1, max: 3 }));
    assert_eq!(Number::<1, 3>::new(4), Err(InvalidValue::OutOfRange { value: 4, min: 1, max: 3 }));
    assert_eq!(Number::<1, 3>::saturating(0), Number::MIN);
    assert_eq!(Number::<1, 3>::saturating(9), Number::MAX);
    assert!(Rate::from_bits_per_second(14_400).is_err());
    for (bits, rate) in Rate::FIXED {
        assert_eq!(Rate::from_bits_per_second(*bits), Ok(*rate));
        assert_eq!(rate.bits_per_second(), Some(*bits));
    }
    assert_eq!(Rate::Auto.bits_per_second(), None);
}

#[test]
fn headers_refuse_what_would_make_another_header() {
    assert_eq!(UserData::new(&[("", "a")]), Err(InvalidValue::HeaderName { index: 0 }));
    assert_eq!(UserData::new(&[("a", ""), ("b c", "")]), Err(InvalidValue::HeaderName { index: 1 }));
    assert_eq!(UserData::new(&[("a:", "")]), Err(InvalidValue::HeaderName { index: 0 }));
    assert_eq!(UserData::new(&[("a", r"b\r\nc: d")]), Err(InvalidValue::Backslash { position: 1 }));
    assert_eq!(UserData::new(&[("a", "b\nc")]), Err(InvalidValue::Control { octet: 10, position: 1 }));
    assert_eq!(UserData::new(&[("a", "\"b\"")]), Err(InvalidValue::Quote { position: 0 }));
}

#[test]
fn headers_are_no_longer_than_a_command_line() {
    let room = LINE_LIMIT - "Accept: ".len() - r"\r\n".len();
    let accept = |length| UserData::new(&[("Accept", &"x".repeat(length))]).map(|_| ());
    assert_eq!(accept(room), Ok(()));
    let too_long = InvalidValue::TooLong { length: LINE_LIMIT + 1, limit: LINE_LIMIT };
    assert_eq!(accept(room + 1), Err(too_long));
    let half = "x".repeat(room / 2);
    let two = [("Accept", half.as_str()), ("A", &half)];
    assert!(matches!(UserData::new(&two), Err(InvalidValue::TooLong { .. })));
}

#[test]
fn paths_refuse_what_the_command_line_or_the_file_system_would_take_for_something_else() {
    for path in ["", "C", "C:", r"\User", "a.txt", "C:/User", r"1:\", r"?:\", "=?"] {
        assert_eq!(Path::new(path), Err(InvalidValue::NoDrive), "{path}");
    }
    for octet in b" ,;*/:<>?|" {
        let path = format!(r"C:\a{}b", char::from(*octet));
        assert_eq!(Path::new(&path), Err(InvalidValue::NotInPath { octet: *octet, position: 4 }));
    }
    assert_eq!(Path::new("C:\\a\""), Err(InvalidValue::Quote { position: 4 }));
    assert_eq!(Path::new("C:\\a\rAT+CPOWD=1"), Err(InvalidValue::Control { octet: 13, position: 4 }));
    assert_eq!(Path::new("C:\\é"), Err(InvalidValue::NotAscii { position: 3 }));
    let longest = format!(r"C:\{}", "x".repeat(61));
    assert_eq!(Path::new(&longest).map(Path::as_str), Ok(longest.as_str()));
    let longer = format!("{longest}x");
    assert_eq!(Path::new(&longer), Err(InvalidValue::TooLong { length: 65, limit: 64 }));
    assert!(InvalidValue::NoDrive.to_string().contains(r"C:\"));
    assert_eq!(
        format!("{:?} {}", Path::new("d:\\a=b"), Path::new("d:\\a=b").unwrap()),
        r#"Ok("d:\\a=b") d:\a=b"#
    );
}

#[test]
fn errors_say_what_and_where_in_lowercase() {
    for error in [
        InvalidValue::Quote { position: 3 },
        InvalidValue::Control { octet: 13, position: 3 },
        InvalidValue::NotAscii { position: 3 },
        InvalidValue::Backslash { position: 3 },
        InvalidValue::TooLong { length: 3, limit: 2 },
        InvalidValue::OutOfRange { value: 3, min: 1, max: 2 },
        InvalidValue::HeaderName { index: 3 },
        InvalidValue::NotInPath { octet: b'?', position: 3 },
    ] {
        let text = error.to_string();
        assert!(text.contains('3'), "{text}");
        assert!(!text.starts_with(|first: char| first.is_uppercase()), "{text}");
    }
    let malformed = Csq.response(&[]).unwrap_err();
    assert_eq!(malformed.to_string(), "malformed response to AT+CSQ: expected <rssi>,<ber>");
}

#[test]
fn line_limit_is_556_behind_the_prefix() -> TestResult {
    let shortest = CommandLine::new(&url("")?)?;
    let room = LINE_LIMIT - (shortest.as_bytes().len() - "AT\r".len());
    let longest = CommandLine::new(&url(&"x".repeat(room))?)?;
    assert_eq!(longest.as_bytes().len(), "AT".len() + 556 + "\r".len());
    assert!(longest.as_bytes().ends_with(b"xx\"\r"));
    for surplus in [1, 2, 3, 16] {
        let error = CommandLine::new(&url(&"x".repeat(room + surplus))?).unwrap_err();
        assert_eq!(error.length, 556 + surplus);
        assert!(error.to_string().contains("556"), "{error}");
    }
    Ok(())
}

#[test]
fn nothing_of_an_earlier_line_is_left_in_place() -> TestResult {
    let csq = CommandLine::new(&Csq)?;
    let mut line = CommandLine::empty();
    assert_eq!(line.as_bytes(), b"");
    line.encode(&FtpPw { password: Secret::new("3214567")? })?;
    line.encode(&Csq)?;
    assert_eq!(line, csq);
    assert_eq!(line.secret(), None);
    line.encode(&url(&"x".repeat(LINE_LIMIT))?).unwrap_err();
    assert_eq!(line.as_bytes(), b"");
    line.encode(&Csq)?;
    assert_eq!(line, csq);
    Ok(())
}

fn url(url: &str) -> Result<HttpPara<'_>, InvalidValue> {
    Ok(HttpPara { parameter: HttpParameter::Url(Text::new(url)?) })
}

/// The numbers inside a group keep their ranges too.
#[test]
fn reconnection_out_of_range_is_refused() {
    for (values, accepted) in
        [("0,0", true), ("255,60", true), ("256,0", false), ("0,61", false), ("1,", false)]
    {
        let line = format!(r#"AT+FTPGETTOFS=0,"a",{values}"#);
        assert_eq!(Prepared::parse(line.as_bytes()).is_some(), accepted, "{line}");
    }
}

/// Neither the value nor the line shows it, and the line tells where it is.
#[track_caller]
fn assert_masked<C: Command + std::fmt::Debug>(command: C, secret: &str) {
    let line = CommandLine::new(&command).expect("fits");
    let masked = &line.as_bytes()[line.secret().expect("has a secret")];
    assert!(String::from_utf8_lossy(masked).contains(secret));
    for shown in [format!("{command:?}"), format!("{line:?}"), format!("{:?}", Prepared::new(&command))] {
        assert!(!shown.contains(secret), "{shown}");
        assert!(shown.contains("***"), "{shown}");
    }
}

#[test]
fn secrets_are_masked() -> TestResult {
    assert_masked(FtpPw { password: Secret::new("hunter2")? }, "hunter2");
    let parameter = BearerParameter::Password(Secret::new("hunter2")?);
    assert_masked(SapbrSet { cid: Cid::new(1)?, parameter }, "hunter2");
    for name in [
        "Authorization",
        "proxy-authorization",
        "COOKIE",
        "X-Api-Key",
        "X-Auth-Token",
        "Api-SECRET",
        "password",
    ] {
        let headers = [("Accept", "x/y"), (name, "Basic aHVudGVyMg==")];
        let parameter = HttpParameter::UserData(UserData::new(&headers)?);
        assert_masked(HttpPara { parameter }, "aHVudGVyMg==");
    }
    Ok(())
}

#[test]
fn the_secret_is_exactly_what_stands_between_the_quotes() -> TestResult {
    let line = CommandLine::new(&FtpPw { password: Secret::new("pw")? })?;
    assert_eq!(format!("{line:?}"), r#""AT+FTPPW=\"***\"\r""#);
    assert_eq!(line.secret(), Some(10..12));
    let empty = CommandLine::new(&FtpPw { password: Secret::new("")? })?;
    assert_eq!(empty.secret(), Some(10..10));
    assert_eq!(format!("{empty:?}"), r#""AT+FTPPW=\"\"\r""#);
    let headers = UserData::new(&[("Accept", "x/y")])?;
    let open = CommandLine::new(&HttpPara { parameter: HttpParameter::UserData(headers) })?;
    assert_eq!(open.secret(), None);
    assert_eq!(format!("{open:?}"), r#""AT+HTTPPARA=\"USERDATA\",\"Accept: x/y\"\r""#);
    assert_eq!(format!("{headers:?}"), r#"{"Accept": "x/y"}"#);
    assert_ne!(headers, UserData::new(&[("Accept", "x/z")])?);
    Ok(())
}

/// As some programs write them; the module takes both.
#[test]
fn numbers_may_stand_in_quotes() {
    let octets = |port: &str| {
        let line = format!("AT+CIPSTART=\"TCP\",\"example.com\",{port}");
        Prepared::parse(line.as_bytes()).map(|prepared| prepared.line.as_bytes().to_vec())
    };
    assert!(octets("80").is_some());
    for (port, is_taken) in [("\"80\"", true), ("\"x\"", false), ("\"65536\"", false), ("\"\"", false)] {
        assert_eq!(octets(port) == octets("80"), is_taken, "{port}");
    }
}
