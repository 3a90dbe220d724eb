//! Values that may stand in a command line: what every parameter can do, and numbers.

use core::fmt;

use crate::{Domain, Encoder, InvalidValue, Value, Values, Word};

/// A type whose every value may stand in a command line.
pub trait Parameter<'a>: Sized {
    /// What the type allows, for documentation and tests.
    const DOMAIN: Domain;

    /// Whether it may be left out.
    const OPTIONAL: bool = false;

    /// Writes it.
    fn encode(&self, line: &mut Encoder<'_>);

    /// Reads it off the front of `values`; `None` if something else stands there.
    fn decode(values: &mut Values<'a>) -> Option<Self>;
}

/// A number from `MIN` to `MAX`, both included.
///
/// ```
/// use sim800_command::{InvalidValue, Number};
///
/// let port = Number::<1, 65_535>::new(21)?;
/// assert_eq!(port.get(), 21);
/// let error = Number::<1, 65_535>::new(0).unwrap_err();
/// assert_eq!(error.to_string(), "0 is not in the range 1 to 65535");
/// # Ok::<(), InvalidValue>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number<const MIN: u32, const MAX: u32>(u32);

impl<const MIN: u32, const MAX: u32> Number<MIN, MAX> {
    /// The smallest.
    pub const MIN: Self = Self(MIN);

    /// The largest.
    pub const MAX: Self = Self(MAX);

    /// Checks `value`.
    ///
    /// # Errors
    ///
    /// [`InvalidValue::OutOfRange`].
    pub const fn new(value: u32) -> Result<Self, InvalidValue> {
        if value < MIN || value > MAX {
            return Err(InvalidValue::OutOfRange { value, min: MIN, max: MAX });
        }
        Ok(Self(value))
    }

    /// The nearest number in the range.
    #[must_use]
    pub const fn saturating(value: u32) -> Self {
        if value < MIN {
            Self::MIN
        } else if value > MAX {
            Self::MAX
        } else {
            Self(value)
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl<const MIN: u32, const MAX: u32> TryFrom<u32> for Number<MIN, MAX> {
    type Error = InvalidValue;

    fn try_from(value: u32) -> Result<Self, InvalidValue> {
        Self::new(value)
    }
}

impl<const MIN: u32, const MAX: u32> fmt::Debug for Number<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<const MIN: u32, const MAX: u32> fmt::Display for Number<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl<'a, const MIN: u32, const MAX: u32> Parameter<'a> for Number<MIN, MAX> {
    const DOMAIN: Domain = Domain::Number { min: MIN, max: MAX };

    fn encode(&self, line: &mut Encoder<'_>) {
        line.number(self.0);
    }

    fn decode(values: &mut Values<'a>) -> Option<Self> {
        let value = values.next()?;
        // The module takes it between quotes, too: `AT+CIPSTART="TCP","example.com","80"`.
        let number = value.number().or_else(|| Values::new(value.text()?.as_bytes()).next()?.number())?;
        Self::new(u32::try_from(number).ok()?).ok()
    }
}

/// `0` or `1`.
impl<'a> Parameter<'a> for bool {
    const DOMAIN: Domain =
        Domain::Choice(&[Word { word: "0", doc: " No.\n" }, Word { word: "1", doc: " Yes.\n" }]);

    fn encode(&self, line: &mut Encoder<'_>) {
        line.word(if *self { "1" } else { "0" });
    }

    fn decode(values: &mut Values<'a>) -> Option<Self> {
        match values.next()?.number()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

/// A parameter at the end of the line that may be left out.
impl<'a, T: Parameter<'a>> Parameter<'a> for Option<T> {
    const DOMAIN: Domain = T::DOMAIN;

    const OPTIONAL: bool = true;

    fn encode(&self, line: &mut Encoder<'_>) {
        if let Some(value) = self {
            value.encode(line);
        }
    }

    fn decode(values: &mut Values<'a>) -> Option<Self> {
        if values.clone().next().is_none() {
            return Some(None);
        }
        T::decode(values).map(Some)
    }
}

/// Takes the value that tells one use of a command from another.
pub(crate) fn literal(values: &mut Values<'_>, word: &str) -> Option<()> {
    is_word(values.next()?, word).then_some(())
}

/// Whether `value` is the word, whatever its case and whether it is quoted or not.
pub(crate) fn is_word(value: Value<'_>, word: &str) -> bool {
    let word = word.strip_prefix('"').and_then(|word| word.strip_suffix('"')).unwrap_or(word);
    match value {
        Value::Number(number) => word.parse() == Ok(number),
        Value::Quoted(text) | Value::Bare(text) => text.eq_ignore_ascii_case(word.as_bytes()),
        _ => false,
    }
}
