//! What a program does, each with files of its own.

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::{Either, select};
use futures::io::Cursor;
use futures::{Stream, StreamExt};
use sim800_emulator::Storage;
use sim800_session::{
    Bearer, BearerError, Fs, FsError, Ftp, FtpError, Http, HttpError, Offset, Profile, Runtime, Server,
};
use sim800_simulation::{Clock, Network, Resource};

use super::Kept;
use crate::script::Script;

/// What has to come at the end.
pub(super) const FOLLOW_UP: &[u8] = b"\r\nOK\r\n and once more \r\n+HTTPREAD: 7\r\n";
pub(super) const FOLLOW_UP_URL: &str = "http://example.com/last";
pub(super) const FOLLOW_UP_PATH: &str = "/last";

/// How many kinds there are.
pub(crate) const KINDS: u8 = ALL.len() as u8;

const ALL: [Kind; 14] = [
    Kind::HttpGet,
    Kind::HttpRange,
    Kind::HttpPost,
    Kind::FtpGet,
    Kind::FtpPut,
    Kind::FtpPutSeekable,
    Kind::FtpList,
    Kind::FtpSize,
    Kind::FtpGetExtended,
    Kind::FtpPutExtended,
    Kind::FsRead,
    Kind::FsWrite,
    Kind::StartUp,
    Kind::CloseBearer,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    HttpGet,
    HttpRange,
    HttpPost,
    FtpGet,
    FtpPut,
    FtpPutSeekable,
    FtpList,
    FtpSize,
    FtpGetExtended,
    FtpPutExtended,
    FsRead,
    FsWrite,
    StartUp,
    CloseBearer,
}

/// How the program goes on with what it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// To its end.
    Never,
    /// It drops the future after so long.
    After(Duration),
    /// It reads so many octets, and drops the reader.
    Drop(usize),
    /// It reads so many octets, and keeps the reader.
    Keep(usize),
}

#[derive(Clone, Debug)]
pub(super) struct Task {
    number: usize,
    pub(super) kind: Kind,
    delay: Duration,
    length: usize,
    text: Text,
    pub(super) stop: Stop,
}

/// What the content reads like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Text {
    /// A few responses at times.
    Responses,
    /// Over and over a line that ends a response, or that a module says of its own accord: as what is left of a piece whose count has
    /// taken others for its octets, it hides that.
    Lines(&'static [u8]),
}

const TEXTS: [Text; 4] = [
    Text::Responses,
    Text::Lines(b"\r\nOK\r\n"),
    Text::Lines(b"\r\nRING\r\n"),
    Text::Lines(b"\r\n+X: 1\r\n"),
];

/// How a task ended that did not fail.
#[derive(Debug)]
pub(super) enum Done {
    /// This was read from an octet on, up to the end or not.
    Read {
        from: usize,
        octets: Vec<u8>,
        is_whole: bool,
    },
    /// It is on the other side, so many octets if that is told.
    Stored(Option<u64>),
    Size(u64),
    Nothing,
}

