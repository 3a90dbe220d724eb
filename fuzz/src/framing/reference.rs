//! Framing, read as the documentation of `sim800-parser` says and without haste: the oracle of the state machine.
//!
//! Nothing is kept of what was looked at: each event is found from its first octet on, in all that has come of the stream. So nothing
//! depends on how reads were cut, there is no state to be wrong in, and it takes as long as it takes. What lines mean (result codes,
//! claims) is not its subject.

use sim800_parser::{Claim, DataPhase, Dialect, Ending, Expect, FinalResultCode, Header, Line, Name};

/// What an event is; its octets are a range of the stream.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Echo,
    Prompt(Option<u32>),
    Information,
    /// All of what has come, with how many octets are to come.
    Payload(u32),
    Final(FinalResultCode),
    Unsolicited,
    Continuation,
    Excess(u64),
    Blank,
    Overlong,
}

/// What an event can begin with beside a line.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Line,
    /// The text that goes with the line before.
    Continuation,
    /// Behind the blank line before payload without a header.
    Counted(u32),
    /// Behind payload that a quotation mark closes.
    Closing,
    /// In a line that is too long, which does not end in so many octets.
    Overlong(usize),
}

/// The stream as it has come, and where the next event begins in it.
pub(crate) struct Reference<D> {
    dialect: D,
    /// The longest line, its end included.
    limit: usize,
    stream: Vec<u8>,
    at: usize,
    place: Place,
    /// Payload that is to come.
    due: u32,
    /// It came unasked.
    is_unasked: bool,
    /// The quotation mark behind it is the command's.
    is_closed_by_command: bool,
    /// The command in flight, and how much of the stream came before it.
    command: Option<(Expect, usize)>,
}

impl<D: Dialect> Reference<D> {
    pub(crate) fn new(limit: usize, dialect: D) -> Self {
        Self {
            dialect,
            limit,
            stream: Vec::new(),
            at: 0,
            place: Place::Line,
            due: 0,
            is_unasked: false,
            is_closed_by_command: false,
            command: None,
        }
    }

    /// A command is sent; whoever sent the one before waits for it no longer.
    pub(crate) fn begin(&mut self, expect: Expect) {
        self.command = Some((expect, self.stream.len()));
        self.is_closed_by_command = false;
    }

    pub(crate) fn abandon(&mut self) {
        self.command = None;
        self.is_closed_by_command = false;
        if !self.is_unasked {
            self.due = 0;
        }
        if matches!(self.place, Place::Counted(_)) {
            self.place = Place::Line;
        }
    }

    pub(crate) fn in_flight(&self) -> bool {
        self.command.is_some()
    }

    /// What is in no event yet, unless it is dropped.
    pub(crate) fn pending(&self) -> &[u8] {
        if matches!(self.place, Place::Overlong(_)) { &[] } else { &self.stream[self.at..] }
    }

    /// The events that more octets complete.
    pub(crate) fn take(&mut self, octets: &[u8]) -> Vec<(Kind, Vec<u8>)> {
        self.stream.extend_from_slice(octets);
        let mut events = Vec::new();
        while self.at < self.stream.len()
            && let Some((kind, len)) = self.event()
        {
            events.push((kind, self.stream[self.at..self.at + len].to_vec()));
            self.at += len;
        }
        events
    }

