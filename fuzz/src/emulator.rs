//! The emulated module against a DTE and a network that may do anything.

use std::collections::HashSet;
use std::num::NonZeroU32;
use std::time::Duration;

use bytes::Bytes;
use sim800_emulator::{
    Config, Damage, DataExpiry, Effect, Emulator, Fault, FtpFailure, Grant, HttpFailure, NetworkEvent,
    OperationId, Place, PowerDown, Registration, Sim, SocketFailure, Spacing, Start, Timings, When,
};

use crate::script::{HOLD, Script, Step, WAIT};

/// The letter for news from the network.
pub(crate) const NETWORK: u8 = b'n';
/// The letter for a fault.
const FAULT: u8 = b'f';
/// The letter for another configuration.
const CONFIGURE: u8 = b'c';

/// What may wait for a DTE that does not read: the module's buffers, one response of its greatest size, and then some.
const MOST_WAITING: usize = 2 * 1024 * 1024;
/// What may wait for a network that does not take it.
const MOST_EFFECTS: usize = 4096;
/// The command lines that are kept for those who look on.
const MOST_LINES: usize = 64;
/// Longer than any of the module's timers.
const LONG: Duration = Duration::from_secs(3600);

/// Whatever happens: no panic, nothing without bound, no news of what was cancelled, and a module that is started anew
/// answers `AT`.
pub fn emulator(data: &[u8]) {
    let mut script = Script::new(data);
    let mut world = World::new(config(&mut script));
    let mut held = false;
    let mut damaged = false;
    while let Some(step) = script.next() {
        match step {
            Step::Octets(octets) => world.module.handle_input(world.now, octets),
            Step::Command(line) => world.module.handle_input(world.now, &[line, b"\r"].concat()),
            Step::Other(WAIT) => {
                world.now += script.wait();
                world.module.handle_timeout(world.now);
            }
            Step::Other(NETWORK) => {
                let back = script.draw::<u8>() % 4;
                let id = OperationId(world.newest.0.saturating_sub(back.into()));
                world.module.handle_network(world.now, id, event(&mut script));
            }
            Step::Other(FAULT) => {
                let fault = fault(&mut script);
                damaged |= damages(&fault);
                world.module.handle_fault(world.now, fault);
            }
            Step::Other(CONFIGURE) => {
                let changed = config(&mut script);
                // What is kept in files is not drawn.
                world.module.configure(world.now, |config| *config = changed);
            }
            Step::Other(HOLD) => held = !held,
            Step::Other(_) => {}
        }
        if !held {
            world.drain();
        }
        assert!(world.module.poll_timeout().is_none_or(|due| due >= world.now), "a timer is overdue");
    }
    world.drain();

    world.module.handle_fault(world.now, Fault::Over);
    world.module.handle_fault(world.now, Fault::Restart { announced: true });
    world.now += LONG;
    world.module.handle_timeout(world.now);
    world.module.handle_input(world.now, b"\rATV1Q0\r");
    world.pass();
    world.module.handle_input(world.now, b"AT\r");
    let said = world.pass();
    assert!(damaged || said.ends_with(b"\r\nOK\r\n"), "after a restart AT gets \"{}\"", said.escape_ascii());
}

/// A [kind](config) of module that runs, has its card and its network, and answers at once.
pub(crate) const QUICK: [u8; 2] = [0x01, 0x3E];

