//! What can be set of an emulated module: on the command line, in a scenario, and while it runs. Each knob has one name and one way
//! to be written in all three places.

use std::fmt::{self, Display};
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use serde_json::{Map, Value};
use sim800_emulator::{Config, Firmware, LineEnds, Registration, Sim, Spacing, Start, Timings};
use sim800_session::Password;

use super::options::{Baud, Options};

/// The knobs. What is not given stays as it is.
///
/// `baud`, `pin` and those of the access point are options of all commands, so that clap knows them already.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[command(next_help_heading = "The module and its world")]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Knobs {
    /// The SIM card: `pin` wants --pin, `puk` is blocked, `none` is an empty holder [default: ready, with --pin: pin]
    #[arg(long, value_name = "CARD")]
    pub(crate) sim: Option<Card>,
    #[arg(skip)]
    #[serde(deserialize_with = "secret")]
    pub(crate) pin: Option<Password>,
    /// Where the search for a network ends [default: home]
    #[arg(long, value_name = "WHERE")]
    pub(crate) registration: Option<Network>,
    /// How long that search takes, in seconds [default: 3]
    #[arg(long, value_name = "SECS")]
    #[serde(deserialize_with = "parsed")]
    pub(crate) registration_after: Option<Seconds>,
    /// Whether the network lets the module attach to GPRS [default: on]
    #[arg(long, value_name = "ON|OFF")]
    #[serde(deserialize_with = "parsed")]
    pub(crate) attach: Option<Switch>,
    /// What AT+CSQ tells [default: 21,0]
    #[arg(long, value_name = "RSSI[,BER]")]
    #[serde(deserialize_with = "parsed")]
    pub(crate) signal: Option<Signal>,
    /// The operator's long name
    #[arg(long, value_name = "NAME")]
    pub(crate) operator: Option<String>,
    #[arg(skip)]
    pub(crate) apn: Option<String>,
    #[arg(skip)]
    pub(crate) apn_user: Option<String>,
    #[arg(skip)]
    #[serde(deserialize_with = "secret")]
    pub(crate) apn_password: Option<Password>,
    /// The firmware, such as R13 or R14.18: its revision, and whether it speaks TLS [default: R14.18]
    #[arg(long, value_name = "RELEASE")]
    #[serde(deserialize_with = "parsed")]
    pub(crate) firmware: Option<Firmware>,
    /// Commands that the firmware does not have, such as HTTPHEAD,FTPQUIT
    #[arg(long, value_name = "NAMES")]
    #[serde(deserialize_with = "parsed")]
    pub(crate) without: Option<Names>,
    /// Whether the firmware speaks TLS [default: on from R14 on]
    #[arg(long, value_name = "ON|OFF")]
    #[serde(deserialize_with = "parsed")]
    pub(crate) ssl: Option<Switch>,
    /// Whether a space follows the colon of HTTP and FTP lines, as with SIM800 [default: on]
    #[arg(long, value_name = "ON|OFF")]
    #[serde(deserialize_with = "parsed")]
    pub(crate) spaces: Option<Switch>,
    /// Which line ends stand before lines: all, none before result codes, or none at all [default: all]
    #[arg(long, value_name = "WHICH")]
    pub(crate) line_ends: Option<Ends>,
    /// Whether names of headers are in lower case in what AT+HTTPHEAD reads [default: off]
    #[arg(long, value_name = "ON|OFF")]
    #[serde(deserialize_with = "parsed")]
    pub(crate) lower_header_names: Option<Switch>,
    /// Whether a part of an object is told as 206, as the server has it, rather than as 200, as the application note has it [default: off]
    #[arg(long, value_name = "ON|OFF")]
    #[serde(deserialize_with = "parsed")]
    pub(crate) partial_content: Option<Switch>,
    /// Whether the firmware takes several commands on a line [default: on]
    #[arg(long, value_name = "ON|OFF")]
    #[serde(deserialize_with = "parsed")]
    pub(crate) concatenation: Option<Switch>,
    /// Whether command lines are echoed [default: on]
    #[arg(long, value_name = "ON|OFF")]
    #[serde(deserialize_with = "parsed")]
    pub(crate) echo: Option<Switch>,
    #[arg(skip)]
    #[serde(deserialize_with = "parsed")]
    pub(crate) baud: Option<Baud>,
    /// How long things take: `realistic` as in logs of real modules, `none`, or so many times as long as realistic [default: only
    /// start-up and bearer take their time]
    #[arg(long, value_name = "realistic|none|SCALE")]
    #[serde(deserialize_with = "parsed")]
    pub(crate) latency: Option<Latency>,
    /// What AT+GSN tells
    #[arg(long, value_name = "DIGITS")]
    pub(crate) imei: Option<String>,
    /// What AT+CIMI tells
    #[arg(long, value_name = "DIGITS")]
    pub(crate) imsi: Option<String>,
    /// What AT+CCID tells
    #[arg(long, value_name = "DIGITS")]
    pub(crate) iccid: Option<String>,
    /// What AT+CGMM tells
    #[arg(long, value_name = "NAME")]
    pub(crate) model: Option<String>,
    /// How the module comes up: it runs, boots and says so, boots and waits for its rate to be found, or is off until its power key is
    /// pressed [default: running]
    #[arg(long, value_name = "HOW")]
    pub(crate) start: Option<StartUp>,
    /// Room in the module's file system, in bytes; files and its two directories take multiples of 512 [default: 190464]
    #[arg(long, value_name = "BYTES")]
    pub(crate) fs_size: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Card {
    Ready,
    Pin,
    Puk,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Network {
    Home,
    Roaming,
    Denied,
    Searching,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Ends {
    All,
    NoneBeforeResults,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum StartUp {
    Running,
    Boot,
    Autobaud,
    Off,
}

/// `on` or `off`; `true` and `false` where a format has these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Switch(bool);

impl FromStr for Switch {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "on" | "true" => Ok(Self(true)),
            "off" | "false" => Ok(Self(false)),
            _ => Err("it is on or off"),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seconds(Duration);

impl FromStr for Seconds {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        seconds
            .filter(|seconds| *seconds <= Duration::from_secs(3600))
            .map(Self)
            .ok_or("it is a number of seconds, at most 3600")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signal(u8, u8);

impl FromStr for Signal {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (rssi, ber) = text.split_once(',').unwrap_or((text, "0"));
        match (rssi.trim().parse(), ber.trim().parse()) {
            (Ok(rssi @ (0..=31 | 99)), Ok(ber @ (0..=7 | 99))) => Ok(Self(rssi, ber)),
            _ => Err("a signal is RSSI or RSSI,BER: from 0 to 31, and from 0 to 7; 99 is unknown"),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Latency {
    None,
    Realistic(f64),
}

impl FromStr for Latency {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self::None),
            "realistic" => Ok(Self::Realistic(1.0)),
            scale => match scale.parse() {
                Ok(scale) if (0.0..=100.0).contains(&scale) => Ok(Self::Realistic(scale)),
                _ => Err("latency is realistic, none, or a number from 0 to 100"),
            },
        }
    }
}

/// Names of commands, as the emulator has them: `+HTTPHEAD`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Names(Vec<String>);

impl FromStr for Names {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        let names = names.map(|name| {
            let upper = name.to_ascii_uppercase();
            let bare = upper.strip_prefix("AT").unwrap_or(&upper);
            let bare = bare.strip_prefix('+').unwrap_or(bare);
            let is_name = !bare.is_empty() && bare.bytes().all(|octet| octet.is_ascii_alphanumeric());
            if is_name { Ok(format!("+{bare}")) } else { Err(format!("`{name}` is no name of a command")) }
        });
        names.collect::<Result<_, _>>().map(Self)
    }
}

/// Takes a text, a number or a truth value for the text that the command line would have in its place.
fn parsed<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    deserializer
        .deserialize_any(TextVisitor)
        .and_then(|text| text.parse().map(Some).map_err(de::Error::custom))
}

/// Takes a text that is not to be shown; numbers are its digits.
fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Password>, D::Error> {
    deserializer.deserialize_any(TextVisitor).map(|text| Some(text.as_str().into()))
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one value")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_bool<E: de::Error>(self, is_on: bool) -> Result<String, E> {
        Ok(is_on.to_string())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<String, E> {
        Ok(number.to_string())
    }
}

impl Knobs {
    /// Those of `object`, or what is wrong with which of them.
    pub(crate) fn from_object(object: Map<String, Value>) -> Result<Self, String> {
        let read = |object: Map<String, Value>| Self::deserialize(Value::Object(object));
        read(object.clone()).map_err(|error| {
            // serde does not say where.
            let wrong = object.into_iter().find_map(|(name, value)| {
                let error = read(Map::from_iter([(name.clone(), value)])).err()?;
                let error = error.to_string();
                Some(if error.starts_with("unknown field") { error } else { format!("{name}: {error}") })
            });
            wrong.unwrap_or_else(|| error.to_string())
        })
    }

    /// With what the options of all commands say, where they say something.
    pub(crate) fn with_options(mut self, options: &Options) -> Self {
        self.pin = options.pin.clone().or(self.pin);
        self.baud = options.baud.or(self.baud);
        self.apn = options.apn.clone().or(self.apn);
        self.apn_user = options.apn_user.clone().or(self.apn_user);
        self.apn_password = options.apn_password.clone().or(self.apn_password);
        self
    }

    /// With those of `other` that this has not.
    pub(crate) fn or(self, other: Self) -> Self {
        // By name, so that none is forgotten.
        macro_rules! or {
            ($($knob:ident),+ $(,)?) => { Self { $($knob: self.$knob.or(other.$knob)),+ } };
        }
        or!(
            sim,
            pin,
            registration,
            registration_after,
            attach,
            signal,
            operator,
            apn,
            apn_user,
            apn_password,
            firmware,
            without,
            ssl,
            spaces,
            line_ends,
            lower_header_names,
            partial_content,
            concatenation,
            echo,
            baud,
            latency,
            imei,
            imsi,
            iccid,
            model,
            start,
            fs_size,
        )
    }

    /// What counts only at the start, if it has any of that.
    pub(crate) fn for_the_start(&self) -> Option<&'static str> {
        self.start.map(|_| "start").or_else(|| self.fs_size.map(|_| "fs-size"))
    }

    /// Makes the module so.
    pub(crate) fn apply(&self, config: &mut Config) -> Result<(), String> {
        let pin = self.pin.as_ref().map(|pin| pin.reveal().to_owned());
        match (self.sim, pin) {
            (Some(Card::Ready), _) => config.sim = Sim::Ready,
            (Some(Card::Puk), _) => config.sim = Sim::PukRequired,
            (Some(Card::None), _) => config.sim = Sim::Absent,
            (None | Some(Card::Pin), Some(pin)) => config.sim = Sim::PinRequired { pin },
            (Some(Card::Pin), None) if matches!(config.sim, Sim::PinRequired { .. }) => {}
            (Some(Card::Pin), None) => {
                return Err("sim: a card that wants its PIN has one; give pin as well".into());
            }
            (None, None) => {}
        }
        if let Some(latency) = self.latency {
            config.timings = match latency {
                Latency::None => Timings::instant(),
                Latency::Realistic(scale) => Timings::realistic().scaled(scale),
            };
        }
        if let Some(Seconds(time)) = self.registration_after {
            config.timings.registration = time;
        }
        if let Some(network) = self.registration {
            config.registration = match network {
                Network::Home => Registration::Home,
                Network::Roaming => Registration::Roaming,
                Network::Denied => Registration::Denied,
                Network::Searching => Registration::Searching,
                Network::None => Registration::NotRegistered,
            };
        }
        if let Some(apn) = &self.apn {
            config.apn = Some(apn.clone()).filter(|apn| !apn.is_empty());
        }
        if self.apn_user.is_some() || self.apn_password.is_some() {
            let (user, password) = config.apn_credentials.take().unwrap_or_default();
            let user = self.apn_user.clone().unwrap_or(user);
            let password =
                self.apn_password.as_ref().map_or(password, |password| password.reveal().to_owned());
            let is_any = !user.is_empty() || !password.is_empty();
            config.apn_credentials = is_any.then_some((user, password));
        }
        if let Some(firmware) = self.firmware {
            config.set_firmware(firmware);
        }
        if let Some(Names(names)) = &self.without {
            config.lacks.clone_from(names);
        }
        if let Some(Signal(rssi, ber)) = self.signal {
            config.signal = (rssi, ber);
        }
        if let Some(Switch(spaces)) = self.spaces {
            config.spacing = if spaces { Spacing::Sim800 } else { Spacing::Sim900 };
        }
        if let Some(ends) = self.line_ends {
            config.line_ends = match ends {
                Ends::All => LineEnds::Usual,
                Ends::NoneBeforeResults => LineEnds::MissingBeforeResult,
                Ends::None => LineEnds::Missing,
            };
        }
        match self.baud {
            Some(Baud::Rate(rate)) => config.rate = rate.get(),
            Some(Baud::Auto) => config.rate = 0,
            None => {}
        }
        if let Some(start) = self.start {
            config.start = match start {
                StartUp::Running => Start::Running,
                StartUp::Boot => Start::FixedRate,
                StartUp::Autobaud => Start::Autobaud,
                StartUp::Off => Start::Off,
            };
        }
        if let Some(octets) = self.fs_size {
            config.set_capacity(octets);
        }
        let switches = [
            (self.attach, &mut config.attach),
            (self.ssl, &mut config.ssl),
            (self.lower_header_names, &mut config.lower_header_names),
            (self.partial_content, &mut config.partial_content),
            (self.concatenation, &mut config.concatenation),
            (self.echo, &mut config.echo),
        ];
        for (knob, setting) in switches {
            *setting = knob.map_or(*setting, |Switch(is_on)| is_on);
        }
        let texts = [
            (&self.operator, &mut config.operator),
            (&self.imei, &mut config.imei),
            (&self.imsi, &mut config.imsi),
            (&self.iccid, &mut config.iccid),
            (&self.model, &mut config.model),
        ];
        for (knob, setting) in texts {
            if let Some(text) = knob {
                setting.clone_from(text);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn knobs(object: Value) -> Result<Knobs, String> {
        let Value::Object(object) = object else { panic!("no object") };
        Knobs::from_object(object)
    }

    /// What the command line and a scenario make of the same.
    #[test]
    fn a_knob_is_written_the_same_way_everywhere() {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            knobs: Knobs,
        }
        for (name, text) in [
            ("sim", "puk"),
            ("registration", "denied"),
            ("registration-after", "1.5"),
            ("attach", "off"),
            ("signal", "5,1"),
            ("operator", "Nobody"),
            ("firmware", "R13"),
            ("without", "httphead,AT+FTPQUIT"),
            ("ssl", "off"),
            ("spaces", "off"),
            ("line-ends", "none-before-results"),
            ("lower-header-names", "on"),
            ("partial-content", "on"),
            ("concatenation", "off"),
            ("echo", "off"),
            ("latency", "0.5"),
            ("imei", "123"),
            ("start", "boot"),
        ] {
            let line = <Line as clap::Parser>::try_parse_from(["emulate", &format!("--{name}"), text]);
            let line = line.map(|line| line.knobs).map_err(|error| error.to_string()).unwrap();
            let object = knobs(json!({ name: text })).unwrap();
            assert_eq!(format!("{line:?}"), format!("{object:?}"), "{name}");
            let apply = |knobs: Knobs| {
                let mut config = Config::default();
                knobs.apply(&mut config).unwrap();
                format!("{config:?}")
            };
            let changed = apply(line);
            assert_eq!(changed, apply(object), "{name}");
            assert_ne!(changed, apply(Knobs::default()), "{name} changes nothing");
        }
    }

    #[test]
    fn a_module_that_is_not_told_otherwise_pauses_before_what_nobody_asked_for() {
        let gap = |object: Value| {
            let mut config = Config::default();
            knobs(object).unwrap().apply(&mut config).unwrap();
            config.timings.unsolicited.as_millis()
        };
        assert_eq!(
            [gap(json!({})), gap(json!({"latency": "realistic"})), gap(json!({"latency": "none"}))],
            [20, 20, 0]
        );
    }

    #[test]
    fn numbers_and_truth_values_are_what_their_texts_are() {
        let mut config = Config::default();
        knobs(json!({"signal": 7, "attach": false, "baud": 9600, "pin": 1234, "latency": 2}))
            .unwrap()
            .apply(&mut config)
            .unwrap();
        assert_eq!((config.signal, config.attach, config.rate), ((7, 0), false, 9600));
        assert_eq!(config.sim, Sim::PinRequired { pin: "1234".into() });
        assert_eq!(config.timings, Timings::realistic().scaled(2.0));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (object, why) in [
            (json!({"sim": "broken"}), "sim: unknown variant `broken`, expected one of `ready`"),
            (json!({"echo": "off", "signal": "loud"}), "signal: a signal is RSSI"),
            (json!({"colour": "red"}), "unknown field `colour`, expected one of `sim`"),
            (json!({"attach": 7}), "attach: it is on or off"),
            (json!({"latency": "slow"}), "latency: latency is realistic, none"),
            (json!({"firmware": "new"}), "firmware: firmware is written R13"),
            (json!({"without": "AT+A B"}), "without: `AT+A B` is no name"),
            (json!({"signal": [1, 2]}), "signal: invalid type: sequence, expected one value"),
        ] {
            let error = knobs(object.clone()).unwrap_err();
            assert!(error.contains(why), "{object}: {error}");
        }
        let error = knobs(json!({"sim": "pin"})).unwrap().apply(&mut Config::default()).unwrap_err();
        assert!(error.contains("give pin as well"), "{error}");
    }
}
