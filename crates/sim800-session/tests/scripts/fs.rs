//! The module's file system.

use futures::{AsyncReadExt, FutureExt, StreamExt};
use sim800_session::{Bearer, Chain, Fs, FsError, FsStorage, Notice};

use super::script::Scripted;

fn fs(bearer: &Bearer) -> Fs {
    Fs::new(bearer.client())
}

async fn read(bearer: Bearer, path: &str) -> Result<Vec<u8>, String> {
    let mut file = fs(&bearer).read(path).await.map_err(|error| Chain(&error).to_string())?;
    let mut octets = Vec::new();
    file.read_to_end(&mut octets).await.map_err(|error| Chain(&error).to_string())?;
    assert_eq!(Some(octets.len() as u64), file.total());
    Ok(octets)
}

async fn write(bearer: Bearer, octets: &[u8]) -> Result<u64, FsError> {
    fs(&bearer).write(r"C:\User\a.txt", octets).await
}

const CREATE: &str = "> AT+FSDEL=C:\\\\User\\\\a.txt\n< ERROR\n> AT+FSCREATE=C:\\\\User\\\\a.txt\n< OK\n";

#[test]
fn a_file_is_read_in_pieces_and_never_beyond_its_end() {
    let piece = "x".repeat(10_240);
    let steps = format!(
        "> AT+FSFLSIZE=C:\\\\User\\\\a.txt
         < +FSFLSIZE: 1024
         < OK
         > AT+FSFLSIZE=C:\\\\User\\\\a.txt
         < +FSFLSIZE: 10247
         < OK
         > AT+FSFLSIZE=C:\\\\User\\\\a.txt
         < +FSFLSIZE: 10247
         < OK
         > AT+FSREAD=C:\\\\User\\\\a.txt,1,10240,0
         < \\r\\n{piece}|
         < OK
         > AT+FSREAD=C:\\\\User\\\\a.txt,1,23,10224
         < \\r\\n{end}\\r\\nOK\\r\\n.|
         < OK
         > AT+FSFLSIZE=C:\\\\User\\\\a.txt
         < +FSFLSIZE: 10247
         < OK
         > AT+FSREAD=C:\\\\User\\\\a.txt,1,7,10240
         < \\r\\n\\r\\nOK\\r\\n.|
         < OK",
        end = "x".repeat(16)
    );
    let octets = Scripted::play(&steps, |bearer| read(bearer, r"C:\User\a.txt"));
    assert_eq!(octets, Ok((piece + "\r\nOK\r\n.").into_bytes()));
}

#[test]
fn no_piece_is_asked_for_that_begins_like_a_refusal() {
    let read_of = |count: u32, from: u32, octets: &str| {
        format!("> AT+FSREAD=C:\\\\a.txt,1,{count},{from}\n< \\r\\n{octets}|\n< OK\n")
    };
    let size = "> AT+FSFLSIZE=C:\\\\a.txt\n< +FSFLSIZE: 10243\n< OK\n";
    // What comes again begins so, with all of it or with a part of it.
    for end in ["ERROR\r\n..", "+CME ERROR: 3..", "+CMS ERROR: 3..."] {
        let end = format!("{end:.<16}");
        let shown = end.replace('\r', "\\r").replace('\n', "\\n");
        let piece = format!("{}{shown}", "x".repeat(10_224));
        let steps = size.repeat(2)
            + &read_of(10_240, 0, &piece)
            + &read_of(18, 10_225, &format!("{}end", &shown[1..]))
            + size
            + &read_of(3, 10_240, "end");
        let octets = Scripted::play(&steps, |bearer| read(bearer, r"C:\a.txt"));
        assert_eq!(octets, Ok(format!("{}{end}end", "x".repeat(10_224)).into_bytes()));
    }
}