    /// What begins at the place that was reached, and its length; `None` if that takes more octets.
    fn event(&mut self) -> Option<(Kind, usize)> {
        let rest = self.stream[self.at..].to_vec();
        if self.due > 0 {
            return Some(self.payload(rest.len()));
        }
        match self.place {
            Place::Line => {}
            Place::Continuation => {
                let Some(len) = self.line_len(&rest)? else { return self.overlong(&rest, 0) };
                self.place = Place::Line;
                return Some((Kind::Continuation, len));
            }
            Place::Overlong(from) => return self.overlong(&rest, from),
            Place::Counted(count) => return self.counted(&rest, count),
            Place::Closing => {
                for mark in [&b"\"\r\n"[..], b"\"\n"] {
                    if rest.starts_with(mark) {
                        self.place = Place::Line;
                        let kind =
                            if self.is_closed_by_command { Kind::Information } else { Kind::Unsolicited };
                        return Some((kind, mark.len()));
                    }
                }
                if b"\"\r\n".starts_with(&rest) {
                    return None;
                }
                self.place = Place::Line;
            }
        }
        // The blank line before a text belongs to it.
        let start = if rest.starts_with(b"\r\n") { 2 } else { 0 };
        match self.before_line_end(&rest, start) {
            Early::Event(kind, len) => return Some((kind, len)),
            Early::Undecided => return None,
            Early::Line => {}
        }
        let Some(len) = self.line_len(&rest[start..])? else { return self.overlong(&rest, start) };
        let text = without_line_end(&rest[start..start + len]);
        if text.trim_ascii().is_empty() {
            return Some((Kind::Blank, if start == 0 { len } else { start }));
        }
        if let Some(first) = self.glued(text) {
            return Some((self.line(first, start), start + first.len()));
        }
        Some((self.line(text, start), start + len))
    }

    /// The length of the line that `text` begins with: `Some(None)` if it is too long, `None` if it has not ended.
    fn line_len(&self, text: &[u8]) -> Option<Option<usize>> {
        let window = &text[..text.len().min(self.limit)];
        match window.iter().position(|octet| *octet == b'\n') {
            Some(end) => Some(Some(end + 1)),
            None if window.len() == self.limit => Some(None),
            None => None,
        }
    }

    fn overlong(&mut self, rest: &[u8], from: usize) -> Option<(Kind, usize)> {
        self.place = Place::Overlong(from);
        let end = from + rest[from..].iter().position(|octet| *octet == b'\n')?;
        self.place = Place::Line;
        Some((Kind::Overlong, end + 1))
    }

    fn payload(&mut self, held: usize) -> (Kind, usize) {
        let len = held.min(self.due as usize);
        self.due -= len as u32;
        (Kind::Payload(self.due), len)
    }

    /// What does not wait for the end of its line.
    fn before_line_end(&mut self, rest: &[u8], start: usize) -> Early {
        let window = &rest[start..rest.len().min(start + self.limit)];
        let is_full = window.len() == self.limit;
        let sent_before = self.is_sent_before(self.at + start);
        if sent_before && let Some((expect, sent)) = &mut self.command {
            let blank_is_older = *sent > self.at;
            match expect.data {
                DataPhase::Counted { count: count @ 1.. } if start > 0 && !blank_is_older => {
                    expect.data = DataPhase::None;
                    self.place = Place::Counted(count);
                    return Early::Event(Kind::Blank, start);
                }
                DataPhase::Prompted if window.starts_with(b">") => {
                    expect.data = DataPhase::None;
                    return Early::Event(Kind::Prompt(None), start + 1);
                }
                DataPhase::AtOnce { count: count @ 1.. } => {
                    if blank_is_older {
                        return Early::Event(Kind::Blank, start);
                    }
                    if start == 0 && expect.echo {
                        match at_command(window) {
                            Some(Some((len, b'\r'))) => {
                                expect.echo = false;
                                return Early::Event(Kind::Echo, len);
                            }
                            Some(None) if !is_full => return Early::Undecided,
                            _ => {}
                        }
                    }
                    expect.data = DataPhase::None;
                    self.due = count;
                    self.is_unasked = false;
                    let (kind, len) = self.payload(rest.len());
                    return Early::Event(kind, len);
                }
                _ => {}
            }
            // The octet behind CR tells whether it ends an echo or a line, for which there has to be room.
            if expect.echo
                && window.len() >= 2
                && let Some(Some((len, b'\r'))) = at_command(window)
            {
                match window.get(len) {
                    Some(b'\n') => return Early::Line,
                    Some(_) => {
                        expect.echo = false;
                        return Early::Event(Kind::Echo, start + len);
                    }
                    None if !is_full => return Early::Undecided,
                    None => return Early::Line,
                }
            }
        }
        let announced = match &self.command {
            Some((Expect { data: DataPhase::Announced { header, at_most }, .. }, _)) if sent_before => {
                Some((*header, *at_most, true))
            }
            _ => None,
        };
        let pushed = self.dialect.headers().iter().map(|(header, at_most)| (*header, *at_most, false));
        for (header, at_most, is_claimed) in announced.into_iter().chain(pushed).collect::<Vec<_>>() {
            match on_its_line(&header, window) {
                Ok((count, len)) => {
                    let kind = self.open(header, count, at_most, is_claimed);
                    return Early::Event(kind, start + len);
                }
                Err(Stop::Undecided) if !is_full => return Early::Undecided,
                Err(Stop::Undecided) => return Early::Line,
                Err(Stop::Other) => {}
            }
        }
        Early::Line
    }

