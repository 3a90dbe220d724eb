//! What breaks off and is gone on with: exact in the end, never mixed, never done twice that may be done but once.

use std::time::Duration;

use bytes::Bytes;
use futures::io::Cursor;
use futures::{Stream, StreamExt, TryStreamExt};
use sim800_emulator::{Damage, Fault, FtpAction, FtpFailure, HttpFailure, PowerDown, PutOption as Stored};
use sim800_session::{
    Bearer, Body, Config, Direction, Ftp, FtpError, FtpOptions, Http, HttpError, Notice, PutOption, Retry,
    Runtime,
};
use sim800_simulation::{Incident, Mishap, Network, Resource, When, World};

use crate::lab::{Lab, hostile, paced, server, whole};

const URL: &str = "http://example.com/file";
const LENGTH: usize = 100_000;

/// What takes a session away, or a part of it.
fn losses() -> [Fault; 4] {
    [
        Fault::BearerLost { cid: 1 },
        Fault::Restart { announced: true },
        Fault::Restart { announced: false },
        Fault::Damage { after: 700, damage: Damage::Drop },
    ]
}

fn file() -> Bytes {
    hostile(LENGTH).into()
}

/// The tries that `notices` tell of.
fn retries(notices: impl Stream<Item = Notice>) -> Vec<Retry> {
    let told = notices.filter_map(|notice| async move {
        match notice {
            Notice::Retrying(retry) => Some(retry),
            _ => None,
        }
    });
    let mut told = std::pin::pin!(told);
    std::iter::from_fn(|| futures::FutureExt::now_or_never(told.next()).flatten()).collect()
}

async fn send(bearer: &Bearer) -> Result<Body, HttpError> {
    let request = ::http::Request::get(URL).body(Bytes::new()).expect("a request");
    Ok(Http::new(bearer).send(request).await?.into_body())
}

/// Takes one piece, lets `between` happen, and takes the rest.
async fn interrupted<E>(
    mut pieces: impl Stream<Item = Result<Bytes, E>> + Unpin,
    between: impl Future<Output = ()>,
) -> Result<Vec<u8>, E> {
    let first = pieces.try_next().await?.expect("a first piece");
    between.await;
    pieces.try_fold(first.to_vec(), |all, piece| async move { Ok([all, piece.to_vec()].concat()) }).await
}

/// Lets time pass, and faults take their course.
async fn pause(runtime: impl Runtime, seconds: u64) {
    runtime.sleep_until(runtime.now() + Duration::from_secs(seconds)).await;
}

#[test]
fn a_body_is_gone_on_with_whatever_broke_it_off() {
    for fault in losses() {
        let (mut lab, bearer) = Lab::ready();
        lab.network().put_resource(URL, Resource::new(file()));
        let notices = lab.client.subscribe(|_| false);
        let clock = lab.world.clock();
        let body = lab.world.run(send(&bearer)).expect("a response");
        lab.world.fault_at(clock.now() + Duration::from_secs(1), fault.clone());
        let fetched = lab.world.run(interrupted(body, pause(clock, 5)));
        assert!(fetched.as_ref().is_ok_and(|fetched| *fetched == file()), "{fault:?}: {:?}", fetched.err());
        // Without a bearer the module still has the body, and what the line lost it says again.
        let (requests, tries) = match fault {
            Fault::BearerLost { .. } => (1, 0),
            Fault::Damage { .. } => (1, 1),
            _ => (2, 1),
        };
        let told = retries(notices);
        assert!(told.len() == tries && told.iter().all(|retry| retry.attempt == 1), "{fault:?}: {told:?}");
        assert_eq!(lab.network().http_requests().len(), requests, "{fault:?}");
    }
}

