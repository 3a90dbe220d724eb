//! Why TLS failed, in words that say what is wrong and what helps.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use futures_rustls::rustls::{self, AlertDescription, CertificateError, InvalidMessage, PeerIncompatible};
use sim800_session::ErrorKind;
use thiserror::Error;

/// How many names of a certificate are shown.
const NAMES: usize = 8;

/// Why there is no secure connection, or none any more.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// This machine has no certificates of authorities.
    #[error(
        "this machine has no certificates of authorities; install ca-certificates, or name a file in SSL_CERT_FILE"
    )]
    NoRoots,
    /// A variable names certificates of authorities that cannot be had.
    #[error("{variable} names '{}': {reason}", path.display())]
    NamedRoots {
        /// The variable.
        variable: &'static str,
        /// What it names.
        path: PathBuf,
        /// What is wrong with that.
        reason: String,
    },
    /// No certificate can be for such a name.
    #[error("no certificate can be for such a host")]
    Name,
    /// The certificate is too old.
    #[error("its certificate expired on {}, unless the clock of this machine is wrong", date(*since))]
    Expired {
        /// When it expired.
        since: SystemTime,
    },
    /// The certificate is for later.
    #[error("its certificate is not valid before {}; see whether the clock of this machine is right", date(*from))]
    NotYetValid {
        /// When it begins.
        from: SystemTime,
    },
    /// The certificate is for another server.
    #[error("its certificate is for {} alone", listed(names))]
    WrongName {
        /// For whom.
        names: Vec<String>,
    },
    /// The certificate is for no server at all.
    #[error(
        "its certificate names no server in subjectAltName, as `-addext subjectAltName=DNS:HOST` of `openssl req -x509` does"
    )]
    NoName,
    /// No authority that is known here has signed the certificate.
    #[error(
        "nobody whom this machine trusts has signed its certificate: it may be signed by itself, or the server does not send the \
         intermediate certificate; SSL_CERT_FILE names a file with those whom to trust"
    )]
    UnknownIssuer,
    /// The certificate is that of an authority, which is none of a server also where that authority is trusted.
    #[error(
        "its certificate is that of an authority, as `openssl req -x509` makes them by itself; a server needs one with CA:FALSE, \
         which `-addext basicConstraints=critical,CA:FALSE` makes there"
    )]
    IsAuthority,
    /// Something else is wrong with the certificate.
    #[error("its certificate is not valid: {0}")]
    Certificate(CertificateError),
    /// The server knows neither TLS 1.2 nor 1.3.
    #[error(
        "it speaks neither TLS 1.2 nor TLS 1.3; versions before are not safe, and only the module's own stack has them"
    )]
    Version,
    /// The server wants to know who this side is.
    #[error("it wants a certificate of this side, which has none")]
    WantsCertificate,
    /// What came is not TLS.
    #[error("what it answers is not TLS; see whether port and scheme are right")]
    NotTls,
    /// The server closed the connection while it was being set up.
    #[error("it closed the connection when it should have set up TLS; it may speak no version from 1.2 on")]
    Closed,
    /// Something else.
    #[error(transparent)]
    Other(rustls::Error),
}

impl TlsError {
    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NamedRoots { .. } => ErrorKind::Invalid,
            Self::NoRoots
            | Self::Expired { .. }
            | Self::NotYetValid { .. }
            | Self::WrongName { .. }
            | Self::NoName
            | Self::UnknownIssuer
            | Self::IsAuthority
            | Self::Certificate(_) => ErrorKind::Certificate,
            _ => ErrorKind::Tls,
        }
    }

    /// What rustls says.
    pub(crate) fn of(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(certificate) => {
                Self::of_certificate(certificate).unwrap_or_else(|| Self::Certificate(certificate.clone()))
            }
            rustls::Error::AlertReceived(AlertDescription::ProtocolVersion)
            | rustls::Error::PeerIncompatible(
                PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
            ) => Self::Version,
            rustls::Error::AlertReceived(
                AlertDescription::CertificateRequired
                | AlertDescription::BadCertificate
                | AlertDescription::NoCertificate,
            ) => Self::WantsCertificate,
            rustls::Error::InvalidMessage(
                InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
            ) => Self::NotTls,
            error => Self::Other(error.clone()),
        }
    }

    fn of_certificate(error: &CertificateError) -> Option<Self> {
        let time =
            |time: &rustls::pki_types::UnixTime| SystemTime::UNIX_EPOCH + Duration::from_secs(time.as_secs());
        Some(match error {
            CertificateError::ExpiredContext { not_after, .. } => Self::Expired { since: time(not_after) },
            CertificateError::NotValidYetContext { not_before, .. } => {
                Self::NotYetValid { from: time(not_before) }
            }
            CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => {
                Self::NoName
            }
            CertificateError::NotValidForNameContext { presented, .. } => {
                Self::WrongName { names: presented.iter().map(|name| plain(name)).collect() }
            }
            CertificateError::UnknownIssuer => Self::UnknownIssuer,
            CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
                Self::IsAuthority
            }
            _ => return None,
        })
    }

    /// Whether octets that were changed on the way may be the reason.
    pub(crate) fn is_of_the_way(&self) -> bool {
        let Self::Other(error) = self else { return false };
        matches!(
            error,
            rustls::Error::DecryptError
                | rustls::Error::PeerSentOversizedRecord
                | rustls::Error::InvalidMessage(_)
                | rustls::Error::InappropriateMessage { .. }
                | rustls::Error::InappropriateHandshakeMessage { .. }
                | rustls::Error::AlertReceived(
                    AlertDescription::BadRecordMac
                        | AlertDescription::DecryptError
                        | AlertDescription::DecodeError
                        | AlertDescription::RecordOverflow
                        | AlertDescription::UnexpectedMessage
                )
        )
    }
}

/// A name without what rustls has around it, as in `DnsName("example.com")`.
fn plain(name: &str) -> String {
    let inner = name.split_once('(').and_then(|(_, inner)| inner.strip_suffix(')')).unwrap_or(name);
    inner.trim_matches('"').to_owned()
}

/// Some names, for there may be as many as a certificate is long.
fn listed(names: &[String]) -> String {
    let shown = names.get(..NAMES).unwrap_or(names).join(", ");
    match names.len().saturating_sub(NAMES) {
        0 => shown,
        more => format!("{shown} and {more} others"),
    }
}

fn date(time: SystemTime) -> String {
    httpdate::fmt_http_date(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_names_are_shown_than_somebody_reads() {
        let error =
            |count: usize| TlsError::WrongName { names: (1..=count).map(|n| n.to_string()).collect() };
        assert_eq!(error(8).to_string(), "its certificate is for 1, 2, 3, 4, 5, 6, 7, 8 alone");
        assert_eq!(error(11).to_string(), "its certificate is for 1, 2, 3, 4, 5, 6, 7, 8 and 3 others alone");
    }

    /// Whoever would accept any certificate would accept this one.
    #[test]
    fn what_is_wrong_with_a_certificate_is_of_its_kind() {
        for error in [
            TlsError::IsAuthority,
            TlsError::UnknownIssuer,
            TlsError::WrongName { names: vec!["example.com".into()] },
            TlsError::Certificate(CertificateError::BadSignature),
        ] {
            assert_eq!(error.kind(), ErrorKind::Certificate, "{error}");
        }
        assert_eq!(TlsError::NotTls.kind(), ErrorKind::Tls);
        let damaged = rustls::Error::InvalidCertificate(CertificateError::BadEncoding);
        assert_eq!(TlsError::of(&damaged).to_string(), "its certificate is not valid: BadEncoding");
    }
}
