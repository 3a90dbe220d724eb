//! Uploads that end otherwise than they should.

use futures::{StreamExt, TryStreamExt};
use sim800_session::{Bearer, FtpError};

use super::script::{Scripted, once};
use super::{PUT, ftp, ftp_of};

/// An upload of `hello` up to the question for its end, and what comes of that.
fn ending(rest: &str) -> String {
    ftp_of(
        &PUT,
        &format!(
            "> AT+FTPPUT=1
             < OK
             < +FTPPUT: 1,1,1360
             > AT+FTPPUT=2,5
             < +FTPPUT: 2,5
             > hello|
             < OK
             < +FTPPUT: 1,1,1360
             > AT+FTPPUT=2,0
             {rest}"
        ),
    )
}

const QUIT: &str = "> AT+FTPQUIT\n< OK\n< +FTPPUT: 1,86";

async fn put(bearer: Bearer) -> Result<u64, FtpError> {
    ftp(&bearer).put("1K.txt", &b"hello"[..]).await
}

#[test]
fn an_upload_that_is_never_confirmed_is_said_to_be_so() {
    let sent = Scripted::play(&ending(&format!("< OK\n.. 90\n{QUIT}")), put);
    assert_eq!(sent, Err(FtpError::Unconfirmed { octets: 5 }));
}

#[test]
fn an_upload_whose_end_was_asked_for_is_not_waited_for_however_much_is_announced() {
    let again = ".. 80\n< +FTPPUT: 1,1,1360\n";
    let (sent, took) = Scripted::timed(&ending(&format!("< OK\n{again}{again}{QUIT}")), once(), put);
    assert_eq!(sent, Err(FtpError::Unconfirmed { octets: 5 }));
    assert_eq!(took.as_secs(), 180);
}

#[test]
fn an_upload_whose_end_is_refused_has_not_ended() {
    let refused = |rest: &str| Scripted::play(&ending(&format!("< ERROR\n{rest}")), put);
    let error = refused(&format!("< +FTPPUT: 1,1,1360\n{QUIT}"));
    assert_eq!(error.expect_err("refused").kind(), "rejected");
    let error = refused(&format!(".. 5\n{QUIT}"));
    assert_eq!(error.expect_err("refused").kind(), "rejected");
    assert_eq!(refused("< +FTPPUT: 1,0"), Ok(5));
}

#[test]
fn an_upload_whose_session_ends_well_while_its_source_is_waited_for_ended_early() {
    let steps = ftp_of(
        &PUT,
        "> AT+FTPPUT=1
         < OK
         < +FTPPUT: 1,1,5
         > AT+FTPPUT=2,5
         < +FTPPUT: 2,5
         > hello|
         < OK
         < +FTPPUT: 1,1,1360
         .. 10
         < +FTPPUT: 1,0",
    );
    let first = futures::stream::once(async { Ok::<_, std::io::Error>(b"hello") });
    let source = first.chain(futures::stream::pending()).boxed().into_async_read();
    let sent = Scripted::play(&steps, |bearer| async move { ftp(&bearer).put("1K.txt", source).await });
    assert_eq!(sent, Err(FtpError::EndedEarly { octets: 5 }));
}
