//! An emulator at the far end of a serial line, without any I/O.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::time::Duration;

use crate::line::Pacer;
use crate::rates;
use crate::{Config, Effect, Emulator, Fault, Line, NetworkEvent, OperationId};
use bytes::{Buf, Bytes};

/// How many octets a UART's FIFO hands over at a time.
const FIFO: usize = 16;
/// While so many pieces or octets wait to be sent, nothing is taken from the DTE, and no more from the module, which holds itself up
/// then: however little a command is, what it causes to be said may be much.
const BACKLOG: usize = 64;
const BACKLOG_OCTETS: usize = 64 * 1024;

/// One module and the line to it.
///
/// It drives its [`Emulator`] and lets octets cross at the [`Line`]'s rate. Whoever owns it brings the DTE's octets, network and time;
/// the real module and the simulated one are the same under different clocks.
#[derive(Debug)]
pub struct Uart {
    emulator: Emulator,
    line: Line,
    /// The DTE's own rate, where it is known.
    dte_rate: Option<NonZeroU32>,
    to_dce: Lane,
    to_dte: Lane,
    /// What the module has said and what has not set out on the line yet.
    backlog: VecDeque<Bytes>,
    /// What has crossed to the DTE and was not taken there yet.
    arrived: Bytes,
}

/// One direction of the line and the octets that are crossing it.
#[derive(Debug)]
struct Lane {
    pacer: Option<Pacer>,
    crossing: Option<(Duration, Bytes)>,
}

impl Lane {
    fn new(line: Line) -> Self {
        Self { pacer: line.pacer(), crossing: None }
    }

    /// Puts octets on the line.
    fn send(&mut self, now: Duration, octets: Bytes) {
        let arrival = self.pacer.as_mut().map_or(now, |pacer| pacer.cross(now, octets.len()));
        self.crossing = Some((arrival, octets));
    }

    /// The octets that have crossed by now.
    fn receive(&mut self, now: Duration) -> Option<Bytes> {
        self.crossing.take_if(|(arrival, _)| *arrival <= now).map(|(_, octets)| octets)
    }

    /// Lets octets cross at another rate.
    fn set_rate(&mut self, rate: Option<NonZeroU32>) {
        if self.pacer.as_ref().map(Pacer::rate) != rate {
            self.pacer = rate.map(Pacer::new);
        }
    }

    fn idle(&mut self) {
        if let Some(pacer) = &mut self.pacer {
            pacer.idle();
        }
    }

    fn arrival(&self) -> Option<Duration> {
        self.crossing.as_ref().map(|(arrival, _)| *arrival)
    }
}

impl Uart {
    /// The most octets that the module ever takes at a time.
    pub const CAPACITY: usize = 4096;

    /// A module at the far end of a line.
    #[must_use]
    pub fn new(config: Config, line: Line) -> Self {
        let mut uart = Self {
            emulator: Emulator::new(config),
            line,
            dte_rate: None,
            to_dce: Lane::new(line),
            to_dte: Lane::new(line),
            backlog: VecDeque::new(),
            arrived: Bytes::new(),
        };
        uart.follow_rate();
        uart
    }

    /// Whether the DTE's rate makes a difference, and shall be told.
    #[must_use]
    pub const fn follows_rates(&self) -> bool {
        self.line.is_serial()
    }

    /// The rate that the DTE has set for itself, which is not known at first.
    pub fn set_dte_rate(&mut self, rate: Option<NonZeroU32>) {
        self.dte_rate = rate;
        self.follow_rate();
    }

    /// `AT+IPR` takes effect once all has left that was said before.
    fn follow_rate(&mut self) {
        if self.line.is_serial() && self.backlog.is_empty() && self.to_dte.crossing.is_none() {
            let rate = self.emulator.rate().or(self.dte_rate);
            self.to_dte.set_rate(rate);
            self.to_dce.set_rate(rate);
        }
    }

    /// The rates of both ends, if the octets of one are rubbish to the other.
    fn mismatch(&self) -> Option<(NonZeroU32, NonZeroU32)> {
        let module = self.to_dte.pacer.as_ref().map(Pacer::rate).filter(|_| self.line.is_serial())?;
        self.dte_rate.filter(|dte| *dte != module).map(|dte| (dte, module))
    }

    /// How many octets the DTE may put on the line now.
    #[must_use]
    pub fn capacity(&self) -> usize {
        match &self.to_dce {
            _ if self.is_full() || self.emulator.holds_line() => 0,
            Lane { crossing: Some(_), .. } => 0,
            Lane { pacer: Some(_), .. } => FIFO,
            Lane { pacer: None, .. } => Self::CAPACITY,
        }
    }

    fn is_full(&self) -> bool {
        self.backlog.len() >= BACKLOG || self.backlog.iter().map(Bytes::len).sum::<usize>() >= BACKLOG_OCTETS
    }

