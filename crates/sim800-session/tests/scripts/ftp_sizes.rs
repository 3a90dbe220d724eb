//! Sizes that the server tells, and that the line may have damaged: none decides that one line alone told.

use futures::TryStreamExt;
use sim800_command::PutOption;
use sim800_session::{Bearer, FtpError, FtpOperation, FtpOptions};

use super::script::Scripted;
use super::{GET, IDLE, PUT, ftp, ftp_get, ftp_of};

/// A question for a size, and what the server tells.
fn size(octets: u64) -> String {
    format!("> AT+FTPSIZE\n< OK\n< +FTPSIZE: 1,0,{octets}\n")
}

fn incomplete<T>(operation: FtpOperation, expected: u64, found: u64) -> Result<T, FtpError> {
    Err(FtpError::Incomplete { operation, expected, found })
}

#[test]
fn a_download_of_more_than_was_told_is_compared_with_what_is_told_then() {
    let came = "> AT+FTPGET=1
         < OK
         < +FTPGET: 1,1
         > AT+FTPGET=2,1460
         < +FTPGET: 2,5\\r\\nhello|
         < OK
         < +FTPGET: 1,0
        ";
    let get = |told: &[u64]| {
        let told = told.iter().copied().map(size).collect::<String>();
        let steps = ftp_of(&GET, "") + &size(3) + came + IDLE + &told;
        Scripted::play(&steps, ftp_get)
    };
    // The line made less of it.
    assert_eq!(get(&[5]), Ok(b"hello".to_vec()));
    assert_eq!(get(&[8, 8]), incomplete(FtpOperation::Get, 8, 5));
    assert_eq!(get(&[8, 88, 8]), incomplete(FtpOperation::Get, 8, 5));
    // It grows all the time.
    assert_eq!(get(&[6, 7, 8]), Ok(b"hello".to_vec()));
}

/// The server sends nothing of 70 octets, says that this is all, and the line takes the 7.
#[test]
fn that_a_file_is_empty_is_told_twice() {
    let get = |told: &[u64]| {
        let told = told.iter().copied().map(size).collect::<String>();
        let came = "> AT+FTPGET=1\n< OK\n< +FTPGET: 1,0\n";
        Scripted::play(&(ftp_of(&GET, "") + &size(0) + came + IDLE + &told), ftp_get)
    };
    assert_eq!(get(&[0]), Ok(Vec::new()));
    assert_eq!(get(&[70, 70]), incomplete(FtpOperation::Get, 70, 0));
    assert_eq!(get(&[7, 0]), Ok(Vec::new()));
}

/// The line that ends a file would cross a further question, and what comes between that and its refusal makes it doubtful.
#[test]
fn behind_all_that_was_told_nothing_is_asked_for_unless_the_file_grows() {
    let window = "> AT+FTPGET=2,1460\n< +FTPGET: 2,1460\\r\\n".to_owned() + &"x".repeat(1460) + "|\n< OK\n";
    let steps =
        |told: u64| ftp_of(&GET, "") + &size(told) + "> AT+FTPGET=1\n< OK\n< +FTPGET: 1,1\n" + &window;
    let end = "< +FTPGET: 1,0\n";
    let whole = Ok("x".repeat(1460).into_bytes());
    assert_eq!(Scripted::play(&(steps(1460) + end + IDLE), ftp_get), whole);
    let grown = steps(1000) + "> AT+FTPGET=2,1460\n" + end + "< ERROR\n" + IDLE + &size(1460);
    assert_eq!(Scripted::play(&grown, ftp_get), whole);
}

