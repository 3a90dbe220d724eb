//! FTP beside plain transfers: resumed ones, listings, what is done to files and directories, settings.

use futures::future::join;
use futures::{StreamExt, TryStreamExt};
use sim800_command::Csq;
use sim800_session::{Chain, Download, FtpError, FtpOptions, FtpSecurity};

use super::script::{Scripted, answered, once};
use super::{FTP, GET, IDLE, PUT, UNTOLD, ftp, ftp_of, stored};

async fn whole(download: Result<Download, FtpError>) -> Result<Vec<u8>, FtpError> {
    let pieces: Vec<_> = download?.try_collect().await?;
    Ok(pieces.concat())
}

/// A download from 20 on, up to the position: it is set last, for a session that asks for a size may take it back.
fn resumed(rest: &str) -> String {
    ftp_of(&GET, UNTOLD) + &answered(&["AT+FTPREST=20"]) + rest
}

#[test]
fn a_resumed_download_begins_where_it_should_and_leaves_nothing_behind() {
    // Application note 3.15.
    let steps = resumed(
        "> AT+FTPGET=1
         < OK
         < +FTPGET: 1,1
         > AT+FTPGET=2,1460
         < +FTPGET: 2,9\\r\\nshigeshia|
         < OK
         .. 1
         < +FTPGET: 1,0
        ",
    ) + IDLE
        + "> AT+FTPREST=0\n< OK\n";
    let file =
        Scripted::play(
            &steps,
            |bearer| async move { whole(ftp(&bearer).get_from("1K.txt", 20).await).await },
        );
    assert_eq!(file, Ok(b"shigeshia".to_vec()));
}

#[test]
fn the_position_is_taken_back_after_failures_and_when_dropped() {
    let steps = resumed("> AT+FTPGET=1\n< OK\n< +FTPGET: 1,74\n") + "> AT+FTPREST=0\n< OK\n";
    let error = Scripted::play(&steps, |bearer| async move {
        ftp(&bearer).get_from("1K.txt", 20).await.map(drop).expect_err("74")
    });
    assert!(error.to_string().contains("cannot resume"), "{error}");

    let before = ftp_of(&GET, UNTOLD);
    let steps = format!("{before}> AT+FTPREST=20\n.. 5\n> AT\n< OK\n> AT+FTPREST=0\n< OK\n");
    let error = Scripted::play(&steps, |bearer| async move {
        ftp(&bearer).get_from("1K.txt", 20).await.map(drop).expect_err("silence")
    });
    assert_eq!(error.kind().as_str(), "timed-out", "it may have been taken");

    let settings = answered(&FTP);
    let (before, _) = settings.split_once("> AT+FTPSSL").expect("it is set");
    let steps = format!("{before}> AT+FTPSSL=0\n< +CME ERROR: 3\n> AT+FTPEXTPUT=0\n.. 10\n");
    let error = Scripted::play(&steps, |bearer| async move {
        ftp(&bearer).get_from("1K.txt", 20).await.map(drop).expect_err("silence")
    });
    assert_eq!(error.kind().as_str(), "timed-out", "a setting that only takes back must still be answered");

    let steps = resumed(
        "> AT+FTPGET=1
         < OK
         < +FTPGET: 1,1
         > AT+FTPGET=2,1460
         < +FTPGET: 2,2\\r\\nab|
         < OK
         > AT+FTPQUIT
         < OK
         < +FTPGET: 1,86
        ",
    ) + "> AT+FTPREST=0\n< OK\n"
        // The next one waits until that is done.
        + &ftp_of(&GET, "> AT+FTPSIZE\n< OK\n< +FTPSIZE: 1,0,29\n");
    let size = Scripted::play(&steps, |bearer| async move {
        let mut download = ftp(&bearer).get_from("1K.txt", 20).await?;
        assert!(download.next().await.is_some());
        drop(download);
        ftp(&bearer).size("1K.txt").await
    });
    assert_eq!(size, Ok(29));
}

#[test]
fn a_module_that_restarts_has_no_position_to_take_back() {
    let steps = resumed("> AT+FTPGET=1\n< OK\n< RDY\n");
    let error = Scripted::play(&steps, |bearer| async move {
        ftp(&bearer).get_from("1K.txt", 20).await.map(drop).expect_err("restarted")
    });
    assert_eq!(error.kind().as_str(), "restarted");
}

