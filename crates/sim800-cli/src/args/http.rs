//! The command line of `http`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum Http {
    /// Fetch what is at URL
    Get(HttpGet),
    /// Send data to URL
    Post(HttpPost),
    /// Ask for the status of URL
    Head(HttpHead),
    /// Delete what is at URL
    Delete(HttpDelete),
}

#[derive(Debug, Args)]
pub(crate) struct HttpGet {
    #[command(flatten)]
    pub(crate) request: HttpRequest,
    /// Write the body to FILE, which appears when it is complete; - for stdout
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Only these octets, counted from 0; without TO up to the end
    #[arg(long, value_name = "FROM-TO", allow_hyphen_values = true)]
    pub(crate) range: Option<String>,
    /// Keep what has come in FILE.part if it breaks off, and go on with what is there
    #[arg(long, requires = "output", conflicts_with = "range")]
    pub(crate) resume: bool,
}

#[derive(Debug, Args)]
pub(crate) struct HttpPost {
    #[command(flatten)]
    pub(crate) request: HttpRequest,
    #[command(flatten)]
    pub(crate) data: HttpData,
    /// Content type of the data [default: application/octet-stream]
    #[arg(long, value_name = "T")]
    pub(crate) content_type: Option<String>,
    /// Write the body of the answer to FILE, which appears when it is complete; - for stdout
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct HttpData {
    /// The data itself
    #[arg(long, value_name = "S")]
    pub(crate) data: Option<String>,
    /// File with the data; - for stdin
    #[arg(long, value_name = "F")]
    pub(crate) data_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct HttpHead {
    #[command(flatten)]
    pub(crate) request: HttpRequest,
}

#[derive(Debug, Args)]
pub(crate) struct HttpDelete {
    #[command(flatten)]
    pub(crate) request: HttpRequest,
}

#[derive(Debug, Args)]
pub(crate) struct HttpRequest {
    #[arg(help = "http://HOST[:PORT]/PATH, or https:// where the module has SSL")]
    pub(crate) url: String,
    /// Send a header of one's own; may be repeated
    #[arg(short = 'H', long = "header", value_name = "K: V")]
    pub(crate) headers: Vec<String>,
    /// What to call oneself
    #[arg(long, value_name = "UA")]
    pub(crate) user_agent: Option<String>,
    /// Go through a proxy
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) proxy: Option<String>,
    /// Take a redirection for the answer
    #[arg(long)]
    pub(crate) no_redirect: bool,
    /// With https://, accept a certificate that is not valid, or that the module cannot check
    #[arg(long)]
    pub(crate) insecure: bool,
    /// How long the server may take, 30 to 1000 [default: 120]
    #[arg(long, value_name = "SECS", value_parser = clap::value_parser!(u64).range(30..=1000))]
    pub(crate) timeout: Option<u64>,
}
