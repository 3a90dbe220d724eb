//! A certificate of a server on this machine, signed by itself.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use data_encoding::BASE64;

/// Files with a certificate and its key.
pub(crate) struct Certificate {
    pub(crate) path: PathBuf,
    pub(crate) key: PathBuf,
}

impl Certificate {
    /// Makes one in `folder`.
    pub(crate) fn make(folder: &Path) -> Result<Self> {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()])?;
        let (path, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
        fs::write(&path, pem("CERTIFICATE", made.cert.der()))?;
        fs::write(&key, pem("PRIVATE KEY", &made.signing_key.serialize_der()))?;
        Ok(Self { path, key })
    }
}

/// Octets as RFC 7468 has them.
fn pem(what: &str, octets: &[u8]) -> String {
    let text = BASE64.encode(octets);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN {what}-----\n{}\n-----END {what}-----\n", lines.join("\n"))
}
