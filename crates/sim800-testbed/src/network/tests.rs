//! The network against real servers on loopback.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use bytes::Bytes;
use sim800_emulator::{
    Effect, FtpAction, FtpFailure, FtpRequest, HttpFailure, HttpMethod, HttpRequest, NetworkEvent,
    OperationId, PutOption,
};

use super::Network;
use crate::server::Limits;
use crate::server::ftp::{Fault, FtpServer};
use crate::server::http::HttpServer;
use crate::server::tls::{ClientCertificate, TlsFront};

const ID: OperationId = OperationId(7);

impl Network {
    /// The next event.
    fn event(&mut self) -> NetworkEvent {
        let (id, event) = smol::block_on(std::future::poll_fn(|cx| self.poll_event(cx)));
        assert_eq!(id, ID);
        event
    }

    /// The event that is there already, if there is one.
    fn event_now(&mut self) -> Option<NetworkEvent> {
        let event = std::future::poll_fn(|cx| self.poll_event(cx));
        smol::block_on(smol::future::poll_once(event)).map(|(_, event)| event)
    }

    fn last_event(&mut self) -> NetworkEvent {
        loop {
            match self.event() {
                NetworkEvent::HttpSent { .. }
                | NetworkEvent::HttpProgress { .. }
                | NetworkEvent::FtpReady
                | NetworkEvent::FtpData(_) => {}
                event => return event,
            }
        }
    }
}

/// A port that nobody listens on.
fn closed_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr()).unwrap().port()
}

mod http {
    use super::*;

    fn request(method: HttpMethod, url: impl Into<String>) -> HttpRequest {
        HttpRequest {
            method,
            url: url.into(),
            user_agent: "SIMCOM_MODULE".into(),
            proxy: None,
            redirect: false,
            range: None,
            headers: Vec::new(),
            content_type: None,
            body: Bytes::new(),
            timeout: Duration::from_secs(120),
            limit: 319_488,
            tls: false,
            check_certificate: false,
        }
    }

    fn perform(request: HttpRequest) -> Result<(u16, Bytes, Bytes), HttpFailure> {
        let mut network = Network::new();
        network.execute(Effect::Http { id: ID, request });
        match network.last_event() {
            NetworkEvent::HttpDone { status, head, body } => Ok((status, head, body)),
            NetworkEvent::HttpFailed(failure) => Err(failure),
            event => panic!("{event:?}"),
        }
    }

    fn server() -> HttpServer {
        HttpServer::start(Limits::default()).unwrap()
    }

    fn octets(count: usize) -> Bytes {
        (0..=u8::MAX).cycle().take(count).collect()
    }

    #[test]
    fn a_body_is_brought_whole_and_its_progress_told() {
        let server = server();
        server.put("/a", "image/gif", octets(319_488));
        let mut network = Network::new();
        network.execute(Effect::Http { id: ID, request: request(HttpMethod::Get, server.url("/a")) });
        let NetworkEvent::HttpProgress { received, total } = network.event() else { panic!("no progress") };
        assert!(received > 0);
        assert_eq!(total, Some(319_488));
        let NetworkEvent::HttpDone { status, head, body } = network.last_event() else { panic!("not done") };
        assert_eq!((status, body), (200, octets(319_488)));
        let head = std::str::from_utf8(&head).unwrap();
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert!(head.contains("\r\nContent-Type: image/gif\r\n"), "{head}");
        assert!(head.ends_with("\r\n\r\n"), "{head}");
    }

    #[test]
    fn bodies_without_a_length_are_brought_whole() {
        let server = server();
        server.put("/a", "text/plain", octets(5_000));
        for path in ["/chunked/a", "/unframed/a"] {
            let (status, _, body) = perform(request(HttpMethod::Get, server.url(path))).unwrap();
            assert_eq!((status, body), (200, octets(5_000)), "{path}");
        }
    }

    #[test]
    fn the_progress_of_a_body_that_is_sent_is_told() {
        let server = server();
        let mut network = Network::new();
        let post =
            HttpRequest { body: octets(100_000), ..request(HttpMethod::Post, server.url("/progress")) };
        network.execute(Effect::Http { id: ID, request: post });
        let mut last = 0;
        loop {
            match network.event() {
                NetworkEvent::HttpSent { sent } => {
                    assert!(sent > last && sent <= 100_000, "{sent} behind {last}");
                    last = sent;
                }
                NetworkEvent::HttpDone { .. } => break,
                _ => {}
            }
        }
        assert!(last > 0);
        assert_eq!(server.body("/progress"), Some(octets(100_000)));
    }

