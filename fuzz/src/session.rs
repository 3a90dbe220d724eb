//! The session's procedures beside one another, with the emulated module and its servers, in virtual time.

mod oracle;
mod task;

use std::any::Any;
use std::cell::RefCell;
use std::num::NonZeroU32;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use sim800_emulator::{Config as Module, Damage, Fault, FtpFailure, HttpFailure, Line, MemoryStorage};
use sim800_emulator::{Place, PowerDown, Registration, Storage};
use sim800_session::{Bearer, Client, Config, Direction, Profile, Runtime, connect};
use sim800_simulation::{Incident, Mishap, Resource, When, World};

use crate::script::Script;
use oracle::Doubt;
use task::Task;

/// For the tasks, each, when nothing goes wrong, and for what is done at the end.
const USUAL: Duration = Duration::from_secs(600);
/// For all that follows one thing that goes wrong.
const EACH: Duration = Duration::from_secs(900);

/// What a reader of the program's keeps of the module.
type Kept = Rc<RefCell<Vec<Box<dyn Any>>>>;

/// Whatever is asked for at once, and whatever goes wrong: all of it ends; what is read is what a server had, or there is an
/// error, and what is said to be stored is there; a POST is sent once; what cannot do any harm does none; and when nothing
/// goes wrong any more, files come by HTTP and FTP.
pub fn session(data: &[u8]) {
    let mut script = Script::new(data);
    let tasks = Task::draw_some(&mut script);
    let mut trial = Trial::new(&mut script, &tasks);
    let (client, driver) =
        connect(trial.world.connect(), Arc::new(trial.world.clock()), trial.config.clone());
    let (tell, ended) = futures::channel::oneshot::channel();
    trial.world.spawn(async move { drop(tell.send(driver.await)) });
    let bearer = trial.within(USUAL, prepare(&client)).expect("ready before anything goes wrong");
    trial.plan(&mut script, &tasks);

    let kept = Kept::default();
    let clock = trial.world.clock();
    let all = tasks.iter().map(|task| task.perform(&bearer, &clock, Rc::clone(&kept)));
    let results = trial.within(trial.limit, join_all(all));
    let doubt = trial.doubt();
    for (task, result) in tasks.iter().zip(results) {
        task.judge(result, &doubt, &trial.world.network(), &*trial.storage, &tasks);
    }
    // Nobody keeps anything any more.
    drop(kept.take());
    trial.follow_up(&client, bearer);
    drop(client);
    let ended = trial.within(USUAL, ended);
    assert!(matches!(ended, Ok(Ok(()))), "the driver ended otherwise: {ended:?}");
}

async fn prepare(client: &Client) -> Result<Bearer, String> {
    client.start_up().await.map_err(|error| error.to_string())?;
    Bearer::open(client, &Profile::new("internet")).await.map_err(|error| error.to_string())
}

struct Trial {
    world: World,
    config: Config,
    storage: Arc<dyn Storage>,
    /// By the numbers of the world, which begin at 0.
    incidents: Vec<What>,
    /// In what time all tasks have to end.
    limit: Duration,
}

/// What goes wrong, as far as it matters to what is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// A line that says nothing of what is being done, or the echo.
    Harmless,
    /// An octet on its way to the program.
    Lost,
    Doubled,
    /// The line says something else than was sent, or somebody speaks in the module's name.
    Forged,
    /// The module is off.
    Off,
    /// So many octets that they take a while.
    Flood,
    /// A file on the server becomes another one.
    Changed,
    /// Anything else that may have to end in an error.
    Broken,
}

/// Lines that anything but a transfer may cause (manual 18.2), and that end nothing.
const LINES: [&str; 6] =
    ["RING", "+CREG: 1", "*PSUTTZ: 2026,1,2,3,4,5,\"+4\",0", "Call Ready", "+UGNSINF: 1,1,2026", "DST: 1"];

impl Trial {
    fn new(script: &mut Script<'_>, tasks: &[Task]) -> Self {
        let mut module = Module::default();
        let storage = MemoryStorage::new(190_464);
        for names in [&["User"][..], &["User", "FTP"]] {
            let path: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            storage.make_directory(&path).expect("there is room");
        }
        let storage: Arc<dyn Storage> = Arc::new(storage);
        module.storage = Arc::clone(&storage);
        let rate = script.choose(&[0, 0, 0, 9_600, 115_200]);
        let line = NonZeroU32::new(rate).map_or(Line::unpaced(), Line::paced);
        let mut world = World::on_line(module, line);
        let mut config = Config::default();
        config.rate = NonZeroU32::new(rate).map_or(config.rate, NonZeroU32::get);
        config.window = script.choose(&[None, Some(64), Some(500), Some(4_000)]);
        let cut = script.draw::<u8>();
        if cut % 4 == 1 {
            world.cut_reads(&[usize::from(cut / 4) + 1, 1000]);
        }
        let network = world.network();
        // The answers that open a transfer by FTP have to come within 90 s, all together.
        network.set_latency(Duration::from_millis(script.choose(&[0, 0, 100, 3_000, 15_000])));
        tasks.iter().for_each(|task| task.serve(&network, &*storage));
        network.put_resource(task::FOLLOW_UP_URL, Resource::new(task::FOLLOW_UP));
        network.put_file(task::FOLLOW_UP_PATH, task::FOLLOW_UP);
        Self { world, config, storage, incidents: Vec::new(), limit: USUAL * tasks.len() as u32 }
    }

