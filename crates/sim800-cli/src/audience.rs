//! Who reads what is written to a pipe (`| head`).

use std::os::fd::{AsFd, OwnedFd};
use std::pin::pin;

use futures::future::{Either, pending, select};
use rustix::fs::{FileType, OFlags, fcntl_getfl, fstat};
use smol::Async;

/// Whoever has the other end of a pipe. That everybody has gone shows at the next write, which may be long in coming; this tells at
/// once.
pub(crate) struct Audience(Option<Async<OwnedFd>>);

impl Audience {
    /// Who reads what is written to `end`; of anything but a pipe, nobody goes.
    pub(crate) fn of(end: impl AsFd) -> Self {
        let end = end.as_fd();
        let is_pipe = fstat(end).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Fifo);
        // What is opened for both may have something to read, and always has a reader.
        let is_written = fcntl_getfl(end).is_ok_and(|flags| flags & OFlags::ACCMODE == OFlags::WRONLY);
        if !is_pipe || !is_written {
            return Self(None);
        }
        // Others have the same pipe, and expect it to block.
        Self(end.try_clone_to_owned().and_then(Async::new_nonblocking).ok())
    }

    /// There is always somebody.
    pub(crate) const fn of_nothing() -> Self {
        Self(None)
    }

    /// What comes of `future`, unless everybody has gone before.
    pub(crate) async fn while_there<F: Future>(&self, future: F) -> Option<F::Output> {
        match select(pin!(future), pin!(self.gone())).await {
            Either::Left((output, _)) => Some(output),
            Either::Right(_) => None,
        }
    }

    /// Never, where that cannot be told.
    async fn gone(&self) {
        match &self.0 {
            // There is never anything to read at this end, so it is an error.
            Some(end) if end.readable().await.is_ok() => {}
            _ => pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Write, pipe};
    use std::thread;

    use futures::future::ready;
    use smol::future::poll_once;

    use super::*;

    #[test]
    fn who_goes_is_missed_before_anything_is_written() {
        let (reader, mut writer) = pipe().unwrap();
        let audience = Audience::of(&writer);
        let listens = || smol::block_on(poll_once(audience.gone())).is_none();
        assert!(listens());
        writer.write_all(b"x").unwrap();
        assert!(listens(), "it has not read yet");
        assert_eq!(smol::block_on(audience.while_there(ready(1))), Some(1));
        let going = thread::spawn(move || drop(reader));
        assert_eq!(smol::block_on(audience.while_there(pending::<()>())), None);
        going.join().unwrap();
        assert_eq!(smol::block_on(Audience::of(&writer).while_there(pending::<()>())), None);
    }

    #[test]
    fn what_is_no_pipe_is_never_left() {
        let file = File::options().write(true).open("/dev/null").unwrap();
        assert!(smol::block_on(poll_once(Audience::of(&file).gone())).is_none());
    }
}
