//! `sim800 info`.

use serde_json::json;
use sim800_session::Info;

use crate::access::start_up;
use crate::args::Options;
use crate::connect::with_module;
use crate::failure::Failure;
use crate::output::{Output, Report};

pub(crate) fn run(options: &Options, output: Output) -> Result<Report, Failure> {
    with_module(options, output, async |client| {
        start_up(client, options).await?;
        Ok(report(&client.info().await?))
    })
}

fn report(info: &Info) -> Report {
    let registration = format!("{:?}", info.registration).to_lowercase();
    let operator = info.operator.as_deref();
    let signal = info.signal.dbm().map_or_else(|| "unknown".to_owned(), |dbm| format!("{dbm} dBm"));
    let text = format!(
        "model         {}\nrevision      {}\nIMEI          {}\nregistration  {registration}\noperator      {}\n\
         signal        {signal}\n",
        info.model,
        info.revision,
        info.serial_number,
        operator.unwrap_or("none"),
    );
    let fields = vec![
        ("model", json!(info.model)),
        ("revision", json!(info.revision)),
        ("imei", json!(info.serial_number)),
        ("registration", json!(registration)),
        ("operator", json!(operator)),
        ("signal_dbm", json!(info.signal.dbm())),
    ];
    Report { fields, text: text.into(), remark: String::new() }
}
