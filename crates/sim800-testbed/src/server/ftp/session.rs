//! One client, from the greeting to the end of its control connection.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use smol::net::{TcpListener, TcpStream};

use super::super::lock;
use super::control::Control;
use super::data::{self, Arrangement, Failure, Trouble, parse_extended_port, parse_port};
use super::tree::{File, Path, Refusal, Tree};
use super::{Fault, State, ascii};

const FEATURES: &str = "211-features\r\n EPRT\r\n EPSV\r\n REST STREAM\r\n SIZE\r\n UTF8\r\n211 end";

struct Session {
    state: Arc<Mutex<State>>,
    control: Control,
    peer: SocketAddr,
    user: String,
    logged_in: bool,
    directory: Path,
    ascii: bool,
    restart: usize,
    rename_from: Option<Path>,
    arrangement: Option<Arrangement>,
}

/// Whether the session goes on after a command.
#[derive(PartialEq, Eq)]
enum Flow {
    On,
    End,
}

/// How a transfer ended.
enum Ending {
    Aborted,
    Moved(Result<(), Failure>),
}

/// How a file is stored.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Store {
    Replace,
    Append,
    Unique,
}

/// Serves one control connection.
pub(super) async fn serve(state: Arc<Mutex<State>>, stream: TcpStream) {
    // A client that breaks off ends its session and nothing else.
    let _ = run(state, stream).await;
}

async fn run(state: Arc<Mutex<State>>, stream: TcpStream) -> io::Result<()> {
    let mut session = Session {
        state,
        peer: stream.peer_addr()?,
        control: Control::new(stream),
        user: String::new(),
        logged_in: false,
        directory: Path::root(),
        ascii: true,
        restart: 0,
        rename_from: None,
        arrangement: None,
    };
    let greeting = lock(&session.state).strike(|fault| match fault {
        Fault::Greeting { reply } => Some(reply.clone()),
        _ => None,
    });
    let greeting = greeting.unwrap_or_else(|| "220 ready".to_owned());
    session.control.reply(&greeting).await?;
    if !greeting.starts_with("220") {
        return Ok(());
    }
    loop {
        let line = session.control.line().await?;
        if session.take(&line).await? == Flow::End {
            return Ok(());
        }
    }
}

impl Session {
    /// Records a command line and carries it out, unless a fault stands in its place.
    async fn take(&mut self, line: &str) -> io::Result<Flow> {
        let (verb, parameter) = line.split_once(' ').unwrap_or((line, ""));
        let verb = verb.to_ascii_uppercase();
        let fault = {
            let mut state = lock(&self.state);
            let line = if verb == "PASS" { "PASS ****" } else { line };
            state.record.push(line.len(), line.to_owned());
            state.strike(|fault| match fault {
                Fault::Answer { verb: struck, reply } if *struck == verb => Some(Some(reply.clone())),
                Fault::Silence { verb: struck } if *struck == verb => Some(None),
                _ => None,
            })
        };
        match fault {
            None => self.carry_out(&verb, parameter).await,
            Some(None) => Ok(Flow::On),
            Some(Some(reply)) => {
                if matches!(verb.as_str(), "RETR" | "STOR" | "APPE" | "STOU" | "LIST" | "NLST") {
                    self.arrangement = None;
                }
                self.control.reply(&reply).await?;
                Ok(if reply.starts_with("421") { Flow::End } else { Flow::On })
            }
        }
    }

