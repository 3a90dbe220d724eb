//! Responses around the module's memory and file system: which lines are theirs, and what they say.

use std::error::Error;

use sim800_command::*;

type TestResult = Result<(), Box<dyn Error>>;

fn lines<'a>(text: &[&'a str]) -> Vec<Line<'a>> {
    text.iter().map(|line| Line::new(line.as_bytes())).collect()
}

/// Whether `command` takes `line` for its own.
fn claims(command: &impl Command, line: &str) -> bool {
    let line = Line::new(line.as_bytes());
    match command.expect().information {
        Claim::None => false,
        Claim::Named { name, accepts } => {
            line.name().map(str::as_bytes) == Some(name.as_bytes()) && accepts(line.values())
        }
        _ => true,
    }
}

#[test]
fn progress_into_the_file_system_is_told_from_its_end() -> TestResult {
    for (line, own) in [
        ("+FTPGETTOFS: 0", true),
        ("+FTPGETTOFS: 1,174125,163900", true),
        ("+FTPGETTOFS:1, 0,0", true),
        ("+FTPGETTOFS: 0,174125", false),
        ("+FTPGETTOFS: 61", false),
        ("+FTPGETTOFS: 85", false),
        ("+FTPGETTOFS: 86", false),
        ("+FTPGETTOFS:", false),
        ("+FTPPUTFRMFS: 0", false),
    ] {
        assert_eq!(claims(&FtpGetToFsStatus, line), own, "{line}");
    }
    let progress = |line| FtpGetToFsStatus.response(&lines(&[line]));
    assert!(progress("+FTPGETTOFS: 1,x,0").is_err());
    assert!(FtpGetToFsStatus.response(&[]).is_err());
    Ok(())
}

#[test]
fn progress_out_of_the_file_system_is_told_from_its_end() -> TestResult {
    for (line, own) in [
        ("+FTPPUTFRMFS: 0", true),
        ("+FTPPUTFRMFS: 1,68160", true),
        ("+FTPPUTFRMFS: 1,0", true),
        ("+FTPPUTFRMFS: 0,174125", false),
        ("+FTPPUTFRMFS: 64", false),
        ("+FTPPUTFRMFS: 1,2,3", false),
    ] {
        assert_eq!(claims(&FtpPutFrmFsStatus, line), own, "{line}");
    }
    Ok(())
}

#[test]
fn progress_into_memory_that_reads_like_the_end_is_not_believed() -> TestResult {
    for (line, own) in [
        ("+FTPEXTGET: 0", true),
        ("+FTPEXTGET: 0,64136", true),
        ("+FTPEXTGET: 1", true),
        ("+FTPEXTGET: 1,1", true),
        ("+FTPEXTGET: 1,60", true),
        ("+FTPEXTGET: 1,87", true),
        ("+FTPEXTGET: 1,64136", true),
        ("+FTPEXTGET: 1,0", false),
        ("+FTPEXTGET: 1,61", false),
        ("+FTPEXTGET: 1,86", false),
        ("+FTPEXTGET: 2,174125", false),
        ("+FTPEXTGET: 3,1024", false),
    ] {
        assert_eq!(claims(&FtpExtGetStatus, line), own, "{line}");
    }
    assert_eq!(FtpExtGetStatus.response(&[])?, FtpExtGetProgress::Unclear);
    Ok(())
}

#[test]
fn what_was_saved_is_told_from_the_end_and_from_a_header() -> TestResult {
    let save = FtpExtGetSave { name: Text::new("test.txt")? };
    assert!(claims(&save, "+FTPEXTGET: 2,174125"));
    assert!(!claims(&save, "+FTPEXTGET: 1,85"));
    assert_eq!(save.response(&lines(&["+FTPEXTGET: 2,174125"]))?.size, 174_125);
    assert!(save.response(&[]).is_err());
    Ok(())
}

#[test]
fn http_context_in_other_shapes_and_without_its_secrets() -> TestResult {
    let context = HttpScontRead.response(&lines(&[
        "+HTTPSCONT: 0",
        "URL: http://www.sim.com/a,b?c=d:e",
        "UA: \"SIMCom_MODULE\"",
        "PROIP: ",
        "REDIR: 1",
        r"USERDATA: Accept: text/plain\r\nAuthorization: Basic aHVudGVyMg==",
        "+XYZ: 1",
    ]))?;
    assert_eq!(context.url.map(Text::as_str), Some("http://www.sim.com/a,b?c=d:e"));
    assert_eq!(context.user_agent.map(Text::as_str), Some("SIMCom_MODULE"));
    assert_eq!(context.proxy_address, Some(Text::EMPTY));
    assert_eq!(context.redirect, Some(true));
    let shown = format!("{context:?}");
    assert!(shown.contains("***") && !shown.contains("aHVudGVyMg"), "{shown}");

    let older = HttpScontRead.response(&lines(&["+HTTPSCONT:1", "CID: ", "URL: "]))?;
    assert_eq!((older.saved, older.cid, older.url), (false, None, Some(Text::EMPTY)));
    assert_eq!(older.user_data, None);
    assert!(HttpScontRead.response(&lines(&["CID: 1"])).is_err());
    Ok(())
}

