//! Tells of calls and short messages as they come in. In virtual time, without any hardware: everything but `main` works on any
//! executor.
//!
//! `cargo run -p sim800-session --example listen`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::future::join;
use sim800_emulator::{Config as ModuleConfig, Fault, Place, PowerDown};
use sim800_session::command::Unsolicited;
use sim800_session::{Client, Config, Notice, connect};
use sim800_simulation::World;

async fn listen(client: Client) -> Result<(), Box<dyn Error>> {
    client.start_up().await?;
    let mut notices =
        client.subscribe(|line| matches!(line, Unsolicited::Ring | Unsolicited::MessageStored(_)));
    while let Some(notice) = notices.next().await {
        match notice {
            Notice::Unsolicited(line) => match line.unsolicited() {
                Unsolicited::Ring => println!("somebody calls"),
                stored => println!("a short message came: {stored}"),
            },
            Notice::Missed(lines) => println!("{lines} lines came too fast"),
            Notice::Restarted(sign) => {
                println!("{sign}");
                break;
            }
            _ => {}
        }
    }
    client.close().await;
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut world = World::new(ModuleConfig::default());
    for (second, text) in [(5, "RING"), (10, "+CMTI: \"SM\",3"), (11, "RING")] {
        let line = Fault::Inject { place: Place::Now, text: text.to_owned() };
        world.fault_at(Duration::from_secs(second), line);
    }
    world.fault_at(Duration::from_secs(20), Fault::PowerDown(PowerDown::UnderVoltage));
    let (client, driver) = connect(world.connect(), Arc::new(world.clock()), Config::default());
    let (done, ended) = world.run(join(listen(client), driver));
    ended?;
    done
}
