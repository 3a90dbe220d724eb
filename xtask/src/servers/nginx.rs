//! nginx: serves files, stores what is posted to it, and tells what it was asked.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::{create_folder, free_port, kill_and_restart, wait_for_port};
use crate::process::{self, Background, find};

/// A running nginx.
pub(crate) struct Nginx {
    process: Background,
    port: u16,
    tls_port: u16,
    files: PathBuf,
    certificate: PathBuf,
    log: PathBuf,
}

impl Nginx {
    /// Starts nginx with everything that it writes under `folder`.
    pub(crate) fn start(folder: &Path) -> Result<Self> {
        let program = find("nginx").context("nginx is not installed")?;
        let files = folder.join("files");
        // Root's nginx works as www-data, which needs the way down, and to write where it stores.
        create_folder(folder, 0o755)?;
        create_folder(&files, 0o777)?;
        create_folder(&folder.join("temporary"), 0o777)?;
        let (port, tls_port) = (free_port()?, free_port()?);
        let configuration = folder.join("nginx.conf");
        fs::write(&configuration, configure(folder, port, tls_port))?;
        let certificate = certify(folder)?;
        let mut arguments = vec!["-p".into(), folder.into(), "-c".into(), configuration.into()];
        // Before it has read its configuration nginx would complain into /var/log.
        arguments.extend(["-e".into(), folder.join("error.log").into()]);
        let mut process = Background::spawn(&program, &arguments, folder.join("output.log"))?;
        wait_for_port(&mut process, port)?;
        wait_for_port(&mut process, tls_port)?;
        Ok(Self { process, port, tls_port, files, certificate, log: folder.join("access.log") })
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

    /// Where the file `name` is fetched from by TLS 1.2 or 1.3.
    pub(crate) fn tls_url(&self, name: &str) -> String {
        format!("https://localhost:{}/{name}", self.tls_port)
    }

    /// The port where it speaks TLS.
    pub(crate) fn tls_port(&self) -> u16 {
        self.tls_port
    }

    /// The file with the certificate that it shows there.
    pub(crate) fn certificate(&self) -> &Path {
        &self.certificate
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

/// Makes a certificate for localhost, with its key beside it.
fn certify(folder: &Path) -> Result<PathBuf> {
    let certificate = folder.join("certificate.pem");
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]);
    command.args([
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
        "-keyout",
    ]);
    command.arg(folder.join("key.pem")).arg("-out").arg(&certificate);
    let finished = process::run(&mut command, folder, Duration::from_secs(10))?;
    ensure!(finished.status.success(), "openssl makes no certificate: {}", finished.stderr);
    Ok(certificate)
}

/// nginx stores the body of a PUT (module dav), but answers a POST to a file with 405: `/store/` hands a POST
/// on to nginx itself as a PUT.
fn configure(folder: &Path, port: u16, tls_port: u16) -> String {
    let folder = folder.display();
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
    listen 127.0.0.1:{tls_port} ssl;
    ssl_certificate {folder}/certificate.pem;
    ssl_certificate_key {folder}/key.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    root {folder}/files;
    client_max_body_size 1m;
    location / {{ dav_methods PUT DELETE; dav_access user:rw group:rw all:r; }}
    location /moved/ {{ rewrite ^/moved/(.*)$ /$1 redirect; }}
    location = /echo {{
      return 200 \"$request_method\\n$http_user_agent\\n$http_x_sim800\\n$http_via\\n\";
    }}
    location /store/ {{ proxy_method PUT; proxy_pass http://127.0.0.1:{port}/; }}
  }}
}}
"
    )
}