    /// The DTE puts octets on the line: [`capacity`](Self::capacity) at most, and more only where the line doubles some.
    pub fn handle_input(&mut self, now: Duration, octets: &[u8]) {
        self.follow_rate();
        if self.to_dce.pacer.is_some() {
            let octets = match self.mismatch() {
                Some((dte, module)) => rates::heard(octets, dte, module).into(),
                None => Bytes::copy_from_slice(octets),
            };
            self.to_dce.send(now, octets);
        } else {
            self.hear(now, octets);
        }
    }

    /// The DTE has nothing to put on the line, though it could.
    pub fn handle_input_pause(&mut self) {
        self.to_dce.idle();
    }

    /// The DTE does not take what has arrived: the line stands still until it does.
    pub fn handle_output_pause(&mut self) {
        self.to_dte.idle();
    }

    /// Time has passed: what has crossed the line is heard, and what is due happens.
    pub fn handle_timeout(&mut self, now: Duration) {
        if let Some(octets) = self.to_dce.receive(now) {
            self.hear(now, &octets);
        }
        if self.emulator.poll_timeout().is_some_and(|due| due <= now) {
            self.emulator.handle_timeout(now);
        }
        self.collect();
    }

    /// Something came of an [`Effect`].
    pub fn handle_network(&mut self, now: Duration, id: OperationId, event: NetworkEvent) {
        self.emulator.handle_network(now, id, event);
        self.collect();
    }

    /// Something goes wrong with the module.
    pub fn handle_fault(&mut self, now: Duration, fault: Fault) {
        if matches!(fault, Fault::Restart { .. } | Fault::Silence) {
            // What had not crossed the line yet never does.
            self.to_dte.crossing = None;
            self.emulator.withhold();
            self.backlog.clear();
            self.arrived.clear();
        }
        self.emulator.handle_fault(now, fault);
        self.collect();
    }

    /// Somebody holds the power key for a while; see [`Emulator::handle_power_key`].
    pub fn handle_power_key(&mut self, now: Duration) {
        self.emulator.handle_power_key(now);
        self.collect();
    }

    /// The module's world changes, or the module itself; see [`Emulator::configure`].
    pub fn configure(&mut self, now: Duration, change: impl FnOnce(&mut Config)) {
        self.emulator.configure(now, change);
        self.collect();
    }

    /// The module in its present state.
    #[must_use]
    pub const fn module(&self) -> &Emulator {
        &self.emulator
    }

    /// A command line of the DTE; see [`Emulator::poll_line`].
    pub fn poll_line(&mut self) -> Option<String> {
        self.emulator.poll_line()
    }

    /// The name of a command that the module does not know; see [`Emulator::poll_unknown`].
    pub fn poll_unknown(&mut self) -> Option<String> {
        self.emulator.poll_unknown()
    }

