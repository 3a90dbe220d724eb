//! The clock behind `AT+CCLK`: a date that was set, and the time since.

use std::time::Duration;

const SECONDS_PER_DAY: i64 = 86_400;

/// Seconds since 2000-01-01 at time zero, and the time zone, which is only repeated.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Clock {
    at_zero: i64,
    /// `+08`, in quarters of an hour.
    zone: String,
}

impl Default for Clock {
    /// What a module shows that was never told: 2004-01-01.
    fn default() -> Self {
        Self { at_zero: days(4, 1, 1) * SECONDS_PER_DAY, zone: "+00".into() }
    }
}

impl Clock {
    /// Sets it to `yy/MM/dd,hh:mm:ss±zz`.
    pub(crate) fn parse(text: &str, now: Duration) -> Option<Self> {
        let shape =
            |octet: (u8, u8)| if octet.1 == b'0' { octet.0.is_ascii_digit() } else { octet.0 == octet.1 };
        let octets = text.as_bytes();
        let sign = text.get(17..18).filter(|sign| matches!(*sign, "+" | "-"))?;
        if octets.len() != 20 || !octets.iter().copied().zip(*b"00/00/00,00:00:00").all(shape) {
            return None;
        }
        let number = |at: usize, range: std::ops::RangeInclusive<i64>| {
            text.get(at..at + 2)?.parse().ok().filter(|number| range.contains(number))
        };
        let day = days(number(0, 0..=99)?, number(3, 1..=12)?, number(6, 1..=31)?);
        let seconds = number(9, 0..=23)? * 3600 + number(12, 0..=59)? * 60 + number(15, 0..=59)?;
        let zone = number(18, 0..=48)?;
        let at_zero = day * SECONDS_PER_DAY + seconds - i64::try_from(now.as_secs()).ok()?;
        Some(Self { at_zero, zone: format!("{sign}{zone:02}") })
    }

    /// Set by the network: seconds since 2000 in UTC, and how many quarters of an hour the zone is ahead.
    pub(crate) fn at(seconds: u64, zone: u32, now: Duration) -> Self {
        let local = seconds.saturating_add(u64::from(zone) * 900).saturating_sub(now.as_secs());
        Self { at_zero: i64::try_from(local).unwrap_or_default(), zone: format!("+{zone:02}") }
    }

    pub(crate) fn show(&self, now: Duration) -> String {
        let seconds = self.at_zero.saturating_add_unsigned(now.as_secs());
        let (year, month, day) = date(seconds.div_euclid(SECONDS_PER_DAY));
        let rest = seconds.rem_euclid(SECONDS_PER_DAY);
        let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
        let zone = &self.zone;
        format!("{:02}/{month:02}/{day:02},{hour:02}:{minute:02}:{second:02}{zone}", year.rem_euclid(100))
    }
}

/// Days from 2000-01-01 to a date in years counted from 2000, which is in March-based years of 365.2425 days.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    // 306 days lie between the first of March and the end of December.
    year * 365 + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (month * 153 + 2) / 5
        + day
        - 1
        + 60
}

/// The opposite of [`days`].
fn date(days: i64) -> (i64, i64, i64) {
    let days = days - 60;
    let era = days.div_euclid(146_097);
    let day = days.rem_euclid(146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    (year + era * 400, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_the_century() {
        assert_eq!(days(0, 1, 1), 0);
        assert_eq!(days(1, 1, 1), 366);
        for day in 0..36_525 {
            let (year, month, of_month) = date(day);
            assert_eq!(days(year, month, of_month), day);
        }
    }

    #[test]
    fn ticks() {
        let second = Duration::from_secs(1);
        assert_eq!(Clock::default().show(second), "04/01/01,00:00:01+00");
        let clock = Clock::parse("24/02/28,23:59:59+08", 10 * second);
        assert_eq!(clock.map(|clock| clock.show(11 * second)), Some("24/02/29,00:00:00+08".into()));
        let of_network = Clock::at(u64::try_from(days(24, 2, 28)).unwrap() * 86_400, 8, second);
        assert_eq!(of_network.show(2 * second), "24/02/28,02:00:01+08");
        for wrong in
            ["24/02/28,23:59:59", "24/13/28,23:59:59+08", "24/02/28 23:59:59+08", "é4/02/28,23:59:59+0", ""]
        {
            assert_eq!(Clock::parse(wrong, second), None);
        }
    }
}
