//! TLS over any stream, by rustls.

use std::io;
use std::sync::Arc;

use futures::io::{AsyncRead, AsyncWrite};
use futures_rustls::TlsConnector;
use futures_rustls::client::TlsStream;
use futures_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use futures_rustls::rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature,
};
use futures_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use futures_rustls::rustls::{
    self, ClientConfig, ConfigBuilder, DigitallySignedStruct, RootCertStore, SignatureScheme, WantsVerifier,
};
use sim800_session::{Sent, SocketError};

use crate::error::{HttpsError, find};
use crate::roots;
use crate::tls_error::TlsError;
use crate::watched::Watched;

/// What is spoken over it, said to the server so that nobody makes it speak anything else (RFC 7301).
const HTTP: &[u8] = b"http/1.1";

/// The client's side of TLS 1.2 and 1.3, and whom it trusts.
///
/// Clones share the tickets that servers gave, by which another connection to the same server is set up in fewer octets and without
/// its certificate. They live as long as the last clone.
///
/// It is `ring` that computes, for its greetings are short: each octet of a post-quantum key would be one more on the line, of which there
/// are a thousand each way.
#[derive(Clone, Debug)]
pub struct Tls {
    config: Arc<ClientConfig>,
}

impl Tls {
    /// Trusts whom this machine trusts: the system's authorities, or those in the file or directory that `SSL_CERT_FILE` or
    /// `SSL_CERT_DIR` names.
    ///
    /// # Errors
    ///
    /// [`TlsError::NamedRoots`] where one of these is set and gives no certificate, else [`TlsError::NoRoots`].
    pub fn of_system() -> Result<Self, TlsError> {
        Self::trusting(roots::of_system()?)
    }

    /// Trusts these authorities alone. What is no certificate of one is left out.
    ///
    /// # Errors
    ///
    /// [`TlsError::NoRoots`] where none is left.
    pub fn trusting(
        authorities: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        let (added, _) = roots.add_parsable_certificates(authorities);
        if added == 0 {
            return Err(TlsError::NoRoots);
        }
        let builder = builder(&Arc::new(ring::default_provider()))?.with_root_certificates(roots);
        Ok(Self::with_config(builder.with_no_client_auth()))
    }

    /// Trusts every server, so that nothing proves who it is: whoever is on the way may read and change all.
    ///
    /// # Errors
    ///
    /// None is known.
    pub fn trusting_anybody() -> Result<Self, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let verifier = AnyCertificate { algorithms: provider.signature_verification_algorithms };
        let builder = builder(&provider)?.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
        Ok(Self::with_config(builder.with_no_client_auth()))
    }

    /// Does as `config` has it, for what the others cannot, such as a certificate of this side.
    #[must_use]
    pub fn with_config(mut config: ClientConfig) -> Self {
        config.alpn_protocols = vec![HTTP.to_vec()];
        Self { config: Arc::new(config) }
    }

    /// Sets TLS up over `stream`, to the server that is called `host`, a name or an address.
    ///
    /// What is read then is what the server sent, or an error: also that it ends, for TLS says good-bye.
    ///
    /// # Errors
    ///
    /// [`HttpsError::Tls`], or what the stream broke with.
    pub async fn connect<S>(&self, host: &str, stream: Watched<S>) -> Result<Watched<Secure<S>>, HttpsError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let failed = |source| HttpsError::Tls { host: host.to_owned(), source };
        // An address of six stands in brackets in a URL.
        let name = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let name = ServerName::try_from(name.to_owned()).map_err(|_| failed(TlsError::Name))?;
        let Watched { stream, mut watch } = stream;
        let set_up = TlsConnector::from(Arc::clone(&self.config)).connect(name, stream);
        match watch.bound(set_up).await {
            Ok(Ok(stream)) => Ok(Watched { stream, watch }),
            Ok(Err(error)) => Err(broken(&error).unwrap_or_else(|| failed(wrong(&error)))),
            Err(vain) => Err(HttpsError::in_vain(vain, Sent::No)),
        }
    }
}

/// TLS over a stream.
pub type Secure<S> = TlsStream<S>;

/// What broke the stream, where that is it.
fn broken(error: &io::Error) -> Option<HttpsError> {
    let source = find::<SocketError>(error)?.clone();
    Some(HttpsError::Socket { source, sent: Sent::No })
}

fn wrong(error: &io::Error) -> TlsError {
    find(error).map_or(TlsError::Closed, TlsError::of)
}

fn builder(provider: &Arc<CryptoProvider>) -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, TlsError> {
    ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::of(&error))
}

/// Accepts every certificate, from whomever and for whomever, if only the server has its key.
#[derive(Debug)]
struct AnyCertificate {
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
