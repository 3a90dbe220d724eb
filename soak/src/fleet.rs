//! The modules, and the sessions with them on both runtimes.

use std::io;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use futures::channel::oneshot;
use futures::future::{Shared, join, join_all};
use futures::{AsyncRead, AsyncWrite, FutureExt, StreamExt};
use sim800_emulator::{Config as ModuleConfig, Fault};
use sim800_session::{Client, Config, Driver, Notice};
use sim800_testbed::{Line, Link, LinkDoor, Module};
use smol::channel::Receiver;

use crate::dice::Dice;
use crate::modem::Modem;
use crate::servers::Servers;
use crate::shift::Shift;
use crate::tally::Tally;

/// Faults that may wait for a module.
const FAULTS: usize = 4;

/// All modules and sessions, each kind on a thread of its own.
#[derive(Debug)]
pub(crate) struct Fleet {
    modules: JoinHandle<()>,
    sessions: Vec<JoinHandle<()>>,
    start: oneshot::Sender<()>,
}

/// What a session begins with.
struct Post {
    number: usize,
    link: Link,
    faults: smol::channel::Sender<Fault>,
    dice: Dice,
}

impl Fleet {
    /// Switches the modules on and connects to them, half of them on smol, half on tokio. Nothing is done with them yet.
    pub(crate) fn launch(
        modules: usize,
        line: Line,
        seed: u64,
        pause: Duration,
        servers: &Arc<Servers>,
        tally: &Arc<Tally>,
        shift: &Arc<Shift>,
    ) -> io::Result<Self> {
        let mut doors = Vec::new();
        let mut posts: [Vec<Post>; 2] = Default::default();
        for number in 0..modules {
            let (link, door) = Link::new();
            let (faults, caused) = smol::channel::bounded(FAULTS);
            doors.push((door, caused));
            posts[number % 2].push(Post { number, link, faults, dice: Dice::new(seed, number as u64) });
        }
        let modules = Builder::new().name("modules".into()).spawn(move || run_modules(doors, line))?;
        let (start, started) = oneshot::channel();
        let started = started.shared();
        let mut sessions = Vec::new();
        for (posts, name, run) in posts
            .into_iter()
            .zip([("smol", on_smol as fn(_, _)), ("tokio", on_tokio)])
            .map(|(p, (n, r))| (p, n, r))
        {
            let crew = Crew {
                servers: Arc::clone(servers),
                tally: Arc::clone(tally),
                shift: Arc::clone(shift),
                started: started.clone(),
                pause,
            };
            sessions.push(Builder::new().name(name.into()).spawn(move || run(posts, crew))?);
        }
        Ok(Self { modules, sessions, start })
    }

    /// Begins.
    pub(crate) fn begin(self) -> Working {
        // The threads live as long as they are not told to begin.
        let _ = self.start.send(());
        Working { modules: self.modules, sessions: self.sessions }
    }
}

/// A fleet at work.
#[derive(Debug)]
pub(crate) struct Working {
    modules: JoinHandle<()>,
    sessions: Vec<JoinHandle<()>>,
}

impl Working {
    /// Whether the last session has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.sessions.iter().all(JoinHandle::is_finished)
    }

    /// Waits for the end; a panic of a thread goes on here.
    pub(crate) fn join(self) {
        for thread in self.sessions.into_iter().chain([self.modules]) {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
    }
}

/// What all sessions share.
#[derive(Clone)]
struct Crew {
    servers: Arc<Servers>,
    tally: Arc<Tally>,
    shift: Arc<Shift>,
    started: Shared<oneshot::Receiver<()>>,
    pause: Duration,
}

impl Crew {
    /// One session from its beginning to its end.
    async fn serve<P: AsyncRead + AsyncWrite + Unpin>(
        self,
        (client, driver): (Client, Driver<P>),
        number: usize,
        faults: smol::channel::Sender<Fault>,
        dice: Dice,
    ) {
        let _begun = self.started.await;
        let tally = Arc::clone(&self.tally);
        let notices = client.subscribe(|_| false).for_each(|notice| {
            if matches!(notice, Notice::Retrying(_)) {
                tally.record_retry();
            }
            std::future::ready(())
        });
        // The module stays on until the driver has ended.
        let _on = faults.clone();
        let modem = Modem {
            number,
            client,
            faults,
            servers: self.servers,
            tally: Arc::clone(&self.tally),
            shift: self.shift,
            dice,
            pause: self.pause,
        };
        let work = async {
            modem.work().await;
            tally.note(number, "the end of the session");
        };
        let ((driven, ()), ()) = join(join(driver, notices), work).await;
        tally.forget(number);
        if let Err(error) = driven {
            self.tally.blame(format!("module {number}: the driver ended: {error}"));
        }
    }
}

fn on_smol(posts: Vec<Post>, crew: Crew) {
    let executor = smol::LocalExecutor::new();
    let serve = |post: Post| {
        let connected = sim800_smol::connect(post.link, Config::default());
        executor.spawn(crew.clone().serve(connected, post.number, post.faults, post.dice))
    };
    let sessions: Vec<_> = posts.into_iter().map(serve).collect();
    smol::block_on(executor.run(join_all(sessions)));
}

fn on_tokio(posts: Vec<Post>, crew: Crew) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let serve = |post: Post| {
            let connected = sim800_session::connect(post.link, sim800_tokio::runtime(), Config::default());
            tokio::spawn(crew.clone().serve(connected, post.number, post.faults, post.dice))
        };
        let sessions: Vec<_> = posts.into_iter().map(serve).collect();
        for session in join_all(sessions).await {
            session.expect("a session does not panic");
        }
    });
}

fn run_modules(doors: Vec<(LinkDoor, Receiver<Fault>)>, line: Line) {
    let executor = smol::LocalExecutor::new();
    let run = |(door, faults): (LinkDoor, Receiver<Fault>)| {
        let mut config = ModuleConfig::default();
        // Nobody waits a minute for a server that does not go on.
        config.timings.ftp_server = Duration::from_secs(15);
        config.timings.ftp_neglect = Duration::from_secs(30);
        executor.spawn(Module::new(config, line).run_with_faults(door, faults))
    };
    let modules: Vec<_> = doors.into_iter().map(run).collect();
    for ended in smol::block_on(executor.run(join_all(modules))) {
        ended.expect("a line within the process does not break");
    }
}
