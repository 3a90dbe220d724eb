//! What one request may take, other than the others.

use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use sim800_command::{At, FtpActivity, FtpState, HttpInit, HttpTerm};
use sim800_emulator::{Config as ModuleConfig, Fault};
use sim800_session::{
    Config, Ftp, FtpError, FtpOperation, FtpOptions, Http, HttpError, HttpOptions, Retries, Runtime, Sent,
};
use sim800_simulation::{Mishap, Resource, World};

use crate::lab::{Lab, hostile, paced, server};

fn get(url: &str) -> ::http::Request<Bytes> {
    ::http::Request::get(url).body(Bytes::new()).expect("a request")
}

#[test]
fn windows_and_retries_of_one_are_not_those_of_another() {
    let (mut lab, bearer) = Lab::ready();
    let url = "http://example.com/file";
    lab.network().put_resource(url, Resource::new(hostile(40_000)));
    lab.network().put_file("/file", hostile(4_000));
    let mut options = HttpOptions::default();
    options.effort.window = Some(1_000);
    options.effort.retries = Some(Retries::NONE);
    let careful = Http::new(&bearer).with_options(options);
    for (http, pieces, is_patient) in [(careful, 40, false), (Http::new(&bearer), 3, true)] {
        let other = http.clone();
        let body =
            lab.world.run(async move { other.send(get(url)).await.expect("sent").into_body().count().await });
        assert_eq!(body, pieces);
        lab.world.fault(Fault::BearerLost { cid: 1 });
        let response = lab.world.run(async move { http.send(get(url)).await.map(drop) });
        assert_eq!(response.is_ok(), is_patient, "{response:?}");
    }

    let mut options = FtpOptions::default();
    options.effort.window = Some(1_000);
    let ftp = Ftp::new(&bearer, server()).with_options(options);
    let pieces = lab.world.run(async move {
        let file = ftp.get_extended("/file", |_| {}).await?;
        file.into_download().try_collect::<Vec<_>>().await
    });
    assert_eq!(pieces.expect("read").len(), 4);
}

/// An operation that is too slow for its deadline, and what the module is left with.
fn overdue<T, E, F>(lab: &mut Lab, seconds: u64, operation: F) -> E
where
    F: Future<Output = Result<T, E>>,
{
    let clock = lab.world.clock();
    let began = clock.now();
    let Err(error) = lab.world.run(operation) else { panic!("not within {seconds} s") };
    let took = clock.now() - began;
    assert_eq!(took.as_secs(), seconds, "{took:?}");
    // Nothing is left of it: neither the service nor the session.
    let client = lab.client.clone();
    lab.world.run(async move {
        // By then, what puts things back waits in front of what follows.
        client.execute(&At).await.expect("answered");
        client.execute(&HttpInit).await.expect("the service is free");
        client.execute(&HttpTerm).await.expect("ended");
        let state = client.query(&FtpState, |state| state).await.expect("a state");
        assert_eq!(state, FtpActivity::Idle);
    });
    error
}

#[test]
fn what_takes_too_long_is_given_up_and_put_back() {
    let limit = Duration::from_secs(20);
    let mut lab = Lab::with(World::on_line(ModuleConfig::default(), paced(9_600)), {
        let mut config = Config::default();
        config.rate = 9_600;
        config
    });
    let bearer = lab.bearer();
    lab.network().put_resource("http://example.com/file", Resource::new(hostile(100_000)));
    lab.network().put_file("/file", hostile(100_000));
    let mut options = HttpOptions::default();
    options.effort.deadline = Some(limit);
    let http = Http::new(&bearer).with_options(options);
    let mut options = FtpOptions::default();
    options.effort.deadline = Some(limit);
    let ftp = Ftp::new(&bearer, server()).with_options(options);

    // The time of a body counts from the request on.
    let other = http.clone();
    let error = overdue(&mut lab, 20, async move {
        other
            .send(get("http://example.com/file"))
            .await
            .expect("a response")
            .into_body()
            .try_for_each(|_| async { Ok(()) })
            .await
    });
    assert_eq!(error, HttpError::Deadline { method: ::http::Method::GET, limit });
    let other = ftp.clone();
    let error = overdue(&mut lab, 20, async move {
        other.get("/file").await.expect("opened").try_for_each(|_| async { Ok(()) }).await
    });
    assert_eq!(error, FtpError::Deadline { operation: FtpOperation::Get, limit });
    let other = ftp.clone();
    let error = overdue(&mut lab, 20, async move { other.put("/up", &hostile(100_000)[..]).await });
    assert_eq!((error.kind().as_str(), error.sent()), ("timed-out", Sent::Unknown));

    // A server that says nothing.
    lab.network().cause(Mishap::Silence);
    let error = overdue(&mut lab, 20, async move { http.send(get("http://example.com/file")).await });
    assert_eq!(error, HttpError::Deadline { method: ::http::Method::GET, limit });

    // What is done in time is as it was.
    let size = lab.world.run(async move { ftp.size("/file").await });
    assert_eq!(size, Ok(100_000));
}

#[test]
fn a_body_is_one_for_other_libraries() {
    use http_body::Body as _;

    let (mut lab, bearer) = Lab::ready();
    lab.network().put_resource("http://example.com/file", Resource::new(hostile(40_000)));
    lab.world.run(async move {
        let mut body =
            Http::new(&bearer).send(get("http://example.com/file")).await.expect("sent").into_body();
        let mut octets = Vec::new();
        loop {
            assert_eq!(body.size_hint().exact(), Some(40_000 - octets.len() as u64));
            let frame =
                std::future::poll_fn(|context| std::pin::Pin::new(&mut body).poll_frame(context)).await;
            let Some(frame) = frame else { break };
            octets.extend_from_slice(&frame.expect("a frame").into_data().expect("octets"));
        }
        assert!(body.is_end_stream() && octets == hostile(40_000));

        let head = ::http::Request::head("http://example.com/file").body(Bytes::new()).expect("a request");
        let body = Http::new(&bearer).send(head).await.expect("sent").into_body();
        assert!(body.is_end_stream());
        assert_eq!(body.size_hint().exact(), Some(0));
    });
}
