//! What stands beside a part, as `<part>.json`: that it is this program's, what it is a part of, and what of it is certain.

use serde_json::{Value, json};

/// What a part is a part of, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Without a password.
    pub(crate) url: String,
    /// Octets of the whole.
    pub(crate) size: Option<u64>,
    /// What the server changes together with the object: its entity tag or its date.
    pub(crate) validator: Option<String>,
}

impl Origin {
    /// Whether what came `later` is of the same object, as far as can be told.
    pub(crate) fn goes_with(&self, later: &Self) -> bool {
        let differ = |one: Option<u64>, other: Option<u64>| one.is_some() && other.is_some() && one != other;
        self.url == later.url
            && !differ(self.size, later.size)
            && (self.validator.is_none() || self.validator == later.validator)
    }
}

/// The text of such a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Companion {
    /// `None` beside a part that nothing goes on with.
    pub(crate) origin: Option<Origin>,
    /// How many octets of the part are on the disk for certain.
    pub(crate) octets: u64,
    /// Their SHA-256 in hexadecimal digits: a machine that loses its power leaves holes.
    pub(crate) sha256: String,
}

impl Companion {
    /// The most that is read of one.
    pub(crate) const LONGEST: u64 = 1 << 16;

    /// As long for any count of octets, so that it can be written over in one go.
    pub(crate) fn to_text(&self) -> String {
        let Self { origin, octets, sha256 } = self;
        let origin = origin.as_ref();
        let object = json!({
            "url": origin.map(|origin| &origin.url),
            "size": origin.and_then(|origin| origin.size),
            "validator": origin.and_then(|origin| origin.validator.as_ref()),
            "octets": octets,
            "sha256": sha256,
        });
        let (text, digits) = (object.to_string(), octets.to_string().len());
        let widest = u64::MAX.to_string().len();
        format!("{text}{:1$}\n", "", widest - digits)
    }

    /// `None` for what this program has not written.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let Value::Object(object) = serde_json::from_str(text).ok()? else { return None };
        let text = |name: &str| object.get(name)?.as_str().map(str::to_owned);
        let origin = text("url").map(|url| Origin {
            url,
            size: object.get("size").and_then(Value::as_u64),
            validator: text("validator"),
        });
        let companion = Self { origin, octets: object.get("octets")?.as_u64()?, sha256: text("sha256")? };
        let again: Value = serde_json::from_str(&companion.to_text()).ok()?;
        (again == Value::Object(object)).then_some(companion)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin() -> Origin {
        Origin { url: "http://a/\"b".to_owned(), size: Some(10), validator: Some("\"1\"".to_owned()) }
    }

    #[test]
    fn what_is_written_can_be_read() {
        let bare = Origin { url: "ftp://a/b".to_owned(), size: None, validator: None };
        for origin in [Some(origin()), Some(bare), None] {
            let mut companion = Companion { origin, octets: 0, sha256: "0f".to_owned() };
            let len = companion.to_text().len();
            for octets in [0, 9, 10, 123_456_789, u64::MAX] {
                companion.octets = octets;
                let text = companion.to_text();
                assert_eq!((text.len(), text.ends_with('\n')), (len, true));
                assert_eq!(Companion::parse(&text), Some(companion.clone()));
            }
        }
    }

    #[test]
    fn what_somebody_else_wrote_is_no_companion() {
        for text in [
            "",
            "{}",
            "[]",
            "precious",
            "{\"url\":1}",
            "{\"url\":\"http://a/\",\"size\":10,\"validator\":null}",
            "{\"url\":\"http://a/\",\"size\":10,\"validator\":null,\"octets\":1,\"sha256\":\"0f\",\"more\":1}",
            "{\"url\":\"http://a/\",\"size\":\"10\",\"validator\":null,\"octets\":1,\"sha256\":\"0f\"}",
        ] {
            assert_eq!(Companion::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_object_that_has_changed_does_not_go_with_what_is_there() {
        let there = origin();
        assert!(there.goes_with(&there));
        assert!(there.goes_with(&Origin { size: None, ..there.clone() }));
        assert!(!there.goes_with(&Origin { size: Some(11), ..there.clone() }));
        assert!(!there.goes_with(&Origin { validator: Some("\"2\"".to_owned()), ..there.clone() }));
        assert!(!there.goes_with(&Origin { validator: None, ..there.clone() }), "who knows");
        let bare = Origin { validator: None, ..there.clone() };
        assert!(bare.goes_with(&there), "there was nothing to remember");
    }
}
