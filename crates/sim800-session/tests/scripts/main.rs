//! Procedures against modules that know only octets: what firmware does that the emulated module does not.

mod fs;
mod ftp_control;
mod ftp_extended;
mod ftp_sent;
mod ftp_sizes;
mod ftp_stored;
mod ftp_uploads;
mod http_ranges;
mod http_service;
mod http_waiting;
mod script;
mod sockets;

use bytes::Bytes;
use futures::TryStreamExt;
use script::{Scripted, answered};
use sim800_session::{Bearer, Body, Ftp, FtpError, Http, HttpError, HttpOptions, Server, StartUpError};

/// Starting the HTTP service for a plain GET of this URL.
const HTTP: [&str; 14] = [
    "AT+HTTPINIT",
    "AT+HTTPPARA=\"CID\",1",
    "AT+HTTPPARA=\"URL\",\"http://sim.com/\"",
    "AT+HTTPPARA=\"UA\",\"SIMCOM_MODULE\"",
    "AT+HTTPPARA=\"BREAK\",0",
    "AT+HTTPPARA=\"BREAKEND\",0",
    "AT+HTTPPARA=\"CONTENT\",\"\"",
    "AT+HTTPPARA=\"USERDATA\",\"\"",
    "AT+HTTPPARA=\"REDIR\",1",
    "AT+HTTPPARA=\"TIMEOUT\",120",
    "AT+HTTPPARA=\"PROIP\",\"\"",
    "AT+HTTPPARA=\"PROPORT\",0",
    "AT+HTTPSSL=0",
    "AT+HTTPGETHEAD=0",
];

/// Setting up FTP for this server, without the names.
const FTP: [&str; 13] = [
    "AT+FTPCID=1",
    "AT+FTPSERV=\"sim.com\"",
    "AT+FTPPORT=21",
    "AT+FTPUN=\"anonymous\"",
    "AT+FTPPW=\"anonymous\"",
    "AT+FTPMODE=1",
    "AT+FTPTYPE=\"I\"",
    "AT+FTPPUTOPT=\"STOR\"",
    "AT+FTPREST=0",
    "AT+FTPSSL=0",
    "AT+FTPEXTPUT=0",
    "AT+FTPEXTGET=0",
    "AT+FTPFILEPUT=0",
];

const GET: [&str; 2] = ["AT+FTPGETPATH=\"/\"", "AT+FTPGETNAME=\"1K.txt\""];
/// The size of what was sent is asked for by the names of the other two.
const PUT: [&str; 4] = ["AT+FTPPUTPATH=\"/\"", "AT+FTPPUTNAME=\"1K.txt\"", GET[0], GET[1]];

/// A client that does not ask for headers.
fn http_client(bearer: &Bearer) -> Http {
    let mut options = HttpOptions::default();
    options.headers = false;
    Http::new(bearer).with_options(options)
}

async fn http_get(bearer: Bearer) -> Result<(u16, Vec<u8>), HttpError> {
    let request = http::Request::get("http://sim.com/").body(Bytes::new()).expect("a request");
    let response = http_client(&bearer).send(request).await?;
    let status = response.status().as_u16();
    Ok((status, whole(response.into_body()).await?))
}

async fn whole(body: Body) -> Result<Vec<u8>, HttpError> {
    body.try_fold(Vec::new(), |all, piece| async move { Ok([all, piece.to_vec()].concat()) }).await
}

fn ftp(bearer: &Bearer) -> Ftp {
    Ftp::new(bearer, Server::new("sim.com"))
}

async fn ftp_get(bearer: Bearer) -> Result<Vec<u8>, FtpError> {
    let download = ftp(&bearer).get("1K.txt").await?;
    download.try_fold(Vec::new(), |all, piece| async move { Ok([all, piece.to_vec()].concat()) }).await
}

fn http(rest: &str) -> String {
    answered(&HTTP) + rest
}

/// A question for a size that the server does not tell.
const UNTOLD: &str = "> AT+FTPSIZE\n< OK\n< +FTPSIZE: 1,77\n";

/// What is asked at the end of a transfer of which no size is told.
const IDLE: &str = "> AT+FTPSTATE\n< +FTPSTATE: 0\n< OK\n";

/// So many times ten seconds in which the module says nothing but that it is still at it.
fn running(times: usize) -> String {
    ".. 10\n> AT+FTPSTATE\n< +FTPSTATE: 1\n< OK\n".repeat(times)
}