/// The size lost the same digit twice: of the file, only its beginning would be read.
#[test]
fn behind_the_last_piece_the_size_is_the_same() {
    let size = |told: &str| format!("> AT+FSFLSIZE=C:\\\\a.txt\n< +FSFLSIZE: {told}\n< OK\n");
    let piece = "> AT+FSREAD=C:\\\\a.txt,1,2,0\n< \\r\\nab|\n< OK\n";
    let same = size("2").repeat(2) + piece + &size("2") + piece;
    assert_eq!(Scripted::play(&same, |bearer| read(bearer, r"C:\a.txt")), Ok(b"ab".to_vec()));
    let more = size("2").repeat(2) + piece + &size("22");
    let error = Scripted::play(&more, |bearer| read(bearer, r"C:\a.txt")).expect_err("more");
    assert!(error.contains("makes no sense"), "{error}");
    // An `OK` that was left of the piece answers no question.
    let left = size("2").repeat(2) + piece + "> AT+FSFLSIZE=C:\\\\a.txt\n< OK\n> AT\n< OK\n";
    let error = Scripted::play(&left, |bearer| read(bearer, r"C:\a.txt")).expect_err("no size");
    assert!(error.contains("makes no sense"), "{error}");
}

#[test]
fn an_empty_file_needs_no_reading_and_a_missing_one_is_named() {
    let steps = "> AT+FSFLSIZE=C:\\\\a.txt\n< +FSFLSIZE: 0\n< OK\n".repeat(2);
    assert_eq!(Scripted::play(&steps, |bearer| read(bearer, r"C:\a.txt")), Ok(Vec::new()));
    let steps = "> AT+FSFLSIZE=C:\\\\a.txt\n< ERROR\n";
    let error = Scripted::play(steps, |bearer| read(bearer, r"C:\a.txt"));
    let missing = r"the module has no C:\a.txt; list the directory to see what is there";
    assert_eq!(error, Err(missing.to_owned()));
    let error = Scripted::play("", |bearer| read(bearer, "a.txt"));
    assert!(error.expect_err("no drive").contains("drive"));
}

#[test]
fn a_file_that_cannot_be_read_is_an_error() {
    let steps = "> AT+FSFLSIZE=C:\\\\a.txt
                 < +FSFLSIZE: 5
                 < OK
                 > AT+FSFLSIZE=C:\\\\a.txt
                 < +FSFLSIZE: 5
                 < OK
                 > AT+FSREAD=C:\\\\a.txt,1,5,0
                 < ERROR
                 > AT
                 < OK
                 > AT+FSREAD=C:\\\\a.txt,1,1,0
                 < ERROR";
    let error = Scripted::play(steps, |bearer| read(bearer, r"C:\a.txt"));
    assert!(error.expect_err("refused").contains("AT+FSREAD"));
}

#[test]
fn a_file_is_written_in_pieces_and_looked_at_afterwards() {
    let octets = "y".repeat(10_241);
    let first = &octets[..10_240];
    // Ten bits to the octet, half as much again, twice, and five seconds.
    let steps = format!(
        "{CREATE}> AT+FSWRITE=C:\\\\User\\\\a.txt,1,10240,7
         < \\r\\n>|
         > {first}|
         < OK
         > AT+FSWRITE=C:\\\\User\\\\a.txt,1,1,5
         < \\r\\n>|
         > y|
         < OK
         > AT+FSFLSIZE=C:\\\\User\\\\a.txt
         < +FSFLSIZE: 10241
         < OK"
    );
    assert_eq!(Scripted::play(&steps, |bearer| write(bearer, octets.as_bytes())), Ok(10_241));
    let steps = format!("{CREATE}> AT+FSFLSIZE=C:\\\\User\\\\a.txt\n< +FSFLSIZE: 0\n< OK\n");
    assert_eq!(Scripted::play(&steps, |bearer| write(bearer, b"")), Ok(0));
    let steps = format!("{CREATE}> AT+FSFLSIZE=C:\\\\User\\\\a.txt\n< +FSFLSIZE: 3\n< OK\n");
    let error = Scripted::play(&steps, |bearer| write(bearer, b"")).expect_err("not empty");
    assert_eq!(error.kind().as_str(), "incomplete", "{error}");
}

