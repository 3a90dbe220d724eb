//! The command line of `http`.

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args, Subcommand, ValueEnum};

const HTTP_URL: &str = "http://HOST[:PORT]/PATH, or https://";

const FORM: &str = "Part of a multipart form: NAME=VALUE, or NAME=@FILE[;type=T][;filename=NAME] for a file; may be repeated";

#[derive(Debug, Subcommand)]
pub(crate) enum Http {
    /// Fetch what is at URL
    Get(HttpGet),
    /// Send data to URL
    Post(HttpPost),
    /// Put data at URL, over a socket, for the module's HTTP stack has no PUT
    Put(HttpPost),
    /// Send data that changes what is at URL, over a socket, for the module's HTTP stack has no PATCH
    Patch(HttpPost),
    /// Show the status and the headers of URL
    Head(HttpHead),
    /// Delete what is at URL
    Delete(HttpDelete),
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("destination").multiple(true))]
pub(crate) struct HttpGet {
    #[arg(value_name = "URL", required_unless_present = "input", help = HTTP_URL)]
    pub(crate) urls: Vec<String>,
    /// Also fetch the URLs in FILE, one per line, but for lines that begin with #; - for stdin
    #[arg(long, value_name = "FILE")]
    pub(crate) input: Option<PathBuf>,
    /// Write the body to FILE, which appears when it is complete; - for stdout
    #[arg(short, long, value_name = "FILE", group = "destination")]
    pub(crate) output: Option<PathBuf>,
    /// Write each body to a file with the last name in its URL
    #[arg(short = 'O', long, conflicts_with = "output", group = "destination")]
    pub(crate) remote_name: bool,
    /// The same, in the directory DIR
    #[arg(long, value_name = "DIR", conflicts_with = "output", group = "destination")]
    pub(crate) output_dir: Option<PathBuf>,
    /// Only these bytes, counted from 0; without TO, up to the end
    #[arg(long, value_name = "FROM-TO", allow_hyphen_values = true)]
    pub(crate) range: Option<String>,
    /// Keep what has come if the transfer breaks off, and go on with it next time
    ///
    /// Until it is complete, it is in FILE.part. Nothing is fetched when FILE is complete already.
    #[arg(long, requires = "destination", conflicts_with = "range")]
    pub(crate) resume: bool,
    /// Fetch only what is newer than FILE, and give FILE the time that the server tells
    #[arg(long, requires = "destination", conflicts_with_all = ["range", "resume"])]
    pub(crate) if_newer: bool,
    #[command(flatten)]
    pub(crate) answer: HttpAnswer,
    #[command(flatten)]
    pub(crate) request: Box<HttpRequest>,
}

impl HttpGet {
    /// Whether the bodies go to files that are named after their URLs.
    pub(crate) fn is_named_by_url(&self) -> bool {
        self.remote_name || self.output_dir.is_some()
    }
}

#[derive(Debug, Args)]
pub(crate) struct HttpPost {
    #[arg(help = HTTP_URL)]
    pub(crate) url: String,
    #[command(flatten)]
    pub(crate) data: HttpData,
    /// Content type of the data [default: as the option for the data has it, else application/octet-stream]
    #[arg(long, value_name = "T")]
    pub(crate) content_type: Option<String>,
    /// Write the body of the answer to FILE, which appears when it is complete; - for stdout
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) answer: HttpAnswer,
    #[command(flatten)]
    pub(crate) request: Box<HttpRequest>,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct HttpData {
    /// The data itself; @FILE for what is in FILE
    #[arg(short, long, value_name = "S")]
    pub(crate) data: Option<String>,
    /// File with the data; - for stdin
    #[arg(long, value_name = "F")]
    pub(crate) data_file: Option<PathBuf>,
    /// Field of a form, percent-encoded for you: NAME=VALUE, or NAME@FILE for what is in FILE; may be repeated
    #[arg(long, value_name = "FIELD")]
    pub(crate) data_urlencode: Vec<String>,
    /// JSON, checked before it is sent; @FILE for what is in FILE
    #[arg(long, value_name = "JSON")]
    pub(crate) json_body: Option<String>,
    #[arg(help = FORM, short = 'F', long = "form", value_name = "PART")]
    pub(crate) form: Vec<String>,
}