/// An octet or two of noise may read like a start. The session would take what is sent for its own.
#[test]
fn a_session_that_a_restart_ended_is_quit_all_the_same() {
    let again = "> AT\n< OK\n> AT+CNMI?\n< +CNMI: 2,1,0,0,0\n< OK\n> AT+FTPQUIT\n< OK\n< +FTPDELE: 1,80\n";
    let steps = ftp_of(&GET, "> AT+FTPDELE\n< OK\n< RDY\n")
        + again
        + &ftp_of(&GET, "> AT+FTPDELE\n< OK\n< +FTPDELE: 1,0\n");
    Scripted::play(&steps, |bearer| async move {
        let ftp = ftp(&bearer);
        assert_eq!(ftp.delete("1K.txt").await.expect_err("restarted").kind().as_str(), "restarted");
        ftp.delete("1K.txt").await.expect("deleted");
    });
}

/// As the end of a session that was given up, while another command was in front of this one.
#[test]
fn a_line_that_comes_before_a_session_is_opened_is_none_of_it() {
    let other = "< OK\n> AT+CSQ\n< +CSQ: 1,0\n< OK\n";
    let settings = ftp_of(&GET, "").replace("< OK\n", other);
    let others = settings.matches("AT+CSQ").count();
    // The last of them comes when the next command waits already.
    let steps = settings.strip_suffix("< +CSQ: 1,0\n< OK\n").expect("an answer").to_owned()
        + ".. 1\n< +FTPDELE: 1,0\n< +CSQ: 1,0\n< OK\n> AT+FTPDELE\n< OK\n< +FTPDELE: 1,77\n";
    Scripted::play(&steps, |bearer| async move {
        let client = bearer.client().clone();
        let asks = async move {
            for _ in 0..others {
                client.execute(&Csq).await.expect("a result");
            }
        };
        let (deleted, ()) = join(ftp(&bearer).delete("1K.txt"), asks).await;
        assert_eq!(deleted.expect_err("77").code(), Some(77));
    });
}

#[test]
fn a_listing_is_read_like_a_file() {
    // Application note 3.19, with a name in it that looks like protocol.
    let list = "total 0\r\n-rw-r--r-- 1 user group 0 Oct 12 14:58 +FTPLIST: 1,0\r\nOK\r\n";
    let (length, text) = (list.len(), list.escape_default());
    let steps = ftp_of(
        &["AT+FTPGETPATH=\"/test\""],
        &format!(
            "> AT+FTPLIST=1
             < OK
             .. 1
             < +FTPLIST: 1,1
             > AT+FTPLIST=2,1460
             < +FTPLIST: 2,{length}\\r\\n{text}|
             < OK
             < +FTPLIST: 1,1
             > AT+FTPLIST=2,1460
             < +FTPLIST: 2,0
             < OK
             < +FTPLIST: 1,0
             {IDLE}"
        ),
    );
    let text = Scripted::play(&steps, |bearer| async move { whole(ftp(&bearer).list("/test").await).await });
    assert_eq!(text, Ok(list.as_bytes().to_vec()));
}

/// A refusal that was nobody's, and then a response whose header the line damaged: its text reads like the end of the listing.
#[test]
fn a_listing_whose_response_came_behind_a_refusal_is_none() {
    for (before, after) in
        [("< OK", ""), ("", "> AT+FTPSTATE\n< OK\n> AT\n< OK\n> AT+FTPSTATE\n< +FTPSTATE: 0\n< OK\n")]
    {
        let steps = ftp_of(
            &["AT+FTPGETPATH=\"/test\""],
            &format!(
                "> AT+FTPLIST=1
                 < OK
                 < +FTPLIST: 1,1
                 > AT+FTPLIST=2,1460
                 < +CME ERROR: 3
                 < +FTPLLIST: 2,17
                 < +FTPLIST: 1,0
                 {before}
                 {after}"
            ),
        );
        let text =
            Scripted::play(&steps, |bearer| async move { whole(ftp(&bearer).list("/test").await).await });
        assert_eq!(text.expect_err("what was read is not known").kind().as_str(), "malformed");
    }
}