    fn within<F: Future>(&mut self, limit: Duration, future: F) -> F::Output {
        self.world.limit_time(limit);
        self.world.run(future)
    }

    /// Plans what goes wrong from now on, up to eight things. What the line does to an octet at a place it may do to some behind it.
    fn plan(&mut self, script: &mut Script<'_>, tasks: &[Task]) {
        let now = self.world.clock().now();
        for _ in 0..script.draw::<u8>() % 9 {
            let place = script.draw::<u8>();
            let span = u64::from(script.draw::<u16>());
            let when = match place % 4 {
                0 => When::At(now + Duration::from_millis(span)),
                1 => When::Crossed(Direction::Sent, self.world.crossed(Direction::Sent) + span % 2_048),
                _ => When::Crossed(Direction::Received, self.world.crossed(Direction::Received) + span),
            };
            let (what, incident) = incident(script, tasks);
            let behind = match incident {
                Incident::Damage(direction, damage) => Some((direction, damage)),
                _ => None,
            };
            self.expect(when, what, incident);
            self.limit += EACH;
            let (Some((direction, damage)), When::Crossed(of, octets)) = (behind, when) else { continue };
            let others = if of == direction { u64::from(place / 4 % 16) } else { 0 };
            for further in 1..=others {
                let when = When::Crossed(of, octets + further);
                self.expect(when, what, Incident::Damage(direction, damage));
            }
        }
    }

    fn expect(&mut self, when: When, what: What, incident: Incident) {
        let number = self.world.plan(when, incident);
        assert_eq!(number, self.incidents.len());
        self.incidents.push(what);
    }

    fn happened(&self) -> impl Iterator<Item = What> {
        self.world.happened().iter().map(|(number, _)| self.incidents[*number])
    }

    /// What may be told of the results.
    fn doubt(&self) -> Doubt {
        let has = |what: What| self.happened().any(|happened| happened == what);
        Doubt {
            harmless: self.happened().all(|what| what == What::Harmless),
            // What is lost in one place and comes from nowhere in another adds up.
            forged: has(What::Forged) || has(What::Lost) && (has(What::Doubled) || has(What::Flood)),
            damaged: has(What::Lost) || has(What::Doubled),
            changed: has(What::Changed),
        }
    }

    /// Nothing goes wrong any more; then files come by HTTP and FTP.
    fn follow_up(&mut self, client: &Client, bearer: Bearer) {
        let is_off = self.happened().any(|what| what == What::Off);
        self.world.cancel_plans();
        self.world.fault(Fault::Over);
        self.world.fault(Fault::Registration(Registration::Home));
        if is_off {
            self.world.fault(Fault::Restart { announced: true });
        }
        self.world.network().cancel_mishaps();
        self.world.limit_time(USUAL);
        self.await_silence();
        let done = self.within(USUAL * 2, async {
            if task::fetch_both(&bearer).await.is_ok() {
                return Ok(());
            }
            // Somebody may have closed it, or the module may have been off.
            task::fetch_both(&prepare(client).await?).await
        });
        assert_eq!(done, Ok(()), "no files afterwards");
    }

    /// Lets cross the line what is still on its way.
    fn await_silence(&mut self) {
        loop {
            let crossed = self.world.crossed(Direction::Received);
            self.world.run_for(Duration::from_secs(1));
            // A line now and then is no flood.
            if self.world.crossed(Direction::Received) - crossed < 200 {
                return;
            }
        }
    }
}

