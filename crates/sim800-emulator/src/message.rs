//! Short messages (manual chapter 4): the memory, what is read from it, and what is sent.

mod alphabet;
mod pdu;

use bytes::Bytes;
use sim800_command::Form;

use self::pdu::{Coding, Reading};
use crate::board::{Board, Outcome, Sink, Slow, Step};
use crate::refusal::{Cme, Refusal};
use crate::settings::Settings;
use crate::syntax::{Command, Parameters};

/// A number that sends messages, and when it does.
const SENDER: &str = "+491711234567";
const TIME: &str = "26/01/02,03:04:05+04";

/// How many messages the card holds (field log).
const CAPACITY: usize = 40;

/// The longest text that a prompt takes: 160 characters in UCS2 digits, or a PDU with its service centre.
const LONGEST: usize = 4 * 160;

/// The memories that programs name; there is one behind all of them.
const MEMORIES: [&str; 5] = ["SM", "ME", "SM_P", "ME_P", "MT"];

/// The errors of 3GPP TS 27.005, 3.2.5.
mod cms {
    use crate::refusal::Refusal;

    pub(super) const NOT_ALLOWED: Refusal = Refusal::Cms(302);
    pub(super) const INVALID_PDU: Refusal = Refusal::Cms(304);
    pub(super) const INVALID_TEXT: Refusal = Refusal::Cms(305);
    pub(super) const INVALID_INDEX: Refusal = Refusal::Cms(321);
    pub(super) const MEMORY_FULL: Refusal = Refusal::Cms(322);
    pub(super) const NO_SERVICE: Refusal = Refusal::Cms(331);
}

/// `<stat>` (27.005, 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Unread = 0,
    Read = 1,
    Unsent = 2,
    Sent = 3,
}

impl Status {
    const ALL: [Self; 4] = [Self::Unread, Self::Read, Self::Unsent, Self::Sent];

    const fn name(self) -> &'static str {
        match self {
            Self::Unread => "REC UNREAD",
            Self::Read => "REC READ",
            Self::Unsent => "STO UNSENT",
            Self::Sent => "STO SENT",
        }
    }
}

struct Message {
    status: Status,
    tpdu: Vec<u8>,
}

/// What the text behind the prompt is for.
enum Draft {
    Send { to: String, length: usize },
    Write { to: String, length: usize, status: Status },
}

/// The memory, and what is under way.
pub(crate) struct Messages {
    slots: Vec<Option<Message>>,
    memories: [String; 3],
    draft: Option<Draft>,
    /// The reference of the last message that was sent.
    reference: u8,
}

impl Default for Messages {
    fn default() -> Self {
        let slots = (0..CAPACITY).map(|_| None).collect();
        Self { slots, memories: std::array::from_fn(|_| "SM_P".to_owned()), draft: None, reference: 0 }
    }
}

impl Messages {
    /// The card keeps its messages.
    pub(crate) fn restart(&mut self) {
        *self = Self { slots: std::mem::take(&mut self.slots), ..Self::default() };
    }

    fn used(&self) -> usize {
        self.slots.iter().flatten().count()
    }

    /// Puts a message where there is room; tells where that is.
    fn put(&mut self, message: Message) -> Option<usize> {
        let index = self.slots.iter().position(Option::is_none)?;
        *self.slots.get_mut(index)? = Some(message);
        Some(index + 1)
    }

    fn slot(&mut self, parameters: &Parameters<'_>, place: usize) -> Result<&mut Option<Message>, Refusal> {
        let index = parameters.number(place, 1..=CAPACITY).map_err(|_| cms::INVALID_INDEX)?;
        self.slots.get_mut(index - 1).ok_or(cms::INVALID_INDEX)
    }

