//! The machine: an Arm MPS2 with the image AN385, a Cortex-M3, as QEMU's `mps2-an385`. It has room for any program, where that of the
//! other programs ends at 256 KiB.
//!
//! All that a microcontroller cannot do without `unsafe` is here, and in the allocator.
#![expect(unsafe_code, reason = "an address becomes registers, and interrupts begin to run")]

use core::panic::PanicInfo;
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicBool, Ordering};

use cortex_m::interrupt::InterruptNumber;
use cortex_m::peripheral::NVIC;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::{ExceptionFrame, exception};
use embassy_executor::Spawner;
use embassy_executor::raw::Executor;
use embassy_time::TICK_HZ;
use safe_mmio::UniqueMmioPointer;
use semihosting::{eprintln, process};
use static_cell::StaticCell;

use crate::clock;
use crate::uart::{self, Registers, Rx, Tx};

/// UART0 (application note AN385, table 4-1).
const UART0: NonNull<Registers> =
    NonNull::new(ptr::without_provenance_mut(0x4000_4000)).expect("an address that is not null");

/// The rate that the core runs at (application note AN385, 3.1).
const HERTZ: u32 = 25_000_000;

/// The interrupts of UART0 (application note AN385, table 5-1).
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
enum Interrupt {
    Receive = 0,
    Transmit = 1,
}

// SAFETY: the numbers are those of this machine.
unsafe impl InterruptNumber for Interrupt {
    fn number(self) -> u16 {
        self as u16
    }
}

/// Lets time and the UART begin, once; `None` when they have begun already, or when the UART does not do that rate.
pub(crate) fn begin(baud: u32) -> Option<(Rx, Tx)> {
    let mut core = cortex_m::Peripherals::take()?;
    // SAFETY: the machine has the registers of a UART there for as long as it runs, and as the line above succeeds once, this is the
    // only pointer to them.
    let registers = unsafe { UniqueMmioPointer::new(UART0) };
    let halves = uart::open(registers, HERTZ, baud)?;
    core.SYST.set_clock_source(SystClkSource::Core);
    core.SYST.set_reload(HERTZ / TICK_HZ as u32 - 1);
    core.SYST.clear_current();
    core.SYST.enable_counter();
    core.SYST.enable_interrupt();
    for interrupt in [Interrupt::Receive, Interrupt::Transmit] {
        // SAFETY: no critical section is made by masking it.
        unsafe { NVIC::unmask(interrupt) };
    }
    Some(halves)
}

#[exception]
fn SysTick() {
    clock::tick();
    uart::tick();
}

/// Whether a task was woken since they were looked at.
static IS_WOKEN: AtomicBool = AtomicBool::new(false);

/// What embassy calls when it wakes one.
#[unsafe(export_name = "__pender")]
fn pend(_executor: *mut ()) {
    IS_WOKEN.store(true, Ordering::Relaxed);
}

/// Runs what `begin` spawns, and has the core sleep while nothing is to be done. Embassy's own executor waits for an event instead,
/// which QEMU does not.
pub(crate) fn execute(begin: impl FnOnce(Spawner)) -> ! {
    static EXECUTOR: StaticCell<Executor> = StaticCell::new();
    let executor: &'static Executor = EXECUTOR.init(Executor::new(ptr::null_mut()));
    apart(|| begin(executor.spawner()));
    loop {
        // SAFETY: nobody else polls it.
        unsafe { executor.poll() };
        critical_section::with(|_| {
            if !IS_WOKEN.swap(false, Ordering::Relaxed) {
                // An interrupt ends that, and is served as soon as the critical section is over.
                cortex_m::asm::wfi();
            }
        });
    }
}

/// What is on the stack for this does not stay there for good.
#[inline(never)]
fn apart(work: impl FnOnce()) {
    work();
}

/// Where it was, and why, would be texts in the flash, for each place that may: nothing of ours does.
#[panic_handler]
fn panic(_info: &PanicInfo<'_>) -> ! {
    eprintln!("a panic; semihosting's own handler would tell where");
    process::exit(1)
}

/// The stack has met the variables, most likely.
#[exception]
unsafe fn HardFault(_frame: &ExceptionFrame) -> ! {
    eprintln!("a fault; is there enough of a stack?");
    process::exit(1)
}

#[exception]
unsafe fn DefaultHandler(number: i16) {
    if number == Interrupt::Receive as i16 || number == Interrupt::Transmit as i16 {
        uart::serve();
    }
}
