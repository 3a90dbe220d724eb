//! Octets of both directions as events.

use std::collections::VecDeque;
use std::time::Duration;

use sim800_command::Unsolicited;
use sim800_parser::{DataPhase, Decoder, Event as Parsed, Expect, Line};

use crate::announcement::announcement;
use crate::command_line::{CommandLine, asked_for, commands, unknown};
use crate::event::{Direction, Event, Kind, line};
use crate::held::{Held, Next, Of, Piece, Settled};
use crate::meaning::{self, Meaning};
use crate::outgoing::{Outgoing, Sent};
use crate::payload::Sum;
use crate::pushed::{self, Listening};
use crate::subject::Subject;

/// How much is handed to the decoder at once, in octets.
const PIECE: usize = 4096;

/// How many events behind a line wait for what tells whether it is an answer.
const UNDECIDED: usize = 16;

/// Finds out what the octets of a capture are.
///
/// Commands are taken from what was sent, or from their echo where only the module was listened to. Where neither is
/// there, lines are shown as they come, and a line that announces payload is believed.
///
/// Payload ends where it was said to, if a response goes on there; where none does, or the next command is sent before, octets
/// were lost, and payload ends where one goes on.
#[derive(Debug)]
pub struct Capture {
    decoder: Decoder<Listening>,
    /// What of it is the beginning of an event.
    pending: Vec<u8>,
    /// Octets that the decoder was shown and that are in no event yet.
    untold: u64,
    time: Option<Duration>,
    /// What was received and not looked at yet.
    inbox: VecDeque<Piece>,
    flight: Option<Flight>,
    /// Payload that is being received, and what came behind it.
    received: Option<Held>,
    /// What announced, unasked, the payload that is to come.
    pushed: Option<&'static str>,
    /// Payload that is being sent.
    sent: Option<Sum>,
    outgoing: Outgoing,
    /// A line that answers the command in flight unless another one does, and what came behind it.
    undecided: Vec<Event>,
    /// Something was sent: the capture has both directions.
    is_two_way: bool,
    /// There may be several connections (`AT+CIPMUX=1`).
    has_many: bool,
}

/// The command in flight.
#[derive(Debug)]
struct Flight {
    /// Its name, where it is known to have one.
    name: Option<String>,
    subject: Subject,
    /// The table tells what its response may hold.
    known: bool,
    /// What that is.
    expect: Expect,
    /// Which lines of its name are of its response, beside those that the table says.
    named: Named,
    /// How many octets it offers.
    size: Option<u64>,
    /// Several commands stand on its line.
    is_of_several: bool,
    /// What the others of them ask for, by their names, as long as it has not come.
    others: Vec<String>,
    /// Its own line was seen, so its echo tells nothing new.
    seen: bool,
}

/// Which lines of the name of the command in flight may be of its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    /// None.
    None,
    /// One: the table has what is asked for, and nothing has answered yet.
    One,
    /// Any: the table does not know the response.
    Any,
}

impl Default for Capture {
    fn default() -> Self {
        Self::new()
    }
}

impl Capture {
    /// A capture of which nothing is known.
    #[must_use]
    pub fn new() -> Self {
        Self {
            decoder: listening(Expect::result()),
            pending: Vec::new(),
            untold: 0,
            time: None,
            inbox: VecDeque::new(),
            flight: None,
            received: None,
            pushed: None,
            sent: None,
            outgoing: Outgoing::default(),
            undecided: Vec::new(),
            is_two_way: false,
            has_many: false,
        }
    }

    /// Takes octets that crossed the line at `time`, and hands `sink` the events that are complete.
    pub fn handle_octets(
        &mut self,
        time: Option<Duration>,
        direction: Direction,
        octets: &[u8],
        sink: &mut dyn FnMut(Event),
    ) {
        self.time = time;
        match direction {
            Direction::Sent => self.handle_sent(octets, sink),
            Direction::Received => {
                self.inbox.extend(octets.chunks(PIECE).map(|piece| Piece { time, octets: piece.to_vec() }));
                self.handle_received(sink);
            }
        }
    }

    /// The capture ends: what is not complete is handed out as far as it is there.
    pub fn handle_end(&mut self, sink: &mut dyn FnMut(Event)) {
        self.close_payload(Next::Nothing, sink);
        self.close_line(sink);
        let octets = std::mem::take(&mut self.untold);
        if octets > 0 {
            // Of a line that is too long nothing is there any more.
            let line = (octets == self.pending.len() as u64).then_some(&self.pending[..]);
            sink(self.cut(Direction::Received, octets, line));
        }
        *self = Self::new();
    }

