//! A point in time, as users give it.

use std::fs;
use std::time::{Duration, SystemTime};

use chrono::{NaiveDate, NaiveDateTime};

/// How long ago (`90m`, `12h`, `7d`), a date and time in UTC (`2026-11-05`, `2026-11-05T13:46`), or when a file was changed.
pub(super) fn parse(text: &str) -> Result<SystemTime, &'static str> {
    let wrong = "write an age (90m, 12h, 7d), a date in UTC (2026-11-05 or 2026-11-05T13:46), or the name of a file that is there";
    if let Some(age) = age(text) {
        return SystemTime::now().checked_sub(age).ok_or(wrong);
    }
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().and_then(|date| date.and_hms_opt(0, 0, 0));
    let time = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"].into_iter();
    let mut time = time.filter_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    if let Some(time) = date.or_else(|| time.next()) {
        return Ok(time.and_utc().into());
    }
    fs::metadata(text).and_then(|file| file.modified()).map_err(|_| wrong)
}

/// A number and its unit.
fn age(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    number.parse::<u32>().ok().map(|number| Duration::from_secs(u64::from(number) * seconds))
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn a_time_is_a_date_an_age_or_that_of_a_file() {
        let seconds = |text| parse(text).unwrap().duration_since(UNIX_EPOCH).unwrap().as_secs();
        assert_eq!(seconds("2026-11-05T13:46:40"), 1_793_886_400);
        assert_eq!(seconds("2026-11-05T13:46"), 1_793_886_360);
        assert_eq!(seconds("2026-11-05"), 1_793_836_800);
        assert_eq!(
            [age("90m"), age("2d"), age("d"), age("7")],
            [Some(Duration::from_secs(5_400)), Some(Duration::from_secs(172_800)), None, None]
        );
        let folder = tempfile::tempdir().unwrap();
        assert!(parse(folder.path().to_str().unwrap()).is_ok());
        assert!(parse("yesterday").is_err());
    }
}
