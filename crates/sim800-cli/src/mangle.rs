//! What goes wrong on purpose, octet by octet.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use fastrand::Rng;
use sim800_serial::Pace;
use sim800_session::Direction;

/// Nobody waits longer for an octet.
const LONGEST: Duration = Duration::from_secs(60);

/// Which faults a line has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mangle {
    faults: Vec<Fault>,
    /// The same octets meet the same faults.
    pub(crate) seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fault {
    kind: Kind,
    /// It meets one octet in so many; each, without a rate.
    one_in: u32,
    /// `None` for both.
    direction: Option<Direction>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Drop,
    Double,
    Damage,
    Delay(Duration),
}

impl Mangle {
    /// Whether octets may be late in `direction`.
    pub(crate) fn delays(&self, direction: Direction) -> bool {
        self.of(direction).any(|fault| matches!(fault.kind, Kind::Delay(_)))
    }

    fn of(&self, direction: Direction) -> impl Iterator<Item = &Fault> {
        self.faults.iter().filter(move |fault| fault.direction.is_none_or(|only| only == direction))
    }
}

/// `drop 1/20000, damage 1/50000 rx, delay 50ms tx, seed 7`
impl FromStr for Mangle {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (mut faults, mut seed) = (Vec::new(), None);
        for clause in text.split(',') {
            let mut words = clause.split_whitespace();
            match words.next() {
                None => return Err("a fault is missing between commas".to_owned()),
                Some("seed") => {
                    let number = words.next().and_then(|word| word.parse().ok());
                    let number = number.filter(|_| words.next().is_none());
                    seed = Some(number.ok_or_else(|| format!("{clause:?} is no seed; write seed 7"))?);
                }
                Some(name) => faults.push(fault(name, words)?),
            }
        }
        if faults.is_empty() {
            return Err("there is no fault in it; write one such as drop 1/20000".to_owned());
        }
        Ok(Self { faults, seed: seed.unwrap_or_else(|| fastrand::u64(..1_000_000)) })
    }
}

fn fault<'a>(name: &str, words: impl Iterator<Item = &'a str>) -> Result<Fault, String> {
    let (mut time, mut one_in, mut direction) = (None, None, None);
    for word in words {
        let is_new = match word {
            "tx" => direction.replace(Direction::Sent).is_none(),
            "rx" => direction.replace(Direction::Received).is_none(),
            _ if word.contains('/') => one_in.replace(rate(word)?).is_none(),
            _ if ["drop", "double", "damage"].contains(&name) => {
                return Err(format!("{word:?} is no rate; {name} 1/20000 meets one byte in so many"));
            }
            _ => time.replace(duration(word)?).is_none(),
        };
        if !is_new {
            return Err(format!("{word:?} is one too many; commas part faults"));
        }
    }
    let kind = match (name, time) {
        ("delay", Some(time)) => Kind::Delay(time),
        ("delay", None) => return Err("delay needs a time, as in delay 50ms".to_owned()),
        ("drop", None) => Kind::Drop,
        ("double", None) => Kind::Double,
        ("damage", None) => Kind::Damage,
        _ => return Err(format!("{name:?} is no fault; there are drop, double, damage and delay")),
    };
    match (kind, one_in) {
        (Kind::Delay(_), None) => Ok(Fault { kind, one_in: 1, direction }),
        (_, Some(one_in)) => Ok(Fault { kind, one_in, direction }),
        (_, None) => Err(format!("{name} needs a rate, as in {name} 1/20000: one byte in so many")),
    }
}

fn rate(word: &str) -> Result<u32, String> {
    let number = word.strip_prefix("1/").and_then(|number| number.parse().ok()).filter(|number| *number > 0);
    number.ok_or_else(|| format!("{word:?} is no rate; 1/20000 is one byte in so many"))
}

fn duration(word: &str) -> Result<Duration, String> {
    let time = match word.strip_suffix("ms") {
        Some(number) => number.parse().ok().map(Duration::from_millis),
        None => word.strip_suffix('s').and_then(|number| number.parse().ok()).map(Duration::from_secs),
    };
    let time = time.ok_or_else(|| format!("{word:?} is no time; write 50ms or 2s"))?;
    if time > LONGEST {
        return Err(format!("{word} is too long; {} s is the most", LONGEST.as_secs()));
    }
    Ok(time)
}

/// Octets that are on their way together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Piece {
    /// When they are to arrive.
    pub(crate) due: Duration,
    /// What the line is set to before.
    pub(crate) pace: Option<Pace>,
    pub(crate) octets: Vec<u8>,
    /// The same, secrets masked.
    pub(crate) shown: Vec<u8>,
}

