//! A download, read from the module as it is wanted.

use alloc::boxed::Box;

use bytes::Bytes;

use super::FtpError;
use super::pieces::Pieces;
use super::resumption::Resumption;
use crate::boxed::boxed;
use crate::reader;

/// A file or a listing that is being downloaded.
///
/// One read of 1460 octets is under way ahead of what the caller takes, so memory does not grow with the file. A caller
/// who is slow makes the server wait; one who takes nothing for longer than the module's limit of 75 s breaks the transfer
/// off ([`FtpError::Failed`] with 64), and after a minute other operations that want the session fail with
/// [`FtpError::InUse`]. The last octets of a file whose size was told come when the module has said that it is complete, and the
/// session is free then. The end of the stream means that the module said the file is complete, and that as
/// many octets came as the server told before, where it told any; a file that grows meanwhile may bring more than
/// [`total`](reader::Reader::total). Dropped before that, the session is quit.
pub type Download = reader::Reader<FtpError>;

/// What is read from an opened session, which is opened again when it breaks off; of `total` octets, where that is known.
pub(super) async fn download(reader: Pieces, resumption: Resumption, total: Option<u64>) -> Download {
    reader.is_handed_out();
    let is_empty = reader.has_ended() || resumption.is_complete(0);
    let transfer = Some(Box::new(Transfer { reader, resumption }));
    if is_empty {
        // Nobody has to read that there is nothing, for the session to be free.
        return boxed(|| Download::begun(transfer, Transfer::next, total)).await;
    }
    Download::unfolded(transfer, Transfer::next, total)
}

/// A download on its way.
struct Transfer {
    reader: Pieces,
    resumption: Resumption,
}

impl Transfer {
    /// The next octets. The last ones of a file whose size is known come when it has ended, and the session is let go with
    /// them, also when the caller keeps the download.
    async fn next(transfer: Option<Box<Self>>) -> Result<Option<(Bytes, Option<Box<Self>>)>, FtpError> {
        let Some(mut transfer) = transfer else { return Ok(None) };
        // What came, and what of it is known to be what was sent.
        let (mut new, mut sure) = (Bytes::new(), Bytes::new());
        loop {
            let Self { reader, resumption } = &mut *transfer;
            reader.is_used();
            let came = reader.next().await;
            let error = match came {
                Ok(Some(octets)) => match resumption.take(octets, reader.is_unsure())? {
                    Some(octets) => {
                        if !octets.is_empty() {
                            reader.session().moves();
                        }
                        new = joined(new, octets);
                        // A file may grow meanwhile.
                        if new.is_empty() || resumption.is_complete(new.len()) {
                            continue;
                        }
                        resumption.hand_out(&new);
                        reader.is_handed_out();
                        return Ok(Some((joined(sure, new), Some(transfer))));
                    }
                    None => reader.damaged(),
                },
                Ok(None) => {
                    resumption.hand_out(&new);
                    sure = joined(sure, core::mem::take(&mut new));
                    match boxed(|| resumption.end(reader.session())).await {
                        Ok(()) => return Ok(Some((sure, None)).filter(|(last, _)| !last.is_empty())),
                        Err(error) => error,
                    }
                }
                Err(error) => error,
            };
            new.clear();
            // Before it is quit, no other can be opened.
            drop(transfer.reader);
            transfer.reader = boxed(|| transfer.resumption.resume(error)).await?;
        }
    }
}

fn joined(first: Bytes, second: Bytes) -> Bytes {
    match (first.is_empty(), second.is_empty()) {
        (true, _) => second,
        (_, true) => first,
        _ => [first, second].concat().into(),
    }
}