#[test]
fn an_object_that_is_another_by_then_is_not_mixed_with_the_first() {
    let mut other = hostile(LENGTH);
    other[10_000..40_000].reverse();
    let tagged = |body: Vec<u8>, tag: &str| {
        let mut resource = Resource::new(body);
        resource.headers.push(("ETag".to_owned(), tag.to_owned()));
        resource
    };
    for (first, second) in [
        (Resource::new(file()), Resource::new(hostile(LENGTH + 1))),
        (Resource::new(file()), Resource::new(other)),
        (tagged(hostile(LENGTH), "\"1\""), tagged(hostile(LENGTH), "\"2\"")),
    ] {
        let (mut lab, bearer) = Lab::ready();
        let (network, clock) = (lab.network(), lab.world.clock());
        network.put_resource(URL, first);
        let body = lab.world.run(send(&bearer)).expect("a response");
        lab.world.fault_at(clock.now() + Duration::from_secs(1), Fault::Restart { announced: true });
        let change = async move {
            network.put_resource(URL, second);
            pause(clock, 5).await;
        };
        let error = lab.world.run(interrupted(body, change)).map(|all| all.len()).expect_err("another");
        assert!(matches!(error, HttpError::Changed { position: 16_384.. }), "{error:?}");
    }
}

#[test]
fn a_large_object_is_gone_on_with_in_the_range_that_broke_off() {
    const LARGE: usize = 700_000;
    for fault in losses() {
        for pieces in [1, 16, 20, 33] {
            let (mut lab, bearer) = Lab::ready();
            lab.network().put_resource(URL, Resource::new(hostile(LARGE)));
            let mut body = lab.world.run(send(&bearer)).expect("a response");
            let mut fetched = Vec::new();
            for _ in 0..pieces {
                let piece = lab.world.run(body.next()).expect("a piece").expect("octets");
                fetched.extend_from_slice(&piece);
            }
            lab.world.fault(fault.clone());
            let rest = lab.world.run(whole(body)).expect("the rest");
            fetched.extend_from_slice(&rest);
            assert!(fetched == hostile(LARGE), "{fault:?} after {pieces} pieces");
        }
    }
    let (mut lab, bearer) = Lab::ready();
    lab.network().put_resource(URL, Resource::new(hostile(LARGE)));
    let body = lab.world.run(send(&bearer)).expect("a response");
    lab.network().cause(Mishap::Http(HttpFailure::Network));
    assert!(lab.world.run(whole(body)).expect("a body") == hostile(LARGE));
}

#[test]
fn a_post_is_made_ready_again_and_sent_but_once() {
    let post = |bearer: &Bearer| {
        let http = Http::new(bearer);
        let request = ::http::Request::post("http://example.com/in").body(file()).expect("a request");
        async move { http.send(request).await.map(drop) }
    };
    // While the body is on its way to the module, which takes 8.7 s.
    for fault in [Fault::Restart { announced: true }, Fault::BearerLost { cid: 1 }] {
        let mut lab = Lab::with(World::on_line(Default::default(), paced(115_200)), Config::default());
        let bearer = lab.bearer();
        lab.network().put_resource("http://example.com/in", Resource::new(""));
        let clock = lab.world.clock();
        lab.world.fault_at(clock.now() + Duration::from_secs(4), fault.clone());
        lab.world.run(post(&bearer)).expect("sent");
        let requests = lab.network().http_requests();
        assert!(requests.len() == 1 && requests[0].body == file(), "{fault:?}");
    }
    // While the server has it.
    for fault in [Fault::Restart { announced: true }, Fault::BearerLost { cid: 1 }] {
        let (mut lab, bearer) = Lab::ready();
        lab.network().put_resource("http://example.com/in", Resource::new(""));
        lab.network().set_latency(Duration::from_secs(20));
        let clock = lab.world.clock();
        lab.world.fault_at(clock.now() + Duration::from_secs(10), fault.clone());
        lab.world.run(post(&bearer)).expect_err("broken off");
        lab.world.run(pause(clock, 60));
        assert_eq!(lab.network().http_requests().len(), 1, "{fault:?}");
    }
}

