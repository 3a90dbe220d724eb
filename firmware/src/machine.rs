//! The machine: a Stellaris LM3S6965, a Cortex-M3, as QEMU's `lm3s6965evb`.
//!
//! All that a microcontroller cannot do without `unsafe` is here: an address becomes the registers of a UART, and the
//! painted stack is read. The libraries have none.

use core::ptr::{self, NonNull};

use arm_pl011_uart::{PL011Registers, Uart as Pl011, UniqueMmioPointer};
use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;

/// UART0 (data sheet of the LM3S6965, 12.4).
const UART0: NonNull<PL011Registers> =
    NonNull::new(ptr::without_provenance_mut(0x4000_C000)).expect("an address that is not null");

/// How many octets the UART holds that nobody has taken yet.
pub const FIFO: usize = 16;

/// How often an empty UART is looked at: many seconds, and not for ever.
const PATIENCE: u32 = 50_000_000;

/// What a program uses of the machine.
pub struct Machine {
    /// The line to the module.
    pub uart: Uart,
    /// What instructions are counted by.
    pub clock: Clock,
}

impl Machine {
    /// The machine, once; `None` when it is taken already.
    #[expect(unsafe_code, reason = "an address becomes registers")]
    pub fn take() -> Option<Self> {
        let mut core = cortex_m::Peripherals::take()?;
        core.SYST.set_clock_source(SystClkSource::Core);
        core.SYST.set_reload(Clock::MAX);
        core.SYST.clear_current();
        core.SYST.enable_counter();
        // SAFETY: the LM3S6965 has the registers of a PL011 there for as long as it runs, and as the line above
        // succeeds once, this is the only pointer to them.
        let registers = unsafe { UniqueMmioPointer::new(UART0) };
        Some(Self { uart: Uart { registers: Pl011::new(registers) }, clock: Clock(()) })
    }

    /// The octets of the stack that were in use at some time since the machine was started.
    #[expect(unsafe_code, reason = "memory is read that belongs to no variable")]
    pub fn stack_used() -> usize {
        unsafe extern "C" {
            /// Where the stack begins, to grow downwards.
            safe static _stack_start: u32;
        }
        let pointer = cortex_m::register::msp::read() as usize;
        let mut lowest = cortex_m_rt::heap_start().cast_const();
        while lowest.addr() < pointer {
            // SAFETY: from the end of the statics to the stack pointer there is RAM, painted word by word before `main`,
            // and neither a heap nor an interrupt that would use it.
            let word = unsafe { lowest.read_volatile() };
            if word != cortex_m_rt::STACK_PAINT_VALUE {
                break;
            }
            lowest = lowest.wrapping_add(1);
        }
        (&raw const _stack_start).addr() - lowest.addr()
    }
}

/// The line to the module, polled.
pub struct Uart {
    registers: Pl011<'static>,
}

impl Uart {
    /// Sets the rate of the line and lets it work.
    pub fn enable(&mut self, baud: u32) -> Result<(), arm_pl011_uart::Error> {
        let config = arm_pl011_uart::LineConfig {
            data_bits: arm_pl011_uart::DataBits::Bits8,
            parity: arm_pl011_uart::Parity::None,
            stop_bits: arm_pl011_uart::StopBits::One,
        };
        self.registers.enable(config, baud, Clock::HERTZ)
    }

    /// Sends `octets`, waiting for room.
    pub fn send(&mut self, octets: &[u8]) {
        for octet in octets {
            while self.registers.is_tx_fifo_full() {}
            self.registers.write_word(*octet);
        }
    }

    /// Waits for octets and takes those that are there; `None` when none come.
    ///
    /// # Errors
    ///
    /// What the line got wrong.
    pub fn receive<'b>(
        &mut self,
        buffer: &'b mut [u8; FIFO],
    ) -> Result<Option<&'b [u8]>, arm_pl011_uart::Error> {
        for _ in 0..PATIENCE {
            let mut count = 0;
            for space in &mut *buffer {
                let Some(octet) = self.registers.read_word()? else { break };
                *space = octet;
                count += 1;
            }
            if count > 0 {
                return Ok(Some(&buffer[..count]));
            }
        }
        Ok(None)
    }
}

/// Counts instructions by the time that they take.
pub struct Clock(());

impl Clock {
    /// The rate that the core runs at after a reset (data sheet of the LM3S6965, 5.2.4).
    const HERTZ: u32 = 12_500_000;
    /// The counter has 24 bits.
    const MAX: u32 = 0x00FF_FFFF;
    /// Nanoseconds that an instruction takes under QEMU's `-icount shift=6`.
    const NANOSECONDS: u32 = 64;

    /// How many instructions `work` takes: at most 20 million.
    pub fn instructions(&mut self, work: impl FnOnce()) -> u32 {
        let start = SYST::get_current();
        work();
        let ticks = start.wrapping_sub(SYST::get_current()) & Self::MAX;
        // The counter counts down, and in steps of 80 ns.
        let tick = 1_000_000_000 / Self::HERTZ;
        (u64::from(ticks) * u64::from(tick) / u64::from(Self::NANOSECONDS)) as u32
    }

    /// Whether instructions take the time that they are counted by.
    pub fn is_exact(&mut self) -> bool {
        // A loop of two instructions, run so many times.
        let counted = self.instructions(|| cortex_m::asm::delay(100_000));
        (199_900..200_100).contains(&counted)
    }
}
