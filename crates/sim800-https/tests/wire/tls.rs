//! TLS: whom it trusts, what it says of those it does not, and what is cut off.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join;
use futures::{AsyncReadExt, AsyncWriteExt, TryStreamExt};
use futures_rustls::TlsAcceptor;
use http::Request;
use http_body_util::Empty;
use rcgen::{CertificateParams, Issuer, KeyPair};
use sim800_https::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use sim800_https::rustls::version::{TLS12, TLS13};
use sim800_https::rustls::{HandshakeKind, ServerConfig, SupportedProtocolVersion, crypto::ring};
use sim800_https::{Connection, HttpsError, Shelf, Tls, TlsError};
use sim800_session::{ErrorKind, Sent};

use crate::duplex::{serve, watched, world};

pub(crate) const HOST: &str = "server.example.com";

/// An authority, and a server with its certificate.
pub(crate) struct Server {
    authority: CertificateDer<'static>,
    pub(crate) config: Arc<ServerConfig>,
}

impl Server {
    pub(crate) fn new(
        versions: &[&'static SupportedProtocolVersion],
        change: impl Fn(&mut CertificateParams),
    ) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.distinguished_name.push(rcgen::DnType::CommonName, "an authority");
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let authority = params.self_signed(&key).expect("a certificate").der().clone();
        let issuer = Issuer::new(params, key);
        let mut params = CertificateParams::new([HOST.to_owned()]).expect("parameters");
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &issuer).expect("a certificate").der().clone();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key.into())
            .expect("a server");
        Self { authority, config: Arc::new(config) }
    }

    pub(crate) fn trusted(&self) -> Tls {
        Tls::trusting([self.authority.clone()]).expect("an authority")
    }

    /// What a GET brings; the server closes the connection behind `answer`, with a good-bye or without.
    fn get(&self, tls: &Tls, answer: &'static [u8], is_polite: bool) -> Result<Vec<u8>, HttpsError> {
        let mut world = world();
        let (here, there) = watched(&world);
        let client = async {
            let stream = tls.connect(HOST, here).await?;
            let connection = Connection::open(stream).await?;
            let request =
                Request::get("/").header("Host", HOST).body(Empty::<Bytes>::new()).expect("a request");
            let response = connection.send(request, &Shelf::default()).await?;
            response
                .into_body()
                .try_fold(Vec::new(), async |all, octets| Ok([all, octets.to_vec()].concat()))
                .await
        };
        let acceptor = TlsAcceptor::from(Arc::clone(&self.config));
        let server = async {
            if let Ok(stream) = acceptor.accept(there).await {
                let (_, mut stream) = serve(stream, &[answer]).await;
                if is_polite {
                    stream.close().await.expect("a good-bye");
                }
            }
        };
        world.run(join(client, server)).0
    }
}

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn wrong(result: Result<Vec<u8>, HttpsError>) -> TlsError {
    let error = result.expect_err("no connection");
    assert!(matches!(error.kind(), ErrorKind::Tls | ErrorKind::Certificate), "{error:?}");
    assert_eq!(error.sent(), Sent::No);
    match error {
        HttpsError::Tls { source, .. } => source,
        other => panic!("{other:?}"),
    }
}

#[test]
fn both_versions_are_spoken() {
    for version in [&TLS12, &TLS13] {
        let server = Server::new(&[version], |_| {});
        assert_eq!(server.get(&server.trusted(), ANSWER, true).expect("an answer"), b"ok");
        let anybody = Tls::trusting_anybody().expect("no authority");
        assert_eq!(server.get(&anybody, ANSWER, true).expect("an answer"), b"ok");
    }
}

#[test]
fn nobody_is_trusted_who_does_not_prove_who_he_is() {
    let server = Server::new(&[&TLS13], |_| {});
    let key = KeyPair::generate().expect("a key");
    let other = CertificateParams::new(["other.example.com".to_owned()]).expect("parameters");
    let other = Tls::trusting([other.self_signed(&key).expect("a certificate").der().clone()]).expect("one");
    assert_eq!(wrong(server.get(&other, ANSWER, true)), TlsError::UnknownIssuer);

    let authority = Server::new(&[&TLS13], |params| {
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    });
    let error = wrong(authority.get(&authority.trusted(), ANSWER, true));
    assert_eq!(error, TlsError::IsAuthority);
    assert_eq!(
        error.to_string(),
        "its certificate is that of an authority, as `openssl req -x509` makes them by itself; a server needs one with \
         CA:FALSE, which `-addext basicConstraints=critical,CA:FALSE` makes there"
    );

    let nameless = Server::new(&[&TLS13], |params| params.subject_alt_names = Vec::new());
    let error = wrong(nameless.get(&nameless.trusted(), ANSWER, true));
    assert_eq!(error, TlsError::NoName);
    assert_eq!(
        error.to_string(),
        "its certificate names no server in subjectAltName, as `-addext subjectAltName=DNS:HOST` of `openssl req -x509` does"
    );

    let past = Server::new(&[&TLS13], |params| params.not_after = rcgen::date_time_ymd(2020, 2, 3));
    let error = wrong(past.get(&past.trusted(), ANSWER, true));
    assert!(error.to_string().contains("expired on Mon, 03 Feb 2020"), "{error}");

    let future = Server::new(&[&TLS12], |params| params.not_before = rcgen::date_time_ymd(4000, 1, 1));
    let error = wrong(future.get(&future.trusted(), ANSWER, true));
    assert!(error.to_string().contains("not valid before"), "{error}");

    let another = Server::new(&[&TLS12], |params| {
        let name = "another.example.com".try_into().expect("a name");
        params.subject_alt_names = vec![rcgen::SanType::DnsName(name)];
    });
    let error = wrong(another.get(&another.trusted(), ANSWER, true));
    assert_eq!(error.to_string(), "its certificate is for another.example.com alone");
}