/// A fault that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Injected {
    pub(crate) direction: Direction,
    /// How many octets had come in this direction before it.
    place: u64,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// The octets as they are shown.
    Dropped(u8),
    Doubled(u8),
    Damaged(u8, u8),
    Delayed(Duration),
}

/// `octet 1523 from the module is damaged: 'O' became 'K'`
impl fmt::Display for Injected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, what, direction } = self;
        let from = match direction {
            Direction::Sent => "to",
            Direction::Received => "from",
        };
        write!(f, "octet {place} {from} the module ")?;
        let shown = |octet: u8| format!("'{}'", octet.escape_ascii());
        match what {
            What::Dropped(octet) => write!(f, "is dropped: {}", shown(*octet)),
            What::Doubled(octet) => write!(f, "is doubled: {}", shown(*octet)),
            What::Damaged(octet, other) => {
                write!(f, "is damaged: {} became {}", shown(*octet), shown(*other))
            }
            What::Delayed(time) => write!(f, "is {} ms late", time.as_millis()),
        }
    }
}

/// Mangles one direction. The same octets meet the same faults, whenever they come and however they are cut.
#[derive(Debug)]
pub(crate) struct Mangler {
    direction: Direction,
    /// How late every octet is.
    latency: Duration,
    /// The other faults.
    faults: Vec<Fault>,
    random: Rng,
    /// How many octets have come.
    count: u64,
    /// Nothing overtakes what came before it.
    not_before: Duration,
}

impl Mangler {
    /// `None` where the direction has no faults.
    pub(crate) fn new(mangle: &Mangle, direction: Direction) -> Option<Self> {
        let (always, faults): (Vec<_>, Vec<_>) =
            mangle.of(direction).copied().partition(|fault| fault.one_in == 1 && fault.delay().is_some());
        if always.is_empty() && faults.is_empty() {
            return None;
        }
        let latency = always.iter().filter_map(Fault::delay).sum();
        let random = Rng::with_seed(match direction {
            Direction::Sent => mangle.seed,
            Direction::Received => !mangle.seed,
        });
        Some(Self { direction, latency, faults, random, count: 0, not_before: Duration::ZERO })
    }

    /// Appends to `pieces` what becomes of octets that came at `now`; the faults that met them.
    pub(crate) fn pass(
        &mut self,
        now: Duration,
        octets: &[u8],
        shown: &[u8],
        pieces: &mut VecDeque<Piece>,
    ) -> Vec<Injected> {
        let Self { direction, latency, faults, random, count, not_before } = self;
        let mut injected = Vec::new();
        let mut piece = Piece::default();
        for (octet, shown) in octets.iter().zip(shown) {
            let (mut octet, mut shown, mut times) = (*octet, *shown, 1_usize);
            let mut due = now.saturating_add(*latency).max(*not_before);
            for fault in faults.iter() {
                if random.u32(..fault.one_in) > 0 {
                    continue;
                }
                let what = match fault.kind {
                    Kind::Drop => {
                        times = 0;
                        What::Dropped(shown)
                    }
                    Kind::Double => {
                        times += 1;
                        What::Doubled(shown)
                    }
                    Kind::Damage => {
                        let before = shown;
                        let other = octet ^ random.u8(1..);
                        // What is masked stays so.
                        shown = if shown == octet { other } else { shown };
                        octet = other;
                        What::Damaged(before, shown)
                    }
                    Kind::Delay(time) => {
                        due = due.saturating_add(time);
                        What::Delayed(time)
                    }
                };
                injected.push(Injected { direction: *direction, place: *count, what });
            }
            *count += 1;
            *not_before = due;
            if piece.due != due && !piece.octets.is_empty() {
                pieces.push_back(std::mem::take(&mut piece));
            }
            piece.due = due;
            piece.octets.extend(std::iter::repeat_n(octet, times));
            piece.shown.extend(std::iter::repeat_n(shown, times));
        }
        if !piece.octets.is_empty() {
            pieces.push_back(piece);
        }
        injected
    }
}