    /// A command has no result yet.
    pub(crate) fn is_in_flight(&self) -> bool {
        self.flight.is_some()
    }

    /// How many octets of payload are still to be sent, `None` where the module takes none.
    pub(crate) fn to_be_sent(&self) -> Option<u64> {
        self.sent.as_ref().map(Sum::missing)
    }

    /// The line that is being sent is over, although it has not ended.
    fn close_line(&mut self, sink: &mut dyn FnMut(Event)) {
        if let Some(Sent { octets, line }) = self.outgoing.finish() {
            sink(self.cut(Direction::Sent, octets, line.as_deref()));
        }
    }

    /// The beginning of a line of so many octets.
    fn cut(&self, direction: Direction, octets: u64, line: Option<&[u8]>) -> Event {
        match line {
            None => self.overlong(direction, octets),
            Some(line) if line.trim_ascii().is_empty() => self.event(direction, Kind::Blank, line),
            Some(line) => {
                let meaning = Meaning::error("the line does not end");
                meaning.give(self.event(direction, Kind::Unreadable, line))
            }
        }
    }

    fn overlong(&self, direction: Direction, octets: u64) -> Event {
        let meaning = Meaning::error("a line longer than any; noise, or payload whose beginning is missing");
        meaning.give(Event { octets, ..self.event(direction, Kind::Overlong, &[]) })
    }

    fn event(&self, direction: Direction, kind: Kind, octets: &[u8]) -> Event {
        Event {
            time: self.time,
            direction: Some(direction),
            kind,
            subject: self.subject(kind, octets),
            octets: octets.len() as u64,
            line: octets.to_vec(),
            payload: None,
            is_error: false,
            meaning: None,
        }
    }

    fn subject(&self, kind: Kind, octets: &[u8]) -> Subject {
        let in_flight = || self.flight.as_ref().map_or(Subject::Module, |flight| flight.subject);
        match (kind, line(octets).name()) {
            (Kind::Command | Kind::Echo, _) => Subject::of(CommandLine::of_several(octets).name()),
            (Kind::Unsolicited, name) => Subject::of(name.or_else(|| pushed::name(line(octets)))),
            (Kind::Information, Some(name)) => Subject::of(Some(name)),
            _ => in_flight(),
        }
    }

    fn payload(&self, direction: Direction, sum: Sum, fault: Option<&str>) -> Event {
        let meaning = meaning::payload(&sum, fault);
        let subject = Subject::of(sum.name());
        let payload = sum.finish();
        let event = self.event(direction, Kind::Payload, &[]);
        meaning.give(Event { subject, octets: payload.received, payload: Some(payload), ..event })
    }

    /// What is open of payload is over, whether it is all there or not.
    fn close_payload(&mut self, next: Next, sink: &mut dyn FnMut(Event)) {
        self.close_sent(sink);
        let time = self.time;
        // What came behind it may open the next.
        while let Some(held) = self.received.take() {
            self.settle(held, next, sink);
            if self.received.as_ref().is_some_and(|held| !held.is_complete()) {
                break;
            }
            self.handle_received(sink);
        }
        self.decide(false, sink);
        self.time = time;
    }

    /// The module takes no more of what is being sent.
    fn close_sent(&mut self, sink: &mut dyn FnMut(Event)) {
        // Without a count, none is no data phase.
        if let Some(sum) = self.sent.take().filter(|sum| !sum.is_nothing()) {
            sink(self.payload(Direction::Sent, sum, None));
        }
    }
}

/// What was sent.
impl Capture {
    fn handle_sent(&mut self, octets: &[u8], sink: &mut dyn FnMut(Event)) {
        if !octets.is_empty() {
            self.is_two_way = true;
            self.decide(false, sink);
        }
        let mut rest = octets;
        while !rest.is_empty() {
            if let Some(sum) = &mut self.sent {
                let len =
                    usize::try_from(sum.missing()).map_or(rest.len(), |missing| missing.min(rest.len()));
                let (payload, after) = rest.split_at(len);
                sum.add(self.time, payload);
                rest = after;
                if let Some(sum) = self.sent.take_if(|sum| sum.missing() == 0) {
                    sink(self.payload(Direction::Sent, sum, None));
                }
            } else if let Some(sent) = self.outgoing.take(&mut rest) {
                self.take_sent(sent, sink);
            }
        }
    }

