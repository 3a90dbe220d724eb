//! What must not be done twice: a POST, and making a directory, which fails the second time.

use sim800_emulator::HttpMethod;

use super::fault::What;
use super::given::is_as_told;
use super::kind::Task;
use super::run::Trial;
use super::task::{made_path, post_url};
use super::violation::{Violation, violation};
use crate::Mishap;

impl Trial<'_> {
    /// None of it was. On its way to the module, the line may have made the address of one request that of another: then there are no
    /// more than were to be sent.
    pub(super) fn check_once(&self) -> Result<(), Violation> {
        let posts: Vec<usize> = self
            .scenario
            .tasks()
            .enumerate()
            .filter(|(_, task)| *task == Task::HttpPost)
            .map(|(slot, task)| self.times_done(task, slot))
            .collect();
        let is_anothers = self.damages.borrow().deceptive && posts.iter().sum::<usize>() <= posts.len();
        for (slot, task) in self.scenario.tasks().enumerate() {
            let times = self.times_done(task, slot);
            if times > 1 && !is_anothers {
                return Err(violation(format!("{task:?} was done {times} times")));
            }
        }
        Ok(())
    }

    /// What is said not to have been sent was not done by any server.
    pub(super) fn check_unsent(&self, task: Task, slot: usize) -> Result<(), Violation> {
        if self.times_done(task, slot) > 0 && !self.damages.borrow().deceptive {
            return Err(violation(format!("a server has done {task:?}, which was not sent")));
        }
        Ok(())
    }

    /// What is said to be made is there. A failure of which the line took a digit may be letter for letter what a success is, and nothing
    /// else tells of a directory.
    pub(super) fn check_made(&self, slot: usize) -> Result<(), Violation> {
        let is_as_success = |what: &What| match what {
            What::Network(Mishap::Ftp { failure, .. }) => is_as_told(0, failure.0.into()),
            _ => false,
        };
        let is_damaged = self.damages.borrow().digits && self.happened().any(is_as_success);
        match self.times_done(Task::FtpMakeDirectory, slot) {
            0 if !is_damaged => Err(violation("made, and not there")),
            _ => Ok(()),
        }
    }

    /// How often a server has done it.
    fn times_done(&self, task: Task, slot: usize) -> usize {
        let network = self.world.network();
        match task {
            Task::HttpPost => {
                let url = post_url(slot);
                let requests = network.http_requests().into_iter();
                requests.filter(|request| request.method == HttpMethod::Post && request.url == url).count()
            }
            Task::FtpMakeDirectory => usize::from(network.has_directory(&made_path(slot))),
            _ => 0,
        }
    }
}
