//! What drives a simulation.

use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use sim800_emulator::{Config, Fault, Line, Uart};
use sim800_session::{Client, Direction, Runtime};
use thiserror::Error;

use crate::clock::Clock;
use crate::network::Network;
use crate::port::{Port, Socket};
use crate::wire::{Crossing, Incident, When, Wire};

/// How long a run may take, in virtual time, unless told otherwise.
const TIME_LIMIT: Duration = Duration::from_secs(3600);
/// How many rounds may pass while time stands still. Far more than any exchange takes: an upload of as many octets as the
/// module holds, one at a time on a line that takes no time, is two million.
const ROUNDS: u32 = 10_000_000;

/// Why a future does not get ready in a [`World`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Stall {
    /// There is nothing to wait for.
    #[error("deadlock at {0:?}: everybody waits for somebody else, and nobody for time")]
    Deadlock(Duration),
    /// Somebody is polled again and again without getting anywhere.
    #[error("time stands still at {0:?}: somebody is busy with nothing")]
    Busy(Duration),
    /// Somebody sleeps on.
    #[error("time stands still at {0:?}: the deadline {1:?} has passed and nobody minds")]
    Neglect(Duration, Duration),
    /// It takes longer than [`World::limit_time`] allows.
    #[error("not done within {0:?} of virtual time")]
    TimeLimit(Duration),
}

/// A module, the line to it, the network behind it, and the clock of them all.
pub struct World {
    clock: Clock,
    uart: Uart,
    socket: Socket,
    network: Network,
    tasks: Vec<Task>,
    wire: Wire,
    cuts: Vec<usize>,
    time_limit: Duration,
    /// Until when nobody polls futures.
    paused_until: Duration,
}

struct Task {
    future: Pin<Box<dyn Future<Output = ()>>>,
    flag: Arc<Flag>,
    waker: Waker,
}

/// Whether a future wants to be polled.
struct Flag(AtomicBool);

impl Flag {
    /// One that is raised, and what raises it again.
    fn raised() -> (Arc<Self>, Waker) {
        let flag = Arc::new(Self(AtomicBool::new(true)));
        (Arc::clone(&flag), flag.into())
    }

    fn take(&self) -> bool {
        self.0.load(Ordering::Relaxed) && self.0.swap(false, Ordering::Relaxed)
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl World {
    /// A module on a line that takes no time.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self::on_line(config, Line::unpaced())
    }

    /// A module on a line of a certain rate.
    #[must_use]
    pub fn on_line(config: Config, line: Line) -> Self {
        Self {
            clock: Clock::default(),
            uart: Uart::new(config, line),
            socket: Socket::unconnected(),
            network: Network::default(),
            tasks: Vec::new(),
            wire: Wire::default(),
            cuts: Vec::new(),
            time_limit: TIME_LIMIT,
            paused_until: Duration::ZERO,
        }
    }

    /// Lets the reads of ports connected from now on get at most so many octets: one size after the other, and round again.
    pub fn cut_reads(&mut self, sizes: &[usize]) {
        self.cuts = sizes.to_vec();
    }

    /// How much virtual time a [`run`](Self::run) may take; an hour at first.
    pub fn limit_time(&mut self, limit: Duration) {
        self.time_limit = limit;
    }

    /// Connects a new port to the module. The line ends for the port before, the module notices nothing.
    pub fn connect(&mut self) -> Port {
        let (socket, port) = Socket::connected(&self.cuts);
        self.socket = socket;
        port
    }

    /// Begins a session with the module, over a new port.
    pub fn open(&mut self, config: sim800_session::Config) -> Client {
        let port = self.connect();
        let (client, driver) = sim800_session::connect(port, Arc::new(self.clock()), config);
        self.spawn(async move {
            let _ended = driver.await;
        });
        client
    }

    /// The clock, which is the sessions' runtime, too.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.clock.clone()
    }

    /// What the module reaches by HTTP and FTP.
    #[must_use]
    pub fn network(&self) -> Network {
        self.network.clone()
    }

    /// Lets something go wrong with the module now.
    pub fn fault(&mut self, fault: Fault) {
        self.uart.handle_fault(self.clock.now(), fault);
    }

    /// Lets something go wrong with the module at a certain time on the clock.
    pub fn fault_at(&mut self, time: Duration, fault: Fault) {
        self.plan(When::At(time), Incident::Fault(fault));
    }

    /// Plans something for later, and tells its number. Of what is due at once, what was planned first happens first.
    pub fn plan(&mut self, when: When, incident: Incident) -> usize {
        self.wire.plan(when, incident)
    }

    /// Cancels all that was planned and has not happened.
    pub fn cancel_plans(&mut self) {
        self.wire.clear();
    }