/// What breaks an FTP transfer off after some 20,000 octets.
fn mishaps() -> [Mishap; 3] {
    [
        Mishap::Ftp { after: 20_000, failure: FtpFailure::NETWORK },
        Mishap::Ftp { after: 20_000, failure: FtpFailure::TIMEOUT },
        Mishap::FtpStall { after: 20_000 },
    ]
}

#[test]
fn a_download_is_gone_on_with_by_rest() {
    for fault in losses().map(Some).into_iter().chain([None]) {
        for mishap in mishaps() {
            let (mut lab, bearer) = Lab::ready();
            lab.network().put_file("/file", file());
            let ftp = Ftp::new(&bearer, server());
            let clock = lab.world.clock();
            let download = match &fault {
                Some(fault) => {
                    let download = lab.world.run(ftp.get("/file")).expect("open");
                    lab.world.fault_at(clock.now() + Duration::from_secs(1), fault.clone());
                    download
                }
                None => {
                    lab.network().cause(mishap);
                    lab.world.run(ftp.get("/file")).expect("open")
                }
            };
            let fetched = lab.world.run(interrupted(download, pause(clock, 5)));
            assert!(fetched.is_ok_and(|fetched| fetched == file()), "{fault:?}, {mishap:?}");
            let gets = lab.network().ftp_requests();
            let rests: Vec<_> =
                gets.iter().filter(|get| get.action == FtpAction::Get).map(|get| get.rest).collect();
            assert!(rests.len() == 2 && rests[0] == 0 && rests[1] > 0, "{fault:?}, {mishap:?}: {rests:?}");
        }
    }
}

#[test]
fn a_server_that_always_breaks_off_at_the_same_octet_is_given_up() {
    let failure = FtpFailure::NETWORK;
    // Those in which nothing is said are over in two minutes.
    for (mishap, tries) in
        [(Mishap::Ftp { after: 1_024, failure }, 3), (Mishap::FtpStall { after: 1_024 }, 1)]
    {
        let (mut lab, bearer) = Lab::ready();
        lab.network().put_file("/file", file());
        lab.network().cause(Mishap::Ftp { after: 20_000, failure: FtpFailure::TIMEOUT });
        // What was handed out comes again each time, and nothing behind it.
        for _ in 0..20 {
            lab.network().cause(mishap);
        }
        let notices = lab.client.subscribe(|_| false);
        let ftp = Ftp::new(&bearer, server());
        let fetched = lab.ftp_get(&ftp, "/file").map(|file| file.len());
        assert_eq!(fetched.expect_err("64").code(), Some(64));
        assert_eq!(retries(notices).len(), tries, "{mishap:?}");
    }
}

#[test]
fn a_file_that_is_another_by_then_is_not_mixed_with_the_first() {
    let mut other = hostile(LENGTH);
    other.reverse();
    for changed in [other[..LENGTH / 10].to_vec(), other, Vec::new()] {
        let (mut lab, bearer) = Lab::ready();
        let (network, clock) = (lab.network(), lab.world.clock());
        network.put_file("/file", file());
        network.cause(Mishap::Ftp { after: 20_000, failure: FtpFailure::NETWORK });
        let ftp = Ftp::new(&bearer, server());
        let download = lab.world.run(ftp.get("/file")).expect("open");
        let change = async move {
            network.put_file("/file", changed);
            pause(clock, 5).await;
        };
        let error = lab.world.run(interrupted(download, change)).map(|all| all.len()).expect_err("another");
        assert!(matches!(error, FtpError::Changed { .. }), "{error:?}");
    }
}

#[test]
fn one_that_changes_its_size_between_two_resumptions_is_not_gone_on_with() {
    let (mut lab, bearer) = Lab::ready();
    let (network, clock) = (lab.network(), lab.world.clock());
    network.put_file("/file", file());
    network.cause(Mishap::Ftp { after: 20_000, failure: FtpFailure::NETWORK });
    let ftp = Ftp::new(&bearer, server());
    let mut download = lab.world.run(ftp.get("/file")).expect("open");
    let mut fetched = 0;
    while fetched < 40_000 {
        fetched += lab.world.run(download.next()).expect("a piece").expect("octets").len();
    }
    // It grew at its end, where nobody has looked yet.
    network.put_file("/file", hostile(LENGTH + 5));
    lab.world.fault(Fault::BearerLost { cid: 1 });
    let error =
        lab.world.run(interrupted(download, pause(clock, 1))).map(|all| all.len()).expect_err("another");
    assert!(matches!(error, FtpError::Changed { .. }), "{error:?}");
}

