//! The tasks, as a program would do them.

use std::cell::RefCell;
use std::error::Error;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures::future::{Either, select};
use futures::{Stream, StreamExt};
use sim800_session::io::{self, AsyncReadExt};
use sim800_session::message::{Request, Response, header};
use sim800_session::{
    Bearer, BearerError, Body, Chain, Client, ErrorKind, Fs, FsError, FsStorage, Ftp, FtpError, Http,
    HttpError, Offset, Profile, Runtime, Sent, Server, SocketError, Sockets, StartUpError,
};

use super::content::{CONTENT_PATH, CONTENT_URL};
use super::kind::Task;
use super::observer::PASSWORD;
use super::scenario::Leave;
use super::streams::{File, Half, close, flush, write_all};
use crate::Clock;

/// Where the POST of a job goes.
pub(super) fn post_url(slot: usize) -> String {
    format!("http://example.com/in{slot}")
}

/// Where the upload of a job goes.
pub(super) fn upload_path(slot: usize) -> String {
    format!("/up{slot}")
}

/// The directory that a job makes.
pub(super) fn made_path(slot: usize) -> String {
    format!("/made{slot}")
}

/// A server that sends the content and takes what it gets, on one port, and sends the content and closes on the other.
pub(super) const SOCKET_HOST: &str = "tcp.example.com";
pub(super) const SOCKET_PORT: u16 = 7;
pub(super) const CLOSING_PORT: u16 = 9;

/// How long a program waits for a second response before it reads the first.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// The content in the module's file system.
const MODULE_FILE: &str = r"C:\User\FTP\FILE";
/// Where a file is written in the module's file system, and what a download is called there.
const WRITTEN_FILE: &str = r"C:\User\FTP\NEW";
pub(super) const WRITTEN_NAME: &str = "NEW";

/// How a task ended that did not fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// This was read.
    Read(Vec<u8>),
    /// This was read before the reader was abandoned.
    Abandoned(Vec<u8>),
    /// A response whose body was read, or begun to be read.
    Response { told: Told, octets: Vec<u8>, is_complete: bool },
    /// Several were read.
    Several(Vec<Self>),
    /// The far side has it, so many octets if that is told.
    Stored(Option<u64>),
    /// The size that was asked for.
    Size(u64),
    /// This was read from a server that got the content, or closed the connection.
    Exchanged(Vec<u8>),
    /// The far side has made it.
    Made,
    /// Nothing is to be compared.
    Nothing,
}

impl Done {
    /// What was read.
    pub(super) fn octets(&self) -> &[u8] {
        match self {
            Self::Read(octets)
            | Self::Abandoned(octets)
            | Self::Response { octets, .. }
            | Self::Exchanged(octets) => octets,
            Self::Several(_) | Self::Stored(_) | Self::Size(_) | Self::Made | Self::Nothing => &[],
        }
    }
}

/// An error of the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failed {
    /// Its kind.
    pub(super) kind: &'static str,
    /// Its message.
    pub(super) text: String,
    /// Whether it says that no server got what was to be sent.
    pub(super) is_unsent: bool,
    /// What was read from a socket before.
    pub(super) read: Vec<u8>,
}

impl Failed {
    fn new(kind: &'static str, error: &(impl Error + 'static)) -> Self {
        Self { kind, text: Chain(error).to_string(), is_unsent: false, read: Vec::new() }
    }

    /// Whether what was fetched is said to be another now.
    pub(super) fn is_changed(&self) -> bool {
        self.kind == ErrorKind::Changed.as_str()
    }
}

impl Failed {
    fn saying(kind: &'static str, text: String) -> Self {
        Self { kind, text, is_unsent: false, read: Vec::new() }
    }
}

macro_rules! failures {
    ($($error:ty)+) => {
        $(impl From<$error> for Failed {
            fn from(error: $error) -> Self {
                Self::new(error.kind().as_str(), &error)
            }
        })+
    };
}

failures! { StartUpError BearerError HttpError FtpError FsError SocketError }

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        match error.get_ref().and_then(|error| error.downcast_ref::<SocketError>()) {
            Some(error) => error.clone().into(),
            None => Self::new("io", &error),
        }
    }
}

/// Makes the module ready.
pub(super) async fn prepare(client: &Client) -> Result<Bearer, Failed> {
    client.start_up().await?;
    Ok(Bearer::open(client, &Profile::new("internet")).await?)
}

/// What the headers of a response say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) status: u16,
    pub(super) range: Option<String>,
    pub(super) length: Option<String>,
    /// Where the body begins.
    pub(super) offset: Option<u64>,
}

