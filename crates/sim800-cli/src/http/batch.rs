//! Several transfers in one run: one start-up, one bearer, and a result for each.

use std::cell::RefCell;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use sim800_session::Client;

use super::transfer::Transfer;
use super::ways::Ways;
use crate::args::{HttpGet, Options};
use crate::connect::{naming_port, with_module, within};
use crate::exit;
use crate::failure::Failure;
use crate::output::{Output, Report, Retried, summary};
use crate::text;
use crate::url::HttpUrl;

/// All URLs that are to be fetched.
pub(super) fn urls(get: &HttpGet) -> Result<Vec<String>, Failure> {
    let mut urls = get.urls.clone();
    if let Some(path) = &get.input {
        let text = text::read(path).map_err(|error| Failure::file("read", path, &error))?;
        for (line, url) in (1..).zip(text.lines().map(str::trim)) {
            if !url.is_empty() && !url.starts_with('#') {
                HttpUrl::parse(url)
                    .map_err(|failure| failure.of(&format!("{}, line {line}", path.display())))?;
                urls.push(url.to_owned());
            }
        }
    }
    if urls.is_empty() {
        return Err(Failure::usage("there is no URL to fetch"));
    }
    Ok(urls)
}

/// Where each of `urls` goes; `None` for stdout.
pub(super) fn files(get: &HttpGet, urls: &[String]) -> Result<Vec<Option<PathBuf>>, Failure> {
    if let Some(path) = &get.output {
        let is_file = path != Path::new("-");
        if urls.len() > 1 && is_file {
            let message = "-o names one file for several URLs; use -O or --output-dir DIR";
            return Err(Failure::usage(message));
        }
        return Ok(vec![Some(path.clone()); urls.len()]);
    }
    if !get.is_named_by_url() {
        return Ok(vec![None; urls.len()]);
    }
    let directory = get.output_dir.clone().unwrap_or_default();
    let mut seen = HashSet::new();
    let files = urls.iter().map(|url| {
        let name = HttpUrl::parse(url)?.file_name()?;
        if !seen.insert(name.clone()) {
            let message = format!(
                "two of the URLs end in {name}, and would go to one file; fetch them one by one with -o"
            );
            return Err(Failure::usage(message));
        }
        Ok(Some(directory.join(name)))
    });
    files.collect()
}

/// Carries out one transfer, which is told at the end.
pub(super) fn single(
    mut transfer: Transfer<'_>,
    options: &Options,
    output: Output,
) -> Result<Report, Failure> {
    let advice = transfer.advice();
    let done = with_module(options, output, async |client| {
        let destination = transfer.open().await?;
        let mut ways = Ways::default();
        let way = ways.of(&transfer.plan, client, options).await?;
        let result = transfer.carry_out(client, &way, destination).await;
        // What went wrong first is told.
        let closed = ways.close(options).await;
        result.and_then(|report| closed.map(|()| report))
    });
    done.map_err(|failure| advice.give(failure))
}

/// Carries out one transfer after the other and tells each when it has ended.
pub(super) fn several(
    transfers: Vec<Transfer<'_>>,
    options: &Options,
    output: Output,
) -> Result<Option<Report>, Failure> {
    let begun = RefCell::new(None);
    // Each may take its time.
    let all = Options { max_time: None, ..options.clone() };
    let done = with_module(&all, output, async |client| {
        let (start, total) = (Instant::now(), transfers.len());
        let (mut octets, mut failed, mut exit) = (0, 0, 0);
        let mut ways = Ways::default();
        for transfer in transfers {
            let (url, advice) = (transfer.url().to_owned(), transfer.advice());
            begun.replace(Some((url.clone(), advice.clone())));
            let retried = Retried::begin(client);
            let mut result = within(options.max_time, one(transfer, &mut ways, client, options)).await;
            if !ways.is_open() {
                // Of a module or a network that is not there, no other transfer gets anything either.
                return result;
            }
            match &mut result {
                Ok(report) => {
                    retried.tell(&mut report.fields);
                    report.remark.insert_str(0, &format!("{url}: "));
                    octets += report.octets();
                }
                Err(failure) => {
                    retried.tell(&mut failure.fields);
                    failed += 1;
                }
            }
            begun.take();
            let result = naming_port(result.map_err(|failure| advice.give(failure).of(&url)), options);
            exit = exit::of_both(exit, output.finish(result));
        }
        ways.close(options).await?;
        output.remark(&summary(total, failed, octets, start));
        if failed == 0 { Ok(Report::default()) } else { Err(Failure::told(exit)) }
    });
    done.map(|_| None).map_err(|failure| match begun.take() {
        Some((url, advice)) => advice.give(failure).of(&url),
        None => failure,
    })
}

/// Carries out one of several, over what the first of them opens.
async fn one(
    mut transfer: Transfer<'_>,
    ways: &mut Ways,
    client: &Client,
    options: &Options,
) -> Result<Report, Failure> {
    let way = ways.of(&transfer.plan, client, options).await?;
    let destination = transfer.open().await?;
    transfer.carry_out(client, &way, destination).await
}