    fn take_sent(&mut self, Sent { octets, line }: Sent, sink: &mut dyn FnMut(Event)) {
        let Some(line) = line else { return sink(self.overlong(Direction::Sent, octets)) };
        if line.trim_ascii().is_empty() {
            return sink(self.event(Direction::Sent, Kind::Blank, &line));
        }
        let Some(command) = CommandLine::new(&line) else {
            let meaning = Meaning::error("no command line");
            return sink(meaning.give(self.event(Direction::Sent, Kind::Unreadable, &line)));
        };
        self.close_payload(Next::Command, sink);
        for part in commands(&line) {
            let meaning = meaning::command(CommandLine::of_several(part));
            sink(meaning.give(self.event(Direction::Sent, Kind::Command, part)));
        }
        self.begin(command, &line, true);
    }

    /// `command` is in flight from now on.
    fn begin(&mut self, command: CommandLine<'_>, line: &[u8], seen: bool) {
        for part in commands(line).map(CommandLine::of_several) {
            self.has_many = part.chooses_many().unwrap_or(self.has_many);
        }
        let known = command.known_among(self.has_many);
        let expect = known.map_or_else(unknown, |known| known.expect);
        self.flight = Some(Flight {
            name: command.name().map(str::to_ascii_uppercase),
            subject: Subject::of(command.name()),
            known: known.is_some(),
            expect,
            named: match known {
                Some(known) if known.asks() => Named::One,
                None if !command.sets_what_is_asked_for() => Named::Any,
                _ => Named::None,
            },
            size: known.and_then(|known| known.size),
            is_of_several: known.is_none() && command.is_of_several(),
            others: asked_for(line),
            seen,
        });
        // What is left of the data phase of the one before would be counted on.
        self.decoder.abandon();
        self.decoder.begin(expect);
    }
}

/// What was received.
impl Capture {
    fn handle_received(&mut self, sink: &mut dyn FnMut(Event)) {
        while let Some(Piece { time, octets }) = self.inbox.pop_front() {
            self.time = time;
            if let Some(held) = self.received.as_mut().filter(|held| held.is_complete()) {
                held.add(time, &octets);
            } else {
                self.untold += octets.len() as u64;
                self.read(&octets, sink);
            }
            if let Some(held) = self.received.take() {
                self.settle(held, Next::Octets, sink);
            }
        }
    }

    /// Reads on behind what is pending.
    fn read(&mut self, octets: &[u8], sink: &mut dyn FnMut(Event)) {
        let mut read = std::mem::take(&mut self.pending);
        read.extend_from_slice(octets);
        let mut rest = &read[..];
        while let Some(event) = self.decoder.next(&mut rest) {
            self.take(event, rest, sink);
            if self.received.as_ref().is_some_and(Held::is_complete) {
                // What came behind the payload is held with it.
                return;
            }
        }
        self.pending = rest.to_vec();
    }

    /// Tells of payload if its end is known by now, and reads what came behind it.
    fn settle(&mut self, held: Held, next: Next, sink: &mut dyn FnMut(Event)) {
        let of = held.of();
        match held.settle(next) {
            Err(held) => self.received = Some(held),
            Ok(Settled { sum, time, fault, rest }) => {
                self.decide(false, sink);
                let now = std::mem::replace(&mut self.time, time);
                sink(self.payload(Direction::Received, sum, fault));
                self.time = now;
                if of != Of::Connection {
                    let expect = self.flight.as_ref().map_or_else(Expect::result, |flight| flight.expect);
                    let mut expect = expect.with_data(DataPhase::None);
                    // It has come before the payload, if at all.
                    expect.echo = self.flight.is_none();
                    self.decoder = listening(expect);
                }
                self.pending.clear();
                self.untold = 0;
                rest.into_iter().rev().for_each(|piece| self.inbox.push_front(piece));
            }
        }
    }

