//! The server of a URL, over a bearer, and what all transfers with it have in common.

use std::path::Path;

use indicatif::ProgressBar;
use sim800_session::{Client, Ftp, FtpOptions, FtpProgress};

use crate::access::open_bearer;
use crate::args::Options;
use crate::failure::Failure;
use crate::output::Output;
use crate::url::{FtpType, FtpUrl};

/// The module does not tell the length of what is on its way. To ask is worth it only for people.
pub(super) async fn length(ftp: &Ftp, url: &FtpUrl, output: Output) -> Option<u64> {
    if output.is_watched() { ftp.size(&url.path).await.ok() } else { None }
}

/// Shows what the module tells of a transfer of its own.
pub(super) fn show(bar: &ProgressBar) -> impl FnMut(FtpProgress) {
    let bar = bar.clone();
    move |progress| bar.set_position(progress.moved)
}

/// The server, over a bearer.
pub(super) async fn open(
    client: &Client,
    options: &Options,
    url: &FtpUrl,
    how: FtpOptions,
) -> Result<Ftp, Failure> {
    let bearer = open_bearer(client, options).await?;
    Ok(Ftp::new(&bearer, url.server.clone()).with_options(how))
}

/// Whether a file is transferred as text: as its URL says, or else the option.
pub(super) fn is_ascii(url: &FtpUrl, option: bool) -> Result<bool, Failure> {
    match url.kind {
        Some(FtpType::Image) if option => {
            Err(Failure::usage("the URL says ;type=i and the option --ascii; leave one of them out"))
        }
        Some(kind) => Ok(kind == FtpType::Ascii),
        None => Ok(option),
    }
}

/// An octet of a file that is text has another place on every machine.
pub(super) fn refuse_to_resume_text(ascii: bool, resume: bool) -> Result<(), Failure> {
    match ascii && resume {
        true => Err(Failure::usage("--resume does not go with ;type=a: a file is resumed byte by byte")),
        false => Ok(()),
    }
}

/// What is here stands before the URL.
pub(super) fn refuse_swapped(here: &[&Path], url: &str, right: &str) -> Result<(), Failure> {
    let is_url = |text: &Path| text.to_string_lossy().contains("://");
    if here.iter().any(|path| is_url(path)) && !is_url(Path::new(url)) {
        return Err(Failure::usage(format!("the URL stands last: write sim800 ftp {right}")));
    }
    Ok(())
}
