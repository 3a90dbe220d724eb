//! Everything over every kind of port, on embassy's executor; needs loopback, a pseudo-terminal and real time.

use std::error::Error;
use std::fs::File;
use std::net::TcpStream;
use std::sync::mpsc;
use std::thread;

use embassy_executor::{Executor, Spawner};
use embedded_io_adapters::futures_03::FromFutures;
use sim800_embassy::{Driver, Ended, connect};
use sim800_session::{Client, Config, Disconnected, Failure};
use sim800_testbed::{PtyDoor, Running, TcpDoor, conformance};
use smol::Async;
use smol::io::{ReadHalf, WriteHalf};

/// A connection in its two halves, as most UARTs come.
type Tcp = Async<TcpStream>;

// Of each task as many as tests run at once.
#[embassy_executor::task(pool_size = 2)]
async fn run_split(
    driver: Driver,
    rx: FromFutures<ReadHalf<Tcp>>,
    tx: FromFutures<WriteHalf<Tcp>>,
    ended: mpsc::Sender<Result<(), Ended>>,
) {
    ended.send(driver.run_split(rx, tx).await).unwrap();
}

#[embassy_executor::task(pool_size = 2)]
async fn run(driver: Driver, port: FromFutures<Async<File>>, ended: mpsc::Sender<Result<(), Ended>>) {
    ended.send(driver.run(port).await).unwrap();
}

#[embassy_executor::task(pool_size = 2)]
async fn check(client: Client, checked: mpsc::Sender<Result<(), String>>) {
    let result = conformance::check(client).await;
    checked.send(result.map_err(|error| error.to_string())).unwrap();
}

/// Asks once more when the module is gone.
#[embassy_executor::task(pool_size = 2)]
async fn lose(client: Client, module: Running, lost: mpsc::Sender<Failure>) {
    client.find().await.unwrap();
    module.stop().unwrap();
    let source = client.info().await.unwrap_err().failure().clone();
    lost.send(source).unwrap();
}

/// An executor in a thread of its own, which lasts as long as the test.
fn execute(spawn: impl FnOnce(Spawner) + Send + 'static) {
    thread::spawn(|| Box::leak(Box::new(Executor::new())).run(spawn));
}

fn tcp(door: &TcpDoor) -> Tcp {
    let stream = TcpStream::connect(door.address().unwrap()).unwrap();
    stream.set_nodelay(true).unwrap();
    Async::new(stream).unwrap()
}

#[test]
fn over_tcp_in_two_halves() -> Result<(), Box<dyn Error>> {
    let door = TcpDoor::bind("127.0.0.1:0")?;
    let (rx, tx) = smol::io::split(tcp(&door));
    let _module = conformance::module(door)?;
    let (checked, result) = mpsc::channel();
    let (ended, end) = mpsc::channel();
    execute(move |spawner| {
        let (client, driver) = connect(Config::default());
        spawner.spawn(run_split(driver, FromFutures::new(rx), FromFutures::new(tx), ended).unwrap());
        spawner.spawn(check(client, checked).unwrap());
    });
    assert_eq!(result.recv()?, Ok(()));
    assert_eq!(end.recv()?, Ok(()));
    Ok(())
}

#[test]
fn over_a_pty_of_one_piece() -> Result<(), Box<dyn Error>> {
    let door = PtyDoor::open(None)?;
    let port = Async::new(sim800_serial::open(door.path(), &Config::default())?)?;
    let _module = conformance::module(door)?;
    let (checked, result) = mpsc::channel();
    let (ended, end) = mpsc::channel();
    execute(move |spawner| {
        let (client, driver) = connect(Config::default());
        spawner.spawn(run(driver, FromFutures::new(port), ended).unwrap());
        spawner.spawn(check(client, checked).unwrap());
    });
    assert_eq!(result.recv()?, Ok(()));
    assert_eq!(end.recv()?, Ok(()));
    Ok(())
}

#[test]
fn a_line_that_is_closed_ends_the_session_and_tells_its_clients() -> Result<(), Box<dyn Error>> {
    let door = TcpDoor::bind("127.0.0.1:0")?;
    let (rx, tx) = smol::io::split(tcp(&door));
    let module = conformance::module(door)?;
    let (lost, loss) = mpsc::channel();
    let (ended, end) = mpsc::channel();
    execute(move |spawner| {
        let (client, driver) = connect(Config::default());
        spawner.spawn(run_split(driver, FromFutures::new(rx), FromFutures::new(tx), ended).unwrap());
        spawner.spawn(lose(client, module, lost).unwrap());
    });
    assert_eq!(end.recv()?, Err(Ended::Closed));
    assert_eq!(loss.recv()?, Failure::Disconnected(Disconnected::Ended));
    Ok(())
}
