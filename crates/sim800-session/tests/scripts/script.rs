//! A module that knows no AT command, only octets, in an order; and time that passes when nobody has anything to do.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::{Either, select};
use futures::io::{AsyncRead, AsyncWrite};
use sim800_session::{Bearer, Client, Config, Profile, Retries, Runtime, connect};
use sim800_testdata::{Response, Step, script};

/// The commands that every request sets, answered; `custom` replaces lines by their beginning.
pub(crate) fn answered(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("> {line}\n< OK\n")).collect()
}

/// The same steps, and the module says behind each result of a request that the request is over: what is asked every time,
/// unless the script has that question itself, or the firmware does not know it.
fn settled(steps: &str) -> String {
    const QUESTION: &str = "> AT+HTTPSTATUS?";
    let lines: Vec<&str> = steps.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut settled = String::new();
    let mut is_due = false;
    let mut is_refused = false;
    for (index, line) in lines.iter().enumerate() {
        settled += &format!("{line}\n");
        let next = lines.get(index + 1).copied().unwrap_or_default();
        is_refused |= *line == QUESTION && next == "< ERROR";
        is_due |= line.starts_with("< +HTTPACTION") && !is_refused;
        // What is on its way is not asked for in between.
        if is_due && !next.starts_with("< ") {
            is_due = false;
            if !next.starts_with(QUESTION) {
                settled += &format!("{QUESTION}\n< +HTTPSTATUS: GET,0,0,0\n< OK\n");
            }
        }
    }
    settled
}

/// What sets something for good: until the service is ended, the module starts anew or something makes no sense.
const SETTINGS: [&str; 20] = [
    "HTTPPARA",
    "HTTPSSL",
    "HTTPGETHEAD",
    "FTPCID",
    "FTPSERV",
    "FTPPORT",
    "FTPUN",
    "FTPPW",
    "FTPMODE",
    "FTPTYPE",
    "FTPPUTOPT",
    "FTPREST",
    "FTPSSL",
    "FTPEXTPUT",
    "FTPEXTGET",
    "FTPFILEPUT",
    "FTPGETPATH",
    "FTPGETNAME",
    "FTPPUTPATH",
    "FTPPUTNAME",
];

/// Whether a line says that an FTP session failed.
fn has_failed(line: &str) -> bool {
    let code = line.strip_prefix("< +FTP").and_then(|rest| rest.split_once(": 1,"));
    let code = code.and_then(|(_, code)| code.split(',').next()?.parse::<u8>().ok());
    code.is_some_and(|code| (60..100).contains(&code))
}

/// The same steps without those that set what is set already, while nothing was said against that.
fn unrepeated(steps: &str) -> String {
    let names = SETTINGS.map(|name| format!("> AT+{name}="));
    let lines: Vec<&str> = steps.lines().collect();
    let (mut set, mut kept) = (BTreeMap::new(), String::new());
    let mut index = 0;
    while let Some(line) = lines.get(index) {
        match *line {
            "> AT" | "< RDY" => set.clear(),
            "> AT+HTTPINIT" => set.retain(|parameter: &&str, _| !parameter.contains("+HTTP")),
            line if line.contains("DEACT") => set.clear(),
            // Whatever was set for a session may be why it failed.
            line if has_failed(line) => set.retain(|parameter, _| parameter.contains("+HTTP")),
            _ => {}
        }
        let is_setting = names.iter().any(|name| line.starts_with(name));
        let (parameter, value) = line.rsplit_once([',', '=']).unwrap_or((line, ""));
        let is_same = set.get(parameter) == Some(&value);
        // Firmware that refuses to switch something off has nothing to switch off.
        let switches =
            ["SSL=0", "HEAD=0", "EXTPUT=0", "EXTGET=0", "FILEPUT=0"].iter().any(|off| line.ends_with(off));
        let is_taken = lines.get(index + 1).is_some_and(|next| *next == "< OK" || switches);
        if is_setting && is_same && is_taken {
            index += 2;
            continue;
        }
        set.retain(|parameter, _| !line.starts_with(*parameter));
        if is_setting && is_taken {
            set.insert(parameter, value);
        }
        kept += &format!("{line}\n");
        index += 1;
    }
    kept
}

