//! Every setting of the FTP service, set each time: nothing is assumed of what an earlier program left.

use sim800_command::{
    Cid, FtpCid, FtpDataConnection, FtpExtGetEnd, FtpExtPutEnd, FtpFilePutEnd, FtpGetName, FtpGetPath,
    FtpMode, FtpPort, FtpPutName, FtpPutOpt, FtpPutPath, FtpPw, FtpRepresentation, FtpRest, FtpServ, FtpSsl,
    FtpStore, FtpType, FtpUn, Number, Secret, SslOpt, SslOption, Text,
};

use super::{FtpError, FtpOptions, FtpSecurity, PutOption, Server};
use crate::settings::{Refusal, Setting, Unsendable};

/// What an operation is about, on the server.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target<'a> {
    /// A file to fetch from an offset on; to ask about, or to delete.
    Source(&'a str, u32),
    /// A file to send to.
    Destination(&'a str),
    /// A directory.
    Directory(&'a str),
    /// A file that gets another name.
    Renaming(&'a str, &'a str),
    /// Nothing.
    Nothing,
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
    let offset = match target {
        Target::Source(_, offset) => offset,
        _ => 0,
    };
    let mut settings = vec![
        Setting::new("bearer profile", Ok(FtpCid { cid }))?,
        Setting::new("host", Text::new(&server.host).map(|server| FtpServ { server }))?,
        Setting::new("port", Number::new(u32::from(server.port)).map(|port| FtpPort { port }))?,
        Setting::new("user name", Text::new(&server.user).map(|user| FtpUn { user }))?,
        Setting::new("password", Secret::new(server.password.reveal()).map(|password| FtpPw { password }))?,
        Setting::new("mode", Ok(FtpMode { mode }))?,
        Setting::new("type", Ok(FtpType { kind }))?,
        Setting::new("option", Ok(FtpPutOpt { option: store(options.put) }))?,
        restart(offset)?,
    ];
    settings.extend(security(options)?);
    // With one of them on, `AT+FTPPUT=1` would send what an earlier program loaded.
    settings.push(Setting::new("extended upload", Ok(FtpExtPutEnd))?.or(Refusal::Harmless));
    settings.push(Setting::new("extended download", Ok(FtpExtGetEnd))?.or(Refusal::Harmless));
    settings.push(Setting::new("upload of a file", Ok(FtpFilePutEnd))?.or(Refusal::Harmless));
    match target {
        // Size and deletion, too, are of the file to download (manual 12.2.17, 12.2.18).
        Target::Source(path, _) => settings.extend(source(path)?),
        Target::Destination(path) => settings.extend(destination(path)?),
        Target::Directory(path) => {
            settings.push(Setting::new("path", Text::new(path).map(|path| FtpGetPath { path }))?);
        }
        Target::Renaming(old, new) => {
            settings.extend(source(old)?);
            settings.extend(destination(new)?);
        }
        Target::Nothing => {}
    }
    Ok(settings)
}

fn store(option: PutOption) -> FtpStore {
    match option {
        PutOption::Replace => FtpStore::Replace,
        PutOption::Append => FtpStore::Append,
        PutOption::Unique => FtpStore::Unique,
    }
}

/// Whether the module takes the position back by itself is not documented.
fn restart(offset: u32) -> Result<Setting, Unsendable> {
    let setting = Setting::new("position", Ok(FtpRest { offset: Number::saturating(offset) }))?;
    if offset > 0 { setting.put_back_by(&FtpRest { offset: Number::MIN }) } else { Ok(setting) }
}

fn source(path: &str) -> Result<[Setting; 2], FtpError> {
    let (directory, name) = split(path)?;
    Ok([
        Setting::new("path", Text::new(directory).map(|path| FtpGetPath { path }))?,
        Setting::new("file name", Text::new(name).map(|name| FtpGetName { name }))?,
    ])
}

fn destination(path: &str) -> Result<[Setting; 2], FtpError> {
    let (directory, name) = split(path)?;
    Ok([
        Setting::new("path", Text::new(directory).map(|path| FtpPutPath { path }))?,
        Setting::new("file name", Text::new(name).map(|name| FtpPutName { name }))?,
    ])
}

fn security(options: &FtpOptions) -> Result<Vec<Setting>, Unsendable> {
    let mode = match options.security {
        FtpSecurity::None => {
            let none = FtpSsl { mode: sim800_command::FtpSecurity::None };
            return Ok(vec![Setting::new("SSL", Ok(none))?.or(Refusal::Harmless)]);
        }
        FtpSecurity::Implicit => sim800_command::FtpSecurity::Implicit,
        FtpSecurity::Explicit => sim800_command::FtpSecurity::Explicit,
    };
    let on = options.accept_invalid_certificate;
    let certificate = SslOpt { option: SslOption::IgnoreInvalidCertificate, on };
    Ok(vec![
        Setting::new("SSL", Ok(FtpSsl { mode }))?.or(Refusal::NoSsl),
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
            let target = Target::Source(path, 0);
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
