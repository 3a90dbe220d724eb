//! What lines are called.

use core::fmt;

/// The most octets of a name that is not `'static`.
const LIMIT: usize = 22;

/// A text that lines begin with, known when the program was written or only when it runs.
///
/// What the framer expects outlives the call that says so, so a name is either `'static` or copied, as far as that goes
/// without a heap.
///
/// ```
/// use sim800_parser::{Claim, Name};
///
/// let typed = String::from("+CBC");
/// let name = Name::copied(&typed).expect("it is short");
/// assert_eq!(name, Name::from_static("+CBC"));
/// let claim = Claim::Named { name, accepts: |_| true };
/// ```
#[derive(Clone, Copy)]
pub struct Name(Text);

#[derive(Clone, Copy)]
enum Text {
    Static(&'static str),
    Copied { octets: [u8; LIMIT], len: u8 },
}

impl Name {
    /// The most octets that [`copied`](Self::copied) takes.
    pub const LIMIT: usize = LIMIT;

    /// A name that is known when the program is compiled, of any length.
    #[must_use]
    pub const fn from_static(name: &'static str) -> Self {
        Self(Text::Static(name))
    }

    /// A name that is known at run time; `None` if it is longer than [`LIMIT`](Self::LIMIT).
    #[must_use]
    pub fn copied(name: &str) -> Option<Self> {
        let mut octets = [0; LIMIT];
        octets.get_mut(..name.len())?.copy_from_slice(name.as_bytes());
        Some(Self(Text::Copied { octets, len: name.len() as u8 }))
    }

    /// Its octets.
    #[inline(always)]
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Text::Static(name) => name.as_bytes(),
            Text::Copied { octets, len } => octets.get(..usize::from(*len)).unwrap_or_default(),
        }
    }
}

impl From<&'static str> for Name {
    fn from(name: &'static str) -> Self {
        Self::from_static(name)
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Name {}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.as_bytes().escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::format;

    use super::Name;

    #[test]
    fn a_copied_name_is_the_same_name() {
        let longest = "+".repeat(Name::LIMIT);
        for text in ["", "+CREG", longest.as_str()] {
            assert_eq!(Name::copied(text).map(|name| name.as_bytes().to_vec()), Some(text.into()));
        }
        assert_eq!(Name::copied("+CREG"), Some("+CREG".into()));
        assert_ne!(Name::copied("+CGREG"), Some("+CREG".into()));
        assert_eq!(Name::copied(&(longest + "+")), None);
        assert_eq!(format!("{:?}", Name::from_static("+CREG")), "\"+CREG\"");
    }
}
