//! A session takes nothing of the heap for the windows of a transfer: what the first ones took serves all that follow.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::io::Cursor;
use futures::{AsyncRead, AsyncReadExt, AsyncWrite};
use sim800_emulator::Config as ModuleConfig;
use sim800_session::{Bearer, Config, Ftp, Http, Profile, Runtime, Server, connect};
use sim800_simulation::{Clock, Port, Resource, World};

use super::allocations;

const URL: &str = "http://example.com/file";
/// Octets of a window.
const WINDOW: usize = 1024;

/// Octets move each way in so many windows; by `of_them` of which the session allocated how often.
type Transfer = fn(&mut World, &Bearer, Vec<u8>) -> usize;

pub(super) fn windows_take_nothing() {
    for (name, transfer) in [("GET", get as Transfer), ("FTP get", ftp_get), ("FTP put", ftp_put)] {
        let count = |windows| (0..3).map(|_| transferred(transfer, windows)).min().unwrap_or_default();
        let (few, many) = (count(20), count(60));
        assert!(few > 0, "{name}: nothing was counted");
        assert_eq!(many, few, "{name}: 40 more windows were not for nothing");
    }
}

/// How often the session allocates for a transfer of so many windows.
fn transferred(transfer: Transfer, windows: usize) -> usize {
    let file: Vec<u8> = (0..windows * WINDOW).map(|n| (n % 251) as u8).collect();
    let mut world = World::new(ModuleConfig::default());
    world.network().put_file("/file", file.clone());
    world.network().put_resource(URL, Resource::new(file.clone()));
    let mut config = Config::default();
    config.window = Some(WINDOW as u32);
    config.limits.buffer = WINDOW + 256;
    let (client, driver) = connect(Quiet(world.connect()), Arc::new(Quiet(world.clock())), config);
    let mut driver = Box::pin(driver);
    world.spawn(poll_fn(move |context| counted(|| driver.as_mut().poll(context)).map(drop)));
    let bearer = world.run(async {
        client.start_up().await.expect("start-up");
        Bearer::open(&client, &Profile::new("internet")).await.expect("bearer")
    });
    COUNT.store(0, Relaxed);
    transfer(&mut world, &bearer, file)
}

fn get(world: &mut World, bearer: &Bearer, file: Vec<u8>) -> usize {
    let request = http::Request::get(URL).body(Bytes::new()).expect("a request");
    let http = Http::new(bearer);
    let body = world.run(http.send(request)).expect("a response").into_body();
    read(world, body, &file)
}

fn ftp_get(world: &mut World, bearer: &Bearer, file: Vec<u8>) -> usize {
    let ftp = Ftp::new(bearer, Server::new("ftp.example.com"));
    let download = world.run(ftp.get("/file")).expect("open");
    read(world, download, &file)
}

fn ftp_put(world: &mut World, bearer: &Bearer, file: Vec<u8>) -> usize {
    let ftp = Ftp::new(bearer, Server::new("ftp.example.com"));
    let mut put = pin!(ftp.put_seekable("/up", Cursor::new(&file)));
    world.run(poll_fn(|context| counted(|| put.as_mut().poll(context)))).expect("complete");
    assert!(world.network().file("/up").as_deref() == Some(&file[..]), "the server has something else");
    COUNT.load(Relaxed)
}

/// Reads `source`, which has to bring `file`, in pieces smaller than a window.
fn read(world: &mut World, mut source: impl AsyncRead + Unpin, file: &[u8]) -> usize {
    let mut rest = file;
    let mut all = pin!(async {
        let mut piece = [0; 300];
        loop {
            let (read, left) = rest.split_at(source.read(&mut piece).await.expect("octets").min(rest.len()));
            assert!(piece.starts_with(read), "something else came");
            if read.is_empty() {
                break;
            }
            rest = left;
        }
    });
    world.run(poll_fn(|context| counted(|| all.as_mut().poll(context))));
    assert!(rest.is_empty(), "{} octets did not come", rest.len());
    COUNT.load(Relaxed)
}

/// How often the session allocated.
static COUNT: AtomicUsize = AtomicUsize::new(0);

fn counted<T>(work: impl FnOnce() -> T) -> T {
    let mut done = None;
    let (count, _) = allocations(|| done = Some(work()));
    COUNT.fetch_add(count, Relaxed);
    done.expect("it was done")
}

/// The world's own: what it allocates is nothing of the session's, by which it is asked.
#[derive(Debug)]
struct Quiet<T>(T);

fn uncounted<T>(work: impl FnOnce() -> T) -> T {
    let mut done = None;
    let (count, _) = allocations(|| done = Some(work()));
    COUNT.fetch_sub(count, Relaxed);
    done.expect("it was done")
}

impl AsyncRead for Quiet<Port> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        uncounted(|| Pin::new(&mut self.0).poll_read(cx, room))
    }
}

impl AsyncWrite for Quiet<Port> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        uncounted(|| Pin::new(&mut self.0).poll_write(cx, octets))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_close(cx)
    }
}

impl Runtime for Quiet<Clock> {
    fn now(&self) -> Duration {
        self.0.now()
    }

    fn sleep_until<'s, 'f>(&'s self, deadline: Duration) -> BoxFuture<'f, ()>
    where
        's: 'f,
        Self: 'f,
    {
        let mut sleep = self.0.sleep_until(deadline);
        Box::pin(poll_fn(move |context| uncounted(|| sleep.as_mut().poll(context))))
    }
}
