//! A command with everything that sending it takes.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;
use core::mem;
use core::ops::Range;
use core::str;
use core::time::Duration;

use bytes::{Bytes, BytesMut};
use sim800_command::{BodyEnd, Command, CommandLine, Domain, Form, Id, Prepared, Spec, TooLong, time_limit};
use sim800_parser::{Claim, DataPhase, Expect};

use crate::failure::{Failure, Misuse};

/// Octets of lines that come and go again and again, at most. What longer ones have of the heap is not kept for others.
pub(crate) const SHORT: usize = 64;

/// A command that is ready to be sent, its type forgotten.
///
/// It is on the heap. Who sends many gets [one that is through](crate::Engine::take_spent) back, and makes the next in its place, by
/// [`encode_at`](Self::encode_at) or `clone_from`.
pub struct Request(pub(crate) Box<Parts>);

/// What a request is made of. It is on the heap, where it stays on its way from whoever asks to the engine.
pub(crate) struct Parts {
    pub(crate) name: Name,
    pub(crate) id: Option<Id>,
    pub(crate) line: Vec<u8>,
    /// The information text that came, a line feed behind each line.
    pub(crate) text: BytesMut,
    pub(crate) secret: Option<Range<usize>>,
    pub(crate) expect: Expect,
    pub(crate) time_limit: Duration,
    pub(crate) body: Option<Bytes>,
    pub(crate) body_end: BodyEnd,
    /// It waits until the line is synchronized anew.
    pub(crate) anew: bool,
    /// It tells by its response whether the line is synchronized.
    pub(crate) proof: bool,
    /// What stands behind it on its line.
    pub(crate) further: VecDeque<Further>,
    /// Its payload is compared by whoever asks for it.
    pub(crate) compared: bool,
}

impl Request {
    /// Takes `command`.
    ///
    /// # Errors
    ///
    /// [`Misuse::TooLong`] when its line is longer than the module takes.
    pub fn new<C: Command>(command: &C) -> Result<Self, Failure> {
        Self::encode(command).map_err(|_| Failure::Misuse(Misuse::TooLong))
    }

    /// The same with an error that tells the length.
    ///
    /// # Errors
    ///
    /// [`TooLong`] when its line is longer than the module takes.
    pub fn encode<C: Command>(command: &C) -> Result<Self, TooLong> {
        Self::encode_at(None, command)
    }

    /// The same at the `place` of another request, of which nothing else is left. That takes no memory, unless the line is longer.
    ///
    /// # Errors
    ///
    /// [`TooLong`] when its line is longer than the module takes.
    pub fn encode_at<C: Command>(place: Option<Self>, command: &C) -> Result<Self, TooLong> {
        Self::of(place, Name::of::<C>(), command)
    }

    /// What is the same for every command, once.
    #[inline(never)]
    fn of(place: Option<Self>, name: Name, command: &dyn Erased) -> Result<Self, TooLong> {
        let mut request = Self::at(place, name, command.expects(), command.limit());
        request.0.body_end = command.body_ends();
        let mut line = CommandLine::empty();
        command.encode_into(&mut line)?;
        request.0.line.extend_from_slice(line.as_bytes());
        request.0.secret = line.secret();
        Ok(request)
    }

    /// One without a line. What it takes of the stack is free again when that is written.
    #[inline(never)]
    fn at(place: Option<Self>, name: Name, expect: Expect, time_limit: Duration) -> Self {
        let parts = Parts::new(name, expect, time_limit);
        match place {
            None => Self(Box::new(parts)),
            Some(Self(mut place)) => {
                place.replace(parts);
                Self(place)
            }
        }
    }