    /// A message arrives; returns what is said of it, if anything is (manual 4.2.8).
    pub(crate) fn receive(&mut self, text: &str, settings: &Settings) -> Option<String> {
        let tpdu = pdu::deliver(SENDER, TIME, text);
        match (settings.number("+CNMI", 1), settings.is_on("+CMGF")) {
            (2 | 3, true) => Some(format!("+CMT: \"{SENDER}\",\"\",\"{TIME}\"\r\n{text}")),
            (2 | 3, false) => Some(format!("+CMT: \"\",{}\r\n00{}", tpdu.len(), pdu::digits(&tpdu))),
            (routing, _) => {
                let index = self.put(Message { status: Status::Unread, tpdu })?;
                let [.., memory] = &self.memories;
                let memory = memory.strip_suffix("_P").unwrap_or(memory);
                (routing == 1).then(|| format!("+CMTI: \"{memory}\",{index}"))
            }
        }
    }

    /// All commands on messages but those that are settings.
    pub(crate) fn command(
        &mut self,
        command: &Command,
        settings: &Settings,
        is_registered: bool,
        board: &mut Board,
    ) -> Outcome {
        match command.name.as_str() {
            "+CPMS" => self.memory(command, board),
            "+CMGS" | "+CMGW" | "+CMSS" => self.prepare(command, settings, is_registered, board),
            "+CMGR" => self.read(command, settings, board),
            "+CMGL" => self.list(command, settings, board),
            "+CMGD" => self.delete(command, board),
            _ => self.delete_all(command, settings, board),
        }
    }