    async fn carry_out(&mut self, verb: &str, parameter: &str) -> io::Result<Flow> {
        let rename_from = self.rename_from.take();
        let path = self.directory.join(parameter);
        let reply = match verb {
            "USER" => self.user(parameter),
            "PASS" => self.pass(parameter),
            "QUIT" => {
                self.control.reply("221 goodbye").await?;
                return Ok(Flow::End);
            }
            "SYST" => "215 UNIX Type: L8".to_owned(),
            "FEAT" => FEATURES.to_owned(),
            "OPTS" if parameter.eq_ignore_ascii_case("UTF8 ON") => "200 always on".to_owned(),
            "OPTS" => "501 no such option".to_owned(),
            "NOOP" => "200 done".to_owned(),
            _ if !self.logged_in => "530 log in with USER and PASS".to_owned(),

            "TYPE" => self.set_type(parameter),
            "MODE" => only(parameter, "S"),
            "STRU" => only(parameter, "F"),
            "ALLO" => "202 not needed here".to_owned(),
            "PASV" => self.passive(false).await?,
            "EPSV" => match parameter {
                "" | "1" => self.passive(true).await?,
                all if all.eq_ignore_ascii_case("ALL") => "200 done".to_owned(),
                _ => "522 network protocol not supported, use (1)".to_owned(),
            },
            "PORT" => self.active(parse_port(parameter)),
            "EPRT" => self.active(parse_extended_port(parameter)),
            "REST" => match parameter.parse() {
                Ok(restart) => {
                    self.restart = restart;
                    format!("350 restarting at {restart}")
                }
                Err(_) => "501 REST takes a number of octets".to_owned(),
            },
            "ABOR" => {
                self.arrangement = None;
                "226 nothing is running".to_owned()
            }

            "PWD" | "XPWD" => format!("257 {} is the current directory", quoted(&self.directory)),
            "CWD" | "XCWD" => self.change(path),
            "CDUP" | "XCUP" => self.change(self.directory.parent()),
            "MKD" | "XMKD" => {
                let made = self.tree(|tree| tree.make_directory(&path));
                made.map_or_else(refused, |()| format!("257 {} made", quoted(&path)))
            }
            "RMD" | "XRMD" => done(self.tree(|tree| tree.remove_directory(&path))),
            "DELE" => done(self.tree(|tree| tree.remove_file(&path))),
            "RNFR" if self.tree(|tree| tree.exists(&path)) => {
                self.rename_from = Some(path);
                "350 RNTO says where to".to_owned()
            }
            "RNFR" => refused(Refusal::Missing),
            "RNTO" => match rename_from {
                Some(from) => done(self.tree(|tree| tree.rename(&from, &path))),
                None => "503 RNFR comes first".to_owned(),
            },
            "SIZE" => self.tree(|tree| tree.read(&path)).map_or_else(refused, |octets| {
                let size = if self.ascii { ascii::encoded_len(&octets) } else { octets.len() };
                format!("213 {size}")
            }),

            "RETR" => return self.retrieve(&path).await,
            "STOR" => return self.store(path, Store::Replace).await,
            "APPE" => return self.store(path, Store::Append).await,
            "STOU" => {
                let path = if parameter.is_empty() { self.directory.join("unique") } else { path };
                return self.store(path, Store::Unique).await;
            }
            "LIST" => return self.list(parameter, long_line).await,
            "NLST" => return self.list(parameter, |name, _| name.to_owned()).await,
            _ => "502 not offered here".to_owned(),
        };
        self.control.reply(&reply).await?;
        Ok(Flow::On)
    }

    fn tree<T>(&self, with: impl FnOnce(&mut Tree) -> T) -> T {
        with(&mut lock(&self.state).tree)
    }

    fn user(&mut self, name: &str) -> String {
        self.logged_in = false;
        self.restart = 0;
        name.clone_into(&mut self.user);
        // Whether the user exists is told with the password, as servers do.
        "331 password, please".to_owned()
    }

    fn pass(&mut self, password: &str) -> String {
        self.logged_in = lock(&self.state).admits(&self.user, password);
        if self.logged_in { "230 logged in" } else { "530 user or password is wrong" }.to_owned()
    }

    fn set_type(&mut self, parameter: &str) -> String {
        match parameter.to_ascii_uppercase().as_str() {
            "A" | "A N" => self.ascii = true,
            "I" | "L 8" => self.ascii = false,
            _ => return "504 no such type here".to_owned(),
        }
        format!("200 type is {parameter}")
    }

