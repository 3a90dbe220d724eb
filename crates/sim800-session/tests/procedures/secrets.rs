//! No password and no credential in what anybody prints: `Debug` of whatever holds one, errors with all that caused them,
//! and what is told of tries.

use std::time::Duration;

use std::error::Error;
use std::fmt::Debug;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use sim800_command::{FtpPw, HttpPara, HttpParameter, Prepared, Secret, UserData};
use sim800_emulator::{Config as ModuleConfig, Fault, FtpFailure, Sim};
use sim800_session::engine::{self, Engine};
use sim800_session::{Bearer, Config, Ftp, Http, Password, Profile, Request, Server};
use sim800_simulation::{Mishap, Resource, World};

use crate::lab::Lab;

const PASSWORD: &str = "sesame";
const APN_PASSWORD: &str = "hushhush";
const CREDENTIAL: &str = "b3BlbnNlc2FtZQ";
const PIN: &str = "80417263";

/// All that was shown to somebody.
#[derive(Default)]
struct Shown(String);

impl Shown {
    fn debug(&mut self, value: &impl Debug) {
        self.0 += &format!("{value:?}\n{value:#?}\n");
    }

    /// As programs tell errors, and as a panic does that comes of `expect`.
    fn error(&mut self, error: impl Error) {
        self.debug(&error);
        let mut cause: Option<&dyn Error> = Some(&error);
        while let Some(error) = cause {
            self.0 += &format!("{error}\n");
            cause = error.source();
        }
    }

    fn expect_no_secret(&self) {
        for secret in [PASSWORD, APN_PASSWORD, CREDENTIAL, PIN] {
            let line = self.0.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{secret} is shown");
        }
    }
}

fn ready() -> (Lab, Bearer) {
    let mut lab = Lab::new(ModuleConfig::default());
    let client = lab.client.clone();
    let bearer = lab.world.run(async move {
        client.start_up().await.expect("start-up");
        let profile = Profile::new("internet").with_credentials("user", APN_PASSWORD);
        Bearer::open(&client, &profile).await.expect("bearer")
    });
    (lab, bearer)
}

fn request(name: &str, value: &str) -> ::http::Request<Bytes> {
    let request = ::http::Request::get("http://example.com/file").header(name, value);
    request.body(Bytes::new()).expect("a request")
}

#[test]
fn what_holds_a_secret_does_not_show_it() {
    let (mut lab, bearer) = ready();
    let mut shown = Shown::default();
    let server = Server::new("ftp.example.com").with_credentials("user", PASSWORD);
    shown.debug(&Password::from(PASSWORD));
    shown.debug(&Profile::new("internet").with_credentials("user", APN_PASSWORD));
    shown.debug(&server);
    shown.debug(&bearer);
    shown.debug(&lab.client);
    shown.debug(&Http::new(&bearer));
    let ftp = Ftp::new(&bearer, server);
    shown.debug(&ftp);

    let command = FtpPw { password: Secret::new(PASSWORD).expect("a password") };
    shown.debug(&Prepared::new(&command));
    for name in ["Authorization", "Proxy-Authorization", "Cookie", "X-Api-Key", "X-Auth-Token"] {
        let headers = [("Accept", "x/y"), (name, CREDENTIAL)];
        let headers = UserData::new(&headers).expect("headers");
        shown.debug(&HttpPara { parameter: HttpParameter::UserData(headers) });
    }
    // Once while the command waits for the line, and once while it is in flight.
    for is_known in [false, true] {
        let mut engine = Engine::new(Duration::ZERO, engine::Config::default());
        if !is_known {
            engine = engine.on_unknown_line(Duration::ZERO);
        }
        engine.begin(Duration::ZERO, Request::new(&command).expect("a request")).expect("taken");
        shown.debug(&engine);
        shown.debug(&engine.poll_transmit());
        shown.debug(&engine);
    }
    for line in [format!("AT+CPIN=\"{PIN}\""), format!("AT+FTPPW=\"{PASSWORD}\""), format!("AT+X=\"{PIN}\"")]
    {
        shown.debug(&Request::raw(&line, Duration::from_secs(1)));
    }

    // What the module remembers.
    lab.network().put_file("/file", vec![7; 5000]);
    lab.network().put_resource("http://example.com/file", Resource::new("content"));
    let http = Http::new(&bearer);
    let saved = lab.world.run(async move {
        ftp.save().await.expect("saved");
        http.save(request("X-Api-Key", CREDENTIAL)).await.expect("saved");
        let ftp = ftp.saved(|context| format!("{context:?}")).await.expect("read");
        let http = http.saved(|context| format!("{context:?}")).await.expect("read");
        [ftp, http]
    });
    assert!(saved.iter().all(|saved| saved.contains("***")), "{saved:?}");
    shown.debug(&saved);
    shown.expect_no_secret();
}

