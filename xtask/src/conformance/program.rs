//! The `sim800` program, as a process that talks to another one over a pty.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::payload::payload;
use super::{expect_field, expect_same};
use crate::process::{self, Background, Finished};

/// 3 MB take seconds in a build without optimisation on a busy machine; a minute is a program that hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// A running `sim800 emulate --pty`.
pub(crate) struct Emulator {
    process: Background,
    link: PathBuf,
}

impl Emulator {
    /// Starts the emulator as `name`, with these `faults`, and waits for the link to its pty.
    pub(crate) fn start(program: &Path, folder: &Path, name: &str, faults: &[String]) -> Result<Self> {
        let link = folder.join(name);
        // Its pauses are nothing that a server is asked about, and there are thousands of blocks.
        let mut arguments = ["emulate", "--latency", "none", "--pty"].map(OsString::from).to_vec();
        arguments.push(link.clone().into());
        for fault in faults {
            arguments.extend(["--fault", fault].map(OsString::from));
        }
        let mut process = Background::spawn(program, &arguments, folder.join(format!("{name}.log")))?;
        process.wait_until(Duration::from_secs(10), || link.exists())?;
        Ok(Self { process, link })
    }
}

/// The file that the program is told to send, and the one that it is told to write, in its working directory.
pub(crate) const SENT: &str = "sent.bin";
pub(crate) const FETCHED: &str = "fetched.bin";

/// How many octets at the end of a part the program compares with the server's.
const COMPARED: usize = 1024;

/// The program, set to use the emulator's module on one runtime.
pub(crate) struct Program<'a> {
    path: &'a Path,
    emulator: &'a Emulator,
    runtime: &'static str,
    /// Whom it trusts.
    roots: &'a Path,
    /// Its working directory.
    folder: PathBuf,
    /// Where its output passes through.
    scratch: PathBuf,
}

impl<'a> Program<'a> {
    pub(crate) fn new(
        path: &'a Path,
        emulator: &'a Emulator,
        runtime: &'static str,
        roots: &'a Path,
        folder: &Path,
    ) -> Result<Self> {
        let (scratch, folder) = (folder.join("output"), folder.join("files"));
        fs::create_dir_all(&scratch)?;
        fs::create_dir_all(&folder)?;
        Ok(Self { path, emulator, runtime, roots, folder, scratch })
    }

