//! What comes between: losses, restarts, other lines, slow lines, the end.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::future::{Either, select};
use futures::{AsyncRead, AsyncWrite, StreamExt};
use sim800_emulator::{Config as ModuleConfig, Fault, LineEnds, Messages, Place, PowerDown};
use sim800_session::{
    Bearer, BearerError, Config, Direction, Disconnected, Failure, Ftp, FtpError, Http, HttpError, Notice,
    Profile, Restart, Runtime, connect,
};
use sim800_simulation::{Incident, Mishap, Resource, When, World};

use crate::lab::{Lab, hostile, paced, server};

#[test]
fn the_loss_of_the_bearer_is_the_cause_that_is_named() {
    let (mut lab, bearer) = Lab::ready_once();
    lab.network().put_file("/file", hostile(100_000));
    lab.network().put_resource("http://example.com/file", Resource::new("x"));
    let loss = Fault::BearerLost { cid: 1 };

    let ftp = Ftp::new(&bearer, server());
    let other = ftp.clone();
    let mut download = lab.world.run(async move { other.get("/file").await }).expect("open");
    lab.world.fault(loss.clone());
    let error = lab.world.run(async move {
        loop {
            match download.next().await {
                Some(Ok(_)) => {}
                Some(Err(error)) => break error,
                None => panic!("not complete"),
            }
        }
    });
    assert!(matches!(error, FtpError::Bearer { source: BearerError::Lost { cid: 1 }, .. }), "{error:?}");

    let bearer = lab.bearer();
    lab.network().cause(Mishap::Silence);
    let time = lab.world.clock().now() + Duration::from_secs(5);
    lab.world.fault_at(time, loss);
    let error = lab.get(&bearer, "http://example.com/file").expect_err("lost");
    assert!(matches!(error, HttpError::Bearer { source: BearerError::Lost { cid: 1 }, .. }), "{error:?}");

    let bearer = lab.bearer();
    assert_eq!(lab.get(&bearer, "http://example.com/file").expect("body").1, "x");
}

#[test]
fn a_restart_fails_what_runs_and_start_up_heals() {
    for announced in [true, false] {
        let (mut lab, bearer) = Lab::ready_once();
        let file = hostile(100_000);
        lab.network().put_file("/file", file.clone());
        let ftp = Ftp::new(&bearer, server());
        let mut download = lab.world.run(ftp.get("/file")).expect("open");
        lab.world.fault(Fault::Restart { announced });
        let error = lab.world.run(async move {
            loop {
                match download.next().await {
                    Some(Ok(_)) => {}
                    Some(Err(error)) => break error,
                    None => panic!("not complete"),
                }
            }
        });
        if announced {
            assert_eq!(error.kind().as_str(), "restarted", "{error:?}");
        }
        let bearer = lab.bearer();
        let ftp = Ftp::new(&bearer, server());
        assert!(lab.ftp_get(&ftp, "/file").expect("file") == file);
    }
}

#[test]
fn a_power_down_is_told_to_everyone() {
    let (mut lab, _bearer) = Lab::ready();
    let mut notices = lab.client.subscribe(|_| false);
    lab.world.fault(Fault::PowerDown(PowerDown::UnderVoltage));
    let notice = lab.world.run(async move { notices.next().await });
    assert_eq!(notice, Some(Notice::Restarted(Restart::UnderVoltage)));
    let client = lab.client.clone();
    let error = lab.world.run(async move { client.execute(&sim800_command::At).await }).expect_err("off");
    assert!(matches!(error.failure(), Failure::TimedOut { .. } | Failure::Desynchronized), "{error}");
}

#[test]
fn a_short_message_that_reads_ok_changes_nothing() {
    let (mut lab, bearer) = Lab::ready();
    lab.network().put_resource("http://example.com/file", Resource::new(hostile(30_000)));
    for place in [Place::BeforeResponse, Place::BeforeResult] {
        let text = "+CMT: \"+4915112345678\",\"\",\"26/11/22,10:00:00+04\"\r\nOK".to_owned();
        lab.world.fault(Fault::Inject { place, text });
        assert_eq!(lab.get(&bearer, "http://example.com/file").expect("body").1.len(), 30_000);
    }
}

