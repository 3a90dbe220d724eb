//! Files and directories of FTP servers.

use percent_encoding::percent_decode_str;
use sim800_fleet_job::{Action, Failure, Outcome, Put};
use sim800_session::{Ftp, FtpError, FtpOptions, PutOption, Sent, Server};

use super::{Attempt, target};
use crate::claim::Marker;
use crate::failing::{Failing, Hope};
use crate::part::{OVERLAP, Origin, Part};
use crate::secrets::Login;

impl Attempt<'_> {
    pub(super) async fn ftp(&self, login: Option<&Login>, marker: &mut Marker) -> Result<Outcome, Failing> {
        let action = &self.job.action;
        let (server, path) = address(action.url(), login)?;
        let mut options = FtpOptions::default();
        options.effort = self.effort();
        if let Action::FtpPut { put, .. } = action {
            options.put = match put {
                Put::Replace => PutOption::Replace,
                Put::Append => PutOption::Append,
                Put::Unique => PutOption::Unique,
            };
        }
        let ftp = Ftp::new(self.bearer, server).with_options(options);
        let mut outcome = Outcome::default();
        match action {
            Action::FtpGet { url, .. } => self.download(&ftp, url, &path, &mut outcome).await?,
            Action::FtpList { .. } => {
                let (mut part, _) = Part::open(self.folder, &self.job.id).await.map_err(target)?;
                part.clear().await.map_err(target)?;
                self.receive(&mut part, ftp.list(&path).await?).await?;
                self.deliver(&mut part, &mut outcome).await?;
            }
            Action::FtpSize { .. } => outcome.octets = Some(ftp.size(&path).await?),
            Action::FtpPut { source, .. } => {
                let source = self.open(source).await?;
                self.mark(marker).await?;
                let octets = ftp.put_seekable(&path, source).await?;
                self.meter.sent(usize::try_from(octets).unwrap_or(usize::MAX));
                outcome.sent = Some(octets);
            }
            Action::FtpRename { to, .. } => {
                self.mark(marker).await?;
                ftp.rename(&path, to).await?;
            }
            Action::FtpDelete { .. } => {
                self.mark(marker).await?;
                ftp.delete(&path).await?;
            }
            Action::FtpMakeDirectory { .. } => {
                self.mark(marker).await?;
                ftp.make_directory(&path).await?;
            }
            Action::FtpRemoveDirectory { .. } => {
                self.mark(marker).await?;
                ftp.remove_directory(&path).await?;
            }
            Action::Get { .. } | Action::Head { .. } | Action::Post { .. } | Action::Delete { .. } => {
                return Err(invalid("no job of FTP"));
            }
        }
        Ok(outcome)
    }

    /// Fetches a file, from where an earlier attempt broke off if it is the same as far as its size and the last octets that came
    /// tell, which is as much as the driver itself looks at.
    async fn download(&self, ftp: &Ftp, url: &str, path: &str, outcome: &mut Outcome) -> Result<(), Failing> {
        let (mut part, origin) = Part::open(self.folder, &self.job.id).await.map_err(target)?;
        let there = part.length();
        if let Some(origin) = origin.filter(|origin| there > 0 && origin.url == url)
            && self.rest_of_file(ftp, path, &mut part, &origin).await?
        {
            return self.deliver(&mut part, outcome).await;
        }
        part.clear().await.map_err(target)?;
        let download = ftp.get(path).await?;
        let length = download.total();
        if length.is_some() {
            part.note(&Origin::new(url, None, length).await).await.map_err(target)?;
        }
        self.receive(&mut part, download).await?;
        self.deliver(&mut part, outcome).await
    }

    /// Goes on with a file; false if it is another one.
    async fn rest_of_file(
        &self,
        ftp: &Ftp,
        path: &str,
        part: &mut Part,
        origin: &Origin,
    ) -> Result<bool, Failing> {
        use futures::AsyncReadExt;

        let overlap = part.length().min(OVERLAP);
        let offset = part.length() - overlap;
        let mut download = match ftp.get_from(path, offset).await {
            Ok(download) => download,
            // It may be shorter now, or the server cannot begin there.
            Err(FtpError::Failed { .. } | FtpError::TooFar { .. }) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        if download.total().map(|total| total + offset) != origin.length || origin.length.is_none() {
            return Ok(false);
        }
        let before = part.tail(overlap).await.map_err(target)?;
        let mut again = Vec::new();
        let read = (&mut download).take(overlap).read_to_end(&mut again).await;
        if read.is_err() || before != again {
            return Ok(false);
        }
        self.receive(part, download).await?;
        Ok(true)
    }
}

/// The server and the path that an address names.
fn address(url: &str, login: Option<&Login>) -> Result<(Server, String), Failing> {
    let rest = url.get("ftp://".len()..).ok_or_else(|| invalid("the URL is none"))?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().map_err(|_| invalid("the port is none"))?),
        None => (authority, 21),
    };
    let path = percent_decode_str(path).decode_utf8().map_err(|_| invalid("the path is no UTF-8"))?;
    let mut server = Server::new(host).with_port(port);
    if let Some(login) = login {
        server = server.with_credentials(login.user.clone(), login.password.clone());
    }
    Ok((server, format!("/{path}")))
}

fn invalid(message: &str) -> Failing {
    Failing { failure: Failure::new("invalid", message), sent: Sent::No, hope: Hope::None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_server_and_path() {
        let login = Login { server: None, user: "u".into(), password: "p".into() };
        let (server, path) = address("ftp://h:2121/a%20b/c", Some(&login)).unwrap();
        assert_eq!((server.host.as_str(), server.port, server.user.as_str()), ("h", 2121, "u"));
        assert_eq!(path, "/a b/c");
        let (server, path) = address("ftp://h", None).unwrap();
        assert_eq!((server.port, server.user.as_str(), path.as_str()), (21, "anonymous", "/"));
        assert!(address("ftp://h:x/a", None).is_err());
        assert!(address("ftp://h/%ff", None).is_err());
    }
}
