//! Every setting of the FTP service, set each time: nothing is assumed of what an earlier program left.

use sim800_command::{
    Cid, Command, FtpCid, FtpDataConnection, FtpExtGetEnd, FtpExtPutEnd, FtpFilePutEnd, FtpGetName,
    FtpGetPath, FtpMode, FtpPort, FtpPutName, FtpPutOpt, FtpPutPath, FtpPw, FtpRepresentation, FtpRest,
    FtpServ, FtpSsl, FtpType, FtpUn, InvalidValue, Number, Secret, SslOpt, SslOption, Text,
};

use super::{FtpError, FtpOperation, FtpOptions, FtpSecurity, Server};
use crate::engine::Request;
use crate::refusal::Refusal;

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

/// One setting.
#[derive(Debug)]
pub(super) struct Setting {
    pub(super) request: Request,
    pub(super) refusal: Refusal,
    /// What takes it back when the session is over.
    pub(super) undo: Option<Request>,
}

/// The commands that prepare an operation on `target`, all values checked.
pub(super) fn settings(
    operation: FtpOperation,
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
    let mut list = List { operation, settings: Vec::new() };
    list.push("bearer profile", Ok(FtpCid { cid }))?;
    list.push("host", Text::new(&server.host).map(|server| FtpServ { server }))?;
    list.push("port", Number::new(u32::from(server.port)).map(|port| FtpPort { port }))?;
    list.push("user name", Text::new(&server.user).map(|user| FtpUn { user }))?;
    list.push("password", Secret::new(server.password.reveal()).map(|password| FtpPw { password }))?;
    list.push("mode", Ok(FtpMode { mode }))?;
    list.push("type", Ok(FtpType { kind }))?;
    list.push("option", Ok(FtpPutOpt { option: options.put }))?;
    list.restart(offset)?;
    list.secure(options)?;
    // With one of them on, `AT+FTPPUT=1` would send what an earlier program loaded.
    list.add(&FtpExtPutEnd, Refusal::Harmless)?;
    list.add(&FtpExtGetEnd, Refusal::Harmless)?;
    list.add(&FtpFilePutEnd, Refusal::Harmless)?;
    match target {
        // Size and deletion, too, are of the file to download (manual 12.2.17, 12.2.18).
        Target::Source(path, _) => list.source(path)?,
        Target::Destination(path) => list.destination(path)?,
        Target::Directory(path) => {
            list.push("path", Text::new(path).map(|path| FtpGetPath { path }))?;
        }
        Target::Renaming(old, new) => {
            list.source(old)?;
            list.destination(new)?;
        }
        Target::Nothing => {}
    }
    Ok(list.settings)
}

struct List {
    operation: FtpOperation,
    settings: Vec<Setting>,
}

impl List {
    fn push<C: Command>(
        &mut self,
        what: &'static str,
        command: Result<C, InvalidValue>,
    ) -> Result<(), FtpError> {
        let command = command.map_err(|reason| FtpError::Invalid { what, reason })?;
        self.add(&command, Refusal::Fatal)
    }

    fn add<C: Command>(&mut self, command: &C, refusal: Refusal) -> Result<(), FtpError> {
        let request = self.request(command)?;
        self.settings.push(Setting { request, refusal, undo: None });
        Ok(())
    }

    /// Whether the module takes the position back by itself is not documented.
    fn restart(&mut self, offset: u32) -> Result<(), FtpError> {
        let request = self.request(&FtpRest { offset: Number::saturating(offset) })?;
        let undo = (offset > 0).then(|| self.request(&FtpRest { offset: Number::MIN })).transpose()?;
        self.settings.push(Setting { request, refusal: Refusal::Fatal, undo });
        Ok(())
    }

    fn request<C: Command>(&self, command: &C) -> Result<Request, FtpError> {
        Request::new(command).map_err(|source| FtpError::Interrupted { operation: self.operation, source })
    }

    fn source(&mut self, path: &str) -> Result<(), FtpError> {
        let (directory, name) = split(path)?;
        self.push("path", Text::new(directory).map(|path| FtpGetPath { path }))?;
        self.push("file name", Text::new(name).map(|name| FtpGetName { name }))
    }

    fn destination(&mut self, path: &str) -> Result<(), FtpError> {
        let (directory, name) = split(path)?;
        self.push("path", Text::new(directory).map(|path| FtpPutPath { path }))?;
        self.push("file name", Text::new(name).map(|name| FtpPutName { name }))
    }

    fn secure(&mut self, options: &FtpOptions) -> Result<(), FtpError> {
        let mode = options.security;
        if mode == FtpSecurity::None {
            return self.add(&FtpSsl { mode }, Refusal::Harmless);
        }
        self.add(&FtpSsl { mode }, Refusal::NoSsl)?;
        let on = options.accept_invalid_certificate;
        let refusal = if on { Refusal::NoSsl } else { Refusal::Harmless };
        self.add(&SslOpt { option: SslOption::IgnoreInvalidCertificate, on }, refusal)
    }
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
            settings(FtpOperation::Get, Cid::MIN, &server, &FtpOptions::default(), target)
                .map(|list| list.len())
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