#[test]
fn a_reader_who_takes_a_break_gets_the_rest_all_the_same() {
    let (mut lab, bearer) = Lab::ready();
    lab.network().put_file("/file", file());
    let ftp = Ftp::new(&bearer, server());
    let download = lab.world.run(ftp.get("/file")).expect("open");
    let clock = lab.world.clock();
    let fetched = lab.world.run(interrupted(download, pause(clock, 300)));
    assert!(fetched.is_ok_and(|fetched| fetched == file()));
}

#[test]
fn an_upload_is_gone_on_with_where_the_file_ends() {
    for mishap in mishaps() {
        let (mut lab, bearer) = Lab::ready();
        lab.network().cause(mishap);
        let ftp = Ftp::new(&bearer, server());
        assert_eq!(lab.ftp_put(&ftp, "/up", &file()), Ok(LENGTH as u64), "{mishap:?}");
        assert!(lab.network().file("/up").is_some_and(|up| up == file()), "{mishap:?}");
        let sessions = lab.network().ftp_requests();
        assert!(sessions.iter().any(|session| session.action == FtpAction::Put(Stored::Appe)), "{mishap:?}");
    }
    for fault in losses() {
        for seconds in [1, 3, 5] {
            let mut lab = Lab::with(World::on_line(Default::default(), paced(115_200)), Config::default());
            let bearer = lab.bearer();
            let clock = lab.world.clock();
            lab.world.fault_at(clock.now() + Duration::from_secs(seconds), fault.clone());
            let ftp = Ftp::new(&bearer, server());
            assert_eq!(lab.ftp_put(&ftp, "/up", &file()), Ok(LENGTH as u64), "{fault:?}");
            assert!(lab.network().file("/up").is_some_and(|up| up == file()), "{fault:?} at {seconds} s");
        }
    }
}

/// Three times what is kept of a source that can be read but once.
const LARGE: usize = 200_000;

/// A module that restarts when some 155,000 octets of an upload were sent, and a server that has only the first `left` of them then.
fn set_back(left: usize) -> (Lab, Ftp) {
    let (mut lab, bearer) = Lab::ready();
    let sent = lab.world.crossed(Direction::Sent) + 160_000;
    let restart = Incident::Fault(Fault::Restart { announced: true });
    lab.world.plan(When::Crossed(Direction::Sent, sent), restart);
    let lose = Incident::Network(Box::new(move |network: &Network| {
        let stored = network.file("/up").expect("the file");
        assert!(stored.len() > 150_000, "{} octets", stored.len());
        network.put_file("/up", stored.slice(..left));
    }));
    // By then the session with the server has ended.
    lab.world.plan(When::Crossed(Direction::Sent, sent + 1), lose);
    (lab, Ftp::new(&bearer, server()))
}

#[test]
fn an_upload_that_can_be_read_again_is_gone_on_with_however_far_the_server_is_behind() {
    let whole: Bytes = hostile(LARGE).into();
    for left in [0, 700, 50_000, 150_000] {
        let (mut lab, ftp) = set_back(left);
        let source = Cursor::new(whole.clone());
        assert_eq!(lab.world.run(ftp.put_seekable("/up", source)), Ok(LARGE as u64), "{left}");
        assert!(lab.network().file("/up").is_some_and(|up| up == whole), "{left}");
        let puts = lab.network().ftp_requests().into_iter().filter_map(|session| match session.action {
            FtpAction::Put(how) => Some(how),
            _ => None,
        });
        let second = if left > 0 { Stored::Appe } else { Stored::Stor };
        assert_eq!(puts.collect::<Vec<_>>(), [Stored::Stor, second], "{left}");
    }
    // What cannot be read again cannot be sent: it is told exactly what is there.
    let (mut lab, ftp) = set_back(50_000);
    let error = lab.ftp_put(&ftp, "/up", &whole).expect_err("not kept");
    assert!(matches!(error, FtpError::Partial { octets: 50_000, .. }), "{error:?}");
    assert!(lab.network().file("/up").is_some_and(|up| up == whole[..50_000]));
}