    /// Whether the command in flight was sent before the stream reached `place`.
    fn is_sent_before(&self, place: usize) -> bool {
        self.command.as_ref().is_some_and(|(_, sent)| *sent <= place)
    }

    /// Behind the blank line, either the payload or an error.
    fn counted(&mut self, rest: &[u8], count: u32) -> Option<(Kind, usize)> {
        let errors = [&b"ERROR\r\n"[..], b"+CME ERROR:", b"+CMS ERROR:"];
        if errors.iter().any(|error| error.starts_with(rest) || rest.starts_with(error))
            && let Some(len) = self.line_len(rest)?
            && let Some(code) = FinalResultCode::from_line(Line::new(text(&rest[..len])))
        {
            self.place = Place::Line;
            self.command = None;
            return Some((Kind::Final(code), len));
        }
        self.place = Place::Line;
        self.due = count;
        self.is_unasked = false;
        Some(self.payload(rest.len()))
    }

    /// The first of two lines that nothing is between.
    fn glued<'l>(&self, text: &'l [u8]) -> Option<&'l [u8]> {
        const SHORTEST: usize = 7;
        if !text.starts_with(b"+") || text.len() < SHORTEST {
            return None;
        }
        let plus = SHORTEST + text[SHORTEST..].iter().position(|octet| *octet == b'+')?;
        let (first, second) = text.split_at(plus);
        let begins = second.get(1).is_some_and(u8::is_ascii_uppercase) && Line::new(second).name().is_some();
        (begins && self.dialect.is_whole(Line::new(first))).then_some(first)
    }

    /// What a line is whose text begins behind `start` octets of blank line.
    fn line(&mut self, raw: &[u8], start: usize) -> Kind {
        let noise = raw.iter().take_while(|octet| !octet.is_ascii_graphic()).count();
        let line = Line::new(raw[noise..].trim_ascii_end());
        // Noise begins no line.
        let is_later = [start, start + noise].iter().any(|place| self.is_sent_before(self.at + place));
        if is_later && let Some(kind) = self.claimed(line) {
            return kind;
        }
        let asked = if self.command.is_some() { behind_echo(line) } else { line };
        if self.dialect.takes_continuation(asked) {
            self.place = Place::Continuation;
        }
        let pushed = self.dialect.headers().iter().find_map(|(header, at_most)| {
            let count = count_of(header, line.text())?;
            Some((*header, count, *at_most))
        });
        match pushed {
            Some((header, count, at_most)) => self.open(header, count, at_most, false),
            None => Kind::Unsolicited,
        }
    }

    /// What it is to the command in flight.
    fn claimed(&mut self, line: Line<'_>) -> Option<Kind> {
        let (mut expect, sent) = self.command.take()?;
        let ended = match &expect.ending {
            Some(Ending::Line(beginning)) => {
                line.text().starts_with(beginning.as_bytes()).then_some(FinalResultCode::Ok)
            }
            Some(Ending::OneOf(code)) => code(line),
            Some(_) => panic!("an ending this parser does not know"),
            None => None,
        };
        if let Some(code) = ended {
            return Some(Kind::Final(code));
        }
        if let DataPhase::Announced { header, at_most } = expect.data
            && let Some(count) = count_of(&header, line.text())
        {
            self.command = Some((expect, sent));
            return Some(self.open(header, count, at_most, true));
        }
        if let DataPhase::Granted { header, at_most } = expect.data
            && let Some(count) = count_of(&header, line.text())
        {
            let granted = u32::try_from(count).ok().filter(|count| *count <= at_most);
            if granted.is_some() {
                expect.data = DataPhase::None;
            }
            self.command = Some((expect, sent));
            return Some(granted.map_or(Kind::Excess(count), |granted| Kind::Prompt(Some(granted))));
        }
        match FinalResultCode::from_line(line) {
            Some(FinalResultCode::Ok) if expect.ending.is_some() => {
                self.command = Some((expect, sent));
                return Some(Kind::Information);
            }
            Some(code) if expect.connection || !code.is_of_connection() => return Some(Kind::Final(code)),
            _ => {}
        }
        let invites = matches!(expect.data, DataPhase::Invited { line: invitation } if line.text() == invitation.as_bytes());
        if invites {
            expect.data = DataPhase::None;
        }
        let is_information = match expect.information {
            Claim::None => false,
            Claim::Named { name, accepts } => values_of(name, line).is_some_and(accepts),
            Claim::Text => !self.dialect.is_unsolicited(behind_echo(line)),
            _ => panic!("a claim this parser does not know"),
        };
        self.command = Some((expect, sent));
        if invites { Some(Kind::Prompt(None)) } else { is_information.then_some(Kind::Information) }
    }

    /// A header announces `count` octets, of which `at_most` are believed.
    fn open(&mut self, header: Header, count: u64, at_most: u32, is_claimed: bool) -> Kind {
        let Some(believed) = u32::try_from(count).ok().filter(|count| *count <= at_most) else {
            return Kind::Excess(count);
        };
        self.due = believed;
        self.is_unasked = !is_claimed;
        if header.end.is_some_and(|end| end.ends_with('"')) {
            self.place = Place::Closing;
            self.is_closed_by_command = is_claimed;
        }
        if !is_claimed {
            return Kind::Unsolicited;
        }
        if let Some((expect, _)) = &mut self.command {
            // There may be more where the response ends with a line of its own.
            expect.data = match expect.ending {
                Some(_) => DataPhase::Announced { header, at_most: at_most - believed },
                None => DataPhase::None,
            };
        }
        Kind::Information
    }
}