impl HttpData {
    /// The files that are sent, `-` for stdin.
    pub(crate) fn files(&self) -> Vec<&Path> {
        let encoded = self.data_urlencode.iter().filter_map(|field| {
            let (before, file) = field.split_once('@')?;
            (!before.contains('=')).then_some(file)
        });
        let parts = self.form.iter().filter_map(|part| {
            let (_, file) = part.split_once("=@")?;
            file.split(';').next()
        });
        let bodies = [&self.json_body, &self.data];
        let bodies = bodies.into_iter().filter_map(|body| body.as_deref()?.strip_prefix('@'));
        let named = encoded.chain(parts).chain(bodies).map(Path::new);
        self.data_file.as_deref().into_iter().chain(named).collect()
    }
}

#[derive(Debug, Args)]
pub(crate) struct HttpHead {
    #[arg(help = HTTP_URL)]
    pub(crate) url: String,
    #[command(flatten)]
    pub(crate) request: Box<HttpRequest>,
}

#[derive(Debug, Args)]
pub(crate) struct HttpDelete {
    #[arg(help = HTTP_URL)]
    pub(crate) url: String,
    /// Write the body of the answer to FILE, which appears when it is complete; - for stdout
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) answer: HttpAnswer,
    #[command(flatten)]
    pub(crate) request: Box<HttpRequest>,
}

/// What is shown of an answer.
#[derive(Clone, Debug, Args)]
pub(crate) struct HttpAnswer {
    /// Show status and headers on stdout, before the body
    #[arg(short, long)]
    pub(crate) include: bool,
    /// If the server answers with an error, write the body of that answer to FILE; - for stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) output_error: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct HttpRequest {
    /// Send a header of your own; @FILE for the headers in FILE, one per line; may be repeated
    #[arg(short = 'H', long = "header", value_name = "K: V")]
    pub(crate) headers: Vec<String>,
    /// Log in; others can see this in the list of processes, but not --user-file or SIM800_HTTP_USER
    ///
    /// This is basic authentication: without https:// anybody on the way can read it. The module's HTTP stack also sends it to the hosts
    /// that it is redirected to, unless --no-redirect is given.
    #[arg(short, long, value_name = "NAME:PASSWORD")]
    pub(crate) user: Option<String>,
    /// Log in with the NAME:PASSWORD in the first line of FILE
    #[arg(long, value_name = "FILE", conflicts_with = "user")]
    pub(crate) user_file: Option<PathBuf>,
    /// Name of the program, as the server gets it
    #[arg(long, value_name = "UA")]
    pub(crate) user_agent: Option<String>,
    /// Go through a proxy, with the module's HTTP stack
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) proxy: Option<String>,
    /// Do not follow redirections; a redirection is the answer
    #[arg(long)]
    pub(crate) no_redirect: bool,
    /// With https://, accept any certificate, so that nothing proves who the server is
    ///
    /// Without it, sim800 trusts whom this machine trusts, or the certificates in the file that the variable SSL_CERT_FILE names.
    #[arg(long)]
    pub(crate) insecure: bool,
    /// Who speaks TLS, with https://: this program over sockets of the module, or the module, whose versions are out of date
    #[arg(long, value_name = "WHO", value_enum, default_value_t)]
    pub(crate) tls: Tls,
    /// How long the server may be silent, 30 to 1000 [default: 120]
    #[arg(long, value_name = "SECS", value_parser = clap::value_parser!(u64).range(30..=1000))]
    pub(crate) timeout: Option<u64>,
}

/// Who speaks TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tls {
    /// This program, TLS 1.2 and 1.3, over sockets of the module
    #[default]
    Own,
    /// The module's HTTP stack, mostly TLS 1.0
    Module,
}
