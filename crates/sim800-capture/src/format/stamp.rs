//! When something was noted, by a clock, as programs write it before a line.

use std::time::Duration;

const DAY: u64 = 24 * 60 * 60;

/// What a clock says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    /// Days since 1970, where a date is told.
    day: Option<u64>,
    /// Since midnight; where neither hours nor a date are told, since anything.
    time: Duration,
}

impl Stamp {
    /// The stamp that `text` begins with, brackets around it included, and what stands behind.
    ///
    /// `2026-11-29 13:31:58.357`, `2026/11/29 13:31:58`, `2026-11-29T13:31:58.357`, `13:31:58.357`, `1795959249.684149`.
    pub(super) fn parse(text: &[u8]) -> Option<(Self, &[u8])> {
        let is_bracketed = text.starts_with(b"[");
        let mut rest = if is_bracketed { text.get(1..)?.trim_ascii_start() } else { text };
        let mut day = None;
        if let Some((date, after)) = date(rest) {
            rest = after.strip_prefix(b"T").or_else(|| after.strip_prefix(b" "))?;
            day = Some(date);
        }
        let (time, mut rest) = clock(rest).or_else(|| seconds(rest).filter(|_| day.is_none()))?;
        if is_bracketed {
            rest = rest.strip_prefix(b"Z").unwrap_or(rest).strip_prefix(b"]")?;
        }
        Some((Self { day, time }, rest))
    }
}

/// `2026-11-29` or `2026/11/29`, in days since 1970.
fn date(text: &[u8]) -> Option<(u64, &[u8])> {
    let (year, rest) = digits(text, 4, 4)?;
    let (separator, rest) = rest.split_first().filter(|(separator, _)| b"-/".contains(separator))?;
    let (month, rest) = digits(rest, 2, 2)?;
    let (day, rest) = digits(rest.strip_prefix(&[*separator])?, 2, 2)?;
    // Days from March on, so that the leap day is the last of its year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year.checked_sub(1)?, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day;
    Some((days.checked_sub(719_469)?, rest))
}

/// `13:31:58` with or without a fraction.
fn clock(text: &[u8]) -> Option<(Duration, &[u8])> {
    let (hours, rest) = digits(text, 2, 2)?;
    let (minutes, rest) = digits(rest.strip_prefix(b":")?, 2, 2)?;
    let (seconds, rest) = digits(rest.strip_prefix(b":")?, 2, 2)?;
    if hours > 23 || minutes > 59 || seconds > 60 {
        return None;
    }
    let (fraction, rest) = fraction(rest).unwrap_or((Duration::ZERO, rest));
    Some((Duration::from_secs(hours * 3600 + minutes * 60 + seconds) + fraction, rest))
}

/// `1795959249.684149`; a number without a fraction may be anything.
fn seconds(text: &[u8]) -> Option<(Duration, &[u8])> {
    let (seconds, rest) = digits(text, 1, 12)?;
    let (fraction, rest) = fraction(rest)?;
    Some((Duration::from_secs(seconds) + fraction, rest))
}

/// `.684149` or `,684`: up to nine digits.
fn fraction(text: &[u8]) -> Option<(Duration, &[u8])> {
    let behind = text.strip_prefix(b".").or_else(|| text.strip_prefix(b","))?;
    let (value, rest) = digits(behind, 1, 9)?;
    let len = u32::try_from(behind.len() - rest.len()).ok()?;
    Some((Duration::from_nanos(value * 10_u64.pow(9 - len)), rest))
}

/// A number of so many digits, none of which follow.
fn digits(text: &[u8], min: usize, max: usize) -> Option<(u64, &[u8])> {
    let len = text.iter().position(|octet| !octet.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(len).filter(|_| (min..=max).contains(&len))?;
    Some((digits.iter().fold(0, |value, digit| value * 10 + u64::from(digit - b'0')), rest))
}

/// Makes times of stamps that come one after another.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// Midnights that passed, as far as no date tells.
    days: u64,
    last: Duration,
}

impl Clock {
    /// The time of a stamp since an epoch that is the same for all of a file.
    pub(super) fn time(&mut self, stamp: Stamp) -> Duration {
        let Stamp { day, time } = stamp;
        if day.is_none() && time + Duration::from_secs(DAY / 2) < self.last {
            self.days += 1;
        }
        self.last = time;
        Duration::from_secs(day.unwrap_or(self.days).saturating_mul(DAY)) + time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<(Option<u64>, f64, &str)> {
        let (stamp, rest) = Stamp::parse(text.as_bytes())?;
        Some((stamp.day, stamp.time.as_secs_f64(), std::str::from_utf8(rest).unwrap()))
    }

    #[test]
    fn stamps_are_read_as_programs_write_them() {
        assert_eq!(parse("13:46:58.916 -> OK"), Some((None, 49_618.916, " -> OK")));
        assert_eq!(parse("[13:32:06.831] OK"), Some((None, 48_726.831, " OK")));
        assert_eq!(parse("[2026-11-29T13:31:58.357] OK"), Some((Some(20786), 48_718.357, " OK")));
        assert_eq!(parse("[2026-11-29 13:33:06] AT"), Some((Some(20786), 48_786.0, " AT")));
        assert_eq!(
            parse("2026/11/29 13:31:09.000134328  length=3"),
            Some((Some(20786), 48_669.000_134_328, "  length=3"))
        );
        assert_eq!(parse("[   12.345678] OK"), Some((None, 12.345_678, " OK")));
        assert_eq!(parse("1795959249.684149 read("), Some((None, 1_795_959_249.684_149, " read(")));
        assert_eq!(parse("1970-01-01 00:00:00"), Some((Some(0), 0.0, "")));
        for text in [
            "",
            "OK",
            "12 OK",
            "[13:32:06 OK",
            "25:00:00 OK",
            "1:2:3",
            "+CSQ: 21,0",
            "1795959249",
            "2026-11-29",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn midnight_passes() {
        let mut clock = Clock::default();
        let mut time = |text: &str| clock.time(Stamp::parse(text.as_bytes()).unwrap().0).as_secs();
        assert_eq!(time("23:59:59"), DAY - 1);
        assert_eq!(time("00:00:01"), DAY + 1);
        assert_eq!(time("00:00:00"), DAY, "a clock that is set back a little is no midnight");
    }
}