/// The settings of an operation, and what it does. Before a download the size is asked for, and not told.
fn ftp_of(names: &[&str], rest: &str) -> String {
    let is_download =
        ["> AT+FTPGET=1", "> AT+FTPEXTGET=1", "> AT+FTPGETTOFS="].iter().any(|open| rest.starts_with(open));
    answered(&FTP) + &answered(names) + if is_download { UNTOLD } else { "" } + rest
}

/// What follows an upload that ended well: the size is asked for, and not told.
fn stored() -> String {
    ftp_of(&GET, UNTOLD)
}

fn full(octet: &str) -> String {
    octet.repeat(1460)
}

#[test]
fn start_up_in_octets() {
    let (module, client, driver) = Scripted::session(
        "> ATE0
         < ATE0\\r\\r\\nOK\\r\\n|
         > AT+CMEE=1
         < OK
         > AT+IFC=0,0
         < OK
         > AT+CNMI=2,1,0,0,0
         < +CME ERROR: 3
         > AT+CFUN?
         < +CFUN: 1
         < OK
         > AT+CPIN?
         < +CME ERROR: 14
         .. 1
         > AT+CPIN?
         < +CPIN: READY
         < OK
         > AT+CNMI?
         < +CNMI: 2,2,0,0,0
         < OK
         > AT+CNMI=2,1,0,0,0
         < OK
         > AT+CNMI?
         < +CNMI: 2,1,0,0,0
         < OK
         > AT+CREG?
         < +CREG: 0,2
         < OK
         .. 1
         > AT+CREG?
         < +CREG: 0,5
         < OK
         > AT+CGATT?
         < +CGATT: 0
         < OK
         > AT+CGATT=1
         < OK",
    );
    let started = async move { client.start_up().await };
    let (result, ()) = module.run(futures::future::join(started, driver));
    assert_eq!(result, Ok::<(), StartUpError>(()));
}

#[test]
fn a_line_of_somebody_else_is_not_the_model() {
    let others = "> AT+COPS?
         < +COPS: 0
         < OK
         > AT+CSQ
         < +CSQ: 21,0
         < OK
         > AT+CREG?
         < +CREG: 0,1
         < OK";
    let steps = format!(
        "> AT+CGMM
         < RX: 17 dBm
         < SIMCOM_SIM800L
         < OK
         > AT+CGMM
         < SIMCOM_SIM800L
         < RX: 18 dBm
         < OK
         > AT+CGMR
         < Revision:1418B05SIM800L24
         < OK
         > AT+GSN
         < RX: 19 dBm
         < 866771029893217
         < OK
         > AT+GSN
         < 866771029893217
         < OK
         {others}"
    );
    let (module, client, driver) = Scripted::session(&steps);
    let asked = async move { client.info().await };
    let (info, ()) = module.run(futures::future::join(asked, driver));
    let info = info.expect("info");
    assert_eq!((&info.model[..], &info.serial_number[..]), ("SIMCOM_SIM800L", "866771029893217"));
    assert_eq!(info.revision, "1418B05SIM800L24");
}

#[test]
fn a_module_that_starts_while_it_is_made_ready_is_made_ready_again() {
    let ready = |restart: &str| {
        format!(
            "> ATE0
             < OK
             > AT+CMEE=1
             < OK
             > AT+IFC=0,0
             < OK
             {restart}
             > AT+CNMI=2,1,0,0,0
             < OK
             > AT+CFUN?
             < +CFUN: 1
             < OK
             > AT+CPIN?
             < +CPIN: READY
             < OK
             > AT+CNMI?
             < ERROR
             > AT+CREG?
             < +CREG: 0,1
             < OK
             > AT+CGATT?
             < +CGATT: 1
             < OK"
        )
    };
    let restart = "> AT+CNMI=2,1,0,0,0\n< RDY\n> AT\n< OK\n";
    let first = ready("").split_once("> AT+CNMI").map(|(before, _)| before.to_owned()).expect("it has one");
    let (module, client, driver) = Scripted::session(&format!("{first}{restart}{}", ready("")));
    let started = async move { client.start_up().await };
    let (result, ()) = module.run(futures::future::join(started, driver));
    assert_eq!(result, Ok(()));
}

