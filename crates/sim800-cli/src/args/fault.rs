//! How faults are written: `drop 3 after 10000`, `restart in 5`.

use std::num::NonZeroU32;
use std::str::{FromStr, SplitWhitespace};
use std::time::Duration;

use sim800_emulator::{Damage, Fault, FtpFailure, HttpFailure, PowerDown, When};

/// What is flipped of an octet: a letter stays one, in the other case.
const MASK: u8 = 0x20;

/// The most octets that are hit one behind the other.
const MOST: u64 = 1000;

/// The longest text of a fault.
const LONGEST: usize = 256;

/// All that can be said, for the help and for whoever mistyped.
pub(crate) const GRAMMAR: &str =
    "  drop|double|flip N after M     the N bytes behind the next M to the program
  drop|double|flip 1 in N [seed S]   bytes by chance, in both directions; the same for the same seed
  restart [quietly], silence, power-down [under-voltage|over-voltage], deact [CID|sockets]
  http CODE, ftp CODE            the next request or session ends so before it reaches its server
  hesitate SECS, short-read N, overrun N, announce DIGITS
                                 the next result code, read or count
  over                           nothing goes wrong any more
All but those of the first two lines may end in `after M`, bytes to the program, in `in SECS`, or in `at LINE`: each time when such a
command line comes, in which * stands for any characters and ? for one.";

/// One fault as it is written, which may be several to the module.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FaultText(pub(crate) Vec<Fault>);

impl FromStr for FaultText {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("a fault is said in {LONGEST} characters"));
        }
        let mut words = Words(text.split_whitespace());
        let faults = parse(&mut words).map_err(|what| format!("fault `{text}`: {what}"))?;
        match words.0.next() {
            None => Ok(Self(faults)),
            Some(word) => Err(format!("fault `{text}`: `{word}` is too much")),
        }
    }
}

struct Words<'a>(SplitWhitespace<'a>);

impl<'a> Words<'a> {
    fn next(&mut self, what: &str) -> Result<&'a str, String> {
        self.0.next().ok_or_else(|| format!("{what} is missing"))
    }

    fn number<T: FromStr>(&mut self, what: &str) -> Result<T, String> {
        let word = self.next(what)?;
        word.parse().map_err(|_| format!("`{word}` is not {what}"))
    }

    fn seconds(&mut self) -> Result<Duration, String> {
        let seconds = self.number("a number of seconds")?;
        Duration::try_from_secs_f64(seconds).map_err(|_| format!("{seconds} seconds cannot be"))
    }

    /// Takes the next word if it is this one.
    fn take(&mut self, word: &str) -> bool {
        let mut rest = self.0.clone();
        let is_next = rest.next() == Some(word);
        if is_next {
            self.0 = rest;
        }
        is_next
    }
}

fn parse(words: &mut Words<'_>) -> Result<Vec<Fault>, String> {
    let fault = match words.next("what goes wrong")? {
        "drop" => return damage(Damage::Drop, words),
        "double" => return damage(Damage::Duplicate, words),
        "flip" => return damage(Damage::Flip(MASK), words),
        "restart" => Fault::Restart { announced: !words.take("quietly") },
        "silence" => Fault::Silence,
        "power-down" if words.take("under-voltage") => Fault::PowerDown(PowerDown::UnderVoltage),
        "power-down" if words.take("over-voltage") => Fault::PowerDown(PowerDown::OverVoltage),
        "power-down" => Fault::PowerDown(PowerDown::Normal),
        "deact" if words.take("sockets") => Fault::ContextLost,
        "deact" => {
            let mut rest = words.0.clone();
            let cid = rest.next().and_then(|word| word.parse().ok());
            if cid.is_some() {
                words.0 = rest;
            }
            Fault::BearerLost { cid: cid.unwrap_or(1) }
        }
        "http" => Fault::Http(http_failure(words.number("a code from 600 to 606")?)?),
        "ftp" => Fault::Ftp(FtpFailure(words.number("a code such as 61")?)),
        "hesitate" => Fault::Hesitate { by: words.seconds()? },
        "short-read" => Fault::ShortRead { at_most: words.number("a number of bytes")? },
        "overrun" => Fault::Overrun { octets: words.number("a number of bytes")? },
        "announce" => Fault::Announce { count: words.next("a count")?.to_owned() },
        "over" => Fault::Over,
        other => return Err(format!("there is no `{other}`; there are:\n{GRAMMAR}")),
    };
    if words.take("at") {
        let line = words.next("a command line")?.to_owned();
        return Ok(vec![Fault::Flaw { line, fault: Box::new(fault) }]);
    }
    let when = if words.take("after") {
        Some(When::Octets(words.number("a number of bytes")?))
    } else if words.take("in") {
        Some(When::Time(words.seconds()?))
    } else {
        None
    };
    Ok(vec![match when {
        Some(when) => Fault::Later { when, fault: Box::new(fault) },
        None => fault,
    }])
}

