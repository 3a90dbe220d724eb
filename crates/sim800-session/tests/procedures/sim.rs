//! A SIM card that wants its PIN.

use sim800_emulator::{Config as ModuleConfig, Fault, Sim};
use sim800_session::command::Spic;
use sim800_session::{Config, StartUpError};
use sim800_simulation::World;

use crate::lab::Lab;

/// A session that has a PIN for a module whose card wants 1234.
fn lab(pin: &str, at_any_risk: bool) -> Lab {
    let mut module = ModuleConfig::default();
    module.sim = Sim::PinRequired { pin: "1234".into() };
    Lab::with(World::new(module), config(pin, at_any_risk))
}

fn config(pin: &str, at_any_risk: bool) -> Config {
    let mut config = Config::default();
    config.pin = Some(pin.into());
    config.pin_at_any_risk = at_any_risk;
    config
}

/// What the card has left.
fn tries(lab: &mut Lab) -> u8 {
    let client = lab.client.clone();
    lab.world.run(async move { client.query(&Spic, |tries| tries.pin).await }).expect("the card tells")
}

#[test]
fn the_pin_is_entered_and_again_after_a_restart() {
    let mut lab = lab("1234", false);
    assert_eq!(lab.start_up(), Ok(()));
    lab.world.fault(Fault::Restart { announced: true });
    assert_eq!(lab.start_up(), Ok(()));
    assert_eq!(tries(&mut lab), 3);
}

#[test]
fn a_wrong_pin_is_entered_once() {
    let mut lab = lab("4321", true);
    for _ in 0..5 {
        assert_eq!(lab.start_up(), Err(StartUpError::SimPinWrong { left: Some(2) }));
    }
    lab.world.fault(Fault::Restart { announced: true });
    assert_eq!(lab.start_up(), Err(StartUpError::SimPinWrong { left: Some(2) }));
    assert_eq!(tries(&mut lab), 2);
}

#[test]
fn the_last_try_is_left_to_people() {
    let mut lab = lab("4321", false);
    assert_eq!(lab.start_up(), Err(StartUpError::SimPinWrong { left: Some(2) }));
    // Every run of a program is a session of its own, which knows nothing of the one before.
    let mut lab = Lab::with(lab.world, config("4321", false));
    assert_eq!(lab.start_up(), Err(StartUpError::SimPinWrong { left: Some(1) }));
    for _ in 0..3 {
        lab = Lab::with(lab.world, config("1234", false));
        assert_eq!(lab.start_up(), Err(StartUpError::SimPinNotTried { left: Some(1) }));
        assert_eq!(tries(&mut lab), 1);
    }
    let mut lab = Lab::with(lab.world, config("1234", true));
    assert_eq!(lab.start_up(), Ok(()));
}

#[test]
fn a_card_that_was_locked_says_so() {
    let mut lab = lab("4321", true);
    for left in [2, 1, 0] {
        assert_eq!(lab.start_up(), Err(StartUpError::SimPinWrong { left: Some(left) }));
        lab = Lab::with(lab.world, config("4321", true));
    }
    assert_eq!(lab.start_up(), Err(StartUpError::SimPukRequired));
}

#[test]
fn what_is_no_pin_is_not_sent() {
    for pin in ["12345678901", "123456789", "123", "12x4", "12\"34", "12\r34"] {
        let mut lab = lab(pin, true);
        assert_eq!(lab.start_up(), Err(StartUpError::SimPinInvalid), "{pin:?}");
        assert_eq!(tries(&mut lab), 3);
    }
}
