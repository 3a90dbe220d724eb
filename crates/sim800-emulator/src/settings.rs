//! Settings that are kept and read back, one line each; what one of them means to others is looked up here by its name.

use sim800_command::Form;

use crate::board::{Board, Outcome, Step};
use crate::refusal::{Cme, Refusal};
use crate::syntax::Command;

/// How long a setting lasts (manual: "parameter saving mode").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// `AT&W` stores it; `ATZ` and a restart bring back what it stored, `AT&F` the default.
    Profile,
    /// `AT&W` stores it, but `ATZ` and `AT&F` leave the serial port alone.
    Port,
    /// It is stored as soon as it is set.
    Always,
    /// It is as at first after each restart.
    Never,
    /// As `Never`, unless `AT+CIPSCONT` has stored it.
    Context,
}

/// One parameter.
enum Value {
    Number { least: u32, most: u32, default: u32 },
    Text { default: &'static str },
}

/// How the values are shown and written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// `+CLVL: 60`
    Plain,
    /// Behind the values stands what nobody can set: `+CLIP: 0,1`.
    Tail(&'static str),
    /// A value per channel: `+CMIC: (0,10),(1,10)`, written as `<channel>,<value>`, or `<value>` for the first.
    Channels,
}

/// One setting.
struct Setting {
    name: &'static str,
    keep: Keep,
    values: &'static [Value],
    shape: Shape,
    /// What the test form tells, where it does not follow from the values.
    test: Option<&'static str>,
}

const fn setting(name: &'static str, keep: Keep, values: &'static [Value]) -> Setting {
    Setting { name, keep, values, shape: Shape::Plain, test: None }
}

const fn n(least: u32, most: u32, default: u32) -> Value {
    Value::Number { least, most, default }
}

const fn text(default: &'static str) -> Value {
    Value::Text { default }
}

impl Setting {
    const fn test(self, test: &'static str) -> Self {
        Self { test: Some(test), ..self }
    }