    /// `AT+CPMS`
    fn memory(&mut self, command: &Command, board: &mut Board) -> Outcome {
        let used = self.used();
        match command.form {
            Form::Test => {
                let names = MEMORIES.map(|name| format!("\"{name}\"")).join(",");
                board.output.information(&format!("+CPMS: ({names}),({names}),({names})"));
            }
            Form::Read => {
                let shown = self.memories.each_ref().map(|name| format!("\"{name}\",{used},{CAPACITY}"));
                board.output.information(&format!("+CPMS: {}", shown.join(",")));
            }
            Form::Write => {
                let parameters = command.parameters();
                parameters.expect(1..=3)?;
                let names: Vec<String> = (0..parameters.len()).map(|index| parameters.word(index)).collect();
                if !names.iter().all(|name| MEMORIES.contains(&name.as_str())) {
                    return Err(cms::NOT_ALLOWED);
                }
                self.memories.iter_mut().zip(names).for_each(|(memory, name)| *memory = name);
                board
                    .output
                    .information(&format!("+CPMS: {used},{CAPACITY},{used},{CAPACITY},{used},{CAPACITY}"));
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// `AT+CMGS`, `AT+CMGW` and `AT+CMSS`
    fn prepare(
        &mut self,
        command: &Command,
        settings: &Settings,
        is_registered: bool,
        board: &mut Board,
    ) -> Outcome {
        let parameters = match command.form {
            Form::Test => return Ok(Step::Done),
            Form::Execution if command.name == "+CMGW" && settings.is_on("+CMGF") => None,
            Form::Write => Some(command.parameters()),
            _ => return Err(Refusal::Unknown),
        };
        let sends = command.name != "+CMGW";
        if sends && !is_registered {
            return Err(cms::NO_SERVICE);
        }
        if let (Some(parameters), "+CMSS") = (&parameters, command.name.as_str()) {
            let slot = self.slot(parameters, 0)?;
            let message = slot.as_mut().ok_or(cms::INVALID_INDEX)?;
            if matches!(message.status, Status::Unsent) {
                message.status = Status::Sent;
            }
            return self.send(board);
        }
        let is_text = settings.is_on("+CMGF");
        let (mut to, mut length) = (String::new(), 0);
        if let Some(parameters) = &parameters {
            parameters.expect(1..=3)?;
            if is_text {
                to = number_of_dte(parameters.text(0, 80).map_err(|_| cms::INVALID_TEXT)?, settings);
                if sends && to.is_empty() {
                    return Err(cms::INVALID_TEXT);
                }
            } else {
                length = parameters.number(0, 1..=164).map_err(|_| cms::INVALID_PDU)?;
            }
        }
        self.draft = Some(if sends {
            Draft::Send { to, length }
        } else {
            Draft::Write { to, length, status: Status::Unsent }
        });
        if let (Some(parameters), Some(Draft::Write { status, .. })) = (&parameters, &mut self.draft) {
            let place = if is_text { 2 } else { 1 };
            if !parameters.octets(place).is_empty() {
                *status = selected(parameters, place, is_text)?.first().copied().unwrap_or(Status::Unsent);
            }
        }
        board.output.prompt_for_text();
        Ok(Step::Text(LONGEST, Sink::Message))
    }

    fn send(&mut self, board: &mut Board) -> Outcome {
        self.reference = self.reference.wrapping_add(1);
        Ok(Step::Wait(board.config.timings.attach, Slow::MessageSend(self.reference)))
    }

    /// The text behind the prompt has come.
    pub(crate) fn input(&mut self, text: &Bytes, settings: &Settings, board: &mut Board) -> Outcome {
        let Some(draft) = self.draft.take() else { return Err(cms::NOT_ALLOWED) };
        let (Draft::Send { to, length } | Draft::Write { to, length, .. }) = &draft;
        let tpdu = if settings.is_on("+CMGF") {
            let text = of_dte(text, settings).ok_or(cms::INVALID_TEXT)?;
            let parameters = [0, 1, 2, 3].map(|index| settings.number("+CSMP", index).to_le_bytes()[0]);
            pdu::submit(to, &text, parameters).ok_or(cms::INVALID_TEXT)?
        } else {
            let digits: String =
                text.iter().filter(|octet| !octet.is_ascii_whitespace()).copied().map(char::from).collect();
            let octets = pdu::octets(&digits).ok_or(cms::INVALID_PDU)?;
            let centre = octets.first().map_or(0, |count| usize::from(*count) + 1);
            let tpdu = octets.get(centre..).filter(|tpdu| tpdu.len() == *length).ok_or(cms::INVALID_PDU)?;
            pdu::read(tpdu).ok_or(cms::INVALID_PDU)?;
            tpdu.to_vec()
        };
        match draft {
            Draft::Send { .. } => self.send(board),
            Draft::Write { status, .. } => {
                let index = self.put(Message { status, tpdu }).ok_or(cms::MEMORY_FULL)?;
                board.output.information(&format!("+CMGW: {index}"));
                Ok(Step::Done)
            }
        }
    }

    /// `AT+CMGR`
    fn read(&mut self, command: &Command, settings: &Settings, board: &mut Board) -> Outcome {
        let Some(parameters) = command.written()? else { return Ok(Step::Done) };
        parameters.expect(1..=2)?;
        let stays_unread = parameters.octets(1) == b"1";
        let Some(message) = self.slot(&parameters, 0)? else { return Ok(Step::Done) };
        let text = if settings.is_on("+CMGF") {
            message.as_text("+CMGR: ", settings)
        } else {
            message.as_pdu("+CMGR: ", settings)
        };
        board.output.information(&text);
        message.was_read(stays_unread);
        Ok(Step::Done)
    }

    /// `AT+CMGL`
    fn list(&mut self, command: &Command, settings: &Settings, board: &mut Board) -> Outcome {
        let is_text = settings.is_on("+CMGF");
        let (wanted, stays_unread) = match command.form {
            Form::Test => {
                board.output.information(if is_text {
                    "+CMGL: (\"REC UNREAD\",\"REC READ\",\"STO UNSENT\",\"STO SENT\",\"ALL\")"
                } else {
                    "+CMGL: (0-4)"
                });
                return Ok(Step::Done);
            }
            Form::Execution => (vec![Status::Unread], false),
            Form::Write => {
                let parameters = command.parameters();
                parameters.expect(1..=2)?;
                (selected(&parameters, 0, is_text)?, parameters.octets(1) == b"1")
            }
            _ => return Err(Refusal::Unknown),
        };
        for (index, message) in (1..).zip(&mut self.slots) {
            let Some(message) = message.as_mut().filter(|message| wanted.contains(&message.status)) else {
                continue;
            };
            let head = format!("+CMGL: {index},");
            let text =
                if is_text { message.as_text(&head, settings) } else { message.as_pdu(&head, settings) };
            board.output.information(&text);
            message.was_read(stays_unread);
        }
        Ok(Step::Done)
    }

    /// `AT+CMGD`
    fn delete(&mut self, command: &Command, board: &mut Board) -> Outcome {
        let Some(parameters) = command.written()? else {
            let taken: Vec<String> = (1..)
                .zip(&self.slots)
                .filter(|(_, slot)| slot.is_some())
                .map(|(index, _): (usize, _)| index.to_string())
                .collect();
            board.output.information(&format!("+CMGD: ({}),(0-4)", taken.join(",")));
            return Ok(Step::Done);
        };
        parameters.expect(1..=2)?;
        let kept = match parameters.octets(1) {
            b"" | b"0" => {
                *self.slot(&parameters, 0)? = None;
                return Ok(Step::Done);
            }
            b"1" => [Status::Unread, Status::Unsent, Status::Sent].as_slice(),
            b"2" => &[Status::Unread, Status::Unsent],
            b"3" => &[Status::Unread],
            b"4" => &[],
            _ => return Err(cms::NOT_ALLOWED),
        };
        self.retain(|status| kept.contains(&status));
        Ok(Step::Done)
    }

    fn retain(&mut self, mut stays: impl FnMut(Status) -> bool) {
        for slot in &mut self.slots {
            slot.take_if(|message| !stays(message.status));
        }
    }

    /// `AT+CMGDA`
    fn delete_all(&mut self, command: &Command, settings: &Settings, board: &mut Board) -> Outcome {
        let is_text = settings.is_on("+CMGF");
        let Some(parameters) = command.written()? else {
            board.output.information(if is_text {
                "+CMGDA: (\"DEL READ\",\"DEL UNREAD\",\"DEL SENT\",\"DEL UNSENT\",\"DEL INBOX\",\"DEL ALL\")"
            } else {
                "+CMGDA: (1-6)"
            });
            return Ok(Step::Done);
        };
        parameters.expect(1..=1)?;
        let gone = match parameters.word(0).as_str() {
            "DEL READ" | "1" => [Status::Read].as_slice(),
            "DEL UNREAD" | "2" => &[Status::Unread],
            "DEL SENT" | "3" => &[Status::Sent],
            "DEL UNSENT" | "4" => &[Status::Unsent],
            "DEL INBOX" | "5" => &[Status::Read, Status::Unread],
            "DEL ALL" | "6" => &Status::ALL,
            _ => return Err(cms::NOT_ALLOWED),
        };
        self.retain(|status| !gone.contains(&status));
        Ok(Step::Done)
    }
}

/// The end of `AT+CMGS`.
pub(crate) fn sent(reference: u8, board: &mut Board) -> Outcome {
    board.output.information(&format!("+CMGS: {reference}"));
    Ok(Step::Done)
}

/// `AT+CSMS`, which tells in answer to a setting what it can do.
pub(crate) fn service(command: &Command, settings: &mut Settings, board: &mut Board) -> Outcome {
    let outcome = settings.command(command, board).unwrap_or(Err(Refusal::Unknown))?;
    if command.form == Form::Write {
        board.output.information("+CSMS: 1,1,1");
    }
    Ok(outcome)
}

/// The messages that `<stat>` selects: a word in text mode, a number in PDU mode.
fn selected(parameters: &Parameters<'_>, place: usize, is_text: bool) -> Result<Vec<Status>, Refusal> {
    let word = parameters.word(place);
    let number = || parameters.number(place, 0..=4_usize).map_err(|_| cms::NOT_ALLOWED);
    if is_text && word == "ALL" || !is_text && number()? == 4 {
        return Ok(Status::ALL.to_vec());
    }
    let is_it =
        |status: &Status| if is_text { status.name() == word } else { word == (*status as u8).to_string() };
    let found: Vec<Status> = Status::ALL.into_iter().filter(is_it).collect();
    if found.is_empty() { Err(cms::NOT_ALLOWED) } else { Ok(found) }
}

/// The number that the DTE means, under `AT+CSCS`; one that does not read as digits of UCS2 is as it stands.
fn number_of_dte(text: &str, settings: &Settings) -> String {
    let is_number =
        |number: &String| number.bytes().all(|octet| matches!(octet, b'0'..=b'9' | b'+' | b'*' | b'#'));
    let number = (settings.text("+CSCS", 0) == "UCS2").then(|| ucs2(&pdu::octets(text)?)).flatten();
    number.filter(is_number).unwrap_or_else(|| text.to_owned())
}

/// The text of octets in UCS2; `None` if they do not make up characters.
fn ucs2(octets: &[u8]) -> Option<String> {
    let units = octets.chunks(2).map(|pair| Some(u16::from_be_bytes(pair.try_into().ok()?)));
    String::from_utf16(&units.collect::<Option<Vec<_>>>()?).ok()
}

/// What the DTE means by octets, under `AT+CSCS`.
pub(crate) fn of_dte(octets: &[u8], settings: &Settings) -> Option<String> {
    let text = String::from_utf8_lossy(octets);
    match settings.text("+CSCS", 0) {
        "UCS2" => ucs2(&pdu::octets(text.trim())?),
        // The octets of the user data.
        "HEX" if settings.number("+CSMP", 3) & 0x0C == 0x08 => ucs2(&pdu::octets(text.trim())?),
        "HEX" => Some(pdu::octets(text.trim())?.iter().copied().map(char::from).collect()),
        "GSM" => Some(if octets.is_ascii() { alphabet::text(octets) } else { text.into_owned() }),
        _ => Some(text.into_owned()),
    }
}

/// How the DTE is shown a text, under `AT+CSCS`.
pub(crate) fn to_dte(text: &str, settings: &Settings) -> String {
    let ucs2 = || pdu::digits(&text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>());
    match settings.text("+CSCS", 0) {
        "UCS2" => ucs2(),
        "HEX" => pdu::digits(text.as_bytes()),
        _ if text.is_ascii() => text.to_owned(),
        _ => ucs2(),
    }
}

impl Message {
    fn was_read(&mut self, stays_unread: bool) {
        if self.status == Status::Unread && !stays_unread {
            self.status = Status::Read;
        }
    }

    /// As `AT+CMGF=1` has it.
    fn as_text(&self, head: &str, settings: &Settings) -> String {
        let status = self.status.name();
        let Some(reading) = pdu::read(&self.tpdu) else { return format!("{head}\"{status}\",\"\",\"\"\r\n") };
        let Reading { number, kind, time, first, protocol, dcs, coding, octets, text } = reading;
        let number = to_dte(&number, settings);
        let text = if coding == Coding::Octets { pdu::digits(&octets) } else { to_dte(&text, settings) };
        let time = time.map_or_else(String::new, |time| format!(",\"{time}\""));
        let details = if settings.is_on("+CSDH") && head.starts_with("+CMGR") {
            let centre = settings.text("+CSCA", 0);
            let centre_kind = pdu::kind(centre);
            format!(",{kind},{first},{protocol},{dcs},\"{centre}\",{centre_kind},{}", text.len())
        } else if settings.is_on("+CSDH") {
            format!(",{kind},{}", text.len())
        } else {
            String::new()
        };
        format!("{head}\"{status}\",\"{number}\",\"\"{time}{details}\r\n{text}")
    }

    /// As `AT+CMGF=0` has it.
    fn as_pdu(&self, head: &str, settings: &Settings) -> String {
        let centre = pdu::digits(&pdu::centre(settings.text("+CSCA", 0)));
        let digits = pdu::digits(&self.tpdu);
        format!("{head}{},\"\",{}\r\n{centre}{digits}", self.status as u8, self.tpdu.len())
    }
}

/// What the card refuses is told in the words of messages.
pub(crate) fn refused(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::Cme(Cme::SimNotInserted) => Refusal::Cms(310),
        Refusal::Cme(Cme::SimPinRequired) => Refusal::Cms(311),
        Refusal::Cme(Cme::SimBusy) => Refusal::Cms(314),
        Refusal::Cme(Cme::SimPukRequired) => Refusal::Cms(316),
        other => other,
    }
}
