//! Procedures against the emulated module, in virtual time.

mod files;
mod large;
mod transfers;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{AsyncReadExt, StreamExt, TryStreamExt};
use sim800_emulator::{
    Config as ModuleConfig, DataExpiry, Fault, FtpFailure, Grant, HttpFailure, Place, PowerDown,
    Registration, Sim, Start,
};
use sim800_session::{
    Bearer, BearerError, Body, Client, Config, Failure, Ftp, FtpError, FtpOptions, FtpStep, Http, HttpError,
    Notice, Profile, Restart, Server, StartUpError, connect,
};
use sim800_testbed::Line;
use sim800_testbed::simulation::{Mishap, Network, Resource, World};

/// A world and a session with its module.
struct Lab {
    world: World,
    client: Client,
}

impl Lab {
    fn new(module: ModuleConfig) -> Self {
        Self::with(World::new(module), Config::default())
    }

    fn with(mut world: World, config: Config) -> Self {
        let port = world.connect();
        let (client, driver) = connect(port, Arc::new(world.clock()), config);
        world.spawn(async move {
            let _ended = driver.await;
        });
        Self { world, client }
    }

    /// Brought up, with an open bearer.
    fn ready() -> (Self, Bearer) {
        Self::ready_with(ModuleConfig::default())
    }

    fn ready_with(module: ModuleConfig) -> (Self, Bearer) {
        let mut lab = Self::new(module);
        let bearer = lab.bearer();
        (lab, bearer)
    }

    fn bearer(&mut self) -> Bearer {
        let client = self.client.clone();
        self.world.run(async move {
            client.start_up().await.expect("start-up");
            Bearer::open(&client, &Profile::new("internet")).await.expect("bearer")
        })
    }

    fn network(&self) -> Network {
        self.world.network()
    }

    fn start_up(&mut self) -> Result<(), StartUpError> {
        let client = self.client.clone();
        self.world.run(async move { client.start_up().await })
    }

    fn get(&mut self, bearer: &Bearer, url: &str) -> Result<(u16, Bytes), HttpError> {
        let http = Http::new(bearer);
        let request = http::Request::get(url).body(Bytes::new()).expect("request");
        self.world.run(async move {
            let response = http.send(request).await?;
            let status = response.status().as_u16();
            Ok((status, whole(response.into_body()).await?))
        })
    }

    fn ftp_get(&mut self, ftp: &Ftp, path: &str) -> Result<Vec<u8>, FtpError> {
        let (ftp, path) = (ftp.clone(), path.to_owned());
        self.world.run(async move {
            let download = ftp.get(&path).await?;
            download
                .try_fold(Vec::new(), |mut all, piece| async move {
                    all.extend_from_slice(&piece);
                    Ok(all)
                })
                .await
        })
    }

    fn ftp_put(&mut self, ftp: &Ftp, path: &str, octets: &[u8]) -> Result<u64, FtpError> {
        let (ftp, path) = (ftp.clone(), path.to_owned());
        self.world.run(async move { ftp.put(&path, octets).await })
    }
}

async fn whole(body: Body) -> Result<Bytes, HttpError> {
    let all = body.try_fold(Vec::new(), |mut all, piece| async move {
        all.extend_from_slice(&piece);
        Ok(all)
    });
    all.await.map(Bytes::from)
}

/// Every octet value, and what looks like protocol.
fn hostile(length: usize) -> Vec<u8> {
    let traps = b"\r\nOK\r\n\r\nERROR\r\n\r\n+FTPGET: 1,0\r\n\r\n+HTTPREAD: 5\r\n>\r\nRDY\r\n\r\nNORMAL POWER DOWN\r\n";
    (0..=255).chain(traps.iter().copied()).cycle().take(length).collect()
}

fn server() -> Server {
    Server::new("ftp.example.com").with_credentials("user", "sesame")
}

