//! Programs beside this one: ended with us, and never waited for without a limit.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};

/// How long a program may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(5);
/// How often a condition that nothing announces is looked at.
const POLL: Duration = Duration::from_millis(5);

/// Where the program `name` is, also in the folders that only an administrator's `PATH` holds.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
}

/// Waits until `ready` holds, at most `limit`; whether it does.
pub(crate) fn wait_until(limit: Duration, mut ready: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + limit;
    loop {
        if ready() {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(POLL);
    }
}

/// A program that runs in the background. It ends when this value is dropped, and also when this process
/// dies without dropping anything: the kernel then sends it the signal that `setpriv` asked for.
#[derive(Debug)]
pub(crate) struct Background {
    child: Child,
    program: PathBuf,
    arguments: Vec<OsString>,
    name: String,
    log: PathBuf,
}

impl Background {
    /// Starts `program`; what it prints goes to the file `log`, which errors quote.
    pub(crate) fn spawn(program: &Path, arguments: &[OsString], log: PathBuf) -> Result<Self> {
        let name = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
        let child = spawn(program, arguments, &log).with_context(|| format!("cannot start {name}"))?;
        Ok(Self { child, program: program.to_owned(), arguments: arguments.to_vec(), name, log })
    }

    /// Sends `signal` to the program and to all that it has started. Servers put those into process groups of their own.
    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        for pid in family(self.child.id())? {
            match kill_process(pid, signal) {
                // It has ended by itself meanwhile.
                Err(Errno::SRCH) => {}
                result => result.with_context(|| format!("cannot send a signal to {}", self.name))?,
            }
        }
        Ok(())
    }

    /// Kills the program with all that it has started, none of which can do anything about it.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.signal(Signal::KILL)?;
        self.child.wait()?;
        Ok(())
    }

    /// Starts the program anew that was killed.
    pub(crate) fn start_again(&mut self) -> Result<()> {
        self.child = spawn(&self.program, &self.arguments, &self.log)?;
        Ok(())
    }

    /// Waits until `ready` holds; fails when the program ends before, or does not get there within `limit`.
    pub(crate) fn wait_until(&mut self, limit: Duration, mut ready: impl FnMut() -> bool) -> Result<()> {
        let deadline = Instant::now() + limit;
        while !ready() {
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended before it was ready ({status}): {}", self.name, self.said());
            }
            if Instant::now() >= deadline {
                bail!("{} was not ready after {} s: {}", self.name, limit.as_secs(), self.said());
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    /// The last lines that the program printed.
    pub(crate) fn said(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        let last = lines[lines.len().saturating_sub(5)..].join(" | ");
        if last.is_empty() { "it printed nothing".to_owned() } else { last }
    }
}

/// Does `work`, which waits for programs, and kills them all when it takes longer than `limit`: it then fails for what
/// became of them, and a run without anybody before it ends.
pub(crate) fn within<T>(limit: Duration, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let (done, is_done) = mpsc::channel::<()>();
    let watch = thread::spawn(move || {
        let mut took_longer = false;
        let mut wait = limit;
        while let Err(RecvTimeoutError::Timeout) = is_done.recv_timeout(wait) {
            took_longer = true;
            // What it starts instead has no more time.
            wait = GRACE;
            for pid in family(std::process::id()).unwrap_or_default().into_iter().skip(1) {
                // One that has ended since needs no killing.
                let _ = kill_process(pid, Signal::KILL);
            }
        }
        took_longer
    });
    let result = work();
    drop(done);
    match watch.join() {
        Ok(true) => {
            let cause = result.err().unwrap_or_else(|| anyhow!("its programs were killed"));
            Err(cause.context(format!("it took longer than {} s", limit.as_secs())))
        }
        _ => result,
    }
}

/// The process, and all that descend from it, parents first.
fn family(process: u32) -> Result<Vec<Pid>> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // One that has ended since is no child of anybody. Its name, in parentheses, may hold anything.
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let fields = stat.rsplit(')').next().unwrap_or_default();
        let parent: Option<u32> = fields.split_whitespace().nth(1).and_then(|parent| parent.parse().ok());
        parents.extend(parent.map(|parent| (pid, parent)));
    }
    let mut family: Vec<u32> = vec![process];
    let mut seen = 0;
    while let Some(parent) = family.get(seen).copied() {
        seen += 1;
        family.extend(parents.iter().filter(|child| child.1 == parent).map(|child| child.0));
    }
    let pid = |id: u32| i32::try_from(id).ok().and_then(Pid::from_raw).context("no process");
    family.into_iter().map(pid).collect()
}

fn spawn(program: &Path, arguments: &[OsString], log: &Path) -> Result<Child> {
    let output = File::create(log).with_context(|| format!("cannot create {}", log.display()))?;
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM", "--"]).arg(program).args(arguments);
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
    command.spawn().context("cannot run setpriv")
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // A program that has ended by itself is no error here; the wait below reaps it.
            let _ = kill_process(pid, Signal::TERM);
        }
        if wait(&mut self.child, GRACE).is_none() {
            eprintln!("{} ignored SIGTERM for {} s and was killed", self.name, GRACE.as_secs());
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// What a program left when it had ended.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

/// Runs `command` to its end without input, for at most `limit`. Its output passes through files in `folder`:
/// pipes would fill up and stall it, as nobody reads them until it has ended.
pub(crate) fn run(command: &mut Command, folder: &Path, limit: Duration) -> Result<Finished> {
    run_while(command, folder, limit, || Ok(()))
}

/// The same, and does something meanwhile.
pub(crate) fn run_while(
    command: &mut Command,
    folder: &Path,
    limit: Duration,
    meanwhile: impl FnOnce() -> Result<()>,
) -> Result<Finished> {
    let (stdout, stderr) = (folder.join("stdout"), folder.join("stderr"));
    let mut child = command
        .stdin(Stdio::null())
        .stdout(File::create(&stdout)?)
        .stderr(File::create(&stderr)?)
        .spawn()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    let done = meanwhile();
    let status = wait(&mut child, limit);
    if status.is_none() {
        child.kill()?;
        child.wait()?;
    }
    let stderr = String::from_utf8_lossy(&fs::read(stderr)?).trim().to_owned();
    done.with_context(|| format!("it said: {stderr}"))?;
    let Some(status) = status else { bail!("did not end within {} s; it said: {stderr}", limit.as_secs()) };
    Ok(Finished { status, stdout: fs::read(stdout)?, stderr })
}

fn wait(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let deadline = Instant::now() + limit;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < deadline => thread::sleep(POLL),
            Ok(None) | Err(_) => return None,
        }
    }
}