    /// Takes a command line as text, `AT+CSQ`, without its line end.
    ///
    /// A command that the table has is expected to be answered as the table says. Of any other, every line before the
    /// result code is information text unless it is a known unsolicited one, it cannot have a data phase, and it
    /// may take `time_limit`.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotACommand`] or [`Misuse::TooLong`].
    pub fn raw(text: &str, time_limit: Duration) -> Result<Self, Failure> {
        let line = text.trim().as_bytes();
        if let Some(prepared) = Prepared::parse(line) {
            return Ok(prepared.into());
        }
        let prefixed = line.get(..2).is_some_and(|prefix| prefix.eq_ignore_ascii_case(b"AT"));
        if !prefixed || line.iter().any(|octet| octet.is_ascii_control()) {
            return Err(Failure::Misuse(Misuse::NotACommand));
        }
        if line.len() > 2 + sim800_command::LINE_LIMIT {
            return Err(Failure::Misuse(Misuse::TooLong));
        }
        let name = line.split(|octet| matches!(octet, b'=' | b'?')).next().unwrap_or_default();
        let word = name.get(2..).and_then(|name| str::from_utf8(name).ok());
        let expect = Expect::result().with_information(Claim::Text).with_connection();
        let title = Name(Inner::Text(String::from_utf8_lossy(name).into()));
        Ok(Self(Box::new(Parts {
            id: word.and_then(Id::from_name),
            line: [line, b"\r"].concat(),
            ..Parts::new(title, expect, time_limit)
        })))
    }

    /// Takes a command line as [`raw`](Self::raw) does, and sends it as it stands, where that sends what the table makes of it: blanks,
    /// case, and quotation marks that are missing are as the caller wrote them.
    ///
    /// # Errors
    ///
    /// Those of [`raw`](Self::raw).
    pub fn verbatim(text: &str, time_limit: Duration) -> Result<Self, Failure> {
        let mut request = Self::raw(text, time_limit)?;
        let line = [text.trim().as_bytes(), b"\r"].concat();
        if request.0.secret.is_some() {
            // Wherever it stands in this way of writing it.
            request.0.secret = Some("AT".len()..line.len());
        }
        request.0.line = line;
        Ok(request)
    }

    /// Gives it the octets that the module will ask for.
    #[must_use]
    pub fn with_body(mut self, body: Bytes) -> Self {
        self.0.body = Some(body);
        self
    }

    /// Has the line synchronized before it is sent, whatever is thought of it. A result that was nobody's may have answered the
    /// command before, and its own the next one, for ever. `AT` is not sent once more: what synchronizes the line is one.
    #[must_use]
    pub fn anew(mut self) -> Self {
        self.0.anew = true;
        self
    }

    /// Lets it follow the `OK` of the `AT` that finds a line nobody knows, without waiting whether more follows. Whoever sends it has
    /// to see by its response whether that `OK` was another's: it asks for information text, and without that the line is not
    /// what it was taken for.
    #[must_use]
    pub fn as_proof(mut self) -> Self {
        self.0.proof = true;
        self
    }

    /// Says that its payload is read again in part, and compared. So a line that nobody knows behind it, which may be the module's own
    /// or what the count left of a payload that the line damaged, is no damage: that is for the comparison to tell.
    #[must_use]
    pub fn compared(mut self) -> Self {
        self.0.compared = true;
        self
    }

    /// Gives it another time limit than the table's.
    #[must_use]
    pub fn with_time_limit(mut self, time_limit: Duration) -> Self {
        self.0.time_limit = time_limit;
        self
    }

    /// How long its result may take.
    #[must_use]
    pub fn time_limit(&self) -> Duration {
        self.0.time_limit
    }

    /// How errors call it.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.0.name
    }

    /// Its command line, line end included.
    #[must_use]
    pub fn line(&self) -> &[u8] {
        &self.0.line
    }

    /// Whether a password or credential stands in its command line.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.0.secret.is_some()
    }

    /// What the command is, if the table has it; of several on a line, the first.
    #[must_use]
    pub fn id(&self) -> Option<Id> {
        self.0.id
    }

    /// The octets that it offers, in number.
    #[must_use]
    pub fn offered(&self) -> usize {
        self.0.body.as_ref().map_or(0, Bytes::len)
    }
}