    async fn passive(&mut self, extended: bool) -> io::Result<String> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        self.arrangement = Some(Arrangement::Passive(listener));
        let [a, b, c, d] = Ipv4Addr::LOCALHOST.octets();
        let [high, low] = port.to_be_bytes();
        Ok(if extended {
            format!("229 entering extended passive mode (|||{port}|)")
        } else {
            format!("227 entering passive mode ({a},{b},{c},{d},{high},{low})")
        })
    }

    fn active(&mut self, address: Option<SocketAddr>) -> String {
        match address {
            Some(address) if address.is_ipv6() => "522 network protocol not supported, use (1)".to_owned(),
            // Anything else would let a client have the server speak to others (RFC 2577).
            Some(address) if address.ip() == self.peer.ip() && address.port() > 0 => {
                self.arrangement = Some(Arrangement::Active(address));
                "200 done".to_owned()
            }
            Some(_) => "501 only the client's own address".to_owned(),
            None => "501 not an address and port".to_owned(),
        }
    }

    fn change(&mut self, path: Path) -> String {
        if self.tree(|tree| tree.is_directory(&path)) {
            self.directory = path;
            "250 done".to_owned()
        } else {
            refused(Refusal::Missing)
        }
    }

    async fn retrieve(&mut self, path: &Path) -> io::Result<Flow> {
        let restart = std::mem::take(&mut self.restart);
        let octets = match self.tree(|tree| tree.read(path)) {
            Ok(octets) if self.ascii => Arc::new(ascii::encode(&octets)),
            Ok(octets) => octets,
            Err(refusal) => return self.refuse(refused(refusal)).await,
        };
        let Some(octets) = octets.get(restart..) else {
            return self.refuse("554 restart lies beyond the end".to_owned()).await;
        };
        self.send(&format!("150 here come {} octets", octets.len()), octets).await
    }

    async fn list(&mut self, parameter: &str, line: fn(&str, Option<&File>) -> String) -> io::Result<Flow> {
        // Options as for `ls` are common and change nothing here.
        let words = parameter.split(' ').skip_while(|word| word.starts_with('-'));
        let path = self.directory.join(&words.collect::<Vec<_>>().join(" "));
        let listing = self.tree(|tree| {
            let entries = tree.list(&path)?.into_iter();
            Ok(entries.map(|(name, file)| line(name, file) + "\r\n").collect::<String>())
        });
        match listing {
            Ok(listing) => self.send("150 here comes the listing", listing.as_bytes()).await,
            Err(refusal) => self.refuse(refused(refusal)).await,
        }
    }

    async fn store(&mut self, mut path: Path, how: Store) -> io::Result<Flow> {
        let restart = std::mem::take(&mut self.restart);
        if restart > 0 && self.ascii {
            // Where a marker of the converted text lies in the file is not to be known without converting it.
            return self.refuse("501 REST needs TYPE I here".to_owned()).await;
        }
        let at = self.tree(|tree| {
            if how == Store::Unique {
                path = vacant(tree, path.clone());
            }
            tree.create(&path).map_err(refused)?;
            let length = tree.read(&path).map_err(refused)?.len();
            match how {
                Store::Append => return Ok(length),
                _ if restart > length => return Err("554 restart lies beyond the end".to_owned()),
                _ if restart == 0 => tree.truncate(&path).map_err(refused)?,
                _ => {}
            }
            Ok(restart)
        });
        let at = match at {
            Ok(at) => at,
            Err(reply) => return self.refuse(reply).await,
        };
        let Some(arrangement) = self.arrangement.take() else { return self.unarranged().await };
        // RFC 1123, 4.1.2.9: the reply to STOU has this form.
        let opening =
            if how == Store::Unique { format!("150 FILE: {}", path.name()) } else { "150 go on".to_owned() };
        let trouble = Trouble::next(&mut lock(&self.state));
        self.control.reply(&opening).await?;
        let decoder = self.ascii.then(ascii::Decoder::default);
        let moved = data::receive(arrangement, &self.state, &path, at, decoder, trouble);
        conclude(&mut self.control, moved).await
    }

    async fn send(&mut self, opening: &str, octets: &[u8]) -> io::Result<Flow> {
        let Some(arrangement) = self.arrangement.take() else { return self.unarranged().await };
        let trouble = Trouble::next(&mut lock(&self.state));
        self.control.reply(opening).await?;
        let moved = data::send(arrangement, octets, trouble);
        conclude(&mut self.control, moved).await
    }

    /// Refuses a transfer. What was arranged for it is gone.
    async fn refuse(&mut self, reply: String) -> io::Result<Flow> {
        self.arrangement = None;
        self.control.reply(&reply).await?;
        Ok(Flow::On)
    }

    async fn unarranged(&mut self) -> io::Result<Flow> {
        self.refuse("425 PASV or PORT comes first".to_owned()).await
    }
}