#[test]
fn what_is_the_matter_with_writing_is_found_out() {
    let ask = "> AT+FSWRITE=C:\\\\User\\\\a.txt,1,5,5\n";
    let failed = [
        // There is no room: before the prompt, and after it.
        (format!("{CREATE}{ask}< ERROR\n> AT+FSMEM\n< +FSMEM: C:4bytes,D:9bytes\n< OK\n"), "full"),
        (
            // Whether the octets came in time is not certain.
            format!(
                "{CREATE}{ask}< \\r\\n>|\n> hello|\n< ERROR\n> AT\n< OK\n> AT+FSMEM\n< +FSMEM: C:0byte\n< OK\n"
            ),
            "full",
        ),
        (format!("{CREATE}{ask}< ERROR\n> AT+FSMEM\n< +FSMEM: C:5bytes\n< OK\n"), "rejected"),
        (format!("{CREATE}{ask}< ERROR\n> AT+FSMEM\n< ERROR\n"), "rejected"),
        (format!("{CREATE}{ask}< \\r\\n>|\n> hello|\n< TimeOut\n< OK\n"), "timed-out"),
        // The directory is not there.
        (
            CREATE.replace("a.txt\n< OK", "a.txt\n< ERROR")
                + "> AT+FSFLSIZE=C:\\\\User\\\\a.txt\n< ERROR\n> AT+FSLS=C:\\\\User\\\\a.txt\\\\\n< ERROR\n> AT\n< OK\n\
                   > AT+FSLS=C:\\\\User\\\\\n< ERROR\n> AT\n< OK\n",
            "not-found",
        ),
        // There is a directory in its place.
        (
            CREATE.replace("a.txt\n< OK", "a.txt\n< ERROR")
                + "> AT+FSFLSIZE=C:\\\\User\\\\a.txt\n< ERROR\n> AT+FSLS=C:\\\\User\\\\a.txt\\\\\n< OK\n> AT\n< OK\n",
            "exists",
        ),
    ];
    for (steps, kind) in failed {
        let error = Scripted::play(&steps, |bearer| write(bearer, b"hello")).expect_err(kind);
        assert_eq!(error.kind().as_str(), kind, "{error}");
    }
}

#[test]
fn a_source_that_fails_is_named() {
    let failing = futures::stream::iter([Ok(b"hel".to_vec()), Err(std::io::ErrorKind::BrokenPipe.into())]);
    let error = Scripted::play(CREATE, |bearer| async move {
        let source = futures::TryStreamExt::into_async_read(failing.boxed());
        fs(&bearer).write(r"C:\User\a.txt", source).await
    });
    assert_eq!(error, Err(FsError::Source { octets: 0, kind: std::io::ErrorKind::BrokenPipe }));
}

