//! Users and passwords, from a file that nobody else may read.

use std::collections::HashMap;
use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};
use sim800_fleet_job::is_name;
use sim800_session::Password;
use url::{Origin, Url};

use crate::config::line;

/// Who logs in somewhere.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Login {
    /// The only server that jobs may log in to with it: whoever submits them names both.
    pub(crate) server: Option<Origin>,
    pub(crate) user: String,
    pub(crate) password: Password,
}

impl Login {
    /// Whether it is for the server of `url`.
    pub(crate) fn is_for(&self, url: &str) -> bool {
        let origin = Url::parse(url).ok().map(|url| url.origin());
        origin.is_some_and(|origin| origin.is_tuple() && self.server == Some(origin))
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login")
    }
}

/// All of them, by name.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    logins: HashMap<String, Login>,
}

impl Secrets {
    /// Reads a file of tables with `server`, `user` and `password`. No error shows what is in it.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let name = path.display();
        let mode =
            std::fs::metadata(path).with_context(|| format!("cannot read {name}"))?.permissions().mode();
        ensure!(mode & 0o077 == 0, "{name} is for its owner only: chmod 600 {name}");
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
        Self::parse(&text).with_context(|| format!("in {name}"))
    }

    fn parse(text: &str) -> Result<Self> {
        // The error of the parser quotes the line.
        let table: toml::Table = text
            .parse()
            .map_err(|error: toml::de::Error| anyhow!("line {} is no TOML", line(text, &error)))?;
        let mut logins = HashMap::new();
        for (name, value) in table {
            ensure!(is_name(&name), "a name is not 1 to 64 letters, digits, '-' and '_'");
            let words = value.as_table().filter(|table| {
                table.keys().all(|key| ["server", "user", "password"].contains(&key.as_str()))
            });
            let word = |key: &str, otherwise: Option<&str>| {
                let value = words.and_then(|table| table.get(key));
                match value {
                    Some(value) => value.as_str().map(str::to_owned),
                    None => otherwise.map(str::to_owned),
                }
            };
            let login = word("user", Some("")).zip(word("password", None)).zip(word("server", Some("")));
            let ((user, password), server) =
                login.with_context(|| format!("{name} is no table of server, user and password"))?;
            let server = match server.as_str() {
                "" => None,
                server => Some(origin(server).with_context(|| {
                    format!("the server of {name} is not written as http://HOST, https://HOST or ftp://HOST")
                })?),
            };
            logins.insert(name, Login { server, user, password: password.into() });
        }
        Ok(Self { logins })
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Login> {
        self.logins.get(name)
    }
}

/// The server that is written as `http://host`, perhaps with a port, and with nothing behind it.
fn origin(text: &str) -> Option<Origin> {
    let url = Url::parse(text).ok()?;
    let has_more = url.query().is_some() || url.fragment().is_some() || !["", "/"].contains(&url.path());
    let names_a_user = !url.username().is_empty() || url.password().is_some();
    let is_one = ["http", "https", "ftp"].contains(&url.scheme());
    (is_one && !has_more && !names_a_user).then(|| url.origin())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_for_one_server() {
        let text = "[a]\nserver = 'http://h'\npassword = 'p'\n[b]\nserver = 'ftp://h:2121'\npassword = 'p'\n[card]\npassword = '1'";
        let secrets = Secrets::parse(text).unwrap();
        let is_for = |name, url| secrets.find(name).unwrap().is_for(url);
        assert!(is_for("a", "http://h/x?y") && is_for("a", "http://H:80/") && is_for("b", "ftp://h:2121/x"));
        for url in
            ["http://h.x/", "http://x/h", "https://h/", "http://h:8080/", "ftp://h/", "http://h@x/", "h"]
        {
            assert!(!is_for("a", url) && !is_for("b", url), "{url}");
        }
        assert!(!is_for("card", "http://h/") && !is_for("card", "data:x"), "a PIN is for no server");
        for server in ["h", "http://", "http://h/x", "http://u@h", "http://h?x", "file:///", "nats://h"] {
            assert!(
                Secrets::parse(&format!("[a]\nserver = '{server}'\npassword = 'p'")).is_err(),
                "{server}"
            );
        }
    }

    #[test]
    fn logins_have_names() {
        let secrets =
            Secrets::parse("[camera]\nuser = 'u'\npassword = 'p'\n[card]\npassword = '1234'").unwrap();
        let camera = secrets.find("camera").unwrap();
        assert_eq!((camera.user.as_str(), camera.password.reveal()), ("u", "p"));
        assert_eq!(secrets.find("card").unwrap().user, "");
        assert!(secrets.find("u").is_none());
    }

    #[test]
    fn no_error_shows_a_secret() {
        for text in [
            "[a]\npassword = 'hunter2",
            "[a]\nuser = 'x'\npasswort = 'hunter2'",
            "[a]\npassword = ['hunter2']",
            "a = 'hunter2'",
            "['hunter2 ']\npassword = ''",
        ] {
            let shown = format!("{:?}", Secrets::parse(text).unwrap_err());
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        let secrets = Secrets::parse("[a]\nuser = 'x'\npassword = 'hunter2'").unwrap();
        assert!(!format!("{secrets:?}").contains("hunter2"));
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "[a]\npassword = 'p'").unwrap();
        let allow = |mode| {
            std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        };
        for mode in [0o640, 0o604, 0o660] {
            allow(mode);
            assert!(Secrets::read(file.path()).is_err(), "{mode:o}");
        }
        allow(0o600);
        assert!(Secrets::read(file.path()).is_ok());
    }
}