#[test]
fn errors_tell_no_secret() {
    let (mut lab, bearer) = ready();
    let mut shown = Shown::default();
    lab.network().put_file("/file", vec![7; 100_000]);
    lab.network().require_login("user", "another");
    let server = |password: String| Server::new("ftp.example.com").with_credentials("user", password);

    // Values that cannot be sent.
    for password in
        [format!("{PASSWORD}\""), format!("{PASSWORD}\r\n"), format!("{PASSWORD}é"), PASSWORD.repeat(20)]
    {
        let ftp = Ftp::new(&bearer, server(password.clone()));
        shown.error(lab.ftp_get(&ftp, "/file").expect_err("no password"));
        let client = lab.client.clone();
        let profile =
            Profile::new("internet").with_credentials("user", password.replace(PASSWORD, APN_PASSWORD));
        shown.error(
            lab.world.run(async move { Bearer::open(&client, &profile).await }).expect_err("no password"),
        );
    }
    let http = Http::new(&bearer);
    for value in [format!("{CREDENTIAL}\\"), format!("{CREDENTIAL}\""), CREDENTIAL.repeat(60)] {
        let request = request("Authorization", &value);
        let http = http.clone();
        shown.error(lab.world.run(async move { http.send(request).await }).expect_err("no header"));
    }

    // What the module or the server refuses, and what does not come back.
    let ftp = Ftp::new(&bearer, server(PASSWORD.to_owned()));
    let refused = lab.ftp_get(&ftp, "/file").expect_err("another password");
    assert_eq!(refused.code(), Some(72));
    shown.error(refused);
    for failure in [FtpFailure::USER, FtpFailure::CONNECT, FtpFailure::SERVER] {
        lab.network().cause(Mishap::Ftp { after: 0, failure });
        shown.error(lab.ftp_put(&ftp, "/up", &[7; 5000]).expect_err("refused"));
    }
    lab.world.fault(Fault::Silence);
    let request = request("Authorization", CREDENTIAL);
    shown.error(lab.world.run(async move { http.send(request).await }).expect_err("silent"));
    shown.error(lab.ftp_get(&ftp, "/file").expect_err("silent"));
    shown.expect_no_secret();
}

#[test]
fn a_pin_is_told_by_no_error() {
    let mut config = ModuleConfig::default();
    config.sim = Sim::PinRequired { pin: "1234".to_owned() };
    let mut lab = Lab::with(World::new(config), Config::default());
    let mut shown = Shown::default();
    shown.error(lab.start_up().expect_err("a PIN is wanted"));
    for line in [
        format!("AT+CPIN=\"{PIN}\""),
        format!("AT+CLCK=\"SC\",1,\"{PIN}\""),
        format!("AT+CPWD=\"SC\",\"{PIN}\",\"1\""),
    ] {
        let request = Request::raw(&line, Duration::from_secs(5)).expect("a command line");
        let client = lab.client.clone();
        shown.error(lab.world.run(async move { client.request(request).await }).expect_err("a wrong PIN"));
    }
    shown.expect_no_secret();
}

#[test]
fn what_is_told_of_tries_holds_no_secret() {
    let (mut lab, bearer) = ready();
    lab.network().put_file("/file", vec![7; 50_000]);
    lab.network().cause(Mishap::Ftp { after: 20_000, failure: FtpFailure::NETWORK });
    let mut notices = lab.client.subscribe(|_| false);
    let ftp = Ftp::new(&bearer, Server::new("ftp.example.com").with_credentials("user", PASSWORD));
    let (pieces, told) = lab.world.run(async move {
        let pieces: Vec<Bytes> = ftp.get("/file").await.expect("open").try_collect().await.expect("complete");
        (pieces, notices.next().await)
    });
    assert_eq!(pieces.concat().len(), 50_000);
    let mut shown = Shown::default();
    shown.debug(&told.expect("a try"));
    assert!(shown.0.contains("61"), "{}", shown.0);
    shown.expect_no_secret();
}
