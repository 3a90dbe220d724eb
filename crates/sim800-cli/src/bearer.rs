//! `sim800 bearer`.

use std::fmt::Write as _;

use serde_json::json;
use sim800_command::{BearerState, SapbrQuery, SapbrShow};
use sim800_session::Client;

use crate::access::{CID, close_bearer, find, open_bearer};
use crate::args::{self, Options};
use crate::connect::with_module;
use crate::failure::Failure;
use crate::output::{Output, Report};

pub(crate) fn run(command: &args::Bearer, options: &Options, output: Output) -> Result<Report, Failure> {
    with_module(options, output, async |client| match command {
        args::Bearer::Status => {
            find(client, options).await?;
            status(client).await
        }
        args::Bearer::Open => {
            open_bearer(client, options).await?;
            status(client).await
        }
        args::Bearer::Close => {
            find(client, options).await?;
            close_bearer(client, output).await?;
            status(client).await
        }
    })
}

async fn status(client: &Client) -> Result<Report, Failure> {
    let status = client.query(&SapbrQuery { cid: CID }, |status| status).await?;
    let state = match status.state {
        BearerState::Connecting => "opening".to_owned(),
        BearerState::Connected => "open".to_owned(),
        BearerState::Closing => "closing".to_owned(),
        BearerState::Closed => "closed".to_owned(),
        other => format!("{other:?}").to_lowercase(),
    };
    // Firmware that does not tell what is set tells all the rest.
    let set = client.query(&SapbrShow { cid: CID }, |set| {
        let kept = |value: Option<&str>| value.filter(|value| !value.is_empty()).map(str::to_owned);
        (kept(set.apn), kept(set.user), set.password.is_some_and(|password| !password.is_empty()))
    });
    let (apn, user, has_password) = set.await.unwrap_or_default();
    let address = status.address.map(|address| address.to_string());
    let mut text = String::new();
    let known = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
    for (name, value) in [
        ("state", state.clone()),
        ("address", known(&address)),
        ("APN", known(&apn)),
        ("user", known(&user)),
        ("password", if has_password { "set" } else { "none" }.to_owned()),
    ] {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{name:<10}{value}");
    }
    let fields = vec![
        ("state", json!(state)),
        ("address", json!(address)),
        ("apn", json!(apn)),
        ("user", json!(user)),
        ("has_password", json!(has_password)),
    ];
    Ok(Report { fields, text: text.into(), remark: String::new() })
}
