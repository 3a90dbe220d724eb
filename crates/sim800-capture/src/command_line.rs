//! Command lines as anybody may have written them.

use std::str;

use sim800_command::{Form, Id, Prepared, SPECS, Spec};
use sim800_parser::{Claim, Expect, Values};

/// The octets behind `AT`, without the line end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CommandLine<'a> {
    whole: &'a [u8],
    body: &'a [u8],
}

impl<'a> CommandLine<'a> {
    /// `None` for text that the module does not take for a command line.
    pub(crate) fn new(text: &'a [u8]) -> Option<Self> {
        let whole = text.trim_ascii();
        let (prefix, body) = whole.split_at_checked(2)?;
        match prefix {
            [b'A' | b'a', b'T' | b't'] => Some(Self { whole, body }),
            // Repeats the last one (manual 1.4.2).
            [b'A' | b'a', b'/'] if body.is_empty() => Some(Self { whole, body }),
            _ => None,
        }
    }

    /// `+HTTPREAD`, or the letter of a basic command; of several commands on a line, the first.
    pub(crate) fn name(self) -> Option<&'a str> {
        let end = match self.body.first()? {
            letter if letter.is_ascii_alphabetic() => 1,
            _ => self.body.iter().position(|octet| b"=?;".contains(octet)).unwrap_or(self.body.len()),
        };
        str::from_utf8(self.body.get(..end)?).ok().map(str::trim_ascii)
    }

    /// Whether another command stands behind the first (V.250 sections 5.3.3 and 5.4.5).
    pub(crate) fn is_of_several(self) -> bool {
        let mut quoted = false;
        let is_separated = self.body.iter().any(|octet| {
            quoted ^= *octet == b'"';
            !quoted && *octet == b';'
        });
        let is_basic = self.body.first().is_some_and(u8::is_ascii_alphabetic);
        is_separated || (is_basic && self.body.contains(&b'+'))
    }

    /// What stands behind the name, without `=`; nothing for the read and the test form.
    pub(crate) fn parameters(self) -> &'a [u8] {
        let basic = self.body.first().is_some_and(u8::is_ascii_alphabetic);
        let values = match self.body.iter().position(|octet| b"=?;".contains(octet)) {
            Some(place) if !basic => self.body.get(place..).and_then(|rest| rest.strip_prefix(b"=")),
            _ if basic => self.body.get(1..),
            _ => None,
        };
        values.filter(|values| *values != b"?").unwrap_or_default()
    }

    /// What the table has for it.
    pub(crate) fn known(self) -> Option<Known> {
        let prepared = Prepared::parse(self.whole)?;
        // How many octets follow a prompt that does not say so, by the place of the parameter.
        let place = prepared.spec.parameters.iter().position(|parameter| parameter.name == "size");
        let size = place.and_then(|place| Values::new(self.parameters()).nth(place)?.number());
        Some(Known { spec: prepared.spec, expect: prepared.expect, size })
    }

    /// Whether it sets what the table can ask for: a line of its name is no answer then (`+CPIN: READY` behind
    /// `AT+CPIN="1234"`).
    pub(crate) fn sets_what_is_asked_for(self) -> bool {
        let Some(id) = self.name().and_then(Id::from_name) else { return false };
        !self.parameters().is_empty()
            && SPECS.iter().any(|spec| spec.id == Some(id) && spec.form == Form::Read)
    }

    /// The row of the table that it would be with other values: a masked one may not fit its parameter.
    pub(crate) fn alike(self) -> Option<&'static Spec> {
        let id = Id::from_name(self.name()?)?;
        let mut rows = SPECS.iter().filter(|spec| spec.id == Some(id) && spec.form == Form::Write);
        let row = rows.next().filter(|_| !self.parameters().is_empty())?;
        rows.next().is_none().then_some(row)
    }
}

/// A command of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) spec: &'static Spec,
    pub(crate) expect: Expect,
    /// The octets that it offers, where its values say so.
    pub(crate) size: Option<u64>,
}

impl Known {
    /// Whether it asks for something, and so has information text.
    pub(crate) fn asks(self) -> bool {
        !matches!(self.expect.information, Claim::None)
    }
}

/// What a command that the table does not have may get: any text, and any result.
pub(crate) fn unknown() -> Expect {
    Expect::result().with_information(Claim::Text).with_connection()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Option<(Option<&str>, &str)> {
        let line = CommandLine::new(text.as_bytes())?;
        Some((line.name(), str::from_utf8(line.parameters()).unwrap()))
    }

    #[test]
    fn names_and_values_are_found_in_any_spelling() {
        for (text, name, values) in [
            ("AT+FTPGET=2,10", Some("+FTPGET"), "2,10"),
            ("at+csq", Some("+csq"), ""),
            ("AT+CREG?", Some("+CREG"), ""),
            ("AT+CREG=?", Some("+CREG"), ""),
            ("AT+HTTPPARA=\"URL\",\"a?b=c;d\"", Some("+HTTPPARA"), "\"URL\",\"a?b=c;d\""),
            ("AT+CSQ;+CREG=1", Some("+CSQ"), ""),
            ("ATE0", Some("E"), "0"),
            ("AT", None, ""),
            ("A/", None, ""),
        ] {
            assert_eq!(parts(text), Some((name, values)), "{text}");
        }
        for text in ["", "A", "OK", "BAT", "A/x", "\u{e9}"] {
            assert_eq!(parts(text), None, "{text}");
        }
    }

    #[test]
    fn the_table_tells_how_many_octets_are_offered() {
        let size = |text: &str| CommandLine::new(text.as_bytes()).unwrap().known().unwrap().size;
        assert_eq!(size("AT+HTTPDATA=100,10000"), Some(100));
        assert_eq!(size("AT+FSWRITE=C:\\a,0,12,10"), Some(12));
        assert_eq!(size("AT+CSQ"), None);
    }

    #[test]
    fn masked_values_leave_the_command_known() {
        let line = CommandLine::new(b"AT+FTPPW=********").unwrap();
        assert!(line.known().is_some());
        let line = CommandLine::new(b"AT+FTPSERV=\"\"\"\"").unwrap();
        assert!(line.known().is_none());
        assert_eq!(line.alike().and_then(|spec| spec.id), Some(Id::FtpServ));
        assert!(CommandLine::new(b"AT+FTPGET=7").unwrap().alike().is_none(), "there are several");
    }
}