#[test]
fn an_end_without_a_good_bye_is_none() {
    const UNTIL_CLOSED: &[u8] = b"HTTP/1.1 200 OK\r\n\r\nok";
    for version in [&TLS12, &TLS13] {
        let server = Server::new(&[version], |_| {});
        let tls = server.trusted();
        assert_eq!(server.get(&tls, UNTIL_CLOSED, true).expect("an end"), b"ok");
        let error = server.get(&tls, UNTIL_CLOSED, false).expect_err("cut off");
        assert_eq!((error.kind(), error.sent()), (ErrorKind::Closed, Sent::Unknown), "{error:?}");
        // Where the length is told, none is needed.
        assert_eq!(server.get(&tls, ANSWER, false).expect("an answer"), b"ok");
    }
}

#[test]
fn what_is_no_tls_is_said_to_be_none() {
    let tls = Tls::trusting_anybody().expect("no authority");
    for (answer, expected) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], TlsError::NotTls),
        (b"", TlsError::Closed),
        // An alert: fatal, protocol version.
        (b"\x15\x03\x01\x00\x02\x02\x46", TlsError::Version),
    ] {
        let mut world = world();
        let (here, mut there) = watched(&world);
        let client = async { tls.connect(HOST, here).await.map(|_| Vec::new()) };
        let server = async {
            let mut greeting = [0; 5];
            there.read_exact(&mut greeting).await.expect("a greeting");
            assert_eq!(greeting[0], 22, "a handshake");
            there.write_all(answer).await.expect("somebody there");
            there.close().await.expect("closed");
        };
        assert_eq!(wrong(world.run(join(client, server)).0), expected);
    }
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    let mut world = world();
    let (here, there) = watched(&world);
    let tls = Tls::trusting_anybody().expect("no authority");
    let error = world.run(async { tls.connect(HOST, here).await.map(drop).expect_err("silence") });
    assert_eq!((error.kind(), error.sent()), (ErrorKind::TimedOut, Sent::No));
    assert_eq!(sim800_session::Runtime::now(&world.clock()), Duration::from_secs(60));
    drop(there);
}

#[test]
fn another_connection_takes_the_ticket_of_the_first() {
    for version in [&TLS12, &TLS13] {
        let server = Server::new(&[version], |_| {});
        let tls = server.trusted();
        for expected in [HandshakeKind::Full, HandshakeKind::Resumed] {
            let mut world = world();
            let (here, there) = watched(&world);
            // Clones have the tickets of each other.
            let tls = tls.clone();
            let client = async {
                let stream = tls.connect(HOST, here).await?;
                let connection = Connection::open(stream).await?;
                let request = Request::get("/").body(Empty::<Bytes>::new()).expect("a request");
                let response = connection.send(request, &Shelf::default()).await?;
                response.into_body().try_for_each(async |_| Ok(())).await
            };
            let acceptor = TlsAcceptor::from(Arc::clone(&server.config));
            let there = async {
                let stream = acceptor.accept(there).await.expect("a client");
                let kind = stream.get_ref().1.handshake_kind();
                serve(stream, &[ANSWER]).await;
                kind
            };
            let (result, kind) = world.run(join(client, there));
            result.expect("an answer");
            assert_eq!(kind, Some(expected));
        }
    }
}

#[test]
fn a_connection_that_is_closed_says_good_bye() {
    for version in [&TLS12, &TLS13] {
        let server = Server::new(&[version], |_| {});
        let mut world = world();
        let (here, there) = watched(&world);
        let tls = server.trusted();
        let client = async {
            let connection = Connection::open(tls.connect(HOST, here).await?).await?;
            let shelf = Shelf::default();
            let request = Request::get("/").body(Empty::<Bytes>::new()).expect("a request");
            let response = connection.send(request, &shelf).await?;
            response.into_body().try_for_each(async |_| Ok(())).await?;
            shelf.take().expect("the connection").close().await;
            Ok::<_, HttpsError>(())
        };
        let acceptor = TlsAcceptor::from(Arc::clone(&server.config));
        let there = async {
            let (_, mut stream) = serve(acceptor.accept(there).await.expect("a client"), &[ANSWER]).await;
            // Without a good-bye, this would be an error.
            assert_eq!(stream.read(&mut [0; 1]).await.expect("an end"), 0);
        };
        world.run(join(client, there)).0.expect("closed");
    }
}
