//! HTTP.

use std::time::Duration;

use bytes::Bytes;
use futures::AsyncReadExt;
use sim800_emulator::{Config as ModuleConfig, Damage, DataExpiry, Fault, FtpAction, HttpFailure, Place};
use sim800_session::{
    Bearer, BearerError, Config, Direction, Fs, Ftp, Http, HttpError, Retries, Runtime, Sent,
};
use sim800_simulation::{Incident, Mishap, Resource, When, World};

use crate::lab::{Lab, hostile, paced, server, whole};

#[test]
fn bodies_of_all_sizes_come_whole() {
    let (mut lab, bearer) = Lab::ready();
    for length in [0, 1, 1459, 16_383, 16_384, 16_385, 100_000, 319_488] {
        let body = hostile(length);
        lab.network().put_resource("http://example.com/file", Resource::new(body.clone()));
        let (status, received) = lab.get(&bearer, "http://example.com/file").expect("body");
        assert_eq!(status, 200);
        assert!(received == body, "{length} octets");
    }
}

#[test]
fn a_post_sends_its_body_and_headers() {
    let (mut lab, bearer) = Lab::ready();
    lab.network().put_resource("http://example.com/in", Resource::new(""));
    let body = hostile(20_000);
    let request = ::http::Request::post("http://example.com/in")
        .header("Content-Type", "application/octet-stream")
        .header("Authorization", "Basic c2VzYW1l")
        .header("User-Agent", "tester")
        .body(Bytes::from(body.clone()))
        .expect("request");
    let http = Http::new(&bearer);
    let response = lab.world.run(async move { http.send(request).await }).expect("response");
    assert!(response.status().is_success(), "{}", response.status());
    drop(response);
    let seen = lab.network().http_requests().pop().expect("a request");
    assert!(seen.body == body);
    assert_eq!(seen.user_agent, "tester");
    assert_eq!(seen.content_type.as_deref(), Some("application/octet-stream"));
    assert_eq!(seen.headers, [("authorization".to_owned(), "Basic c2VzYW1l".to_owned())]);
}

#[test]
fn a_range_is_asked_for_by_break_points_and_forgotten_afterwards() {
    let (mut lab, bearer) = Lab::ready();
    let body = hostile(5_000);
    lab.network().put_resource("http://example.com/file", Resource::new(body.clone()));
    let http = Http::new(&bearer);
    let request = ::http::Request::get("http://example.com/file").header("Range", "bytes=100-299");
    let request = request.body(Bytes::new()).expect("request");
    let part = lab.world.run(async move { whole(http.send(request).await?.into_body()).await });
    assert_eq!(part.expect("part"), body[100..300]);
    assert_eq!(lab.get(&bearer, "http://example.com/file").expect("whole").1.len(), 5_000);
}

#[test]
fn a_status_of_the_server_is_passed_on_and_codes_of_the_module_are_errors() {
    let (mut lab, bearer) = Lab::ready();
    lab.network().put_resource("http://example.com/file", Resource::new("x"));
    assert_eq!(lab.get(&bearer, "http://example.com/missing").expect("404").0, 404);
    let dns = lab.get(&bearer, "http://nowhere.invalid/").expect_err("603");
    assert_eq!(dns.code(), Some(603), "{dns}");
    for (failure, code) in
        [(HttpFailure::NotHttp, 600), (HttpFailure::Network, 601), (HttpFailure::SslAlert, 606)]
    {
        lab.network().cause(Mishap::Http(failure));
        let error = lab.get(&bearer, "http://example.com/file").expect_err("a failure");
        assert_eq!(error.code(), Some(code), "{error}");
    }
    assert_eq!(lab.get(&bearer, "http://example.com/file").expect("a body").0, 200);
}

/// Where each setting has a line of its own, what is set is not said again, and the line may have damaged it.
#[test]
fn a_part_of_what_was_asked_for_as_a_whole_is_asked_for_again() {
    const URL: &str = "http://example.com/file";
    let mut module = ModuleConfig::default();
    module.concatenation = false;
    let ready = || {
        let (lab, bearer) = Lab::ready_with(module.clone());
        lab.network().put_resource(URL, Resource::new("hello"));
        (lab, bearer)
    };
    let (mut lab, bearer) = ready();
    let begun = lab.world.crossed(Direction::Sent);
    let (tell, told) = std::sync::mpsc::channel();
    lab.world.tap(move |crossing| {
        if crossing.direction == Direction::Sent {
            tell.send(crossing.left.to_vec()).expect("someone listens");
        }
    });
    lab.get(&bearer, URL).expect("a body");
    drop((bearer, lab));
    let sent = told.iter().flatten().collect::<Vec<u8>>();
    let setting = b"\"BREAK\",";
    // By itself, behind the line of several that is refused.
    let place = sent.windows(setting.len()).rposition(|octets| octets == setting).expect("it is set");

    let (mut lab, bearer) = ready();
    // `0` becomes `2`.
    let damage = Incident::Damage(Direction::Sent, Damage::Flip(2));
    lab.world.plan(When::Crossed(Direction::Sent, begun + (place + setting.len()) as u64), damage);
    for _ in 0..2 {
        assert_eq!(lab.get(&bearer, URL), Ok((200, "hello".into())));
    }
    assert!(!lab.world.happened().is_empty(), "the line has damaged it");
}

