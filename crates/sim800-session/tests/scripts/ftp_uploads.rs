//! Uploads that end otherwise than they should.

use futures::{StreamExt, TryStreamExt};
use sim800_session::{Bearer, FtpError};

use super::script::{Scripted, once};
use super::{IDLE, PUT, ftp, ftp_of, running, stored};

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
    // It is at it; it says that it is not, and its last line was lost; it says that it is over, and goes on.
    for silence in [
        format!("{}.. 10\n", running(8)),
        format!(".. 10\n{IDLE}.. 5\n"),
        format!("< +FTPPUT: 1,0\n{}{}.. 10\n", running(1).replace(".. 10\n", ""), running(8)),
    ] {
        let sent = Scripted::play(&ending(&format!("< OK\n{silence}{QUIT}")), put);
        assert_eq!(sent, Err(FtpError::Unconfirmed { octets: 5 }), "{silence}");
    }
}

#[test]
fn a_line_that_is_not_the_modules_ends_no_upload() {
    let forged = "< OK\n< +FTPPUT: 1,0\n> AT+FTPSTATE\n< +FTPSTATE: 1\n< OK\n.. 3\n";
    let sent = Scripted::play(&(ending(&format!("{forged}< +FTPPUT: 1,0\n{IDLE}")) + &stored()), put);
    assert_eq!(sent, Ok(5));
    let error = Scripted::play(&ending(&format!("{forged}< +FTPPUT: 1,78\n")), put);
    assert_eq!(error.expect_err("78").code(), Some(78));
}

#[test]
fn an_upload_whose_end_was_asked_for_is_not_waited_for_however_much_is_announced() {
    let again = format!("{}.. 5\n< +FTPPUT: 1,1,1360\n", running(8));
    let rest = format!("{}.. 10\n", running(2));
    let (sent, took) = Scripted::timed(&ending(&format!("< OK\n{again}{rest}{QUIT}")), once(), put);
    assert_eq!(sent, Err(FtpError::Unconfirmed { octets: 5 }));
    assert_eq!(took.as_secs(), 115);
}

#[test]
fn an_upload_whose_end_is_refused_has_not_ended() {
    let refused = |rest: &str| Scripted::play(&ending(&format!("< ERROR\n{rest}")), put);
    let error = refused(&format!("< +FTPPUT: 1,1,1360\n{QUIT}"));
    assert_eq!(error.expect_err("refused").kind().as_str(), "rejected");
    let error = refused(&format!(".. 5\n{QUIT}"));
    assert_eq!(error.expect_err("refused").kind().as_str(), "rejected");
    assert_eq!(refused(&format!("< +FTPPUT: 1,0\n{}", stored())), Ok(5));
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

/// An upload of `hello world` up to its first five octets.
fn half_sent(rest: &str) -> String {
    ftp_of(
        &PUT,
        &format!(
            "> AT+FTPPUT=1
             < OK
             < +FTPPUT: 1,1,5
             > AT+FTPPUT=2,5
             < +FTPPUT: 2,5
             > hello|
             {rest}"
        ),
    )
}

async fn put_more(bearer: Bearer) -> Result<u64, FtpError> {
    ftp(&bearer).put("1K.txt", &b"hello world"[..]).await
}

/// The line that announces room was lost: what comes next is offered when the module has said nothing for a while, and until it is
/// taken.
#[test]
fn what_comes_next_is_offered_although_nothing_announced_room_for_it() {
    let rest = "> AT+FTPPUT=2,5
         < +FTPPUT: 2,5
         >  worl|
         < OK
         < +FTPPUT: 1,1,5
         > AT+FTPPUT=2,1
         < +FTPPUT: 2,1
         > d|
         < OK
         < +FTPPUT: 1,1,5
         > AT+FTPPUT=2,0
         < OK
         < +FTPPUT: 1,0
        "
    .to_owned()
        + IDLE
        + &stored();
    let lost = format!("< OK\n{}{rest}", running(1));
    let (sent, took) = Scripted::timed(&half_sent(&lost), once(), put_more);
    assert_eq!((sent, took.as_secs()), (Ok(11), 10));
    // That it refused may have been another's word.
    let slow = format!("< OK\n{0}> AT+FTPPUT=2,5\n< ERROR\n> AT\n< OK\n{0}{rest}", running(1));
    let (sent, took) = Scripted::timed(&half_sent(&slow), once(), put_more);
    assert_eq!((sent, took.as_secs()), (Ok(11), 20));
}

/// The result came out of the blue while an octet of the payload was missing: the module took the first one of the next command
/// for it, and its own result answered that.
#[test]
fn a_result_that_was_not_the_payloads_is_found_out_by_the_next_answer() {
    let rest = format!(
        "< OK
         .. 10
         > AT+FTPSTATE
         < OK
         < +FTPPUT: 1,1,5
         > AT
         < OK
         > AT+FTPSTATE
         < +FTPSTATE: 1
         < OK
         {QUIT}"
    );
    let error = Scripted::play(&half_sent(&rest), put_more);
    assert_eq!(error.expect_err("damaged").kind().as_str(), "malformed");
}
