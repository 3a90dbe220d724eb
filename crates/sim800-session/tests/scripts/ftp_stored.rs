//! FTP from and to the module's file system.

use sim800_session::{Bearer, FsStorage, FtpError, FtpOperation};

use super::script::Scripted;
use super::{GET, PUT, ftp, ftp_of, stored};

async fn fetch(bearer: Bearer) -> (Result<u64, FtpError>, Vec<(u64, Option<u64>)>) {
    let mut seen = Vec::new();
    let result = ftp(&bearer)
        .get_to_fs("1K.txt", FsStorage::Internal, "test.txt", |progress| {
            seen.push((progress.moved, progress.written));
        })
        .await;
    (result, seen)
}

async fn send(bearer: Bearer) -> (Result<u64, FtpError>, Vec<u64>) {
    let mut seen = Vec::new();
    let file = r"c:\user\ftp\test.txt";
    let result = ftp(&bearer).put_from_fs(file, "1K.txt", |progress| seen.push(progress.moved)).await;
    (result, seen)
}

#[test]
fn a_file_is_fetched_into_the_file_system() {
    // Application note 3.21. A download that has not begun, and one that is idle for the moment, are no end.
    let steps = ftp_of(
        &GET,
        "> AT+FTPGETTOFS=0,\"test.txt\",0,0
         < OK
         .. 2
         > AT+FTPGETTOFS?
         < +FTPGETTOFS: 1,0,0
         < OK
         .. 2
         > AT+FTPGETTOFS?
         < +FTPGETTOFS: 1,174125,163900
         < OK
         .. 2
         > AT+FTPGETTOFS?
         < +FTPGETTOFS: 0,174125
         < +FTPGETTOFS: 0
         < OK
         > AT+FSFLSIZE=C:\\\\User\\\\ftp\\\\test.txt
         < ERROR",
    );
    let (total, seen) = Scripted::play(&steps, fetch);
    assert_eq!(total, Ok(174_125));
    assert_eq!(seen, [(0, Some(0)), (174_125, Some(163_900))]);
}

/// The server tells 105 octets and sends 93, and the line doubles octets of how many the module says it has.
#[test]
fn a_count_that_one_line_alone_told_does_not_decide() {
    let steps = |size: &str| {
        format!(
            "{}> AT+FTPSIZE\n< OK\n< +FTPSIZE: 1,0,105\n> AT+FTPGETTOFS=0,\"test.txt\",0,0\n< OK\n< +FTPGETTOFS: 0,9933\n{size}",
            ftp_of(&GET, "")
        )
    };
    let asked = "> AT+FSFLSIZE=C:\\\\User\\\\ftp\\\\test.txt\n";
    let told = |size: u64| format!("{asked}< +FSFLSIZE: {size}\n< OK\n");
    let incomplete =
        |found| Err(FtpError::Incomplete { operation: FtpOperation::GetToFs, expected: 105, found });
    let fetched = |size: &str| Scripted::play(&steps(size), fetch).0;
    assert_eq!(fetched(&told(93).repeat(2)), incomplete(93));
    assert_eq!(fetched(&told(105).repeat(2)), Ok(105));
    assert_eq!(fetched(&format!("{}{}", told(933), told(93).repeat(2))), incomplete(93));
    // Where the firmware does not tell.
    assert_eq!(fetched(&format!("{asked}< ERROR\n")), incomplete(9933));
    // The file grew meanwhile; or the line made less of what was told first.
    let size = |octets: u64| format!("> AT+FTPSIZE\n< OK\n< +FTPSIZE: 1,0,{octets}\n");
    let more = |sizes: [u64; 2]| told(150).repeat(2) + &sizes.map(size).concat();
    assert_eq!(fetched(&(told(150).repeat(2) + &size(150))), Ok(150));
    let grown = Err(FtpError::Incomplete { operation: FtpOperation::GetToFs, expected: 200, found: 150 });
    assert_eq!(fetched(&more([200, 200])), grown);
    assert_eq!(fetched(&(more([200, 210]) + &size(220))), Ok(150));
}