#[test]
fn a_service_that_was_left_over_is_ended() {
    let (mut lab, bearer) = Lab::ready();
    lab.network().put_resource("http://example.com/file", Resource::new("hello"));
    let client = lab.client.clone();
    lab.world.run(async move { client.execute(&sim800_command::HttpInit).await }).expect("left over");
    assert_eq!(lab.get(&bearer, "http://example.com/file").expect("body").1, "hello");
}

#[test]
fn a_body_that_is_dropped_half_read_makes_room_for_the_next() {
    let (mut lab, bearer) = Lab::ready();
    lab.network().put_resource("http://example.com/file", Resource::new(hostile(100_000)));
    let http = Http::new(&bearer);
    let request = ::http::Request::get("http://example.com/file").body(Bytes::new()).expect("request");
    lab.world.run(async move {
        let mut body = http.send(request).await.expect("response").into_body();
        let mut some = [0; 10];
        body.read_exact(&mut some).await.expect("octets");
    });
    assert_eq!(lab.get(&bearer, "http://example.com/file").expect("body").1.len(), 100_000);
}

#[test]
fn requests_wait_for_one_another() {
    let (mut lab, bearer) = Lab::ready();
    lab.network().put_resource("http://example.com/a", Resource::new(hostile(40_000)));
    lab.network().put_resource("http://example.com/b", Resource::new(hostile(50_000)));
    let http = Http::new(&bearer);
    let get = |url: &str| {
        let request = ::http::Request::get(url).body(Bytes::new()).expect("request");
        let http = http.clone();
        async move { whole(http.send(request).await?.into_body()).await }
    };
    let both = futures::future::join(get("http://example.com/a"), get("http://example.com/b"));
    let (a, b) = lab.world.run(both);
    assert_eq!((a.expect("a").len(), b.expect("b").len()), (40_000, 50_000));
}

#[test]
fn a_post_whose_input_time_runs_out_is_no_success() {
    let mut config = ModuleConfig::default();
    config.http_data_expiry = DataExpiry::Ok;
    let mut lab = Lab::with(World::on_line(config, paced(4_800)), Config::default());
    let bearer = lab.bearer();
    // The session takes the line for faster than it is.
    const SIZE: usize = 60_000;
    let request = ::http::Request::post("http://example.com/in").body(Bytes::from(hostile(SIZE)));
    let http = Http::new(&bearer);
    let result = lab.world.run(async move { http.send(request.expect("request")).await });
    assert!(result.is_err(), "{result:?}");
    // Nothing that is sent arrives before the line has carried the rest of the body, which nobody here can see.
    let clock = lab.world.clock();
    let carried = clock.now() + Duration::from_secs(SIZE as u64 * 10 / 4_800);
    lab.world.run(async move { clock.sleep_until(carried).await });
    lab.network().put_resource("http://example.com/file", Resource::new("hello"));
    assert_eq!(lab.get(&bearer, "http://example.com/file").expect("body").1, "hello");
}

#[test]
fn a_body_that_is_read_and_kept_is_in_nobody_s_way() {
    let (mut lab, bearer) = Lab::ready();
    lab.network().put_resource("http://example.com/file", Resource::new(hostile(20_000)));
    let http = Http::new(&bearer);
    let request = || ::http::Request::get("http://example.com/file").body(Bytes::new()).expect("a request");
    let lengths = lab.world.run(async move {
        let mut first = http.send(request()).await.expect("a response").into_body();
        let mut octets = vec![0; 20_000];
        first.read_exact(&mut octets).await.expect("the body");
        let second =
            whole(http.send(request()).await.expect("a response").into_body()).await.expect("the body");
        drop(first);
        (octets.len(), second.len())
    });
    assert_eq!(lengths, (20_000, 20_000));
}

fn request(url: &str) -> ::http::Request<Bytes> {
    ::http::Request::get(url).body(Bytes::new()).expect("a request")
}

