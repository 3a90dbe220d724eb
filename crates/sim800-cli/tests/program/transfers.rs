//! What is moved, and what is said of it.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;

use serde_json::{Value, json};
use sim800_testbed::server::ftp::Fault;

use crate::bad_input::fails;
use crate::bench::{Bench, PASSWORD, octets, program};

const RUNTIMES: [&str; 2] = ["smol", "tokio"];

#[test]
fn a_body_goes_to_stdout_and_nothing_else_does() {
    let bench = Bench::new();
    let body = octets(20_000);
    bench.http.put("/a", "application/octet-stream", body.clone());
    for runtime in RUNTIMES {
        let finished = bench.run(&["http", "get", &bench.http.url("/a"), "--runtime", runtime]);
        assert_eq!((finished.code, &finished.stdout), (0, &body), "{}", finished.stderr);
        assert!(finished.stderr.starts_with("200 OK: 20000 bytes in "), "{}", finished.stderr);
        assert_eq!(finished.stderr.lines().count(), 1, "no progress in a pipe");
    }
    let quiet = bench.run(&["-q", "http", "get", &bench.http.url("/a")]);
    assert_eq!((quiet.stdout, quiet.stderr.as_str()), (body, ""));
}

#[test]
fn a_body_goes_to_a_file_that_is_named_when_it_is_complete() {
    let bench = Bench::new();
    let body = octets(20_000);
    bench.http.put("/a", "application/octet-stream", body.clone());
    let finished = bench.run(&["--json", "http", "get", &bench.http.url("/a"), "-o", "a.bin"]);
    let object = finished.object();
    assert_eq!((&object["status"], &object["octets"]), (&json!(200), &json!(20_000)), "{object}");
    assert_eq!(finished.stderr, "");
    assert_eq!(fs::read(bench.path("a.bin")).unwrap(), body);
    assert_eq!(bench.names(), ["a.bin"]);
}

#[test]
fn a_request_carries_what_the_options_say() {
    let bench = Bench::new();
    bench.http.put("/a", "text/plain", "0123456789");
    let url = bench.http.url("/a");
    let options = ["-H", "X-Key: value", "--user-agent", "tester/1.0", "--range", "2-4", "--timeout", "30"];
    let finished = bench.run(&[&["http", "get", &url], &options[..]].concat());
    assert_eq!(finished.stdout, b"234", "{}", finished.stderr);
    let requests = bench.http.requests();
    let headers = requests[0].headers();
    assert_eq!(
        (&headers["x-key"], &headers["user-agent"]),
        (&"value".parse().unwrap(), &"tester/1.0".parse().unwrap())
    );

    let finished =
        bench.run(&["http", "get", "--no-redirect", &bench.http.url("/redirect/1"), "--json", "-o", "r"]);
    assert_eq!(finished.object()["status"], 302);
}

#[test]
fn a_range_is_what_was_asked_for_whatever_the_server_sends() {
    let bench = Bench::new();
    bench.http.put("/a", "text/plain", "0123456789");
    let url = bench.http.url("/a");
    let ranges = [("2-4", "234"), ("2-", "23456789"), ("0-2", "012"), ("8-20", "89"), ("0-20", "0123456789")];
    for served in [true, false] {
        bench.http.set_ranges(served);
        for (range, expected) in ranges {
            let get = ["http", "get", &url, "-o", "a", "--range", range];
            let object = bench.run(&[&get[..], &["--json"]].concat()).object();
            assert_eq!(fs::read(bench.path("a")).unwrap(), expected.as_bytes(), "{range}: {object}");
            // What is all of it anyway is not cut.
            let is_cut = !served && expected.len() < 10;
            assert_eq!(
                (&object["octets"], &object["cut"]),
                (&json!(expected.len()), &json!(is_cut)),
                "{range}"
            );
            let said = bench.run(&get).stderr;
            assert_eq!(said.contains("cut out"), is_cut, "{said}");
        }
    }
    fs::remove_file(bench.path("a")).unwrap();
    fails(
        &bench,
        &["http", "get", &url, "-o", "a", "--range", "10-"],
        11,
        "incomplete",
        "there is no byte 10",
    );
    assert_eq!(bench.names(), [""; 0]);
    bench.http.set_ranges(true);
    fails(&bench, &["http", "get", &url, "-o", "a", "--range", "10-"], 8, "http-status", "416");
}

