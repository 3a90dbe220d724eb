//! A DTE, a line, a module and a network that obliges.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use sim800_command::Unsolicited;
use sim800_emulator::{Damage, Emulator, Fault, Sim, Start};
use sim800_engine::{Config, Engine, Failure, Output, Request, Response};
use sim800_parser::Line;

use crate::emulator;
use crate::network::Network;
use crate::script::Script;

/// How long a DTE waits for news of an operation.
const PATIENCE: Duration = Duration::from_secs(120);
/// No transfer may take longer.
const LIMIT: Duration = Duration::from_secs(24 * 3600);
/// Nor may more happen while time stands still.
const MOST_ROUNDS: u32 = 100_000;
/// For a module to come up, search for its network and say so.
const RECOVERY: Duration = Duration::from_secs(30);

/// A transfer ended with an error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Broken {
    /// The module refused a command.
    Refused,
    /// Anything else.
    Otherwise,
}

impl From<Failure> for Broken {
    fn from(failure: Failure) -> Self {
        if matches!(failure, Failure::Rejected(_)) { Self::Refused } else { Self::Otherwise }
    }
}

pub(crate) struct World {
    engine: Engine,
    module: Emulator,
    now: Duration,
    network: Network,
    /// How the reads are cut.
    cut: usize,
    /// After so many octets from the module the next fault happens; last first.
    faults: Vec<(u64, Fault)>,
    heard: u64,
    /// Octets that are lost, doubled or changed.
    damages: usize,
    flips: usize,
    others: usize,
    notices: VecDeque<Bytes>,
    completed: Option<Result<Response, Failure>>,
    /// The line was lost.
    lost: bool,
}

fn raw(line: &str) -> Request {
    Request::raw(line, Duration::from_secs(5)).expect("a command line")
}

impl World {
    /// A module that has been running for a while, and up to four faults.
    pub(crate) fn new(script: &mut Script<'_>) -> Self {
        let mut config = emulator::config(script);
        config.start = Start::Running;
        config.sim = Sim::Ready;
        config.attach = true;
        let cut = 1 + usize::from(script.draw::<u8>());
        let mut faults: Vec<(u64, Fault)> = Vec::new();
        for _ in 0..script.draw::<u8>() % 5 {
            faults.push((script.draw::<u16>().into(), emulator::single_fault(script)));
        }
        Self::with(config, cut, faults)
    }

    /// A module that is as `config` says, whose responses come in pieces of `cut` octets, and what goes wrong after how many.
    pub(crate) fn with(config: sim800_emulator::Config, cut: usize, mut faults: Vec<(u64, Fault)>) -> Self {
        let damages = faults.iter().filter(|(_, fault)| matches!(fault, Fault::Damage { .. })).count();
        let flip = |fault: &Fault| matches!(fault, Fault::Damage { damage: Damage::Flip(_), .. });
        let flips = faults.iter().filter(|(_, fault)| flip(fault)).count();
        let others = faults.len() - damages;
        faults.sort_by_key(|(after, _)| std::cmp::Reverse(*after));
        let mut world = Self {
            engine: Engine::new(Duration::ZERO, Config::default()),
            module: Emulator::new(config),
            now: Duration::from_secs(100),
            network: Network::default(),
            cut,
            faults,
            heard: 0,
            damages,
            flips,
            others,
            notices: VecDeque::new(),
            completed: None,
            lost: false,
        };
        world.module.handle_timeout(world.now);
        world
    }

    /// Gives the network a file.
    pub(crate) fn serve(&mut self, content: Bytes) {
        self.network.content = content;
    }