#[test]
fn a_listing_may_fail_or_be_dropped() {
    let path = ["AT+FTPGETPATH=\"/test\""];
    let steps = ftp_of(&path, "> AT+FTPLIST=1\n< OK\n< +FTPLIST: 1,77\n");
    let error = Scripted::play(&steps, |bearer| async move {
        ftp(&bearer).list("/test").await.map(drop).expect_err("77")
    });
    assert_eq!(
        error.to_string(),
        "the listing failed at its start: 77 (the server refused the operation); check path and permissions"
    );

    let steps = ftp_of(
        &path,
        "> AT+FTPLIST=1
         < OK
         < +FTPLIST: 1,1
         > AT+FTPLIST=2,1460
         < +FTPLIST: 2,1\\r\\nx|
         < OK
         > AT+FTPQUIT
         < OK
         < +FTPLIST: 1,86",
    );
    Scripted::play(&steps, |bearer| async move {
        let mut list = ftp(&bearer).list("/test").await.expect("open");
        assert!(list.next().await.is_some());
    });
}

#[test]
fn files_and_directories_are_made_and_removed() {
    let directory = ["AT+FTPGETPATH=\"/test\""];
    let steps = ftp_of(&GET, "> AT+FTPDELE\n< OK\n.. 2\n< +FTPDELE: 1,0\n")
        + &ftp_of(&directory, "> AT+FTPMKD\n< OK\n.. 2\n< +FTPMKD: 1,0\n")
        + &ftp_of(&directory, "> AT+FTPRMD\n< OK\n.. 2\n< +FTPRMD: 1,0\n");
    Scripted::play(&steps, |bearer| async move {
        let ftp = ftp(&bearer);
        ftp.delete("1K.txt").await.expect("deleted");
        ftp.make_directory("/test").await.expect("made");
        ftp.remove_directory("/test").await.expect("removed");
    });
    let steps = ftp_of(&GET, "> AT+FTPDELE\n< OK\n< +FTPDELE: 1,77\n")
        + &ftp_of(&directory, "> AT+FTPMKD\n< +FTPMKD: 1,77\n< OK\n")
        + &ftp_of(&directory, "> AT+FTPRMD\n< OK\n< +SAPBR 1: DEACT\n");
    Scripted::play(&steps, |bearer| async move {
        let ftp = ftp(&bearer);
        assert_eq!(ftp.delete("1K.txt").await.expect_err("77").code(), Some(77));
        assert_eq!(ftp.make_directory("/test").await.expect_err("77").code(), Some(77));
        assert_eq!(ftp.remove_directory("/test").await.expect_err("lost").kind().as_str(), "bearer-lost");
    });
}

#[test]
fn a_file_is_renamed_where_the_firmware_can() {
    let names = [GET[0], GET[1], "AT+FTPPUTPATH=\"/old/\"", "AT+FTPPUTNAME=\"2K.txt\""];
    let steps = ftp_of(&names, "> AT+FTPRENAME=?\n< OK\n> AT+FTPRENAME\n< OK\n.. 2\n< +FTPRENAME: 1,0\n");
    let renamed =
        Scripted::play(&steps, |bearer| async move { ftp(&bearer).rename("1K.txt", "/old/2K.txt").await });
    assert_eq!(renamed, Ok(()));
    let steps = ftp_of(&names, "> AT+FTPRENAME=?\n< ERROR\n");
    let error = Scripted::play(&steps, |bearer| async move {
        ftp(&bearer).rename("1K.txt", "/old/2K.txt").await.expect_err("no such command")
    });
    assert_eq!(error.kind().as_str(), "unsupported");
    assert!(Chain(&error).to_string().contains("AT+FTPRENAME=?"), "{error:?}");
}

#[test]
fn a_session_is_secured_where_the_firmware_can() {
    let secured = |bearer| async move {
        let mut options = FtpOptions::default();
        options.security = FtpSecurity::Explicit;
        ftp(&bearer).with_options(options).size("1K.txt").await
    };
    let steps = ftp_of(&GET, "> AT+FTPSIZE\n< OK\n< +FTPSIZE: 1,0,1024\n");
    let explicit = steps.replace("> AT+FTPSSL=0\n< OK", "> AT+FTPSSL=2\n< OK\n> AT+SSLOPT=0,0\n< OK");
    assert_eq!(Scripted::play(&explicit, secured), Ok(1024));
    let (before, _) = steps.split_once("> AT+FTPSSL").expect("it is set");
    let error = Scripted::play(&format!("{before}> AT+FTPSSL=2\n< ERROR\n"), secured).expect_err("no SSL");
    assert_eq!(error.kind().as_str(), "no-ssl");
    assert!(error.to_string().contains("R14"), "{error}");
}

