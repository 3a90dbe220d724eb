//! An emulated module in real time: its clock, its line, its door and its network.

use std::fmt;
use std::io;
use std::ops::Deref;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use futures::stream::{Stream, StreamExt};
use sim800_emulator::{Config, Fault, Line, Uart};
use sim800_session::{Direction, Trace};
use smol::Timer;

use crate::control::{Control, Order, Orders};
use crate::door::{Door, Link};
use crate::journal::{Journal, Sight};
use crate::network::Network;

/// An emulated module, not switched on yet.
///
/// It runs as one future that owns everything: sockets are opened and closed within it, and dropping it closes them all at once.
/// The only help from outside is the thread pool that resolves host names.
///
/// The line has hardware flow control: a client that does not read stops it, and loses nothing. What it goes on to ask for waits as
/// well, while the module's timers and network go on; see [`Door`] for what becomes of it when the client leaves. A module that was
/// switched off (`AT+CPOWD`) starts when the next client comes, as if that pressed the power key.
pub struct Module {
    config: Config,
    line: Line,
    trace: Option<Box<dyn Trace>>,
}

impl Module {
    /// A module on a line.
    #[must_use]
    pub const fn new(config: Config, line: Line) -> Self {
        Self { config, line, trace: None }
    }

    /// Shows `trace` every octet that crosses the line to a client or from one, as it is: secrets are not masked.
    #[must_use]
    pub fn traced(self, trace: impl Trace + 'static) -> Self {
        Self { trace: Some(Box::new(trace)), ..self }
    }

    /// Switches the module on and runs it where it is awaited, for good. Dropping the future switches it off.
    ///
    /// # Errors
    ///
    /// The door broke. A client that goes away is no error.
    pub async fn run(self, door: impl Door) -> io::Result<()> {
        self.run_with_faults(door, futures::stream::pending()).await
    }

    /// As [`run`](Self::run), with faults from outside: each happens when `faults` yields it, and at their end the module is
    /// switched off.
    ///
    /// # Errors
    ///
    /// The door broke. A client that goes away is no error.
    pub async fn run_with_faults(self, door: impl Door, faults: impl Stream<Item = Fault>) -> io::Result<()> {
        self.turn(door, faults.map(Order::from), Journal::default()).await
    }

    /// As [`run`](Self::run), with whatever a [`Control`] wants of it.
    ///
    /// # Errors
    ///
    /// The door broke. A client that goes away is no error.
    pub async fn run_with_orders(self, door: impl Door, orders: Orders) -> io::Result<()> {
        self.turn(door, orders.received, orders.journal).await
    }

    async fn turn(
        self,
        door: impl Door,
        orders: impl Stream<Item = Order>,
        journal: Journal,
    ) -> io::Result<()> {
        let mut orders = pin!(orders);
        let mut turns = Turns::new(self, door, journal);
        while std::future::poll_fn(|cx| turns.poll(cx, orders.as_mut())).await? {
            // The door may always have something to say; others on this thread have, too.
            smol::future::yield_now().await;
        }
        Ok(())
    }

    /// Switches the module on and runs it on a thread of its own until the handle is dropped.
    ///
    /// # Errors
    ///
    /// The system has no thread to spare.
    pub fn start(self, door: impl Door) -> io::Result<Running> {
        let (control, orders) = Control::new();
        let thread = std::thread::Builder::new()
            .name("sim800-module".into())
            .spawn(move || smol::block_on(self.run_with_orders(door, orders)))?;
        Ok(Running { control, thread: Some(thread) })
    }

    /// As [`start`](Self::start), with a line within the process.
    ///
    /// # Errors
    ///
    /// The system has no thread to spare.
    pub fn start_linked(self) -> io::Result<(Running, Link)> {
        let (link, door) = Link::new();
        Ok((self.start(door)?, link))
    }
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Module").field("line", &self.line).finish_non_exhaustive()
    }
}

/// A module that runs on its own thread, until this is dropped. It is controlled as its [`Control`] is.
#[derive(Debug)]
pub struct Running {
    control: Control,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Running {
    /// A handle that may be cloned and outlives this.
    #[must_use]
    pub const fn control(&self) -> &Control {
        &self.control
    }

    /// Switches the module off.
    ///
    /// # Errors
    ///
    /// The door had broken before.
    pub fn stop(mut self) -> io::Result<()> {
        self.join()
    }

    fn join(&mut self) -> io::Result<()> {
        self.control.stop();
        match self.thread.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(result)) => result,
            Some(Err(panic)) => std::panic::resume_unwind(panic),
        }
    }
}

impl Deref for Running {
    type Target = Control;

    fn deref(&self) -> &Control {
        &self.control
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A panic of the module is told by `stop`; a second one while unwinding would abort.
        if !std::thread::panicking() {
            let _ = self.join();
        }
    }
}

/// The event loop: each turn does a bounded amount of work for everybody who has some.
struct Turns<D> {
    start: Instant,
    uart: Uart,
    network: Network,
    door: D,
    was_on: bool,
    /// How often the module had started.
    starts: u64,
    journal: Journal,
    trace: Option<Box<dyn Trace>>,
    timer: Timer,
    buffer: Box<[u8]>,
}