    /// Whether it is not known any more whose octets come.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost
    }

    /// Whether the line can hide no damage of its own.
    pub(crate) fn is_exact(&self) -> bool {
        self.flips == 0 && self.damages <= 1
    }

    /// Whether anything may have gone wrong.
    pub(crate) fn is_disturbed(&self) -> bool {
        self.damages + self.others > 0
    }

    /// What the network has got.
    pub(crate) fn stored(&self) -> Vec<u8> {
        self.network.stored.clone()
    }

    pub(crate) fn has_notice(&self) -> bool {
        !self.notices.is_empty()
    }

    /// Executes a command, and returns its payload.
    pub(crate) fn execute(&mut self, line: &str) -> Result<Vec<u8>, Broken> {
        Ok(self.run(raw(line))?.payload.into())
    }

    /// Executes a command that takes a body, and returns how much of it the module took.
    pub(crate) fn send(&mut self, line: &str, body: &Bytes) -> Result<u32, Broken> {
        self.run(raw(line).with_body(body.clone()))?.granted.ok_or(Broken::Otherwise)
    }

    /// Executes a command, and returns all that it brings.
    pub(crate) fn run(&mut self, request: Request) -> Result<Response, Failure> {
        self.engine.begin(self.now, request)?;
        loop {
            self.settle();
            if let Some(result) = self.completed.take() {
                return result;
            }
            self.pass(None);
        }
    }

    /// Waits for a line that `pick` takes.
    pub(crate) fn wait<T>(
        &mut self,
        mut pick: impl FnMut(Unsolicited<'_>) -> Option<Result<T, Broken>>,
    ) -> Result<T, Broken> {
        let deadline = self.now + PATIENCE;
        loop {
            self.settle();
            while let Some(notice) = self.notices.pop_front() {
                if let Some(result) = pick(Line::new(&notice).into()) {
                    return result;
                }
            }
            if self.now >= deadline {
                return Err(Broken::Otherwise);
            }
            self.pass(Some(deadline));
        }
    }

    /// Brings back a module that is off; then `AT` works, as soon as no more octets are damaged.
    pub(crate) fn follow_up(&mut self) {
        let off = |(_, fault): &(u64, Fault)| matches!(fault, Fault::Silence | Fault::PowerDown(_));
        let is_spent = self.faults.is_empty();
        if !is_spent || self.others > 0 || self.faults.iter().any(off) {
            self.faults.clear();
            self.module.handle_fault(self.now, Fault::Restart { announced: true });
        }
        self.idle(RECOVERY);
        let works = (0..=2 * self.damages).any(|_| self.execute("AT").is_ok());
        assert!(works, "AT does not work any more");
    }

    /// Says nothing until everything has come that was to come without a command.
    pub(crate) fn rest(&mut self) {
        self.idle(PATIENCE);
    }

    fn idle(&mut self, span: Duration) {
        let deadline = self.now + span;
        while self.now < deadline {
            self.settle();
            self.pass(Some(deadline));
        }
    }

    /// Lets everything happen that happens without time.
    fn settle(&mut self) {
        let mut rounds = 0;
        while self.exchange() {
            rounds += 1;
            assert!(rounds < MOST_ROUNDS, "time stands still");
        }
    }

    fn exchange(&mut self) -> bool {
        let mut active = false;
        while self.faults.last().is_some_and(|(after, _)| *after <= self.heard) {
            if let Some((_, fault)) = self.faults.pop() {
                self.module.handle_fault(self.now, fault);
                active = true;
            }
        }
        while let Some(transmit) = self.engine.poll_transmit() {
            self.module.handle_input(self.now, &transmit.octets);
            active = true;
        }
        if let Some(octets) = self.module.poll_transmit() {
            self.heard += octets.len() as u64;
            for read in octets.chunks(self.cut) {
                self.engine.handle_input(self.now, read);
                self.listen();
            }
            active = true;
        }
        while let Some(effect) = self.module.poll_effect() {
            self.network.take(effect);
            active = true;
        }
        while let Some((id, event)) = self.network.events.pop_front() {
            self.module.handle_network(self.now, id, event);
            active = true;
        }
        self.listen();
        active
    }

    /// Lets time pass up to the next thing that is due, at most until `deadline`.
    fn pass(&mut self, deadline: Option<Duration>) {
        let due =
            [self.engine.poll_timeout(), self.module.poll_timeout(), deadline].into_iter().flatten().min();
        self.now = self.now.max(due.expect("somebody waits, and for no time"));
        assert!(self.now < LIMIT, "no end in sight");
        self.module.handle_timeout(self.now);
        self.engine.handle_timeout(self.now);
    }

    fn listen(&mut self) {
        while let Some(output) = self.engine.poll_output() {
            match output {
                Output::Complete(result) => {
                    assert!(self.completed.replace(result).is_none(), "two commands completed");
                }
                Output::Unsolicited(line) => self.notices.push_back(line),
                Output::Desynchronized => self.lost = true,
                _ => {}
            }
        }
    }
}