#[test]
fn ftp_context_masks_the_password() -> TestResult {
    let context =
        FtpScontRead.response(&lines(&["+FTPSCONT: 1", "+FTPPW: hunter2", "+FTPGETNAME: \"1,K.txt\""]))?;
    assert_eq!(context.password.map(Secret::reveal), Some("hunter2"));
    assert_eq!(context.get_name.map(Text::as_str), Some("1,K.txt"));
    let shown = format!("{context:?}");
    assert!(shown.contains("***") && !shown.contains("hunter2"), "{shown}");
    assert!(FtpScontRead.response(&[]).is_err());
    Ok(())
}

#[test]
fn drives_and_their_free_space_in_both_spellings() -> TestResult {
    let drive = |line| FsDrive { storage: FsStorage::Internal }.response(&lines(&[line]));
    assert_eq!(drive("+FSDRIVE:d:")?.to_string(), "D:");
    assert!(drive("+FSDRIVE: 0").is_err());
    assert!(drive("+FSDRIVE: Card").is_err());

    let free = |line: &'static str| -> Result<Vec<_>, Malformed> {
        let free = FsMem.response(&lines(&[line]))?;
        Ok(free.drives().map(|(drive, free)| (drive.letter(), free)).collect())
    };
    assert_eq!(free("+FSMEM: C:190464bytes, D: 1073741824 bytes")?, [('C', 190_464), ('D', 1_073_741_824)]);
    for line in ["+FSMEM:", "+FSMEM: C:", "+FSMEM: C:(11348480, 2201600)", "+FSMEM: C:5bytes,x"] {
        assert!(free(line).is_err(), "{line}");
    }
    Ok(())
}

#[test]
fn a_listing_has_directories_files_and_nothing_else() -> TestResult {
    let list = FsLs { directory: Path::new(r"C:\")? };
    let text = lines(&[r"User\", "id.txt", "", "+XYZ: 1", "+CIEV 10", r"\", "a/b", " Log.TXT "]);
    let entries: Vec<_> = list
        .response(&text)?
        .entries(text.iter().copied())
        .map(|entry| (entry.as_str(), entry.is_directory))
        .collect();
    let expected =
        [(Some("User"), true), (Some("id.txt"), false), (Some("+CIEV 10"), false), (Some("Log.TXT"), false)];
    assert_eq!(entries, expected);
    let other = list.response(&[])?.entries([Line::new(b"\xb2\xe2.txt")]).next().ok_or("no entry")?;
    assert_eq!((other.name, other.as_str()), (&b"\xb2\xe2.txt"[..], None));
    Ok(())
}

#[test]
fn size_and_outcome_of_a_write() -> TestResult {
    let file = Path::new(r"C:\a.txt")?;
    assert!(FsFlSize { file }.response(&lines(&["+FSFLSIZE: -1"])).is_err());
    assert!(FsFlSize { file }.response(&[]).is_err());
    let write = FsWrite { file, mode: FsWriteMode::Append, size: Number::new(9)?, time: Number::new(20)? };
    assert_eq!(write.response(&[])?, FsWritten::Complete);
    Ok(())
}

#[test]
fn data_phases() -> TestResult {
    let announced = |header, at_most| DataPhase::Announced { header, at_most };
    assert_eq!(HttpHead.expect().data, announced(Header::new("+HTTPHEAD:"), 319_488));
    let list = FtpListRead { length: Number::new(1024)? };
    assert_eq!(list.expect().data, announced(Header::new("+FTPLIST:").selected_by(2), 1024));
    let read = FtpExtGetRead { position: Number::new(7)?, length: Number::new(174_125)? };
    assert_eq!(read.expect().data, announced(Header::new("+FTPEXTGET:").selected_by(3), 174_125));
    let (position, length, time) = (Number::new(2048)?, Number::new(1024)?, Number::new(10_000)?);
    let load = FtpExtPutLoad { position, length, time };
    let granted = DataPhase::Granted { header: Header::new("+FTPEXTPUT:").selected_by(2048), at_most: 1024 };
    assert_eq!(load.expect().data, granted);
    for switch in [FtpExtPutBegin.expect().data, FtpExtPutEnd.expect().data, FtpExtGetOpen.expect().data] {
        assert_eq!(switch, DataPhase::None);
    }
    let file = Path::new(r"C:\a.txt")?;
    let (size, position) = (Number::new(512)?, Number::new(0)?);
    let read = FsRead { file, mode: FsReadMode::Start, size, position };
    assert_eq!(read.expect().data, DataPhase::Counted { count: 512 });
    let write = FsWrite { file, mode: FsWriteMode::Start, size, time: Number::new(20)? };
    assert_eq!(write.expect().data, DataPhase::Prompted);
    Ok(())
}

#[test]
fn time_limits() -> TestResult {
    let (position, length, time) = (Number::new(0)?, Number::new(1)?, Number::new(1_000_000)?);
    assert_eq!(FtpExtPutLoad { position, length, time }.time_limit().as_secs(), 1_005);
    assert_eq!(FtpDele.time_limit().as_secs(), 75);
    assert_eq!(FtpExtGetSave { name: Text::new("a")? }.time_limit().as_secs(), 60);
    assert_eq!(FtpExtGetEnd.time_limit().as_secs(), 10);
    assert_eq!(FtpExtGetStatus.time_limit().as_secs(), 5);
    let file = Path::new(r"C:\a.txt")?;
    assert_eq!(FsDel { file }.time_limit().as_secs(), 10);
    let write = FsWrite { file, mode: FsWriteMode::Start, size: Number::new(1)?, time: Number::new(20)? };
    assert_eq!(write.time_limit().as_secs(), 30);
    Ok(())
}
