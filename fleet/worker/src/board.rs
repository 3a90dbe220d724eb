//! What the fleet is told of a module: at most every two seconds, and at least every minute.

use std::time::Duration;

use sim800_fleet_job::{Module, ModuleState};
use sim800_fleet_store::{Store, now};
use sim800_session::Info;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::metrics::Meter;

/// Between two words.
const PAUSE: Duration = Duration::from_secs(2);
/// Between two words when there is nothing new.
const AGAIN: Duration = Duration::from_secs(60);

/// Tells of one module.
#[derive(Debug)]
pub(crate) struct Board {
    pub(crate) meter: Meter,
    module: watch::Sender<Module>,
    store: Store,
    teller: JoinHandle<()>,
}

impl Board {
    pub(crate) fn new(store: &Store, meter: Meter, worker: &str, name: &str, groups: Vec<String>) -> Self {
        let (sender, receiver) = watch::channel(Module {
            name: name.to_owned(),
            worker: worker.to_owned(),
            groups,
            state: ModuleState::Starting,
            operator: None,
            dbm: None,
            received: 0,
            sent: 0,
            jobs: 0,
            retries: 0,
            failures: 0,
            at: now(),
        });
        let teller = tokio::spawn(tell(store.clone(), receiver));
        Self { meter, module: sender, store: store.clone(), teller }
    }

    /// The module does something else now.
    pub(crate) fn show(&self, state: ModuleState) {
        self.meter.state(state.as_str());
        self.change(|module| module.state = state);
    }

    /// The module says how it stands.
    pub(crate) fn stands(&self, info: &Info) {
        self.meter.signal(info.signal.dbm());
        self.change(|module| {
            module.operator.clone_from(&info.operator);
            module.dbm = info.signal.dbm();
        });
    }

    /// The module is through with a job.
    pub(crate) fn ended(&self, end: &'static str) {
        self.meter.ended(end);
        self.change(|module| module.jobs += 1);
    }

    fn change(&self, change: impl FnOnce(&mut Module)) {
        let (received, sent, retries, failures) = self.meter.read();
        self.module.send_modify(|module| {
            change(module);
            *module = Module { received, sent, retries, failures, at: now(), ..module.clone() };
        });
    }

    /// Takes the module off the table.
    pub(crate) async fn leave(self) {
        self.teller.abort();
        let name = self.module.borrow().name.clone();
        // It goes by itself when nothing more is told of it.
        let _ = self.store.leave(&name).await;
    }
}

async fn tell(store: Store, mut module: watch::Receiver<Module>) {
    loop {
        let mut told = module.borrow_and_update().clone();
        told.at = now();
        // What is not heard now is said again.
        let _ = store.tell(&told).await;
        tokio::time::sleep(PAUSE).await;
        if let Ok(Err(_)) = tokio::time::timeout(AGAIN, module.changed()).await {
            return;
        }
    }
}
