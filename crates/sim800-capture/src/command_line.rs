//! Command lines as anybody may have written them.

use std::iter;
use std::str;

use sim800_command::{Form, Id, Prepared, SPECS, Spec};
use sim800_parser::{Claim, Expect, Value, Values};

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

    /// One of several commands of a line, as [`commands`] cuts them.
    pub(crate) fn of_several(text: &'a [u8]) -> Self {
        let text = text.trim_ascii();
        let text = text.strip_suffix(b";").unwrap_or(text);
        Self::new(text).unwrap_or(Self { whole: text, body: text })
    }

    /// `+HTTPREAD`, or the letter of a basic command; of several commands on a line, the first.
    pub(crate) fn name(self) -> Option<&'a str> {
        let end = match self.body.first()? {
            letter if letter.is_ascii_alphabetic() => 1,
            _ => self.body.iter().position(|octet| b"=?;".contains(octet)).unwrap_or(self.body.len()),
        };
        str::from_utf8(self.body.get(..end)?).ok().map(str::trim_ascii)
    }

    /// Whether another command stands behind the first.
    pub(crate) fn is_of_several(self) -> bool {
        commands(self.whole).nth(1).is_some()
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
        let prepared = match self.whole.len() == self.body.len() {
            true => Prepared::parse(&[b"AT", self.body].concat())?,
            false => Prepared::parse(self.whole)?,
        };
        // How many octets follow a prompt that does not say so, by the place of the parameter.
        let place = prepared.spec.parameters.iter().position(|parameter| parameter.name == "size");
        let size = place.and_then(|place| Values::new(self.parameters()).nth(place)?.number());
        Some(Known { spec: prepared.spec, expect: prepared.expect, size })
    }

    /// The same where there may be several connections, or may not: the one number of `AT+CIPSEND` is that of a connection then, and
    /// the octets end as without one (manual 8.2.3). The table has it as their count, which is never 0.
    pub(crate) fn known_among(self, many: bool) -> Option<Known> {
        let number = Values::new(self.parameters()).next().and_then(Value::number);
        let names_one = match number {
            Some(0) => true,
            Some(1..=5) => many,
            _ => false,
        };
        let is_send = self.name().and_then(Id::from_name) == Some(Id::CipSend);
        let is_text = is_send && names_one && Values::new(self.parameters()).count() == 1;
        if is_text { Self::new(b"AT+CIPSEND")?.known() } else { self.known() }
    }

    /// What it makes of the number of connections, if it is about that.
    pub(crate) fn chooses_many(self) -> Option<bool> {
        if self.name().and_then(Id::from_name) != Some(Id::CipMux) {
            return None;
        }
        Values::new(self.parameters()).next()?.number().map(|many| many == 1)
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

/// The commands of a line with all its octets: each ends with the `;` behind it, if it needs one, and the first has the prefix
/// (V.250 sections 5.3.3 and 5.4.5).
pub(crate) fn commands(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let prefix = line.len() - line.trim_ascii_start().len() + 2;
    let mut rest = line;
    let mut skipped = prefix;
    iter::from_fn(move || {
        let mut quoted = false;
        let is_basic = rest.get(skipped).is_some_and(u8::is_ascii_alphabetic);
        let end = rest.iter().enumerate().skip(skipped).find_map(|(place, octet)| {
            quoted ^= *octet == b'"';
            match octet {
                b';' if !quoted => Some(place + 1),
                b'+' if !quoted && is_basic => Some(place),
                _ => None,
            }
        });
        // The line end belongs to the command before it.
        let end = end.filter(|end| rest.get(*end..).is_some_and(|behind| !behind.trim_ascii().is_empty()));
        let (command, behind) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
        (rest, skipped) = (behind, 0);
        (!command.is_empty()).then_some(command)
    })
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

/// The names of several commands on a line that ask for something: each has its answer, whatever such lines are else.
pub(crate) fn asked_for(line: &[u8]) -> Vec<String> {
    let mut parts = commands(line).map(CommandLine::of_several).peekable();
    let first = parts.next();
    if parts.peek().is_none() {
        return Vec::new();
    }
    let asks = |part: &CommandLine<'_>| part.known().is_some_and(|known| known.asks());
    first
        .into_iter()
        .chain(parts)
        .filter(asks)
        .filter_map(|part| part.name().map(str::to_ascii_uppercase))
        .collect()
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
    fn a_line_is_cut_where_commands_end() {
        let cut = |line: &str| -> Vec<String> {
            commands(line.as_bytes()).map(|command| String::from_utf8(command.to_vec()).unwrap()).collect()
        };
        assert_eq!(cut("AT+CSQ\r"), ["AT+CSQ\r"]);
        assert_eq!(cut("AT+CSQ;\r"), ["AT+CSQ;\r"], "nothing stands behind it");
        assert_eq!(cut("\nAT+A=\"b;c\";+D?;+E\r"), ["\nAT+A=\"b;c\";", "+D?;", "+E\r"]);
        assert_eq!(cut("ATE0+CMEE=1;V1\r"), ["ATE0", "+CMEE=1;", "V1\r"]);
        assert_eq!(cut("AT\r"), ["AT\r"]);
        assert_eq!(cut("A"), ["A"]);
        let name = |text: &'static str| CommandLine::of_several(text.as_bytes()).name();
        assert_eq!([name("ATE0"), name("+CMEE=1;"), name("V1\r")], [Some("E"), Some("+CMEE"), Some("V")]);
        assert_eq!(CommandLine::of_several(b"+CREG?;").known().unwrap().spec.name, "+CREG");
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
