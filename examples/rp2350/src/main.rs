//! A data logger on an RP2350, as on a Raspberry Pi Pico 2: the module is at UART0 (GP0 to its RXD, GP1 from its TXD), and the next firmware
//! comes into the second half of the flash.
#![no_std]
#![no_main]

use core::panic::PanicInfo;

use cortex_m::peripheral::SCB;
use embassy_executor::Spawner;
use embassy_rp::adc::{self, Adc, Channel};
use embassy_rp::flash::Flash;
use embassy_rp::uart::{self, BufferedInterruptHandler, BufferedUart, BufferedUartRx, BufferedUartTx};
use embassy_rp::{bind_interrupts, peripherals};
use sim800_embassy::Driver;
use sim800_logger::{Plan, Slot, Source};
use static_cell::ConstStaticCell;

const PLAN: Plan = Plan {
    apn: "internet",
    report: "http://example.com/readings",
    firmware: Source {
        host: "ftp.example.com",
        user: "logger",
        password: "sesame",
        path: concat!("/rp2350/after-", env!("CARGO_PKG_VERSION"), ".bin"),
    },
};

/// Octets of flash on a Pico 2.
const FLASH: usize = 4 << 20;

#[global_allocator]
static HEAP: emballoc::Allocator<{ 48 * 1024 }> = emballoc::Allocator::new();

/// At 115,200 bit/s, 44 ms.
static RECEIVED: ConstStaticCell<[u8; 512]> = ConstStaticCell::new([0; 512]);
static SENT: ConstStaticCell<[u8; 64]> = ConstStaticCell::new([0; 64]);

bind_interrupts!(struct Interrupts {
    UART0_IRQ => BufferedInterruptHandler<peripherals::UART0>;
});

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let board = embassy_rp::init(Default::default());
    let config = sim800_logger::config();
    let mut line_config = uart::Config::default();
    line_config.baudrate = config.rate;
    let uart = BufferedUart::new(
        board.UART0,
        board.PIN_0,
        board.PIN_1,
        Interrupts,
        SENT.take(),
        RECEIVED.take(),
        line_config,
    );
    let (tx, rx) = uart.split();
    let (client, driver) = sim800_embassy::connect(config);
    let Ok(line) = line(driver, rx, tx) else { SCB::sys_reset() };
    spawner.spawn(line);

    let mut adc = Adc::new_blocking(board.ADC, adc::Config::default());
    let mut temperature = Channel::new_temp_sensor(board.ADC_TEMP_SENSOR);
    let measure = || adc.blocking_read(&mut temperature).map_or(-1, i32::from);
    // Nothing runs while flash is erased or written, interrupts included. Erasing comes before there is an FTP session, and what the line
    // brings while a page is written (under a millisecond) is held by the UART.
    let flash = Flash::<_, _, FLASH>::new_blocking(board.FLASH);
    let mut slot = Slot::new(flash, FLASH as u32 / 2..FLASH as u32);
    sim800_logger::run(&client, &PLAN, &mut slot, measure).await;
    SCB::sys_reset()
}

#[embassy_executor::task]
async fn line(driver: Driver, rx: BufferedUartRx, tx: BufferedUartTx) {
    // A UART that does nothing but fail is set up anew.
    let _ended = driver.run_split(rx, tx).await;
    SCB::sys_reset()
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    SCB::sys_reset()
}