impl Fault {
    fn delay(&self) -> Option<Duration> {
        match self.kind {
            Kind::Delay(time) => Some(time),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What arrives of octets that come a millisecond after one another, in pieces of `cut`; when the last of it does, and the faults.
    fn mangled(text: &str, octets: &[u8], cut: usize) -> (Vec<u8>, Duration, Vec<Injected>) {
        let mangle: Mangle = text.parse().unwrap();
        let Some(mut mangler) = Mangler::new(&mangle, Direction::Received) else {
            return (octets.to_vec(), Duration::ZERO, Vec::new());
        };
        let (mut pieces, mut injected) = (VecDeque::new(), Vec::new());
        for (n, octets) in octets.chunks(cut).enumerate() {
            let now = Duration::from_millis((n * cut) as u64);
            injected.extend(mangler.pass(now, octets, octets, &mut pieces));
        }
        assert!(pieces.iter().all(|piece| piece.octets == piece.shown));
        assert!(pieces.iter().zip(pieces.iter().skip(1)).all(|(one, next)| one.due <= next.due), "in order");
        let due = pieces.back().map_or(Duration::ZERO, |piece| piece.due);
        (pieces.into_iter().flat_map(|piece| piece.octets).collect(), due, injected)
    }

    fn octets(count: usize) -> Vec<u8> {
        (0..=u8::MAX).cycle().take(count).collect()
    }

    #[test]
    fn faults_are_as_frequent_as_was_asked_for() {
        let octets = octets(100_000);
        for (text, length) in [("drop 1/100", -1_i64), ("double 1/100", 1), ("damage 1/100", 0)] {
            let (passed, _, injected) = mangled(&format!("{text}, seed 7"), &octets, 1000);
            assert!((900..1100).contains(&injected.len()), "{text}: {}", injected.len());
            assert_eq!(passed.len() as i64 - octets.len() as i64, length * injected.len() as i64, "{text}");
            let differ = passed.iter().zip(&octets).filter(|(one, other)| one != other).count();
            if length == 0 {
                assert_eq!(differ, injected.len(), "what is damaged is another octet");
            }
        }
    }

    #[test]
    fn a_seed_is_a_course_however_octets_are_cut() {
        let octets = octets(5_000);
        let text = "drop 1/50, double 1/50, damage 1/50, seed 3";
        let whole = mangled(text, &octets, 5_000);
        for cut in [1, 7, 4_096] {
            let (passed, _, injected) = mangled(text, &octets, cut);
            assert_eq!((&passed, &injected), (&whole.0, &whole.2), "{cut}");
        }
        assert_ne!(mangled("drop 1/50, double 1/50, damage 1/50, seed 4", &octets, 5_000).0, whole.0);
    }

    #[test]
    fn each_direction_has_its_own_faults() {
        let (octets, mut pieces) = (octets(1_000), VecDeque::new());
        let mangle: Mangle = "drop 1/10 tx, seed 1".parse().unwrap();
        assert!(Mangler::new(&mangle, Direction::Received).is_none());
        let mut mangler = Mangler::new(&mangle, Direction::Sent).unwrap();
        assert!(!mangler.pass(Duration::ZERO, &octets, &octets, &mut pieces).is_empty());
        assert!(!mangle.delays(Direction::Sent));
        let mangle: Mangle = "delay 20ms rx".parse().unwrap();
        assert!(mangle.delays(Direction::Received) && !mangle.delays(Direction::Sent));
    }

    #[test]
    fn octets_are_late_in_order() {
        let octets = octets(1_000);
        let (passed, due, injected) = mangled("delay 50ms", &octets, 1);
        assert_eq!((passed, due, injected.len()), (octets.clone(), Duration::from_millis(999 + 50), 0));
        let (passed, due, injected) = mangled("delay 50ms, delay 2s 1/300, seed 2", &octets, 1);
        assert_eq!(passed, octets);
        assert!((1..10).contains(&injected.len()), "{injected:?}");
        assert!(due >= Duration::from_secs(2) * injected.len() as u32, "the line stands still each time");
    }

    #[test]
    fn a_secret_stays_masked_when_it_is_damaged() {
        let mangle: Mangle = "damage 1/1, seed 1".parse().unwrap();
        let mut mangler = Mangler::new(&mangle, Direction::Sent).unwrap();
        let mut pieces = VecDeque::new();
        let injected = mangler.pass(Duration::ZERO, b"A=sesame", b"A=******", &mut pieces);
        assert_eq!(&pieces[0].shown[2..], b"******");
        assert!(injected[4].to_string().ends_with("is damaged: '*' became '*'"), "{}", injected[4]);
        assert!(pieces[0].octets.iter().zip(b"A=sesame").all(|(one, other)| one != other));
    }

    #[test]
    fn what_is_no_list_of_faults_is_refused() {
        for (text, says) in [
            ("", "a fault is missing"),
            ("drop 1/10,", "a fault is missing"),
            ("seed 7", "there is no fault"),
            ("drop", "needs a rate"),
            ("drop 10", "no rate"),
            ("drop 1/0", "no rate"),
            ("drop 2/10", "no rate"),
            ("drop 1/10 5ms", "no rate"),
            ("drop 1/10 1/20", "one too many"),
            ("delay", "needs a time"),
            ("delay 50", "no time"),
            ("delay 61s", "too long"),
            ("lose 1/10", "no fault"),
            ("drop 1/10, seed x", "no seed"),
            ("drop 1/10, seed 1 2", "no seed"),
        ] {
            let error = text.parse::<Mangle>().unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
