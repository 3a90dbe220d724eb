//! `sim800 emulate`.

use std::env;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use sim800_emulator::{Config, Sim};
use sim800_session::Password;
use sim800_testbed::{Control, DirectoryStorage, Door, Journal, Line, Module, PtyDoor, Sight, TcpDoor};

use crate::args::{Emulate, Options};
use crate::failure::Failure;
use crate::output::{Output, Report};
use crate::signals::interruptible;

/// What the link to the pty is called unless a name is given.
const LINK: &str = "sim800";

pub(crate) fn run(arguments: &Emulate, options: &Options, output: Output) -> Result<Report, Failure> {
    let mut config = Config::default();
    config.apn.clone_from(&options.apn);
    if options.apn_user.is_some() || options.apn_password.is_some() {
        let password = options.apn_password.as_ref().map(Password::reveal).unwrap_or_default();
        let user = options.apn_user.clone().unwrap_or_default();
        config.apn_credentials = Some((user, password.to_owned()));
    }
    config.sim = match &options.pin {
        _ if arguments.puk => Sim::PukRequired,
        Some(pin) => Sim::PinRequired { pin: pin.reveal().to_owned() },
        None => Sim::Ready,
    };
    if let Some(directory) = &arguments.fs {
        // With the room that the module has without it.
        let storage = DirectoryStorage::open(directory, config.storage.capacity())
            .map_err(|error| Failure::file("keep files in", directory, &error))?;
        config.storage = Arc::new(storage);
    }
    if let Some(address) = &arguments.tcp {
        let failed = |error| Failure::port(&format!("cannot listen on {address}"), &error);
        let door = TcpDoor::bind(address.as_str()).map_err(failed)?;
        let port = format!("tcp://{}", door.address().map_err(failed)?);
        return serve(config, door, &port, options, output);
    }
    let link = arguments.pty.clone().unwrap_or_else(default_link);
    let door = PtyDoor::open(Some(&link)).map_err(|error| Failure::port("cannot offer a pty", &error))?;
    serve(config, door, &link.display().to_string(), options, output)
}

/// Runs a module behind `door` until somebody ends the program.
fn serve(
    config: Config,
    door: impl Door,
    port: &str,
    options: &Options,
    output: Output,
) -> Result<Report, Failure> {
    let remark = format!("a module answers at {port} (use it with: sim800 -p {port} info); Ctrl-C ends it");
    let line = options.rate().map_or_else(Line::unpaced, Line::paced);
    let (control, orders) = Control::new();
    let journal = control.journal().clone();
    // It ends with the program.
    std::thread::spawn(move || tell_unknown(&journal, output));
    let module = Module::new(config, line);
    let ended = smol::block_on(interruptible(async {
        // By a thread of its own, for there may be nobody who reads it.
        smol::unblock(move || output.remark(&remark)).await;
        module.run_with_orders(door, orders).await
    }));
    match ended {
        // The way it is meant to end.
        Err(_) => Ok(Report { fields: vec![("port", json!(port))], ..Report::default() }),
        Ok(result) => match result {
            Ok(()) => Ok(Report::default()),
            Err(error) => Err(Failure::port(&format!("the port {port} broke"), &error)),
        },
    }
}

/// Tells the commands that the module does not know.
fn tell_unknown(journal: &Journal, output: Output) {
    let mut next = 0;
    loop {
        for entry in journal.wait_since(next, Duration::from_secs(3600)) {
            next = entry.number + 1;
            if let Sight::Unknown(name) = entry.what {
                let name = name.escape_debug();
                output.remark(&format!("AT{name} is refused: the module does not know this command"));
            }
        }
    }
}

/// In a folder that is the user's own, where there is one.
fn default_link() -> PathBuf {
    env::var_os("XDG_RUNTIME_DIR").map_or_else(env::temp_dir, PathBuf::from).join(LINK)
}