    /// The numbers of what has happened of that which was planned, and when it did.
    #[must_use]
    pub fn happened(&self) -> &[(usize, Duration)] {
        self.wire.happened()
    }

    /// How many octets have crossed the line.
    #[must_use]
    pub fn crossed(&self, direction: Direction) -> u64 {
        self.wire.crossed(direction)
    }

    /// Shows `tap` all octets that cross the line from now on.
    pub fn tap(&mut self, tap: impl FnMut(&Crossing<'_>) + 'static) {
        self.wire.tap(Box::new(tap));
    }

    /// Adds a future that goes on beside those that are [run](Self::run), such as a session's driver.
    pub fn spawn(&mut self, future: impl Future<Output = ()> + 'static) {
        let (flag, waker) = Flag::raised();
        self.tasks.push(Task { future: Box::pin(future), flag, waker });
    }

    /// Awaits a future, letting as much time pass as that takes.
    ///
    /// # Panics
    ///
    /// If nobody has anything to wait for any more and the future still is not ready, if virtual time passes the limit, or if time
    /// stands still for good. All of these are found at once, nothing is waited for.
    pub fn run<F: Future>(&mut self, future: F) -> F::Output {
        match self.try_run(future) {
            Ok(output) => output,
            Err(stall) => panic!("{stall}"),
        }
    }

    /// Awaits a future like [`run`](Self::run).
    ///
    /// # Errors
    ///
    /// [`Stall`] where that panics.
    pub fn try_run<F: Future>(&mut self, future: F) -> Result<F::Output, Stall> {
        let mut future = pin!(future);
        let (flag, waker) = Flag::raised();
        let start = self.clock.now();
        let mut rounds = 0;
        loop {
            let mut active = false;
            if !self.is_paused() {
                active = flag.take();
                if active && let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker))
                {
                    return Ok(output);
                }
                active |= self.poll_tasks();
            }
            active |= self.exchange();
            rounds += 1;
            if !active {
                self.pass_time(start)?;
                rounds = 0;
            }
            if rounds >= ROUNDS {
                return Err(Stall::Busy(self.clock.now()));
            }
        }
    }

    /// Lets time pass.
    pub fn run_for(&mut self, duration: Duration) {
        let clock = self.clock();
        let deadline = clock.now() + duration;
        self.run(async move { clock.sleep_until(deadline).await });
    }

    fn is_paused(&self) -> bool {
        self.clock.now() < self.paused_until
    }

    fn poll_tasks(&mut self) -> bool {
        let mut active = false;
        self.tasks.retain_mut(|task| {
            if !task.flag.take() {
                return true;
            }
            active = true;
            task.future.as_mut().poll(&mut Context::from_waker(&task.waker)).is_pending()
        });
        active
    }

    /// Lets module, line and network do what there is to be done now; true if there was something.
    fn exchange(&mut self) -> bool {
        let now = self.clock.now();
        let mut active = false;
        while let Some(incident) = self.wire.poll_incident(now) {
            match incident {
                Incident::Fault(fault) => self.uart.handle_fault(now, fault),
                Incident::Damage(direction, damage) => self.wire.damage(direction, damage),
                Incident::Network(change) => change(&self.network),
                Incident::Pause(pause) => self.paused_until = self.paused_until.max(now + pause),
                // They come one by one, as faults.
                Incident::Lines { .. } => {}
            }
            active = true;
        }
        self.uart.handle_timeout(now);
        while let Some((id, event)) = self.network.poll_event(now) {
            self.uart.handle_network(now, id, event);
            active = true;
        }
        active |= self.socket.exchange(&mut self.uart, &mut self.wire, now);
        while let Some(effect) = self.uart.poll_effect() {
            self.network.execute(now, effect);
            active = true;
        }
        active
    }

    /// Nobody can do anything now: goes to the next time somebody can.
    fn pass_time(&mut self, start: Duration) -> Result<(), Stall> {
        let now = self.clock.now();
        let wake_up = if self.is_paused() { Some(self.paused_until) } else { self.clock.next_deadline() };
        let next = [wake_up, self.uart.poll_timeout(), self.network.poll_timeout(), self.wire.poll_timeout()];
        let Some(next) = next.into_iter().flatten().min() else { return Err(Stall::Deadlock(now)) };
        if next <= now {
            return Err(Stall::Neglect(now, next));
        }
        if next - start > self.time_limit {
            return Err(Stall::TimeLimit(self.time_limit));
        }
        self.clock.advance(next);
        Ok(())
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("now", &self.clock.now())
            .field("tasks", &self.tasks.len())
            .field("wire", &self.wire)
            .finish_non_exhaustive()
    }
}