#[test]
fn a_running_module_is_made_ready() {
    let mut lab = Lab::new(ModuleConfig::default());
    assert_eq!(lab.start_up(), Ok(()));
    let client = lab.client.clone();
    let info = lab.world.run(async move { client.info().await }).expect("info");
    assert_eq!(info.serial_number, "866771029893217");
    assert_eq!(info.revision, "1418B05SIM800L24");
    assert_eq!(info.operator.as_deref(), Some("T-Mobile D"));
    assert_eq!(info.signal.dbm(), Some(-72));
    assert!(info.registration.is_registered());
}

#[test]
fn a_module_that_just_starts_is_made_ready() {
    for start in [Start::FixedRate, Start::Autobaud] {
        let mut config = ModuleConfig::default();
        config.start = start;
        let mut lab = Lab::new(config);
        assert_eq!(lab.start_up(), Ok(()), "{start:?}");
    }
}

#[test]
fn what_an_earlier_program_left_is_undone() {
    use futures::AsyncWriteExt;

    for left in ["ATQ1\r", "ATV0\r", "ATE1Q1V0\r", "AT+HTTPINIT", "ATE0V0\rAT+CMEE=2\r"] {
        let mut world = World::new(ModuleConfig::default());
        let mut port = world.connect();
        world.run(async { port.write_all(left.as_bytes()).await }).expect("written");
        world.run_for(Duration::from_secs(1));
        let mut lab = Lab::with(world, Config::default());
        assert_eq!(lab.start_up(), Ok(()), "after {left:?}");
    }
}

#[test]
fn start_up_says_what_is_missing() {
    let result = |change: &dyn Fn(&mut ModuleConfig)| {
        let mut config = ModuleConfig::default();
        change(&mut config);
        Lab::new(config).start_up()
    };
    let pin = Sim::PinRequired { pin: "1234".into() };
    assert_eq!(result(&|config| config.sim = pin.clone()), Err(StartUpError::SimPinRequired));
    assert_eq!(result(&|config| config.sim = Sim::Absent), Err(StartUpError::SimNotInserted));
    assert_eq!(result(&|config| config.registration = Registration::Denied), Err(StartUpError::Denied));
    let searching = result(&|config| config.registration = Registration::Searching);
    assert!(matches!(searching, Err(StartUpError::NotRegistered { .. })), "{searching:?}");
    assert_eq!(result(&|config| config.attach = false), Ok(()), "it is attached then");
}

#[test]
fn a_silent_module_is_given_up_in_time() {
    let mut lab = Lab::new(ModuleConfig::default());
    lab.world.fault(Fault::Silence);
    let before = sim800_session::Runtime::now(&lab.world.clock());
    let result = lab.start_up();
    assert!(matches!(result, Err(StartUpError::NoAnswer { .. })), "{result:?}");
    let took = sim800_session::Runtime::now(&lab.world.clock()) - before;
    assert!(took <= Duration::from_secs(11), "{took:?}");
}

#[test]
fn a_bearer_that_is_open_already_is_used_and_closing_twice_is_no_error() {
    let (mut lab, bearer) = Lab::ready();
    let client = lab.client.clone();
    lab.world.run(async move {
        let again = Bearer::open(&client, &Profile::new("other")).await.expect("open");
        let status = again.query().await.expect("status");
        assert!(status.address.is_some());
        bearer.close().await.expect("closed");
        again.close().await.expect("closed again");
    });
}

#[test]
fn a_bearer_that_the_network_refuses_is_an_error() {
    let mut config = ModuleConfig::default();
    config.apn = Some("internet".into());
    let mut lab = Lab::new(config);
    let client = lab.client.clone();
    let result = lab.world.run(async move {
        client.start_up().await.expect("start-up");
        Bearer::open(&client, &Profile::new("nonsense")).await
    });
    assert!(matches!(result, Err(BearerError::Refused(_))), "{result:?}");
}

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
    let request = http::Request::post("http://example.com/in")
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
    let request = http::Request::get("http://example.com/file").header("Range", "bytes=100-299");
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
    let request = http::Request::get("http://example.com/file").body(Bytes::new()).expect("request");
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
        let request = http::Request::get(url).body(Bytes::new()).expect("request");
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
    let mut lab = Lab::with(World::on_line(config, paced(2_400)), Config::default());
    let bearer = lab.bearer();
    // The session takes the line for faster than it is.
    let request = http::Request::post("http://example.com/in").body(Bytes::from(hostile(60_000)));
    let http = Http::new(&bearer);
    let result = lab.world.run(async move { http.send(request.expect("request")).await });
    assert!(result.is_err(), "{result:?}");
    lab.network().put_resource("http://example.com/file", Resource::new("hello"));
    assert_eq!(lab.get(&bearer, "http://example.com/file").expect("body").1, "hello");
}

