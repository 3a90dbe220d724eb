//! FTP by way of the module's memory.

use bytes::Bytes;
use futures::TryStreamExt;
use sim800_session::{Bearer, FtpError};

use super::script::Scripted;
use super::{GET, IDLE, PUT, ftp, ftp_of, running, stored};

const GET_END: &str = "> AT+FTPEXTGET=0\n< OK\n";
const PUT_END: &str = "> AT+FTPEXTPUT=0\n< OK\n";

async fn put(bearer: Bearer, octets: &[u8]) -> Result<u64, FtpError> {
    ftp(&bearer).put_extended("1K.txt", octets).await
}

/// Downloads, and returns the file and what progress was told.
async fn get(bearer: Bearer) -> (Result<Vec<u8>, FtpError>, Vec<u64>) {
    let mut seen = Vec::new();
    let file = match ftp(&bearer).get_extended("1K.txt", |progress| seen.push(progress.moved)).await {
        Ok(file) => file.into_download().try_collect::<Vec<Bytes>>().await.map(|pieces| pieces.concat()),
        Err(error) => Err(error),
    };
    (file, seen)
}

#[test]
fn what_was_loaded_is_sent() {
    // Application note 3.20; here the module grants less than it was offered, and takes its time.
    let steps = ftp_of(
        &PUT,
        "> AT+FTPEXTPUT=1
         < OK
         > AT+FTPEXTPUT=2,0,10,5001
         < +FTPEXTPUT: 0,6
         > 012345|
         < OK
         > AT+FTPEXTPUT=2,6,4,5000
         < +FTPEXTPUT: 6,4
         > 6789|
         < OK
         > AT+FTPPUT=1
         < OK
         .. 10
         > AT+FTPSTATE
         < +FTPSTATE: 1
         < OK
         .. 9
         < +FTPPUT: 1,0
        ",
    ) + PUT_END
        + &stored();
    assert_eq!(Scripted::play(&steps, |bearer| put(bearer, b"0123456789")), Ok(10));
}

#[test]
fn an_extended_upload_may_fail() {
    let loaded = "> AT+FTPEXTPUT=1\n< OK\n> AT+FTPEXTPUT=2,0,2,5000\n< +FTPEXTPUT: 0,2\n> ab|\n< OK\n";
    let failed = [
        ("> AT+FTPEXTPUT=1\n< ERROR\n".to_owned(), "unsupported"),
        ("> AT+FTPEXTPUT=1\n< OK\n> AT+FTPEXTPUT=2,0,2,5000\n< ERROR\n".to_owned(), "rejected"),
        (format!("{loaded}> AT+FTPPUT=1\n< OK\n< +FTPPUT: 1,78\n"), "ftp"),
        // It asks for octets as if nothing had been loaded.
        (
            format!(
                "{loaded}> AT+FTPPUT=1\n< OK\n< +FTPPUT: 1,1,1360\n> AT+FTPQUIT\n< OK\n< +FTPPUT: 1,86\n"
            ),
            "no-progress",
        ),
        (format!("{loaded}> AT+FTPPUT=1\n< OK\n{}> AT+FTPQUIT\n< ERROR\n", running(9)), "timed-out"),
        // Its last line was lost.
        (format!("{loaded}> AT+FTPPUT=1\n< OK\n.. 10\n{IDLE}.. 5\n> AT+FTPQUIT\n< ERROR\n"), "timed-out"),
    ];
    for (rest, kind) in failed {
        let steps = ftp_of(&PUT, &rest) + PUT_END;
        let error = Scripted::play(&steps, |bearer| put(bearer, b"ab")).expect_err(kind);
        assert_eq!(error.kind().as_str(), kind, "{error}");
    }
}

#[test]
fn an_empty_file_is_sent_as_usual() {
    let steps = ftp_of(&PUT, "> AT+FTPEXTPUT=1\n< OK\n")
        + PUT_END
        + "> AT+FTPPUT=1\n< OK\n< +FTPPUT: 1,1,1360\n> AT+FTPPUT=2,0\n< OK\n< +FTPPUT: 1,0\n"
        + IDLE
        + PUT_END
        + &stored();
    assert_eq!(Scripted::play(&steps, |bearer| put(bearer, b"")), Ok(0));
}