    /// Takes an event, with what came `behind` it.
    fn take(&mut self, event: Parsed<'_>, behind: &[u8], sink: &mut dyn FnMut(Event)) {
        let (kind, span) = match event {
            Parsed::Payload { octets, remaining } => {
                return self.take_payload(octets, remaining, behind);
            }
            Parsed::Overlong { discarded } => {
                self.untold = self.untold.saturating_sub(discarded);
                self.decide(false, sink);
                return sink(self.overlong(Direction::Received, discarded));
            }
            Parsed::Echo(span) => return self.take_echo(span.raw(), sink),
            Parsed::Prompt { span, granted } => return self.take_prompt(span.raw(), granted, sink),
            Parsed::Information(span) => (Kind::Information, span),
            Parsed::Final { code, span } => {
                self.close_sent(sink);
                let meaning = meaning::result(code, self.flight.is_some() || !self.is_two_way);
                self.tell(Kind::Final, span.raw(), meaning, sink);
                self.flight = None;
                return self.listen();
            }
            Parsed::Unsolicited(span) => {
                self.pushed = pushed::name(span.line()).filter(|_| self.decoder.remaining() > 0);
                (Kind::Unsolicited, span)
            }
            Parsed::Continuation(span) => {
                let meaning = Meaning::of("the text of the line before");
                return self.tell(Kind::Unsolicited, span.raw(), meaning, sink);
            }
            Parsed::Excess { span, announced } => {
                let text = format!("announces {announced} octets, more than were asked for");
                return self.tell(Kind::Unsolicited, span.raw(), Meaning::error(text), sink);
            }
            Parsed::Blank(span) => return self.tell(Kind::Blank, span.raw(), Meaning::default(), sink),
            // An event that this does not know holds octets all the same; they are told of at the end.
            _ => return,
        };
        self.take_line(kind, span.raw(), sink);
    }

    fn take_line(&mut self, kind: Kind, raw: &[u8], sink: &mut dyn FnMut(Event)) {
        let text = line(raw);
        if !self.flight.as_ref().is_some_and(|flight| flight.known)
            && let Some((data, _)) = announcement(text)
        {
            return self.believe(raw, data, sink);
        }
        if kind == Kind::Information || self.is_answer(text) {
            if let Some(flight) = &mut self.flight {
                if flight.named == Named::One {
                    flight.named = Named::None;
                }
                flight.others.retain(|other| !is_named(text, other));
            }
            let meaning = meaning::information(text, self.decoder.remaining());
            return self.tell(Kind::Information, raw, meaning, sink);
        }
        let mut meaning = meaning::unsolicited(raw, text, self.decoder.remaining());
        if !self.is_two_way {
            // Somebody may have asked for it, and nobody listened to that.
            meaning = meaning.or_else(|| meaning::information(text, 0));
        }
        if self.is_ambiguous(text) && self.undecided.is_empty() {
            self.untold = self.untold.saturating_sub(raw.len() as u64);
            self.undecided.push(meaning.give(self.event(Direction::Received, kind, raw)));
            return;
        }
        self.tell(kind, raw, meaning, sink);
        if Unsolicited::from(text) == Unsolicited::Ready {
            // Nothing comes of what was in flight before.
            self.give_up(sink);
        }
    }

    /// Whether a line belongs to the response of the command in flight although the parser does not see it.
    fn is_answer(&self, text: Line<'_>) -> bool {
        if self.flight.as_ref().is_some_and(|flight| flight.others.iter().any(|other| is_named(text, other)))
        {
            return true;
        }
        match (self.named(text), Unsolicited::from(text)) {
            (Named::Any, _) | (Named::One, Unsolicited::Other(_)) => true,
            (Named::One | Named::None, _) => false,
        }
    }

    /// Whether a line is the end of a transfer, or the answer to the query how far it has come (`+FTPEXTGET: 1,0`).
    fn is_ambiguous(&self, text: Line<'_>) -> bool {
        use Unsolicited::{FtpExtGet, FtpGetToFs, FtpPutFromFs};
        self.named(text) == Named::One
            && matches!(Unsolicited::from(text), FtpExtGet(_) | FtpGetToFs(_) | FtpPutFromFs(_))
    }

    /// What a line is to the command in flight by its name.
    fn named(&self, text: Line<'_>) -> Named {
        let Some(Flight { name: Some(name), named, .. }) = &self.flight else { return Named::None };
        if is_named(text, name) { *named } else { Named::None }
    }

    /// The command in flight gets no result.
    fn give_up(&mut self, sink: &mut dyn FnMut(Event)) {
        self.close_sent(sink);
        self.flight = None;
        self.listen();
    }