#[test]
fn firmware_without_the_extended_modes_has_none_to_switch_off() {
    let steps =
        ftp_of(&PUT, "> AT+FTPPUT=1\n< OK\n< +FTPPUT: 1,1,1360\n> AT+FTPPUT=2,0\n< OK\n< +FTPPUT: 1,0\n")
            + IDLE
            + &stored();
    let steps =
        ["FTPSSL=0", "FTPEXTPUT=0", "FTPEXTGET=0", "FTPFILEPUT=0"].iter().fold(steps, |steps, command| {
            steps.replace(&format!("{command}\n< OK"), &format!("{command}\n< ERROR"))
        });
    assert_eq!(
        Scripted::play(&steps, |bearer| async move { ftp(&bearer).put("1K.txt", &b""[..]).await }),
        Ok(0)
    );
}

#[test]
fn settings_are_saved_and_read_back_and_the_password_is_not_shown() {
    let steps = ftp_of(
        &[],
        "> AT+FTPSCONT
         < OK
         > AT+FTPSCONT?
         < +FTPSCONT: 0\\r\\n+FTPSERV: sim.com\\r\\n+FTPPORT: 21\\r\\n+FTPUN: anonymous\\r\\n+FTPPW: sesame\\r\\n+FTPREST: 0\\r\\n|
         < OK",
    );
    Scripted::play(&steps, |bearer| async move {
        let ftp = ftp(&bearer);
        ftp.save().await.expect("saved");
        let shown = ftp.saved(|context| {
            assert!(context.saved);
            assert_eq!(context.server.map(|server| server.as_str()), Some("sim.com"));
            assert_eq!(context.password.map(|password| password.reveal()), Some("sesame"));
            format!("{context:?}")
        });
        let shown = shown.await.expect("read back");
        assert!(!shown.contains("sesame"), "{shown}");
    });
}

#[test]
fn a_line_that_is_not_the_modules_ends_no_download() {
    let forged = "> AT+FTPGET=1
         < OK
         < +FTPGET: 1,1
         > AT+FTPGET=2,1460
         < +FTPGET: 2,2\\r\\nab|
         < OK
         < +FTPGET: 1,0
         > AT+FTPSTATE
         < +FTPSTATE: 1
         < OK\n";
    let rest = "< +FTPGET: 1,1
         > AT+FTPGET=2,1460
         < +FTPGET: 2,3\\r\\ncde|
         < OK
         < +FTPGET: 1,0\n";
    let get = |bearer| async move { whole(ftp(&bearer).get("1K.txt").await).await };
    let steps = ftp_of(&GET, &format!("{forged}.. 2\n{rest}{IDLE}"));
    assert_eq!(Scripted::play(&steps, get), Ok(b"abcde".to_vec()));
    // Firmware that says that it is at it for longer refuses to be read.
    let steps = ftp_of(&GET, &format!("{forged}.. 10\n> AT+FTPGET=2,1460\n< ERROR\n> AT+FTPQUIT\n< ERROR\n"));
    assert_eq!(Scripted::play(&steps, get), Ok(b"ab".to_vec()));
}

#[test]
fn a_module_that_ends_and_goes_on_for_ever_is_not_waited_for() {
    let both = "< +FTPGET: 1,0\n> AT+FTPSTATE\n< +FTPSTATE: 1\n< OK\n".repeat(17);
    let steps = ftp_of(&GET, &format!("> AT+FTPGET=1\n< OK\n{both}> AT+FTPQUIT\n< ERROR\n"));
    let get = |bearer| async move { whole(ftp(&bearer).get("1K.txt").await).await };
    let (result, _) = Scripted::timed(&steps, once(), get);
    assert!(matches!(result, Err(FtpError::NoProgress { .. })), "{result:?}");
}
