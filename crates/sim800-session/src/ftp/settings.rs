//! Every setting of the FTP service, set each time: nothing is assumed of what an earlier program left.

use sim800_command::{
    Cid, Command, FtpCid, FtpDataConnection, FtpGetName, FtpGetPath, FtpMode, FtpPort, FtpPutName, FtpPutOpt,
    FtpPutPath, FtpPw, FtpRepresentation, FtpRest, FtpServ, FtpStore, FtpType, FtpUn, InvalidValue, Number,
    Secret, Text,
};

use super::{FtpError, FtpOperation, FtpOptions, Server};
use crate::engine::Request;

/// The commands that prepare an operation on `path`, all values checked.
///
/// The extended modes (`AT+FTPEXTPUT`, `AT+FTPEXTGET`, `AT+FTPFILEPUT`) belong here, too, once the table has them.
pub(super) fn settings(
    operation: FtpOperation,
    cid: Cid,
    server: &Server,
    options: &FtpOptions,
    path: &str,
) -> Result<Vec<Request>, FtpError> {
    let mode = if options.passive { FtpDataConnection::Passive } else { FtpDataConnection::Active };
    let kind = if options.ascii { FtpRepresentation::Ascii } else { FtpRepresentation::Binary };
    let (directory, name) = split(path)?;
    let mut list = List { operation, requests: Vec::new() };
    list.push("bearer profile", Ok(FtpCid { cid }))?;
    list.push("host", Text::new(&server.host).map(|server| FtpServ { server }))?;
    list.push("port", Number::new(u32::from(server.port)).map(|port| FtpPort { port }))?;
    list.push("user name", Text::new(&server.user).map(|user| FtpUn { user }))?;
    list.push("password", Secret::new(server.password.reveal()).map(|password| FtpPw { password }))?;
    list.push("mode", Ok(FtpMode { mode }))?;
    list.push("type", Ok(FtpType { kind }))?;
    list.push("option", Ok(FtpPutOpt { option: store(options) }))?;
    list.push("restart position", Ok(FtpRest { offset: Number::MIN }))?;
    match operation {
        // The size is that of the file to download (manual 12.2.18).
        FtpOperation::Get | FtpOperation::Size => {
            list.push("path", Text::new(directory).map(|path| FtpGetPath { path }))?;
            list.push("file name", Text::new(name).map(|name| FtpGetName { name }))?;
        }
        FtpOperation::Put => {
            list.push("path", Text::new(directory).map(|path| FtpPutPath { path }))?;
            list.push("file name", Text::new(name).map(|name| FtpPutName { name }))?;
        }
    }
    Ok(list.requests)
}

fn store(options: &FtpOptions) -> FtpStore {
    match options.put {
        super::PutOption::Replace => FtpStore::Replace,
        super::PutOption::Append => FtpStore::Append,
        super::PutOption::Unique => FtpStore::Unique,
    }
}

struct List {
    operation: FtpOperation,
    requests: Vec<Request>,
}

impl List {
    fn push<C: Command>(
        &mut self,
        what: &'static str,
        command: Result<C, InvalidValue>,
    ) -> Result<(), FtpError> {
        let command = command.map_err(|reason| FtpError::Invalid { what, reason })?;
        let request = Request::new(&command)
            .map_err(|source| FtpError::Interrupted { operation: self.operation, source })?;
        self.requests.push(request);
        Ok(())
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
            settings(FtpOperation::Get, Cid::MIN, &server, &FtpOptions::default(), path)
                .map(|list| list.len())
        };
        assert_eq!(attempt("sim.com", "sesame", "/file"), Ok(11));
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
