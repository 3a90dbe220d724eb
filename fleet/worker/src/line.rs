//! A module that is brought up, and the line to it.

use std::time::Duration;

use anyhow::{Context, Result};
use futures::StreamExt;
use prometheus_client::metrics::counter::Counter;
use sim800_session::{Bearer, Client, Config, FlowControl, Info, Notice, Profile};
use sim800_testbed::emulator::{Config as ModuleConfig, Timings};
use sim800_testbed::{Line as Wire, Module as Emulated, Running};
use tokio::task::JoinHandle;

use crate::config::Module;
use crate::secrets::Secrets;

/// How long the driver may take to put back what was begun.
const CLOSING: Duration = Duration::from_secs(30);

/// A module that is registered with its network, with a bearer.
#[derive(Debug)]
pub(crate) struct Line {
    client: Client,
    pub(crate) bearer: Bearer,
    driver: JoinHandle<std::io::Result<()>>,
    retries: JoinHandle<()>,
    /// Switched off when the line is dropped.
    _emulated: Option<Running>,
}

impl Line {
    /// Opens the port and brings the module up; what it is and how it stands.
    pub(crate) async fn open(module: &Module, secrets: &Secrets, retries: &Counter) -> Result<(Self, Info)> {
        let login = |name: &String| {
            secrets.find(name).with_context(|| format!("the file of secrets has nothing called {name}"))
        };
        let mut config = Config::default();
        config.rate = module.rate;
        if module.rtscts {
            config.flow_control = FlowControl::Hardware;
        }
        config.pin = module.pin.as_ref().map(login).transpose()?.map(|login| login.password.clone());
        let mut profile = module.apn.as_ref().map_or_else(Profile::as_set, Profile::new);
        if let Some(name) = &module.apn_credentials {
            let login = login(name)?;
            profile = profile.with_credentials(login.user.clone(), login.password.clone());
        }

        let (client, driver, emulated) = if module.port == "emulator" {
            let mut emulated = ModuleConfig::default();
            emulated.timings = Timings::instant();
            let (running, link) = Emulated::new(emulated, Wire::unpaced()).start_linked()?;
            let (client, driver) = sim800_session::connect(link, sim800_tokio::runtime(), config);
            (client, tokio::spawn(driver), Some(running))
        } else {
            let (client, driver) = sim800_tokio::open(&module.port.parse()?, config).await?;
            (client, tokio::spawn(driver), None)
        };
        let retries = tokio::spawn(count(client.clone(), retries.clone()));
        let opened = async {
            client.start_up().await?;
            let bearer = Bearer::open(&client, &profile).await?;
            Ok((bearer, client.info().await?))
        };
        match opened.await {
            Ok((bearer, info)) => Ok((Self { client, bearer, driver, retries, _emulated: emulated }, info)),
            Err(error) => {
                retries.abort();
                driver.abort();
                Err(error)
            }
        }
    }

    /// How the module stands now.
    pub(crate) async fn info(&self) -> Result<Info, sim800_session::Error> {
        self.client.info().await
    }

    /// Waits until the line is gone.
    pub(crate) async fn gone(&mut self) {
        // Why, whoever uses it next would hear as well. Nobody hears twice that it has ended.
        if !self.driver.is_finished() {
            let _ = (&mut self.driver).await;
        }
    }

    /// Has the driver put back what was begun, and lets go of the port.
    pub(crate) async fn close(mut self) {
        self.retries.abort();
        let closed = async {
            self.client.clone().close().await;
            self.gone().await;
        };
        if tokio::time::timeout(CLOSING, closed).await.is_err() {
            self.driver.abort();
        }
    }
}

/// Counts what the driver tries again.
async fn count(client: Client, retries: Counter) {
    let mut notices = client.subscribe(|_| false);
    drop(client);
    while let Some(notice) = notices.next().await {
        if matches!(notice, Notice::Retrying(_)) {
            retries.inc();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_that_is_gone_is_closed_all_the_same() {
        let module: Module = toml::from_str("name = 'm'\nport = 'emulator'\napn = 'internet'").unwrap();
        let opened = Line::open(&module, &Secrets::default(), &Counter::default()).await;
        let (mut line, _) = opened.unwrap();
        line._emulated = None;
        line.gone().await;
        line.gone().await;
        line.close().await;
    }
}