/// As many octets as were asked for need not be those that were.
#[test]
fn a_range_as_long_as_the_object_is_cut_as_well() {
    let bench = Bench::new();
    let body = octets(100);
    bench.http.put("/a", "text/plain", body.clone());
    bench.http.set_ranges(false);
    let get = ["http", "get", &bench.http.url("/a"), "-o", "a", "--range"];
    fails(
        &bench,
        &[&get[..], &["100-199"]].concat(),
        11,
        "incomplete",
        "the server sent 100 bytes, so there is no byte 100",
    );
    assert_eq!(bench.names(), [""; 0]);
    for (range, from) in [("50-149", 50), ("0-99", 0)] {
        let object = bench.run(&[&get[..], &[range, "--json"]].concat()).object();
        assert_eq!(fs::read(bench.path("a")).unwrap(), body[from..], "{object}");
        assert_eq!(object["cut"], from > 0, "{object}");
    }
}

/// More is asked for than the module holds, and the server knows no ranges.
#[test]
fn a_wide_range_is_cut_out_of_the_whole_or_is_an_error() {
    let bench = Bench::new();
    bench.http.set_ranges(false);
    let get = |url: &str| bench.run(&["http", "get", url, "-o", "a", "--range", "100-400000", "--json"]);
    for length in [50_000, 300_000] {
        let body = octets(length);
        bench.http.put("/a", "text/plain", body.clone());
        let object = get(&bench.http.url("/a")).object();
        assert!(fs::read(bench.path("a")).unwrap() == body[100..], "{object}");
        assert_eq!((&object["octets"], &object["cut"]), (&json!(length - 100), &json!(true)));
    }
    fs::remove_file(bench.path("a")).unwrap();
    bench.http.put("/a", "text/plain", octets(330_000));
    let object = get(&bench.http.url("/a")).object();
    assert_eq!((&object["error"]["kind"], &object["error"]["code"]), (&json!("too-large"), &json!(602)));
    assert_eq!(bench.names(), [""; 0]);
}

/// The URL of a server that answers whatever it is asked with `answer`.
fn server_of(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/a", listener.local_addr().unwrap());
    thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let head = BufReader::new(&connection).lines();
            head.map_while(Result::ok).take_while(|line| !line.is_empty()).for_each(drop);
            // Whoever asked may have gone.
            let _ = connection.write_all(answer.as_bytes());
        }
    });
    url
}

/// A server may send less than it was asked for (RFC 9110 section 15.3.7), and says so.
#[test]
fn less_than_was_asked_for_is_none_of_it() {
    let bench = Bench::new();
    let url = server_of(
        "HTTP/1.1 206 -\r\nContent-Range: bytes 5-7/20\r\nContent-Length: 3\r\nConnection: close\r\n\r\n567",
    );
    let get = ["http", "get", &url, "-o", "a"];
    for range in ["5-9", "5-", "6-99"] {
        let arguments = [&get[..], &["--range", range]].concat();
        fails(&bench, &arguments, 11, "incomplete", "sent less than it was asked for");
    }
    for resume in [&[][..], &["--resume"]] {
        fails(
            &bench,
            &[&get[..], resume].concat(),
            11,
            "incomplete",
            "a part of the object, although all of it",
        );
    }
    assert_eq!(bench.names(), [""; 0]);
    assert_eq!(bench.run(&[&get[..], &["--range", "5-7"]].concat()).code, 0);
    assert_eq!(fs::read(bench.path("a")).unwrap(), b"567");
    // What users ask for in words of their own is theirs to judge.
    assert_eq!(bench.run(&[&get[..], &["-H", "Range: bytes=5-9"]].concat()).code, 0);
    let whole = server_of(
        "HTTP/1.1 206 -\r\nContent-Range: bytes 0-2/3\r\nContent-Length: 3\r\nConnection: close\r\n\r\n012",
    );
    assert_eq!(bench.run(&["http", "get", &whole, "-o", "a", "--range", "0-9"]).code, 0);
    assert_eq!(bench.run(&["http", "get", &whole, "-o", "a"]).code, 0);
    assert_eq!(fs::read(bench.path("a")).unwrap(), b"012", "it is all there is");
}

#[test]
fn a_single_octet_is_a_range() {
    let bench = Bench::new();
    bench.http.put("/a", "text/plain", "0123456789");
    for served in [true, false] {
        bench.http.set_ranges(served);
        for (range, expected) in [("0-0", "0"), ("5-5", "5"), ("9-9", "9")] {
            let get = ["http", "get", &bench.http.url("/a"), "-o", "a", "--range", range, "--json"];
            let object = bench.run(&get).object();
            assert_eq!(fs::read(bench.path("a")).unwrap(), expected.as_bytes(), "{range}: {object}");
            assert_eq!((&object["octets"], &object["cut"]), (&json!(1), &json!(!served)), "{range}");
        }
    }
}