/// `3 after 10000`, or `1 in 1000 seed 7`
fn damage(damage: Damage, words: &mut Words<'_>) -> Result<Vec<Fault>, String> {
    let count: u64 = words.number("a number of bytes")?;
    if words.take("after") {
        let after: u64 = words.number("a number of bytes")?;
        if count > MOST {
            return Err(format!("at most {MOST} bytes"));
        }
        let places = (0..count).map(|n| after.saturating_add(n));
        return Ok(places.map(|after| Fault::Damage { after, damage }).collect());
    }
    if count != 1 || !words.take("in") {
        return Err("say `N after M` or `1 in N`".to_owned());
    }
    let one_in: NonZeroU32 = words.number("a number of bytes, from 1 on")?;
    let seed = if words.take("seed") { words.number("a seed")? } else { 0 };
    Ok(vec![Fault::Interference { damage, one_in, seed }])
}

fn http_failure(code: u16) -> Result<HttpFailure, String> {
    use HttpFailure as F;
    [F::NotHttp, F::Network, F::TooLarge, F::Dns, F::Busy, F::SslSetup, F::SslAlert]
        .into_iter()
        .find(|failure| failure.code() == code)
        .ok_or_else(|| format!("{code} is no code of HTTP's, which are those from 600 to 606"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Fault {
        let FaultText(mut faults) = text.parse().unwrap();
        assert_eq!(faults.len(), 1, "{text}");
        faults.remove(0)
    }

    #[test]
    fn faults_are_what_they_say() {
        let places: Vec<_> = "drop 3 after 10000".parse::<FaultText>().unwrap().0;
        let at = |after| Fault::Damage { after, damage: Damage::Drop };
        assert_eq!(places, [at(10_000), at(10_001), at(10_002)]);
        let one_in = NonZeroU32::new(500).unwrap();
        let damage = Damage::Flip(MASK);
        assert_eq!(one("flip 1 in 500 seed 7"), Fault::Interference { damage, one_in, seed: 7 });
        assert_eq!(one("restart quietly"), Fault::Restart { announced: false });
        let restart = Box::new(Fault::Restart { announced: true });
        let when = When::Time(Duration::from_millis(1500));
        assert_eq!(one("restart in 1.5"), Fault::Later { when, fault: restart });
        let lost = Box::new(Fault::BearerLost { cid: 2 });
        assert_eq!(one("deact 2 after 99"), Fault::Later { when: When::Octets(99), fault: lost });
        assert_eq!(one("deact"), Fault::BearerLost { cid: 1 });
        assert_eq!(one("deact sockets"), Fault::ContextLost);
        let silence = Box::new(Fault::Silence);
        assert_eq!(
            one("silence at AT+FTPUN=*"),
            Fault::Flaw { line: "AT+FTPUN=*".to_owned(), fault: silence }
        );
        assert_eq!(one("http 603"), Fault::Http(HttpFailure::Dns));
        assert_eq!(one("power-down under-voltage"), Fault::PowerDown(PowerDown::UnderVoltage));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, why) in [
            ("", "what goes wrong is missing"),
            ("explode", "there is no `explode`"),
            ("drop", "a number of bytes is missing"),
            ("drop x", "`x` is not a number of bytes"),
            ("drop 3", "say `N after M` or `1 in N`"),
            ("drop 1 in 0", "`0` is not a number of bytes, from 1 on"),
            ("drop 5000 after 1", "at most 1000 bytes"),
            ("restart soon", "`soon` is too much"),
            ("restart in -1", "-1 seconds cannot be"),
            ("restart at", "a command line is missing"),
            ("http 404", "404 is no code of HTTP's"),
        ] {
            let error = text.parse::<FaultText>().unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
