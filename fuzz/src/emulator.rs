//! The emulated module against a DTE and a network that may do anything.

use std::collections::HashSet;
use std::num::NonZeroU32;

use std::time::Duration;

use bytes::Bytes;
use sim800_emulator::{
    Config, Damage, DataExpiry, Effect, Emulator, Fault, Firmware, FtpFailure, FtpRequest, Grant,
    HttpFailure, HttpRequest, Line, LineEnds, MemoryStorage, Messages, NetworkEvent, OperationId, Place,
    PowerDown, Registration, Sim, SocketFailure, Spacing, Start, Timings, Uart, Url, When,
};

use crate::memory;
use crate::network::Network;
use crate::script::{HOLD, Script, Step, WAIT};

/// The letter for news from the network.
pub(crate) const NETWORK: u8 = b'n';
/// The letter for a fault.
const FAULT: u8 = b'f';
/// The letter for another configuration. `c` is that of a command, which is typed as well.
const CONFIGURE: u8 = b'm';
/// The letter for a network that obliges from now on, and how long its file is.
pub(crate) const OBLIGE: u8 = b'o';
/// The letter for the power key.
const KEY: u8 = b'k';
/// The letter for somebody who looks at the files from outside.
const VISIT: u8 = b'v';
/// The letter for another module, on a line whose ends have rates of their own.
const RATES: u8 = b'b';

/// All that a module may hold, and the octets that wait here for its DTE.
const MEMORY: usize = 8 * 1024 * 1024;
/// What may wait for a DTE that does not read: the module's buffers, one response of its greatest size, and then some.
const MOST_WAITING: usize = 2 * 1024 * 1024;
/// What may wait for a network that does not take it.
const MOST_EFFECTS: usize = 4096;
/// The command lines that are kept for those who look on.
const MOST_LINES: usize = 64;
/// The names of commands that the module does not know.
const MOST_NAMES: usize = 256;
/// The longest file on a server that obliges: more than the module holds.
const LONGEST_FILE: usize = 40_000;
/// Longer than any of the module's timers.
const LONG: Duration = Duration::from_secs(3600);

/// Whatever happens: no panic, nothing without bound, no news of what was cancelled, and a module that is started anew
/// answers `AT`.
pub fn emulator(data: &[u8]) {
    memory::at_most(MEMORY, || exchange(data));
}

