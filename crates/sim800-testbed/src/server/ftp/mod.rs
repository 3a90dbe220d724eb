//! An FTP server (RFC 959, with `EPSV`/`EPRT` of RFC 2428 and `SIZE`/`REST` of RFC 3659) over a tree in memory.
//!
//! It does what the module's FTP commands can ask of a server: login, both types, passive and active data
//! connections, `RETR`, `STOR`, `APPE`, `STOU`, `REST` for either direction, listings, directories, `RNFR`/`RNTO`
//! and `ABOR` at any time. Where servers differ it keeps to the letter of the RFCs:
//! * `TYPE A` converts: LF is stored, CR LF crosses the network, and `SIZE` counts what would cross.
//! * `REST` with `STOR` writes over what is there and leaves the rest of the file.
//! * `ABOR` in a transfer is answered by 426 and 226, at any other time by 226.
//!
//! It never speaks to an address other than its client's own.

mod ascii;
mod control;
mod data;
mod session;
mod tree;

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use self::tree::{Path, Tree};
use super::{Host, Limits, Record, lock};

/// A running FTP server; dropping it stops it. See the [module](self) for what it can do.
#[derive(Debug)]
pub struct FtpServer {
    host: Host,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    users: Vec<User>,
    tree: Tree,
    faults: VecDeque<Fault>,
    record: Record<String>,
}

#[derive(PartialEq, Eq)]
struct User {
    name: String,
    password: String,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Something that goes wrong, once.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Fault {
    /// The next connection is greeted with this instead of a welcome: `421 too many users`.
    Greeting {
        /// The whole line, code first.
        reply: String,
    },
    /// The next such command is not carried out but answered with this: `553 no room` for a `STOR`,
    /// `213 7` for a `SIZE`, `425 no data connection` for a `RETR`. A 421 closes the connection as well.
    Answer {
        /// The command, in upper case.
        verb: &'static str,
        /// The whole line, code first.
        reply: String,
    },
    /// The next such command is neither carried out nor answered.
    Silence {
        /// The command, in upper case.
        verb: &'static str,
    },
    /// The data connection of the next transfer is reset inside it, and 426 follows. The reset may overtake
    /// octets that a slow reader had not taken yet.
    DataReset {
        /// Octets that cross before it; if fewer cross altogether nothing happens.
        after: usize,
    },
    /// The next transfer comes to a standstill, with both connections open.
    DataStall {
        /// Octets that cross before it; if fewer cross altogether nothing happens.
        after: usize,
    },
}

impl FtpServer {
    /// Starts a server on a free port of 127.0.0.1 that knows these users and passwords and holds no files yet.
    ///
    /// # Errors
    /// No socket or no thread was to be had.
    pub fn start(users: &[(&str, &str)], limits: Limits) -> io::Result<Self> {
        let user =
            |&(name, password): &(&str, &str)| User { name: name.to_owned(), password: password.to_owned() };
        let state = Arc::new(Mutex::new(State {
            users: users.iter().map(user).collect(),
            tree: Tree::new(limits.stored),
            faults: VecDeque::new(),
            record: Record::new(limits.recorded),
        }));
        let host = Host::start("ftp-server", limits.connections, {
            let state = Arc::clone(&state);
            move |stream| session::serve(Arc::clone(&state), stream)
        })?;
        Ok(Self { host, state })
    }

    /// Where the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.host.address
    }

    /// Puts a file at a path from the root, with the directories on the way.
    ///
    /// # Errors
    /// The octets have no room, or a directory stands there, or a file on the way.
    pub fn put_file(&self, path: &str, octets: &[u8]) -> io::Result<()> {
        let path = Path::root().join(path);
        let mut state = lock(&self.state);
        state.tree.make_way(&path).and_then(|()| state.tree.replace(&path, octets)).map_err(io::Error::other)
    }

    /// The octets of a file, if there is one. During an upload: what has arrived so far.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<Vec<u8>> {
        let octets = lock(&self.state).tree.read(&Path::root().join(path)).ok()?;
        Some(octets.to_vec())
    }

    /// The paths of all files, in order.
    #[must_use]
    pub fn files(&self) -> Vec<String> {
        lock(&self.state).tree.files().map(ToString::to_string).collect()
    }

    /// Has something go wrong once. Faults wait for their occasion, each kind in the order given.
    pub fn inject(&self, fault: Fault) {
        lock(&self.state).faults.push_back(fault);
    }

    /// How many faults still wait for their occasion.
    #[must_use]
    pub fn faults_waiting(&self) -> usize {
        lock(&self.state).faults.len()
    }

    /// The command lines seen so far on all connections, oldest first, without their passwords (`PASS ****`).
    #[must_use]
    pub fn commands(&self) -> Vec<String> {
        lock(&self.state).record.to_vec()
    }
}

impl State {
    /// Takes the first fault that is of use here.
    fn strike<T>(&mut self, of_use: impl Fn(&Fault) -> Option<T>) -> Option<T> {
        let (at, strike) =
            self.faults.iter().enumerate().find_map(|(at, fault)| Some((at, of_use(fault)?)))?;
        self.faults.remove(at);
        Some(strike)
    }

    fn admits(&self, name: &str, password: &str) -> bool {
        self.users.iter().any(|user| user.name == name && user.password == password)
    }
}