    const fn shape(self, shape: Shape) -> Self {
        Self { shape, ..self }
    }
}

const SETTINGS: &[Setting] = &[
    // The module (manual chapters 2, 6).
    setting("+CLTS", Keep::Profile, &[n(0, 1, 0)]),
    setting("+CIURC", Keep::Profile, &[n(0, 1, 1)]),
    setting("+CFGRI", Keep::Profile, &[n(0, 2, 0)]),
    setting("+CSCLK", Keep::Port, &[n(0, 2, 0)]),
    // 255: the format has no parity.
    setting("+ICF", Keep::Port, &[n(1, 6, 3), n(0, 255, 255)]).test("(1-6),(0-3)"),
    setting("+CBATCHK", Keep::Profile, &[n(0, 1, 1)]),
    setting("+CNETLIGHT", Keep::Profile, &[n(0, 1, 1)]),
    setting("+CSGS", Keep::Profile, &[n(0, 2, 1)]),
    setting("+CSMINS", Keep::Profile, &[n(0, 1, 0)]),
    setting("+CMTE", Keep::Profile, &[n(0, 1, 0)]).shape(Shape::Tail(",27.15")),
    setting("+SLEDS", Keep::Profile, &[n(1, 3, 1), n(0, 65_535, 64), n(0, 65_535, 800)]),
    setting("+CANT", Keep::Profile, &[n(0, 1, 0), n(0, 3, 0), n(0, 3600, 10)]),
    setting("+DDET", Keep::Profile, &[n(0, 1, 0), n(0, 10_000, 0), n(0, 1, 0), n(0, 1, 0)]),
    setting("+EXUNSOL", Keep::Profile, &[text("SQ"), n(0, 1, 0)]).test("(\"SQ\",\"FN\",\"MW\",\"UR\",\"BC\",\"BM\",\"SM\",\"CC\"),(0,1)"),
    setting("+CBAND", Keep::Always, &[text("ALL_BAND")]).test(
        "(EGSM_MODE,PGSM_MODE,DCS_MODE,GSM850_MODE,PCS_MODE,EGSM_DCS_MODE,GSM850_PCS_MODE,EGSM_PCS_MODE,ALL_BAND)",
    ),
    setting("+CBUZZERRING", Keep::Profile, &[n(0, 1, 0)]),
    setting("+MORING", Keep::Profile, &[n(0, 1, 0)]),
    setting("+CALS", Keep::Profile, &[n(0, 19, 1)]),
    setting("+CDSCB", Keep::Never, &[n(0, 1, 0)]),
    setting("+CROAMING", Keep::Never, &[n(0, 2, 0)]),
    setting("+CSDT", Keep::Profile, &[n(0, 1, 0)]),
    setting("+CCPD", Keep::Profile, &[n(0, 1, 1)]),
    setting("+CDRIND", Keep::Never, &[n(0, 1, 0)]),
    // Whether and whom it answers that asks for an echo (manual chapter 10): nobody does.
    setting("+CIPBEIPING", Keep::Never, &[n(0, 1, 0)]),
    setting("+CIPCTL", Keep::Always, &[n(0, 2, 1)]),
    // Files are read and written as they are.
    setting("+FSHEX", Keep::Profile, &[n(0, 0, 0)]),
    setting("+FSEXT", Keep::Profile, &[n(0, 0, 0)]),
    // Switches of V.250.
    setting("X", Keep::Profile, &[n(0, 4, 4)]),
    setting("&C", Keep::Profile, &[n(0, 1, 1)]),
    setting("&D", Keep::Profile, &[n(0, 2, 1)]),
    // Calls and sound (manual chapters 2, 3, 6).
    setting("+CLIP", Keep::Never, &[n(0, 1, 0)]).shape(Shape::Tail(",1")),
    setting("+CLIR", Keep::Never, &[n(0, 2, 0)]).shape(Shape::Tail(",4")),
    setting("+COLP", Keep::Never, &[n(0, 1, 0)]).shape(Shape::Tail(",1")),
    setting("+CR", Keep::Never, &[n(0, 1, 0)]),
    setting("+CRC", Keep::Never, &[n(0, 1, 0)]),
    setting("+CCWA", Keep::Never, &[n(0, 1, 0)]),
    setting("+CSSN", Keep::Never, &[n(0, 1, 0), n(0, 1, 0)]),
    setting("+CSTA", Keep::Never, &[n(129, 161, 129)]).test("(129,145,161)"),
    setting("+CMOD", Keep::Never, &[n(0, 0, 0)]),
    setting("+CRSL", Keep::Always, &[n(0, 100, 45)]),
    setting("+CLVL", Keep::Always, &[n(0, 100, 60)]),
    setting("+CMIC", Keep::Always, &[n(0, 15, 10), n(0, 15, 11), n(0, 15, 10), n(0, 15, 10)])
        .shape(Shape::Channels)
        .test("(0-3),(0-15)"),
    setting("+CHF", Keep::Profile, &[n(0, 1, 0)]).shape(Shape::Tail(",0")),
    setting("+CAAS", Keep::Profile, &[n(0, 2, 1)]),
    setting("+CSNS", Keep::Profile, &[n(0, 4, 0)]).test("(0,2,4)"),
    setting("+CBST", Keep::Profile, &[n(0, 75, 7), n(0, 4, 0), n(0, 3, 1)]),
    setting("+CRLP", Keep::Profile, &[n(0, 61, 61), n(0, 61, 61), n(44, 255, 48), n(1, 255, 6)])
        .shape(Shape::Tail(",7"))
        .test("(0-61),(0-61),(44-255),(1-255),(7)"),
    setting("+CEER", Keep::Never, &[n(0, 1, 0)]),
    setting("+CCWE", Keep::Never, &[n(0, 1, 0)]),
    setting("+CMUT", Keep::Never, &[n(0, 1, 0)]),
    setting("+CALM", Keep::Never, &[n(0, 1, 0)]),
    setting("+CHFA", Keep::Never, &[n(0, 4, 0)]).test(
        "(0=NORMAL_AUDIO,1=AUX_AUDIO,2=HANDFREE_AUDIO,3=AUX_HANDFREE_AUDIO,4=PCM_AUDIO)",
    ),
    setting("+ECHO", Keep::Never, &[n(0, 1, 0), n(0, 65_535, 0), n(0, 65_535, 0), n(0, 65_535, 0), n(0, 65_535, 0), n(0, 1, 0)]),
    setting("+SIDET", Keep::Always, &[n(0, 3, 0), n(0, 65_535, 0)]),
    setting("+SVR", Keep::Profile, &[n(0, 19, 16)]),
    setting("+VTD", Keep::Profile, &[n(1, 255, 1)]),
    setting("+GSMBUSY", Keep::Never, &[n(0, 2, 0)]),
    // Short messages (manual chapter 4).
    setting("+CNMI", Keep::Profile, &[n(0, 3, 2), n(0, 3, 1), n(0, 3, 0), n(0, 2, 0), n(0, 1, 0)])
        .test("(0-3),(0-3),(0,2),(0-2),(0,1)"),
    setting("+CMGF", Keep::Profile, &[n(0, 1, 0)]),
    setting("+CSCS", Keep::Profile, &[text("IRA")])
        .test("(\"IRA\",\"GSM\",\"UCS2\",\"HEX\",\"PCCP\",\"PCDN\",\"8859-1\")"),
    setting("+CSDH", Keep::Never, &[n(0, 1, 0)]),
    setting("+CMGHEX", Keep::Never, &[n(0, 1, 0)]),
    setting("+CSCA", Keep::Always, &[text("+491710760000"), n(0, 255, 145)]).test(""),
    setting("+CSMP", Keep::Always, &[n(0, 255, 17), n(0, 255, 167), n(0, 255, 0), n(0, 255, 0)]).test(""),
    setting("+CSMS", Keep::Never, &[n(0, 1, 0)]).shape(Shape::Tail(",1,1,1")),
    setting("+CSCB", Keep::Always, &[n(0, 1, 0), text(""), text("")]).test("(0,1)"),
    setting("+CGSMS", Keep::Always, &[n(0, 3, 1)]),
    setting("+CCODE", Keep::Never, &[n(0, 1, 0)]),
    setting("+CMMS", Keep::Never, &[n(0, 2, 0)]),
    // Time from the network (drivers; SIMCom's note on it was not to be had).
    // 0 stops it (driver).
    setting("+CNTPCID", Keep::Never, &[n(0, 3, 1)]),
    setting("+CNTP", Keep::Never, &[text(""), n(0, 96, 0)]).test(""),
    // Sockets (manual chapter 8).
    setting("+CIPMUX", Keep::Context, &[n(0, 1, 0)]),
    setting("+CIPHEAD", Keep::Context, &[n(0, 1, 0)]),
    setting("+CIPSHOWTP", Keep::Context, &[n(0, 1, 0)]),
    setting("+CIPSRIP", Keep::Context, &[n(0, 1, 0)]),
    setting("+CIPATS", Keep::Context, &[n(0, 1, 0), n(1, 100, 1)]),
    setting("+CIPSPRT", Keep::Context, &[n(0, 2, 1)]),
    setting("+CIPQSEND", Keep::Context, &[n(0, 1, 0)]),
    setting("+CIPMODE", Keep::Context, &[n(0, 1, 0)]).test("(0-NORMAL MODE,1-TRANSPARENT MODE)"),
    setting(
        "+CIPCCFG",
        Keep::Context,
        &[n(3, 8, 5), n(1, 10, 2), n(1, 1460, 1024), n(0, 1, 1), n(0, 1, 0), n(50, 1460, 1460), n(20, 1000, 50)],
    )
    .test("(NmRetry:3-8),(WaitTm:1-10),(SendSz:1-1460),(esc:0,1),(Rxmode:0,1),(RxSize:50-1460),(Rxtimer:20-1000)"),
    setting("+CIPDPDP", Keep::Context, &[n(0, 1, 1), n(1, 180, 10), n(1, 10, 3)]),
    setting("+CIPRDTIMER", Keep::Context, &[n(100, 4000, 2000), n(100, 7000, 3500)]),
    setting("+CIPRXGET", Keep::Context, &[n(0, 1, 0)]).test("(0-4),(0-5),(1-1460)"),
    setting("+CIPSGTXT", Keep::Never, &[n(0, 1, 0)]),
    setting("+CIPTKA", Keep::Never, &[n(0, 1, 1), n(30, 7200, 7200), n(30, 600, 75), n(1, 9, 9)]),
    setting("+CIPUDPMODE", Keep::Never, &[n(0, 2, 0)]),
    setting("+CIPSSL", Keep::Never, &[n(0, 1, 0)]).test("(0-1)"),
    setting("+CDNSORIP", Keep::Never, &[n(0, 1, 0)]),
    setting("+CIPSMUX", Keep::Never, &[n(0, 1, 0)]),
    // What the network grants (27.007 10.1).
    setting("+CGCLASS", Keep::Never, &[text("B")]).test("(\"B\",\"CG\",\"CC\")"),
    setting("+CGAUTO", Keep::Never, &[n(0, 3, 3)]),
    setting("+CGEREP", Keep::Never, &[n(0, 1, 0)]),
];

/// The longest value that is kept.
const LONGEST: usize = 64;

/// The values of all settings.
#[derive(Clone)]
pub(crate) struct Settings {
    values: Vec<Vec<String>>,
}

impl Settings {
    pub(crate) fn factory() -> Self {
        let default = |value: &Value| match value {
            Value::Number { default, .. } => default.to_string(),
            Value::Text { default } => (*default).to_owned(),
        };
        Self { values: SETTINGS.iter().map(|setting| setting.values.iter().map(default).collect()).collect() }
    }

