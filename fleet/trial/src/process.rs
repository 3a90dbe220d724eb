//! The processes of a fleet: the server and the workers, which are killed when this ends.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use sim800_fleet_store::{Layout, Store};
use tokio::process::{Child, Command};

/// A process that can be started again.
#[derive(Debug)]
pub(crate) struct Process {
    program: PathBuf,
    arguments: Vec<String>,
    log: PathBuf,
    child: Option<Child>,
}

impl Process {
    fn new(program: PathBuf, arguments: Vec<String>, log: PathBuf) -> Self {
        Self { program, arguments, log, child: None }
    }

    pub(crate) fn start(&mut self) -> Result<()> {
        let log = File::options().append(true).create(true).open(&self.log)?;
        let child = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", self.program.display()))?;
        self.child = Some(child);
        Ok(())
    }

    pub(crate) fn id(&self) -> Option<u32> {
        self.child.as_ref()?.id()
    }

    pub(crate) async fn kill(&mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill().await?;
        }
        Ok(())
    }

    /// Stops it, or lets it go on.
    pub(crate) fn stop(&self, is_stopped: bool) -> Result<()> {
        let signal = if is_stopped { Signal::STOP } else { Signal::CONT };
        if let Some(id) = self.id().and_then(pid) {
            kill_process(id, signal)?;
        }
        Ok(())
    }

    /// Asks it to end, and waits until it has; whether it ended well.
    pub(crate) async fn end(&mut self, at_most: Duration) -> Result<bool> {
        let Some(mut child) = self.child.take() else { return Ok(true) };
        kill_process(child.id().and_then(pid).context("the process has ended already")?, Signal::TERM)?;
        let Ok(status) = tokio::time::timeout(at_most, child.wait()).await else {
            bail!("{} does not end, see {}", self.program.display(), self.log.display());
        };
        Ok(status?.success())
    }
}

fn pid(id: u32) -> Option<Pid> {
    i32::try_from(id).ok().and_then(Pid::from_raw)
}

/// A server for one trial.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) process: Process,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn new(program: &Path, directory: &Path) -> Result<Self> {
        Self::at(program, directory, free_port()?)
    }

    pub(crate) fn at(program: &Path, directory: &Path, port: u16) -> Result<Self> {
        let arguments = ["-js", "-a", "127.0.0.1", "-p", &port.to_string(), "-sd"].map(str::to_owned);
        let data = directory.join("jetstream").display().to_string();
        let arguments = arguments.into_iter().chain([data]).collect();
        let mut process = Process::new(program.to_owned(), arguments, directory.join("server.log"));
        process.start()?;
        Ok(Self { process, url: format!("nats://127.0.0.1:{port}") })
    }

    /// Asks until it answers, which nothing announces.
    pub(crate) async fn store(&self, patience: Duration) -> Result<Store> {
        let layout = Layout { patience, ..Layout::default() };
        let mut last = None;
        for _ in 0..100 {
            match Store::open(&self.url, None, "trial", layout).await {
                Ok(store) => return Ok(store),
                Err(error) => last = Some(error),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(last.map_or_else(|| anyhow::anyhow!("no server"), Into::into))
    }
}

/// A worker with the modules that `modules` says in TOML, and with a login for the server at `origin`, which may be nothing.
pub(crate) fn worker(
    server: &Server,
    directory: &Path,
    name: &str,
    origin: &str,
    modules: &str,
) -> Result<Process> {
    use std::os::unix::fs::PermissionsExt;

    let secrets = directory.join(format!("{name}.secrets"));
    std::fs::write(
        &secrets,
        format!("[origin]\nserver = '{origin}'\nuser = 'user'\npassword = 'password'\n"),
    )?;
    std::fs::set_permissions(&secrets, std::fs::Permissions::from_mode(0o600))?;
    let config = directory.join(format!("{name}.toml"));
    let text = format!(
        "name = '{name}'\nserver = '{}'\ndirectory = '{}'\nsecrets = '{}'\ndrain-seconds = 20\n{modules}",
        server.url,
        directory.join(name).display(),
        secrets.display(),
    );
    std::fs::write(&config, text)?;
    let program = std::env::current_exe()?.with_file_name("sim800-worker");
    let log = directory.join(format!("{name}.log"));
    Ok(Process::new(program, vec![config.display().to_string()], log))
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