    /// The name that it is told to run on.
    pub(crate) fn runtime(&self) -> &'static str {
        self.runtime
    }

    /// Runs the program to its end, whatever that is.
    fn run(&self, arguments: &[&str]) -> Result<Finished> {
        process::run(&mut self.command(arguments), &self.scratch, LIMIT)
            .with_context(|| format!("the emulator said: {}", self.emulator.process.said()))
    }

    /// Starts the program, which serves others until it is dropped, and waits until it `is_ready` by what it has said in its log.
    pub(crate) fn serve(
        &self,
        arguments: &[&str],
        is_ready: impl Fn(&str) -> bool,
    ) -> Result<(Background, String)> {
        let log = self.scratch.join("serving");
        let mut all: Vec<OsString> = vec!["-p".into(), self.emulator.link.clone().into()];
        all.extend(["--runtime", self.runtime].iter().chain(arguments).map(OsString::from));
        let mut process = Background::spawn(self.path, &all, log.clone())?;
        let said = || fs::read_to_string(&log).unwrap_or_default();
        process.wait_until(LIMIT, || is_ready(&said()))?;
        Ok((process, said()))
    }

    /// What the program has said that serves others.
    pub(crate) fn served(&self) -> Result<String> {
        Ok(fs::read_to_string(self.scratch.join("serving"))?)
    }

    /// Runs another program in the same folder, which must succeed; what it prints.
    pub(crate) fn run_other(&self, command: &mut Command) -> Result<Vec<u8>> {
        let finished = self.run_beside(command)?;
        ensure!(finished.status.success(), "{}: {}", finished.status, finished.stderr);
        Ok(finished.stdout)
    }

    /// Runs another program in the same folder to its end, whatever that is.
    pub(crate) fn run_beside(&self, command: &mut Command) -> Result<Finished> {
        process::run(command.current_dir(&self.folder), &self.scratch, LIMIT)
    }

    /// The program with these arguments, on the emulator's module.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.path);
        command.arg("-p").arg(&self.emulator.link).args(["--runtime", self.runtime]);
        command.args(arguments).current_dir(&self.folder).env("SSL_CERT_FILE", self.roots);
        command
    }

    /// Runs the program, which must succeed; what it prints.
    pub(crate) fn print(&self, arguments: &[&str]) -> Result<Vec<u8>> {
        let finished = self.run(arguments)?;
        ensure!(finished.status.success(), "{}: {}", finished.status, finished.stderr);
        Ok(finished.stdout)
    }

    /// Runs the program, which must succeed; the one object that it prints.
    pub(crate) fn succeed(&self, arguments: &[&str]) -> Result<Value> {
        self.run_with_object(arguments, 0)
    }

    /// Runs the program, which must end with the status `code`; the one object that it prints.
    pub(crate) fn fail(&self, code: i32, arguments: &[&str]) -> Result<Value> {
        self.run_with_object(arguments, code)
    }

    /// Runs the program, and does `disturb` once it `has_begun`; the one object that it prints, and how often it tried again.
    pub(crate) fn run_disturbed(
        &self,
        arguments: &[&str],
        has_begun: impl Fn() -> bool,
        disturb: impl FnOnce() -> Result<()>,
    ) -> Result<(Value, usize)> {
        let trace = self.scratch.join("trace");
        // The one of the transfer before; none is replaced.
        let _ = fs::remove_file(&trace);
        let mut command = self.command(&["--json"]);
        command.arg("--trace").arg(&trace).args(arguments);
        let finished = process::run_while(&mut command, &self.scratch, LIMIT, || {
            ensure!(process::wait_until(LIMIT, has_begun), "the transfer did not begin");
            disturb()
        })?;
        // Whichever it is, the object has to go with it; a signal has none.
        let code = finished.status.code().unwrap_or(-1);
        let retries = fs::read_to_string(trace)?.matches("trying again").count();
        Ok((Self::object(&finished, code)?, retries))
    }

    /// How many octets of [`FETCHED`] have come so far.
    pub(crate) fn fetched(&self) -> u64 {
        fs::metadata(self.folder.join(format!("{FETCHED}.part"))).map_or(0, |part| part.len())
    }

    fn run_with_object(&self, arguments: &[&str], code: i32) -> Result<Value> {
        Self::object(&self.run(&[&["--json"], arguments].concat())?, code)
    }

    fn object(finished: &Finished, code: i32) -> Result<Value> {
        let said = || format!("{}, stderr: {:?}", finished.status, finished.stderr);
        let object: Value = serde_json::from_slice(&finished.stdout).with_context(|| {
            format!("not one JSON object: {:?}, {}", String::from_utf8_lossy(&finished.stdout), said())
        })?;
        if finished.status.code() != Some(code) || object["ok"] != (code == 0) {
            bail!("expected exit status {code}: {object}, {}", said());
        }
        Ok(object)
    }

    /// Puts `octets` into [`SENT`].
    pub(crate) fn give(&self, octets: &[u8]) -> Result<()> {
        Ok(fs::write(self.folder.join(SENT), octets)?)
    }

    /// Goes on with a part that ends as the server's file of these `octets` goes on, and not with one that ends otherwise.
    /// Before its end a part has other octets than the server, so that they tell who they came from.
    pub(crate) fn resume(&self, octets: &[u8], url: &str, get: &[&str]) -> Result<()> {
        let get = [get, &["-o", FETCHED, "--resume"]].concat();
        let (begun, rest) = octets.split_at(octets.len() / 3);
        let mut part = payload(begun.len(), 10);
        self.leave_part(&part, url, octets.len())?;
        expect_field(&self.succeed(&get)?, "resumed_from", 0)?;
        expect_same("what was fetched anew", &self.take()?, octets)?;

        let (_, end) = begun.split_at(begun.len() - COMPARED);
        part.truncate(begun.len() - COMPARED);
        part.extend_from_slice(end);
        self.leave_part(&part, url, octets.len())?;
        expect_field(&self.succeed(&get)?, "resumed_from", part.len())?;
        expect_same("the fetched file", &self.take()?, &[&part, rest].concat())
    }

    /// Makes `octets` what is left of a download of `url` to [`FETCHED`] that broke off, and would have had `size` octets.
    fn leave_part(&self, octets: &[u8], url: &str, size: usize) -> Result<()> {
        let digits: String = Sha256::digest(octets).iter().map(|octet| format!("{octet:02x}")).collect();
        let companion = json!({
            "url": url,
            "size": size,
            "validator": null,
            "octets": octets.len(),
            "sha256": digits,
        });
        fs::write(self.folder.join(format!("{FETCHED}.part")), octets)?;
        Ok(fs::write(self.folder.join(format!("{FETCHED}.part.json")), companion.to_string())?)
    }

    /// Takes what is in [`FETCHED`].
    pub(crate) fn take(&self) -> Result<Vec<u8>> {
        let path = self.folder.join(FETCHED);
        let octets = fs::read(&path).with_context(|| format!("there is no {FETCHED}"))?;
        fs::remove_file(path)?;
        Ok(octets)
    }

    /// Fails when there is a file that nobody asked for.
    pub(crate) fn expect_no_litter(&self) -> Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let name = entry?.file_name();
            ensure!(name == SENT, "left behind: {}", name.display());
        }
        Ok(())
    }
}
