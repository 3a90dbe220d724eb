//! What is to be sent.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::os::fd::AsFd;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::SystemTime;

use futures::io::{AsyncRead, AsyncSeek};
use smol::Unblock;

use crate::failure::Failure;

/// Opens what is to be read, stdin for `-`, and tells how long it is where that is known.
pub(crate) fn open_source(path: &Path) -> Result<(File, Option<u64>), Failure> {
    let open = || {
        let mut file = match path == Path::new("-") {
            true => File::from(io::stdin().as_fd().try_clone_to_owned()?),
            false => File::open(path)?,
        };
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        // Of a file on stdin the beginning may have been read by somebody else.
        let is_whole = metadata.is_file() && file.stream_position()? == 0;
        Ok((file, is_whole.then_some(metadata.len())))
    };
    open().map_err(|error| Failure::file("read", path, &error))
}

/// A file that is read by a thread of its own, and again only as long as nobody has written to it: else what was sent of it
/// and what is sent then would not be of one file.
#[derive(Debug)]
pub(crate) struct Steady {
    reader: Unblock<File>,
    file: File,
    state: (u64, SystemTime),
}

impl Steady {
    pub(crate) fn new(file: File) -> io::Result<Self> {
        let state = state(&file)?;
        Ok(Self { reader: Unblock::new(file.try_clone()?), file, state })
    }
}

fn state(file: &File) -> io::Result<(u64, SystemTime)> {
    let metadata = file.metadata()?;
    Ok((metadata.len(), metadata.modified()?))
}

impl AsyncRead for Steady {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let read = ready!(Pin::new(&mut self.reader).poll_read(cx, buffer))?;
        // What ends before it did was cut off meanwhile: neither the old file nor the new one was sent.
        if read == 0 && !buffer.is_empty() && state(&self.file)?.0 < self.state.0 {
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "somebody has cut the file off",
            )));
        }
        Poll::Ready(Ok(read))
    }
}

impl AsyncSeek for Steady {
    fn poll_seek(mut self: Pin<&mut Self>, cx: &mut Context<'_>, to: SeekFrom) -> Poll<io::Result<u64>> {
        if state(&self.file)? != self.state {
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "somebody has changed the file",
            )));
        }
        Pin::new(&mut self.reader).poll_seek(cx, to)
    }
}

#[cfg(test)]
mod tests {
    use futures::io::AsyncReadExt;
    use smol::block_on;

    use super::*;

    #[test]
    fn a_file_that_is_cut_off_has_no_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "octets").unwrap();
        let read = |length: u64| {
            let mut source = Steady::new(File::open(&path).unwrap()).unwrap();
            File::options().write(true).open(&path).unwrap().set_len(length).unwrap();
            let mut all = Vec::new();
            block_on(source.read_to_end(&mut all)).map(|_| all.len()).map_err(|error| error.kind())
        };
        assert_eq!(read(6), Ok(6));
        assert_eq!(read(9), Ok(9));
        assert_eq!(read(3), Err(io::ErrorKind::UnexpectedEof));
    }
}
