//! TLS as the module speaks it: any certificate will do, unless `AT+SSLOPT` wants a valid one.
//!
//! Modules stop at TLS 1.0 or 1.2, depending on their firmware; this one speaks 1.2 and 1.3, as servers do.

use std::error::Error;
use std::io;
use std::sync::Arc;

use futures_rustls::TlsConnector;
use futures_rustls::client::TlsStream;
use futures_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use futures_rustls::rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature,
};
use futures_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use futures_rustls::rustls::{self, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use sim800_emulator::HttpFailure;
use smol::net::TcpStream;

/// Sets up the channel to a host.
pub(super) async fn connect(
    stream: TcpStream,
    host: &str,
    check_certificate: bool,
) -> Result<TlsStream<TcpStream>, HttpFailure> {
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let name = ServerName::try_from(host.to_owned()).map_err(|_| HttpFailure::SslSetup)?;
    let configuration = configuration(check_certificate).map_err(|_| HttpFailure::SslSetup)?;
    TlsConnector::from(Arc::new(configuration))
        .connect(name, stream)
        .await
        .map_err(|error| if is_alert(&error) { HttpFailure::SslAlert } else { HttpFailure::SslSetup })
}

fn configuration(check_certificate: bool) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let builder = if check_certificate {
        // Those of this machine that can be read; without any, no certificate is valid.
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        builder.with_root_certificates(roots)
    } else {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate::new(&provider)))
    };
    Ok(builder.with_no_client_auth())
}

/// Whether the server itself ended the channel, with a fatal alert.
pub(super) fn is_alert(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        // An `io::Error` hides the error it was made of from `source`.
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let error = match inner {
            Some(inner) => inner as &(dyn Error + 'static),
            None => error,
        };
        if let Some(rustls::Error::AlertReceived(_)) = error.downcast_ref() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Accepts every certificate, from whomever and for whomever, if only the server has its key.
#[derive(Debug)]
struct AnyCertificate {
    algorithms: WebPkiSupportedAlgorithms,
}

impl AnyCertificate {
    fn new(provider: &CryptoProvider) -> Self {
        Self { algorithms: provider.signature_verification_algorithms }
    }
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
