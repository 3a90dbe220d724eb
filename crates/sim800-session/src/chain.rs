//! An error with what caused it.

use core::error::Error;
use core::fmt;

/// Shows an error and its sources, joined by `: `, for a message in one line: no error of this crate repeats its source.
///
/// ```
/// use sim800_session::{BearerError, Chain};
///
/// let error = BearerError::Lost { cid: 1 };
/// assert_eq!(Chain(&error).to_string(), "bearer 1 was lost; open it again");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Chain<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut error = self.0;
        write!(f, "{error}")?;
        while let Some(source) = error.source() {
            write!(f, ": {source}")?;
            error = source;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use alloc::boxed::Box;
    use alloc::string::String;
    use alloc::string::ToString;
    use sim800_command::{At, InvalidValue};
    use sim800_parser::FinalResultCode;

    use super::*;
    use crate::{
        BearerError, Disconnected, Error as CommandError, Failure, FsError, FtpError, FtpOperation, FtpStep,
        HttpError, Malformation, Misuse, StartUpError,
    };

    fn command(failure: Failure) -> CommandError {
        CommandError::of(&At, failure)
    }

    fn refused() -> CommandError {
        command(Failure::Rejected(FinalResultCode::Error))
    }

    #[test]
    fn a_chain_says_each_thing_once() {
        let (operation, step) = (FtpOperation::Put, FtpStep::Close);
        let (method, sent) = (crate::message::Method::GET, crate::Sent::No);
        let reason = InvalidValue::NoDrive;
        let bearer = BearerError::Command(command(Failure::Malformed(Malformation::Damaged)));
        let (path, file) = (String::new(), String::new());
        let put = FtpError::Command { operation, step, source: refused() };
        let chains: [Box<dyn Error>; 23] = [
            Box::new(command(Failure::Disconnected(Disconnected::Ended))),
            Box::new(command(Failure::Misuse(Misuse::Body))),
            Box::new(BearerError::Invalid { what: "password", reason }),
            Box::new(BearerError::Refused(refused())),
            Box::new(bearer.clone()),
            Box::new(StartUpError::NotAttached(refused())),
            Box::new(StartUpError::Command(refused())),
            Box::new(HttpError::Invalid { what: "URL", reason }),
            Box::new(HttpError::Command { source: refused(), sent }),
            Box::new(HttpError::Parameter { what: "URL", source: refused() }),
            Box::new(HttpError::NoSsl(refused())),
            Box::new(HttpError::Busy(refused())),
            Box::new(HttpError::Bearer { method: method.clone(), source: bearer.clone(), sent }),
            Box::new(HttpError::Interrupted {
                method,
                source: Failure::Malformed(Malformation::Damaged),
                sent,
            }),
            Box::new(FtpError::Invalid { what: "host", reason }),
            Box::new(FtpError::NotSupported { operation, source: refused() }),
            Box::new(FtpError::NoSsl { source: refused() }),
            Box::new(FtpError::NotLoaded { file, source: refused() }),
            Box::new(FtpError::Bearer { operation, source: bearer }),
            Box::new(FtpError::Partial { octets: 7, source: Box::new(put) }),
            Box::new(FsError::Invalid(reason)),
            Box::new(FsError::NotFound { path, refusal: refused() }),
            Box::new(FsError::Command(refused())),
        ];
        for error in &chains {
            let chain = Chain(error.as_ref()).to_string();
            let mut source = error.source();
            while let Some(error) = source {
                assert_eq!(chain.matches(&error.to_string()).count(), 1, "{chain}");
                source = error.source();
            }
        }
    }

    #[test]
    fn a_chain_goes_from_what_failed_to_why() {
        let (operation, step) = (FtpOperation::Put, FtpStep::Close);
        let put = FtpError::Command { operation, step, source: refused() };
        assert_eq!(
            Chain(&FtpError::Partial { octets: 7, source: Box::new(put) }).to_string(),
            "the upload broke off; the server has 7 bytes of the file: the upload failed at its end: the module \
             refused AT with ERROR"
        );
    }
}