#[test]
fn files_of_all_sizes_are_downloaded_whole() {
    let (mut lab, bearer) = Lab::ready();
    let ftp = Ftp::new(&bearer, server());
    for length in [0, 1, 1459, 1460, 1461, 2920, 100_000] {
        let file = hostile(length);
        lab.network().put_file("/pub/file.bin", file.clone());
        let received = lab.ftp_get(&ftp, "/pub/file.bin").expect("file");
        assert!(received == file, "{length} octets, {} came", received.len());
    }
}

#[test]
fn files_of_all_sizes_are_uploaded_whole() {
    let mut config = ModuleConfig::default();
    config.ftp_put_maxima = vec![1360, 100, 1, 1000];
    config.ftp_put_grant = Grant::AtMost(700);
    for config in [ModuleConfig::default(), config] {
        let (mut lab, bearer) = Lab::ready_with(config);
        let ftp = Ftp::new(&bearer, server());
        for length in [0, 1, 699, 1359, 1360, 1361, 20_000] {
            let file = hostile(length);
            assert_eq!(lab.ftp_put(&ftp, "/pub/up.bin", &file), Ok(length as u64));
            assert!(lab.network().file("/pub/up.bin").as_deref() == Some(&file[..]), "{length} octets");
        }
    }
}

#[test]
fn the_settings_of_ftp_are_all_set() {
    let (mut lab, bearer) = Lab::ready();
    let mut options = FtpOptions::default();
    options.ascii = true;
    options.passive = false;
    let ftp = Ftp::new(&bearer, server().with_port(2121)).with_options(options);
    lab.network().put_file("/a/b.txt", "text");
    lab.ftp_get(&ftp, "/a/b.txt").expect("file");
    let seen = lab.network().ftp_requests().pop().expect("a request");
    assert_eq!((seen.server.as_str(), seen.port, seen.user.as_str()), ("ftp.example.com", 2121, "user"));
    assert_eq!((seen.path.as_str(), seen.name.as_str()), ("/a/", "b.txt"));
    assert!(seen.ascii && !seen.passive && seen.rest == 0 && seen.password == "sesame");
}

#[test]
fn the_size_of_a_file_is_asked_for() {
    let (mut lab, bearer) = Lab::ready();
    lab.network().put_file("/file", hostile(4_711));
    let ftp = Ftp::new(&bearer, server());
    assert_eq!(lab.world.run(ftp.size("/file")), Ok(4_711));
    let missing = lab.world.run(ftp.size("/missing")).expect_err("no such file");
    assert_eq!(missing.code(), Some(77), "{missing}");
}

#[test]
fn a_wrong_password_is_72() {
    let (mut lab, bearer) = Lab::ready();
    lab.network().require_login("user", "other");
    let ftp = Ftp::new(&bearer, server());
    let error = lab.ftp_get(&ftp, "/file").expect_err("refused");
    assert_eq!((error.code(), error.kind()), (Some(72), "ftp"));
    assert!(!error.to_string().contains("sesame"));
    let error = lab.ftp_put(&ftp, "/file", b"x").expect_err("refused");
    assert_eq!(error.code(), Some(72));
}

