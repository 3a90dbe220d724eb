//! Firmware by its name.

use std::fmt;
use std::str::FromStr;

use crate::config::Config;

/// The first release that speaks TLS (field reports).
const FIRST_WITH_TLS: u8 = 14;

/// A release of the firmware, such as R14.18: what [`Config::set_firmware`] makes a module of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Firmware {
    major: u8,
    minor: u8,
}

/// A name that is no firmware's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoFirmware;

impl fmt::Display for NoFirmware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("firmware is written R13, R14.18, or as AT+GMR tells it (1418B05SIM800L24)")
    }
}

impl std::error::Error for NoFirmware {}

impl FromStr for Firmware {
    type Err = NoFirmware;

    /// Takes the release (`R14.18`, `R13`), and the revision that begins with it (`1418B05SIM800L24`).
    fn from_str(name: &str) -> Result<Self, NoFirmware> {
        let number = |digits: &str| {
            let is_number = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_digit());
            digits.parse().ok().filter(|_| is_number).ok_or(NoFirmware)
        };
        if let Some(release) = name.strip_prefix(['R', 'r']) {
            let (major, minor) = release.split_once('.').unwrap_or((release, "08"));
            return Ok(Self { major: number(major)?, minor: number(minor)? });
        }
        match (name.get(..2), name.get(2..4), name.get(4..5)) {
            (Some(major), Some(minor), Some("B" | "b")) => {
                Ok(Self { major: number(major)?, minor: number(minor)? })
            }
            _ => Err(NoFirmware),
        }
    }
}

impl fmt::Display for Firmware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "R{:02}.{:02}", self.major, self.minor)
    }
}

impl Firmware {
    /// Whether it speaks TLS.
    #[must_use]
    pub const fn has_tls(self) -> bool {
        self.major >= FIRST_WITH_TLS
    }
}

impl Config {
    /// Makes the module one with this firmware: its revision, and whether it speaks TLS. How releases differ otherwise is known of
    /// none for certain; the other settings of this type hold what was seen somewhere.
    pub fn set_firmware(&mut self, firmware: Firmware) {
        self.revision = format!("{:02}{:02}B05SIM800L24", firmware.major, firmware.minor);
        self.ssl = firmware.has_tls();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_release_or_by_revision() {
        for (name, shown, has_tls) in [
            ("R13", "R13.08", false),
            ("r14.18", "R14.18", true),
            ("1418B05SIM800L24", "R14.18", true),
            ("1308B01SIM800H32", "R13.08", false),
        ] {
            let firmware: Firmware = name.parse().unwrap();
            assert_eq!((firmware.to_string().as_str(), firmware.has_tls()), (shown, has_tls), "{name}");
        }
        for wrong in ["", "R", "R1", "R14.", "R14.1", "R+1.18", "14.18", "1418", "14é8B05", "SIM800", "+1+8B"]
        {
            assert_eq!(wrong.parse::<Firmware>(), Err(NoFirmware), "{wrong}");
        }
        let mut config = Config::default();
        let revision = config.revision.clone();
        config.set_firmware("R14.18".parse().unwrap());
        assert_eq!((config.revision, config.ssl), (revision, true));
    }
}