/// The same steps, and the module lets read the end of a body again: what is asked for behind the last of each, unless the script
/// goes on to read.
fn read_again(steps: Vec<Step>) -> VecDeque<Step> {
    let mut all = VecDeque::new();
    let mut steps = steps.into_iter().peekable();
    let mut body = Vec::new();
    while let Some(step) = steps.next() {
        let asked = part(&step);
        all.push_back(step);
        let (Some((start, size)), Some(Step::Response(response))) = (asked, steps.peek()) else { continue };
        let Some(octets) = payload(&response.octets) else { continue };
        body.truncate(start);
        body.extend_from_slice(octets);
        let is_last = octets.len() < size && !octets.is_empty();
        all.extend(steps.next());
        if is_last && steps.peek().is_none_or(|next| part(next).is_none()) {
            let end = &body[body.len().saturating_sub(16)..];
            let line = format!("AT+HTTPREAD={},{}\r", body.len() - end.len(), end.len() + 1);
            let header = format!("\r\n+HTTPREAD: {}\r\n", end.len());
            let octets = [header.as_bytes(), end, b"\r\nOK\r\n"].concat();
            all.push_back(Step::Command(line.into_bytes()));
            all.push_back(Step::Response(Response { octets, events: Vec::new(), values: Vec::new() }));
        }
    }
    all
}

/// Which part of a body a command reads.
fn part(step: &Step) -> Option<(usize, usize)> {
    let Step::Command(line) = step else { return None };
    let range = std::str::from_utf8(line).ok()?.trim_end().strip_prefix("AT+HTTPREAD=")?;
    let (start, size) = range.split_once(',')?;
    Some((start.parse().ok()?, size.parse().ok()?))
}

/// What a response brings that is nothing but a payload.
fn payload(response: &[u8]) -> Option<&[u8]> {
    let rest = response.trim_ascii_start().strip_prefix(b"+HTTPREAD:")?.strip_suffix(b"\r\nOK\r\n")?;
    let header = rest.iter().position(|octet| *octet == b'\n')?;
    let (count, octets) = rest.split_at(header + 1);
    let count: usize = std::str::from_utf8(count).ok()?.trim().parse().ok()?;
    (count == octets.len()).then_some(octets)
}

/// A bearer that is open.
const OPEN: &str = "> AT+SAPBR=2,1\n< +SAPBR: 1,1,\"10.0.0.1\"\n< OK\n";

#[derive(Debug)]
struct Module {
    steps: VecDeque<Step>,
    /// It is dead from a pause of more than a minute on.
    is_mortal: bool,
    sent: Vec<u8>,
    readable: VecDeque<u8>,
    resume: Option<Duration>,
    reader: Option<Waker>,
    now: Duration,
    sleepers: Vec<(Duration, Waker)>,
}

impl Module {
    /// Goes through the script as far as it can.
    fn proceed(&mut self) {
        loop {
            match self.steps.front() {
                Some(Step::Command(expected) | Step::Payload(expected)) => {
                    let arrived = self.sent.len().min(expected.len());
                    assert!(
                        self.sent[..arrived] == expected[..arrived],
                        "sent {}\nexpected {}",
                        self.sent.escape_ascii(),
                        expected.escape_ascii()
                    );
                    if arrived < expected.len() {
                        return;
                    }
                    self.sent.drain(..arrived);
                }
                Some(Step::Response(response)) => {
                    assert!(self.sent.is_empty(), "unexpected: {}", self.sent.escape_ascii());
                    self.readable.extend(&response.octets);
                    if let Some(reader) = self.reader.take() {
                        reader.wake();
                    }
                }
                Some(Step::Pause(pause)) if self.is_mortal && *pause > Duration::from_secs(60) => {
                    self.sent.clear();
                    return;
                }
                Some(Step::Pause(pause)) => {
                    assert!(self.sent.is_empty(), "unexpected: {}", self.sent.escape_ascii());
                    let resume = *self.resume.get_or_insert(self.now + *pause);
                    if self.now < resume {
                        return;
                    }
                    self.resume = None;
                }
                None => {
                    assert!(self.sent.is_empty(), "after the script: {}", self.sent.escape_ascii());
                    return;
                }
            }
            self.steps.pop_front();
        }
    }
}

/// The module, its line and its clock.
#[derive(Clone, Debug)]
pub(crate) struct Scripted(Arc<Mutex<Module>>);

impl Scripted {
    /// A session with a module that keeps to `steps`.
    pub(crate) fn session(steps: &str) -> (Self, Client, impl Future<Output = ()> + use<>) {
        Self::session_with(steps, once())
    }