fn incident(script: &mut Script<'_>, tasks: &[Task]) -> (What, Incident) {
    let damage = |what, direction, damage| (what, Incident::Damage(direction, damage));
    let fault = |what, fault| (what, Incident::Fault(fault));
    let mishap = |mishap| (What::Broken, Incident::Network(Box::new(move |network| network.cause(mishap))));
    match script.draw::<u8>() % 24 {
        0 | 1 => damage(What::Lost, Direction::Received, Damage::Drop),
        2 | 3 => damage(What::Doubled, Direction::Received, Damage::Duplicate),
        4 => damage(What::Forged, Direction::Received, Damage::Flip(script.draw())),
        5 => damage(What::Forged, Direction::Sent, Damage::Drop),
        6 => damage(What::Forged, Direction::Sent, Damage::Flip(script.draw())),
        7 | 8 => {
            let place = script.choose(&[Place::Now, Place::BeforeResponse, Place::BeforeResult]);
            fault(What::Harmless, Fault::Inject { place, text: script.choose(&LINES).to_owned() })
        }
        9 => fault(What::Harmless, Fault::Echo(true)),
        10 => {
            let count = usize::from(script.draw::<u8>() % 24);
            let octets: Vec<u8> = (0..count).map(|_| script.draw()).collect();
            fault(What::Forged, Fault::Noise { octets: octets.into() })
        }
        11 => {
            let count = usize::from(script.draw::<u8>() % 24);
            let text = (0..count).map(|_| char::from(b' ' + script.draw::<u8>() % 95)).collect();
            fault(What::Forged, Fault::Inject { place: Place::Now, text })
        }
        12 | 13 => fault(What::Broken, Fault::Restart { announced: script.draw() }),
        14 => fault(What::Off, Fault::Silence),
        15 => {
            fault(What::Off, Fault::PowerDown(script.choose(&[PowerDown::Normal, PowerDown::UnderVoltage])))
        }
        16 | 17 => fault(What::Broken, Fault::BearerLost { cid: 1 }),
        18 => fault(What::Broken, Fault::Hesitate { by: Duration::from_millis(script.draw::<u16>().into()) }),
        19 => fault(What::Broken, Fault::ShortRead { at_most: usize::from(script.draw::<u8>()) }),
        20 => fault(What::Flood, Fault::Overrun { octets: script.draw::<u16>().into() }),
        21 => match script.draw::<u8>() % 3 {
            0 => mishap(Mishap::Silence),
            1 => mishap(Mishap::Http(script.choose(&[HttpFailure::Network, HttpFailure::Busy]))),
            _ => mishap(Mishap::Http(HttpFailure::Dns)),
        },
        22 => {
            let after = u64::from(script.draw::<u16>() % 8_192);
            match script.draw::<u8>() % 5 {
                0 => mishap(Mishap::FtpStall { after }),
                1 => mishap(Mishap::SetBack { after, lost: usize::from(script.draw::<u16>()) }),
                2 => mishap(Mishap::Unconfirmed { by: None }),
                3 => {
                    mishap(Mishap::Unconfirmed { by: Some(Duration::from_secs(script.draw::<u8>().into())) })
                }
                _ => mishap(Mishap::Ftp { after, failure: FtpFailure::NETWORK }),
            }
        }
        _ => {
            let contents: Vec<(usize, Bytes)> =
                tasks.iter().map(|task| (task.number(), task.changed())).collect();
            let change = move |network: &sim800_simulation::Network| {
                for (number, content) in contents {
                    task::put(network, number, content);
                }
            };
            (What::Changed, Incident::Network(Box::new(change)))
        }
    }
}

/// Inputs to begin with: every task by itself and beside another, in peace and with one thing that goes wrong, and pieces of which the
/// rest reads like the module's own lines because the line has doubled some of their octets or another line has come amid them.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let one = |task: u8| [task, 0, 0x10, 0x0B, 0, 0];
    let peace = [0, 0, 0, 0, 0];
    let mut seeds = Vec::new();
    for kind in 0..task::KINDS {
        seeds.push([&[0][..], &one(kind), &peace].concat());
        seeds.push([&[1][..], &one(kind), &one((kind + 3) % task::KINDS), &peace].concat());
    }
    for what in 0..24 {
        let wrong = [0, 0, 0, 0, 1, 2, 0x00, 0x04, what, 0, 1, 2, 3];
        seeds.push([&[1][..], &one(what % task::KINDS), &one(4), &wrong].concat());
    }
    // In windows of 64 octets.
    let line = [0, 1, 0, 0];
    for kind in 0..task::KINDS {
        for text in [8, 16, 24] {
            let task = [kind, 0, 0x10, 0x0B, text, 0];
            let double = |at: u8| [2 + 4 * 5, at.wrapping_mul(97), 2 + at, 2];
            let inject = |at: u8| [2, at.wrapping_mul(97), 2 + at, 7, 1, 0];
            let doubled = (0..4).flat_map(double).collect::<Vec<_>>();
            let injected = (0..4).flat_map(inject).collect::<Vec<_>>();
            for wrong in [doubled, injected] {
                seeds.push([&[0][..], &task, &line, &[4], &wrong].concat());
            }
        }
    }
    seeds
}