#[test]
fn drives_and_directories_are_told() {
    let steps = "> AT+FSDRIVE=0
                 < +FSDRIVE: C
                 < OK
                 > AT+FSMEM
                 < +FSMEM: C:190464bytes,D:1073741824bytes
                 < OK
                 > AT+FSLS=C:\\\\
                 < User\\\\\\r\\nid.txt
                 < OK
                 > AT
                 < OK
                 > AT+FSLS=C:\\\\None\\\\
                 < ERROR
                 > AT
                 < OK";
    Scripted::play(steps, |bearer| async move {
        let fs = fs(&bearer);
        let drive = fs.drive(FsStorage::Internal).await.expect("a drive");
        assert_eq!(drive.to_string(), "C:");
        assert_eq!(fs.free().await.expect("free").first(), Some(&(drive, 190_464)));
        let entries = fs.list(r"C:\").await.expect("entries");
        let entries: Vec<_> = entries.iter().map(|entry| (entry.name.as_str(), entry.is_directory)).collect();
        assert_eq!(entries, [("User", true), ("id.txt", false)]);
        assert_eq!(fs.list(r"C:\None").await.expect_err("none").kind().as_str(), "not-found");
    });
}

/// What is behind each listing: the line has to be silent.
const SILENT: &str = "> AT\n< OK\n";

#[test]
fn a_listing_that_begins_like_a_restart_is_one_only_if_it_does_so_again() {
    let list = |lines: &str| format!("> AT+FSLS=C:\\\\\n{lines}< OK\n{SILENT}");
    let names = |steps: &str| {
        Scripted::play(steps, |bearer| async move {
            let mut notices = bearer.client().subscribe(|_| true);
            let entries = fs(&bearer).list(r"C:\").await;
            let names =
                entries.map(|entries| entries.into_iter().map(|entry| entry.name).collect::<Vec<_>>());
            let restarts = std::iter::from_fn(|| notices.next().now_or_never().flatten());
            let restarts = restarts.filter(|notice| matches!(notice, Notice::Restarted(_))).count();
            (names.map_err(|error| error.kind().as_str()), restarts)
        })
    };
    let listed = |names: &[&str]| (Ok(names.iter().map(|name| (*name).to_owned()).collect()), 0);
    assert_eq!(names(&list("< RDY\n< a\n").repeat(2)), listed(&["RDY", "a"]));
    assert_eq!(names(&(list("< RDY\n< a\n") + &list("< a\n"))), (Err("restarted"), 1));
    assert_eq!(names(&list("< a\n< RDY\n")), listed(&["a", "RDY"]));
    // A name that no card or drive can have: it is the line of an FTP session.
    assert_eq!(names(&list("< a\n< +FTPGET: 1,0\n< z\n")), listed(&["a", "z"]));
}

#[test]
fn files_and_directories_are_made_removed_and_renamed() {
    let steps = "> AT+FSMKDIR=C:\\\\Log
                 < OK
                 > AT+FSRENAME=C:\\\\a.txt,C:\\\\Log\\\\b.txt
                 < OK
                 > AT+FSDEL=C:\\\\Log\\\\b.txt
                 < OK
                 > AT+FSRMDIR=C:\\\\Log
                 < OK";
    Scripted::play(steps, |bearer| async move {
        let fs = fs(&bearer);
        fs.make_directory(r"C:\Log\").await.expect("made");
        fs.rename(r"C:\a.txt", r"C:\Log\b.txt").await.expect("renamed");
        fs.remove(r"C:\Log\b.txt").await.expect("removed");
        fs.remove_directory(r"C:\Log\").await.expect("removed");
    });
}

#[test]
fn what_is_the_matter_with_a_name_is_found_out() {
    let steps = "> AT+FSDEL=C:\\\\a.txt
                 < ERROR
                 > AT+FSFLSIZE=C:\\\\a.txt
                 < ERROR
                 > AT+FSDEL=C:\\\\a.txt
                 < ERROR
                 > AT+FSFLSIZE=C:\\\\a.txt
                 < +FSFLSIZE: 1
                 < OK
                 > AT+FSMKDIR=C:\\\\Log
                 < ERROR
                 > AT+FSFLSIZE=C:\\\\Log
                 < ERROR
                 > AT+FSLS=C:\\\\Log\\\\
                 < OK
                 > AT
                 < OK
                 > AT+FSRMDIR=C:\\\\Log
                 < ERROR
                 > AT+FSLS=C:\\\\Log\\\\
                 < a.txt
                 < OK
                 > AT
                 < OK
                 > AT+FSRMDIR=C:\\\\Log
                 < ERROR
                 > AT+FSLS=C:\\\\Log\\\\
                 < ERROR
                 > AT
                 < OK
                 > AT+FSRENAME=C:\\\\a.txt,C:\\\\b.txt
                 < ERROR
                 > AT+FSFLSIZE=C:\\\\a.txt
                 < ERROR
                 > AT+FSLS=C:\\\\a.txt\\\\
                 < ERROR
                 > AT
                 < OK
                 > AT+FSRENAME=C:\\\\a.txt,C:\\\\b.txt
                 < ERROR
                 > AT+FSFLSIZE=C:\\\\a.txt
                 < +FSFLSIZE: 1
                 < OK
                 > AT+FSFLSIZE=C:\\\\b.txt
                 < +FSFLSIZE: 1
                 < OK";
    Scripted::play(steps, |bearer| async move {
        let fs = fs(&bearer);
        let kind = |result: Result<(), FsError>| result.expect_err("refused").kind().as_str();
        assert_eq!(kind(fs.remove(r"C:\a.txt").await), "not-found");
        assert_eq!(kind(fs.remove(r"C:\a.txt").await), "rejected");
        assert_eq!(kind(fs.make_directory(r"C:\Log").await), "exists");
        assert_eq!(kind(fs.remove_directory(r"C:\Log").await), "not-empty");
        assert_eq!(kind(fs.remove_directory(r"C:\Log").await), "not-found");
        assert_eq!(kind(fs.rename(r"C:\a.txt", r"C:\b.txt").await), "not-found");
        assert_eq!(kind(fs.rename(r"C:\a.txt", r"C:\b.txt").await), "exists");
    });
}