#[test]
fn a_get_is_read_and_the_service_ended() {
    let steps = http(
        "> AT+HTTPACTION=0
         < OK
         .. 3
         < RING
         < +HTTPACTION:0, 200,11
         > AT+HTTPREAD=0,12
         < +HTTPREAD:11\\r\\nhello\\r\\nOK\\r\\n|
         < OK
         > AT+HTTPTERM
         < OK",
    );
    let body = b"hello\r\nOK\r\n".to_vec();
    assert_eq!(Scripted::play(&steps, http_get), Ok((200, body)));
}

#[test]
fn a_result_may_come_before_the_ok_of_its_action() {
    let steps = http(
        "> AT+HTTPACTION=0
         < +HTTPACTION: 0,204,0
         < OK
         > AT+HTTPTERM
         < OK",
    );
    assert_eq!(Scripted::play(&steps, http_get), Ok((204, Vec::new())));
}

#[test]
fn more_octets_than_announced_are_an_error() {
    let steps = http(
        "> AT+HTTPACTION=0
         < OK
         < +HTTPACTION: 0,200,1
         > AT+HTTPREAD=0,2
         < +HTTPREAD: 2\\r\\nab|
         < OK
         > AT+HTTPTERM
         < OK",
    );
    assert_eq!(Scripted::play(&steps, http_get), Err(HttpError::TooLong { length: 1 }));
}

#[test]
fn short_windows_are_read_on_and_none_at_all_is_an_error() {
    let steps = http(
        "> AT+HTTPACTION=0
         < OK
         < +HTTPACTION: 0,200,10
         > AT+HTTPREAD=0,11
         < +HTTPREAD: 4\\r\\nabcd|
         < OK
         > AT+HTTPREAD=0,11
         < OK
         > AT+HTTPTERM
         < OK",
    );
    let incomplete = HttpError::NoProgress { position: 4, length: 10 };
    assert_eq!(Scripted::play(&steps, http_get), Err(incomplete));
}

#[test]
fn firmware_without_a_tag_may_refuse_to_clear_it() {
    let steps = http(
        "> AT+HTTPACTION=0
         < OK
         < +HTTPACTION: 0,603,0
         > AT+HTTPTERM
         < OK",
    );
    let steps = steps.replace("\"USERDATA\",\"\"\n< OK", "\"USERDATA\",\"\"\n< ERROR");
    let steps = steps.replace("\"PROPORT\",0\n< OK", "\"PROPORT\",0\n< +CME ERROR: 3");
    let error = Scripted::play(&steps, http_get).expect_err("603");
    assert_eq!(
        error.to_string(),
        "GET failed: 603 (the host name could not be resolved); check the host name"
    );
}

#[test]
fn a_refused_parameter_is_named_and_the_service_ended() {
    let steps = "> AT+HTTPINIT
         < +CME ERROR: 3
         > AT+HTTPTERM
         < OK
         > AT+HTTPINIT
         < OK
         > AT+HTTPPARA=\"CID\",1
         < OK
         > AT+HTTPPARA=\"URL\",\"http://sim.com/\"
         < ERROR
         > AT+HTTPTERM
         < OK";
    let error = Scripted::play(steps, http_get).expect_err("refused");
    assert!(matches!(error, HttpError::Parameter { what: "URL", .. }), "{error:?}");
}

#[test]
fn ok_to_a_body_that_was_never_asked_for_is_no_success() {
    let steps = answered(&HTTP).replace("\"CONTENT\",\"\"", "\"CONTENT\",\"text/plain\"")
        + "> AT+HTTPDATA=5,5000
           < OK
           > AT
           < OK
           > AT+HTTPTERM
           < OK";
    let result = Scripted::play(&steps, |bearer| async move {
        let request = http::Request::post("http://sim.com/").header("content-type", "text/plain");
        let request = request.body(Bytes::from_static(b"hello")).expect("a request");
        Http::new(&bearer).send(request).await.map(drop)
    });
    assert_eq!(result.expect_err("no prompt").kind().as_str(), "malformed");
}