#[test]
fn a_post_that_fails_says_whether_the_server_may_have_it() {
    let bench = Bench::new();
    let nowhere = "http://nowhere.invalid/in";
    for request in [&["http", "post", nowhere, "--data", "x"][..], &["http", "delete", nowhere]] {
        let object = bench.run(&[request, &["--json"]].concat()).object();
        assert_eq!((&object["error"]["code"], &object["error"]["sent"]), (&json!(603), &json!("unknown")));
        let said = bench.run(request).stderr;
        assert!(said.contains("the server may have got it"), "{said}");
    }
    // What may be done again need not be asked about.
    let object = bench.run(&["http", "get", nowhere, "-o", "a", "--json"]).object();
    assert_eq!(object["error"].get("sent"), None, "{object}");
    let long = format!("http://127.0.0.1/{}", "a".repeat(600));
    let object = bench.run(&["http", "post", &long, "--data", "x", "--json"]).object();
    assert_ne!(object["error"]["sent"], "unknown", "{object}");
}

#[test]
fn data_is_posted_from_the_command_line_and_from_a_file() {
    let bench = Bench::new();
    let url = bench.http.url("/echo");
    let finished = bench.run(&["http", "post", &url, "--data", "a=1&b", "--content-type", "text/x-test"]);
    assert_eq!(finished.stdout, b"a=1&b", "{}", finished.stderr);
    assert_eq!(bench.http.requests()[0].headers()["content-type"], "text/x-test");

    let body = octets(30_000);
    fs::write(bench.path("body"), &body).unwrap();
    let finished = bench.run(&["--json", "http", "post", &bench.http.url("/b"), "--data-file", "body"]);
    assert_eq!(finished.object()["sent"], 30_000);
    assert_eq!(bench.http.body("/b").unwrap(), body);
}

#[test]
fn head_shows_also_what_is_a_failure() {
    let bench = Bench::new();
    let finished = bench.run(&["http", "head", &bench.http.url("/status/404")]);
    let shown = String::from_utf8(finished.stdout).unwrap();
    assert!(finished.code == 9 && shown.starts_with("404 Not Found\ncontent-type: text/plain"), "{shown}");
    assert_eq!(finished.stderr, "sim800: the server answered 404 Not Found\n");
    let finished = bench.run(&["--json", "http", "head", &bench.http.url("/status/204")]);
    assert_eq!(finished.object()["status"], 204);
}

#[test]
fn a_refusal_by_the_server_is_a_failure_with_a_status() {
    let bench = Bench::new();
    let url = bench.http.url("/status/404");
    let finished = bench.run(&["--json", "http", "get", &url, "-o", "a"]);
    let object = finished.object();
    assert_eq!((finished.code, &object["status"]), (9, &json!(404)), "{object}");
    assert_eq!((&object["error"]["kind"], &object["error"]["code"]), (&json!("http-status"), &json!(404)));
    assert_eq!(bench.names(), [""; 0], "the server's excuse is not what was asked for");
    assert_eq!(bench.run(&["http", "get", &url]).stderr, "sim800: the server answered 404 Not Found\n");
}

/// The module follows so many redirections, and hands over the last one.
#[test]
fn a_redirection_that_was_not_followed_is_no_answer() {
    let bench = Bench::new();
    let url = bench.http.url("/loop");
    let said = format!(
        "302 Found and redirects to {url}: sim800 did not follow that any further; it may lead in a circle"
    );
    fs::write(bench.path("good"), "good").unwrap();
    let requests = [
        &["http", "get", &url, "-o", "good"][..],
        &["http", "get", &url, "-o", "good", "--resume"],
        &["http", "post", &url, "--data", "x", "-o", "good"],
        &["http", "delete", &url],
    ];
    for request in requests {
        let object = fails(&bench, request, 8, "http-status", &said);
        assert_eq!((&object["status"], &object["error"]["code"]), (&json!(302), &json!(302)), "{object}");
    }
    let head = bench.run(&["http", "head", &url]);
    assert!(head.code == 8 && head.stdout.starts_with(b"302 Found\n"), "{}", head.stderr);
    assert_eq!(fs::read(bench.path("good")).unwrap(), b"good");
    let taken = bench.run(&["http", "get", "--no-redirect", &url, "-o", "good"]);
    assert_eq!((taken.code, fs::read(bench.path("good")).unwrap().as_slice()), (0, &b"302 Found\n"[..]));
}

