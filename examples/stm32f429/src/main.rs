//! A data logger on an STM32F429, as on a Nucleo-F429ZI: the module is at USART6 (PC6 to its RXD, PC7 from its TXD), and the next
//! firmware comes into the second megabyte of the flash.
#![no_std]
#![no_main]

use core::panic::PanicInfo;

use cortex_m::peripheral::SCB;
use embassy_executor::Spawner;
use embassy_stm32::adc::{Adc, SampleTime};
use embassy_stm32::flash::Flash;
use embassy_stm32::usart::{self, BufferedInterruptHandler, BufferedUart, BufferedUartRx, BufferedUartTx};
use embassy_stm32::{bind_interrupts, peripherals};
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
        path: concat!("/stm32f429/after-", env!("CARGO_PKG_VERSION"), ".bin"),
    },
};

#[global_allocator]
static HEAP: emballoc::Allocator<{ 48 * 1024 }> = emballoc::Allocator::new();

/// At 115,200 bit/s, 44 ms.
static RECEIVED: ConstStaticCell<[u8; 512]> = ConstStaticCell::new([0; 512]);
static SENT: ConstStaticCell<[u8; 64]> = ConstStaticCell::new([0; 64]);

bind_interrupts!(struct Interrupts {
    USART6 => BufferedInterruptHandler<peripherals::USART6>;
});

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let board = embassy_stm32::init(Default::default());
    let config = sim800_logger::config();
    let mut line_config = usart::Config::default();
    line_config.baudrate = config.rate;
    let uart = BufferedUart::new(
        board.USART6,
        board.PC7,
        board.PC6,
        SENT.take(),
        RECEIVED.take(),
        Interrupts,
        line_config,
    );
    let Ok(uart) = uart else { SCB::sys_reset() };
    let (tx, rx) = uart.split();
    let (client, driver) = sim800_embassy::connect(config);
    let Ok(line) = line(driver, rx, tx) else { SCB::sys_reset() };
    spawner.spawn(line);

    let mut adc = Adc::new(board.ADC1);
    let mut temperature = adc.enable_temperature();
    let measure = || adc.blocking_read(&mut temperature, SampleTime::CYCLES480).into();
    // While it is erased, the core goes on in the first megabyte.
    let mut slot = Slot::new(Flash::new_blocking(board.FLASH), 0x10_0000..0x20_0000);
    sim800_logger::run(&client, &PLAN, &mut slot, measure).await;
    SCB::sys_reset()
}

#[embassy_executor::task]
async fn line(driver: Driver, rx: BufferedUartRx<'static>, tx: BufferedUartTx<'static>) {
    // A UART that does nothing but fail is set up anew.
    let _ended = driver.run_split(rx, tx).await;
    SCB::sys_reset()
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    SCB::sys_reset()
}
