//! Start-up and bearer.

use std::time::Duration;

use sim800_emulator::{Config as ModuleConfig, Fault, Place, Registration, Sim, Start};
use sim800_session::{Bearer, BearerError, Config, Profile, StartUpError};
use sim800_simulation::{Resource, World};

use crate::lab::{Lab, hostile};

#[test]
fn a_running_module_is_made_ready() {
    let mut lab = Lab::new(ModuleConfig::default());
    assert_eq!(lab.start_up(), Ok(()));
    let client = lab.client.clone();
    let info = lab.world.run(async move { client.info().await }).expect("info");
    assert_eq!(info.serial_number, "866771029893217");
    assert_eq!(info.revision, "1418B05SIM800L24");
    assert_eq!(info.operator.as_deref(), Some("T-Mobile D"));
    assert_eq!(info.signal.dbm(), Some(-72));
    assert!(info.registration.is_registered());
}

#[test]
fn a_module_that_just_starts_is_made_ready() {
    for start in [Start::FixedRate, Start::Autobaud] {
        let mut config = ModuleConfig::default();
        config.start = start;
        let mut lab = Lab::new(config);
        assert_eq!(lab.start_up(), Ok(()), "{start:?}");
    }
}

#[test]
fn what_an_earlier_program_left_is_undone() {
    use futures::AsyncWriteExt;

    for left in ["ATQ1\r", "ATV0\r", "ATE1Q1V0\r", "AT+HTTPINIT", "ATE0V0\rAT+CMEE=2\r"] {
        let mut world = World::new(ModuleConfig::default());
        let mut port = world.connect();
        world.run(async { port.write_all(left.as_bytes()).await }).expect("written");
        world.run_for(Duration::from_secs(1));
        let mut lab = Lab::with(world, Config::default());
        assert_eq!(lab.start_up(), Ok(()), "after {left:?}");
    }
}

#[test]
fn start_up_says_what_is_missing() {
    let result = |change: &dyn Fn(&mut ModuleConfig)| {
        let mut config = ModuleConfig::default();
        change(&mut config);
        Lab::new(config).start_up()
    };
    let pin = Sim::PinRequired { pin: "1234".into() };
    assert_eq!(result(&|config| config.sim = pin.clone()), Err(StartUpError::SimPinRequired));
    assert_eq!(result(&|config| config.sim = Sim::Absent), Err(StartUpError::SimNotInserted));
    assert_eq!(result(&|config| config.registration = Registration::Denied), Err(StartUpError::Denied));
    let searching = result(&|config| config.registration = Registration::Searching);
    assert!(matches!(searching, Err(StartUpError::NotRegistered { .. })), "{searching:?}");
    let refused = result(&|config| config.attach = false);
    assert!(matches!(refused, Err(StartUpError::NotAttached(_))), "{refused:?}");
}

#[test]
fn a_module_that_was_detached_is_attached() {
    use futures::AsyncWriteExt;

    let mut world = World::new(ModuleConfig::default());
    let mut port = world.connect();
    world.run(async { port.write_all(b"AT+CGATT=0\r").await }).expect("written");
    world.run_for(Duration::from_secs(1));
    let mut lab = Lab::with(world, Config::default());
    assert_eq!(lab.start_up(), Ok(()));
    let client = lab.client.clone();
    lab.world.run(async move { Bearer::open(&client, &Profile::new("internet")).await }).expect("open");
}

#[test]
fn a_silent_module_is_given_up_in_time() {
    let mut lab = Lab::new(ModuleConfig::default());
    lab.world.fault(Fault::Silence);
    let before = sim800_session::Runtime::now(&lab.world.clock());
    let result = lab.start_up();
    assert!(matches!(result, Err(StartUpError::NoAnswer { .. })), "{result:?}");
    let took = sim800_session::Runtime::now(&lab.world.clock()) - before;
    assert!(took <= Duration::from_secs(11), "{took:?}");
}

#[test]
fn a_bearer_that_is_open_already_is_used_and_closing_twice_is_no_error() {
    let (mut lab, bearer) = Lab::ready();
    let client = lab.client.clone();
    lab.world.run(async move {
        let again = Bearer::open(&client, &Profile::new("Internet")).await.expect("open");
        let status = again.query().await.expect("status");
        assert!(status.address.is_some());
        bearer.close().await.expect("closed");
        again.close().await.expect("closed again");
    });
}

#[test]
fn a_bearer_that_the_network_refuses_is_an_error() {
    let mut config = ModuleConfig::default();
    config.apn = Some("internet".into());
    let mut lab = Lab::new(config);
    let client = lab.client.clone();
    let result = lab.world.run(async move {
        client.start_up().await.expect("start-up");
        Bearer::open(&client, &Profile::new("nonsense")).await
    });
    assert!(matches!(result, Err(BearerError::Refused(_))), "{result:?}");
}

/// A program that was ended in the middle leaves the rest of what it had asked for to the next one.
#[test]
fn what_an_earlier_program_had_asked_for_answers_nothing() {
    let mut lab = Lab::new(ModuleConfig::default());
    for text in ["OK", "+CPIN: READY", "OK", "+CREG: 0,1", "ERROR", "OK"].iter().cycle().take(300) {
        lab.world.fault(Fault::Inject { place: Place::Now, text: (*text).into() });
    }
    assert_eq!(lab.start_up(), Ok(()));
    let rest = (0..200).map(|n| Duration::from_millis(10 * n));
    let mut lab = Lab::new(ModuleConfig::default());
    for at in rest {
        lab.world.fault_at(at, Fault::Inject { place: Place::Now, text: "OK".into() });
    }
    assert_eq!(lab.start_up(), Ok(()));
    let (bearer, network) = (lab.bearer(), lab.network());
    network.put_resource("http://example.com/file", Resource::new(hostile(1000)));
    assert_eq!(lab.get(&bearer, "http://example.com/file").expect("the file").0, 200);
}