    #[test]
    fn post_head_and_delete() {
        let server = server();
        let post = HttpRequest {
            body: octets(1_000),
            content_type: Some("application/x-thing".into()),
            ..request(HttpMethod::Post, server.url("/b"))
        };
        assert!(perform(post).is_ok_and(|(status, ..)| (200..300).contains(&status)));
        assert_eq!(server.body("/b"), Some(octets(1_000)));
        assert_eq!(server.requests()[0].headers()["content-type"], "application/x-thing");

        assert!(perform(request(HttpMethod::Post, server.url("/empty"))).is_ok());
        assert_eq!(server.requests()[1].headers()["content-length"], "0");

        let (status, head, body) = perform(request(HttpMethod::Head, server.url("/b"))).unwrap();
        assert_eq!((status, body), (200, Bytes::new()));
        assert!(std::str::from_utf8(&head).unwrap().contains("\r\nContent-Length: 1000\r\n"));

        assert!(
            perform(request(HttpMethod::Delete, server.url("/b"))).is_ok_and(|(status, ..)| status < 300)
        );
        assert_eq!(server.body("/b"), None);
    }

    #[test]
    fn parameters_are_header_fields() {
        let server = server();
        server.put("/a", "text/plain", octets(16_384));
        let mut get = HttpRequest {
            user_agent: "mine/1.0".into(),
            range: Some((2_000, None)),
            headers: vec![("X-One".into(), "1".into()), ("Accept".into(), "text/plain".into())],
            ..request(HttpMethod::Get, server.url("/a"))
        };
        let (status, _, body) = perform(get.clone()).unwrap();
        assert_eq!((status, body.len()), (206, 14_384));
        get.range = Some((10, Some(19)));
        let (_, _, body) = perform(get).unwrap();
        assert_eq!(body, octets(16_384).slice(10..20));

        let seen = server.requests();
        let fields = |name: &str| {
            let values = seen[1].headers().get_all(name).iter();
            values.map(|value| value.to_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(fields("user-agent"), ["mine/1.0"]);
        assert_eq!(fields("range"), ["bytes=10-19"]);
        assert_eq!(fields("x-one"), ["1"]);
        assert_eq!(fields("accept"), ["text/plain"]);
        assert_eq!(fields("host"), [server.address().to_string()]);
    }

    #[test]
    fn redirections_are_followed_on_request_and_not_for_ever() {
        let server = server();
        let get = request(HttpMethod::Get, server.url("/redirect/3"));
        assert_eq!(perform(get.clone()).unwrap().0, 302);
        assert_eq!(perform(HttpRequest { redirect: true, ..get }).unwrap().0, 200);
        let endless = HttpRequest { redirect: true, ..request(HttpMethod::Get, server.url("/loop")) };
        assert_eq!(perform(endless).unwrap().0, 302);
    }

    #[test]
    fn a_proxy_gets_the_absolute_form() {
        let server = server();
        server.put("/x", "text/plain", "via");
        let get = HttpRequest {
            proxy: Some(("127.0.0.1".into(), server.address().port())),
            ..request(HttpMethod::Get, "HTTP://far.invalid:8080/x")
        };
        assert!(perform(get).is_ok());
        let seen = server.requests();
        assert_eq!(seen[0].uri().to_string(), "http://far.invalid:8080/x");
        assert_eq!(seen[0].headers()["host"], "far.invalid:8080");
    }

    #[test]
    fn a_body_over_the_limit_is_too_large() {
        let server = server();
        server.put("/a", "text/plain", octets(11));
        for path in ["/a", "/chunked/a", "/unframed/a"] {
            let get = HttpRequest { limit: 10, ..request(HttpMethod::Get, server.url(path)) };
            assert_eq!(perform(get), Err(HttpFailure::TooLarge), "{path}");
        }
    }

    #[test]
    fn failures_have_the_code_of_their_step() {
        let server = server();
        server.put("/a", "text/plain", octets(1_000));
        let closed = format!("http://127.0.0.1:{}/", closed_port());
        for (url, expected) in [
            ("http://".to_owned(), HttpFailure::Dns),
            ("http://no such name/".to_owned(), HttpFailure::Dns),
            (closed, HttpFailure::Network),
            (server.url("/reset"), HttpFailure::Network),
            (server.url("/reset/500/a"), HttpFailure::Network),
            (server.url("/truncated/500/a"), HttpFailure::Network),
            (server.url("/garbage"), HttpFailure::NotHttp),
            (server.url("/").replace("http:", "https:"), HttpFailure::SslSetup),
        ] {
            assert_eq!(perform(request(HttpMethod::Get, &url)), Err(expected), "{url}");
        }
    }

    #[test]
    fn tls_is_spoken_on_request() {
        let server = server();
        server.put("/a", "text/plain", octets(100_000));
        let front = TlsFront::start(server.address(), ClientCertificate::Unneeded).unwrap();
        let get = HttpRequest { tls: true, ..request(HttpMethod::Get, front.url("/a")) };
        let (status, _, body) = perform(get.clone()).unwrap();
        assert_eq!((status, body), (200, octets(100_000)));
        let post =
            HttpRequest { tls: true, body: octets(50_000), ..request(HttpMethod::Post, front.url("/b")) };
        assert!(perform(post).is_ok());
        assert_eq!(server.body("/b"), Some(octets(50_000)));
        // Nobody vouches for it.
        let checked = HttpRequest { check_certificate: true, ..get.clone() };
        assert_eq!(perform(checked), Err(HttpFailure::SslSetup));
        // Not asked for, or not spoken there.
        assert_eq!(perform(HttpRequest { tls: false, ..get.clone() }), Err(HttpFailure::SslSetup));
        let plain = HttpRequest { url: server.url("/a").replace("http:", "https:"), ..get };
        assert_eq!(perform(plain), Err(HttpFailure::SslSetup));
    }

    #[test]
    fn a_server_that_ends_the_channel_is_an_alert() {
        let server = server();
        let front = TlsFront::start(server.address(), ClientCertificate::Required).unwrap();
        let get = HttpRequest { tls: true, ..request(HttpMethod::Get, front.url("/")) };
        assert_eq!(perform(get), Err(HttpFailure::SslAlert));
        assert!(server.requests().is_empty());
    }

    #[test]
    fn what_is_cancelled_is_gone() {
        let server = server();
        server.put("/a", "text/plain", octets(1_000));
        let mut network = Network::new();
        network
            .execute(Effect::Http { id: ID, request: request(HttpMethod::Get, server.url("/stall/10/a")) });
        assert!(matches!(network.event(), NetworkEvent::HttpProgress { received: 10, .. }));
        network.execute(Effect::Cancel { id: ID });
        assert!(network.operations.is_empty());
    }
}

mod ftp {
    use super::*;

    fn server() -> FtpServer {
        FtpServer::start(&[("sim", "secret")], Limits::default()).unwrap()
    }

    fn request(server: &FtpServer, action: FtpAction, path: &str, name: &str) -> FtpRequest {
        FtpRequest {
            server: "127.0.0.1".into(),
            port: server.address().port(),
            user: "sim".into(),
            password: "secret".into(),
            passive: true,
            ascii: false,
            rest: 0,
            path: path.into(),
            name: name.into(),
            action,
        }
    }

    fn start(request: FtpRequest) -> Network {
        let mut network = Network::new();
        network.execute(Effect::Ftp { id: ID, request });
        network
    }

    /// Runs a session with all the credit it could want.
    fn get(request: FtpRequest) -> Result<Vec<u8>, FtpFailure> {
        let mut network = start(request);
        network.execute(Effect::Credit { id: ID, octets: usize::MAX });
        let mut received = Vec::new();
        loop {
            match network.event() {
                NetworkEvent::FtpReady => {}
                NetworkEvent::FtpData(octets) => received.extend_from_slice(&octets),
                NetworkEvent::FtpDone { size: None } => return Ok(received),
                NetworkEvent::FtpFailed(failure) => return Err(failure),
                event => panic!("{event:?}"),
            }
        }
    }

    fn put(request: FtpRequest, pieces: &[&[u8]]) -> Result<(), FtpFailure> {
        let mut network = start(request);
        match network.event() {
            NetworkEvent::FtpReady => {}
            NetworkEvent::FtpFailed(failure) => return Err(failure),
            event => panic!("{event:?}"),
        }
        for piece in pieces {
            network.execute(Effect::Send { id: ID, octets: Bytes::copy_from_slice(piece) });
            match network.event() {
                NetworkEvent::FtpSent(count) => assert_eq!(count, piece.len()),
                NetworkEvent::FtpFailed(failure) => return Err(failure),
                event => panic!("{event:?}"),
            }
        }
        network.execute(Effect::Finish { id: ID });
        match network.event() {
            NetworkEvent::FtpDone { size: None } => Ok(()),
            NetworkEvent::FtpFailed(failure) => Err(failure),
            event => panic!("{event:?}"),
        }
    }

    /// Runs a session that transfers nothing.
    fn operate(request: FtpRequest) -> Result<Option<u64>, FtpFailure> {
        match start(request).event() {
            NetworkEvent::FtpDone { size } => Ok(size),
            NetworkEvent::FtpFailed(failure) => Err(failure),
            event => panic!("{event:?}"),
        }
    }

    #[test]
    fn downloads_over_either_kind_of_data_connection() {
        let server = server();
        let octets: Vec<u8> = (0..=u8::MAX).cycle().take(300_001).collect();
        server.put_file("/d/a", &octets).unwrap();
        server.put_file("/d/empty", &[]).unwrap();
        for passive in [true, false] {
            let of = |name| FtpRequest { passive, ..request(&server, FtpAction::Get, "/d/", name) };
            assert_eq!(get(of("a")).as_ref(), Ok(&octets));
            assert_eq!(get(of("empty")), Ok(Vec::new()));
            let rest = FtpRequest { rest: 300_000, ..of("a") };
            assert_eq!(get(rest).as_deref(), Ok(&octets[300_000..]));
        }
    }

    #[test]
    fn no_octet_comes_without_credit() {
        let server = server();
        server.put_file("/a", &[b'x'; 5_000]).unwrap();
        let mut network = start(request(&server, FtpAction::Get, "", "a"));
        assert_eq!(network.event(), NetworkEvent::FtpReady);
        let mut granted = 0;
        let mut received = 0;
        for credit in [1, 99, 4_000, 900] {
            network.execute(Effect::Credit { id: ID, octets: credit });
            granted += credit;
            while received < granted {
                let NetworkEvent::FtpData(octets) = network.event() else { panic!("no data") };
                received += octets.len();
            }
            assert_eq!(received, granted);
            assert_eq!(network.event_now(), None);
        }
    }

    #[test]
    fn uploads_in_three_ways_and_both_modes() {
        let server = server();
        for passive in [true, false] {
            let by = |option| FtpRequest { passive, ..request(&server, FtpAction::Put(option), "/", "u") };
            assert_eq!(put(by(PutOption::Stor), &[b"one ", b"two"]), Ok(()));
            assert_eq!(server.file("/u").as_deref(), Some(&b"one two"[..]));
            assert_eq!(put(by(PutOption::Appe), &[b" three"]), Ok(()));
            assert_eq!(server.file("/u").as_deref(), Some(&b"one two three"[..]));
            let before = server.files().len();
            assert_eq!(put(by(PutOption::Stou), &[]), Ok(()));
            assert_eq!(server.files().len(), before + 1);
        }
    }

    #[test]
    fn the_type_is_given_as_servers_know_it() {
        let server = server();
        server.put_file("/t", b"a\nb\n").unwrap();
        let ascii = FtpRequest { ascii: true, ..request(&server, FtpAction::Get, "/", "t") };
        assert_eq!(get(ascii).as_deref(), Ok(&b"a\r\nb\r\n"[..]));
        assert!(server.commands().iter().any(|line| line == "TYPE A"), "{:?}", server.commands());
    }

    #[test]
    fn files_and_directories_are_managed() {
        let server = server();
        server.put_file("/d/a", b"12345").unwrap();
        let run = |action, path, name| operate(request(&server, action, path, name));
        assert_eq!(run(FtpAction::Size, "/d/", "a"), Ok(Some(5)));
        let rename = FtpAction::Rename { to_path: "/".into(), to_name: "b".into() };
        assert_eq!(run(rename, "/d", "a"), Ok(None));
        assert_eq!(server.files(), ["/b"]);
        assert_eq!(run(FtpAction::RemoveDirectory, "/d", ""), Ok(None));
        assert_eq!(run(FtpAction::MakeDirectory, "/e", ""), Ok(None));
        assert_eq!(run(FtpAction::MakeDirectory, "/e", ""), Err(FtpFailure::OPERATE));
        let listing = get(request(&server, FtpAction::List, "/", "")).unwrap();
        assert!(String::from_utf8(listing).unwrap().contains(" b\r\n"));
        assert_eq!(run(FtpAction::Delete, "", "b"), Ok(None));
        assert_eq!(run(FtpAction::Delete, "", "b"), Err(FtpFailure::OPERATE));
    }

    #[test]
    fn each_refusal_has_its_code() {
        let server = server();
        server.put_file("/a", b"12345").unwrap();
        let refuse = |verb, reply: &str| server.inject(Fault::Answer { verb, reply: reply.to_owned() });
        let of = |action| request(&server, action, "/", "a");
        let active = |action| FtpRequest { passive: false, ..of(action) };

        for (verb, reply, expected) in [
            ("USER", "530 anonymous only", FtpFailure::USER),
            ("PASS", "530 no", FtpFailure::PASSWORD),
            ("TYPE", "504 no", FtpFailure::TYPE),
            ("CWD", "550 no", FtpFailure::OPERATE),
            ("PASV", "502 no", FtpFailure::PASSIVE),
            ("PASV", "227 nowhere", FtpFailure::PASSIVE),
            ("REST", "502 no", FtpFailure::REST),
            ("RETR", "550 no", FtpFailure::DOWNLOAD),
            ("RETR", "421 going down", FtpFailure::SERVER),
        ] {
            refuse(verb, reply);
            let download = FtpRequest { rest: 1, ..of(FtpAction::Get) };
            assert_eq!(get(download), Err(expected), "{verb} {reply}");
            assert_eq!(server.faults_waiting(), 0, "{verb} {reply}");
        }
        refuse("PORT", "500 no");
        assert_eq!(get(active(FtpAction::Get)), Err(FtpFailure::ACTIVE));
        refuse("STOR", "553 no");
        assert_eq!(put(of(FtpAction::Put(PutOption::Stor)), &[]), Err(FtpFailure::UPLOAD));
        refuse("SIZE", "550 no");
        assert_eq!(operate(of(FtpAction::Size)), Err(FtpFailure::OPERATE));
        // Without a word, with a blank and without.
        for lone in ["550 ", "550"] {
            refuse("SIZE", lone);
            assert_eq!(operate(of(FtpAction::Size)), Err(FtpFailure::OPERATE), "{lone:?}");
        }
        refuse("SIZE", "213 many");
        assert_eq!(operate(of(FtpAction::Size)), Err(FtpFailure::REPLY));
        server.inject(Fault::Greeting { reply: "421 too many users".to_owned() });
        assert_eq!(get(of(FtpAction::Get)), Err(FtpFailure::SERVER));
        assert_eq!(
            get(FtpRequest { password: "wrong".into(), ..of(FtpAction::Get) }),
            Err(FtpFailure::PASSWORD)
        );
    }

    #[test]
    fn servers_that_cannot_be_reached() {
        let server = server();
        let get_from = |name: &str, port| {
            get(FtpRequest { server: name.into(), port, ..request(&server, FtpAction::Get, "", "a") })
        };
        assert_eq!(get_from("no such name", 21), Err(FtpFailure::DNS));
        assert_eq!(get_from("127.0.0.1", closed_port()), Err(FtpFailure::CONNECT));
    }

    #[test]
    fn a_download_that_breaks_fails() {
        let server = server();
        server.put_file("/a", &[0; 100_000]).unwrap();
        server.inject(Fault::DataReset { after: 50_000 });
        let outcome = get(request(&server, FtpAction::Get, "/", "a"));
        assert!(matches!(outcome, Err(FtpFailure::NETWORK | FtpFailure::DOWNLOAD)), "{outcome:?}");
    }

    #[test]
    fn an_upload_that_breaks_fails() {
        let server = server();
        server.inject(Fault::DataReset { after: 1_000 });
        let piece: &[u8] = &[0; 1_360];
        let outcome = put(request(&server, FtpAction::Put(PutOption::Stor), "/", "a"), &[piece; 50]);
        assert_eq!(outcome, Err(FtpFailure::UPLOAD));
    }

    #[test]
    fn what_is_cancelled_is_gone() {
        let server = server();
        server.put_file("/a", &[0; 1_000]).unwrap();
        for verb in ["PASS", "PASV", "RETR"] {
            server.inject(Fault::Silence { verb });
            let mut network = start(request(&server, FtpAction::Get, "/", "a"));
            while server.faults_waiting() > 0 {
                assert_eq!(network.event_now(), None);
            }
            network.execute(Effect::Cancel { id: ID });
            assert!(network.operations.is_empty());
        }
    }
}