impl<D: Door> Turns<D> {
    fn new(module: Module, door: D, journal: Journal) -> Self {
        let uart = Uart::new(module.config, module.line);
        Self {
            start: Instant::now(),
            was_on: uart.module().is_on(),
            starts: uart.module().starts(),
            uart,
            network: Network::new(),
            door,
            journal,
            trace: module.trace,
            timer: Timer::never(),
            buffer: vec![0; Uart::CAPACITY].into_boxed_slice(),
        }
    }

    /// True after a turn, false at the end, pending when there is nothing to do.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        mut orders: Pin<&mut impl Stream<Item = Order>>,
    ) -> Poll<io::Result<bool>> {
        let now = self.start.elapsed();
        let mut worked = false;

        match orders.as_mut().poll_next(cx) {
            Poll::Ready(Some(order)) => {
                order.carry_out(&mut self.uart, now);
                worked = true;
            }
            Poll::Ready(None) => return Poll::Ready(Ok(false)),
            Poll::Pending => {}
        }

        while let Poll::Ready((id, event)) = self.network.poll_event(cx) {
            self.uart.handle_network(now, id, event);
            worked = true;
        }
        self.uart.handle_timeout(now);
        worked |= self.send(cx, now)?;
        worked |= self.receive(cx, now)?;
        self.look(now);
        while let Some(effect) = self.uart.poll_effect() {
            if let Some(sight) = Sight::of(&effect) {
                self.journal.write(now, sight);
            }
            self.network.execute(effect);
            worked = true;
        }
        worked |= !worked && self.sleep(cx);

        if worked { Poll::Ready(Ok(true)) } else { Poll::Pending }
    }

    /// Notes what the module saw.
    fn look(&mut self, now: Duration) {
        while let Some(line) = self.uart.poll_line() {
            self.journal.write(now, Sight::Line(line));
        }
        while let Some(name) = self.uart.poll_unknown() {
            self.journal.write(now, Sight::Unknown(name));
        }
        let (is_on, starts) = (self.uart.module().is_on(), self.uart.module().starts());
        // One that takes no time to restart was never seen to be off.
        if std::mem::replace(&mut self.starts, starts) != starts && self.was_on && is_on {
            self.journal.write(now, Sight::Power(false));
            self.was_on = false;
        }
        if std::mem::replace(&mut self.was_on, is_on) != is_on {
            self.journal.write(now, Sight::Power(is_on));
        }
    }

    /// The client's rate, where it makes a difference.
    fn follow_rate(&mut self) {
        if self.uart.follows_rates() {
            self.uart.set_dte_rate(self.door.rate());
        }
    }

    /// Hands the client what has arrived for it, all of it: what was said to one client is not for the next.
    fn send(&mut self, cx: &mut Context<'_>, now: Duration) -> io::Result<bool> {
        let mut worked = false;
        loop {
            self.follow_rate();
            let octets = self.uart.output(now);
            if octets.is_empty() {
                return Ok(worked);
            }
            let Poll::Ready(taken) = self.door.poll_send(cx, octets) else {
                self.uart.handle_output_pause();
                return Ok(worked);
            };
            let taken = taken?;
            if let Some(trace) = &mut self.trace {
                trace.octets(now, Direction::Received, octets.get(..taken).unwrap_or(octets));
            }
            self.uart.consume(taken);
            worked = true;
        }
    }

    /// Takes what the client has to say.
    fn receive(&mut self, cx: &mut Context<'_>, now: Duration) -> io::Result<bool> {
        let capacity = self.uart.capacity();
        if capacity == 0 {
            return Ok(false);
        }
        let received = self.door.poll_receive(cx, &mut self.buffer[..capacity]);
        if self.door.take_opened() {
            // Whoever comes to a module that is off holds its key first.
            self.uart.handle_power_key(now);
        }
        match received {
            Poll::Ready(taken) => {
                self.follow_rate();
                let octets = &self.buffer[..taken?];
                if let Some(trace) = &mut self.trace {
                    trace.octets(now, Direction::Sent, octets);
                }
                self.uart.handle_input(now, octets);
                Ok(true)
            }
            Poll::Pending => {
                self.uart.handle_input_pause();
                Ok(false)
            }
        }
    }

    /// Sets the alarm for whatever is due next; true if that is now.
    fn sleep(&mut self, cx: &mut Context<'_>) -> bool {
        let due = self.uart.poll_timeout();
        let Some(at) = due.and_then(|due| self.start.checked_add(due)) else { return false };
        self.timer.set_at(at);
        Pin::new(&mut self.timer).poll_next(cx).is_ready()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::door::LinkDoor;

    #[test]
    fn a_running_module_can_move_between_threads() {
        fn check(_: impl Send) {}
        let run = |module: Module, door: LinkDoor| check(module.run(door));
        let (_, door) = Link::new();
        run(Module::new(Config::default(), Line::unpaced()), door);
    }
}
