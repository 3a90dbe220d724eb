//! A session with the emulated module, in virtual time.

use bytes::Bytes;
use futures::TryStreamExt;
use sim800_emulator::Config as ModuleConfig;
use sim800_emulator::Line;
use sim800_session::{
    Bearer, Body, Client, Config, Ftp, FtpError, Http, HttpError, Profile, Retries, Server, StartUpError,
};
use sim800_simulation::{Network, World};

/// A world and a session with its module.
pub(crate) struct Lab {
    pub(crate) world: World,
    pub(crate) client: Client,
}

impl Lab {
    pub(crate) fn new(module: ModuleConfig) -> Self {
        Self::with(World::new(module), Config::default())
    }

    pub(crate) fn with(mut world: World, config: Config) -> Self {
        let client = world.open(config);
        Self { world, client }
    }

    /// Brought up, with an open bearer.
    pub(crate) fn ready() -> (Self, Bearer) {
        Self::ready_with(ModuleConfig::default())
    }

    /// The same, and nothing is tried again.
    pub(crate) fn ready_once() -> (Self, Bearer) {
        let mut config = Config::default();
        config.retries = Retries::NONE;
        let mut lab = Self::with(World::new(ModuleConfig::default()), config);
        let bearer = lab.bearer();
        (lab, bearer)
    }

    pub(crate) fn ready_with(module: ModuleConfig) -> (Self, Bearer) {
        let mut lab = Self::new(module);
        let bearer = lab.bearer();
        (lab, bearer)
    }

    pub(crate) fn bearer(&mut self) -> Bearer {
        let client = self.client.clone();
        self.world.run(async move {
            client.start_up().await.expect("start-up");
            Bearer::open(&client, &Profile::new("internet")).await.expect("bearer")
        })
    }

    pub(crate) fn network(&self) -> Network {
        self.world.network()
    }

    pub(crate) fn start_up(&mut self) -> Result<(), StartUpError> {
        let client = self.client.clone();
        self.world.run(async move { client.start_up().await })
    }

    pub(crate) fn get(&mut self, bearer: &Bearer, url: &str) -> Result<(u16, Bytes), HttpError> {
        let http = Http::new(bearer);
        let request = ::http::Request::get(url).body(Bytes::new()).expect("request");
        self.world.run(async move {
            let response = http.send(request).await?;
            let status = response.status().as_u16();
            Ok((status, whole(response.into_body()).await?))
        })
    }

    pub(crate) fn ftp_get(&mut self, ftp: &Ftp, path: &str) -> Result<Vec<u8>, FtpError> {
        let (ftp, path) = (ftp.clone(), path.to_owned());
        self.world.run(async move {
            let download = ftp.get(&path).await?;
            download
                .try_fold(Vec::new(), |mut all, piece| async move {
                    all.extend_from_slice(&piece);
                    Ok(all)
                })
                .await
        })
    }

    pub(crate) fn ftp_put(&mut self, ftp: &Ftp, path: &str, octets: &[u8]) -> Result<u64, FtpError> {
        let (ftp, path) = (ftp.clone(), path.to_owned());
        self.world.run(async move { ftp.put(&path, octets).await })
    }
}

pub(crate) async fn whole(body: Body) -> Result<Bytes, HttpError> {
    let all = body.try_fold(Vec::new(), |mut all, piece| async move {
        all.extend_from_slice(&piece);
        Ok(all)
    });
    all.await.map(Bytes::from)
}

/// Every octet value, and what looks like protocol.
pub(crate) fn hostile(length: usize) -> Vec<u8> {
    let traps = b"\r\nOK\r\n\r\nERROR\r\n\r\n+FTPGET: 1,0\r\n\r\n+HTTPREAD: 5\r\n>\r\nRDY\r\n\r\nNORMAL POWER DOWN\r\n";
    (0..=255).chain(traps.iter().copied()).cycle().take(length).collect()
}

pub(crate) fn server() -> Server {
    Server::new("ftp.example.com").with_credentials("user", "sesame")
}

pub(crate) fn paced(rate: u32) -> Line {
    Line::paced(std::num::NonZeroU32::new(rate).expect("a rate"))
}