#[test]
fn a_response_without_octets_keeps_nothing_from_the_next() {
    let (mut lab, bearer) = Lab::ready();
    let mut refusal = Resource::new("");
    refusal.status = 401;
    lab.network().put_resource("http://example.com/file", refusal);
    lab.network().put_resource("http://example.com/other", Resource::new("hello"));
    let http = Http::new(&bearer);
    let (first, second) = lab.world.run(async move {
        let first = http.send(request("http://example.com/file")).await.expect("a response");
        let second = http.send(request("http://example.com/other")).await.expect("a response");
        let status = first.status().as_u16();
        (status, whole(second.into_body()).await.expect("a body"))
    });
    assert_eq!((first, &second[..]), (401, &b"hello"[..]));
    let asked: Vec<String> = lab.network().http_requests().into_iter().map(|asked| asked.url).collect();
    assert_eq!(asked.len(), 2, "{asked:?}");
}

#[test]
fn a_response_that_nobody_reads_is_named_by_the_next() {
    let (mut lab, bearer) = Lab::ready();
    lab.network().put_resource("http://example.com/file?key=sesame", Resource::new(hostile(100_000)));
    let http = Http::new(&bearer);
    let before = lab.client.runtime().now();
    let (error, kept) = lab.world.run(async move {
        let first = http.send(request("http://example.com/file?key=sesame")).await.expect("a response");
        let error = http.send(request("http://example.com/file")).await.map(drop).expect_err("in use");
        (error, whole(first.into_body()).await.expect("a body"))
    });
    assert!(lab.client.runtime().now() - before < Duration::from_secs(80));
    assert_eq!((error.kind().as_str(), error.sent()), ("busy", Sent::No));
    let said = error.to_string();
    assert!(said.contains("GET http://example.com/file holds") && !said.contains("sesame"), "{said}");
    // It is there all the same.
    assert!(kept == hostile(100_000));
    assert_eq!(lab.network().http_requests().len(), 1);
}

#[test]
fn a_retry_closes_no_bearer_that_an_upload_uses() {
    let world = World::on_line(ModuleConfig::default(), paced(9_600));
    let mut lab = Lab::with(world, {
        let mut config = Config::default();
        config.rate = 9_600;
        config
    });
    let bearer = lab.bearer();
    let octets = hostile(200_000);
    lab.network().put_resource("http://example.com/file", Resource::new("hello"));
    for _ in 0..3 {
        lab.network().cause(Mishap::Http(HttpFailure::Busy));
    }
    let (ftp, http) = (Ftp::new(&bearer, server()), Http::new(&bearer));
    let client = lab.client.clone();
    let upload = {
        let octets = octets.clone();
        async move { ftp.put("/up", &octets[..]).await }
    };
    let download = async move {
        // Once the upload is on its way.
        client.runtime().sleep_until(client.runtime().now() + Duration::from_secs(10)).await;
        whole(http.send(request("http://example.com/file")).await?.into_body()).await
    };
    let (stored, fetched) = lab.world.run(futures::future::join(upload, download));
    assert_eq!(stored, Ok(200_000));
    assert_eq!(fetched.expect("a body"), "hello");
    assert!(lab.network().file("/up").expect("a file") == octets);
    let sessions = lab.network().ftp_requests();
    let uploads = sessions.iter().filter(|session| matches!(session.action, FtpAction::Put(_))).count();
    assert_eq!(uploads, 1, "one session was enough: {sessions:?}");
}

#[test]
fn a_bearer_in_use_is_not_closed() {
    let (mut lab, bearer) = Lab::ready();
    lab.network().put_resource("http://example.com/file", Resource::new(hostile(100_000)));
    let http = Http::new(&bearer);
    let kept = lab.world.run(async move {
        let body = http.send(request("http://example.com/file")).await.expect("a response").into_body();
        let error = bearer.clone().close().await.expect_err("in use");
        assert_eq!(error, BearerError::InUse { cid: 1 });
        let kept = whole(body).await.expect("a body");
        // What was just dropped is put back first.
        bearer.close().await.expect("closed");
        kept
    });
    assert!(kept == hostile(100_000));
}

/// A request with all that belongs to it.
async fn carried_out(bearer: Bearer, request: ::http::Request<Bytes>) -> Result<usize, HttpError> {
    let response = Http::new(&bearer).send(request).await?;
    Ok(whole(response.into_body()).await?.len())
}