#[test]
fn a_download_that_breaks_says_why_and_the_next_one_works() {
    let (mut lab, bearer) = Lab::ready();
    let file = hostile(50_000);
    lab.network().put_file("/file", file.clone());
    lab.network().cause(Mishap::Ftp { after: 20_000, failure: FtpFailure::NETWORK });
    let ftp = Ftp::new(&bearer, server());
    let error = lab.ftp_get(&ftp, "/file").expect_err("broken");
    assert!(
        matches!(error, FtpError::Failed { step: FtpStep::Transfer, code, .. } if code.0 == 61),
        "{error:?}"
    );
    assert!(lab.ftp_get(&ftp, "/file").expect("file") == file);
}

#[test]
fn a_download_that_is_dropped_is_quit() {
    let (mut lab, bearer) = Lab::ready();
    let file = hostile(50_000);
    lab.network().put_file("/file", file.clone());
    let ftp = Ftp::new(&bearer, server());
    let other = ftp.clone();
    lab.world.run(async move {
        let mut download = other.get("/file").await.expect("open");
        download.next().await.expect("a piece").expect("octets");
    });
    assert!(lab.ftp_get(&ftp, "/file").expect("file") == file);
}

#[test]
fn a_session_that_was_left_over_does_not_hide_what_is_wrong_with_ours() {
    let (mut lab, bearer) = Lab::ready();
    let file = hostile(50_000);
    lab.network().put_file("/file", file.clone());
    let ftp = Ftp::new(&bearer, server());
    // Another program opened one and died.
    let leave = |lab: &mut Lab| {
        let (client, clock) = (lab.client.clone(), lab.world.clock());
        lab.world.run(async move {
            client.execute(&sim800_command::FtpGetOpen).await.expect("left over");
            let later = sim800_session::Runtime::now(&clock) + Duration::from_secs(1);
            sim800_session::Runtime::sleep_until(&clock, later).await;
        });
    };
    assert!(lab.ftp_get(&ftp, "/file").expect("settings") == file);
    leave(&mut lab);
    assert!(lab.ftp_get(&ftp, "/file").expect("file") == file);
    leave(&mut lab);
    assert_eq!(lab.ftp_put(&ftp, "/other", b"hello"), Ok(5));
}

#[test]
fn a_source_that_sleeps_too_long_finds_64() {
    let (mut lab, bearer) = Lab::ready();
    let ftp = Ftp::new(&bearer, server());
    let result = lab.world.run(async move {
        let never = futures::stream::pending::<std::io::Result<Vec<u8>>>().into_async_read();
        ftp.put("/file", never).await
    });
    assert_eq!(result.expect_err("64").code(), Some(64));
}

#[test]
fn the_loss_of_the_bearer_is_the_cause_that_is_named() {
    let (mut lab, bearer) = Lab::ready();
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
    let time = sim800_session::Runtime::now(&lab.world.clock()) + Duration::from_secs(5);
    lab.world.fault_at(time, loss);
    let error = lab.get(&bearer, "http://example.com/file").expect_err("lost");
    assert!(matches!(error, HttpError::Bearer { source: BearerError::Lost { cid: 1 }, .. }), "{error:?}");

    let bearer = lab.bearer();
    assert_eq!(lab.get(&bearer, "http://example.com/file").expect("body").1, "x");
}

#[test]
fn a_restart_fails_what_runs_and_start_up_heals() {
    for announced in [true, false] {
        let (mut lab, bearer) = Lab::ready();
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
            assert_eq!(error.kind(), "restarted", "{error:?}");
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
        let request = http::Request::get("http://example.com/file").body(Bytes::new()).expect("request");
        drop(Http::new(&bearer).send(request).await.expect("response"));
    };
    let ((), ended) = world.run(futures::future::join(session, driver));
    assert_eq!(ended, Ok(()));
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
    assert_eq!(error.kind(), "disconnected", "{error}");
    let seen = lab.world.run(notices.collect::<Vec<_>>());
    assert!(matches!(seen[..], [Notice::Disconnected(_)]), "{seen:?}");
    assert!(lab.get(&bearer, "http://example.com/file").is_err());
}

fn paced(rate: u32) -> Line {
    Line::paced(std::num::NonZeroU32::new(rate).expect("a rate"))
}