/// A kind of module.
pub(crate) fn config(script: &mut Script<'_>) -> Config {
    let bits: u16 = script.draw();
    let bit = |n: u16| bits >> n & 1 == 1;
    let mut config = Config::default();
    config.echo = bit(0);
    config.spacing = if bit(1) { Spacing::Sim900 } else { Spacing::Sim800 };
    config.timings = if bit(2) { Timings::default() } else { Timings::instant() };
    config.http_data_expiry = if bit(3) { DataExpiry::Ok } else { DataExpiry::Error };
    config.ftp_put_grant = if bit(4) { Grant::AtMost(100) } else { Grant::Full };
    config.ftp_put_maxima = if bit(5) { vec![1360, 1, 300] } else { Vec::new() };
    config.ftp_window = if bit(6) { 1 } else { 16 * 1024 };
    config.start = match bits >> 8 & 3 {
        0 => Start::FixedRate,
        1 => Start::Autobaud,
        _ => Start::Running,
    };
    config.sim = match bits >> 10 & 7 {
        0 => Sim::Absent,
        1 => Sim::PinRequired { pin: "1234".into() },
        _ => Sim::Ready,
    };
    config.attach = bits >> 13 & 3 != 0;
    if bits >> 14 & 3 == 3 {
        config.timings = Timings::realistic();
    }
    config
}

fn event(script: &mut Script<'_>) -> NetworkEvent {
    let length = usize::from(script.draw::<u16>());
    let octets = || Bytes::from(vec![b'.'; length]);
    match script.draw::<u8>() % 16 {
        0 => NetworkEvent::FtpReady,
        1 => NetworkEvent::FtpData(octets()),
        2 => NetworkEvent::FtpSent(length),
        3 => NetworkEvent::FtpDone { size: Some(length as u64) },
        4 => NetworkEvent::FtpDone { size: None },
        5 => NetworkEvent::FtpFailed(FtpFailure(script.draw())),
        6 => NetworkEvent::HttpProgress { received: length as u64, total: script.draw() },
        7 => NetworkEvent::HttpFailed(script.choose(&[
            HttpFailure::NotHttp,
            HttpFailure::Network,
            HttpFailure::TooLarge,
            HttpFailure::Dns,
            HttpFailure::Busy,
            HttpFailure::SslSetup,
            HttpFailure::SslAlert,
        ])),
        9 => NetworkEvent::SocketOpen { remote: ([127, 0, 0, 1], script.draw()).into() },
        10 => NetworkEvent::SocketFailed(script.choose(&[
            SocketFailure::Dns,
            SocketFailure::Connect,
            SocketFailure::Tls,
        ])),
        11 => NetworkEvent::SocketData(octets()),
        12 => NetworkEvent::SocketSent(length),
        13 => NetworkEvent::SocketClosed,
        14 => NetworkEvent::Addresses(vec![[127, 0, 0, 1].into(); length % 3]),
        15 => NetworkEvent::Time(script.draw()),
        _ => NetworkEvent::HttpDone { status: script.draw(), head: Bytes::new(), body: octets() },
    }
}

/// Something that goes wrong.
pub(crate) fn fault(script: &mut Script<'_>) -> Fault {
    let kind = script.draw::<u8>();
    let fault = plain_fault(kind & 0x7f, script);
    if kind & 0x80 == 0 {
        return fault;
    }
    let when = match script.draw::<u16>() {
        octets if octets & 1 == 0 => When::Octets(octets.into()),
        millis => When::Time(Duration::from_millis(millis.into())),
    };
    Fault::Later { when, fault: Box::new(fault) }
}

/// One that happens at once, and damages one octet if any.
pub(crate) fn single_fault(script: &mut Script<'_>) -> Fault {
    const MESSAGE: u8 = 10;
    let kind = script.choose(&[0, 1, 2, 3, 4, 5, 6, MESSAGE]);
    plain_fault(kind, script)
}

/// Whether octets may be other than the module said them, now or later.
fn damages(fault: &Fault) -> bool {
    match fault {
        Fault::Damage { .. } => true,
        Fault::Later { fault, .. } => damages(fault),
        _ => false,
    }
}

