//! Whether the server may have been told to do what failed.

use sim800_session::{Bearer, FtpError, FtpOptions, PutOption, Sent};

use super::script::Scripted;
use super::{GET, PUT, ftp, ftp_of};

fn sent<T: std::fmt::Debug>(steps: &str, result: Result<T, FtpError>) -> Sent {
    result.map_or_else(|error| error.sent(), |value| panic!("{value:?} after {steps}"))
}

/// What a deletion that fails says of it.
fn deletion(steps: &str) -> Sent {
    sent(steps, Scripted::play(steps, |bearer| async move { ftp(&bearer).delete("1K.txt").await }))
}

#[test]
fn what_the_module_did_not_ask_the_server_for_was_not_sent() {
    let delete = |rest: &str| deletion(&ftp_of(&GET, &format!("> AT+FTPDELE\n{rest}")));
    let clear = "> AT+FTPQUIT\n< ERROR\n> AT+FTPSTATE\n< ERROR\n";
    let quit = "> AT+FTPQUIT\n< ERROR\n";
    let told = |answer: &str| format!(".. 1\n> AT+FTPSTATE\n< {answer}\n");
    let [idle, untold] = ["+FTPSTATE: 0\n< OK", "ERROR"].map(|answer| told(answer).repeat(6));
    let refused = |first: &str| format!("< ERROR\n{first}{clear}> AT+FTPDELE\n< ERROR\n{idle}");
    for (rest, expected) in [
        // Its command was refused, twice; it was not let in; the server refused it.
        (refused(&idle), Sent::No),
        (refused(&untold), Sent::No),
        // The refusal was another's, or may have been.
        (format!("< ERROR\n{}< +FTPDELE: 1,61\n", told("+FTPSTATE: 1\n< OK")), Sent::Unknown),
        (format!("< ERROR\n< +FTPDELE: 1,0\n.. 1\n{quit}"), Sent::Unknown),
        (format!("< ERROR\n< OK\n> AT\n< OK\n{}{quit}", idle.trim_start_matches(".. 1\n")), Sent::Unknown),
        ("< OK\n< +FTPDELE: 1,62\n".to_owned(), Sent::No),
        ("< OK\n< +FTPDELE: 1,72\n".to_owned(), Sent::No),
        ("< OK\n< +FTPDELE: 1,77\n".to_owned(), Sent::No),
        // Nobody knows.
        ("< OK\n< +FTPDELE: 1,61\n".to_owned(), Sent::Unknown),
        // What such a number says may be that it goes on.
        (format!("< OK\n< +FTPDELE: 1,11\n{quit}"), Sent::Unknown),
        ("< OK\n< +FTPDELE: 1,64\n".to_owned(), Sent::Unknown),
        ("< OK\n< +SAPBR 1: DEACT\n".to_owned(), Sent::Unknown),
        ("< OK\n< RDY\n".to_owned(), Sent::Unknown),
        (
            "< OK\n.. 10\n> AT+FTPSTATE\n< +FTPSTATE: 0\n< OK\n.. 5\n> AT+FTPQUIT\n< ERROR\n".to_owned(),
            Sent::Unknown,
        ),
    ] {
        assert_eq!(delete(&rest), expected, "{rest}");
    }
    // One of its settings was refused, or not answered.
    let settings = super::answered(&super::FTP);
    let (before, _) = settings.split_once("> AT+FTPPW").expect("it is set");
    assert_eq!(deletion(&format!("{before}> AT+FTPPW=\"anonymous\"\n< ERROR\n")), Sent::No);
    assert_eq!(deletion(&format!("{before}> AT+FTPPW=\"anonymous\"\n.. 5\n")), Sent::No);
    assert_eq!(
        sent("", Scripted::play("", |bearer| async move { ftp(&bearer).delete("a\"b").await })),
        Sent::No
    );
}

#[test]
fn what_was_to_be_appended_was_not_sent_where_the_server_let_nobody_in() {
    let append = |bearer: Bearer| async move {
        let mut options = FtpOptions::default();
        options.put = PutOption::Append;
        ftp(&bearer).with_options(options).put("1K.txt", &b"hello"[..]).await
    };
    let asked = ftp_of(&GET, super::UNTOLD) + &ftp_of(&PUT, "> AT+FTPPUT=1\n< OK\n");
    let asked = asked.replace("\"STOR\"", "\"APPE\"");
    let writing = "< +FTPPUT: 1,1,1360\n> AT+FTPPUT=2,5\n< +FTPPUT: 2,5\n> hello|\n< OK\n";
    for (rest, expected) in
        [("< +FTPPUT: 1,71\n".to_owned(), Sent::No), (format!("{writing}< +FTPPUT: 1,61\n"), Sent::Unknown)]
    {
        let steps = format!("{asked}{rest}");
        assert_eq!(sent(&steps, Scripted::play(&steps, append)), expected, "{rest}");
    }
}