#[test]
fn a_module_that_dies_is_an_error_within_two_minutes_tries_included() {
    const MOMENTS: u32 = 40;
    let requests = || {
        let file = "http://example.com/file";
        let post = ::http::Request::post("http://example.com/in");
        let delete = ::http::Request::delete("http://example.com/in");
        [
            request(file),
            request("http://example.com/large"),
            ::http::Request::head(file).body(Bytes::new()).expect("a request"),
            post.body(hostile(100_000).into()).expect("a request"),
            delete.body(Bytes::new()).expect("a request"),
            // The largest body there is takes half a minute on this line, and the module as long again to give it up.
            ::http::Request::post("http://example.com/in").body(hostile(319_488).into()).expect("a request"),
        ]
    };
    let ready = || {
        let world = World::on_line(ModuleConfig::default(), paced(115_200));
        let mut lab = Lab::with(world, Config::default());
        let bearer = lab.bearer();
        lab.network().set_latency(Duration::from_secs(1));
        lab.network().put_resource("http://example.com/file", Resource::new(hostile(20_000)));
        lab.network().put_resource("http://example.com/large", Resource::new(hostile(330_000)));
        (lab, bearer)
    };
    for (index, request) in requests().into_iter().enumerate() {
        let (mut lab, bearer) = ready();
        let began = lab.world.clock().now();
        lab.world.run(carried_out(bearer, request)).expect("carried out");
        let usual = lab.world.clock().now() - began;
        for moment in 0..MOMENTS {
            let (mut lab, bearer) = ready();
            let clock = lab.world.clock();
            let silence = clock.now() + usual * moment / MOMENTS;
            lab.world.fault_at(silence, Fault::Silence);
            let request = requests().into_iter().nth(index).expect("a request");
            let what = request.method().clone();
            let result = lab.world.run(carried_out(bearer, request));
            let took = clock.now().saturating_sub(silence);
            let limit = if index == 5 { 150 } else { 120 };
            assert!(took <= Duration::from_secs(limit), "{what} {index} at {moment}: {took:?} {result:?}");
            if let Err(error) = result {
                // Not told so for certain unless it is so.
                let asked = lab.network().http_requests();
                assert!(error.sent() == Sent::Unknown || asked.is_empty(), "{what} at {moment}: {error:?}");
            }
        }
    }
}

/// A refusal that somebody else says, or that the line made up, does not send it once more.
#[test]
fn the_server_gets_a_post_once_whatever_is_refused_in_the_modules_name() {
    let ready = || {
        let mut config = Config::default();
        config.rate = 9_600;
        let mut lab = Lab::with(World::on_line(ModuleConfig::default(), paced(9_600)), config);
        let bearer = lab.bearer();
        lab.network().put_resource("http://example.com/in", Resource::new(""));
        lab.network().set_latency(Duration::from_millis(300));
        (lab, bearer)
    };
    let post = |lab: &mut Lab, bearer: &Bearer| {
        let request = ::http::Request::post("http://example.com/in").body("body".into()).expect("a request");
        let http = Http::new(bearer);
        lab.world.run(async move { http.send(request).await.map(drop) })
    };
    let (mut lab, bearer) = ready();
    let began = lab.world.crossed(Direction::Sent);
    post(&mut lab, &bearer).expect("sent");
    let octets = lab.world.crossed(Direction::Sent) - began;
    for sent in 1..=octets {
        let (mut lab, bearer) = ready();
        let refusal = Fault::Inject { place: Place::Now, text: "+CME ERROR: 3".into() };
        let when = When::Crossed(Direction::Sent, began + sent);
        lab.world.plan(when, Incident::Fault(refusal));
        let outcome = post(&mut lab, &bearer);
        let came = lab.network().http_requests().len();
        let is_told = match &outcome {
            Ok(()) => came == 1,
            Err(error) => came <= usize::from(error.sent() == Sent::Unknown),
        };
        assert!(is_told, "{came} after {sent} octets: {outcome:?}");
    }
}

/// Both take seven seconds and more on the line, and the module's time for the body is twelve.
#[test]
fn the_time_for_a_body_begins_when_it_is_its_turn() {
    let mut config = Config::default();
    (config.rate, config.retries) = (9_600, Retries::NONE);
    let mut lab = Lab::with(World::on_line(ModuleConfig::default(), paced(9_600)), config);
    let bearer = lab.bearer();
    lab.network().put_resource("http://example.com/in", Resource::new(""));
    let (fs, http) = (Fs::new(&lab.client), Http::new(&bearer));
    let (file, body) = (hostile(20_000), hostile(6_700));
    let request =
        ::http::Request::post("http://example.com/in").body(body.clone().into()).expect("a request");
    let both = async { futures::join!(fs.write(r"C:\file", &file[..]), http.send(request)) };
    let (written, sent) = lab.world.run(both);
    assert_eq!(written, Ok(20_000));
    sent.map(drop).expect("sent");
    assert_eq!(lab.network().http_requests().pop().expect("a request").body, body);
}