#[test]
fn a_download_asks_on_while_there_is_and_waits_while_there_is_not() {
    let steps = ftp_of(
        &GET,
        &format!(
            "> AT+FTPGET=1
             < OK
             .. 2
             < +FTPGET: 1,1
             > AT+FTPGET=2,1460
             < +FTPGET: 2,1460\\r\\n{}|
             < OK
             > AT+FTPGET=2,1460
             < +FTPGET: 2,3\\r\\nabc|
             < OK
             .. 9
             < +FTPGET:1,1
             > AT+FTPGET=2,1460
             < +FTPGET: 2,0
             < OK
             .. 10
             > AT+FTPGET=2,1460
             < +FTPGET: 2,0
             < OK
             .. 9
             < +FTPGET: 1,1
             > AT+FTPGET=2,1460
             < +FTPGET: 2,2\\r\\nde|
             < OK
             < +FTPGET: 1,0
             {IDLE}",
            full("x")
        ),
    );
    let file = Scripted::play(&steps, ftp_get).expect("a file");
    assert_eq!(file, (full("x") + "abcde").into_bytes());
}

/// It may be the end of the payload: the octets are fetched once more. Some firmware may say it there each time.
#[test]
fn what_a_line_stood_behind_has_to_come_twice() {
    let download = |octets: &str, end: &str| {
        format!(
            "> AT+FTPGET=1\n< OK\n< +FTPGET: 1,1\n> AT+FTPGET=2,1460\n< +FTPGET: 2,{}\\r\\n{octets}|\n{end}",
            octets.len(),
        )
    };
    let (amid, behind) = ("< +FTPGET: 1,0\n< OK\n", "< OK\n< +FTPGET: 1,0\n");
    let get = |second: String| {
        let first = ftp_of(&GET, &download("abc", amid));
        let found = "> AT\n< OK\n";
        let again = ftp_of(&GET, &second);
        let mut config = script::once();
        config.retries = sim800_session::Retries::default();
        Scripted::play_with(&format!("{first}> AT+FTPQUIT\n< ERROR\n{found}{again}{IDLE}"), config, ftp_get)
    };
    assert_eq!(get(download("abc", amid)), Ok(b"abc".to_vec()));
    assert_eq!(get(download("aabc", behind)), Ok(b"aabc".to_vec()), "it came alone");
}

#[test]
fn the_end_after_a_full_read_may_cross_the_next_one() {
    let steps = ftp_of(
        &GET,
        &format!(
            "> AT+FTPGET=1
             < OK
             < +FTPGET: 1,1
             > AT+FTPGET=2,1460
             < +FTPGET: 2,1460\\r\\n{}|
             < OK
             > AT+FTPGET=2,1460
             < +FTPGET: 1,0
             < ERROR
             {IDLE}",
            full("x")
        ),
    );
    assert_eq!(Scripted::play(&steps, ftp_get).expect("a file").len(), 1460);
}

#[test]
fn repeats_of_the_announcement_cost_nothing() {
    let repeats = "< +FTPGET: 1,1\n.. 5\n".repeat(50);
    let steps = ftp_of(
        &GET,
        &format!(
            "> AT+FTPGET=1
             < OK
             {repeats}"
        ),
    );
    // Nobody reads: the download is opened, then dropped after a while.
    let steps = steps.replacen(
        "< +FTPGET: 1,1\n",
        "< +FTPGET: 1,1\n> AT+FTPGET=2,1460\n< +FTPGET: 2,1\\r\\nx|\n< OK\n",
        1,
    ) + "< +FTPGET: 1,64";
    let error = Scripted::play(&steps, |bearer| async move {
        let mut download = ftp(&bearer).get("1K.txt").await?;
        assert_eq!(download.try_next().await?, Some(Bytes::from_static(b"x")));
        let runtime = std::sync::Arc::clone(bearer.client().runtime());
        runtime.sleep_until(runtime.now() + std::time::Duration::from_secs(600)).await;
        download.try_next().await
    });
    // The first repeat after the read is an announcement; what it announces was never read.
    assert_eq!(error.expect_err("64").code(), Some(64));
}

#[test]
fn an_empty_file_ends_before_anything_is_read() {
    let steps = ftp_of(&GET, "> AT+FTPGET=1\n< OK\n.. 1\n< +FTPGET: 1,0\n") + IDLE;
    assert_eq!(Scripted::play(&steps, ftp_get), Ok(Vec::new()));
}

#[test]
fn a_session_in_the_way_is_quit_and_its_last_line_is_not_ours() {
    let steps = ftp_of(
        &GET,
        "> AT+FTPGET=1
         < OK
         < +FTPGET: 1,66
         > AT+FTPQUIT
         < OK
         .. 1
         < +FTPPUT: 1,86
         > AT+FTPGET=1
         < OK
         .. 2
         < +FTPGET: 1,63",
    );
    let error = Scripted::play(&steps, ftp_get).expect_err("63");
    assert_eq!(error.code(), Some(63), "the first cause: {error}");
}

