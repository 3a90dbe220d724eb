//! Uploads that end well, or not at all: what the server has is what is said of it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::future::{BoxFuture, Either, select};
use futures::io::{AsyncRead, AsyncSeek, Cursor};
use futures::pin_mut;
use sim800_emulator::{Damage, Fault, FtpAction, FtpFailure, PutOption as Stored};
use sim800_session::{Ftp, FtpError, FtpOptions, PutOption};
use sim800_simulation::{Manner, Mishap};

use crate::lab::{Lab, hostile, server};

/// Octets of settings and of the opening, up to the last one of `+FTPPUT: 1,1,1360`.
const OPENING: u64 = 27;

/// An upload to a server that has an old file, which is `put`.
fn ready(put: PutOption) -> (Lab, Ftp) {
    let (lab, bearer) = Lab::ready();
    lab.network().put_file("/up", "old");
    let mut options = FtpOptions::default();
    options.put = put;
    (lab, Ftp::new(&bearer, server()).with_options(options))
}

fn damaged(put: PutOption, after: u64) -> (Lab, Result<u64, FtpError>) {
    let (mut lab, ftp) = ready(put);
    lab.world.fault(Fault::Damage { after, damage: Damage::Drop });
    let sent = lab.ftp_put(&ftp, "/up", b"7octets");
    (lab, sent)
}

/// How often the server was asked to store something.
fn openings(lab: &Lab, how: Stored) -> usize {
    lab.network().ftp_requests().iter().filter(|request| request.action == FtpAction::Put(how)).count()
}

#[test]
fn what_was_appended_is_not_called_a_failure_because_of_what_went_wrong_before() {
    for after in 0..OPENING {
        let (lab, sent) = damaged(PutOption::Append, after);
        let stored = lab.network().file("/up").expect("the old one at least");
        match &sent {
            Ok(octets) => assert_eq!((*octets, &stored[..]), (7, &b"old7octets"[..]), "octet {after}"),
            Err(_) => assert_eq!(stored, "old", "octet {after}: {sent:?}"),
        }
        // Nothing of these is needed, or it is said again.
        if ![14..22, 26..27].iter().any(|lost| lost.contains(&after)) {
            assert_eq!(sent, Ok(7), "octet {after}");
        }
    }
}

#[test]
fn a_server_that_makes_up_a_name_is_asked_but_once() {
    for after in 0..OPENING {
        let (lab, sent) = damaged(PutOption::Unique, after);
        let stored = lab.network().file("/up.1");
        assert_eq!(sent.is_ok(), stored == Some(Bytes::from_static(b"7octets")), "octet {after}: {sent:?}");
        assert_eq!(openings(&lab, Stored::Stou), 1, "octet {after}: {sent:?}");
        // What was lost of the settings is said again.
        assert!(sent.is_ok() || after > 7, "octet {after}: {sent:?}");
    }
    // It was not reached.
    let (mut lab, ftp) = ready(PutOption::Unique);
    lab.world.fault(Fault::BearerLost { cid: 1 });
    lab.world.run_for(Duration::from_secs(30));
    assert_eq!(lab.ftp_put(&ftp, "/up", b"7octets"), Ok(7));
    assert_eq!(lab.network().file("/up.1"), Some(Bytes::from_static(b"7octets")));
}

#[test]
fn an_upload_is_resumed_at_its_start_over_a_file_of_which_nothing_is_told() {
    let unseen = || {
        let (lab, ftp) = ready(PutOption::Append);
        // Of a server that does not know SIZE.
        lab.network().cause(Mishap::Ftp { after: 0, failure: FtpFailure::OPERATE });
        (lab, ftp)
    };
    for new in ["", "n", "new and longer"] {
        let (mut lab, ftp) = unseen();
        let mut source = Cursor::new(["skipped", new].concat());
        source.set_position(7);
        let sent = lab.world.run(ftp.resume_put("/up", source, 0));
        assert_eq!(sent, Ok(new.len() as u64));
        assert_eq!(lab.network().file("/up"), Some(Bytes::from(new)), "not behind the old one");
    }
    let (mut lab, ftp) = unseen();
    let error = lab.world.run(ftp.resume_put("/up", Cursor::new("new"), 3));
    assert_eq!(error, Err(FtpError::Mismatch { offset: 3 }));
    assert_eq!(lab.network().file("/up"), Some(Bytes::from("old")));
    // A file that is known to be another is not touched.
    let (mut lab, ftp) = ready(PutOption::Replace);
    let error = lab.world.run(ftp.resume_put("/up", Cursor::new("new"), 0));
    assert_eq!(error, Err(FtpError::Mismatch { offset: 0 }));
    assert_eq!(lab.network().file("/up"), Some(Bytes::from("old")));
}