impl Clone for Request {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }

    fn clone_from(&mut self, source: &Self) {
        self.0.clone_from(&source.0);
    }
}

/// Of what came nothing is cloned.
impl Clone for Parts {
    fn clone(&self) -> Self {
        let mut clone = Self::new(self.name.clone(), self.expect, self.time_limit);
        clone.clone_from(self);
        clone
    }

    fn clone_from(&mut self, source: &Self) {
        let others = Self {
            name: source.name.clone(),
            line: Vec::new(),
            text: BytesMut::new(),
            secret: source.secret.clone(),
            body: source.body.clone(),
            further: source.further.clone(),
            ..*source
        };
        self.replace(others);
        self.line.extend_from_slice(&source.line);
    }
}

impl Parts {
    /// Those of a command without a line.
    fn new(name: Name, expect: Expect, time_limit: Duration) -> Self {
        let id = match &name.0 {
            Inner::Row(title) => title.id,
            Inner::Text(_) => None,
        };
        Self {
            name,
            id,
            line: Vec::new(),
            text: BytesMut::new(),
            secret: None,
            expect,
            time_limit,
            body: None,
            body_end: BodyEnd::Counted,
            anew: false,
            proof: false,
            further: VecDeque::new(),
            compared: false,
        }
    }

    /// Puts others, without a line, in the place of these. What these have of the heap for octets stays.
    fn replace(&mut self, others: Self) {
        let (mut line, mut text) = (mem::take(&mut self.line), mem::take(&mut self.text));
        line.clear();
        text.clear();
        *self = Self { line, text, ..others };
    }

    /// Whether it keeps little of the heap for others.
    pub(crate) fn is_short(&self) -> bool {
        self.line.capacity().max(self.text.capacity()) <= SHORT
    }

    /// Whether it does nothing but have the line synchronized.
    pub(crate) fn is_synchronization(&self) -> bool {
        self.anew && self.id == Some(Id::At) && self.further.is_empty()
    }

    /// Whether the module invites octets at once, and waits for them as long as the command says.
    pub(crate) fn is_invited(&self) -> bool {
        matches!(self.expect.data, DataPhase::Invited { .. })
    }

    /// How long the first answer may take: an invitation takes no longer than any other, whatever the octets do.
    pub(crate) fn first_time_limit(&self) -> Duration {
        if self.is_invited() { self.time_limit.min(time_limit::UNSTATED) } else { self.time_limit }
    }

    /// Whether the module takes octets after a prompt.
    pub(crate) fn is_prompted(&self) -> bool {
        matches!(
            self.expect.data,
            DataPhase::Invited { .. } | DataPhase::Prompted | DataPhase::Granted { .. }
        )
    }

    /// The most octets that the module may send as payload.
    pub(crate) fn announced_at_most(&self) -> u32 {
        let octets = self.expects().map(|expect| match expect.data {
            DataPhase::Announced { at_most, .. } => at_most,
            DataPhase::Counted { count } | DataPhase::AtOnce { count } => count,
            _ => 0,
        });
        octets.fold(0, u32::saturating_add)
    }

    /// Whether the payload that the module sends has no header.
    pub(crate) fn is_headless(&self) -> bool {
        matches!(self.expect.data, DataPhase::Counted { .. } | DataPhase::AtOnce { .. })
    }

    /// Whether the module announces one payload, by a line that has no other beside it.
    pub(crate) fn has_one_header(&self) -> bool {
        let Expect { information, data, ending, .. } = &self.expect;
        let is_announced = matches!(data, DataPhase::Announced { .. }) && ending.is_none();
        is_announced && matches!(information, Claim::None | Claim::Named { .. })
    }

    /// Whether the module may send lines of functionality and SIM because of it, as it does at a start.
    pub(crate) fn may_announce(&self) -> bool {
        self.ids().any(|id| matches!(id, Id::Cfun | Id::Cpin))
    }

