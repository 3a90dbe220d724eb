//! Expectations for fuzzers.

use arbitrary::{Arbitrary, Result, Unstructured};

use crate::{Claim, DataPhase, Expect};

impl<'a> Arbitrary<'a> for Expect {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self {
            echo: u.arbitrary()?,
            information: u.arbitrary()?,
            data: u.arbitrary()?,
            connection: u.arbitrary()?,
        })
    }
}

/// A shape from a fixed list: what may stand between a response and the unsolicited line of its name is what matters.
impl<'a> Arbitrary<'a> for Claim {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(*u.choose(&[
            Self::None,
            Self::Text,
            Self::Named { name: "+CPIN", accepts: |_| true },
            Self::Named { name: "+CREG", accepts: |values| values.count() == 2 },
            Self::Named {
                name: "+FTPSIZE",
                accepts: |mut values| values.next().is_some_and(|value| value.number() != Some(1)),
            },
        ])?)
    }
}

/// Counts are below 65,536: greater ones take more octets and lead nowhere else.
impl<'a> Arbitrary<'a> for DataPhase {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let shape = u.int_in_range(0..=6)?;
        let count = u32::from(u.arbitrary::<u16>()?);
        Ok(match shape {
            0 => Self::None,
            1 => Self::Announced { name: "+HTTPREAD", selector: None, at_most: count },
            2 => Self::Announced { name: "+FTPGET", selector: Some(2), at_most: count },
            3 => Self::Counted { count },
            4 => Self::Invited { line: "DOWNLOAD" },
            5 => Self::Prompted,
            _ => Self::Granted { name: "+FTPPUT", selector: 2, at_most: count },
        })
    }
}