/// Lets a transfer run, with an ear to the control connection, and says how it ended.
async fn conclude(
    control: &mut Control,
    moving: impl Future<Output = Result<(), Failure>>,
) -> io::Result<Flow> {
    // An ABOR that is there already goes first, so that it is answered as the client expects.
    let aborted = async { control.aborted().await.map(|()| Ending::Aborted) };
    let moved = async { Ok(Ending::Moved(moving.await)) };
    let reply = match smol::future::or(aborted, moved).await? {
        Ending::Aborted => "426 given up\r\n226 as you wished".to_owned(),
        Ending::Moved(Ok(())) => "226 done".to_owned(),
        Ending::Moved(Err(Failure::Open)) => "425 no data connection".to_owned(),
        Ending::Moved(Err(Failure::Broken)) => "426 data connection broken".to_owned(),
        Ending::Moved(Err(Failure::Refused(refusal))) => refused(refusal),
    };
    control.reply(&reply).await?;
    Ok(Flow::On)
}

/// A path that nothing stands at: the one asked for, or the first numbered one that is free.
fn vacant(tree: &Tree, path: Path) -> Path {
    let numbered = (1_u32..).map(|number| path.parent().join(&format!("{}.{number}", path.name())));
    std::iter::once(path.clone()).chain(numbered).find(|path| !tree.exists(path)).unwrap_or(path)
}

fn done(result: Result<(), Refusal>) -> String {
    result.map_or_else(refused, |()| "250 done".to_owned())
}

fn refused(refusal: Refusal) -> String {
    let code = if refusal == Refusal::Full { 552 } else { 550 };
    format!("{code} {refusal}")
}

/// The one value that a parameter may have.
fn only(parameter: &str, value: &str) -> String {
    let fits = parameter.eq_ignore_ascii_case(value);
    if fits { "200 done" } else { "504 not offered here" }.to_owned()
}

/// A path in a 257 reply: quotes in it are doubled (RFC 959, appendix II).
fn quoted(path: &Path) -> String {
    format!("\"{}\"", path.to_string().replace('"', "\"\""))
}

/// A line of `LIST`, in the form of `ls -l`, which is what clients can read.
fn long_line(name: &str, file: Option<&File>) -> String {
    let kind = if file.is_some() { "-rw-r--r--" } else { "drwxr-xr-x" };
    let size = file.map_or(0, |file| file.octets.len());
    let date = file.map_or(std::time::SystemTime::UNIX_EPOCH, |file| file.modified);
    // "Sun, 06 Nov 1994 08:49:37 GMT"
    let date = httpdate::fmt_http_date(date);
    let mut words = date.split(' ').skip(1);
    let [day, month, year] = [(); 3].map(|()| words.next().unwrap_or_default());
    format!("{kind} 1 sim sim {size:>10} {month} {day}  {year} {name}")
}