    /// What is wrong with the payload that goes with the command.
    pub(crate) fn misuse(&self) -> Option<Misuse> {
        if self.is_prompted() != self.body.is_some() {
            return Some(Misuse::Body);
        }
        let octet = self.body.iter().flatten().copied().find(|octet| !self.body_end.allows(*octet))?;
        Some(Misuse::BodyEnd { octet })
    }
}

impl From<Prepared> for Request {
    fn from(prepared: Prepared) -> Self {
        let Prepared { spec, line, expect, time_limit, body_end, .. } = prepared;
        Self(Box::new(Parts {
            id: spec.id,
            line: line.as_bytes().to_vec(),
            secret: line.secret(),
            body_end,
            ..Parts::new(spec.into(), expect, time_limit)
        }))
    }
}

/// A command of any type, for as long as it takes to make a request of it: what does that need not be there for each.
trait Erased {
    fn encode_into(&self, line: &mut CommandLine) -> Result<(), TooLong>;
    fn expects(&self) -> Expect;
    fn limit(&self) -> Duration;
    fn body_ends(&self) -> BodyEnd;
}

impl<C: Command> Erased for C {
    fn encode_into(&self, line: &mut CommandLine) -> Result<(), TooLong> {
        line.encode(self)
    }

    fn expects(&self) -> Expect {
        self.expect()
    }

    fn limit(&self) -> Duration {
        self.time_limit()
    }

    fn body_ends(&self) -> BodyEnd {
        self.body_end()
    }
}

/// A command behind the first of its line.
#[derive(Clone, Debug)]
pub(crate) struct Further {
    pub(crate) id: Option<Id>,
    pub(crate) expect: Expect,
}

/// A command as errors call it, without values that may be secret: `AT+CREG?`, `AT+SAPBR=1`, `AT+HTTPPARA`.
#[derive(Clone)]
pub struct Name(pub(crate) Inner);

#[derive(Clone)]
pub(crate) enum Inner {
    Row(&'static Title),
    Text(Box<str>),
}

/// What a row of the table has of the name: its documentation, to which a row leads, would stand in the flash of a microcontroller.
#[derive(Clone, Copy)]
pub(crate) struct Title {
    id: Option<Id>,
    name: &'static str,
    form: Form,
    /// What tells one use of the command from another; empty behind the last.
    literals: [&'static str; LITERALS],
}

/// How many literals tell one use of a command from another.
const LITERALS: usize = 2;

impl Title {
    const fn of(spec: &Spec) -> Self {
        let mut literals = [""; LITERALS];
        let mut places: &mut [_] = &mut literals;
        let mut parameters = spec.parameters;
        while let (Some((place, others)), Some((parameter, rest))) =
            (places.split_first_mut(), parameters.split_first())
        {
            if !matches!(parameter.domain, Domain::Literal) {
                break;
            }
            *place = parameter.name;
            (places, parameters) = (others, rest);
        }
        Self { id: spec.id, name: spec.name, form: spec.form, literals }
    }
}

impl Name {
    /// That of `C`.
    #[must_use]
    pub fn of<C: Command>() -> Self {
        Self(Inner::Row(const { &Title::of(C::SPEC) }))
    }
}

impl From<&'static Spec> for Name {
    fn from(spec: &'static Spec) -> Self {
        Self(Inner::Text(Title::of(spec).to_string().into()))
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({self})")
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Row(title) => title.fmt(f),
            Inner::Text(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for Title {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AT")?;
        f.write_str(self.name)?;
        match self.form {
            Form::Read => return f.write_str("?"),
            Form::Test => return f.write_str("=?"),
            _ => {}
        }
        let literals = self.literals.iter().take_while(|literal| !literal.is_empty());
        for (index, literal) in literals.enumerate() {
            f.write_str(if index == 0 { "=" } else { "," })?;
            f.write_str(literal)?;
        }
        Ok(())
    }
}

/// Without the values, which may be secret.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("name", &format_args!("{}", self.name))
            .field("time_limit", &self.time_limit)
            .field("body", &self.body.as_ref().map(Bytes::len))
            .finish_non_exhaustive()
    }
}
