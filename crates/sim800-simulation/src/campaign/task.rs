//! The tasks, as a program would do them.

use std::error::Error;

use bytes::Bytes;
use futures::io::Cursor;
use futures::{Stream, StreamExt};
use sim800_session::{
    Bearer, BearerError, Chain, Client, Fs, FsError, FsStorage, Ftp, FtpError, Http, HttpError, Profile,
    Server, StartUpError,
};

use super::scenario::{CONTENT_PATH, CONTENT_URL, Leave, Task};

/// Where a POST goes.
pub(super) const POST_URL: &str = "http://example.com/in";
/// Where an upload goes.
pub(super) const UPLOAD_PATH: &str = "/up";
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
    /// The far side has it, so many octets if that is told.
    Stored(Option<u64>),
    /// The size that was asked for.
    Size(u64),
    /// Nothing is to be compared.
    Nothing,
}

/// An error of the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failed {
    /// Its kind.
    pub(super) kind: &'static str,
    /// Its message.
    pub(super) text: String,
}

impl Failed {
    fn new(kind: &'static str, error: &(impl Error + 'static)) -> Self {
        Self { kind, text: Chain(error).to_string() }
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

failures! { StartUpError BearerError HttpError FtpError FsError }

/// Makes the module ready.
pub(super) async fn prepare(client: &Client) -> Result<Bearer, Failed> {
    client.start_up().await?;
    Ok(Bearer::open(client, &Profile::new("internet")).await?)
}

/// Fetches the content by HTTP; an answer other than 200 and 206 is a failure.
pub(super) async fn get(bearer: &Bearer, leave: Option<Leave>) -> Result<Done, Failed> {
    let response = Http::new(bearer).send(request(http::Request::get(CONTENT_URL), Bytes::new())).await?;
    found(response.status().as_u16())?;
    read(response.into_body(), leave).await
}

/// Fetches the content by HTTP, after it made the module ready where that is needed.
pub(super) async fn follow_up(client: &Client, bearer: Option<Bearer>) -> Result<(Bearer, Vec<u8>), Failed> {
    if let Some(bearer) = bearer
        && let Ok(Done::Read(octets)) = get(&bearer, None).await
    {
        return Ok((bearer, octets));
    }
    let bearer = prepare(client).await?;
    match get(&bearer, None).await? {
        Done::Read(octets) => Ok((bearer, octets)),
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
    Ftp::new(bearer, Server::new("ftp.example.com").with_credentials("user", "sesame"))
}

/// Does `task`, with `content` to send, of which a server has `resumed_from` octets when that is resumed.
pub(super) async fn perform(
    task: Task,
    bearer: Bearer,
    content: Bytes,
    resumed_from: u64,
    leave: Option<Leave>,
) -> Result<Done, Failed> {
    let ftp = ftp(&bearer);
    let fs = Fs::new(bearer.client());
    match task {
        Task::StartUp => prepare(bearer.client()).await.map(|_| Done::Nothing),
        Task::HttpGet => get(&bearer, leave).await,
        Task::HttpPost => {
            let response = Http::new(&bearer).send(request(http::Request::post(POST_URL), content)).await?;
            found(response.status().as_u16())?;
            Ok(Done::Stored(None))
        }
        Task::HttpHead => {
            let head = request(http::Request::head(CONTENT_URL), Bytes::new());
            found(Http::new(&bearer).send(head).await?.status().as_u16())?;
            Ok(Done::Nothing)
        }
        Task::FtpGet => read(ftp.get(CONTENT_PATH).await?, leave).await,
        Task::FtpPutSeekable => {
            Ok(Done::Stored(Some(ftp.put_seekable(UPLOAD_PATH, Cursor::new(content)).await?)))
        }
        Task::FtpPutResumed => {
            let stored = ftp.resume_put(UPLOAD_PATH, Cursor::new(content), resumed_from).await?;
            Ok(Done::Stored(Some(stored)))
        }
        Task::FtpPut => Ok(Done::Stored(Some(ftp.put(UPLOAD_PATH, &content[..]).await?))),
        Task::FtpList => read(ftp.list("/").await?, leave).await,
        Task::FtpSize => Ok(Done::Size(ftp.size(CONTENT_PATH).await?)),
        Task::FtpGetExtended => {
            read(ftp.get_extended(CONTENT_PATH, |_| {}).await?.into_download(), leave).await
        }
        Task::FtpPutExtended => Ok(Done::Stored(Some(ftp.put_extended(UPLOAD_PATH, &content[..]).await?))),
        Task::FtpGetToFs => {
            let stored = ftp.get_to_fs(CONTENT_PATH, FsStorage::Internal, WRITTEN_NAME, |_| {}).await?;
            Ok(Done::Stored(Some(stored)))
        }
        Task::FtpPutFile => {
            ftp.put_file(MODULE_FILE, UPLOAD_PATH).await.map(|()| Done::Stored(None)).map_err(Failed::from)
        }
        Task::FtpPutFromFs => {
            Ok(Done::Stored(Some(ftp.put_from_fs(MODULE_FILE, UPLOAD_PATH, |_| {}).await?)))
        }
        Task::FsRead => read(fs.read(MODULE_FILE).await?, leave).await,
        Task::FsWrite => Ok(Done::Stored(Some(fs.write(WRITTEN_FILE, &content[..]).await?))),
        Task::Engine => Ok(Done::Nothing),
    }
}

fn request(request: http::request::Builder, body: Bytes) -> http::Request<Bytes> {
    request.body(body).unwrap_or_default()
}

fn found(status: u16) -> Result<(), Failed> {
    match status {
        200..=206 => Ok(()),
        _ => Err(Failed { kind: "status", text: format!("HTTP status {status}") }),
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