    /// Takes over the values that are kept this way.
    pub(crate) fn load(&mut self, other: &Self, keep: Keep) {
        for ((setting, values), others) in SETTINGS.iter().zip(&mut self.values).zip(&other.values) {
            if setting.keep == keep {
                values.clone_from(others);
            }
        }
    }

    fn position(name: &str) -> Option<usize> {
        SETTINGS.iter().position(|setting| setting.name == name)
    }

    /// A value; empty if there is none.
    pub(crate) fn text(&self, name: &str, index: usize) -> &str {
        let values = Self::position(name).and_then(|position| self.values.get(position));
        values.and_then(|values| values.get(index)).map_or("", String::as_str)
    }

    /// A number.
    pub(crate) fn number(&self, name: &str, index: usize) -> u32 {
        self.text(name, index).parse().unwrap_or_default()
    }

    /// Whether a switch is on.
    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.number(name, 0) != 0
    }

    /// Sets a value without asking whether it may be.
    pub(crate) fn set(&mut self, name: &str, index: usize, value: &str) {
        let values = Self::position(name).and_then(|position| self.values.get_mut(position));
        if let Some(to) = values.and_then(|values| values.get_mut(index)) {
            value.clone_into(to);
        }
    }

    /// What the read form of a setting tells; empty if there is no such setting.
    pub(crate) fn show(&self, name: &str) -> String {
        self.entry(name).map_or_else(String::new, |(setting, values)| setting.show(values))
    }