    /// What the module wants of the network next.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.emulator.poll_effect()
    }

    /// When [`handle_timeout`](Self::handle_timeout) or [`output`](Self::output) has something to do next.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        [self.emulator.poll_timeout(), self.to_dce.arrival(), self.to_dte.arrival()]
            .into_iter()
            .flatten()
            .min()
    }

    /// What has arrived at the DTE; empty when nothing has.
    pub fn output(&mut self, now: Duration) -> &[u8] {
        if self.arrived.is_empty() {
            self.advance(now);
        }
        &self.arrived
    }

    /// The DTE took so many of the octets that have arrived.
    pub fn consume(&mut self, octets: usize) {
        self.arrived.advance(octets);
    }

    /// Moves the transmitting side of the line on until octets have arrived.
    fn advance(&mut self, now: Duration) {
        loop {
            if self.to_dte.crossing.is_none() {
                self.follow_rate();
                let was_full = self.is_full();
                let Some(piece) = self.backlog.front_mut() else { return self.to_dte.idle() };
                let burst = if self.to_dte.pacer.is_some() { FIFO } else { piece.len() };
                let octets = piece.split_to(burst.min(piece.len()));
                if piece.is_empty() {
                    self.backlog.pop_front();
                }
                self.to_dte.send(now, octets);
                if was_full {
                    self.emulator.handle_timeout(now);
                    self.collect();
                }
            }
            match self.to_dte.receive(now) {
                None => return,
                Some(octets) if octets.is_empty() => {}
                Some(octets) => {
                    self.arrived = match self.mismatch() {
                        Some((dte, module)) => rates::heard(&octets, module, dte).into(),
                        None => octets,
                    };
                    return;
                }
            }
        }
    }

    /// The module hears octets.
    fn hear(&mut self, now: Duration, octets: &[u8]) {
        self.emulator.handle_input(now, octets);
        self.collect();
    }

    /// Takes what the module says, as long as there is room for it.
    fn collect(&mut self) {
        while !self.is_full() {
            let Some(octets) = self.emulator.poll_transmit() else { return };
            self.backlog.push_back(octets);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Place;

    use super::*;

    const NOW: Duration = Duration::ZERO;

    fn uart() -> Uart {
        Uart::new(Config { echo: false, ..Config::default() }, Line::unpaced())
    }

    fn heard(uart: &mut Uart) -> Vec<u8> {
        let mut heard = Vec::new();
        while !uart.output(NOW).is_empty() {
            heard.extend_from_slice(uart.output(NOW));
            uart.consume(uart.arrived.len());
        }
        heard
    }

    /// What a DTE at `rate` hears in answer to `octets`, the line having all the time it needs.
    fn exchange(uart: &mut Uart, now: &mut Duration, rate: u32, octets: &[u8]) -> Vec<u8> {
        uart.set_dte_rate(NonZeroU32::new(rate));
        let mut heard = Vec::new();
        for piece in octets.chunks(16) {
            uart.handle_input(*now, piece);
            for _ in 0..100 {
                *now += Duration::from_millis(10);
                uart.handle_timeout(*now);
                heard.extend_from_slice(uart.output(*now));
                uart.consume(uart.arrived.len());
            }
        }
        heard
    }

    #[test]
    fn a_rate_that_is_not_the_module_s_gets_rubbish_until_it_is() {
        let mut config = Config { echo: false, rate: 9600, ..Config::default() };
        config.timings = crate::Timings::instant();
        let (mut uart, mut now) = (Uart::new(config, Line::serial()), NOW);
        assert_eq!(exchange(&mut uart, &mut now, 9600, b"AT\r"), b"\r\nOK\r\n");
        assert_ne!(exchange(&mut uart, &mut now, 115_200, b"AT\r"), b"\r\nOK\r\n");
        // Whatever the rubbish was, it ends here.
        exchange(&mut uart, &mut now, 9600, b"\r");
        // The result code comes at the old rate, what follows at the new one.
        assert_eq!(exchange(&mut uart, &mut now, 9600, b"AT+IPR=57600\r"), b"\r\nOK\r\n");
        assert_ne!(exchange(&mut uart, &mut now, 9600, b"AT\r"), b"\r\nOK\r\n");
        exchange(&mut uart, &mut now, 57_600, b"\r");
        assert_eq!(exchange(&mut uart, &mut now, 57_600, b"AT\r"), b"\r\nOK\r\n");
        assert_eq!(exchange(&mut uart, &mut now, 57_600, b"AT+IPR=0\r"), b"\r\nOK\r\n");
        for rate in [1200, 115_200] {
            assert_eq!(exchange(&mut uart, &mut now, rate, b"AT\r"), b"\r\nOK\r\n", "{rate}");
        }
    }

    #[test]
    fn every_command_of_a_full_read_is_answered() {
        let mut uart = uart();
        let commands = Uart::CAPACITY / 3;
        uart.handle_input(NOW, &b"AT\r".repeat(commands));
        assert_eq!(heard(&mut uart), b"\r\nOK\r\n".repeat(commands));
    }

    #[test]
    fn nothing_is_taken_from_a_client_that_does_not_read() {
        let mut uart = uart();
        while uart.capacity() > 0 {
            uart.handle_input(NOW, b"AT\r");
        }
        assert_eq!(heard(&mut uart), b"\r\nOK\r\n".repeat(BACKLOG));
        assert_eq!(uart.capacity(), Uart::CAPACITY);
    }

    #[test]
    fn what_nobody_asked_for_is_lost_before_it_fills_the_memory() {
        let mut uart = uart();
        for _ in 0..200_000 {
            uart.handle_fault(NOW, Fault::Inject { place: Place::Now, text: "RING".into() });
        }
        let heard = heard(&mut uart);
        assert!(heard.len() < 1024 * 1024 && heard.starts_with(b"\r\nRING\r\n"), "{} octets", heard.len());
    }

    /// A few octets can ask for very much: `A/` is two, and repeats whatever was said last.
    #[test]
    fn what_is_kept_is_bounded_by_what_it_is_and_not_by_how_it_was_asked_for() {
        let mut uart = uart();
        for _ in 0..40 {
            uart.handle_fault(NOW, Fault::Message { text: "x".repeat(1000) });
        }
        uart.handle_input(NOW, b"AT+CMGF=1\rAT+CMGL=\"ALL\"\r");
        heard(&mut uart);
        uart.handle_input(NOW, b"A/");
        let listing = heard(&mut uart).len();
        assert!(listing > 8_000, "{listing}");
        uart.handle_input(NOW, &b"A/".repeat(Uart::CAPACITY / 2));
        let kept: usize = uart.backlog.iter().map(Bytes::len).sum();
        assert!(kept < BACKLOG_OCTETS + 2 * listing, "{kept} octets are kept");
        assert_eq!(uart.capacity(), 0);
        assert_eq!(heard(&mut uart).len(), Uart::CAPACITY / 2 * listing);
    }
}