    /// Reads `raw` again as the header that it is, so that what follows is counted and not read as lines.
    fn believe(&mut self, raw: &[u8], data: DataPhase, sink: &mut dyn FnMut(Event)) {
        let expect = if self.flight.is_some() { unknown() } else { Expect::result() };
        self.decoder = listening(expect.with_data(data));
        // It is read once under this expectation: a flight that is known is not asked again.
        let name = line(raw).name().map(str::to_owned);
        let flight = Flight {
            subject: Subject::of(name.as_deref()),
            name: name.clone(),
            known: true,
            expect,
            named: Named::None,
            size: None,
            is_of_several: false,
            others: Vec::new(),
            seen: false,
        };
        let flight = self.flight.get_or_insert(flight);
        flight.known = true;
        if flight.is_of_several {
            flight.name = name;
        }
        if let Some(event) = self.decoder.next(&mut &raw[..]) {
            self.take(event, &[], sink);
        }
        if let Some(flight) = &mut self.flight {
            // Another command of its line may bring a header, too.
            flight.known = !flight.is_of_several;
        }
    }

    fn take_echo(&mut self, raw: &[u8], sink: &mut dyn FnMut(Event)) {
        let known = self.flight.as_ref().is_some_and(|flight| flight.seen);
        let Some(command) = CommandLine::new(raw).filter(|_| !known) else {
            let meaning = Meaning::of(meaning::ECHO);
            return self.tell(Kind::Echo, raw, meaning, sink);
        };
        self.tell(Kind::Echo, raw, meaning::command(command), sink);
        self.begin(command, raw, false);
    }

    fn take_prompt(&mut self, raw: &[u8], granted: Option<u32>, sink: &mut dyn FnMut(Event)) {
        let flight = self.flight.as_ref();
        let asked = granted.map(u64::from).or_else(|| flight?.size);
        // What is sent is seen only where the command was.
        let opens = flight.is_some_and(|flight| flight.seen) && asked != Some(0);
        self.tell(Kind::Prompt, raw, meaning::prompt(asked), sink);
        if opens {
            self.close_line(sink);
            let name = self.flight.as_ref().and_then(|flight| flight.name.clone());
            self.sent = Some(Sum::new(name, asked));
        }
    }

    fn take_payload(&mut self, octets: &[u8], remaining: u32, behind: &[u8]) {
        self.untold = self.untold.saturating_sub(octets.len() as u64);
        let flight = self.flight.as_ref();
        let pushed = self.pushed.take();
        let held = self.received.get_or_insert_with(|| {
            let announced = octets.len() + usize::try_from(remaining).unwrap_or(usize::MAX);
            let name = pushed.map(str::to_owned).or_else(|| flight.and_then(|flight| flight.name.clone()));
            let of = match flight {
                _ if pushed.is_some() => Of::Connection,
                Some(Flight { expect: Expect { data: DataPhase::Counted { .. }, .. }, .. }) => Of::File,
                Some(flight) if flight.is_of_several => Of::CommandAmongOthers,
                _ => Of::Command,
            };
            Held::new(name, announced, of)
        });
        let is_pushed = held.of() == Of::Connection;
        held.add(self.time, octets);
        if remaining == 0 {
            held.add(self.time, behind);
            if !is_pushed {
                self.decoder = listening(Expect::result());
            }
            self.untold = 0;
        }
    }

    fn tell(&mut self, kind: Kind, raw: &[u8], meaning: Meaning, sink: &mut dyn FnMut(Event)) {
        self.untold = self.untold.saturating_sub(raw.len() as u64);
        let event = meaning.give(self.event(Direction::Received, kind, raw));
        if !self.undecided.is_empty() && matches!(kind, Kind::Unsolicited | Kind::Blank) {
            self.undecided.push(event);
            if self.undecided.len() > UNDECIDED {
                self.decide(false, sink);
            }
            return;
        }
        // Nothing else has answered the query.
        self.decide(kind == Kind::Final, sink);
        sink(event);
    }

    /// Hands out the line that may be an answer, and what came since.
    fn decide(&mut self, is_answer: bool, sink: &mut dyn FnMut(Event)) {
        if let Some(event) = self.undecided.first_mut().filter(|_| is_answer) {
            event.kind = Kind::Information;
            let meaning = meaning::information(line(&event.line), 0);
            *event = meaning.give(event.clone());
        }
        self.undecided.drain(..).for_each(sink);
    }

    /// No command is in flight; an echo may tell of the next one.
    fn listen(&mut self) {
        self.decoder.begin(Expect::result());
    }
}

fn listening(expect: Expect) -> Decoder<Listening> {
    let mut decoder = Decoder::with_dialect(1024, pushed::listening());
    decoder.begin(expect);
    decoder
}

fn is_named(text: Line<'_>, name: &str) -> bool {
    text.name().is_some_and(|other| other.eq_ignore_ascii_case(name))
}