#[test]
fn what_is_not_modified_stays_as_it_is() {
    let bench = Bench::new();
    let url = bench.http.url("/status/304");
    fs::write(bench.path("good"), "good").unwrap();
    for option in [&[][..], &["--no-redirect"], &["--resume"]] {
        let get =
            ["http", "get", &url, "-o", "good", "-H", "If-Modified-Since: Sat, 01 Jan 2000 00:00:00 GMT"];
        let object = fails(&bench, &[&get[..], option].concat(), 8, "http-status", "304 Not Modified");
        assert_eq!(object["status"], 304);
    }
    assert_eq!(fs::read(bench.path("good")).unwrap(), b"good");
}

#[test]
fn files_go_to_an_ftp_server_and_come_back() {
    let bench = Bench::new();
    let file = octets(20_000);
    fs::write(bench.path("here"), &file).unwrap();
    let url = bench.ftp_url("/there");
    for runtime in RUNTIMES {
        let run = |arguments: &[&str]| bench.run(&[&["--runtime", runtime], arguments].concat());
        let finished = run(&["--json", "ftp", "put", "here", &url]);
        assert_eq!(finished.object()["octets"], 20_000);
        assert_eq!(bench.ftp.file("/there").unwrap(), file);
        assert_eq!(run(&["ftp", "size", &url]).stdout, b"20000\n");
        assert_eq!(run(&["ftp", "get", &url]).stdout, file);
        assert_eq!(run(&["ftp", "get", &url, "-o", "back", "--active"]).code, 0);
        assert_eq!(fs::read(bench.path("back")).unwrap(), file);
    }
    assert_eq!(bench.run(&["ftp", "put", "--append", "here", &url]).code, 0);
    assert_eq!(bench.ftp.file("/there").unwrap().len(), 40_000);
    assert_eq!(bench.run(&["ftp", "put", "--unique", "here", &url]).code, 0);
    assert_eq!(bench.ftp.files().len(), 2);
    assert_eq!(bench.names(), ["back", "here"]);
}

#[test]
fn a_password_may_come_from_the_environment_and_is_shown_nowhere() {
    let bench = Bench::new();
    bench.ftp.put_file("/a", b"octets").unwrap();
    let url = format!("ftp://{}@{}/a", crate::bench::USER, bench.ftp.address());
    let trace = ["--trace", "trace.jsonl"];
    let output = bench.command(&[&["ftp", "get", &url], &trace[..]].concat());
    let output = { output }.env("SIM800_FTP_PASSWORD", PASSWORD).output().unwrap();
    assert_eq!(output.stdout, b"octets");

    let mut crossed = [String::new(), String::new()];
    let mut time = 0.0;
    for line in fs::read_to_string(bench.path("trace.jsonl")).unwrap().lines() {
        let entry: Value = serde_json::from_str(line).unwrap();
        assert!(entry["t"].as_f64().unwrap() >= time);
        time = entry["t"].as_f64().unwrap();
        crossed[usize::from(entry["dir"] == "rx")].push_str(entry["data"].as_str().unwrap());
    }
    let masked = format!("+FTPPW={}\r", "*".repeat(PASSWORD.len() + 2));
    assert!(crossed[0].contains(&masked), "{}", crossed[0]);
    assert!(crossed[1].contains("\r\n+FTPGET: 2,6\r\noctets\r\nOK\r\n"), "{}", crossed[1]);

    bench.ftp.inject(Fault::Answer { verb: "RETR", reply: "550 no".into() });
    let failed = bench.run(&["ftp", "get", &bench.ftp_url("/a")]);
    assert_eq!(failed.code, 8);
    let shown = [crossed.concat(), failed.stderr, String::from_utf8(output.stderr).unwrap()].concat();
    assert!(!shown.contains(PASSWORD));
}

#[test]
fn what_a_module_is_and_says_can_be_asked() {
    let bench = Bench::new();
    let info = bench.run(&["info"]);
    assert!(String::from_utf8(info.stdout).unwrap().starts_with("model         SIMCOM_SIM800L\n"));
    assert_eq!(bench.run(&["--json", "info"]).object()["signal_dbm"], -72);

    assert_eq!(bench.run(&["at", "AT+CSQ"]).stdout, b"+CSQ: 21,0\nOK\n");
    assert_eq!(bench.run(&["at", "AT+CMEE=0"]).code, 0);
    let refused = bench.run(&["at", "AT+NONSENSE"]);
    assert_eq!((refused.code, refused.stdout.as_slice()), (12, &b"ERROR\n"[..]));
    assert_eq!(bench.run(&["at", "AT+CMEE=1"]).code, 0);
    let refused = bench.run(&["--json", "at", "AT+HTTPREAD"]).object();
    assert_eq!(refused["error"]["code"], 3, "{refused}");
}

