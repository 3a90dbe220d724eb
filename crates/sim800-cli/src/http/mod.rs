//! `sim800 http`.

mod answer;
mod batch;
mod data;
mod plan;
mod rest;
mod transfer;
mod watch;
mod ways;

use std::path::Path;

use bytes::Bytes;
use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use serde_json::json;
use sim800_command::HTTP_LIMIT;

use self::answer::{advised, head_fields, head_text, refusal};
use self::data::Data;
use self::plan::Plan;
use self::transfer::Transfer;
use self::watch::Watch;
use self::ways::Ways;
use crate::args::{Http as Command, HttpAnswer, HttpGet, HttpHead, HttpPost, Options};
use crate::connect::with_module;
use crate::distinct::check_files;
use crate::failure::Failure;
use crate::output::{Output, Report};
use crate::range::Range;
use crate::url::HttpUrl;

/// The most that is sent over sockets. It is read before anything is sent; a network of this kind takes half an hour for it.
const OWN_LIMIT: u64 = 16 << 20;

/// What there is to tell at the end, if it was not told on the way.
pub(crate) fn run(command: &Command, options: &Options, output: Output) -> Result<Option<Report>, Failure> {
    match command {
        Command::Get(get) => fetch(get, options, output),
        Command::Post(post) => send(Method::POST, post, options, output),
        Command::Put(put) => send(Method::PUT, put, options, output),
        Command::Patch(patch) => send(Method::PATCH, patch, options, output),
        Command::Delete(delete) => {
            let plan = Plan::new(Method::DELETE, &delete.url, Bytes::new(), &delete.request)?;
            let transfer = transfer(plan, delete.output.as_deref(), &delete.answer, output);
            batch::single(transfer, options, output).map(Some)
        }
        Command::Head(head) => show_head(head, options, output).map(Some),
    }
}

fn send(
    method: Method,
    post: &HttpPost,
    options: &Options,
    output: Output,
) -> Result<Option<Report>, Failure> {
    let plan = posted(method, post)?;
    let transfer = transfer(plan, post.output.as_deref(), &post.answer, output);
    batch::single(transfer, options, output).map(Some)
}

fn transfer<'a>(plan: Plan, file: Option<&Path>, how: &'a HttpAnswer, output: Output) -> Transfer<'a> {
    Transfer { plan, file: file.map(Path::to_owned), resume: false, if_newer: false, how, output }
}

fn fetch(get: &HttpGet, options: &Options, output: Output) -> Result<Option<Report>, Failure> {
    let urls = batch::urls(get)?;
    let files = batch::files(get, &urls)?;
    let written: Vec<&Path> = files.iter().flatten().map(|path| path.as_path()).collect();
    check_files(&[], &written, options)?;
    let transfers: Result<Vec<_>, Failure> = urls
        .iter()
        .zip(files)
        .map(|(url, file)| {
            let mut plan = Plan::new(Method::GET, url, Bytes::new(), &get.request)?;
            if let Some(range) = &get.range {
                plan.set_range(Range::parse(range)?)?;
            }
            plan.options.skip |= get.resume;
            let plain = transfer(plan, file.as_deref(), &get.answer, output);
            Ok(Transfer { resume: get.resume, if_newer: get.if_newer, ..plain })
        })
        .collect();
    let mut transfers = transfers?;
    match transfers.pop() {
        Some(transfer) if transfers.is_empty() => batch::single(transfer, options, output).map(Some),
        last => {
            transfers.extend(last);
            batch::several(transfers, options, output)
        }
    }
}

/// What sends data, as the command line has it.
fn posted(method: Method, post: &HttpPost) -> Result<Plan, Failure> {
    let is_own = plan::is_own(&method, HttpUrl::parse(&post.url)?.is_secure(), &post.request)?;
    let Data { octets, content_type } =
        Data::read(&post.data, if is_own { OWN_LIMIT } else { HTTP_LIMIT.into() })?;
    let mut plan = Plan::new(method, &post.url, octets, &post.request)?;
    let headers = plan.request.headers_mut();
    if post.data.json_body.is_some() && !headers.contains_key(ACCEPT) {
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    }
    let given = post.content_type.as_deref();
    if headers.contains_key(CONTENT_TYPE) {
        return match given {
            Some(_) => Err(Failure::usage("the content type is given twice; once is enough")),
            None => Ok(plan),
        };
    }
    let content_type = HeaderValue::from_str(given.unwrap_or(&content_type))
        .map_err(|_| Failure::usage("the content type holds a character that no header may have"))?;
    headers.insert(CONTENT_TYPE, content_type);
    Ok(plan)
}

/// Shows status and headers, also of what is a failure.
fn show_head(head: &HttpHead, options: &Options, output: Output) -> Result<Report, Failure> {
    let plan = Plan::new(Method::HEAD, &head.url, Bytes::new(), &head.request)?;
    let is_insecure = plan.options.accept_invalid_certificate;
    let shown = with_module(options, output, async |client| {
        let mut ways = Ways::default();
        let way = ways.of(&plan, client, options).await?;
        let watch = Watch { client, name: plan.name.clone(), output };
        let response = watch.send(&way, plan.request.clone()).await?;
        ways.close(options).await?;
        let (head, _) = response.into_parts();
        if let Some(failure) = refusal(&head, plan.uri(), plan.options.redirect) {
            let text = String::from_utf8_lossy(&head_text(&head)).into_owned();
            return Err(failure.with_text(text));
        }
        let mut fields = vec![("url", json!(plan.url))];
        fields.extend(head_fields(&head));
        Ok(Report { fields, text: head_text(&head), remark: String::new() })
    });
    shown.map_err(|failure| advised(failure, is_insecure).about(plan.url.clone()))
}
