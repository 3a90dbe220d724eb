//! The UART, by interrupts: that of Arm's Cortex-M System Design Kit (technical reference manual, 4.3).

use core::cell::RefCell;
use core::convert::Infallible;
use core::future::poll_fn;
use core::task::Poll;

use critical_section::Mutex;
use embassy_sync::waitqueue::AtomicWaker;
use embedded_io_async::{ErrorType, Read, Write};
use heapless::Deque;
use safe_mmio::fields::{ReadPure, ReadPureWrite, ReadWrite};
use safe_mmio::{UniqueMmioPointer, field, field_shared};

/// Octets that came and that nobody has taken: 22 ms of the line at 115,200 bit/s.
const RECEIVED: usize = 256;

/// From so many on, somebody is told; of fewer, when the line has been idle for a tick.
const ENOUGH: usize = 64;

/// The UART has no queue of its own.
#[repr(C)]
pub(crate) struct Registers {
    data: ReadWrite<u32>,
    state: ReadPure<u32>,
    control: ReadPureWrite<u32>,
    interrupts: ReadPureWrite<u32>,
    divisor: ReadPureWrite<u32>,
}

/// State: an octet waits to be sent.
const SENDING: u32 = 1 << 0;
/// State: an octet waits to be read.
const RECEIVED_ONE: u32 = 1 << 1;
/// Control: both directions work.
const ENABLED: u32 = 0b11;
/// Control: it interrupts when an octet was sent.
const TELLS_SENT: u32 = 1 << 2;
/// Control: it interrupts when an octet has come.
const TELLS_RECEIVED: u32 = 1 << 3;
/// The least divisor.
const DIVISOR_MIN: u32 = 16;

type Pointer = UniqueMmioPointer<'static, Registers>;

static REGISTERS: Mutex<RefCell<Option<Pointer>>> = Mutex::new(RefCell::new(None));
static INCOMING: Mutex<RefCell<Incoming>> =
    Mutex::new(RefCell::new(Incoming { octets: Deque::new(), is_idle: false }));
static CAME: AtomicWaker = AtomicWaker::new();
static ROOM: AtomicWaker = AtomicWaker::new();

/// What has come.
struct Incoming {
    octets: Deque<u8, RECEIVED>,
    /// Nothing came for a tick.
    is_idle: bool,
}

/// What comes from the line.
pub(crate) struct Rx(());

/// What goes to it.
pub(crate) struct Tx(());

/// The two halves of a UART that runs at `hertz`; `None` when it does not do that rate.
pub(crate) fn open(mut registers: Pointer, hertz: u32, baud: u32) -> Option<(Rx, Tx)> {
    let divisor = hertz.checked_div(baud).filter(|divisor| *divisor >= DIVISOR_MIN)?;
    field!(registers, divisor).write(divisor);
    field!(registers, control).write(ENABLED | TELLS_RECEIVED);
    critical_section::with(|section| REGISTERS.replace(section, Some(registers)));
    Some((Rx(()), Tx(())))
}

/// Lets `work` have the registers; `None` before they are there.
fn with<R>(work: impl FnOnce(&mut Pointer) -> R) -> Option<R> {
    critical_section::with(|section| REGISTERS.borrow_ref_mut(section).as_mut().map(work))
}

/// Has it interrupt by the event `which`, or not.
fn tell(registers: &mut Pointer, which: u32, tells: bool) {
    let control = field_shared!(*registers, control).read();
    field!(*registers, control).write(if tells { control | which } else { control & !which });
}

impl ErrorType for Rx {
    type Error = Infallible;
}

impl Read for Rx {
    async fn read(&mut self, room: &mut [u8]) -> Result<usize, Infallible> {
        let read = poll_fn(|context| {
            CAME.register(context.waker());
            critical_section::with(|section| {
                let Incoming { octets, is_idle } = &mut *INCOMING.borrow_ref_mut(section);
                if octets.is_empty() || octets.len() < ENOUGH && !*is_idle {
                    return Poll::Pending;
                }
                let taken = room.iter_mut().map_while(|place| octets.pop_front().map(|octet| *place = octet));
                Poll::Ready(taken.count())
            })
        })
        .await;
        // There is room for more.
        with(receive);
        Ok(read)
    }
}

impl ErrorType for Tx {
    type Error = Infallible;
}

impl Write for Tx {
    async fn write(&mut self, octets: &[u8]) -> Result<usize, Infallible> {
        let Some(octet) = octets.first() else { return Ok(0) };
        poll_fn(|context| {
            ROOM.register(context.waker());
            with(|registers| {
                if field_shared!(*registers, state).read() & SENDING != 0 {
                    tell(registers, TELLS_SENT, true);
                    return Poll::Pending;
                }
                field!(*registers, data).write(u32::from(*octet));
                Poll::Ready(Ok(1))
            })
            .unwrap_or(Poll::Pending)
        })
        .await
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        // What is in the UART leaves it by itself.
        Ok(())
    }
}

/// Takes what has come, as far as there is room; the rest stays where it is, which stops the other side, as RTS does.
fn receive(registers: &mut Pointer) {
    let (came, has_room) = critical_section::with(|section| {
        let Incoming { octets, is_idle } = &mut *INCOMING.borrow_ref_mut(section);
        while !octets.is_full() && field_shared!(*registers, state).read() & RECEIVED_ONE != 0 {
            // There is room.
            let _ = octets.push_back(field!(*registers, data).read() as u8);
            *is_idle = false;
        }
        (octets.len(), !octets.is_full())
    });
    tell(registers, TELLS_RECEIVED, has_room);
    if came >= ENOUGH {
        CAME.wake();
    }
}

/// A tick has gone by.
pub(crate) fn tick() {
    let is_idle = critical_section::with(|section| {
        core::mem::replace(&mut INCOMING.borrow_ref_mut(section).is_idle, true)
    });
    if !is_idle {
        CAME.wake();
    }
}

/// Does what it interrupted for.
pub(crate) fn serve() {
    with(|registers| {
        let events = field_shared!(*registers, interrupts).read();
        field!(*registers, interrupts).write(events);
        tell(registers, TELLS_SENT, false);
        receive(registers);
    });
    ROOM.wake();
}