/// In text mode the module sends the lines of a message as they are, and only the first is known to be text: so start-up has it keep them.
#[test]
fn a_message_of_several_lines_says_nothing_in_the_modules_name() {
    const TEXT: &str = "hello\nand\n+FTPGET: 1,0\n+HTTPACTION: 0,200,0\nOK\nRDY";
    let file = hostile(5_000);
    let mut module = ModuleConfig::default();
    module.messages = Messages::Text;
    for octets in (0..10_000).step_by(997) {
        let (mut lab, bearer) = Lab::ready_with(module.clone());
        lab.network().put_resource("http://example.com/file", Resource::new(file.clone()));
        lab.network().put_file("/file", file.clone());
        let (tell, told) = std::sync::mpsc::channel();
        lab.world.tap(move |crossing| {
            if crossing.direction == Direction::Received {
                tell.send(crossing.left.to_vec()).expect("someone listens");
            }
        });
        let when = When::Crossed(Direction::Received, lab.world.crossed(Direction::Received) + octets);
        lab.world.plan(when, Incident::Fault(Fault::Message { text: TEXT.to_owned() }));
        assert_eq!(lab.get(&bearer, "http://example.com/file"), Ok((200, file.clone().into())), "{octets}");
        let ftp = Ftp::new(&bearer, server());
        assert_eq!(lab.ftp_get(&ftp, "/file").as_ref(), Ok(&file), "{octets}");
        drop((ftp, bearer, lab));
        let received = told.iter().flatten().collect::<Vec<u8>>();
        let comes = |text: &[u8]| received.windows(text.len()).any(|octets| octets == text);
        assert!(comes(b"+CMTI: ") && !comes(b"hello"), "{octets}");
    }
}

#[test]
fn reads_may_be_cut_anywhere_and_the_line_may_be_slow() {
    let mut world = World::on_line(ModuleConfig::default(), paced(9_600));
    world.cut_reads(&[1, 3, 2, 16, 7]);
    let mut config = Config::default();
    config.rate = 9_600;
    let mut lab = Lab::with(world, config);
    let bearer = lab.bearer();
    let body = hostile(40_000);
    lab.network().put_resource("http://example.com/file", Resource::new(body.clone()));
    assert!(lab.get(&bearer, "http://example.com/file").expect("body").1 == body);
    lab.network().put_file("/file", body.clone());
    let ftp = Ftp::new(&bearer, server());
    assert!(lab.ftp_get(&ftp, "/file").expect("file") == body);
    assert_eq!(lab.ftp_put(&ftp, "/up", &body), Ok(40_000));
    assert!(lab.network().file("/up").as_deref() == Some(&body[..]));
}

#[test]
fn a_driver_ends_when_its_clients_are_gone_and_cleaned_up_after() {
    let mut world = World::new(ModuleConfig::default());
    let port = world.connect();
    let (client, driver) = connect(port, Arc::new(world.clock()), Config::default());
    world.network().put_resource("http://example.com/file", Resource::new(hostile(100_000)));
    let session = async move {
        client.start_up().await.expect("start-up");
        let bearer = Bearer::open(&client, &Profile::new("internet")).await.expect("bearer");
        let request = ::http::Request::get("http://example.com/file").body(Bytes::new()).expect("request");
        drop(Http::new(&bearer).send(request).await.expect("response"));
    };
    let ((), ended) = world.run(futures::future::join(session, driver));
    assert!(ended.is_ok());
    // The service is free again for whoever comes next.
    let mut lab = Lab::with(world, Config::default());
    let client = lab.client.clone();
    let init = lab.world.run(async move { client.execute(&sim800_command::HttpInit).await });
    assert!(init.is_ok(), "{init:?}");
}

#[test]
fn the_end_of_the_line_is_told_to_everyone() {
    let (mut lab, bearer) = Lab::ready();
    let notices = lab.client.subscribe(|_| false);
    drop(lab.world.connect());
    let client = lab.client.clone();
    let error = lab.world.run(async move { client.execute(&sim800_command::At).await }).expect_err("gone");
    assert_eq!(error.kind().as_str(), "disconnected", "{error}");
    let seen = lab.world.run(notices.collect::<Vec<_>>());
    assert!(matches!(seen[..], [Notice::Disconnected(_)]), "{seen:?}");
    assert!(lab.get(&bearer, "http://example.com/file").is_err());
}

#[test]
fn who_listens_is_told_that_the_driver_ended() {
    let mut world = World::new(ModuleConfig::default());
    let (client, driver) = connect(world.connect(), Arc::new(world.clock()), Config::default());
    let notices = client.subscribe(|_| true);
    drop(client);
    let (told, ended) = world.run(futures::future::join(notices.collect::<Vec<_>>(), driver));
    assert!(ended.is_ok());
    assert_eq!(told, [Notice::Disconnected(Disconnected::Closed)]);
}

