//! Everything over every kind of port; needs loopback, a pseudo-terminal and real time.

use std::io;

use sim800_session::{Config, Endpoint, FlowControl};
use sim800_testbed::{PtyDoor, TcpDoor, conformance};

/// Opens the port, runs the driver, and lets everything be done.
fn conforms(endpoint: &Endpoint, config: Config) {
    smol::block_on(async {
        let (client, driver) = sim800_smol::open(endpoint, config).await.unwrap();
        let driver = smol::spawn(driver);
        conformance::check(client).await.unwrap();
        driver.await.unwrap();
    });
}

#[test]
fn over_a_pty() {
    let door = PtyDoor::open(None).unwrap();
    let endpoint = Endpoint::Serial(door.path().to_owned());
    let _module = conformance::module(door).unwrap();
    conforms(&endpoint, Config::default());
    // Given back, it can be opened again, with other settings.
    let mut config = Config::default();
    config.rate = 460_800;
    config.flow_control = FlowControl::Hardware;
    conforms(&endpoint, config);
}

#[test]
fn over_tcp() {
    let door = TcpDoor::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("tcp://{}", door.address().unwrap()).parse().unwrap();
    let _module = conformance::module(door).unwrap();
    conforms(&endpoint, Config::default());
}

#[test]
fn a_pty_without_a_module_any_more_ends_the_session() {
    let door = PtyDoor::open(None).unwrap();
    let path = door.path().to_owned();
    let module = conformance::module(door).unwrap();
    smol::block_on(async {
        let (client, driver) = sim800_smol::open_serial(&path, Config::default()).unwrap();
        let driver = smol::spawn(driver);
        client.find().await.unwrap();
        module.stop().unwrap();
        assert_eq!(driver.await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert!(client.info().await.is_err());
    });
}