#[test]
fn more_than_the_memory_holds_never_gets_to_the_server() {
    let octets = "x".repeat(300_001);
    let mut steps = ftp_of(&PUT, "> AT+FTPEXTPUT=1\n< OK\n");
    for position in (0..300_000).step_by(16_384) {
        let length = 16_384.min(300_000 - position);
        let time = 5_000 + u64::try_from(length).expect("short") * 15_000 / 115_200;
        let piece = &octets[..length];
        steps += &format!(
            "> AT+FTPEXTPUT=2,{position},{length},{time}\n< +FTPEXTPUT: {position},{length}\n> {piece}|\n< OK\n"
        );
    }
    steps += PUT_END;
    let error = Scripted::play(&steps, |bearer| put(bearer, octets.as_bytes()));
    assert_eq!(error, Err(FtpError::TooLarge { limit: 300_000 }));
}

#[test]
fn a_file_is_read_from_memory_any_part_and_again() {
    // Application note 3.23.
    let steps = ftp_of(
        &GET,
        "> AT+FTPEXTGET=1
         < OK
         .. 2
         > AT+FTPEXTGET?
         < +FTPEXTGET: 1,64136
         < OK
         .. 1
         < +FTPEXTGET: 1,0
         > AT+FTPEXTGET=3,6,2
         < ERROR
         > AT+FTPEXTGET=3,5,2
         < +FTPEXTGET: 3,1\\r\\nf|
         < OK
         > AT+FTPEXTGET=3,2,3
         < +FTPEXTGET: 3,3\\r\\ncde|
         < OK
         > AT+FTPEXTGET=3,2,4
         < +FTPEXTGET: 3,4\\r\\ncdef|
         < OK
         > AT+FTPEXTGET=3,0,100
         < +FTPEXTGET: 3,6\\r\\nabcdef|
         < OK
         > AT+FTPEXTGET=3,0,7
         < +FTPEXTGET: 3,6\\r\\nabcdef|
         < OK
         > AT+FTPEXTGET=2,\"test.txt\"
         < +FTPEXTGET: 2,6
         < OK
         > AT+FSFLSIZE=C:\\\\User\\\\ftp\\\\test.txt
         < ERROR
         > AT+FTPEXTGET=2,\"full.txt\"
         < ERROR
        ",
    ) + GET_END;
    Scripted::play(&steps, |bearer| async move {
        let mut seen = Vec::new();
        let file = ftp(&bearer).get_extended("1K.txt", |progress| seen.push(progress.moved)).await;
        let mut file = file.expect("a file");
        assert_eq!(file.read(6, 2).await.expect("nothing"), "");
        assert_eq!(file.read(2, 3).await.expect("a part"), "cde");
        assert_eq!(file.read(0, 100).await.expect("all"), "abcdef");
        assert_eq!(file.read(300_000, 1).await.expect("nothing"), "");
        assert_eq!(file.save("test.txt").await, Ok(6));
        assert_eq!(file.save("full.txt").await.expect_err("refused").kind().as_str(), "rejected");
        assert_eq!(file.save("a\"b").await.expect_err("a quote").kind().as_str(), "invalid");
        assert_eq!(seen, [64_136]);
    });
}

/// A download whose `poll` is answered by `answers`, one after the other.
fn polled(answers: &[&str], rest: &str) -> String {
    let polls: String = answers.iter().map(|answer| format!("{answer}\n")).collect();
    ftp_of(&GET, &format!("> AT+FTPEXTGET=1\n< OK\n{polls}")) + rest + GET_END
}

const READ: &str = "> AT+FTPEXTGET=3,0,16384\n< +FTPEXTGET: 3,2\\r\\nab|\n< OK\n\
                    > AT+FTPEXTGET=3,0,3\n< +FTPEXTGET: 3,2\\r\\nab|\n< OK\n";

#[test]
fn an_answer_that_reads_like_the_end_is_none_while_the_download_runs() {
    for doubtful in ["1,0", "1,61", "1,77", "1,86"] {
        let answer = format!(".. 2\n> AT+FTPEXTGET?\n< +FTPEXTGET: {doubtful}\n< OK");
        let steps = polled(
            &[&answer, "> AT+FTPEXTGET?\n< +FTPEXTGET: 1,1400\n< OK", ".. 1\n< +FTPEXTGET: 1,0"],
            READ,
        );
        let (file, seen) = Scripted::play(&steps, get);
        assert_eq!((file, seen), (Ok(b"ab".to_vec()), vec![1400]), "{doubtful}");
    }
    // In doubt twice, then clear.
    let doubt = "> AT+FTPEXTGET?\n< +FTPEXTGET: 1,0\n< OK";
    let first = format!(".. 2\n{doubt}");
    let steps = polled(
        &[&first, doubt, &first, "> AT+FTPEXTGET?\n< +FTPEXTGET: 1,70000\n< OK", "< +FTPEXTGET: 1,79"],
        "",
    );
    let (file, seen) = Scripted::play(&steps, get);
    assert_eq!(file.expect_err("79").code(), Some(79));
    assert_eq!(seen, [70_000]);
}

