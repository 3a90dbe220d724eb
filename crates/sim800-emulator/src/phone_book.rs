//! The phone book (manual 3.2.24 to 3.2.27, 3.2.39; 3GPP TS 27.007, 8.11 to 8.14): numbers and names, which the card keeps.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use sim800_command::Form;

use crate::board::{Board, Outcome, Step};
use crate::message;
use crate::refusal::{Cme, Refusal};
use crate::settings::Settings;
use crate::syntax::{Command, Parameters};

/// The storages, how many entries each has, and whether the DTE writes them. The module keeps the others, of calls, by itself; here
/// they stay empty.
const STORAGES: [(&str, u16, bool); 13] = [
    ("MC", 10, false),
    ("RC", 10, false),
    ("DC", 10, false),
    ("LD", 10, false),
    ("LA", 10, false),
    ("ME", 100, true),
    ("SM", 250, true),
    ("FD", 10, true),
    ("ON", 4, true),
    ("BN", 10, true),
    ("SD", 10, false),
    ("VM", 2, true),
    ("EN", 10, false),
];

/// The one that is selected at first.
const SIM: usize = 6;
/// Own numbers.
const OWN: usize = 8;

/// The most digits of a number, and characters of a text (field log).
const NUMBER: usize = 40;
const TEXT: usize = 14;

struct Entry {
    /// Without its plus sign.
    digits: String,
    is_international: bool,
    text: String,
}

/// All entries, by storage and index.
pub(crate) struct PhoneBook {
    selected: usize,
    entries: BTreeMap<(usize, u16), Entry>,
}

impl Default for PhoneBook {
    fn default() -> Self {
        Self { selected: SIM, entries: BTreeMap::new() }
    }
}

impl PhoneBook {
    pub(crate) fn restart(&mut self) {
        self.selected = SIM;
    }

    fn storage(&self) -> (&'static str, u16, bool) {
        STORAGES.get(self.selected).copied().unwrap_or_default()
    }

    pub(crate) fn command(&mut self, command: &Command, settings: &Settings, board: &mut Board) -> Outcome {
        match command.name.as_str() {
            "+CPBS" => self.select(command, board),
            "+CPBR" => self.read(command, settings, board),
            "+CPBF" => self.find(command, settings, board),
            "+CPBW" => self.write(command, settings, board),
            _ => self.own(command, settings, board),
        }
    }