#[test]
fn what_is_in_the_modules_memory_is_compared_with_what_is_told_then() {
    let read = |position: u32, octet: &str| {
        let answer = if octet.is_empty() { "0".to_owned() } else { format!("1\\r\\n{octet}|") };
        format!("> AT+FTPEXTGET=3,{position},1\n< +FTPEXTGET: 3,{answer}\n< OK\n")
    };
    let get = |rest: &str| {
        let steps = ftp_of(&GET, "")
            + &size(2)
            + "> AT+FTPEXTGET=1\n< OK\n< +FTPEXTGET: 1,0\n"
            + &read(1, "e")
            + &read(2, "l");
        // It has five: what the next questions find out.
        let (mut found, mut missing) = (3, 300_000);
        let mut steps = steps;
        while found < missing {
            let middle = found + (missing - found) / 2;
            steps += &read(middle, if middle < 5 { "x" } else { "" });
            if middle < 5 { found = middle + 1 } else { missing = middle }
        }
        Scripted::play(&(steps + rest), |bearer| async move {
            let file = ftp(&bearer).get_extended("1K.txt", |_| {}).await?;
            let pieces = file.into_download();
            pieces.try_fold(0, |all, piece| async move { Ok(all + piece.len()) }).await
        })
    };
    const END: &str = "> AT+FTPEXTGET=0\n< OK\n";
    let whole = "> AT+FTPEXTGET=3,0,16384\n< +FTPEXTGET: 3,5\\r\\nhello|\n< OK\n> AT+FTPEXTGET=3,0,6\n< +FTPEXTGET: 3,5\\r\\nhello|\n< OK\n";
    assert_eq!(get(&(size(5) + whole + END)), Ok(5));
    assert_eq!(get(&(size(8) + &size(8) + END)), incomplete(FtpOperation::GetExtended, 8, 5));
}

#[test]
fn what_is_appended_to_is_measured_twice_and_so_is_what_is_more_than_that() {
    let sent = "> AT+FTPPUT=1
         < OK
         < +FTPPUT: 1,1,1360
         > AT+FTPPUT=2,5
         < +FTPPUT: 2,5
         > hello|
         < OK
         < +FTPPUT: 1,1,1360
         > AT+FTPPUT=2,0
         < OK
         < +FTPPUT: 1,0
        ";
    let put = |before: &[u64], after: &[u64]| {
        let told = |octets: u64| ftp_of(&GET, "") + &size(octets);
        let steps = before.iter().copied().map(told).collect::<String>()
            + &ftp_of(&PUT, "")
            + sent
            + IDLE
            + &after.iter().copied().map(told).collect::<String>();
        let append = steps.replace("\"STOR\"", "\"APPE\"");
        Scripted::play(&append, |bearer: Bearer| async move {
            let mut options = FtpOptions::default();
            options.put = PutOption::Append;
            ftp(&bearer).with_options(options).put("1K.txt", &b"hello"[..]).await
        })
    };
    assert_eq!(put(&[20, 20], &[25]), Ok(5));
    // Others append to it, too.
    assert_eq!(put(&[20, 20], &[35, 35]), Ok(5));
    // Half of it is stored, and the line damages what is told before or after.
    assert_eq!(put(&[2, 20, 20], &[22, 22, 22]), incomplete(FtpOperation::Put, 25, 22));
    assert_eq!(put(&[20, 20], &[222, 22, 22]), incomplete(FtpOperation::Put, 25, 22));
}

/// The count was that of the command before, whose result had come out of the blue.
#[test]
fn an_end_before_the_size_that_was_found_is_none() {
    let steps = ftp_of(&GET, "")
        + &size(2)
        + "> AT+FTPEXTGET=1
           < OK
           < +FTPEXTGET: 1,0
           > AT+FTPEXTGET=3,1,1
           < +FTPEXTGET: 3,1\\r\\ne|
           < OK
           > AT+FTPEXTGET=3,2,1
           < +CME ERROR: 3
           > AT+FTPEXTGET=3,0,16384
           < +FTPEXTGET: 3,0
           < OK
           > AT+FTPEXTGET=0
           < OK";
    let got = Scripted::play(&steps, |bearer| async move {
        let file = ftp(&bearer).get_extended("1K.txt", |_| {}).await?;
        file.into_download().try_fold(0, |all, piece| async move { Ok(all + piece.len()) }).await
    });
    assert_eq!(got.map_err(|error| error.kind().as_str()), Err("malformed"));
}
