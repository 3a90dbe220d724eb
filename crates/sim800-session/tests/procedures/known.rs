//! What was set stays set, for as long as nothing casts doubt on it.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::future::{BoxFuture, Either, select};
use futures::{FutureExt, StreamExt as _};
use sim800_command::{HttpInit, HttpTerm};
use sim800_emulator::{Config as ModuleConfig, Fault, Messages};
use sim800_session::{Bearer, Config, Direction, Fs, Ftp, Http, Retries, Runtime};
use sim800_simulation::{Resource, World};

use crate::lab::{Lab, server, whole};

const URL: &str = "http://example.com/file";

/// A lab with an open bearer, and the command lines that were sent since they were looked at last.
fn watched(module: ModuleConfig, config: Config) -> (Lab, Bearer, Arc<Mutex<Vec<u8>>>) {
    let mut lab = Lab::with(World::new(module), config);
    let sent = Arc::new(Mutex::new(Vec::new()));
    let other = Arc::clone(&sent);
    lab.world.tap(move |crossing| {
        if crossing.direction == Direction::Sent {
            other.lock().expect("whole").extend_from_slice(crossing.left);
        }
    });
    let bearer = lab.bearer();
    lab.network().put_resource(URL, Resource::new("content"));
    lab.network().put_resource("http://example.com/in", Resource::new(""));
    lab.network().put_file("/file", "content");
    (lab, bearer, sent)
}

fn usual() -> (Lab, Bearer, Arc<Mutex<Vec<u8>>>) {
    watched(ModuleConfig::default(), Config::default())
}

/// The command lines since this was asked last.
fn lines(sent: &Mutex<Vec<u8>>) -> Vec<String> {
    let sent = std::mem::take(&mut *sent.lock().expect("whole"));
    String::from_utf8_lossy(&sent).split_terminator('\r').map(str::to_owned).collect()
}

fn get(lab: &mut Lab, bearer: &Bearer) {
    assert_eq!(lab.get(bearer, URL), Ok((200, Bytes::from_static(b"content"))));
}

fn request() -> http::Request<Bytes> {
    http::Request::get(URL).body(Bytes::new()).expect("a request")
}

fn post(lab: &mut Lab, bearer: &Bearer, body: &'static str) {
    let request = http::Request::post("http://example.com/in").body(Bytes::from(body)).expect("a request");
    let http = Http::new(bearer);
    lab.world.run(async move {
        let response = http.send(request).await.expect("sent");
        whole(response.into_body()).await.expect("read");
    });
}

#[test]
fn the_service_is_kept_for_a_while_and_then_ended() {
    let (mut lab, bearer, sent) = usual();
    get(&mut lab, &bearer);
    lines(&sent);
    get(&mut lab, &bearer);
    let second = lines(&sent);
    assert_eq!(second.len(), 3, "{second:?}");
    assert!(second[0].starts_with("AT+HTTPPARA=\"URL\"") && !second[0].contains("TIMEOUT"), "{second:?}");
    lab.world.run_for(Duration::from_secs(50));
    get(&mut lab, &bearer);
    lab.world.run_for(Duration::from_secs(59));
    assert_eq!(lines(&sent).len(), 3, "it is not ended yet");
    lab.world.run_for(Duration::from_secs(2));
    assert_eq!(lines(&sent), ["AT+HTTPTERM"]);
    get(&mut lab, &bearer);
    assert_eq!(lines(&sent)[0], "AT+HTTPINIT");

    let mut config = Config::default();
    config.http_kept_for = Duration::ZERO;
    let (mut lab, bearer, sent) = watched(ModuleConfig::default(), config);
    get(&mut lab, &bearer);
    lab.world.run_for(Duration::from_secs(1));
    assert_eq!(lines(&sent).last().map(String::as_str), Some("AT+HTTPTERM"));
}

#[test]
fn whoever_sends_commands_of_his_own_finds_the_service_ended() {
    let (mut lab, bearer, sent) = usual();
    get(&mut lab, &bearer);
    let client = lab.client.clone();
    lab.world.run(async move {
        client.execute(&HttpInit).await.expect("it is not started");
        client.execute(&HttpTerm).await.expect("it is");
    });
    lines(&sent);
    get(&mut lab, &bearer);
    let again = lines(&sent);
    assert_eq!(again[0], "AT+HTTPINIT", "{again:?}");
    assert!(again[1].contains("TIMEOUT"), "all is set again: {again:?}");
    // What only asks casts no doubt.
    let client = lab.client.clone();
    lab.world.run(async move { client.execute(&sim800_command::Csq).await.expect("answered") });
    lines(&sent);
    get(&mut lab, &bearer);
    assert_eq!(lines(&sent).len(), 3);
}

#[test]
fn nothing_is_relied_on_behind_a_restart() {
    for announced in [true, false] {
        for is_ftp in [false, true] {
            let (mut lab, bearer, _) = usual();
            let ftp = Ftp::new(&bearer, server());
            for _ in 0..2 {
                if is_ftp {
                    assert_eq!(lab.ftp_get(&ftp, "/file").expect("read"), b"content");
                } else {
                    get(&mut lab, &bearer);
                }
                lab.world.fault(Fault::Restart { announced });
                lab.world.run_for(Duration::from_secs(20));
            }
        }
    }
}

#[test]
fn a_body_is_not_that_of_the_request_before() {
    let (mut lab, bearer, _) = usual();
    for body in ["first", "second", "", "third"] {
        post(&mut lab, &bearer, body);
        let requests = lab.network().http_requests();
        assert_eq!(requests.last().expect("one").body, body);
    }
}