    /// Its values alone, as `AT&V` has them; empty if there is no such setting.
    pub(crate) fn values(&self, name: &str) -> String {
        self.entry(name).map_or_else(String::new, |(setting, values)| setting.shown(values).join(","))
    }

    fn entry(&self, name: &str) -> Option<(&'static Setting, &Vec<String>)> {
        let position = Self::position(name)?;
        Some((SETTINGS.get(position)?, self.values.get(position)?))
    }

    /// Carries out the command, if it is one of a setting.
    pub(crate) fn command(&mut self, command: &Command, board: &mut Board) -> Option<Outcome> {
        let position = Self::position(&command.name)?;
        let (setting, values) = (SETTINGS.get(position)?, self.values.get_mut(position)?);
        Some(setting.command(values, command, board))
    }
}

impl Setting {
    fn command(&self, values: &mut [String], command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => {
                let test = self.ranges();
                if !test.is_empty() {
                    board.output.information(&format!("{}: {test}", self.name));
                }
            }
            Form::Read => board.output.information(&self.show(values)),
            Form::Write => self.write(values, command)?,
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    fn write(&self, values: &mut [String], command: &Command) -> Result<(), Refusal> {
        let parameters = command.parameters();
        let channels = self.shape == Shape::Channels;
        parameters.expect(1..=if channels { 2 } else { values.len() })?;
        if (0..parameters.len()).all(|index| parameters.octets(index).is_empty()) {
            return Err(Cme::TooFewParameters.into());
        }
        let mut changed = values.to_vec();
        for (index, (value, kind)) in changed.iter_mut().zip(self.values).enumerate() {
            let at = match (channels, parameters.len()) {
                (false, _) => index,
                (true, 1) if index == 0 => 0,
                (true, 2) if index == parameters.number(0, 0..=values.len() - 1)? => 1,
                _ => continue,
            };
            if parameters.octets(at).is_empty() {
                continue;
            }
            *value = match kind {
                Value::Number { least, most, .. } => parameters.number(at, *least..=*most)?.to_string(),
                Value::Text { .. } => parameters.text(at, LONGEST)?.to_owned(),
            };
        }
        values.clone_from_slice(&changed);
        Ok(())
    }

    /// The values as they are shown.
    fn shown(&self, values: &[String]) -> Vec<String> {
        let shown = self.values.iter().zip(values).enumerate().map(|(index, (kind, value))| match kind {
            // The names of bands stand bare.
            Value::Text { .. } if self.name != "+CBAND" && self.name != "+CGCLASS" => format!("\"{value}\""),
            _ if self.shape == Shape::Channels => format!("({index},{value})"),
            _ => value.clone(),
        });
        shown.collect()
    }

    fn show(&self, values: &[String]) -> String {
        let tail = if let Shape::Tail(tail) = self.shape { tail } else { "" };
        format!("{}: {}{tail}", self.name, self.shown(values).join(","))
    }

    fn ranges(&self) -> String {
        if let Some(test) = self.test {
            return test.into();
        }
        let range = |value: &Value| match value {
            Value::Number { least, most, .. } if least == most => format!("({least})"),
            Value::Number { least, most, .. } if least + 1 == *most => format!("({least},{most})"),
            Value::Number { least, most, .. } => format!("({least}-{most})"),
            Value::Text { .. } => String::new(),
        };
        self.values.iter().map(range).collect::<Vec<_>>().join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_in_its_range_and_every_name_stands_once() {
        for (position, setting) in SETTINGS.iter().enumerate() {
            assert_eq!(Settings::position(setting.name), Some(position), "{} is there twice", setting.name);
            for value in setting.values {
                if let Value::Number { least, most, default } = value {
                    assert!(least <= default && default <= most, "{}", setting.name);
                }
            }
        }
    }

    #[test]
    fn each_is_loaded_by_what_keeps_it() {
        let (factory, mut settings) = (Settings::factory(), Settings::factory());
        let names = ["+CNETLIGHT", "+CLVL", "+CHFA", "+CIPHEAD"];
        for name in names {
            settings.set(name, 0, "7");
        }
        settings.load(&factory, Keep::Profile);
        assert_eq!(names.map(|name| settings.number(name, 0)), [1, 7, 7, 7]);
        settings.load(&factory, Keep::Never);
        assert_eq!(names.map(|name| settings.number(name, 0)), [1, 7, 0, 7]);
        settings.load(&factory, Keep::Context);
        assert_eq!(names.map(|name| settings.number(name, 0)), [1, 7, 0, 0]);
    }
}