fn plain_fault(kind: u8, script: &mut Script<'_>) -> Fault {
    match kind % 11 {
        7 => Fault::Http(script.choose(&[HttpFailure::Dns, HttpFailure::Network])),
        8 => Fault::Ftp(FtpFailure(script.draw())),
        9 => Fault::Interference {
            damage: script.choose(&[Damage::Drop, Damage::Duplicate, Damage::Flip(0x20)]),
            one_in: NonZeroU32::new(script.draw::<u16>().into()).unwrap_or(NonZeroU32::MIN),
            seed: script.draw(),
        },
        0 => Fault::BearerLost { cid: script.draw::<u8>() % 5 },
        1 => Fault::Registration(script.choose(&[
            Registration::NotRegistered,
            Registration::Home,
            Registration::Searching,
            Registration::Denied,
            Registration::Roaming,
        ])),
        2 => Fault::Restart { announced: script.draw() },
        3 => Fault::Silence,
        4 => Fault::PowerDown(script.choose(&[
            PowerDown::Normal,
            PowerDown::UnderVoltage,
            PowerDown::OverVoltage,
        ])),
        5 => Fault::Inject {
            place: script.choose(&[Place::Now, Place::BeforeResponse, Place::BeforeResult]),
            text: script.choose(&["RING", "+CMTI: \"SM\",3", "+CREG: 2", "UNDER-VOLTAGE WARNNING"]).into(),
        },
        10 => Fault::Message { text: script.choose(&["hello", "Жук", "OK\r\nOK"]).into() },
        _ => Fault::Damage {
            after: script.draw::<u16>().into(),
            damage: script.choose(&[Damage::Drop, Damage::Duplicate, Damage::Flip(0x20)]),
        },
    }
}

/// The module and what is known of its operations.
struct World {
    module: Emulator,
    now: Duration,
    newest: OperationId,
    begun: HashSet<OperationId>,
    cancelled: Vec<OperationId>,
}

impl World {
    fn new(config: Config) -> Self {
        Self {
            module: Emulator::new(config),
            now: Duration::ZERO,
            newest: OperationId(0),
            begun: HashSet::new(),
            cancelled: Vec::new(),
        }
    }

    /// Lets the module take its time for a command line, and returns what it says.
    fn pass(&mut self) -> Vec<u8> {
        self.now += Duration::from_secs(1);
        self.module.handle_timeout(self.now);
        self.drain()
    }

    /// Takes everything that the module has for the world, and returns what it says.
    fn drain(&mut self) -> Vec<u8> {
        let mut said = Vec::new();
        while let Some(octets) = self.module.poll_transmit() {
            assert!(!octets.is_empty());
            said.extend_from_slice(&octets);
            assert!(said.len() <= MOST_WAITING, "more than {MOST_WAITING} octets waited");
        }
        let lines = std::iter::from_fn(|| self.module.poll_line()).count();
        assert!(lines <= MOST_LINES, "{lines} lines were kept");
        let mut effects = 0;
        while let Some(effect) = self.module.poll_effect() {
            effects += 1;
            assert!(effects <= MOST_EFFECTS, "more than {MOST_EFFECTS} effects waited");
            match effect {
                Effect::Http { id, .. }
                | Effect::Ftp { id, .. }
                | Effect::Socket { id, .. }
                | Effect::Resolve { id, .. }
                | Effect::Time { id, .. } => {
                    // Not in their order: some take longer to begin.
                    assert!(self.begun.insert(id), "an operation began twice");
                    self.newest = self.newest.max(id);
                }
                Effect::Send { id, .. } | Effect::Finish { id } | Effect::Credit { id, .. } => {
                    assert!(self.begun.contains(&id) && !self.cancelled.contains(&id), "{id:?} is over");
                }
                Effect::Cancel { id } => {
                    assert!(!self.cancelled.contains(&id), "cancelled twice");
                    self.cancelled.push(id);
                }
            }
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seeds are of this kind: of another, they would wait for their second command.
    #[test]
    fn a_quick_module_is_ready_and_takes_no_time() {
        let config = config(&mut Script::new(&QUICK));
        assert!(matches!((&config.start, &config.sim), (Start::Running, Sim::Ready)));
        assert!(config.attach);
        assert_eq!(config.timings, Timings::instant());
    }
}