#[test]
fn the_end_that_crosses_a_question_is_the_end() {
    let crossed = [
        // Before the answer, and after it.
        vec![".. 2\n> AT+FTPEXTGET?\n< +FTPEXTGET: 1,0\n< +FTPEXTGET: 0\n< OK"],
        vec![".. 2\n> AT+FTPEXTGET?\n< +FTPEXTGET: 1,500\n< +FTPEXTGET: 1,0\n< OK"],
        // The answer reads like it, too; the lines are equal, or they are not.
        vec![
            ".. 2\n> AT+FTPEXTGET?\n< +FTPEXTGET: 1,0\n< OK\n< +FTPEXTGET: 1,0",
            "> AT+FTPEXTGET?\n< +FTPEXTGET: 0\n< OK",
        ],
        vec![
            ".. 2\n> AT+FTPEXTGET?\n< +FTPEXTGET: 1,77\n< OK\n< +FTPEXTGET: 1,0",
            "> AT+FTPEXTGET?\n< +FTPEXTGET: 0\n< OK",
        ],
        // It comes for an answer.
        vec![".. 2\n> AT+FTPEXTGET?\n< +FTPEXTGET: 1,0\n< OK", "> AT+FTPEXTGET?\n< +FTPEXTGET: 0\n< OK"],
        // Idle before it is said.
        vec![".. 2\n> AT+FTPEXTGET?\n< +FTPEXTGET: 0\n< OK\n.. 3\n< +FTPEXTGET: 1,0"],
    ];
    for answers in crossed {
        let (file, _) = Scripted::play(&polled(&answers, READ), get);
        assert_eq!(file, Ok(b"ab".to_vec()), "{answers:?}");
    }
}

#[test]
fn an_extended_download_may_fail() {
    let lost = "> AT+FTPQUIT\n< OK\n";
    let failed = [
        (".. 1\n< +FTPEXTGET: 1,72".to_owned(), "ftp"),
        (".. 2\n> AT+FTPEXTGET?\n< ERROR\n< +FTPEXTGET: 1,79".to_owned(), "ftp"),
        ("< +SAPBR 1: DEACT".to_owned(), "bearer-lost"),
        // Nothing moves for two minutes.
        (".. 2\n> AT+FTPEXTGET?\n< +FTPEXTGET: 1,500\n< OK\n".repeat(59) + lost.trim_end(), "timed-out"),
    ];
    for (answer, kind) in failed {
        let (file, _) = Scripted::play(&polled(&[&answer], ""), get);
        assert_eq!(file.expect_err(kind).kind().as_str(), kind);
    }
}

#[test]
fn a_refused_read_within_the_file_is_not_its_end() {
    let read = "> AT+FTPEXTGET=3,0,16384\n< +FTPEXTGET: 3,2\\r\\nab|\n< OK\n\
                > AT+FTPEXTGET=3,0,3\n< ERROR\n";
    let (file, _) = Scripted::play(&polled(&["< +FTPEXTGET: 1,0"], read), get);
    assert_eq!(file.expect_err("refused").kind().as_str(), "rejected");
}

#[test]
fn dropped_before_the_end_it_is_quit_and_its_memory_given_back() {
    let steps = ftp_of(
        &GET,
        "> AT+FTPEXTGET=1
         < OK
         .. 2
         > AT+FTPEXTGET?
         < +FTPEXTGET: 1,1400
         < OK
         > AT+FTPQUIT
         < OK
         < +FTPEXTGET: 1,86
        ",
    ) + GET_END;
    Scripted::play(&steps, |bearer| async move {
        let (told, telling) = futures::channel::oneshot::channel();
        let mut told = Some(told);
        let ftp = ftp(&bearer);
        let get = Box::pin(ftp.get_extended("1K.txt", |_| {
            if let Some(told) = told.take() {
                told.send(()).expect("someone listens");
            }
        }));
        assert!(matches!(futures::future::select(get, telling).await, futures::future::Either::Right(_)));
    });
}
