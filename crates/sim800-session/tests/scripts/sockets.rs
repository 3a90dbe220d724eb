//! Sockets of modules that lie about what there is to be read.

use std::future::Future;
use std::pin::pin;

use futures::future::join;
use futures::{AsyncReadExt, AsyncWriteExt};
use sim800_session::{Profile, Socket, SocketError, Sockets};

use super::script::{Scripted, answered};

const READ: &str = "> AT+CIPRXGET=2,0,1460\n";

/// What comes of a connection to a module that keeps to `steps` once there is something to be read, and is closed then.
fn connected<F: Future>(steps: &str, procedure: impl FnOnce(Socket) -> F) -> F::Output {
    connected_to(&format!("{steps}> AT+CIPCLOSE=0,1\n< 0, CLOSE OK\n"), procedure)
}

/// The same where the connection need not be closed.
fn connected_to<F: Future>(steps: &str, procedure: impl FnOnce(Socket) -> F) -> F::Output {
    let context = "> AT+CIPSHUT\n< SHUT OK\n".to_owned()
        + &answered(&["AT+CIPMUX=1", "AT+CIPRXGET=1", "AT+CIPQSEND=1", "AT+CSTT", "AT+CIICR"])
        + "> AT+CIFSR\n< 10.89.193.1\n";
    let connection = "> AT+CDNSGIP=\"sim.com\"
         < OK
         < +CDNSGIP: 1,\"sim.com\",\"93.184.215.14\"
         > AT+CIPSTART=0,\"TCP\",\"93.184.215.14\",7
         < OK
         < 0, CONNECT OK
         > AT+CIPSTATUS=0
         < +CIPSTATUS: 0,0,\"TCP\",\"93.184.215.14\",\"7\",\"CONNECTED\"
         < OK
         < +CIPRXGET: 1,0\n";
    let (module, client, driver) = Scripted::session(&format!("{context}{connection}{steps}"));
    let session = async move {
        let sockets = Sockets::open(&client, &Profile::as_set()).await.expect("a context");
        drop(client);
        procedure(sockets.connect("sim.com", 7).await.expect("a connection")).await
    };
    module.run(join(pin!(session), driver)).0
}

/// The refusal was another's, and the line damaged the answer behind it, which took the octets with it.
#[test]
fn octets_that_were_told_of_and_are_gone_behind_a_refusal_are_lost() {
    let status = "> AT+CIPSTATUS=0\n< +CIPSTATUS: 0,0,\"TCP\",\"93.184.215.14\",\"7\",\"CONNECTED\"\n< OK\n";
    let steps = format!("{READ}< ERROR\n> AT+CIPRXGET=4,0\n< +CIPRXGET: 4,0,0\n< OK\n{status}");
    let error =
        connected(&steps, |mut socket| async move { socket.read(&mut [0; 9]).await.expect_err("lost") });
    let error = error.get_ref().and_then(|error| error.downcast_ref::<SocketError>());
    assert!(matches!(error, Some(SocketError::Damaged(_))), "{error:?}");
}

#[test]
fn a_module_that_lies_about_what_there_is_breaks_the_connection_and_is_not_asked_for_ever() {
    for (lie, times) in [
        // There is more, and nothing comes.
        ("< +CIPRXGET: 2,0,0,5\n< OK\n", 17),
        // Of another connection.
        ("< +CIPRXGET: 2,1,2,0\\r\\nab|\n< OK\n", 1),
        // Of nobody.
        ("< OK\n", 1),
    ] {
        let steps = format!("{READ}{lie}").repeat(times);
        let error =
            connected(&steps, |mut socket| async move { socket.read(&mut [0; 9]).await.expect_err("a lie") });
        let error = error.get_ref().and_then(|error| error.downcast_ref::<SocketError>());
        assert!(matches!(error, Some(SocketError::Damaged(_))), "{lie:?}: {error:?}");
    }
}

#[test]
fn a_module_that_says_too_early_that_there_is_something_is_asked_again() {
    let steps = "> AT+CIPRXGET=2,0,1460\n< +CIPRXGET: 2,0,0,5\n< OK\n".repeat(16)
        + "> AT+CIPRXGET=2,0,1460\n< +CIPRXGET: 2,0,5,0\\r\\nhello|\n< OK\n";
    let read = connected(&steps, |mut socket| async move {
        let mut octets = [0; 9];
        let length = socket.read(&mut octets).await.expect("octets");
        octets[..length].to_vec()
    });
    assert_eq!(read, b"hello");
}

const STATUS: &str = "> AT+CIPSTATUS=0\n< +CIPSTATUS: 0,0,\"TCP\",\"93.184.215.14\",\"7\",\"";

/// What is refused, by another's result or because the line damaged the question, is no end of the connection: nothing is missing where
/// something follows.
#[test]
fn a_question_that_is_refused_ends_no_connection() {
    let sent = "> AT+CIPSEND=0,1\n< \\r\\n> |\n> x|\n< DATA ACCEPT:0,1\n";
    let acknowledged = "> AT+CIPACK=0\n< +CIPACK: 1,1,0\n< OK\n";
    let refused = "> AT+CIPACK=0\n< ERROR\n";
    let connected_still = format!("{STATUS}CONNECTED\"\n< OK\n");
    let steps = format!("{sent}{refused}{connected_still}{acknowledged}");
    connected(&steps, |mut socket| async move {
        socket.write_all(b"x").await.expect("taken");
        socket.close().await.expect("arrived");
    });
    let steps = format!("{sent}{refused}{connected_still}{refused}{connected_still}");
    connected(&steps, |mut socket| async move {
        socket.write_all(b"x").await.expect("taken");
        let refused = socket.close().await.expect_err("it is not known whether it arrived");
        let refused = refused.get_ref().and_then(|error| error.downcast_ref::<SocketError>());
        assert!(matches!(refused, Some(SocketError::Command(_))), "{refused:?}");
        let read = socket.read(&mut [0; 9]).await;
        assert!(read.is_err(), "the server has not closed it: {read:?}");
    });
}

/// The server has seen no end of it, and the line that told of the context may have been lost.
#[test]
fn a_context_that_went_without_a_word_is_no_end_of_the_stream() {
    let refused = "> AT+CIPSEND=0,1\n< ERROR\n> AT+CIPACK=0\n< ERROR\n";
    let gone = "> AT+CIPSTATUS=0\n< +CIPSTATUS: 0,,\"\",\"\",\"\",\"INITIAL\"\n< OK\n";
    connected_to(&format!("{refused}{gone}"), |mut socket| async move {
        socket.write_all(b"x").await.expect("nobody knows yet");
        let lost = socket.flush().await.expect_err("there is no connection");
        assert_eq!(lost.get_ref().and_then(|error| error.downcast_ref()), Some(&SocketError::ContextLost));
        let read = socket.read(&mut [0; 9]).await;
        assert!(read.is_err(), "the server has not closed it: {read:?}");
    });
}