#[test]
fn octets_that_the_line_lost_do_not_stay_in_a_large_file() {
    let whole: Bytes = hostile(LARGE).into();
    for sent in [40_000, 40_020, 150_000, 150_700] {
        let (mut lab, bearer) = Lab::ready();
        let sent = lab.world.crossed(Direction::Sent) + sent;
        let lost = Incident::Damage(Direction::Sent, Damage::Drop);
        lab.world.plan(When::Crossed(Direction::Sent, sent), lost);
        let ftp = Ftp::new(&bearer, server());
        let source = Cursor::new(whole.clone());
        assert_eq!(lab.world.run(ftp.put_seekable("/up", source)), Ok(LARGE as u64), "{sent}");
        assert!(lab.network().file("/up").is_some_and(|up| up == whole), "{sent}");
    }
}

#[test]
fn an_upload_that_is_resumed_is_gone_on_with_but_never_replaces() {
    let whole: Bytes = hostile(LARGE).into();
    let resume = |lab: &mut Lab, ftp: &Ftp, offset: u64| {
        // Where the file begins in the source does not matter.
        let mut source = Cursor::new([b"skipped", &whole[..]].concat());
        source.set_position(7);
        lab.world.run(ftp.resume_put("/up", source, offset))
    };
    for left in [700, 50_000, 120_000] {
        let (mut lab, ftp) = set_back(left);
        lab.network().put_file("/up", whole.slice(..10_000));
        assert_eq!(resume(&mut lab, &ftp, 10_000), Ok(LARGE as u64), "{left}");
        assert!(lab.network().file("/up").is_some_and(|up| up == whole), "{left}");
    }
    // What another has written there stays, and is told.
    let (mut lab, ftp) = set_back(0);
    lab.network().put_file("/up", whole.slice(..10_000));
    let sent = lab.world.crossed(Direction::Sent) + 160_002;
    let other = Incident::Network(Box::new(|network: &Network| network.put_file("/up", vec![b'o'; 20_000])));
    lab.world.plan(When::Crossed(Direction::Sent, sent), other);
    let error = resume(&mut lab, &ftp, 10_000).expect_err("another file");
    assert!(matches!(error, FtpError::Partial { octets: 20_000, .. }), "{error:?}");

    // Even where it ends as this one does.
    let old = |octets: usize| [&b"another head"[..], &whole[12..octets]].concat();
    for (there, offset) in [
        (Some(vec![b'o'; 10_000]), 10_000),
        (Some(whole[..9_000].to_vec()), 10_000),
        (Some(old(10_000)), 10_000),
        (Some(old(LARGE)), LARGE as u64),
        (None, 10_000),
    ] {
        let (mut lab, bearer) = Lab::ready();
        if let Some(there) = &there {
            lab.network().put_file("/up", there.clone());
        }
        let error = resume(&mut lab, &Ftp::new(&bearer, server()), offset).expect_err("another file");
        assert_eq!(error, FtpError::Mismatch { offset });
        assert_eq!(lab.network().file("/up").map(Vec::from), there);
    }
}

#[test]
fn an_upload_that_is_never_confirmed_is_looked_for_on_the_server() {
    let (mut lab, bearer) = Lab::ready();
    lab.network().cause(Mishap::Unconfirmed { by: None });
    let ftp = Ftp::new(&bearer, server());
    assert_eq!(lab.ftp_put(&ftp, "/up", &file()), Ok(LENGTH as u64));
    assert!(lab.network().file("/up").is_some_and(|up| up == file()));
    let puts = lab.network().ftp_requests().into_iter().filter(|one| matches!(one.action, FtpAction::Put(_)));
    assert_eq!(puts.count(), 1);
}

