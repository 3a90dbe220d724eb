//! The grammar of one line.

use sim800_command::{FtpEvent, Unsolicited};
use sim800_parser::{CmeError, CmsError, FinalResultCode, Line, Value, Values};

/// Any line: its parts are pieces of it, and its values those that a plain reading finds.
pub fn line(data: &[u8]) {
    let line = Line::new(data);
    let parameters = line.parameters();
    match line.name() {
        Some(name) => {
            let rest = data.strip_prefix(name.as_bytes()).and_then(|rest| rest.strip_prefix(b":"));
            assert_eq!(rest.map(<[u8]>::trim_ascii), Some(parameters));
            assert!(!name.is_empty() && name.is_ascii() && !name.contains([':', ',', '"']));
        }
        None => assert_eq!(parameters, data.trim_ascii()),
    }
    let mut values = line.values();
    let mut seen = Vec::new();
    let mut left = values.remainder().len();
    while let Some(value) = values.next() {
        let remainder = values.remainder();
        assert!(parameters.ends_with(remainder), "the remainder is not the end");
        assert!(remainder.len() < left || left == 0, "nothing was taken");
        left = remainder.len();
        assert!(value.number().is_none() || value.text().is_none());
        seen.push(value);
    }
    assert_eq!(values.next(), None, "values after the last");
    assert_eq!(seen, plain(parameters));

    if !parameters.iter().any(|octet| b"\x0b\x0c\r\n".contains(octet)) {
        let text = join(&seen);
        assert!(Values::new(&text).eq(seen), "\"{}\" reads otherwise", text.escape_ascii());
    }
    let shown = line.to_string();
    assert!(shown.bytes().all(|octet| matches!(octet, b' '..=b'~')));
    assert_eq!(format!("{line:?}"), format!("Line(\"{shown}\")"));
    assert_eq!(line.as_str(), std::str::from_utf8(data).ok());
    result_code(line);
}

/// A result code is written as a line that is one again.
fn result_code(line: Line<'_>) {
    let Some(code) = FinalResultCode::from_line(line) else { return };
    let text = code.to_string();
    assert_eq!(code.is_of_connection(), text != "OK" && !text.contains("ERROR"));
    let again = FinalResultCode::from_line(Line::new(text.as_bytes())).expect("what is written can be read");
    match (code, again) {
        // The wording behind the number is for people.
        (FinalResultCode::Cme(error), _) => {
            let by_number = error.code().map(CmeError::from_code);
            assert!(by_number.is_none_or(|by_number| by_number == error));
            let by_word = error.description().map(|word| format!("+CME ERROR: {word}"));
            let by_word = by_word.map(|line| FinalResultCode::from_line(Line::new(line.as_bytes())));
            assert!(by_word.is_none_or(|by_word| by_word == Some(code)), "{text}");
        }
        (FinalResultCode::Cms(error), _) => {
            let by_number = error.code().map(CmsError::from_code);
            assert!(by_number.is_none_or(|by_number| by_number == error));
            assert_eq!(again, code);
        }
        _ => assert_eq!(again, code),
    }
}

/// The values of `text`, read as the documentation says and without haste.
fn plain(text: &[u8]) -> Vec<Value<'_>> {
    const BLANKS: &[u8] = b" \t";
    let trim_blanks = |mut text: &'_ [u8]| {
        while text.last().is_some_and(|last| BLANKS.contains(last)) {
            text = &text[..text.len() - 1];
        }
        text.len()
    };
    let mut values = Vec::new();
    let mut rest = text.trim_ascii();
    if rest.is_empty() {
        return values;
    }
    loop {
        while rest.first().is_some_and(|first| BLANKS.contains(first)) {
            rest = &rest[1..];
        }
        // Up to the comma behind a closing quotation mark, or else up to the first comma.
        let closing = rest.strip_prefix(b"\"").and_then(|inner| {
            let length = inner.iter().position(|octet| *octet == b'"')?;
            let behind = &inner[length + 1..];
            let comma = behind.iter().position(|octet| *octet == b',').unwrap_or(behind.len());
            (trim_blanks(&behind[..comma]) == 0).then_some((&inner[..length], length + 2 + comma))
        });
        let (value, end) = if let Some((inner, end)) = closing {
            (Value::Quoted(inner), end)
        } else {
            let end = rest.iter().position(|octet| *octet == b',').unwrap_or(rest.len());
            let digits = &rest[..trim_blanks(&rest[..end])];
            let number =
                if digits.iter().all(u8::is_ascii_digit) { std::str::from_utf8(digits).ok() } else { None };
            let value = match (number.and_then(|digits| digits.parse().ok()), rest[..end].trim_ascii_end()) {
                (Some(number), _) => Value::Number(number),
                (None, []) => Value::Absent,
                (None, bare) => Value::Bare(bare),
            };
            (value, end)
        };
        values.push(value);
        match rest.get(end + 1..) {
            Some(behind) => rest = behind,
            None => return values,
        }
    }
}

/// The values as a line has them.
fn join(values: &[Value<'_>]) -> Vec<u8> {
    let texts: Vec<Vec<u8>> = values
        .iter()
        .map(|value| match value {
            Value::Absent => Vec::new(),
            Value::Number(number) => number.to_string().into_bytes(),
            Value::Quoted(text) => [b"\"", *text, b"\""].concat(),
            Value::Bare(text) => text.to_vec(),
            other => panic!("a value this target does not know: {other:?}"),
        })
        .collect();
    texts.join(&b","[..])
}

/// Any line: typed, written and typed again it is the same, and what is written is fit for a terminal.
pub fn unsolicited_round_trip(data: &[u8]) {
    let typed = Unsolicited::from(Line::new(data));
    match typed {
        Unsolicited::HttpAction { status, .. } => {
            assert!(status.to_string().starts_with(&status.0.to_string()))
        }
        Unsolicited::FtpGet(FtpEvent::Ended(code)) | Unsolicited::FtpDelete(code) => {
            assert!(code.to_string().starts_with(&code.0.to_string()));
        }
        _ => {}
    }
    let text = typed.to_string();
    assert!(text.bytes().all(|octet| matches!(octet, b' '..=b'~')), "{text:?}");
    let again = Unsolicited::from(Line::new(text.as_bytes()));
    if data.iter().all(|octet| matches!(octet, b' '..=b'~')) {
        match (typed, again) {
            // Beside the type, these are the line as it came.
            (Unsolicited::Other(_), _) => assert_eq!(text.as_bytes(), data),
            _ => assert_eq!(again, typed, "{text:?}"),
        }
        assert_eq!(again.to_string(), text);
        assert_eq!(again.takes_continuation(), typed.takes_continuation());
    }
}
