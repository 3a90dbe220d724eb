//! The grammar of a command line behind its prefix: which commands stand on it, in what form, with what parameters.
//!
//! More is accepted than the manual asks for, because programs send more: lower case, blanks, strings without quotes.

use std::ops::RangeInclusive;
use std::str;

use sim800_command::Form;

use crate::refusal::{Cme, Refusal};

/// The most commands on one line (manual 1.4.4).
const MOST_COMMANDS: usize = 39;

/// One command of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Command {
    /// In upper case, as in `Id::name`: `+HTTPREAD`, `E`, `&F`.
    pub(crate) name: String,
    pub(crate) form: Form,
    /// What stands behind `=`, or the digits behind a basic command.
    text: Vec<u8>,
}

impl Command {
    pub(crate) fn parameters(&self) -> Parameters<'_> {
        Parameters::new(&self.text)
    }

    /// The parameters of the write form; `None` for the test form, and no other form is known.
    pub(crate) fn written(&self) -> Result<Option<Parameters<'_>>, Refusal> {
        match self.form {
            Form::Test => Ok(None),
            Form::Write => Ok(Some(self.parameters())),
            _ => Err(Refusal::Unknown),
        }
    }

    /// What stands behind `D`.
    pub(crate) fn dial_string(&self) -> String {
        String::from_utf8_lossy(&self.text).into_owned()
    }

    /// The number behind a basic command; none is 0 (V.250).
    pub(crate) fn basic_value(&self, range: RangeInclusive<u8>) -> Result<u8, Refusal> {
        let value = if self.text.is_empty() { Some(0) } else { decimal(&self.text) };
        value
            .and_then(|value| u8::try_from(value).ok())
            .filter(|value| range.contains(value))
            .ok_or(Refusal::Unknown)
    }
}

/// Splits a command line (without prefix and line end) into its commands; `None` if it holds something that is none, or too many.
pub(crate) fn commands(line: &[u8]) -> Option<Vec<Command>> {
    let mut commands = Vec::new();
    let mut rest = skip(line);
    while let Some(&first) = rest.first() {
        let (command, behind) = if first.is_ascii_alphabetic() || first == b'&' {
            basic(rest)?
        } else if first.is_ascii_graphic() {
            extended(rest)?
        } else {
            return None;
        };
        commands.push(command);
        if commands.len() > MOST_COMMANDS {
            return None;
        }
        rest = skip(behind);
    }
    Some(commands)
}

/// Skips blanks and separators.
fn skip(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|octet| !matches!(octet, b' ' | b';')).unwrap_or(text.len());
    text.get(end..).unwrap_or_default()
}

/// `E0`, `&F`, `S0=1`, `S3?`, `D*99#`
fn basic(text: &[u8]) -> Option<(Command, &[u8])> {
    let (&first, mut rest) = text.split_first()?;
    let mut name = String::from(char::from(first.to_ascii_uppercase()));
    if first == b'&' {
        let (&second, behind) = rest.split_first()?;
        name.push(char::from(second.to_ascii_uppercase()));
        rest = behind;
    }
    if name == "D" {
        return Some((Command { name, form: Form::Basic, text: rest.to_vec() }, &[]));
    }
    let (digits, behind) = take_while(rest, |octet| octet.is_ascii_digit() || octet == b' ');
    let digits: Vec<u8> = digits.iter().copied().filter(u8::is_ascii_digit).collect();
    if name != "S" {
        return Some((Command { name, form: Form::Basic, text: digits }, behind));
    }
    name.push_str(str::from_utf8(&digits).ok()?);
    match behind.split_first() {
        Some((b'?', behind)) => Some((Command { name, form: Form::Read, text: Vec::new() }, behind)),
        Some((b'=', behind)) => {
            let (value, behind) = take_while(behind, |octet| octet.is_ascii_digit() || octet == b' ');
            Some((Command { name, form: Form::Write, text: value.to_vec() }, behind))
        }
        _ => None,
    }
}

/// `+CSQ`, `+CREG?`, `+CMEE=?`, `+HTTPPARA="CID",1`
fn extended(text: &[u8]) -> Option<(Command, &[u8])> {
    let (name, rest) = take_while(text, |octet| !matches!(octet, b'=' | b'?' | b';'));
    let name: Vec<u8> = name.iter().filter(|octet| **octet != b' ').map(u8::to_ascii_uppercase).collect();
    let name = String::from_utf8(name).ok().filter(|name| !name.is_empty())?;
    let (form, rest) = match rest.split_first() {
        Some((b'?', behind)) => (Form::Read, behind),
        Some((b'=', behind)) => match behind.trim_ascii_start().split_first() {
            Some((b'?', behind)) => (Form::Test, behind),
            _ => (Form::Write, behind),
        },
        _ => (Form::Execution, rest),
    };
    let mut quoted = false;
    let (text, rest) = take_while(rest, |octet| {
        quoted ^= octet == b'"';
        quoted || octet != b';'
    });
    if form != Form::Write && !text.trim_ascii().is_empty() {
        return None;
    }
    Some((Command { name, form, text: text.to_vec() }, rest))
}

fn take_while(text: &[u8], mut condition: impl FnMut(u8) -> bool) -> (&[u8], &[u8]) {
    text.split_at(text.iter().position(|&octet| !condition(octet)).unwrap_or(text.len()))
}

fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    str::from_utf8(text).ok()?.parse().ok()
}

