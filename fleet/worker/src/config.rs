//! What a worker is told: a file of TOML.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde::Deserialize;
use sim800_fleet_job::is_name;
use sim800_session::Endpoint;

/// The file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Config {
    /// What the worker is called in the whole fleet.
    pub(crate) name: String,
    /// The server, as `nats://host:port` or `tls://host:port`.
    pub(crate) server: String,
    /// Credentials for the server, a file of `nsc`.
    pub(crate) server_credentials: Option<PathBuf>,
    /// Where the files of jobs are, and what was received in part.
    pub(crate) directory: PathBuf,
    /// Users and passwords by name.
    pub(crate) secrets: Option<PathBuf>,
    /// Where metrics can be read.
    pub(crate) metrics: Option<SocketAddr>,
    /// How long jobs under way may go on when the worker is to end.
    #[serde(default = "drain_seconds")]
    pub(crate) drain_seconds: u64,
    /// The modules.
    pub(crate) modules: Vec<Module>,
}

/// One module, or several emulated ones.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Module {
    /// What it is called in the whole fleet.
    pub(crate) name: String,
    /// A device, `tcp://host:port`, `rfc2217://host:port`, or `emulator`.
    pub(crate) port: String,
    /// So many emulated ones, called `<name>-1` and so on.
    pub(crate) count: Option<u32>,
    /// Bits per second of the line.
    #[serde(default = "rate")]
    pub(crate) rate: u32,
    /// RTS and CTS are wired.
    #[serde(default)]
    pub(crate) rtscts: bool,
    /// The access point; that which the module has unless set.
    pub(crate) apn: Option<String>,
    /// The name of user and password of the access point.
    pub(crate) apn_credentials: Option<String>,
    /// The name of the credentials whose password is the PIN of the card.
    pub(crate) pin: Option<String>,
    /// The groups that it is of.
    #[serde(default)]
    pub(crate) groups: BTreeSet<String>,
}

const fn drain_seconds() -> u64 {
    60
}

const fn rate() -> u32 {
    115_200
}

impl Config {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let config: Self = toml::from_str(&text)
            .map_err(|error| unquoted(&text, &error))
            .with_context(|| format!("in {}", path.display()))?;
        config.check().with_context(|| format!("in {}", path.display()))?;
        Ok(config)
    }

    fn check(&self) -> Result<()> {
        ensure!(is_name(&self.name), "name: not 1 to 64 letters, digits, '-' and '_'");
        ensure!(!self.modules.is_empty(), "a worker without modules has nothing to do");
        for module in &self.modules {
            let names = module.groups.iter().chain([&module.name]);
            ensure!(names.into_iter().all(|name| is_name(name)), "{}: a name is not one", module.name);
            let is_emulated = module.port == "emulator";
            if !is_emulated && let Err(error) = module.port.parse::<Endpoint>() {
                bail!("{}: {error}", module.name);
            }
            if module.count.is_some() && !is_emulated {
                bail!("{}: only emulated modules are counted", module.name);
            }
        }
        let mut names = BTreeSet::new();
        for module in self.each() {
            ensure!(is_name(&module.name), "{}: a name is not one", module.name);
            ensure!(names.insert(module.name.clone()), "{}: there are two of this name", module.name);
        }
        Ok(())
    }

    /// The modules, one by one.
    pub(crate) fn each(&self) -> impl Iterator<Item = Module> + '_ {
        self.modules.iter().flat_map(|module| {
            let count = module.count.map_or(0..=0, |count| 1..=count);
            count.map(move |n| {
                let name =
                    if module.count.is_some() { format!("{}-{n}", module.name) } else { module.name.clone() };
                Module { name, count: None, ..module.clone() }
            })
        })
    }
}

/// What is wrong with a text of TOML, without the line, which may hold a secret.
fn unquoted(text: &str, error: &toml::de::Error) -> anyhow::Error {
    anyhow!("line {}: {}", line(text, error), error.message())
}

/// The number of the line that an error is about.
pub(crate) fn line(text: &str, error: &toml::de::Error) -> usize {
    let start = error.span().map_or(0, |span| span.start);
    text.bytes().take(start).filter(|octet| *octet == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_does_not_show_the_address_of_the_server() {
        for text in
            ["name = 'a'\nserver = 'nats://u:hunter2@h", "name = 'a'\nserver = ['nats://u:hunter2@h']"]
        {
            let error = unquoted(text, &toml::from_str::<Config>(text).unwrap_err()).to_string();
            assert!(error.starts_with("line 2: ") && !error.contains("hunter2"), "{error}");
        }
    }

    const HEAD: &str = "name = 'a'\nserver = 'nats://h'\ndirectory = '/d'\n";

    fn read(modules: &str) -> Result<Vec<String>> {
        let config: Config = toml::from_str(&format!("{HEAD}{modules}"))?;
        config.check()?;
        Ok(config.each().map(|module| module.name).collect())
    }

    #[test]
    fn emulated_modules_are_counted() {
        let read = read(
            "[[modules]]\nname = 'm'\nport = 'emulator'\ncount = 2\n[[modules]]\nname = 'n'\nport = '/dev/x'",
        );
        assert_eq!(read.unwrap(), ["m-1", "m-2", "n"]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for modules in [
            "modules = []",
            "[[modules]]\nname = 'm'\nport = '/dev/x'\ncount = 2",
            "[[modules]]\nname = 'm'\nport = 'telnet://h:1'",
            "[[modules]]\nname = 'm'\nport = 'rfc2217://h'",
            "[[modules]]\nname = 'm.n'\nport = '/dev/x'",
            "[[modules]]\nname = 'm'\nport = '/dev/x'\ngroups = ['a b']",
            "[[modules]]\nname = 'm'\nport = '/dev/x'\n[[modules]]\nname = 'm'\nport = '/dev/y'",
            "[[modules]]\nname = 'm'\nport = '/dev/x'\npassword = 'x'",
        ] {
            assert!(read(modules).is_err(), "{modules}");
        }
    }
}
