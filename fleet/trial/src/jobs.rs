//! The jobs of a trial, each with what it has to bring.

use anyhow::Result;
use sim800_fleet_job::{Action, Headers, Job, Place, Priority, Put, Source, Target};

use crate::origin::{Origin, path};
use crate::process::free_port;

/// A job and what it is there for.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) job: Job,
    pub(crate) number: usize,
    pub(crate) kind: Kind,
}

/// What a job is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Fetches file n by HTTP.
    Get(usize),
    /// Fetches file n into a file of the worker.
    GetToFile(usize),
    Head(usize),
    /// Nobody else posts there.
    Post,
    Delete,
    FtpGet(usize),
    /// Nobody else writes there.
    FtpPut,
    FtpAppend,
    FtpSize(usize),
    FtpList,
    FtpDelete,
    FtpMakeDirectory,
    FtpRename,
    /// Nobody listens there.
    Refused,
    /// No worker has these credentials.
    NoCredentials,
    /// All workers have these credentials, for another server.
    OthersCredentials,
    /// It holds a credential, which nobody looked for before it was submitted.
    Invalid,
}

impl Kind {
    const COUNT: usize = 15;

    fn of(n: usize) -> Self {
        let file = Origin::index(n / 3);
        match n % Self::COUNT {
            0 => Self::Get(file),
            1 => Self::Post,
            2 => Self::FtpGet(file),
            3 => Self::FtpPut,
            4 => Self::Head(file),
            5 => Self::FtpAppend,
            6 => Self::Delete,
            7 => Self::FtpSize(file),
            8 => Self::FtpList,
            9 => Self::FtpDelete,
            10 => Self::FtpMakeDirectory,
            11 => Self::FtpRename,
            12 => Self::GetToFile(file),
            // Some of a hundred are enough of what cannot be done.
            13 if n % 60 == 13 => Self::Refused,
            14 if n % 60 == 14 => Self::NoCredentials,
            13 if n % 60 == 28 => Self::OthersCredentials,
            13 if n % 60 == 43 => Self::Invalid,
            13 => Self::Post,
            _ => Self::Get(file),
        }
    }
}

/// So many jobs of all kinds, with what they need on the servers.
pub(crate) fn make(origin: &Origin, count: usize) -> Result<Vec<Case>> {
    let refused = free_port()?;
    (0..count)
        .map(|number| {
            let kind = Kind::of(number);
            let own = |folder: &str| format!("/{folder}/{number}");
            let http = |path: &str| origin.http_url(path);
            let ftp = |path: &str| origin.ftp_url(path);
            let headers = Headers::new;
            let target = Target::Object;
            let text = || Source::Text(Origin::text(number));
            let action = match kind {
                Kind::Get(n) => Action::Get { url: http(&path(n)), headers: headers(), target },
                Kind::GetToFile(n) => {
                    let target = Target::File(format!("got/{number}"));
                    Action::Get { url: http(&path(n)), headers: headers(), target }
                }
                Kind::Head(n) => Action::Head { url: http(&path(n)), headers: headers() },
                Kind::Post => {
                    Action::Post { url: http(&own("post")), headers: headers(), source: text(), target }
                }
                Kind::Delete => {
                    origin.http.put(&own("delete"), "text/plain", "x");
                    Action::Delete { url: http(&own("delete")), headers: headers() }
                }
                Kind::FtpGet(n) => Action::FtpGet { url: ftp(&path(n)), target },
                Kind::FtpPut | Kind::FtpAppend => {
                    let folder = if kind == Kind::FtpPut { "put" } else { "append" };
                    origin.ftp.put_file(&own(folder), b"")?;
                    let put = if kind == Kind::FtpPut { Put::Replace } else { Put::Append };
                    Action::FtpPut { url: ftp(&own(folder)), source: text(), put }
                }
                Kind::FtpSize(n) => Action::FtpSize { url: ftp(&path(n)) },
                Kind::FtpList => Action::FtpList { url: ftp("/names/"), target },
                Kind::FtpDelete => {
                    origin.ftp.put_file(&own("delete"), b"x")?;
                    Action::FtpDelete { url: ftp(&own("delete")) }
                }
                Kind::FtpMakeDirectory => Action::FtpMakeDirectory { url: ftp(&format!("/made-{number}")) },
                Kind::FtpRename => {
                    origin.ftp.put_file(&own("old"), b"x")?;
                    origin.ftp.put_file("/new/none", b"")?;
                    Action::FtpRename { url: ftp(&own("old")), to: own("new") }
                }
                Kind::Refused => {
                    let url = format!("http://127.0.0.1:{refused}/{number}");
                    Action::Get { url, headers: headers(), target }
                }
                Kind::NoCredentials => Action::FtpGet { url: ftp(&path(1)), target },
                Kind::OthersCredentials | Kind::Invalid => {
                    let mut headers = headers();
                    if kind == Kind::Invalid {
                        headers.insert("X-Api-Key".into(), "secret".into());
                    }
                    Action::Get { url: http(&own("never")), headers, target }
                }
            };
            let mut job = Job::new(format!("job-{number}"), action);
            // Killing is no fault of a job's.
            job.attempts = 20;
            job.credentials = job.action.url().starts_with("ftp:").then(|| "origin".to_owned());
            match kind {
                Kind::Refused => job.attempts = 2,
                Kind::NoCredentials => {
                    job.credentials = Some("nobody".into());
                    job.attempts = 2;
                }
                Kind::OthersCredentials => {
                    job.credentials = Some("origin".into());
                    job.attempts = 2;
                }
                _ => {}
            }
            job.place = match number % 10 {
                1 => Place::Group("even".into()),
                2 => Place::Operator("t-mobile-d".into()),
                _ => Place::Any,
            };
            job.priority = Priority::ALL[number % 3];
            Ok(Case { job, number, kind })
        })
        .collect()
}