#[test]
fn what_appends_is_not_done_twice() {
    let (mut lab, bearer) = Lab::ready();
    lab.network().put_file("/up", "before");
    lab.network().cause(Mishap::Ftp { after: 20_000, failure: FtpFailure::NETWORK });
    let mut options = FtpOptions::default();
    options.put = PutOption::Append;
    let ftp = Ftp::new(&bearer, server()).with_options(options);
    let error = lab.ftp_put(&ftp, "/up", &file()).expect_err("61");
    assert_eq!(error.code(), Some(61));
    assert_eq!(lab.network().file("/up").map(|up| up.len()), Some(20_006));
}

#[test]
fn transfers_of_the_module_are_begun_again() {
    let (mut lab, bearer) = Lab::ready();
    lab.network().put_file("/file", file());
    lab.network().set_latency(Duration::from_secs(3));
    let clock = lab.world.clock();
    let ftp = Ftp::new(&bearer, server());
    lab.world.fault_at(clock.now() + Duration::from_secs(2), Fault::Restart { announced: true });
    let (ours, time) = (ftp.clone(), lab.world.clock());
    let fetched = lab.world.run(async move {
        let file = ours.get_extended("/file", |_| {}).await?;
        interrupted(file.into_download(), pause(time, 1)).await
    });
    assert!(fetched.is_ok_and(|fetched| fetched == file()));
    lab.world.fault_at(clock.now() + Duration::from_secs(2), Fault::BearerLost { cid: 1 });
    assert_eq!(lab.world.run(ftp.size("/file")), Ok(LENGTH as u64));
}

