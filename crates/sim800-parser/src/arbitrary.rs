//! Expectations for fuzzers.

use arbitrary::{Arbitrary, Result, Unstructured};

use crate::{Claim, DataPhase, Ending, Expect, FinalResultCode, Header, Name};

impl<'a> Arbitrary<'a> for Expect {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self {
            echo: u.arbitrary()?,
            information: u.arbitrary()?,
            data: u.arbitrary()?,
            connection: u.arbitrary()?,
            ending: *u.choose(&[
                None,
                None,
                None,
                Some(Ending::Line(Name::from_static("SEND OK"))),
                Name::copied("+HTTPREAD: 0").map(Ending::Line),
                Some(Ending::OneOf(|line| (line.text() == b"SEND FAIL").then_some(FinalResultCode::Error))),
            ])?,
        })
    }
}

/// A shape from a fixed list: what may stand between a response and the unsolicited line of its name is what matters.
impl<'a> Arbitrary<'a> for Claim {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(*u.choose(&[
            Self::None,
            Self::Text,
            Self::named("+CPIN", |_| true),
            Self::named("+CREG", |values| values.count() == 2),
            Self::named("+FTPSIZE", |mut values| {
                values.next().is_some_and(|value| value.number() != Some(1))
            }),
        ])?)
    }
}

/// Counts are below 65,536: greater ones take more octets and lead nowhere else.
impl<'a> Arbitrary<'a> for DataPhase {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let shape = u.int_in_range(0..=7)?;
        let at_most = u32::from(u.arbitrary::<u16>()?);
        Ok(match shape {
            0 => Self::None,
            1 | 2 => Self::Announced { header: u.arbitrary()?, at_most },
            3 => Self::Counted { count: at_most },
            4 => Self::AtOnce { count: at_most },
            5 => Self::Invited { line: "DOWNLOAD".into() },
            6 => Self::Prompted,
            _ => Self::Granted { header: Header::new("+FTPPUT:").selected_by(2), at_most },
        })
    }
}

/// The shapes that modules have.
impl<'a> Arbitrary<'a> for Header {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(*u.choose(&[
            Self::new("+HTTPREAD:"),
            Self::new("+FTPGET:").selected_by(2),
            Self::new("+CIPRXGET:").selected_by(2).behind(1).followed_by(1),
            Self::new("+HTTPREAD: DATA,"),
            Self::new("CONNECT "),
            Self::new("+IPD,").ended_by(":"),
            Self::new("+IPD,").behind(1).followed_by(2).ended_by(":"),
            Self::new("+URDFILE:").behind(1).ended_by(",\""),
        ])?)
    }
}
