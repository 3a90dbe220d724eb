//! Which answer a path asks for.

use std::num::NonZeroU32;

use http::StatusCode;

/// How the body of a resource is brought to the client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Delivery {
    /// With its length, as fast as the client takes it.
    Whole,
    /// As a chunked body.
    Chunked,
    /// Without a length; the end of the connection ends it.
    Unframed,
    /// At so many octets per second.
    Slow {
        /// Octets per second.
        rate: NonZeroU32,
    },
    /// The connection is reset inside the body. The reset may overtake octets that a slow reader had not
    /// taken yet, as it does on any network.
    Reset {
        /// Octets of the body before it.
        after: usize,
    },
    /// The connection ends in order, but inside the body.
    Truncated {
        /// Octets of the body before it.
        after: usize,
    },
    /// Nothing more comes, and the connection stays open.
    Stall {
        /// Octets of the body before it.
        after: usize,
    },
}

/// What a path asks for.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Route<'a> {
    /// What is stored at a path; `None`: delivered as the server was told last.
    Resource(&'a str, Option<Delivery>),
    Status(StatusCode),
    Redirect {
        hops: u32,
    },
    Loop,
    Headers,
    Echo,
    Silence,
    Reset,
    Garbage,
}

impl<'a> From<&'a str> for Route<'a> {
    fn from(path: &'a str) -> Self {
        Self::special(path).unwrap_or(Route::Resource(path, None))
    }
}

impl<'a> Route<'a> {
    fn special(path: &'a str) -> Option<Self> {
        // The rest keeps its slash: it is a path again.
        let split = |path: &'a str| {
            let path = path.strip_prefix('/')?;
            Some(path.split_at(path.find('/').unwrap_or(path.len())))
        };
        let (first, rest) = split(path)?;
        Some(match (first, rest) {
            ("loop", "") => Self::Loop,
            ("headers", "") => Self::Headers,
            ("echo", "") => Self::Echo,
            ("stall", "") => Self::Silence,
            ("reset", "") => Self::Reset,
            ("garbage", "") => Self::Garbage,
            ("status", code) => {
                let status: StatusCode = code.strip_prefix('/')?.parse().ok()?;
                // 1xx is no answer.
                (!status.is_informational()).then_some(Self::Status(status))?
            }
            ("redirect", hops) => Self::Redirect { hops: hops.strip_prefix('/')?.parse().ok()? },
            ("chunked", path) => Self::Resource(path, Some(Delivery::Chunked)),
            ("unframed", path) => Self::Resource(path, Some(Delivery::Unframed)),
            (fault @ ("slow" | "reset" | "truncated" | "stall"), rest) => {
                let (number, path) = split(rest)?;
                let after = number.parse().ok()?;
                let delivery = match fault {
                    "slow" => Delivery::Slow { rate: number.parse().ok()? },
                    "reset" => Delivery::Reset { after },
                    "truncated" => Delivery::Truncated { after },
                    _ => Delivery::Stall { after },
                };
                Self::Resource(path, Some(delivery))
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_their_answers() {
        assert_eq!(Route::from("/a/b.bin"), Route::Resource("/a/b.bin", None));
        assert_eq!(Route::from("/"), Route::Resource("/", None));
        assert_eq!(Route::from("/status/404"), Route::Status(StatusCode::NOT_FOUND));
        assert_eq!(Route::from("/redirect/3"), Route::Redirect { hops: 3 });
        assert_eq!(Route::from("/chunked/a/b"), Route::Resource("/a/b", Some(Delivery::Chunked)));
        assert_eq!(Route::from("/reset"), Route::Reset);
        assert_eq!(Route::from("/reset/7/a"), Route::Resource("/a", Some(Delivery::Reset { after: 7 })));
    }

    #[test]
    fn what_is_no_proper_special_path_is_an_ordinary_one() {
        for path in ["/status/100", "/status/x", "/status", "/slow/0/a", "/reset/x/a", "/redirect/-1", "*"] {
            assert_eq!(Route::from(path), Route::Resource(path, None));
        }
    }
}
