//! Where the module is, by the network (manual V1.10, chapter 13; later ones leave it out).

use crate::bearer::Cid;
use crate::{HttpStatus, Information, Line, Value, Values, time_limit};

commands! {
    CipGsmLoc "manual V1.10" {
        /// Asks a server on the network where the module is, and for the time. It needs an open bearer.
        Write CipGsmLoc = 1 {
            /// The bearer profile.
            cid: Cid,
        }
        -> Result<Location, HttpStatus>,
        within |_| time_limit::LOCATION;
        /// Asks a server on the network for the time. It needs an open bearer.
        Write CipGsmLocTime = 2 {
            /// The bearer profile.
            cid: Cid,
        }
        -> Result<UtcTime, HttpStatus>,
        within |_| time_limit::LOCATION;
        test CipGsmLoc;
    }
}

/// Where the module is, as the server knows it from the cell, and when that was.
///
/// Where there is none, the module tells why by the numbers of its HTTP service, as an [`HttpStatus`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Location {
    /// Degrees east, in millionths; the module prints it first.
    pub longitude: i32,
    /// Degrees north, in millionths.
    pub latitude: i32,
    /// The server's time.
    pub time: UtcTime,
}

/// A date and a time, without a time zone (UTC).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub struct UtcTime {
    /// Year, all of it.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month, from 1.
    pub day: u8,
    /// Hour, 0 to 23.
    pub hour: u8,
    /// Minute.
    pub minute: u8,
    /// Second.
    pub second: u8,
}

impl<'a> Information<'a> for Result<Location, HttpStatus> {
    const SHAPE: &'static str = "0,<longitude>,<latitude>,<date>,<time>, or a code alone";
    const VALUES: &'static [(&'static str, &'static str)] = &[
        ("longitude", "in degrees, positive to the east"),
        ("latitude", "in degrees, positive to the north"),
        ("date", "year/month/day"),
        ("time", "hour:minute:second, UTC"),
    ];

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        decode(lines, |values| {
            let longitude = millionths(values.next()?, 180)?;
            let latitude = millionths(values.next()?, 90)?;
            Some(Location { longitude, latitude, time: time(values)? })
        })
    }
}

impl<'a> Information<'a> for Result<UtcTime, HttpStatus> {
    const SHAPE: &'static str = "0,<date>,<time>, or a code alone";
    const VALUES: &'static [(&'static str, &'static str)] =
        &[("date", "year/month/day"), ("time", "hour:minute:second, UTC")];

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        decode(lines, time)
    }
}

/// What stands behind code 0, up to the end of the line; any other code stands alone.
fn decode<'a, T>(
    lines: &[Line<'a>],
    found: impl FnOnce(&mut Values<'a>) -> Option<T>,
) -> Option<Result<T, HttpStatus>> {
    let mut values = lines.first()?.values();
    let said = match values.next_number()? {
        0 => Ok(found(&mut values)?),
        code => Err(HttpStatus(code)),
    };
    values.next().is_none().then_some(said)
}

/// `-74.007729`, up to `most` degrees either way; digits behind the sixth are dropped.
fn millionths(value: Value<'_>, most: u32) -> Option<i32> {
    const UNIT: u32 = 1_000_000;
    let (is_negative, whole, fraction) = match value {
        Value::Number(whole) => (false, u32::try_from(whole).ok()?, 0),
        _ => {
            let text = value.text()?;
            let (is_negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
            let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
            let places = fraction.bytes().chain(core::iter::repeat(b'0'));
            let fraction = places.take(6).try_fold(0, |sum, place| Some(sum * 10 + digit(place)?))?;
            (is_negative, digits(whole)?, fraction)
        }
    };
    let size = whole.checked_mul(UNIT)?.checked_add(fraction).filter(|size| *size <= most * UNIT)?;
    let size = i32::try_from(size).ok()?;
    Some(if is_negative { -size } else { size })
}

/// `2015/10/15,19:24:55`
fn time(values: &mut Values<'_>) -> Option<UtcTime> {
    let [year, month, day] = triple(values.next()?, '/')?;
    let [hour, minute, second] = triple(values.next()?, ':')?;
    let part =
        |number: u32, first, last| u8::try_from(number).ok().filter(|number| (first..=last).contains(number));
    Some(UtcTime {
        year: year.try_into().ok()?,
        month: part(month, 1, 12)?,
        day: part(day, 1, 31)?,
        hour: part(hour, 0, 23)?,
        minute: part(minute, 0, 59)?,
        // A leap second is the 61st.
        second: part(second, 0, 60)?,
    })
}

/// Three numbers with this between them.
fn triple(value: Value<'_>, between: char) -> Option<[u32; 3]> {
    let mut parts = value.text()?.split(between);
    let three = [digits(parts.next()?)?, digits(parts.next()?)?, digits(parts.next()?)?];
    parts.next().is_none().then_some(three)
}

/// Digits and nothing else, no sign either.
fn digits(text: &str) -> Option<u32> {
    if text.bytes().all(|octet| octet.is_ascii_digit()) { text.parse().ok() } else { None }
}

fn digit(octet: u8) -> Option<u32> {
    char::from(octet).to_digit(10)
}
