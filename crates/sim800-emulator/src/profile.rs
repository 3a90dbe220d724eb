//! What `AT&W` stores, `ATZ` and a restart bring back, and `AT&V` tells.

use crate::config::Messages;
use crate::response::Format;
use crate::settings::Settings;

/// Registers `S0` to `S12` at first (V.250; `S10` as a log of `AT&V` has it).
const REGISTERS: [u8; 13] = [0, 0, 43, 13, 10, 8, 2, 60, 2, 6, 15, 95, 50];

/// A profile.
#[derive(Clone)]
pub(crate) struct Profile {
    pub(crate) format: Format,
    /// `AT+CREG=<n>` and `AT+CGREG=<n>`.
    pub(crate) reports: (u8, u8),
    pub(crate) registers: [u8; 13],
    /// Those that are kept this way.
    pub(crate) settings: Settings,
}

impl Profile {
    pub(crate) fn factory() -> Self {
        Self {
            format: Format { echo: true, verbose: true, quiet: false, errors: 0 },
            reports: (0, 0),
            registers: REGISTERS,
            settings: Settings::factory(),
        }
    }

    pub(crate) fn route_messages(&mut self, messages: Messages) {
        let (mt, mode) = match messages {
            Messages::Stored => ("1", "0"),
            Messages::Pdu => ("2", "0"),
            Messages::Text => ("2", "1"),
        };
        self.settings.set("+CNMI", 1, mt);
        self.settings.set("+CMGF", 0, mode);
    }

    /// A section of `AT&V`. Rate and flow control belong to the port, whatever the profile.
    pub(crate) fn show(&self, title: &str, rate: u32, flow: (u8, u8)) -> String {
        let Format { echo, verbose, quiet, errors } = self.format;
        let value = |name: &str| match name {
            "V" => u8::from(verbose).to_string(),
            "E" => u8::from(echo).to_string(),
            "Q" => u8::from(quiet).to_string(),
            "+CREG" => self.reports.0.to_string(),
            "+CGREG" => self.reports.1.to_string(),
            "+CMEE" => errors.to_string(),
            "+IPR" => rate.to_string(),
            // Of these, one value alone.
            "+DDET" => self.settings.text(name, 0).to_owned(),
            "+EXUNSOL" => self.settings.text(name, 1).to_owned(),
            "+IFC" => format!("{},{}", flow.0, flow.1),
            _ => match name.strip_prefix('S').and_then(|number| number.parse::<usize>().ok()) {
                Some(number) => self.registers.get(number).map(u8::to_string).unwrap_or_default(),
                None => self.settings.values(name),
            },
        };
        let lines = SHOWN.iter().map(|name| format!("\r\n{name}: {}", value(name)));
        format!("{title} PROFILE{}", lines.collect::<String>())
    }
}

/// What `AT&V` shows, in the order of a log, but for what this module has not got.
const SHOWN: [&str; 46] = [
    "S0",
    "S3",
    "S4",
    "S5",
    "S6",
    "S7",
    "S8",
    "S10",
    "+CRLP",
    "V",
    "E",
    "Q",
    "X",
    "&C",
    "&D",
    "+CLTS",
    "+CREG",
    "+CGREG",
    "+CMEE",
    "+CIURC",
    "+CFGRI",
    "+CMTE",
    "+CANT",
    "+CMGF",
    "+CNMI",
    "+CSCS",
    "+VTD",
    "+CALS",
    "+CHF",
    "+CAAS",
    "+CBUZZERRING",
    "+DDET",
    "+MORING",
    "+SVR",
    "+CCPD",
    "+CSNS",
    "+CSGS",
    "+CNETLIGHT",
    "+CSDT",
    "+CSMINS",
    "+EXUNSOL",
    "+FSHEX",
    "+FSEXT",
    "+IPR",
    "+IFC",
    "+CSCLK",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_shown_has_a_value() {
        let shown = Profile::factory().show("DEFAULT", 0, (0, 0));
        assert!(shown.lines().skip(1).all(|line| line.contains(": ") && !line.ends_with(": ")), "{shown}");
    }
}
