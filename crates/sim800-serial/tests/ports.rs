//! What is opened, and how, on pseudo-terminals.

use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use rustix::termios::{ControlModes, InputModes, LocalModes, Termios, tcgetattr};
use sim800_serial::Pace;
use sim800_session::{Config, Dtr, FlowControl};
use sim800_testbed::PtyDoor;

fn settings(path: &Path) -> Termios {
    tcgetattr(std::fs::File::open(path).expect("there")).expect("a terminal")
}

#[test]
fn a_port_is_raw_at_the_rate_that_was_asked_for() {
    let door = PtyDoor::open(None).expect("a terminal");
    let mut config = Config::default();
    config.rate = 460_800;
    config.flow_control = FlowControl::Hardware;
    let port = sim800_serial::open(door.path(), &config).expect("opened");
    let set = tcgetattr(&port).expect("a terminal");
    assert_eq!((set.input_speed(), set.output_speed()), (460_800, 460_800));
    assert!(set.control_modes.contains(ControlModes::CLOCAL | ControlModes::CREAD | ControlModes::CRTSCTS));
    assert!(!set.local_modes.intersects(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG));
    assert!(!set.input_modes.intersects(InputModes::IXON | InputModes::ICRNL | InputModes::ISTRIP));
}

#[test]
fn a_port_in_use_is_left_as_it_is() {
    let door = PtyDoor::open(None).expect("a terminal");
    let first = sim800_serial::open(door.path(), &Config::default()).expect("opened");
    let mut other = Config::default();
    other.rate = 9_600;
    let error = sim800_serial::open(door.path(), &other).expect_err("in use");
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    assert_eq!(settings(door.path()).output_speed(), 115_200);
    // Given back, it can be opened again, with other settings.
    drop(first);
    let _port = sim800_serial::open(door.path(), &other).expect("opened");
    assert_eq!(settings(door.path()).output_speed(), 9_600);
}

#[test]
fn what_is_no_port_is_called_so() {
    let error = sim800_serial::open(Path::new("/dev/null"), &Config::default()).expect_err("no port");
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    let error = sim800_serial::open(Path::new("/dev/nothing"), &Config::default()).expect_err("nothing");
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
}

#[test]
fn closing_leaves_dtr_alone_where_that_was_asked_for() {
    let door = PtyDoor::open(None).expect("a terminal");
    let mut config = Config::default();
    for (dtr, hangs_up) in [(Dtr::On, true), (Dtr::Off, true), (Dtr::Keep, false)] {
        // As systems have it at first.
        let mut modes = settings(door.path());
        modes.control_modes |= ControlModes::HUPCL;
        let file = std::fs::File::open(door.path()).expect("there");
        rustix::termios::tcsetattr(&file, rustix::termios::OptionalActions::Now, &modes).expect("set");
        config.dtr = dtr;
        let port = sim800_serial::open(door.path(), &config).expect("opened");
        let set = tcgetattr(&port).expect("a terminal");
        assert_eq!(set.control_modes.contains(ControlModes::HUPCL), hangs_up, "{dtr:?}");
    }
}

#[test]
fn a_port_that_another_program_has_locked_is_not_even_set_to_what_it_is() {
    let door = PtyDoor::open(None).expect("a terminal");
    let holder = std::fs::File::open(door.path()).expect("there");
    rustix::fs::flock(&holder, rustix::fs::FlockOperation::LockExclusive).expect("locked");
    let before = settings(door.path());
    let error = sim800_serial::open(door.path(), &Config::default()).expect_err("in use");
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    assert_eq!(settings(door.path()).control_modes, before.control_modes);
    assert_eq!(settings(door.path()).local_modes, before.local_modes);
}

#[test]
fn the_other_end_of_a_pseudo_terminal_sees_and_follows_the_pace() {
    let door = PtyDoor::open(None).expect("a terminal");
    let master = std::fs::File::from(door.as_fd().try_clone_to_owned().expect("a descriptor"));
    let port = sim800_serial::open(door.path(), &Config::default()).expect("opened");
    let usual = Pace { rate: 115_200, flow_control: FlowControl::None };
    assert_eq!(Pace::read(&master).expect("a terminal"), usual);
    for pace in [
        Pace { rate: 460_800, flow_control: FlowControl::Hardware },
        Pace { rate: 250_000, flow_control: FlowControl::None },
    ] {
        pace.set(&port).expect("set");
        assert_eq!(Pace::read(&master).expect("a terminal"), pace);
        assert_eq!(Pace::read(&port).expect("a terminal"), pace);
    }
}
