//! An emulated module in real time: its clock, its line, its door and its network.

use std::io;
use std::pin::{Pin, pin};
use std::sync::mpsc;
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use futures::stream::Stream;
use sim800_emulator::{Config, Fault, Line, Uart};
use smol::Timer;
use smol::channel::Sender;

use crate::door::{Door, Link};
use crate::network::Network;

/// Faults that may wait to be injected.
const FAULTS: usize = 16;

/// An emulated module, not switched on yet.
///
/// It runs as one future that owns everything: sockets are opened and closed within it, and dropping it closes them all at once.
/// The only help from outside is the thread pool that resolves host names.
///
/// The line has hardware flow control: a client that does not read stops it, and loses nothing. What it goes on to ask for waits as
/// well, while the module's timers and network go on; see [`Door`] for what becomes of it when the client leaves.
#[derive(Clone, Debug)]
pub struct Module {
    config: Config,
    line: Line,
    unknown: Option<mpsc::Sender<String>>,
}

impl Module {
    /// A module on a line.
    #[must_use]
    pub const fn new(config: Config, line: Line) -> Self {
        Self { config, line, unknown: None }
    }

    /// Tells the names of commands that the module does not know, each once.
    #[must_use]
    pub fn tell_unknown(self, unknown: mpsc::Sender<String>) -> Self {
        Self { unknown: Some(unknown), ..self }
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
        let mut faults = pin!(faults);
        let mut turns = Turns::new(self, door);
        while std::future::poll_fn(|cx| turns.poll(cx, faults.as_mut())).await? {
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
        let (control, faults) = smol::channel::bounded(FAULTS);
        let thread = std::thread::Builder::new()
            .name("sim800-module".into())
            .spawn(move || smol::block_on(self.run_with_faults(door, faults)))?;
        Ok(Running { control: Some(control), thread: Some(thread) })
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

/// A module that runs on its own thread, until this is dropped.
#[derive(Debug)]
pub struct Running {
    control: Option<Sender<Fault>>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Running {
    /// Lets something go wrong. Without effect if the module has stopped because its door broke.
    pub fn fault(&self, fault: Fault) {
        if let Some(control) = &self.control {
            let _ = control.send_blocking(fault);
        }
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
        drop(self.control.take());
        match self.thread.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(result)) => result,
            Some(Err(panic)) => std::panic::resume_unwind(panic),
        }
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
    timer: Timer,
    buffer: Box<[u8]>,
    unknown: Option<mpsc::Sender<String>>,
}

impl<D: Door> Turns<D> {
    fn new(module: Module, door: D) -> Self {
        Self {
            start: Instant::now(),
            uart: Uart::new(module.config, module.line),
            network: Network::new(),
            door,
            timer: Timer::never(),
            buffer: vec![0; Uart::CAPACITY].into_boxed_slice(),
            unknown: module.unknown,
        }
    }

    /// True after a turn, false at the end, pending when there is nothing to do.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        mut faults: Pin<&mut impl Stream<Item = Fault>>,
    ) -> Poll<io::Result<bool>> {
        let now = self.start.elapsed();
        let mut worked = false;

        match faults.as_mut().poll_next(cx) {
            Poll::Ready(Some(fault)) => {
                self.uart.handle_fault(now, fault);
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
        while let Some(name) = self.uart.poll_unknown() {
            if let Some(unknown) = &self.unknown {
                // Nobody may want to know any more.
                let _ = unknown.send(name);
            }
        }
        while let Some(effect) = self.uart.poll_effect() {
            self.network.execute(effect);
            worked = true;
        }
        worked |= !worked && self.sleep(cx);

        if worked { Poll::Ready(Ok(true)) } else { Poll::Pending }
    }

    /// Hands the client what has arrived for it, all of it: what was said to one client is not for the next.
    fn send(&mut self, cx: &mut Context<'_>, now: Duration) -> io::Result<bool> {
        let mut worked = false;
        loop {
            let octets = self.uart.output(now);
            if octets.is_empty() {
                return Ok(worked);
            }
            let Poll::Ready(taken) = self.door.poll_send(cx, octets) else {
                self.uart.handle_output_pause();
                return Ok(worked);
            };
            self.uart.consume(taken?);
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
                self.uart.handle_input(now, &self.buffer[..taken?]);
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