/// A file whose first read is short, and that has no more to give then before it is read anew.
struct Hesitant {
    file: Cursor<Vec<u8>>,
    hesitates: Option<bool>,
}

impl AsyncRead for Hesitant {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        room: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let room = match self.hesitates {
            None => &mut room[..500],
            Some(true) => return Poll::Pending,
            Some(false) => room,
        };
        self.hesitates.get_or_insert(true);
        Pin::new(&mut self.file).poll_read(context, room)
    }
}

impl AsyncSeek for Hesitant {
    fn poll_seek(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        to: io::SeekFrom,
    ) -> Poll<io::Result<u64>> {
        self.hesitates = self.hesitates.map(|_| false);
        Pin::new(&mut self.file).poll_seek(context, to)
    }
}

#[test]
fn an_old_file_that_differs_behind_the_first_read_is_not_taken_for_the_new_one() {
    let (mut lab, bearer) = Lab::ready();
    let file = hostile(10_000);
    // The server puts it back when the second session breaks off.
    let mut old = file[..4_000].to_vec();
    old[500..600].fill(b'o');
    let network = lab.network();
    network.cause(Mishap::SetBack { after: 1_000_000, lost: 0 });
    network.cause(Mishap::SetBack { after: 4_000, lost: 0 });
    let restore = std::future::poll_fn(|_| {
        if network.file("/up").is_some_and(|up| up.len() == 4_000) {
            network.put_file("/up", old.clone());
            return Poll::Ready(());
        }
        Poll::Pending
    });
    let ftp = Ftp::new(&bearer, server());
    let put = ftp.put_seekable("/up", Hesitant { file: Cursor::new(file.clone()), hesitates: None });
    let (sent, ()) = lab.world.run(futures::future::join(put, restore));
    assert_eq!(sent, Ok(10_000));
    assert!(lab.network().file("/up").is_some_and(|up| up == file));
}

/// More than is kept of a source that can be read but once.
const LARGE: usize = 100_000;

fn large() -> Bytes {
    hostile(LARGE).into()
}

/// A server that keeps the new file aside until it is confirmed has the old one.
#[test]
fn an_old_file_is_not_taken_for_one_that_was_never_confirmed() {
    let mut old = large().to_vec();
    old[LARGE / 2] ^= 1;
    let keep_aside = |lab: &Lab| {
        let (network, old) = (lab.network(), old.clone());
        network.put_file("/up", old.clone());
        network.cause(Mishap::Unconfirmed { by: None });
        let mut is_kept = true;
        std::future::poll_fn(move |_| {
            let puts =
                network.ftp_requests().iter().filter(|one| matches!(one.action, FtpAction::Put(_))).count();
            is_kept &= puts < 2;
            if is_kept {
                network.put_file("/up", old.clone());
            }
            Poll::<()>::Pending
        })
    };
    let beside = |lab: &mut Lab, put: BoxFuture<'static, Result<u64, FtpError>>| {
        let aside = keep_aside(lab);
        lab.world.run(async move {
            pin_mut!(aside);
            match select(put, aside).await {
                Either::Left((result, _)) => result,
                Either::Right(_) => unreachable!(),
            }
        })
    };
    // What can be read again is sent again.
    let (mut lab, bearer) = Lab::ready();
    let ftp = Ftp::new(&bearer, server());
    let sent = beside(&mut lab, Box::pin(async move { ftp.put_seekable("/up", Cursor::new(large())).await }));
    assert_eq!(sent, Ok(LARGE as u64));
    assert!(lab.network().file("/up").is_some_and(|up| up == large()));
    // What cannot is not said to be there.
    let (mut lab, bearer) = Lab::ready();
    let ftp = Ftp::new(&bearer, server());
    let error = beside(&mut lab, Box::pin(async move { ftp.put("/up", &large()[..]).await }));
    let error = error.expect_err("the old one");
    assert_eq!(error.kind().as_str(), "unconfirmed", "{error}");
    assert!(lab.network().file("/up").is_some_and(|up| up == old));
}

/// What was sent and never confirmed may be in front of what is sent then, and be as long together.
#[test]
fn a_server_that_stores_a_part_of_each_try_has_another_file_of_the_same_size() {
    let (mut lab, bearer) = Lab::ready();
    let network = lab.network();
    network.set_latency(Duration::from_secs(4));
    network.adopt(Manner::UploadsHalved);
    network.adopt(Manner::UploadsAside);
    network.put_file("/up", "");
    network.cause(Mishap::Unconfirmed { by: Some(Duration::from_secs(74)) });
    let ftp = Ftp::new(&bearer, server());
    let stored = lab.world.run(async move { ftp.resume_put("/up", Cursor::new(b"abcd"), 0).await });
    assert!(stored.is_err() || network.file("/up").is_some_and(|up| up == "abcd"), "{stored:?}");
}
