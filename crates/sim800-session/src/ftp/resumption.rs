//! Going on with a download that broke off.

use alloc::borrow::ToOwned;
use alloc::string::String;
use bytes::{Buf, Bytes};

use super::digest::Digest;
use super::pieces::Pieces;
use super::session::Session;
use super::size::enough;
use super::{Ftp, FtpError, FtpOperation};
use crate::boxed::boxed;
use crate::retry::Attempts;
use crate::tail::Tail;

/// What it takes to go on with a download that broke off.
pub(super) struct Resumption {
    ftp: Ftp,
    path: String,
    course: Course,
    /// Where in the file the next octet is, counted from 0.
    position: u64,
    /// Octets from there on that came and may be others. What is gone from the module can only be had from the server once more.
    unsure: Bytes,
    attempts: Attempts<FtpError>,
}

/// How a download is taken up again.
enum Course {
    /// By REST, a little before the octet that is wanted.
    Rest {
        /// Octets of the file, where the server tells.
        size: Option<u64>,
        tail: Tail,
        is_resumed: bool,
    },
    /// From where it began: what was handed out has to come again. No octet of a listing, or of a file of type ASCII, has a
    /// place by which it could be asked for.
    Anew {
        operation: FtpOperation,
        /// Where in the file it began.
        offset: u64,
        handed_out: Digest,
        /// What came again, and how many octets still have to.
        again: Digest,
        awaited: u64,
    },
}

impl Resumption {
    /// Of a file from `offset` on, which has `size` octets in all if that is told.
    pub(super) fn of_file(ftp: &Ftp, path: &str, offset: u64, size: Option<u64>) -> Self {
        if ftp.options.ascii {
            return Self::anew(ftp, path, FtpOperation::Get, offset);
        }
        Self::new(ftp, path, offset, Course::Rest { size, tail: Tail::default(), is_resumed: false })
    }

    /// Of a listing.
    pub(super) fn of_listing(ftp: &Ftp, directory: &str) -> Self {
        Self::anew(ftp, directory, FtpOperation::List, 0)
    }

    fn anew(ftp: &Ftp, path: &str, operation: FtpOperation, offset: u64) -> Self {
        let (handed_out, again) = (Digest::new(), Digest::new());
        Self::new(ftp, path, offset, Course::Anew { operation, offset, handed_out, again, awaited: 0 })
    }

    fn new(ftp: &Ftp, path: &str, position: u64, course: Course) -> Self {
        let attempts = Attempts::new(&ftp.bearer);
        Self { ftp: ftp.clone(), path: path.to_owned(), course, position, unsure: Bytes::new(), attempts }
    }

    /// Takes what came; what of it is new. Where they are `unsure` they have to come twice: `None` the first time.
    pub(super) fn take(&mut self, mut octets: Bytes, unsure: bool) -> Result<Option<Bytes>, FtpError> {
        let changed = self.changed();
        let new = match &mut self.course {
            Course::Rest { tail, .. } => match tail.strip(octets) {
                Some(new) => new,
                None => return if unsure { Ok(None) } else { Err(changed) },
            },
            Course::Anew { handed_out, again, awaited, .. } => {
                let known = usize::try_from(*awaited).unwrap_or(usize::MAX).min(octets.len());
                if known > 0 {
                    again.push(octets.get(..known).unwrap_or_default());
                    octets.advance(known);
                    *awaited -= known as u64;
                    if *awaited == 0 && again != handed_out {
                        return if unsure { Ok(None) } else { Err(changed) };
                    }
                }
                octets
            }
        };
        let is_again = self.unsure.starts_with(&new);
        if unsure && !is_again {
            self.unsure = new;
            return Ok(None);
        }
        self.unsure.advance(if is_again { new.len() } else { self.unsure.len() });
        Ok(Some(new))
    }

    /// What was taken is handed out. Until then it may come again, as something else.
    pub(super) fn hand_out(&mut self, new: &[u8]) {
        match &mut self.course {
            Course::Rest { tail, .. } => tail.push(new),
            Course::Anew { handed_out, .. } => handed_out.push(new),
        }
        if !new.is_empty() {
            self.attempts.succeeded();
        }
        self.position += new.len() as u64;
    }

    /// Whether all octets came, so many of them since some were handed out, where it is known how many there are.
    pub(super) fn is_complete(&self, new: usize) -> bool {
        let all = self.position + new as u64;
        matches!(self.course, Course::Rest { size: Some(size), .. } if size == all)
    }

    /// The module says that this is the end, over a `session` in which the server can be asked for the size once more.
    pub(super) async fn end(&mut self, session: &mut Session) -> Result<(), FtpError> {
        if let Course::Rest { size, .. } = &mut self.course {
            let told = enough(session, *size, self.position).await;
            if let Err(FtpError::Incomplete { expected, .. }) = &told {
                *size = Some(*expected);
            }
            told?;
        }
        let is_found = match &self.course {
            // It may grow while it is fetched, but what is put together is of one size.
            Course::Rest { size, tail, is_resumed } => {
                tail.is_found() && (!is_resumed || size.is_none_or(|size| size == self.position))
            }
            Course::Anew { awaited, .. } => *awaited == 0,
        };
        if is_found { Ok(()) } else { Err(self.changed()) }
    }

    /// Opens another session after `error`.
    pub(super) async fn resume(&mut self, error: FtpError) -> Result<Pieces, FtpError> {
        // The module counts no further (application note 3.15).
        if u32::try_from(self.position).is_err() {
            return Err(error);
        }
        let mut error = error;
        loop {
            self.attempts.again(error, Some(self.position)).await?;
            self.ftp = self.ftp.after(&self.attempts);
            error = match boxed(|| self.open()).await {
                Ok(reader) => return Ok(reader),
                Err(error) => error,
            };
        }
    }

    async fn open(&mut self) -> Result<Pieces, FtpError> {
        let (changed, position) = (self.changed(), self.position);
        match &mut self.course {
            Course::Rest { size, tail, is_resumed } => {
                let (session, told) = self.ftp.open_source(&self.path).await?;
                if told.is_some_and(|told| told < position)
                    || size.zip(told).is_some_and(|(old, new)| old != new)
                {
                    return Err(changed);
                }
                *size = size.or(told);
                *is_resumed = true;
                let from = position - u64::from(tail.rewind(position));
                self.ftp.read_from(session, from, told).await
            }
            Course::Anew { operation, offset, again, awaited, .. } => {
                (*again, *awaited) = (Digest::new(), position - *offset);
                match operation {
                    FtpOperation::List => self.ftp.open_list(&self.path).await,
                    _ => self.ftp.open(&self.path, *offset).await.map(|(reader, _)| reader),
                }
            }
        }
    }

    fn changed(&self) -> FtpError {
        FtpError::Changed { position: self.position }
    }
}
