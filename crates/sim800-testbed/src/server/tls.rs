//! A TLS entrance to a server that has none of its own.

use std::io;
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;

use futures_rustls::TlsAcceptor;
use futures_rustls::rustls::crypto::ring;
use futures_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use futures_rustls::rustls::server::WebPkiClientVerifier;
use futures_rustls::rustls::{RootCertStore, ServerConfig};
use smol::future::try_zip;
use smol::io::{AsyncRead, AsyncWrite, AsyncWriteExt, copy, sink, split};
use smol::net::TcpStream;

use super::{Host, Limits};

/// Whether clients have to show a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientCertificate {
    /// They need none.
    Unneeded,
    /// They do, and none of theirs is good enough: each is turned away with a fatal alert.
    Required,
}

/// An entrance by TLS to another server on loopback; dropping it stops it.
///
/// What comes in is handed on unencrypted. Its certificate, made at the start, is signed by itself. What the server resets ends here
/// without the good-bye that TLS has.
#[derive(Debug)]
pub struct TlsFront {
    host: Host,
    certificate: CertificateDer<'static>,
}

impl TlsFront {
    /// Starts an entrance to `server` on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// No socket, no thread or no certificate was to be had.
    pub fn start(server: SocketAddr, clients: ClientCertificate) -> io::Result<Self> {
        let (configuration, certificate) = configuration(clients).map_err(io::Error::other)?;
        let acceptor = TlsAcceptor::from(Arc::new(configuration));
        let host = Host::start("tls-front", Limits::default().connections, move |stream| {
            let acceptor = acceptor.clone();
            async move {
                // Whoever breaks off, or speaks no TLS, ends his connection and nothing else.
                let _ = serve(&acceptor, stream, server).await;
            }
        })?;
        Ok(Self { host, certificate })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.host.address
    }

    /// Its certificate, as DER has it: whoever trusts this trusts it.
    #[must_use]
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// The URL of a path, which begins with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.host.address)
    }
}

fn configuration(
    clients: ClientCertificate,
) -> Result<(ServerConfig, CertificateDer<'static>), Box<dyn std::error::Error + Send + Sync>> {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names)?;
    let certificate: CertificateDer<'static> = made.cert.der().clone();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());

    let provider = Arc::new(ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let builder = match clients {
        ClientCertificate::Unneeded => builder.with_no_client_auth(),
        ClientCertificate::Required => {
            let mut roots = RootCertStore::empty();
            roots.add(certificate.clone())?;
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    Ok((builder.with_single_cert(vec![certificate.clone()], key.into())?, certificate))
}

/// One connection, until both sides are done or one of them fails.
async fn serve(acceptor: &TlsAcceptor, stream: TcpStream, server: SocketAddr) -> io::Result<()> {
    let channel = match acceptor.accept(stream.clone()).await {
        Ok(channel) => channel,
        Err(error) => {
            // With octets of the client's still unread, closing would be a reset, and that overtakes the alert.
            stream.shutdown(Shutdown::Write)?;
            copy(stream, sink()).await?;
            return Err(error);
        }
    };
    let (from_client, to_client) = split(channel);
    let server = TcpStream::connect(server).await?;
    try_zip(pump(from_client, server.clone()), pump(server, to_client)).await.map(drop)
}

/// Hands on what comes, and that nothing comes any more.
async fn pump(from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) -> io::Result<()> {
    copy(from, &mut to).await?;
    to.close().await
}