#[test]
fn what_does_not_come_back_is_given_up_with_the_first_cause() {
    let (mut lab, bearer) = Lab::ready();
    lab.network().put_file("/file", file());
    let notices = lab.client.subscribe(|_| false);
    let ftp = Ftp::new(&bearer, server());
    let download = lab.world.run(ftp.get("/file")).expect("open");
    let clock = lab.world.clock();
    let began = clock.now();
    lab.world.fault_at(began, Fault::PowerDown(PowerDown::UnderVoltage));
    let error = lab.world.run(interrupted(download, pause(clock.clone(), 1))).map(|all| all.len());
    let error = error.expect_err("off");
    assert_eq!(error.kind().as_str(), "restarted", "{error}");
    let told = retries(notices);
    assert_eq!(told.iter().map(|retry| retry.attempt).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(told.iter().map(|retry| retry.pause.as_secs()).collect::<Vec<_>>(), [1, 2, 4]);
    assert!(
        told[0].to_string().contains("UNDER-VOLTAGE") && told[0].to_string().contains("1 of 3"),
        "{}",
        told[0]
    );
    assert!(clock.now() - began < Duration::from_secs(60), "{:?}", clock.now() - began);
}

#[test]
fn a_pause_may_be_longer_than_the_clock_counts() {
    let mut config = Config::default();
    (config.retries.pause, config.retries.pause_max) = (Duration::MAX, Duration::MAX);
    let mut lab = Lab::with(World::new(Default::default()), config);
    let bearer = lab.bearer();
    let notices = lab.client.subscribe(|_| false);
    lab.world.fault(Fault::Damage { after: 2, damage: Damage::Drop });
    let ftp = Ftp::new(&bearer, server());
    let clock = lab.world.clock();
    let size = Box::pin(async move { ftp.size("/file").await });
    let others = Box::pin(pause(clock, 3_000));
    let first = lab.world.run(futures::future::select(size, others));
    assert!(matches!(first, futures::future::Either::Right(_)), "it is still waited");
    assert_eq!(retries(notices).iter().map(|retry| retry.pause).collect::<Vec<_>>(), [Duration::MAX]);
}

#[test]
fn a_count_that_lost_a_digit_just_before_an_ok_in_the_content_cuts_nothing_short() {
    for traps in [&[101, 110][..], &[111]] {
        let mut file = vec![0x80_u8; 1101];
        for trap in traps {
            file[*trap..*trap + 6].copy_from_slice(b"\r\nOK\r\n");
        }
        // The announcement, the header with the count, and the first octets.
        for after in 0..60 {
            let (mut lab, bearer) = Lab::ready();
            lab.network().put_file("/file", file.clone());
            let ftp = Ftp::new(&bearer, server());
            let download = lab.world.run(ftp.get("/file")).expect("open");
            lab.world.fault(Fault::Damage { after, damage: Damage::Drop });
            let pieces = lab.world.run(download.try_collect::<Vec<_>>());
            assert!(pieces.is_ok_and(|pieces| pieces.concat() == file), "octet {after}");
        }
    }
}

#[test]
fn an_old_file_that_the_server_keeps_is_not_taken_for_the_new_one() {
    let others = [LENGTH, 30_000, 5_000].map(|old| vec![b'o'; old]);
    // One ends where the upload broke off as that does.
    let similar = [&b"another head"[..], &file()[12..30_000]].concat();
    // The other differs in its middle alone.
    let mut like = file()[..30_000].to_vec();
    like[15_000] ^= 1;
    for old in others.into_iter().chain([similar, like]) {
        let (mut lab, bearer) = Lab::ready();
        let network = lab.network();
        network.cause(Mishap::Ftp { after: 40_000, failure: FtpFailure::NETWORK });
        let ftp = Ftp::new(&bearer, server());
        let clock = lab.world.clock();
        let octets = file();
        let put = async {
            // The server puts the old one back when the upload breaks off.
            let restore = async {
                pause(clock, 0).await;
                while network.file("/up").is_none() {
                    futures::pending!();
                }
                network.put_file("/up", old.clone());
                std::future::pending::<()>().await;
            };
            let put = ftp.put("/up", &octets[..]);
            futures::pin_mut!(restore, put);
            match futures::future::select(put, restore).await {
                futures::future::Either::Left((result, _)) => result,
                futures::future::Either::Right(_) => unreachable!(),
            }
        };
        let result = lab.world.run(put);
        let stored = lab.network().file("/up").expect("a file");
        let old = old.len();
        assert!(stored == file() || result.is_err(), "{old}: {result:?}, {} octets", stored.len());
    }
}

#[test]
fn a_slow_source_leaves_no_gap_where_its_session_ended() {
    let (mut lab, bearer) = Lab::ready();
    let ftp = Ftp::new(&bearer, server());
    let clock = lab.world.clock();
    let (first, second) = (file().slice(..30_000), file().slice(30_000..));
    // Longer than the module waits.
    let late = async move {
        pause(clock, 100).await;
        Ok(second)
    };
    let source = futures::stream::once(async move { Ok::<_, std::io::Error>(first) });
    let source = source.chain(futures::stream::once(late)).boxed().into_async_read();
    assert_eq!(lab.world.run(ftp.put("/up", source)), Ok(LENGTH as u64));
    assert!(lab.network().file("/up").is_some_and(|up| up == file()));
}

#[test]
fn a_bearer_that_is_found_closed_at_the_start_is_opened_again() {
    let (mut lab, bearer) = Lab::ready();
    lab.network().put_resource(URL, Resource::new(file()));
    lab.network().put_file("/file", file());
    let ftp = Ftp::new(&bearer, server());
    for fault in [Fault::BearerLost { cid: 1 }, Fault::Restart { announced: false }] {
        // Before anybody listens.
        lab.world.fault(fault.clone());
        lab.world.run_for(Duration::from_secs(30));
        let body = lab.world.run(send(&bearer)).expect("a response");
        assert!(lab.world.run(whole(body)).expect("a body") == file(), "{fault:?}");
        lab.world.fault(fault.clone());
        lab.world.run_for(Duration::from_secs(30));
        assert!(lab.ftp_get(&ftp, "/file").expect("a file") == file(), "{fault:?}");
    }
}