/// The kind of an error, and what it says.
#[derive(Debug)]
pub(super) struct Failed(pub(super) &'static str, pub(super) String);

macro_rules! failures {
    ($($error:ty)+) => {
        $(impl From<$error> for Failed {
            fn from(error: $error) -> Self {
                Self(error.kind().as_str(), format!("{error:?}"))
            }
        })+
    };
}

failures! { HttpError FtpError FsError BearerError sim800_session::StartUpError }

impl Task {
    /// One to three.
    pub(super) fn draw_some(script: &mut Script<'_>) -> Vec<Self> {
        (0..=usize::from(script.draw::<u8>() % 3)).map(|number| Self::draw(script, number)).collect()
    }

    fn draw(script: &mut Script<'_>, number: usize) -> Self {
        let kind = script.choose(&ALL);
        let delay = Duration::from_millis(250 * u64::from(script.draw::<u8>()));
        let length = usize::from(script.draw::<u16>());
        // Long ones are rare: they take ten times as long as the others.
        let length = if length > 0xF000 { length - 20_000 } else { length % 5_000 };
        let some = script.draw::<u8>();
        let value = usize::from(script.draw::<u8>());
        let stop = match some % 8 {
            1 => Stop::After(Duration::from_millis(100 * value as u64)),
            2 => Stop::Drop(value * length / 255),
            3 => Stop::Keep(value * length / 255),
            _ => Stop::Never,
        };
        let text = TEXTS[usize::from(some / 8) % TEXTS.len()];
        Self { number, kind, delay, length, text, stop }
    }

    pub(super) fn number(&self) -> usize {
        self.number
    }

    /// Different at every place of a few thousand; at times it reads like a response.
    pub(super) fn content(&self) -> Bytes {
        const TRAP: &[u8] = b"\r\nOK\r\n\r\n+FTPGET: 1,0\r\nRDY\r\n>";
        let (trap, distance) = match self.text {
            Text::Responses => (TRAP, 211),
            Text::Lines(line) => (line, line.len() + 3),
        };
        let octet = |place: usize| {
            let within = place % distance;
            trap.get(within).copied().unwrap_or((place * 7 + place / 211 + self.number * 31) as u8 | 0x80)
        };
        (17..17 + self.length).map(octet).collect()
    }

    /// What it may become: longer, and of other octets.
    pub(super) fn changed(&self) -> Bytes {
        vec![b'#'; self.length + 77].into()
    }

    fn url(&self) -> String {
        format!("http://example.com/file{}", self.number)
    }

    pub(super) fn post_url(&self) -> String {
        format!("http://example.com/in{}", self.number)
    }

    pub(super) fn path(&self) -> String {
        format!("/file{}", self.number)
    }

    pub(super) fn upload_path(&self) -> String {
        format!("/up{}", self.number)
    }

    /// In the module's file system: the file that is read, or the one that is written.
    fn file(&self) -> [String; 3] {
        let name = if self.kind == Kind::FsRead { "F" } else { "W" };
        ["User".to_owned(), "FTP".to_owned(), format!("{name}{}", self.number)]
    }

    /// Puts what it asks for to where it is.
    pub(super) fn serve(&self, network: &Network, storage: &dyn Storage) {
        put(network, self.number, self.content());
        network.put_resource(&self.post_url(), Resource::new(""));
        if self.kind == Kind::FsRead {
            storage.create(&self.file()).expect("there is room");
            storage.write(&self.file(), 0, &self.content()).expect("there is room");
        }
    }

    /// What it wrote into the module's file system.
    pub(super) fn written(&self, storage: &dyn Storage) -> Option<Bytes> {
        storage.read(&self.file(), 0, usize::MAX).ok()
    }

    /// Does it; `None` when the program left it.
    pub(super) async fn perform(
        &self,
        bearer: &Bearer,
        clock: &Clock,
        kept: Kept,
    ) -> Option<Result<Done, Failed>> {
        clock.sleep_until(clock.now() + self.delay).await;
        let end = match self.stop {
            Stop::After(time) => clock.now() + time,
            _ => Duration::MAX,
        };
        match select(Box::pin(self.carry_out(bearer, kept)), clock.sleep_until(end)).await {
            Either::Left((result, _)) => Some(result),
            Either::Right(_) => None,
        }
    }

    async fn carry_out(&self, bearer: &Bearer, kept: Kept) -> Result<Done, Failed> {
        let (ftp, client, content) = (ftp(bearer), bearer.client(), self.content());
        let fs = Fs::new(client);
        let file = self.file().join("\\");
        let file = format!("C:\\{file}");
        match self.kind {
            Kind::HttpGet => {
                let response = Http::new(bearer).send(get(&self.url(), None)).await?;
                found(response.status())?;
                self.read(0, response.into_body(), kept).await
            }
            Kind::HttpRange => {
                let range = format!("bytes={}-{}", self.length / 3, self.length / 3 * 2 + 1);
                let response = Http::new(bearer).send(get(&self.url(), Some(&range))).await?;
                found(response.status())?;
                let Some(Offset(from)) = response.extensions().get() else { return Ok(Done::Nothing) };
                let from = *from as usize;
                self.read(from, response.into_body(), kept).await
            }
            Kind::HttpPost => {
                let request = http::Request::post(self.post_url()).body(content).expect("a request");
                found(Http::new(bearer).send(request).await?.status())?;
                Ok(Done::Stored(None))
            }
            Kind::FtpGet => self.read(0, ftp.get(&self.path()).await?, kept).await,
            Kind::FtpPut => Ok(Done::Stored(Some(ftp.put(&self.upload_path(), &content[..]).await?))),
            Kind::FtpPutSeekable => {
                let stored = ftp.put_seekable(&self.upload_path(), Cursor::new(content)).await?;
                Ok(Done::Stored(Some(stored)))
            }
            Kind::FtpList => self.read(0, ftp.list("/").await?, kept).await,
            Kind::FtpSize => Ok(Done::Size(ftp.size(&self.path()).await?)),
            Kind::FtpGetExtended => {
                let extended = ftp.get_extended(&self.path(), |_| {}).await?;
                self.read(0, extended.into_download(), kept).await
            }
            Kind::FtpPutExtended => {
                Ok(Done::Stored(Some(ftp.put_extended(&self.upload_path(), &content[..]).await?)))
            }
            Kind::FsRead => self.read(0, fs.read(&file).await?, kept).await,
            Kind::FsWrite => Ok(Done::Stored(Some(fs.write(&file, &content[..]).await?))),
            Kind::StartUp => {
                client.start_up().await?;
                Bearer::open(client, &Profile::new("internet")).await?;
                Ok(Done::Nothing)
            }
            Kind::CloseBearer => Ok(bearer.clone().close().await.map(|()| Done::Nothing)?),
        }
    }

    /// Reads all that there is, or as much as the program wants of it.
    async fn read<E>(
        &self,
        from: usize,
        mut stream: impl Stream<Item = Result<Bytes, E>> + Unpin + 'static,
        kept: Kept,
    ) -> Result<Done, Failed>
    where
        Failed: From<E>,
    {
        let mut octets = Vec::new();
        let enough = match self.stop {
            Stop::Drop(enough) | Stop::Keep(enough) => enough,
            _ => usize::MAX,
        };
        while octets.len() < enough {
            match stream.next().await {
                Some(piece) => octets.extend_from_slice(&piece?),
                None => return Ok(Done::Read { from, octets, is_whole: true }),
            }
        }
        if matches!(self.stop, Stop::Keep(_)) {
            kept.borrow_mut().push(Box::new(stream));
        }
        Ok(Done::Read { from, octets, is_whole: false })
    }
}

/// Puts what is fetched on the servers.
pub(super) fn put(network: &Network, number: usize, content: Bytes) {
    network.put_resource(&format!("http://example.com/file{number}"), Resource::new(content.clone()));
    network.put_file(&format!("/file{number}"), content);
}

/// Fetches one file each by HTTP and FTP.
pub(super) async fn fetch_both(bearer: &Bearer) -> Result<(), String> {
    let task = Task {
        number: 0,
        kind: Kind::HttpGet,
        delay: Duration::ZERO,
        length: FOLLOW_UP.len(),
        text: Text::Responses,
        stop: Stop::Never,
    };
    let kept = Kept::default();
    let fetch = async {
        let response = Http::new(bearer).send(get(FOLLOW_UP_URL, None)).await?;
        found(response.status())?;
        let body = task.read(0, response.into_body(), Rc::clone(&kept)).await?;
        let file = task.read(0, ftp(bearer).get(FOLLOW_UP_PATH).await?, kept).await?;
        Ok::<_, Failed>([body, file])
    };
    let files = fetch.await.map_err(|failed| format!("{failed:?}"))?;
    for file in files {
        let Done::Read { octets, .. } = file else { unreachable!("it was read") };
        assert_eq!(octets.escape_ascii().to_string(), FOLLOW_UP.escape_ascii().to_string(), "afterwards");
    }
    Ok(())
}

fn ftp(bearer: &Bearer) -> Ftp {
    Ftp::new(bearer, Server::new("ftp.example.com").with_credentials("user", "sesame"))
}

fn get(url: &str, range: Option<&str>) -> http::Request<Bytes> {
    let mut request = http::Request::get(url);
    if let Some(range) = range {
        request = request.header("Range", range);
    }
    request.body(Bytes::new()).expect("a request")
}

fn found(status: http::StatusCode) -> Result<(), Failed> {
    if status.is_success() { Ok(()) } else { Err(Failed("status", status.to_string())) }
}