    /// `AT+CPBS`
    fn select(&mut self, command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => {
                let names = STORAGES.map(|(name, ..)| format!("\"{name}\"")).join(",");
                board.output.information(&format!("+CPBS: ({names})"));
            }
            Form::Read => {
                let (name, total, _) = self.storage();
                let used = self.range(self.selected, 1..=total).count();
                board.output.information(&format!("+CPBS: \"{name}\",{used},{total}"));
            }
            Form::Write => {
                let parameters = command.parameters();
                parameters.expect(1..=1)?;
                let word = parameters.word(0);
                let place = STORAGES.iter().position(|(name, ..)| *name == word);
                self.selected = place.ok_or(Refusal::Cme(Cme::OutOfRange))?;
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    fn range(&self, storage: usize, range: RangeInclusive<u16>) -> impl Iterator<Item = (u16, &Entry)> {
        let (from, to) = range.into_inner();
        self.entries.range((storage, from)..=(storage, to)).map(|((_, index), entry)| (*index, entry))
    }

    /// `AT+CPBR`
    fn read(&self, command: &Command, settings: &Settings, board: &mut Board) -> Outcome {
        let (_, total, _) = self.storage();
        let Some(parameters) = command.written()? else {
            board.output.information(&format!("+CPBR: (1-{total}),{NUMBER},{TEXT}"));
            return Ok(Step::Done);
        };
        parameters.expect(1..=2)?;
        let first = index(&parameters, 0, 1..=total)?;
        let last = if parameters.len() == 1 { first } else { index(&parameters, 1, first..=total)? };
        for (index, entry) in self.range(self.selected, first..=last) {
            board.output.information(&format!("+CPBR: {index},{}", entry.show(settings)));
        }
        Ok(Step::Done)
    }

    /// `AT+CPBF`
    fn find(&self, command: &Command, settings: &Settings, board: &mut Board) -> Outcome {
        let (_, total, _) = self.storage();
        let Some(parameters) = command.written()? else {
            board.output.information(&format!("+CPBF: {NUMBER},{TEXT}"));
            return Ok(Step::Done);
        };
        parameters.expect(1..=1)?;
        let wanted = text(&parameters, 0, settings)?;
        for (index, entry) in self.range(self.selected, 1..=total) {
            if entry.text.starts_with(&wanted) {
                board.output.information(&format!("+CPBF: {index},{}", entry.show(settings)));
            }
        }
        Ok(Step::Done)
    }

    /// `AT+CPBW`
    fn write(&mut self, command: &Command, settings: &Settings, board: &mut Board) -> Outcome {
        let (_, total, is_written) = self.storage();
        let Some(parameters) = command.written()? else {
            board.output.information(&format!("+CPBW: (1-{total}),{NUMBER},(129,145),{TEXT}"));
            return Ok(Step::Done);
        };
        parameters.expect(1..=4)?;
        if !is_written {
            return Err(Cme::NotAllowed.into());
        }
        if parameters.octets(1).is_empty() {
            if parameters.octets(0).is_empty() {
                return Err(Cme::TooFewParameters.into());
            }
            self.entries.remove(&(self.selected, index(&parameters, 0, 1..=total)?));
            return Ok(Step::Done);
        }
        let entry = Entry::of_dte(&parameters, settings)?;
        let index = if parameters.octets(0).is_empty() {
            let free = (1..=total).find(|index| !self.entries.contains_key(&(self.selected, *index)));
            free.ok_or(Refusal::Cme(Cme::MemoryFull))?
        } else {
            index(&parameters, 0, 1..=total)?
        };
        self.entries.insert((self.selected, index), entry);
        Ok(Step::Done)
    }

    /// `AT+CNUM`: the own numbers, for voice (service 4) at a rate that means nothing (7).
    fn own(&self, command: &Command, settings: &Settings, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => {}
            Form::Execution => {
                for (_, entry) in self.range(OWN, 1..=u16::MAX) {
                    let (number, kind, text) = entry.shown(settings);
                    board.output.information(&format!("+CNUM: \"{text}\",\"{number}\",{kind},7,4"));
                }
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }
}

impl Entry {
    fn of_dte(parameters: &Parameters<'_>, settings: &Settings) -> Result<Self, Refusal> {
        let number = parameters.text(1, NUMBER + 1)?;
        let (digits, has_plus) = match number.strip_prefix('+') {
            Some(digits) => (digits, true),
            None => (number, false),
        };
        if digits.len() > NUMBER {
            return Err(Cme::DialTooLong.into());
        }
        if digits.is_empty()
            || !digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'*' | b'#' | b'p' | b'P' | b'w'))
        {
            return Err(Cme::InvalidDial.into());
        }
        let kind = match parameters.octets(2) {
            b"" => 129,
            _ => parameters.number(2, 129..=145_u8)?,
        };
        if !matches!(kind, 129 | 145) {
            return Err(Cme::OutOfRange.into());
        }
        let text = text(parameters, 3, settings)?;
        if text.chars().count() > TEXT {
            return Err(Cme::TextTooLong.into());
        }
        Ok(Self { digits: digits.to_owned(), is_international: has_plus || kind == 145, text })
    }

    /// Number, type and text as the DTE is shown them.
    fn shown(&self, settings: &Settings) -> (String, u8, String) {
        let (plus, kind) = if self.is_international { ("+", 145) } else { ("", 129) };
        (format!("{plus}{}", self.digits), kind, escaped(&message::to_dte(&self.text, settings)))
    }

    fn show(&self, settings: &Settings) -> String {
        let (number, kind, text) = self.shown(settings);
        format!("\"{number}\",{kind},\"{text}\"")
    }
}

fn index(parameters: &Parameters<'_>, place: usize, range: RangeInclusive<u16>) -> Result<u16, Refusal> {
    parameters.number(place, range).map_err(|_| Cme::InvalidIndex.into())
}

/// A text of the DTE, in its character set.
fn text(parameters: &Parameters<'_>, place: usize, settings: &Settings) -> Result<String, Refusal> {
    let text = unescaped(parameters.octets(place));
    message::of_dte(&text, settings).ok_or(Refusal::Cme(Cme::InvalidCharacters))
}

/// What stands for these is a backslash and the character's two digits (manual 3.2.27).
const ESCAPES: [(u8, &[u8]); 4] = [(b'\\', b"\\5C"), (b'"', b"\\22"), (8, b"\\08"), (0, b"\\00")];

fn unescaped(mut octets: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    while let Some((&first, behind)) = octets.split_first() {
        let escape = ESCAPES.iter().find(|(_, escape)| {
            octets.get(..escape.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(escape))
        });
        octets = escape.and_then(|(_, escape)| octets.get(escape.len()..)).unwrap_or(behind);
        plain.push(escape.map_or(first, |(octet, _)| *octet));
    }
    plain
}

fn escaped(text: &str) -> String {
    let escape = |octet: u8| ESCAPES.iter().find(|(plain, _)| *plain == octet).map(|(_, escape)| *escape);
    let octets: Vec<u8> =
        text.bytes().flat_map(|octet| escape(octet).map_or_else(|| vec![octet], <[u8]>::to_vec)).collect();
    String::from_utf8_lossy(&octets).into_owned()
}