#[test]
fn the_demo_moves_everything() {
    let finished = program(&["--json", "demo", "--baud", "8000000"]).output().unwrap();
    let object: Value = serde_json::from_slice(&finished.stdout).unwrap();
    assert_eq!((&object["ok"], object["transfers"].as_array().unwrap().len()), (&json!(true), 4), "{object}");
    assert!(finished.status.success() && finished.stderr.is_empty());
}

#[test]
fn a_type_may_be_given_as_a_header() {
    let bench = Bench::new();
    let url = bench.http.url("/typed");
    let finished = bench.run(&["http", "post", &url, "--data", "x", "-H", "Content-Type: text/x-mine"]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert_eq!(bench.http.requests()[0].headers()["content-type"], "text/x-mine");
}

#[test]
fn a_file_of_somebody_else_stays_as_it_is() {
    let bench = Bench::new();
    bench.http.put("/a", "text/plain", octets(1000));
    fs::write(bench.path("a.part"), "precious").unwrap();
    assert_eq!(bench.run(&["http", "get", &bench.http.url("/a"), "-o", "a"]).code, 0);
    assert_eq!(bench.run(&["http", "get", &bench.http.url("/status/404"), "-o", "a"]).code, 9);
    assert_eq!(fs::read(bench.path("a.part")).unwrap(), b"precious");
    assert_eq!(bench.names(), ["a", "a.part"]);
}

#[test]
fn several_files_are_sent_in_one_run() {
    let bench = Bench::new();
    fs::write(bench.path("a"), "one").unwrap();
    fs::write(bench.path("b"), octets(5_000)).unwrap();
    bench.ftp.put_file("/up/c", b"").unwrap();
    let directory = bench.ftp_url("/up/");
    let sent = bench.run(&["ftp", "put", "a", "b", &directory]);
    assert_eq!(sent.code, 0, "{}", sent.stderr);
    assert_eq!(bench.ftp.files(), ["/up/a", "/up/b", "/up/c"]);
    assert!(sent.stderr.contains("a: 3 bytes in "), "{}", sent.stderr);
    assert!(sent.stderr.contains("2 transfers are done; 5003 bytes"), "{}", sent.stderr);

    bench.ftp.inject(Fault::Answer { verb: "STOR", reply: "553 no".into() });
    let sent = bench.run(&["--json", "ftp", "put", "a", "b", &directory]);
    let [one, other] = &sent.objects()[..] else { panic!("{sent:?}") };
    assert_eq!((sent.code, &one["ok"], &one["file"]), (8, &json!(false), &json!("a")), "{one}");
    assert_eq!((&other["ok"], &other["file"], &other["octets"]), (&json!(true), &json!("b"), &json!(5_000)));
    let url = format!("ftp://{}@{}/up/b", crate::bench::USER, bench.ftp.address());
    assert_eq!((&other["url"], other["port"].is_string()), (&json!(url), true), "{other}");

    let missing = bench.run(&["ftp", "put", "a", "none", &bench.ftp_url("/other/")]);
    assert_eq!(missing.code, 3, "{}", missing.stderr);
    assert_eq!(bench.ftp.files().len(), 3, "nothing is sent before all are there");
    // A directory is enough for one as well.
    assert_eq!(bench.run(&["ftp", "put", "a", &bench.ftp_url("/")]).code, 0);
    assert_eq!(bench.ftp.file("/a").unwrap(), b"one");
    let stdin = bench.run(&["ftp", "put", "-", &directory]);
    assert!(stdin.code == 2 && stdin.stderr.contains("add the name of the file"), "{}", stdin.stderr);
}

#[test]
fn what_ftp_moves_names_its_url_and_its_file() {
    let bench = Bench::new();
    bench.ftp.put_file("/a", b"octets").unwrap();
    let url = bench.ftp_url("/a");
    let object = bench.run(&["--json", "ftp", "get", &url, "-o", "here"]).object();
    let expected = format!("ftp://{}@{}/a", crate::bench::USER, bench.ftp.address());
    assert_eq!((&object["url"], &object["file"]), (&json!(expected), &json!("here")), "{object}");
    let object = bench.run(&["--json", "ftp", "size", &bench.ftp_url("/none")]).object();
    assert!(object["url"].as_str().unwrap().ends_with("/none"), "{object}");
}