impl Told {
    fn of(response: &Response<Body>) -> Self {
        let value = |name| {
            let value = response.headers().get(name)?;
            Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        Self {
            status: response.status().as_u16(),
            range: value(header::CONTENT_RANGE),
            length: value(header::CONTENT_LENGTH),
            offset: response.extensions().get().map(|Offset(offset)| *offset),
        }
    }
}

/// Fetches the content by HTTP, or a part of it; an answer other than 200 and 206 is a failure.
async fn get(bearer: &Bearer, range: Option<String>, leave: Option<Leave>) -> Result<Done, Failed> {
    let mut get = Request::get(CONTENT_URL);
    if let Some(range) = range {
        get = get.header(header::RANGE, range);
    }
    let response = Http::new(bearer).send(made(get.body(Bytes::new()))?).await?;
    found(response.status().as_u16())?;
    let told = Told::of(&response);
    Ok(match read(response.into_body(), leave).await? {
        Done::Read(octets) => Done::Response { told, octets, is_complete: true },
        Done::Abandoned(octets) => Done::Response { told, octets, is_complete: false },
        other => other,
    })
}

/// Sends a request while the response to another one is alive, and reads all of them then. Where nothing is left to be read
/// of the first, it must not be waited for; otherwise a program waits as long as it likes.
async fn get_beside(bearer: &Bearer, is_empty: bool, clock: &Clock) -> Result<Done, Failed> {
    let http = Http::new(bearer);
    let get = || made(Request::get(CONTENT_URL).body(Bytes::new()));
    let first = http.send(get()?).await?;
    found(first.status().as_u16())?;
    let enough = clock.now() + PATIENCE;
    let second = match select(pin!(http.send(get()?)), clock.sleep_until(enough)).await {
        Either::Left((second, _)) => Some(second),
        Either::Right(_) => None,
    };
    let mut bodies = Vec::new();
    let is_second = match second {
        Some(Ok(second)) => {
            found(second.status().as_u16())?;
            bodies.push(read(second.into_body(), None).await?);
            true
        }
        Some(Err(error)) if is_empty => return Err(error.into()),
        None if is_empty => {
            return Err(Failed::saying("waiting", "waits for nothing".to_owned()));
        }
        _ => false,
    };
    match read(first.into_body(), None).await {
        Ok(body) => bodies.push(body),
        // The second has taken the module's only response from it.
        Err(_) if is_second => {}
        Err(error) => return Err(error),
    }
    let third = http.send(get()?).await?;
    found(third.status().as_u16())?;
    bodies.push(read(third.into_body(), None).await?);
    Ok(Done::Several(bodies))
}

/// Fetches the content by HTTP, after it made the module ready where that is needed.
pub(super) async fn follow_up(client: &Client, bearer: Option<Bearer>) -> Result<(Bearer, Vec<u8>), Failed> {
    if let Some(bearer) = bearer
        && let Ok(Done::Response { octets, .. }) = get(&bearer, None, None).await
    {
        return Ok((bearer, octets));
    }
    let bearer = prepare(client).await?;
    match get(&bearer, None, None).await? {
        Done::Response { octets, .. } => Ok((bearer, octets)),
        _ => Ok((bearer, Vec::new())),
    }
}

/// Fetches the content by FTP.
pub(super) async fn fetch(bearer: &Bearer) -> Result<Vec<u8>, Failed> {
    match read(ftp(bearer).get(CONTENT_PATH).await?, None).await? {
        Done::Read(octets) => Ok(octets),
        _ => Ok(Vec::new()),
    }
}

fn ftp(bearer: &Bearer) -> Ftp {
    Ftp::new(bearer, Server::new("ftp.example.com").with_credentials("user", PASSWORD))
}

/// A task and all that it needs.
pub(super) struct Job {
    pub(super) task: Task,
    /// Its number among those that are done at once.
    pub(super) slot: usize,
    /// What is sent.
    pub(super) content: Bytes,
    /// What is asked for, where it is a part.
    pub(super) range: (u64, Option<u64>),
    /// How many octets of the content a server has where that is resumed.
    pub(super) resumed_from: u64,
    pub(super) leave: Option<Leave>,
    pub(super) clock: Clock,
}

impl Job {
    /// Does it.
    pub(super) async fn perform(self, bearer: Bearer) -> Result<Done, Failed> {
        let Self { task, slot, content, range, resumed_from, leave, clock } = self;
        let ftp = ftp(&bearer);
        let fs = Fs::new(bearer.client());
        let upload_path = upload_path(slot);
        Ok(match task {
            Task::StartUp => {
                bearer.client().start_up().await?;
                Done::Nothing
            }
            Task::HttpGet => get(&bearer, None, leave).await?,
            Task::HttpRange => {
                let last = range.1.map(|last| last.to_string()).unwrap_or_default();
                get(&bearer, Some(format!("bytes={}-{last}", range.0)), leave).await?
            }
            Task::HttpAlive => get_beside(&bearer, content.is_empty(), &clock).await?,
            Task::HttpPost => {
                let post = made(Request::post(post_url(slot)).body(content))?;
                let response = Http::new(&bearer).send(post).await.map_err(|error| {
                    let is_unsent = error.sent() == Sent::No;
                    Failed { is_unsent, ..error.into() }
                })?;
                found(response.status().as_u16())?;
                Done::Stored(None)
            }
            Task::HttpHead => {
                let head = made(Request::head(CONTENT_URL).body(Bytes::new()))?;
                found(Http::new(&bearer).send(head).await?.status().as_u16())?;
                Done::Nothing
            }
            Task::FtpGet => read(ftp.get(CONTENT_PATH).await?, leave).await?,
            Task::FtpPutSeekable => {
                Done::Stored(Some(ftp.put_seekable(&upload_path, File::new(content)).await?))
            }
            Task::FtpPutResumed => {
                let stored = ftp.resume_put(&upload_path, File::new(content), resumed_from).await?;
                Done::Stored(Some(stored))
            }
            Task::FtpPut => Done::Stored(Some(ftp.put(&upload_path, &content[..]).await?)),
            Task::FtpList => read(ftp.list("/").await?, leave).await?,
            Task::FtpSize => Done::Size(ftp.size(CONTENT_PATH).await?),
            Task::FtpMakeDirectory => {
                ftp.make_directory(&made_path(slot)).await.map_err(|error| {
                    let is_unsent = error.sent() == Sent::No;
                    Failed { is_unsent, ..error.into() }
                })?;
                Done::Made
            }
            Task::FtpGetExtended => {
                read(ftp.get_extended(CONTENT_PATH, |_| {}).await?.into_download(), leave).await?
            }
            Task::FtpPutExtended => Done::Stored(Some(ftp.put_extended(&upload_path, &content[..]).await?)),
            Task::FtpGetToFs => {
                let stored = ftp.get_to_fs(CONTENT_PATH, FsStorage::Internal, WRITTEN_NAME, |_| {}).await?;
                Done::Stored(Some(stored))
            }
            Task::FtpPutFile => {
                ftp.put_file(MODULE_FILE, &upload_path).await?;
                Done::Stored(None)
            }
            Task::FtpPutFromFs => {
                Done::Stored(Some(ftp.put_from_fs(MODULE_FILE, &upload_path, |_| {}).await?))
            }
            Task::FsRead => read(fs.read(MODULE_FILE).await?, leave).await?,
            Task::FsWrite => Done::Stored(Some(fs.write(WRITTEN_FILE, &content[..]).await?)),
            Task::Sockets => exchange(&bearer, &content).await?,
            Task::Engine => Done::Nothing,
        })
    }
}

/// Which port of the server's a content is exchanged over.
fn socket_port(length: usize) -> u16 {
    if length.is_multiple_of(2) { SOCKET_PORT } else { CLOSING_PORT }
}

/// Sends the content to a server that sends it as well, and closes the connection; or reads it from one that closes it.
async fn exchange(bearer: &Bearer, content: &Bytes) -> Result<Done, Failed> {
    let sockets = Sockets::open(bearer.client(), &Profile::new("internet")).await?;
    let port = socket_port(content.len());
    let socket = RefCell::new(sockets.connect(SOCKET_HOST, port).await?);
    let (mut reader, mut writer) = (Half(&socket), Half(&socket));
    let mut read = Vec::new();
    let reading = async {
        let mut buffer = [0; 700];
        while port == CLOSING_PORT || read.len() < content.len() {
            match reader.read(&mut buffer).await? {
                0 if port == CLOSING_PORT => break,
                0 => return Err(Failed::saying("closed", "the server has closed the connection".to_owned())),
                length => read.extend(buffer.iter().take(length)),
            }
        }
        Ok(())
    };
    let writing = async {
        if port == SOCKET_PORT {
            write_all(&mut writer, content).await?;
            flush(&mut writer).await?;
        }
        Ok(())
    };
    let mut result = futures::try_join!(reading, writing).map(|_| ());
    if result.is_ok() && port == SOCKET_PORT {
        result = close(&mut writer).await.map_err(Failed::from);
    }
    match result {
        Ok(()) => Ok(Done::Exchanged(read)),
        Err(failed) => Err(Failed { read, ..failed }),
    }
}

/// A request, all of which is valid here. What is told otherwise has different types with `std` and without.
fn made<E: Error + 'static>(request: Result<Request<Bytes>, E>) -> Result<Request<Bytes>, Failed> {
    request.map_err(|error| Failed::new("request", &error))
}

fn found(status: u16) -> Result<(), Failed> {
    match status {
        200..=206 => Ok(()),
        _ => Err(Failed::saying("status", format!("HTTP status {status}"))),
    }
}

/// Reads all that there is, or as much as the program wants of it.
async fn read<E>(
    mut stream: impl Stream<Item = Result<Bytes, E>> + Unpin,
    leave: Option<Leave>,
) -> Result<Done, Failed>
where
    Failed: From<E>,
{
    let mut octets = Vec::new();
    loop {
        if let Some(Leave::Octets(enough)) = leave
            && octets.len() >= enough
        {
            return Ok(Done::Abandoned(octets));
        }
        match stream.next().await {
            Some(piece) => octets.extend_from_slice(&piece?),
            None => return Ok(Done::Read(octets)),
        }
    }
}