    fn session_with(steps: &str, config: Config) -> (Self, Client, impl Future<Output = ()> + use<>) {
        // Whatever comes first, the line is synchronized before it.
        let steps = unrepeated(&format!("> AT\n< OK\n{}", settled(steps)));
        let module = Module {
            steps: read_again(script(&steps)),
            is_mortal: false,
            sent: Vec::new(),
            readable: VecDeque::new(),
            resume: None,
            reader: None,
            now: Duration::from_secs(1_000),
            sleepers: Vec::new(),
        };
        let module = Self(Arc::new(Mutex::new(module)));
        let (client, driver) = connect(module.clone(), Arc::new(module.clone()), config);
        let driver = async move {
            let _ended = driver.await;
        };
        (module, client, driver)
    }

    /// Runs `procedure` over an open bearer of a module that dies where the script pauses for more than a minute, and tells how
    /// long it took.
    pub(crate) fn until_it_dies<F: Future>(
        steps: &str,
        procedure: impl FnOnce(Bearer) -> F,
    ) -> (F::Output, Duration) {
        let (module, client, driver) = Self::session(&format!("{OPEN}{steps}"));
        module.lock().is_mortal = true;
        let session = async {
            let bearer = Bearer::open(&client, &Profile::as_set()).await.expect("open already");
            let began = module.now();
            let output = procedure(bearer).await;
            (output, module.now() - began)
        };
        // What is left to be cleaned up is in vain.
        match module.run(select(pin!(session), pin!(driver))) {
            Either::Left((output, _)) => output,
            Either::Right(_) => panic!("the driver ended"),
        }
    }

    /// Runs `procedure` over an open bearer, then whatever it left to be cleaned up, and checks that the script was
    /// played to its end.
    pub(crate) fn play<F: Future>(steps: &str, procedure: impl FnOnce(Bearer) -> F) -> F::Output {
        Self::play_with(steps, once(), procedure)
    }

    /// The same with another configuration.
    pub(crate) fn play_with<F: Future>(
        steps: &str,
        config: Config,
        procedure: impl FnOnce(Bearer) -> F,
    ) -> F::Output {
        Self::timed(steps, config, procedure).0
    }

    /// The same, and how long it all took.
    pub(crate) fn timed<F: Future>(
        steps: &str,
        config: Config,
        procedure: impl FnOnce(Bearer) -> F,
    ) -> (F::Output, Duration) {
        let (module, client, driver) = Self::session_with(&format!("{OPEN}{steps}"), config);
        let began = module.now();
        let session = async move {
            let bearer = Bearer::open(&client, &Profile::as_set()).await.expect("open already");
            drop(client);
            procedure(bearer).await
        };
        let (output, ()) = module.run(futures::future::join(session, driver));
        assert!(module.lock().steps.is_empty(), "left of the script: {:?}", module.lock().steps);
        let took = module.now() - began;
        (output, took)
    }

    /// Awaits `future`, letting time pass.
    pub(crate) fn run<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let flag = Arc::new(Flag(AtomicBool::new(true)));
        let waker = Waker::from(Arc::clone(&flag));
        loop {
            while flag.0.swap(false, Ordering::Relaxed) {
                if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                    return output;
                }
                self.lock().proceed();
            }
            let mut module = self.lock();
            let next = module.sleepers.iter().map(|(deadline, _)| *deadline).chain(module.resume).min();
            module.now = next.unwrap_or_else(|| panic!("deadlock before {:?}", module.steps.front()));
            let now = module.now;
            module.sleepers.retain(|(deadline, waker)| {
                if *deadline <= now {
                    waker.wake_by_ref();
                }
                *deadline > now
            });
            module.proceed();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Module> {
        self.0.lock().expect("not poisoned")
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[async_trait]
impl Runtime for Scripted {
    fn now(&self) -> Duration {
        self.lock().now
    }

    async fn sleep_until(&self, deadline: Duration) {
        futures::future::poll_fn(|context| {
            let mut module = self.lock();
            if module.now >= deadline {
                return Poll::Ready(());
            }
            module.sleepers.push((deadline, context.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}

impl AsyncRead for Scripted {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut module = self.lock();
        module.proceed();
        if module.readable.is_empty() {
            module.reader = Some(context.waker().clone());
            return Poll::Pending;
        }
        let read = buffer.len().min(module.readable.len());
        for (place, octet) in buffer.iter_mut().zip(module.readable.drain(..read)) {
            *place = octet;
        }
        Poll::Ready(Ok(read))
    }
}

impl AsyncWrite for Scripted {
    fn poll_write(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut module = self.lock();
        module.sent.extend_from_slice(octets);
        module.proceed();
        Poll::Ready(Ok(octets.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A configuration that tries nothing again: a script is what one try looks like.
pub(crate) fn once() -> Config {
    let mut config = Config::default();
    config.retries = Retries::NONE;
    config.concatenation = false;
    config.http_kept_for = Duration::ZERO;
    config
}