fn exchange(data: &[u8]) {
    let mut script = Script::new(data);
    let mut world = World::new(config(&mut script));
    let mut held = false;
    let mut damaged = false;
    while let Some(step) = script.next() {
        match step {
            // As a DTE types that waits for the end of each line.
            Step::Octets(octets) => {
                for line in octets.split_inclusive(|octet| *octet == b'\r') {
                    world.module.handle_input(world.now, line);
                    if !held {
                        world.drain();
                    }
                }
            }
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
                let mut changed = config(&mut script);
                change(&mut script, &mut changed);
                world.module.configure(world.now, |config| *config = changed);
            }
            Step::Other(OBLIGE) => {
                let content = vec![b'.'; usize::from(script.draw::<u16>()) % LONGEST_FILE];
                world.network = Some(Network::serving(content.into()));
            }
            Step::Other(KEY) => world.module.handle_power_key(world.now),
            Step::Other(VISIT) => visit(&mut script, world.module.config()),
            Step::Other(RATES) => rates(&mut script),
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
    assert!(damaged || said.ends_with(b"OK\r\n"), "after a restart AT gets \"{}\"", said.escape_ascii());
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

/// What more a module may be like.
fn change(script: &mut Script<'_>, config: &mut Config) {
    let bits: u16 = script.draw();
    let bit = |n: u16| bits >> n & 1 == 1;
    config.apn = bit(0).then(|| "a".into());
    config.apn_credentials = bit(1).then(|| ("b".into(), "c".into()));
    config.ftp_rename = bit(2);
    config.lacks = if bit(3) { vec!["+HTTPHEAD".into(), "+CSQ".into()] } else { Vec::new() };
    config.concatenation = !bit(4);
    config.lower_header_names = bit(5);
    config.late_messages = bit(6);
    config.fs_write_expiry = if bit(7) { DataExpiry::Ok } else { DataExpiry::Error };
    config.partial_content = bit(8);
    if bit(9) {
        config.card = Some(std::sync::Arc::new(MemoryStorage::new(1000)));
    }
    if bit(10) {
        config.set_capacity(100);
    }
    if let Ok(firmware) = script.choose(&["R13", "R14.18", "1418B05SIM800L24", ""]).parse::<Firmware>() {
        config.set_firmware(firmware);
    }
    config.registration = script.choose(&REGISTRATIONS);
    config.line_ends = script.choose(&[LineEnds::Usual, LineEnds::MissingBeforeResult, LineEnds::Missing]);
    config.messages = script.choose(&[Messages::Stored, Messages::Pdu, Messages::Text]);
    config.rate = script.choose(&[115_200, 9600, 0]);
}

/// Whoever prepares or checks a test looks at the module's files: what was written there is read.
fn visit(script: &mut Script<'_>, config: &Config) {
    const PATHS: [&str; 6] = ["C:\\User\\a", "C:/b/c", "D:\\c", "x", "C:\\User", "C:\\..\\a"];
    let path = script.choose(&PATHS);
    match script.draw::<u8>() % 4 {
        0 => {
            let octets = vec![b'.'; usize::from(script.draw::<u8>())];
            if config.write_file(path, &octets).is_ok() {
                assert_eq!(config.read_file(path).as_deref(), Ok(&octets[..]), "{path}");
            }
        }
        1 => {
            if let Err(failure) = config.remove_file(path) {
                assert!(!failure.to_string().is_empty());
            } else {
                assert!(config.read_file(path).is_err(), "{path} is still there");
            }
        }
        2 => _ = config.read_file(path),
        _ => _ = config.list_files(path),
    }
}

/// Two ends of a line that do not agree on its rate hear rubbish, and understand each other as soon as they do.
fn rates(script: &mut Script<'_>) {
    const RATES: [u32; 4] = [115_200, 9600, 57_600, 1200];
    let mut config = config(script);
    config.start = script.choose(&[Start::Running, Start::Autobaud]);
    config.timings = Timings::default();
    let mut uart = Uart::new(config, Line::serial());
    let mut now = Duration::ZERO;
    for _ in 0..script.draw::<u8>() % 8 {
        uart.set_dte_rate(NonZeroU32::new(script.choose(&RATES)));
        say(&mut uart, &mut now, script.choose(&["AT\r", "AT+IPR=9600\r", "AT+IPR=0\r", "\0~U", "ATE0\r"]));
    }
    let rate = uart.module().rate().or(NonZeroU32::new(RATES[0]));
    uart.set_dte_rate(rate);
    say(&mut uart, &mut now, "\r");
    let said = say(&mut uart, &mut now, "AT\r");
    let is_heard = said.windows(4).any(|octets| octets == b"OK\r\n");
    assert!(is_heard, "at its own rate, {rate:?}, it says \"{}\"", said.escape_ascii());
}

/// Says something to a module, and hears it for some seconds.
fn say(uart: &mut Uart, now: &mut Duration, text: &str) -> Vec<u8> {
    let mut said = Vec::new();
    uart.handle_input(*now, text.as_bytes());
    let until = *now + Duration::from_secs(5);
    loop {
        let octets = uart.output(*now).to_vec();
        uart.consume(octets.len());
        said.extend(octets);
        match uart.poll_timeout() {
            Some(due) if due <= until => *now = due.max(*now),
            _ => break,
        }
        uart.handle_timeout(*now);
    }
    *now = until;
    said
}

const REGISTRATIONS: [Registration; 5] = [
    Registration::NotRegistered,
    Registration::Home,
    Registration::Searching,
    Registration::Denied,
    Registration::Roaming,
];

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
        Fault::Later { fault, .. } | Fault::Flaw { fault, .. } => damages(fault),
        _ => false,
    }
}

