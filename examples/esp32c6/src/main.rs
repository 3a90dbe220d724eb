//! A data logger on an ESP32-C6, as on a DevKitC-1: the module is at UART1 (GPIO4 to its RXD, GPIO5 from its TXD), and the next firmware comes
//! into a partition of the flash.
#![no_std]
#![no_main]

use core::panic::PanicInfo;

use embassy_executor::Spawner;
use esp_hal::Async;
use esp_hal::system::software_reset;
use esp_hal::timer::timg::TimerGroup;
use esp_hal::tsens::{self, TemperatureSensor};
use esp_hal::uart::{self, Uart, UartRx, UartTx};
use esp_storage::FlashStorage;
use sim800_embassy::Driver;
use sim800_logger::{Plan, Slot, Source};

esp_bootloader_esp_idf::esp_app_desc!();

const PLAN: Plan = Plan {
    apn: "internet",
    report: "http://example.com/readings",
    firmware: Source {
        host: "ftp.example.com",
        user: "logger",
        password: "sesame",
        path: concat!("/esp32c6/after-", env!("CARGO_PKG_VERSION"), ".bin"),
    },
};

#[esp_hal::main]
async fn main(spawner: Spawner) {
    let board = esp_hal::init(esp_hal::Config::default());
    esp_alloc::heap_allocator!(size: 48 * 1024);
    esp_rtos::start(TimerGroup::new(board.TIMG0).timer0, board.FROM_CPU_INTR0);

    let config = sim800_logger::config();
    let line_config = uart::Config::default().with_baudrate(config.rate);
    // It holds 128 octets itself, and the driver reads as soon as the executor lets it.
    let Ok(uart) = Uart::new(board.UART1, line_config) else { software_reset() };
    let (rx, tx) = uart.with_tx(board.GPIO4).with_rx(board.GPIO5).into_async().split();
    let (client, driver) = sim800_embassy::connect(config);
    let Ok(line) = line(driver, rx, tx) else { software_reset() };
    spawner.spawn(line);

    let Ok(sensor) = TemperatureSensor::new(board.TSENS, tsens::Config::default()) else { software_reset() };
    let measure = || sensor.get_temperature().to_celsius() as i32;
    // The partition `ota_1` of the usual table for 4 MiB with two of them.
    let mut slot = Slot::new(FlashStorage::new(board.FLASH), 0x21_0000..0x40_0000);
    sim800_logger::run(&client, &PLAN, &mut slot, measure).await;
    software_reset()
}

#[embassy_executor::task]
async fn line(driver: Driver, rx: UartRx<'static, Async>, tx: UartTx<'static, Async>) {
    // A UART that does nothing but fail is set up anew.
    let _ended = driver.run_split(rx, tx).await;
    software_reset()
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    software_reset()
}
