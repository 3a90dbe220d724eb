//! The SIM card and its lock.

use sim800_command::Form;

use crate::board::{Board, Outcome, Slow, Step};
use crate::config::Sim;
use crate::refusal::{Cme, Refusal};
use crate::syntax::Command;

/// Wrong PINs until the card is blocked.
const TRIES: u8 = 3;

/// Wrong PUKs until the card is of no use. Nobody here knows the PUK, so none is counted.
const PUK_TRIES: u8 = 10;

/// Actions, files and status words of `AT+CRSM` (GSM 11.11, 9.2, 10, 9.4).
const READ_BINARY: u8 = 176;
const UPDATE_BINARY: u8 = 214;
const STATUS: u8 = 242;
const EF_ICCID: u16 = 0x2FE2;
const EF_FPLMN: u16 = 0x6F7B;
const SUCCESS: &str = "144,0";
const NO_FILE: &str = "148,4";
const WRONG_LENGTH: &str = "103,0";

/// Digits as cards have them: two in an octet, the first one behind.
fn swapped(digits: &str) -> String {
    let digits: Vec<char> = digits.chars().collect();
    digits
        .chunks(2)
        .flat_map(|pair| [pair.get(1).copied().unwrap_or('F'), pair.first().copied().unwrap_or('F')])
        .collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lock {
    /// The module has not talked to the card yet, or not any more.
    Down,
    Absent,
    Pin,
    Puk,
    Open,
}

#[derive(Debug)]
pub(crate) struct Card {
    lock: Lock,
    /// Wrong PINs so far; the card remembers them.
    failures: u8,
}

impl Card {
    pub(crate) fn new() -> Self {
        Self { lock: Lock::Down, failures: 0 }
    }

    /// The module begins to talk to the card.
    pub(crate) fn power_up(&mut self, sim: &Sim) {
        self.lock = match sim {
            Sim::Ready => Lock::Open,
            Sim::PinRequired { .. } if self.failures < TRIES => Lock::Pin,
            Sim::PinRequired { .. } | Sim::PukRequired => Lock::Puk,
            Sim::Absent => Lock::Absent,
        };
    }

    pub(crate) fn power_down(&mut self) {
        self.lock = Lock::Down;
    }

    /// Somebody else unlocked it before the DTE came.
    pub(crate) fn unlock(&mut self) {
        self.lock = Lock::Open;
    }

    pub(crate) fn is_open(&self) -> bool {
        self.lock == Lock::Open
    }

    /// Whether the module does not talk to the card.
    pub(crate) fn is_down(&self) -> bool {
        self.lock == Lock::Down
    }

    /// The line that tells the card's state at start-up.
    pub(crate) fn report(&self) -> &'static str {
        match self.lock {
            Lock::Open => "+CPIN: READY",
            Lock::Pin => "+CPIN: SIM PIN",
            Lock::Puk => "+CPIN: SIM PUK",
            Lock::Absent => "+CPIN: NOT INSERTED",
            Lock::Down => "+CPIN: NOT READY",
        }
    }

    /// Refuses what needs the card.
    pub(crate) fn require(&self) -> Result<(), Refusal> {
        match self.lock {
            Lock::Open => Ok(()),
            Lock::Pin => Err(Cme::SimPinRequired.into()),
            Lock::Puk => Err(Cme::SimPukRequired.into()),
            Lock::Absent => Err(Cme::SimNotInserted.into()),
            Lock::Down => Err(Cme::SimBusy.into()),
        }
    }

    /// `AT+CPIN`
    pub(crate) fn command(&mut self, command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => Ok(Step::Done),
            Form::Read => match self.lock {
                Lock::Open | Lock::Pin | Lock::Puk => {
                    board.output.information(self.report());
                    Ok(Step::Done)
                }
                Lock::Absent | Lock::Down => Err(self.require().err().unwrap_or(Refusal::Unknown)),
            },
            Form::Write => {
                let parameters = command.parameters();
                parameters.expect(1..=2)?;
                self.try_pin(parameters.octets(0), board)
            }
            _ => Err(Refusal::Unknown),
        }
    }

    /// `AT+SPIC`
    pub(crate) fn tries(&self, command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => {}
            Form::Execution => {
                if matches!(self.lock, Lock::Absent | Lock::Down) {
                    self.require()?;
                }
                let pin = if self.lock == Lock::Puk { 0 } else { TRIES.saturating_sub(self.failures) };
                board.output.information(&format!("+SPIC: {pin},{TRIES},{PUK_TRIES},{PUK_TRIES}"));
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// `AT+CLCK`: whether the card asks for its PIN at all, which needs the right one to change. No other lock is there.
    pub(crate) fn lock(&mut self, command: &Command, board: &mut Board) -> Outcome {
        let Some(parameters) = command.written()? else {
            board.output.information(
                "+CLCK: (\"AO\",\"OI\",\"OX\",\"AI\",\"IR\",\"FD\",\"SC\",\"PN\",\"PU\",\"PP\")",
            );
            return Ok(Step::Done);
        };
        parameters.expect(2..=4)?;
        let is_card = parameters.word(0) == "SC";
        if parameters.number(1, 0..=2_u8)? == 2 {
            let is_locked = is_card && matches!(board.config.sim, Sim::PinRequired { .. } | Sim::PukRequired);
            board.output.information(&format!("+CLCK: {}", u8::from(is_locked)));
            return Ok(Step::Done);
        }
        self.require_pin(is_card, parameters.octets(2), board)
    }

    /// `AT+CPWD`, which changes nothing: the next start asks for the PIN that is configured.
    pub(crate) fn password(&mut self, command: &Command, board: &mut Board) -> Outcome {
        let Some(parameters) = command.written()? else {
            board.output.information("+CPWD: (\"AO\",4),(\"SC\",8),(\"P2\",8)");
            return Ok(Step::Done);
        };
        parameters.expect(3..=3)?;
        self.require_pin(parameters.word(0) == "SC", parameters.octets(1), board)
    }

    /// `AT+CRSM` (manual 3.2.34; GSM 11.11): files of the card, of which two are there.
    pub(crate) fn file(&self, command: &Command, board: &mut Board) -> Outcome {
        let Some(parameters) = command.written()? else { return Ok(Step::Done) };
        self.require()?;
        parameters.expect(1..=6)?;
        let action = parameters.number(0, 0..=u8::MAX)?;
        let answer = match action {
            STATUS => SUCCESS.to_owned(),
            READ_BINARY => {
                let content = match parameters.number(1, 0..=u16::MAX)? {
                    EF_ICCID => swapped(&board.config.iccid),
                    EF_FPLMN => "F".repeat(24),
                    _ => String::new(),
                };
                let number = |place| parameters.number(place, 0..=u8::MAX).map(usize::from);
                let start = 2 * (256 * number(2)? + number(3)?);
                match content.get(start..start + 2 * number(4)?) {
                    Some(part) => format!("{SUCCESS},\"{part}\""),
                    None if content.is_empty() => NO_FILE.to_owned(),
                    None => WRONG_LENGTH.to_owned(),
                }
            }
            // Emptying the list of forbidden networks changes nothing.
            UPDATE_BINARY
                if parameters.number(1, 0..=u16::MAX) == Ok(EF_FPLMN)
                    && parameters.octets(5).iter().all(|digit| *digit == b'F') =>
            {
                SUCCESS.to_owned()
            }
            178 | 192 | UPDATE_BINARY | 220 => NO_FILE.to_owned(),
            _ => return Err(Cme::OutOfRange.into()),
        };
        board.output.information(&format!("+CRSM: {answer}"));
        Ok(Step::Done)
    }

    /// Refuses those who do not know the PIN.
    fn require_pin(&mut self, is_card: bool, pin: &[u8], board: &Board) -> Outcome {
        match (&board.config.sim, self.lock) {
            _ if !is_card => Err(Cme::NotAllowed.into()),
            (Sim::PinRequired { pin: right }, Lock::Open | Lock::Pin) if right.as_bytes() == pin => {
                Ok(Step::Done)
            }
            (Sim::PinRequired { .. }, Lock::Open | Lock::Pin) => {
                self.count_failure();
                Err(Cme::IncorrectPassword.into())
            }
            // Of other cards nobody knows any.
            (_, Lock::Open | Lock::Pin | Lock::Puk) => Err(Cme::IncorrectPassword.into()),
            _ => Err(self.require().err().unwrap_or(Refusal::Unknown)),
        }
    }

    /// A wrong PIN: the third blocks the card.
    fn count_failure(&mut self) {
        self.failures = TRIES.min(self.failures + 1);
        if self.failures == TRIES {
            self.lock = Lock::Puk;
        }
    }

    fn try_pin(&mut self, pin: &[u8], board: &Board) -> Outcome {
        match (self.lock, &board.config.sim) {
            (Lock::Open, _) => Err(Cme::NotAllowed.into()),
            (Lock::Pin, Sim::PinRequired { pin: right }) => {
                if right.as_bytes() == pin {
                    self.failures = 0;
                    return Ok(Step::Wait(board.config.timings.pin, Slow::Unlock));
                }
                self.count_failure();
                Err(Cme::IncorrectPassword.into())
            }
            // Nobody knows the PUK.
            (Lock::Puk, _) => Err(Cme::IncorrectPassword.into()),
            _ => Err(self.require().err().unwrap_or(Refusal::Unknown)),
        }
    }
}