fn plain_fault(kind: u8, script: &mut Script<'_>) -> Fault {
    match kind % 19 {
        7 => Fault::Http(script.choose(&[HttpFailure::Dns, HttpFailure::Network])),
        8 => Fault::Ftp(FtpFailure(script.draw())),
        9 => Fault::Interference {
            damage: script.choose(&[Damage::Drop, Damage::Duplicate, Damage::Flip(0x20)]),
            one_in: NonZeroU32::new(script.draw::<u16>().into()).unwrap_or(NonZeroU32::MIN),
            seed: script.draw(),
        },
        0 => Fault::BearerLost { cid: script.draw::<u8>() % 5 },
        1 => Fault::Registration(script.choose(&REGISTRATIONS)),
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
        11 => Fault::Noise { octets: Bytes::from_static(b"\xff\0+X") },
        12 => Fault::Echo(script.draw()),
        // Less than `World::pass` waits.
        13 => Fault::Hesitate { by: Duration::from_millis(3 * u64::from(script.draw::<u8>())) },
        14 => Fault::ShortRead { at_most: script.draw::<u8>().into() },
        15 => Fault::Announce { count: script.choose(&["0", "7", "99999999999", "x", ""]).into() },
        16 => Fault::Overrun { octets: script.draw::<u16>().into() },
        17 => Fault::Flaw {
            line: script.choose(&["AT+C*", "AT?", "AT*=1", "AT+HTTP????=*"]).into(),
            fault: Box::new(plain_fault(script.draw::<u8>() % 11, script)),
        },
        18 => Fault::Over,
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
    /// The one that obliges.
    network: Option<Network>,
}

impl World {
    fn new(config: Config) -> Self {
        Self {
            module: Emulator::new(config),
            now: Duration::ZERO,
            newest: OperationId(0),
            begun: HashSet::new(),
            cancelled: Vec::new(),
            network: None,
        }
    }

    /// Lets the module take its time for a command line, and returns what it says.
    fn pass(&mut self) -> Vec<u8> {
        self.now += Duration::from_secs(1);
        self.module.handle_timeout(self.now);
        self.drain()
    }

    /// Takes everything that the module has for the world, lets the network do what it is asked for, and returns what the module says.
    fn drain(&mut self) -> Vec<u8> {
        let mut said = self.take();
        while let Some((id, event)) = self.network.as_mut().and_then(|network| network.events.pop_front()) {
            self.module.handle_network(self.now, id, event);
            said.extend(self.take());
        }
        said
    }

    fn take(&mut self) -> Vec<u8> {
        let mut said = Vec::new();
        while let Some(octets) = self.module.poll_transmit() {
            assert!(!octets.is_empty());
            said.extend_from_slice(&octets);
            assert!(said.len() <= MOST_WAITING, "more than {MOST_WAITING} octets waited");
        }
        let unknown = std::iter::from_fn(|| self.module.poll_unknown()).count();
        assert!(unknown <= MOST_NAMES, "{unknown} names were kept");
        let lines = std::iter::from_fn(|| self.module.poll_line()).count();
        assert!(lines <= MOST_LINES, "{lines} lines were kept");
        let mut effects = 0;
        while let Some(effect) = self.module.poll_effect() {
            effects += 1;
            assert!(effects <= MOST_EFFECTS, "more than {MOST_EFFECTS} effects waited");
            match &effect {
                Effect::Http { request, .. } => goes_somewhere(request),
                Effect::Ftp { request, .. } => tells_no_password(request),
                _ => {}
            }
            match effect.clone() {
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
            if let Some(network) = &mut self.network {
                network.take(effect);
            }
        }
        said
    }
}

/// An address, if it is one, is what a request line can have, and so are those that redirections lead to.
fn goes_somewhere(request: &HttpRequest) {
    let Some(url) = Url::parse(&request.url) else { return };
    for url in [url.join(&request.user_agent), Some(url)].into_iter().flatten() {
        assert!(url.target.starts_with('/') && url.target.bytes().all(|octet| octet.is_ascii_graphic()));
        assert!(url.absolute().ends_with(&url.target));
    }
}

fn tells_no_password(request: &FtpRequest) {
    let FtpRequest { server, user, path, name, password, .. } = request;
    let is_elsewhere = [server, user, path, name].iter().any(|text| text.contains(password));
    let shown = format!("{request:?}");
    assert!(is_elsewhere || password.len() < 12 || !shown.contains(password), "{shown}");
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