#[test]
fn firmware_that_cannot_quit_is_waited_for() {
    let steps = ftp_of(
        &GET,
        "> AT+FTPGET=1
         < ERROR
         > AT+FTPQUIT
         < ERROR
         > AT+FTPSTATE
         < +FTPSTATE: 1
         < OK
         .. 5
         > AT+FTPSTATE
         < +FTPSTATE: 0
         < OK
         > AT+FTPGET=1
         < OK
         < +FTPGET: 1,0\n",
    ) + IDLE;
    assert_eq!(Scripted::play(&steps, ftp_get), Ok(Vec::new()));
}

#[test]
fn an_upload_follows_what_is_announced_and_granted() {
    let steps = ftp_of(
        &PUT,
        "> AT+FTPPUT=1
         < OK
         .. 1
         < +FTPPUT: 1,1,6
         > AT+FTPPUT=2,6
         < +FTPPUT: 2,6
         > 012345|
         < OK
         < +FTPPUT: 1,1,4
         > AT+FTPPUT=2,4
         < +FTPPUT: 2,1
         > 6|
         < +FTPPUT: 1,1,1360
         < OK
         > AT+FTPPUT=2,3
         < +FTPPUT: 2,3
         > 789|
         < OK
         .. 10
         > AT+FTPSTATE
         < +FTPSTATE: 1
         < OK
         .. 5
         < +FTPPUT: 1,1,1360
         > AT+FTPPUT=2,0
         < OK
         .. 9
         < +FTPPUT: 1,0
        ",
    ) + IDLE
        + &stored();
    let sent =
        Scripted::play(&steps, |bearer| async move { ftp(&bearer).put("1K.txt", &b"0123456789"[..]).await });
    assert_eq!(sent, Ok(10));
}

#[test]
fn an_upload_that_the_server_breaks_off_says_why() {
    let steps = ftp_of(
        &PUT,
        "> AT+FTPPUT=1
         < OK
         < +FTPPUT: 1,1,1360
         > AT+FTPPUT=2,5
         < ERROR
         .. 1
         < +FTPPUT: 1,78",
    );
    let error =
        Scripted::play(&steps, |bearer| async move { ftp(&bearer).put("1K.txt", &b"hello"[..]).await });
    assert_eq!(error.expect_err("78").code(), Some(78));
}

#[test]
fn the_failure_of_a_size_comes_in_two_shapes() {
    for line in ["+FTPSIZE: 1,77", "+FTPSIZE: 1,77,0"] {
        let steps = ftp_of(&GET, &format!("> AT+FTPSIZE\n< OK\n< {line}\n"));
        let size = Scripted::play(&steps, |bearer| async move { ftp(&bearer).size("1K.txt").await });
        assert_eq!(size.expect_err("77").code(), Some(77));
    }
}

#[test]
fn a_size_that_need_not_be_known_is_told_or_not_and_fails_only_for_other_reasons() {
    for (answer, size) in [
        ("OK\n< +FTPSIZE: 1,0,29", Ok(Some(29))),
        ("OK\n< +FTPSIZE: 1,0,0", Ok(Some(0))),
        ("OK\n< +FTPSIZE: 1,77", Ok(None)),
        ("OK\n< +FTPSIZE: 1,62", Err(Some(62))),
    ] {
        let steps = ftp_of(&GET, &format!("> AT+FTPSIZE\n< {answer}\n"));
        let told = Scripted::play(&steps, |bearer| async move { ftp(&bearer).size_if_told("1K.txt").await });
        assert_eq!(told.map_err(|error| error.code()), size, "{answer}");
    }
    // Firmware that lacks it; perhaps a session was in the way.
    let steps = ftp_of(
        &GET,
        "> AT+FTPSIZE\n< ERROR\n> AT+FTPQUIT\n< ERROR\n> AT+FTPSTATE\n< ERROR\n> AT+FTPSIZE\n< ERROR\n",
    );
    let told = Scripted::play(&steps, |bearer| async move { ftp(&bearer).size_if_told("1K.txt").await });
    assert_eq!(told, Ok(None));
}
