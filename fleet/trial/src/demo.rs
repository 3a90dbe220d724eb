//! A fleet to play with: a server, two workers with emulated modules, and something to be fetched, until Ctrl-C.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use sim800_fleet_job::{Action, Job, Target};

use crate::origin::{Origin, path};
use crate::process::{Server, worker};
use crate::say;

const WORKERS: usize = 2;
const MODULES: usize = 16;
const JOBS: usize = 1000;

/// Where a server is looked for unless another is named.
const PORT: u16 = 4222;

pub(crate) async fn run(program: &Path, directory: &Path) -> Result<()> {
    std::fs::create_dir_all(directory)?;
    let origin = Origin::start()?;
    // Whoever has the port already is not to be given jobs.
    drop(TcpListener::bind((Ipv4Addr::LOCALHOST, PORT)).with_context(|| format!("port {PORT} is in use"))?);
    let mut server = Server::at(program, directory, PORT)?;
    server.store(Duration::from_secs(30)).await?;
    let mut processes = Vec::new();
    for w in 1..=WORKERS {
        let modules = format!(
            "[[modules]]\nname = 'gateway-{w}'\nport = 'emulator'\ncount = {MODULES}\napn = 'internet'\ngroups = ['gateway-{w}']\n"
        );
        let mut process = worker(&server, directory, &format!("worker-{w}"), &origin.ftp_url(""), &modules)?;
        process.start()?;
        processes.push(process);
    }
    let jobs = directory.join("jobs.jsonl");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&jobs)?);
    let run = std::process::id();
    for n in 0..JOBS {
        let url = origin.http_url(&path(Origin::index(n)));
        let action = Action::Get { url, headers: Default::default(), target: Target::Object };
        serde_json::to_writer(&mut file, &Job::new(format!("demo-{run}-{n}"), action))?;
        file.write_all(b"\n")?;
    }
    file.flush()?;
    let fleet = std::env::current_exe()?.with_file_name("sim800-fleet");
    say(format_args!("{WORKERS} workers with {MODULES} emulated modules each, at {}", server.url));
    say(format_args!("{JOBS} jobs are in {}; in another terminal:", jobs.display()));
    for line in [
        format!("submit --jobs {}", jobs.display()),
        "watch --until-idle".into(),
        "status".into(),
        "modules".into(),
    ] {
        say(format_args!("    {} {line}", fleet.display()));
    }
    say(format_args!("Ctrl-C ends it"));
    tokio::signal::ctrl_c().await.context("cannot wait for Ctrl-C")?;
    for process in &mut processes {
        process.end(Duration::from_secs(30)).await?;
    }
    server.process.end(Duration::from_secs(30)).await?;
    Ok(())
}