#[test]
fn a_file_is_sent_from_the_file_system() {
    // Application note 3.22.
    let steps = ftp_of(
        &PUT,
        "> AT+FTPPUTFRMFS=\"c:\\\\user\\\\ftp\\\\test.txt\",0,0
         < OK
         .. 2
         > AT+FTPPUTFRMFS?
         < +FTPPUTFRMFS: 1,68160
         < OK
         .. 2
         > AT+FTPPUTFRMFS?
         < ERROR
         .. 1
         < +FTPPUTFRMFS: 0,174125
         > AT+FSFLSIZE=c:\\\\user\\\\ftp\\\\test.txt
         < ERROR
        ",
    ) + &stored();
    let (total, seen) = Scripted::play(&steps, send);
    assert_eq!((total, seen), (Ok(174_125), vec![68_160]));
}

#[test]
fn transfers_of_the_module_fail_with_its_codes() {
    let steps = ftp_of(&GET, "> AT+FTPGETTOFS=0,\"test.txt\",0,0\n< OK\n.. 1\n< +FTPGETTOFS: 85\n");
    let (error, _) = Scripted::play(&steps, fetch);
    let error = error.expect_err("full");
    assert_eq!(error.code(), Some(85));
    assert!(error.to_string().contains("room"), "{error}");

    let steps = ftp_of(
        &PUT,
        "> AT+FTPPUTFRMFS=\"c:\\\\user\\\\ftp\\\\test.txt\",0,0
         < OK
         .. 2
         > AT+FTPPUTFRMFS?
         < +FTPPUTFRMFS: 1,100
         < +FTPPUTFRMFS: 61
         < OK",
    );
    let (error, seen) = Scripted::play(&steps, send);
    assert_eq!((error.expect_err("61").code(), seen), (Some(61), vec![100]));
}

#[test]
fn a_session_in_the_way_of_a_transfer_is_quit() {
    let steps = ftp_of(
        &GET,
        "> AT+FTPGETTOFS=0,\"test.txt\",0,0
         < OK
         < +FTPGETTOFS: 66
         > AT+FTPQUIT
         < OK
         < +FTPPUT: 1,86
         > AT+FTPGETTOFS=0,\"test.txt\",0,0
         < OK
         < +FTPGETTOFS: 0,5
         > AT+FSFLSIZE=C:\\\\User\\\\ftp\\\\test.txt
         < ERROR",
    );
    assert_eq!(Scripted::play(&steps, fetch).0, Ok(5));
}

#[test]
fn a_transfer_that_is_over_without_a_word_is_given_up() {
    let idle = ".. 2\n> AT+FTPGETTOFS?\n< +FTPGETTOFS: 0\n< OK\n.. 5\n";
    let runs = ".. 2\n> AT+FTPGETTOFS?\n< +FTPGETTOFS: 1,3,0\n< OK\n";
    // One that never ran may be on its way to the server still.
    for silence in [format!("{runs}{}", idle.repeat(6)), idle.repeat(14)] {
        let steps = ftp_of(
            &GET,
            &format!("> AT+FTPGETTOFS=0,\"test.txt\",0,0\n< OK\n{silence}> AT+FTPQUIT\n< ERROR\n"),
        );
        let (error, _) = Scripted::play(&steps, fetch);
        assert_eq!(error.expect_err("nothing").kind().as_str(), "timed-out");
    }
}

#[test]
fn a_file_of_the_module_is_loaded_and_sent() {
    // Application note 3.24.
    let load = "> AT+FTPFILEPUT=1,\"c:\\\\user\\\\ftp\\\\test.txt\"\n";
    let end = "> AT+FTPFILEPUT=0\n< OK\n";
    let put = |bearer| async move { ftp(&bearer).put_file(r"c:\user\ftp\test.txt", "1K.txt").await };
    const FIVE: &str =
        "< +FSFLSIZE: 5\n< OK\n> AT+FSFLSIZE=c:\\\\user\\\\ftp\\\\test.txt\n< +FSFLSIZE: 5\n< OK\n";
    let sent = format!("{load}< OK\n> AT+FTPPUT=1\n< OK\n.. 9\n< +FTPPUT: 1,0\n");
    for (size, compared) in [("< ERROR\n", String::new()), (FIVE, stored())] {
        let size = format!("> AT+FSFLSIZE=c:\\\\user\\\\ftp\\\\test.txt\n{size}");
        let steps = ftp_of(&PUT, &format!("{sent}{size}{end}{compared}"));
        assert_eq!(Scripted::play(&steps, put), Ok(()));
    }
    let steps = ftp_of(&PUT, &format!("{load}< ERROR\n{end}"));
    let error = Scripted::play(&steps, put).expect_err("no such file");
    assert_eq!(error.kind().as_str(), "not-loaded");
    assert!(error.to_string().contains(r"c:\user\ftp\test.txt"), "{error}");
}