/// What is known before the end of a line.
enum Early {
    Event(Kind, usize),
    Undecided,
    Line,
}

/// Why no header is found.
enum Stop {
    Undecided,
    Other,
}

/// What stands behind an echo, which ends in CR alone.
fn behind_echo(line: Line<'_>) -> Line<'_> {
    let text = line.text();
    Line::new(text.iter().rposition(|octet| *octet == b'\r').map_or(text, |end| &text[end + 1..]))
}

/// Where a command line ends, and in what, if `text` may be one: `Some(None)` where it has not ended.
fn at_command(text: &[u8]) -> Option<Option<(usize, u8)>> {
    let begins = text.iter().zip(b"AT").all(|(octet, expected)| octet.eq_ignore_ascii_case(expected));
    let end = text.iter().position(|octet| matches!(octet, b'\r' | b'\n'));
    begins.then(|| end.map(|end| (end + 1, text[end])))
}

/// The count of a header whose payload begins on its own line, and its length.
fn on_its_line(header: &Header, text: &[u8]) -> Result<(u64, usize), Stop> {
    /// More digits than any number needs.
    const DIGITS: usize = 40;
    let end = header.end.ok_or(Stop::Other)?.as_bytes();
    let mut rest = Some(text);
    let expected = |expected: &[u8], rest: &mut Option<&[u8]>| {
        let text = rest.unwrap_or_default();
        *rest = text.strip_prefix(expected).or(*rest);
        match text {
            text if text.starts_with(expected) => Ok(()),
            text if expected.starts_with(text) => Err(Stop::Undecided),
            _ => Err(Stop::Other),
        }
    };
    expected(header.prefix.as_bytes(), &mut rest)?;
    let selectors = usize::from(header.selector.is_some());
    let place = selectors + usize::from(header.before);
    let last = place + usize::from(header.after);
    let mut count = 0;
    for value in 0..=last {
        let from = skip_blanks(rest.unwrap_or_default());
        if from.is_empty() {
            return Err(Stop::Undecided);
        }
        let len = if value == place || value < selectors {
            let len = from.len() - skip_digits(from).len();
            if len == 0 || len > DIGITS {
                return Err(Stop::Other);
            }
            if len == from.len() {
                return Err(Stop::Undecided);
            }
            let number = number(&from[..len]);
            if value == place {
                count = number;
            } else if Some(number) != header.selector.map(u64::from) {
                return Err(Stop::Other);
            }
            len
        } else {
            let is_quoted = from.starts_with(b"\"");
            let delimiter = match end.first() {
                _ if is_quoted => b'"',
                Some(octet) if value == last => *octet,
                _ => b',',
            };
            let skipped = usize::from(is_quoted);
            let found = from[skipped..].iter().position(|octet| *octet == delimiter || *octet == b'\n');
            let found = skipped + found.ok_or(Stop::Undecided)?;
            if from[found] != delimiter {
                return Err(Stop::Other);
            }
            found + skipped
        };
        rest = Some(&from[len..]);
        if value == last {
            expected(end, &mut rest)?;
        } else {
            rest = Some(skip_blanks(&from[len..]));
            expected(b",", &mut rest)?;
        }
    }
    Ok((count, text.len() - rest.unwrap_or_default().len()))
}

/// The count of a header that is a line of its own.
fn count_of(header: &Header, line: &[u8]) -> Option<u64> {
    if header.end.is_some() {
        return None;
    }
    let mut text = line.strip_prefix(header.prefix.as_bytes())?;
    if let Some(selector) = header.selector {
        text = skip_blanks(text);
        let behind = skip_digits(text);
        if behind.len() == text.len() || number(&text[..text.len() - behind.len()]) != u64::from(selector) {
            return None;
        }
        text = skip_blanks(behind).strip_prefix(b",")?;
    }
    let values = values(text.trim_ascii());
    let place = usize::from(header.before);
    if values.len() != place + 1 + usize::from(header.after) {
        return None;
    }
    let behind = skip_digits(values[place]);
    let count = &values[place][..values[place].len() - behind.len()];
    (!count.is_empty() && skip_blanks(behind).is_empty()).then(|| number(count))
}

/// The values of a text without the blanks before them; the comma in quotation marks is none.
fn values(mut text: &[u8]) -> Vec<&[u8]> {
    let mut values = Vec::new();
    loop {
        text = skip_blanks(text);
        let quoted = text.strip_prefix(b"\"").and_then(|inner| {
            let closing = 2 + inner.iter().position(|octet| *octet == b'"')?;
            let behind = skip_blanks(&text[closing..]);
            (behind.is_empty() || behind.starts_with(b",")).then_some(text.len() - behind.len())
        });
        let comma = || text.iter().position(|octet| *octet == b',');
        let end = quoted.or_else(comma).unwrap_or(text.len());
        values.push(&text[..end]);
        match text.get(end + 1..) {
            Some(rest) => text = rest,
            None => return values,
        }
    }
}

fn skip_digits(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|octet| octet.is_ascii_digit()).count()..]
}

fn values_of<'l>(name: Name, line: Line<'l>) -> Option<sim800_parser::Values<'l>> {
    let (before, values) = line.split_at_colon()?;
    (before == name.as_bytes()).then_some(values)
}

/// The number of these digits; all that take more than 64 bits are one.
fn number(digits: &[u8]) -> u64 {
    digits
        .iter()
        .fold(0, |number: u64, digit| number.saturating_mul(10).saturating_add(u64::from(digit - b'0')))
}

fn skip_blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|octet| matches!(octet, b' ' | b'\t')).count();
    &text[blanks..]
}

fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Without noise before it, nor blanks and line ends behind.
fn text(line: &[u8]) -> &[u8] {
    let noise = line.iter().take_while(|octet| !octet.is_ascii_graphic()).count();
    line[noise..].trim_ascii_end()
}