/// The parameters of a command, separated by commas.
#[derive(Debug)]
pub(crate) struct Parameters<'a> {
    values: Vec<&'a [u8]>,
}

impl<'a> Parameters<'a> {
    fn new(text: &'a [u8]) -> Self {
        let mut quoted = false;
        let values = text
            .split(|&octet| {
                quoted ^= octet == b'"';
                !quoted && octet == b','
            })
            .map(|value| {
                let value = value.trim_ascii();
                match value.strip_prefix(b"\"") {
                    Some(inner) => inner.strip_suffix(b"\"").unwrap_or(inner),
                    None => value,
                }
            })
            .collect();
        Self { values }
    }

    /// Refuses all other numbers of parameters.
    pub(crate) fn expect(&self, count: RangeInclusive<usize>) -> Result<(), Refusal> {
        if self.values.len() < *count.start() {
            Err(Cme::TooFewParameters.into())
        } else if self.values.len() > *count.end() {
            Err(Cme::TooManyParameters.into())
        } else {
            Ok(())
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// The octets of one parameter, without quotes; one that was left out is empty.
    pub(crate) fn octets(&self, index: usize) -> &'a [u8] {
        self.values.get(index).copied().unwrap_or_default()
    }

    /// A decimal number, quoted or not.
    pub(crate) fn number<T>(&self, index: usize, range: RangeInclusive<T>) -> Result<T, Refusal>
    where
        T: TryFrom<u64> + PartialOrd,
    {
        let octets = self.octets(index);
        if octets.is_empty() {
            return Err(Cme::TooFewParameters.into());
        }
        if !octets.iter().all(u8::is_ascii_digit) {
            return Err(Cme::WrongType.into());
        }
        decimal(octets)
            .and_then(|number| T::try_from(number).ok())
            .filter(|number| range.contains(number))
            .ok_or(Refusal::Cme(Cme::OutOfRange))
    }

    /// A string, quoted or not, of at most so many octets.
    pub(crate) fn text(&self, index: usize, most: usize) -> Result<&'a str, Refusal> {
        let octets = self.octets(index);
        if octets.len() > most {
            return Err(Cme::TextTooLong.into());
        }
        str::from_utf8(octets).map_err(|_| Cme::InvalidCharacters.into())
    }

    /// A word in upper case, such as a tag.
    pub(crate) fn word(&self, index: usize) -> String {
        String::from_utf8_lossy(self.octets(index)).to_ascii_uppercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(line: &str) -> Option<Vec<(String, Form)>> {
        Some(commands(line.as_bytes())?.into_iter().map(|c| (c.name, c.form)).collect())
    }

    #[test]
    fn lines() {
        let some = |list: &[(&str, Form)]| Some(list.iter().map(|&(n, f)| (n.to_owned(), f)).collect());
        assert_eq!(names(""), some(&[]));
        assert_eq!(names(" "), some(&[]));
        assert_eq!(names("e0V1 Q0"), some(&[("E", Form::Basic), ("V", Form::Basic), ("Q", Form::Basic)]));
        assert_eq!(names("E0;+cmee=1"), some(&[("E", Form::Basic), ("+CMEE", Form::Write)]));
        assert_eq!(names("E0+CMEE?"), some(&[("E", Form::Basic), ("+CMEE", Form::Read)]));
        assert_eq!(
            names("&FS0=0+CSQ"),
            some(&[("&F", Form::Basic), ("S0", Form::Write), ("+CSQ", Form::Execution)])
        );
        assert_eq!(names("+X = ? ; +Y"), some(&[("+X", Form::Test), ("+Y", Form::Execution)]));
        assert_eq!(names("D*99***1#"), some(&[("D", Form::Basic)]));
        assert_eq!(names("+CSQ?x"), None);
        assert_eq!(names("S0"), None);
        assert_eq!(names("&"), None);
        assert_eq!(names("\u{1}"), None);
        assert_eq!(names(&"E0".repeat(39)).map(|list| list.len()), Some(39));
        assert_eq!(names(&"E0".repeat(40)), None);
    }

    #[test]
    fn parameters() {
        let all = commands(b"+X= \"a,b;c\" , 7,,bare one,\"8\",\"open;").unwrap_or_default();
        assert_eq!(all.len(), 1);
        let parameters = all[0].parameters();
        assert_eq!(parameters.len(), 6);
        assert_eq!(parameters.text(0, 5), Ok("a,b;c"));
        assert_eq!(parameters.text(0, 4), Err(Cme::TextTooLong.into()));
        assert_eq!(parameters.number(1, 0..=7_u8), Ok(7));
        assert_eq!(parameters.number(1, 0..=6_u8), Err(Cme::OutOfRange.into()));
        assert_eq!(parameters.number(2, 0..=6_u8), Err(Cme::TooFewParameters.into()));
        assert_eq!(parameters.text(3, 20), Ok("bare one"));
        assert_eq!(parameters.number(4, 0..=u64::MAX), Ok(8));
        assert_eq!(parameters.number(3, 0..=u64::MAX), Err(Cme::WrongType.into()));
        assert_eq!(parameters.octets(5), b"open;");
        assert_eq!(parameters.octets(6), b"");
        let huge = commands(b"+X=99999999999999999999999").unwrap_or_default();
        assert_eq!(huge[0].parameters().number(0, 0..=u64::MAX), Err(Cme::OutOfRange.into()));
    }
}
