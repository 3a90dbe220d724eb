//! nginx: serves files, stores what is posted to it, and tells what it was asked.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::certificate::Certificate;
use super::{create_folder, free_port, kill_and_restart, wait_for_port};
use crate::process::{Background, find};

/// A running nginx.
pub(crate) struct Nginx {
    process: Background,
    port: u16,
    /// Where it listens with TLS.
    secure: [u16; 2],
    /// Whom to trust for that.
    pub(crate) certificate: PathBuf,
    files: PathBuf,
    log: PathBuf,
}

impl Nginx {
    /// The versions of TLS that it speaks, each at a port of its own.
    pub(crate) const TLS: [&str; 2] = ["1.2", "1.3"];

    /// Starts nginx with everything that it writes under `folder`.
    pub(crate) fn start(folder: &Path) -> Result<Self> {
        let program = find("nginx").context("nginx is not installed")?;
        let files = folder.join("files");
        // Root's nginx works as www-data, which needs the way down, and to write where it stores.
        create_folder(folder, 0o755)?;
        create_folder(&files, 0o777)?;
        create_folder(&folder.join("temporary"), 0o777)?;
        let (port, secure) = (free_port()?, [free_port()?, free_port()?]);
        let certificate = Certificate::make(folder)?;
        let configuration = folder.join("nginx.conf");
        fs::write(&configuration, configure(folder, port, secure, &certificate))?;
        let mut arguments = vec!["-p".into(), folder.into(), "-c".into(), configuration.into()];
        // Before it has read its configuration nginx would complain into /var/log.
        arguments.extend(["-e".into(), folder.join("error.log").into()]);
        let mut process = Background::spawn(&program, &arguments, folder.join("output.log"))?;
        wait_for_port(&mut process, port)?;
        Ok(Self {
            process,
            port,
            secure,
            certificate: certificate.path,
            files,
            log: folder.join("access.log"),
        })
    }

    /// Its process.
    pub(crate) fn process(&self) -> &Background {
        &self.process
    }

    /// Kills it in the midst of whatever it does, and starts it anew after a while.
    pub(crate) fn kill_and_restart(&mut self, after: Duration) -> Result<()> {
        kill_and_restart(&mut self.process, self.port, after)
    }

    /// Where the file `name` is fetched from.
    pub(crate) fn url(&self, name: &str) -> String {
        format!("http://127.0.0.1:{}/{name}", self.port)
    }

    /// Where the file `name` is fetched from, or put, with that version of TLS; a folder of `simple` has its `index.html`.
    pub(crate) fn secure_url(&self, version: &str, name: &str) -> String {
        let port = if version == Self::TLS[0] { self.secure[0] } else { self.secure[1] };
        format!("https://127.0.0.1:{port}/{name}")
    }

    /// Where a body is posted to become the file `name`.
    pub(crate) fn store_url(&self, name: &str) -> String {
        self.url(&format!("store/{name}"))
    }

    /// Where a request is answered with 302, and sent on to the file `name`.
    pub(crate) fn moved_url(&self, name: &str) -> String {
        self.url(&format!("moved/{name}"))
    }

    /// Where a request is answered with what it was: its method, user agent, `X-Sim800` and `Via`, one line each.
    pub(crate) fn echo_url(&self) -> String {
        self.url("echo")
    }

    /// The requests for the file `name` so far: method, status and range of each. That of a request whose answer has just
    /// come may still be missing.
    pub(crate) fn requests(&self, name: &str) -> Result<Vec<String>> {
        let text = fs::read_to_string(&self.log)?;
        let requests = text.lines().filter_map(|line| line.strip_prefix(&format!("/{name} ")));
        Ok(requests.map(str::to_owned).collect())
    }

    /// The file `name` on the server's disk.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.files.join(name)
    }
}

/// nginx stores the body of a PUT (module dav), but answers a POST to a file with 405: `/store/` hands a POST
/// on to nginx itself as a PUT.
fn configure(folder: &Path, port: u16, secure: [u16; 2], certificate: &Certificate) -> String {
    let folder = folder.display();
    let (certificate, key) = (certificate.path.display(), certificate.key.display());
    let server = |(version, port): (&str, u16)| {
        format!(
            "\
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    ssl_protocols TLSv{version};
    root {folder}/files;
    client_max_body_size 1m;
    location / {{ dav_methods PUT DELETE; dav_access user:rw group:rw all:r; }}
    location /simple/ {{ index index.html; default_type text/html; }}
  }}
"
        )
    };
    let secure: String = Nginx::TLS.into_iter().zip(secure).map(server).collect();
    format!(
        "\
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  log_format requests \"$request_uri $request_method $status $http_range\";
  access_log {folder}/access.log requests;
  client_body_temp_path {folder}/temporary/body;
  proxy_temp_path {folder}/temporary/proxy;
  fastcgi_temp_path {folder}/temporary/fastcgi;
  uwsgi_temp_path {folder}/temporary/uwsgi;
  scgi_temp_path {folder}/temporary/scgi;
  default_type application/octet-stream;
  server {{
    listen 127.0.0.1:{port};
    root {folder}/files;
    client_max_body_size 1m;
    location / {{ dav_methods PUT DELETE; dav_access user:rw group:rw all:r; }}
    location /moved/ {{ rewrite ^/moved/(.*)$ /$1 redirect; }}
    location = /echo {{
      return 200 \"$request_method\\n$http_user_agent\\n$http_x_sim800\\n$http_via\\n\";
    }}
    location /store/ {{ proxy_method PUT; proxy_pass http://127.0.0.1:{port}/; }}
  }}
{secure}}}
"
    )
}
