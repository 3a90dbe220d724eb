//! `sim800 at`.

use std::time::Duration;

use serde_json::json;
use sim800_session::{Client, Failure as CommandFailure, Request};

use crate::args::Options;
use crate::connect::with_module;
use crate::failure::Failure;
use crate::output::{Output, Report};

/// How long a command may take that the command table does not know: more than the slowest in the manual, which selects
/// an operator (3.2.22).
const TIME_LIMIT: Duration = Duration::from_secs(180);

pub(crate) fn run(line: &str, options: &Options, output: Output) -> Result<Report, Failure> {
    let request = Request::raw(line, TIME_LIMIT).map_err(|failure| Failure::usage(failure.to_string()))?;
    with_module(options, output, async |client| {
        // It may change anything.
        if let Some(held) = &options.held {
            held.forget();
        }
        send(client, request).await
    })
}

async fn send(client: &Client, request: Request) -> Result<Report, Failure> {
    client.find().await?;
    let reply = client.request(request).await.map_err(|error| match error.failure() {
        CommandFailure::Rejected(code) => {
            let code = code.to_string();
            Failure::from(error).with_text(format!("{code}\n")).with_field("result", code)
        }
        _ => error.into(),
    })?;
    let lines: Vec<_> = reply.information.iter().map(|line| String::from_utf8_lossy(line)).collect();
    let mut fields = vec![("lines", json!(lines))];
    let mut text: Vec<u8> = reply.information.iter().flat_map(|line| [line, &b"\n"[..]].concat()).collect();
    if !reply.payload.is_empty() {
        fields.push(("payload", json!(String::from_utf8_lossy(&reply.payload))));
        text.extend_from_slice(&reply.payload);
        text.push(b'\n');
    }
    fields.push(("result", json!("OK")));
    text.extend_from_slice(b"OK\n");
    Ok(Report { fields, text, remark: String::new() })
}