#[test]
fn a_bearer_is_closed_although_the_service_was_kept() {
    let (mut lab, bearer, sent) = usual();
    get(&mut lab, &bearer);
    lines(&sent);
    let other = bearer.clone();
    lab.world.run(async move { other.close().await }).expect("closed");
    assert_eq!(lines(&sent), ["AT+HTTPTERM", "AT+SAPBR=0,1"]);
    let bearer = lab.bearer();
    get(&mut lab, &bearer);
}

#[test]
fn a_session_of_ftp_is_set_up_once_and_anew_behind_a_failure() {
    let (mut lab, bearer, sent) = usual();
    let ftp = Ftp::new(&bearer, server());
    let size = |lab: &mut Lab, path: &'static str| {
        let ftp = ftp.clone();
        lab.world.run(async move { ftp.size(path).await })
    };
    assert_eq!(size(&mut lab, "/file"), Ok(7));
    lines(&sent);
    assert_eq!(size(&mut lab, "/file"), Ok(7));
    let second = lines(&sent);
    assert!(second.len() == 2 && !second[0].contains("FTPSERV"), "{second:?}");
    size(&mut lab, "/none").expect_err("there is none");
    lines(&sent);
    assert_eq!(size(&mut lab, "/file"), Ok(7));
    assert!(lines(&sent)[0].contains("FTPSERV"), "what the line made of it may be the reason");
    // Of a directory that is not there, servers list nothing, and so it proves nothing.
    let listed = ftp.clone();
    let list = async move { listed.list("/none/").await.expect("listed").count().await };
    assert_eq!(lab.world.run(list), 0);
    lines(&sent);
    assert_eq!(size(&mut lab, "/file"), Ok(7));
    assert!(lines(&sent)[0].contains("FTPSERV"));
    // One that nobody waited for proves nothing, either.
    assert_eq!(size(&mut lab, "/file"), Ok(7));
    lab.network().set_latency(Duration::from_secs(1));
    let given_up = ftp.clone();
    let clock = lab.world.clock();
    lab.world.run(async move {
        let enough = clock.sleep_until(clock.now() + Duration::from_millis(500));
        assert!(matches!(select(pin!(given_up.size("/file")), enough).await, Either::Right(_)));
    });
    lines(&sent);
    assert_eq!(size(&mut lab, "/file"), Ok(7));
    assert!(lines(&sent).iter().any(|line| line.contains("FTPSERV")));
}

#[test]
fn firmware_that_takes_one_command_at_a_time_is_found_out_once() {
    let mut module = ModuleConfig::default();
    module.concatenation = false;
    let (mut lab, bearer, sent) = watched(module, Config::default());
    for _ in 0..3 {
        get(&mut lab, &bearer);
        post(&mut lab, &bearer, "body");
        assert_eq!(lab.ftp_get(&Ftp::new(&bearer, server()), "/file").expect("read"), b"content");
    }
    let joined = lines(&sent).iter().filter(|line| line.contains(";+")).count();
    assert_eq!(joined, 1, "the first told");
}

#[test]
fn a_bearer_that_was_opened_is_not_asked_about_while_nothing_was_said_against_it() {
    let (mut lab, _, sent) = usual();
    let client = lab.client.clone();
    lines(&sent);
    let profile = sim800_session::Profile::new("internet");
    let (other, same) = (client.clone(), profile.clone());
    lab.world.run(async move { Bearer::open(&other, &same).await }).expect("open");
    assert_eq!(lines(&sent), [""; 0]);
    lab.world.fault(Fault::BearerLost { cid: 1 });
    lab.world.run_for(Duration::from_secs(1));
    lab.world.run(async move { Bearer::open(&client, &profile).await }).expect("open");
    assert!(lines(&sent).iter().any(|line| line.starts_with("AT+SAPBR=1,1")));
}

/// The profile with which it starts may send the texts of short messages, which may read like anything.
#[test]
fn messages_are_kept_off_the_line_before_whatever_comes_behind_a_restart() {
    type Procedure = fn(Bearer) -> BoxFuture<'static, ()>;
    let procedures: [Procedure; 4] = [
        // The bearer is gone as well, which is another thing.
        |bearer| async move { drop(Http::new(&bearer).send(request()).await) }.boxed(),
        |bearer| async move { drop(Ftp::new(&bearer, server()).size("/file").await) }.boxed(),
        |bearer| async move { drop(Fs::new(bearer.client()).list(r"C:\").await) }.boxed(),
        |bearer| async move { drop(Fs::new(bearer.client()).write(r"C:\a", &b"a"[..]).await) }.boxed(),
    ];
    for procedure in procedures {
        let mut module = ModuleConfig::default();
        module.messages = Messages::Text;
        let mut config = Config::default();
        config.retries = Retries::NONE;
        let (mut lab, bearer, sent) = watched(module, config);
        lines(&sent);
        lab.world.run(procedure(bearer.clone()));
        assert!(!lines(&sent).contains(&"AT+CNMI?".to_owned()), "nothing restarted");
        lab.world.fault(Fault::Restart { announced: true });
        let clock = lab.world.clock();
        lab.world.run(async move { clock.sleep_until(clock.now() + Duration::from_secs(60)).await });
        lab.world.run(procedure(bearer.clone()));
        let first: Vec<String> = lines(&sent).into_iter().filter(|line| line != "AT").take(3).collect();
        assert_eq!(first[..2], ["AT+CNMI?", "AT+CNMI=2,1,0,0,0"]);
        assert_eq!(first[2], "AT+CNMI?", "it did what it was told");
        lab.world.run(procedure(bearer));
        assert!(!lines(&sent).contains(&"AT+CNMI?".to_owned()), "it was looked at");
    }
}