#[test]
fn closing_waits_until_all_is_put_back() {
    let mut world = World::new(ModuleConfig::default());
    let (client, driver) = connect(world.connect(), Arc::new(world.clock()), Config::default());
    let notices = client.subscribe(|_| false);
    world.network().put_resource("http://example.com/file", Resource::new(hostile(100_000)));
    world.network().put_file("/file", hostile(100_000));
    let session = async move {
        client.start_up().await.expect("start-up");
        let bearer = Bearer::open(&client, &Profile::new("internet")).await.expect("bearer");
        let request = ::http::Request::get("http://example.com/file").body(Bytes::new()).expect("request");
        let response = Http::new(&bearer).send(request).await.expect("response");
        let mut download = Ftp::new(&bearer, server()).get("/file").await.expect("open");
        download.next().await.expect("octets").expect("octets");
        let other = client.clone();
        let asked = other.execute(&sim800_command::Csq);
        futures::pin_mut!(asked);
        assert!(futures::poll!(&mut asked).is_pending());
        drop((response, download));
        client.close().await;
        assert!(asked.await.is_ok(), "what was asked for before is carried out");
        let refused = other.execute(&sim800_command::At).await.expect_err("too late");
        assert_eq!(*refused.failure(), Failure::Disconnected(Disconnected::Closed));
        other.clone().close().await;
    };
    let ((), ended) = world.run(futures::future::join(session, driver));
    assert!(ended.is_ok(), "{ended:?}");
    assert_eq!(world.run(notices.collect::<Vec<_>>()), [Notice::Disconnected(Disconnected::Closed)]);
    // Nothing is in the way of whoever comes next.
    let lab = Lab::with(world, Config::default());
    let (mut world, client) = (lab.world, lab.client);
    world.run(async move {
        client.execute(&sim800_command::HttpInit).await.expect("the service is free");
        let state = client.query(&sim800_command::FtpState, |state| state).await.expect("a state");
        assert_eq!(state, sim800_command::FtpActivity::Idle);
    });
}

#[test]
fn closing_needs_no_driver_that_was_dropped_and_none_is_needed_to_give_it_up() {
    let mut world = World::new(ModuleConfig::default());
    let (client, driver) = connect(world.connect(), Arc::new(world.clock()), Config::default());
    drop(driver);
    world.run(client.close());

    let (client, driver) = connect(world.connect(), Arc::new(world.clock()), Config::default());
    let other = client.clone();
    assert!(futures::FutureExt::now_or_never(client.close()).is_none());
    assert!(world.run(driver).is_ok(), "closing goes on without whoever asked for it");
    drop(other);
}

/// A line that is never silent.
struct Chatter;

impl AsyncRead for Chatter {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        room.fill(b'x');
        Poll::Ready(Ok(room.len()))
    }
}

impl AsyncWrite for Chatter {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(octets.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Time that passes whenever it is asked for.
#[derive(Debug, Default)]
struct Passing(AtomicU64);

#[async_trait::async_trait]
impl Runtime for Passing {
    fn now(&self) -> Duration {
        Duration::from_millis(self.0.fetch_add(1, Ordering::Relaxed))
    }

    async fn sleep_until(&self, deadline: Duration) {
        while self.now() < deadline {
            futures::pending!();
        }
    }
}

#[test]
fn a_line_that_is_never_silent_holds_up_no_deadline() {
    let (client, driver) = connect(Chatter, Arc::new(Passing::default()), Config::default());
    let asked = Box::pin(client.execute(&sim800_command::At));
    let Either::Left((Err(error), _)) = futures::executor::block_on(select(asked, driver)) else {
        panic!("nobody has answered")
    };
    assert_eq!(*error.failure(), Failure::Desynchronized);
}

/// Nothing tells of the restart, and the response to the next command ends the line that it broke off.
#[test]
fn no_number_is_believed_that_a_restart_cut() {
    for offset in 0..30 {
        let mut module = ModuleConfig::default();
        (module.echo, module.line_ends) = (false, LineEnds::MissingBeforeResult);
        let (mut lab, bearer) = Lab::ready_with(module);
        lab.network().put_file("/file", hostile(299));
        let restart = Incident::Fault(Fault::Restart { announced: false });
        let when = When::Crossed(Direction::Received, lab.world.crossed(Direction::Received) + offset);
        lab.world.plan(when, restart);
        let ftp = Ftp::new(&bearer, server());
        assert_eq!(lab.world.run(async move { ftp.size("/file").await }), Ok(299), "{offset}");
    }
}
