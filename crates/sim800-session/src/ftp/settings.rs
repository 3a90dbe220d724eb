//! Every setting of the FTP service, set each time: nothing is assumed of what an earlier program left.

use crate::sync::Arc;
use alloc::format;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use sim800_command::{
    Cid, FtpCid, FtpDataConnection, FtpExtGetEnd, FtpExtPutEnd, FtpFilePutEnd, FtpGetName, FtpGetPath,
    FtpMode, FtpPort, FtpPutName, FtpPutOpt, FtpPutPath, FtpPw, FtpRepresentation, FtpRest, FtpSecurity,
    FtpServ, FtpSsl, FtpType, FtpUn, Number, Secret, SslOpt, SslOption, Text,
};

use super::{FtpError, FtpOperation, FtpOptions, Server};
use crate::settings::{Refusal, Setting, Unsendable};

/// What an operation is about, on the server.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target<'a> {
    /// A file to fetch, to ask about, or to delete.
    Source(&'a str),
    /// A file to send to, and to ask about when it is sent.
    Destination(&'a str),
    /// A directory.
    Directory(&'a str),
    /// A file that gets another name.
    Renaming(&'a str, &'a str),
    /// Nothing.
    Nothing,
}

impl Target<'_> {
    /// What `operation` on it is called where others wait for it.
    pub(super) fn name(self, operation: FtpOperation) -> Arc<str> {
        match self {
            Self::Source(path)
            | Self::Destination(path)
            | Self::Directory(path)
            | Self::Renaming(path, _) => format!("{operation} ({path})").into(),
            Self::Nothing => operation.to_string().into(),
        }
    }
}

/// The settings of an operation on `target`, all values checked.
pub(super) fn settings(
    cid: Cid,
    server: &Server,
    options: &FtpOptions,
    target: Target<'_>,
) -> Result<Vec<Setting>, FtpError> {
    let mode = if options.passive { FtpDataConnection::Passive } else { FtpDataConnection::Active };
    let kind = if options.ascii { FtpRepresentation::Ascii } else { FtpRepresentation::Binary };
    let mut settings = vec![
        Setting::new("bearer profile", Ok(FtpCid { cid }))?,
        Setting::new("host", Text::new(&server.host).map(|server| FtpServ { server }))?,
        Setting::new("port", Number::new(u32::from(server.port)).map(|port| FtpPort { port }))?,
        Setting::new("user name", Text::new(&server.user).map(|user| FtpUn { user }))?,
        Setting::new("password", Secret::new(server.password.reveal()).map(|password| FtpPw { password }))?,
        Setting::new("mode", Ok(FtpMode { mode }))?,
        Setting::new("type", Ok(FtpType { kind }))?.every_time(),
        Setting::new("option", Ok(FtpPutOpt { option: options.put }))?.every_time(),
        Setting::new("position", Ok(FtpRest { offset: Number::MIN }))?.every_time(),
    ];
    settings.extend(security(options)?);
    // With one of them on, `AT+FTPPUT=1` would send what an earlier program loaded.
    settings.push(Setting::new("extended upload", Ok(FtpExtPutEnd))?.or(Refusal::Harmless));
    settings.push(Setting::new("extended download", Ok(FtpExtGetEnd))?.or(Refusal::Harmless));
    settings.push(Setting::new("upload of a file", Ok(FtpFilePutEnd))?.or(Refusal::Harmless));
    match target {
        // Size and deletion, too, are of the file to download (manual 12.2.17, 12.2.18).
        Target::Source(path) => settings.extend(source(path)?),
        Target::Destination(path) => {
            settings.extend(destination(path)?);
            settings.extend(source(path)?);
        }
        Target::Directory(path) => {
            settings
                .push(Setting::new("path", Text::new(path).map(|path| FtpGetPath { path }))?.every_time());
        }
        Target::Renaming(old, new) => {
            settings.extend(source(old)?);
            settings.extend(destination(new)?);
        }
        Target::Nothing => {}
    }
    Ok(settings)
}

/// The position at which a download begins, set last: whether the module takes it back by itself after a session, such as one
/// that asked for a size, is not documented.
pub(super) fn position(offset: u64) -> Result<Setting, FtpError> {
    let number = u32::try_from(offset).map_err(|_| FtpError::TooFar { offset })?;
    let setting = Setting::new("position", Ok(FtpRest { offset: Number::saturating(number) }))?;
    Ok(setting.put_back_by(&FtpRest { offset: Number::MIN })?)
}

fn source(path: &str) -> Result<[Setting; 2], FtpError> {
    let (directory, name) = split(path)?;
    Ok([
        Setting::new("path", Text::new(directory).map(|path| FtpGetPath { path }))?.every_time(),
        Setting::new("file name", Text::new(name).map(|name| FtpGetName { name }))?.every_time(),
    ])
}

fn destination(path: &str) -> Result<[Setting; 2], FtpError> {
    let (directory, name) = split(path)?;
    Ok([
        Setting::new("path", Text::new(directory).map(|path| FtpPutPath { path }))?.every_time(),
        Setting::new("file name", Text::new(name).map(|name| FtpPutName { name }))?.every_time(),
    ])
}

fn security(options: &FtpOptions) -> Result<Vec<Setting>, Unsendable> {
    let ssl = Setting::new("SSL", Ok(FtpSsl { mode: options.security }))?;
    // That what was to be encrypted is not would show nowhere.
    let ssl = if options.security == FtpSecurity::None { ssl } else { ssl.every_time() };
    if options.security == FtpSecurity::None {
        return Ok(vec![ssl.or(Refusal::Harmless)]);
    }
    let on = options.accept_invalid_certificate;
    let certificate = SslOpt { option: SslOption::IgnoreInvalidCertificate, on };
    Ok(vec![
        ssl.or(Refusal::NoSsl),
        Setting::new("SSL option", Ok(certificate))?.or(Refusal::NoSsl).harmless_if(!on),
    ])
}

/// Directory and file name. A path without a directory is that of a file at the root.
fn split(path: &str) -> Result<(&str, &str), FtpError> {
    let (directory, name) = match path.rfind('/') {
        Some(slash) => path.split_at(slash + 1),
        None => ("/", path),
    };
    if name.is_empty() { Err(FtpError::NoName) } else { Ok((directory, name)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_split_at_the_last_slash() {
        assert_eq!(split("/a/b/c.txt"), Ok(("/a/b/", "c.txt")));
        assert_eq!(split("/c.txt"), Ok(("/", "c.txt")));
        assert_eq!(split("c.txt"), Ok(("/", "c.txt")));
        assert_eq!(split("/a/"), Err(FtpError::NoName));
        assert_eq!(split(""), Err(FtpError::NoName));
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        let attempt = |host: &str, password: &str, path: &str| {
            let server = Server::new(host).with_credentials("user", password);
            let target = Target::Source(path);
            settings(Cid::MIN, &server, &FtpOptions::default(), target).map(|list| list.len())
        };
        assert_eq!(attempt("sim.com", "sesame", "/file"), Ok(15));
        assert!(matches!(
            attempt("sim.com", "a\"b", "/file"),
            Err(FtpError::Invalid { what: "password", .. })
        ));
        assert!(matches!(
            attempt("sim.com", "a", "/fi\rle"),
            Err(FtpError::Invalid { what: "file name", .. })
        ));
        assert!(attempt(&"h".repeat(50), "a", "/file").is_err());
    }
}
