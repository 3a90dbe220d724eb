//! Whom this machine trusts, or those whom somebody names in its place.

use std::env;
use std::ffi::OsStr;
use std::path::Path;

use futures_rustls::rustls::RootCertStore;
use futures_rustls::rustls::pki_types::CertificateDer;
use rustls_native_certs::{CertificateResult, ErrorKind, load_certs_from_paths, load_native_certs};

use crate::tls_error::TlsError;

type Certificates = Vec<CertificateDer<'static>>;

const FILE: &str = "SSL_CERT_FILE";
const DIRECTORIES: &str = "SSL_CERT_DIR";

/// Certificates of the system, or those that the variables name.
pub(crate) fn of_system() -> Result<Certificates, TlsError> {
    // As rustls-native-certs has it: a list may be empty, a name may not.
    match (env::var_os(FILE), env::var_os(DIRECTORIES).filter(|list| !list.is_empty())) {
        (None, None) => Ok(load_native_certs().certs),
        (file, directories) => of_named(file.as_deref().map(Path::new), directories.as_deref()),
    }
}

/// A file that is named has to be there, and to hold one at least. Of directories, some may be missing or empty.
fn of_named(file: Option<&Path>, directories: Option<&OsStr>) -> Result<Certificates, TlsError> {
    let mut certificates = Vec::new();
    if let Some(file) = file {
        let found = load_certs_from_paths(Some(file), None);
        if !found.errors.is_empty() || !is_usable(&found.certs) {
            return Err(without(FILE, file, &found));
        }
        certificates.extend(found.certs);
    }
    let Some(directories) = directories else { return Ok(certificates) };
    let mut failed = None;
    for directory in env::split_paths(directories).filter(|directory| !directory.as_os_str().is_empty()) {
        let found = load_certs_from_paths(None, Some(&directory));
        if failed.is_none() && !is_usable(&found.certs) {
            failed = Some(without(DIRECTORIES, &directory, &found));
        }
        certificates.extend(found.certs);
    }
    match failed {
        Some(error) if !is_usable(&certificates) => Err(error),
        _ => Ok(certificates),
    }
}

fn is_usable(certificates: &Certificates) -> bool {
    RootCertStore::empty().add_parsable_certificates(certificates.iter().cloned()).0 > 0
}

/// What is wrong with what a variable names.
fn without(variable: &'static str, path: &Path, found: &CertificateResult) -> TlsError {
    let reason = match found.errors.first().map(|error| &error.kind) {
        Some(ErrorKind::Io { inner, .. }) => {
            let text = inner.to_string();
            // Without the number that the system has for it.
            text.split(" (os error").next().unwrap_or(&text).to_lowercase()
        }
        Some(ErrorKind::Pem(_)) => "a certificate there is damaged".to_owned(),
        _ => "no certificate in PEM form is there".to_owned(),
    };
    TlsError::NamedRoots { variable, path: path.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_that_is_named_holds_a_certificate() {
        let folder = tempfile::tempdir().expect("a folder");
        let name = |name: &str| folder.path().join(name);
        fs::write(name("empty"), "").expect("written");
        fs::write(name("key"), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
            .expect("written");
        fs::write(name("junk"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
            .expect("written");
        fs::write(name("torn"), "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n")
            .expect("written");
        for (file, reason) in [
            ("none", "no such file or directory"),
            ("empty", "no certificate in PEM form is there"),
            ("key", "no certificate in PEM form is there"),
            ("junk", "no certificate in PEM form is there"),
            ("torn", "a certificate there is damaged"),
        ] {
            let error = of_named(Some(&name(file)), None).expect_err(file).to_string();
            assert_eq!(error, format!("SSL_CERT_FILE names '{}': {reason}", name(file).display()));
        }
        let error = of_named(None, Some(name("none").as_os_str())).expect_err("no directory").to_string();
        assert!(error.starts_with("SSL_CERT_DIR names '"), "{error}");
    }
}
