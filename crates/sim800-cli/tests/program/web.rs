//! HTTP as people use it every day: headers, what errors say, forms, logins, names of files, and what is there already.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::bad_input::fails;
use crate::bench::{Bench, octets};

/// A server that gives each request the same answer, and its address.
fn serve(answer: impl Into<Vec<u8>>) -> String {
    let (door, answer) = (TcpListener::bind("127.0.0.1:0").unwrap(), answer.into());
    let url = format!("http://{}", door.local_addr().unwrap());
    thread::spawn(move || {
        for client in door.incoming() {
            let mut client = client.unwrap();
            let mut request = Vec::new();
            while !request.windows(4).any(|octets| octets == b"\r\n\r\n") {
                let mut some = [0; 1024];
                match client.read(&mut some) {
                    Ok(count @ 1..) => request.extend_from_slice(&some[..count]),
                    _ => break,
                }
            }
            let _ = client.write_all(&answer);
        }
    });
    url
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

fn text(octets: Vec<u8>) -> String {
    String::from_utf8(octets).unwrap()
}

#[test]
fn headers_are_shown_before_the_body() {
    let bench = Bench::new();
    bench.http.put("/a", "text/plain", "body");
    let url = bench.http.url("/a");
    let shown = text(bench.run(&["http", "get", "-i", &url]).stdout);
    let (head, body) = shown.split_once("\n\n").unwrap();
    assert!(head.starts_with("200 OK\n") && head.contains("\ncontent-type: text/plain"), "{shown}");
    assert_eq!(body, "body");
    let shown = text(bench.run(&["http", "get", "-i", &url, "-o", "a"]).stdout);
    assert!(shown.starts_with("200 OK\n") && shown.ends_with("\n\n"), "{shown}");
    assert_eq!(fs::read(bench.path("a")).unwrap(), b"body", "the file has the body and nothing else");
    let shown = text(bench.run(&["http", "head", &url]).stdout);
    assert!(shown.starts_with("200 OK\n") && shown.contains("\ncontent-length: 4\n"), "{shown}");
    for command in [["http", "get"], ["http", "head"]] {
        let object = bench.run(&[&["--json"], &command[..], &[&url]].concat()).object();
        assert_eq!(object["headers"]["content-length"], json!(["4"]), "{object}");
        assert_eq!(object["url"], url);
    }
    let twice = serve(answer("200 OK", "X-A: 1\r\nX-A: 2\r\n", ""));
    let object = bench.run(&["--json", "http", "get", &twice]).object();
    assert_eq!(object["headers"]["x-a"], json!(["1", "2"]), "{object}");
}

#[test]
fn a_body_is_part_of_the_object() {
    let bench = Bench::new();
    let url = bench.http.url("/a");
    let get = ["--json", "http", "get", &url];
    bench.http.put("/a", "text/plain", "grüße");
    assert_eq!(bench.run(&get).object()["body"], "grüße");
    bench.http.put("/a", "image/jpeg", vec![0xFF, 0xD8]);
    let object = bench.run(&get).object();
    assert_eq!((&object["body_base64"], object.get("body")), (&json!("/9g="), None), "{object}");
    bench.http.put("/a", "text/plain", octets(1 << 20));
    assert_eq!(bench.run(&get).object()["octets"], 1 << 20);
    bench.http.put("/a", "text/plain", octets((1 << 20) + 1));
    let object = bench.run(&get).object();
    assert_eq!((&object["error"]["kind"], object.get("body")), (&json!("too-large"), None));
    assert!(object["error"]["message"].as_str().unwrap().contains("-o FILE"), "{object}");
    bench.expect_usable();
}

#[test]
fn what_a_server_says_of_an_error_is_shown_or_kept() {
    let bench = Bench::new();
    let said = "{\"error\":\"no such device\"}";
    let url = serve(answer("422 Unprocessable Entity", "Content-Type: application/json\r\n", said));
    let get = ["http", "get", &url, "-o", "a"];
    let shown = bench.run(&get);
    let expected = format!("{said}\nsim800: the server answered 422 Unprocessable Entity\n");
    assert_eq!((shown.code, shown.stderr), (8, expected));
    let object = bench.run(&[&["--json"], &get[..]].concat()).object();
    assert_eq!((&object["status"], &object["body"]), (&json!(422), &json!(said)), "{object}");
    assert_eq!(object["headers"]["content-type"], json!(["application/json"]));
    let kept = bench.run(&[&get[..], &["--output-error", "e"]].concat());
    assert_eq!(kept.code, 8);
    assert!(kept.stderr.ends_with("422 Unprocessable Entity; e has its explanation\n"), "{}", kept.stderr);
    assert_eq!(fs::read_to_string(bench.path("e")).unwrap(), said);
    assert_eq!(bench.names(), ["e"], "the file is for what was asked for");
    let posted = bench.run(&["--json", "http", "post", &url, "--data", "x"]).object();
    assert_eq!((&posted["body"], &posted["error"]["code"]), (&json!(said), &json!(422)), "{posted}");

    let long =
        serve(answer("500 Internal Server Error", "Content-Type: text/plain\r\n", &"x".repeat(70_000)));
    let object = bench.run(&["--json", "http", "get", &long]).object();
    assert_eq!(object["body"].as_str().unwrap().len(), 64 * 1024);
    assert_eq!(object["body_truncated"], true);
    let page = serve(answer("404 Not Found", "Content-Type: text/html\r\n", "<html></html>"));
    for url in [&long, &page] {
        let shown = bench.run(&["http", "get", url]).stderr;
        assert!(shown.contains("--output-error FILE keeps its explanation"), "{shown}");
        assert_eq!(shown.lines().count(), 1, "{shown}");
    }
    bench.expect_usable();
}

#[test]
fn a_deletion_shows_what_the_server_says() {
    let bench = Bench::new();
    let url = serve(answer("200 OK", "", "deleted"));
    let finished = bench.run(&["http", "delete", &url]);
    assert_eq!((finished.code, finished.stdout), (0, b"deleted".to_vec()), "{}", finished.stderr);
    assert!(finished.stderr.starts_with("200 OK: 7 bytes in "), "{}", finished.stderr);
    assert_eq!(bench.run(&["--json", "http", "delete", &url]).object()["body"], "deleted");
}

#[test]
fn forms_and_json_are_sent_as_browsers_and_curl_send_them() {
    let bench = Bench::new();
    let url = bench.http.url("/a");
    let sent = |arguments: &[&str]| {
        let finished = bench.run(&[&["http", "post", &url], arguments].concat());
        assert_eq!(finished.code, 0, "{}", finished.stderr);
        let request = bench.http.requests().pop().unwrap();
        let header = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        (header("content-type").unwrap(), header("accept"), request.into_body())
    };
    let (kind, _, body) = sent(&["--data-urlencode", "text=a b&c", "--data-urlencode", "n=1"]);
    assert_eq!((kind.as_str(), &body[..]), ("application/x-www-form-urlencoded", &b"text=a%20b%26c&n=1"[..]));
    let (kind, accept, body) = sent(&["--json-body", "{\"a\":1}"]);
    assert_eq!((kind.as_str(), accept.as_deref()), ("application/json", Some("application/json")));
    assert_eq!(body, "{\"a\":1}");
    fs::write(bench.path("a.json"), "[1]").unwrap();
    assert_eq!(sent(&["--json-body", "@a.json"]).2, "[1]");
    fails(&bench, &["http", "post", &url, "--json-body", "{a:1}", "-o", "x"], 2, "usage", "not JSON");

    let image = octets(50_000);
    fs::write(bench.path("x.jpg"), &image).unwrap();
    let (kind, _, body) = sent(&["-F", "image=@x.jpg", "-F", "name=a b"]);
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
    let expected = [
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"image\"; filename=\"x.jpg\"\r\n")
            .as_bytes(),
        b"Content-Type: image/jpeg\r\n\r\n",
        &image,
        format!("\r\n--{boundary}\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\na b\r\n")
            .as_bytes(),
        format!("--{boundary}--\r\n").as_bytes(),
    ]
    .concat();
    assert!(body == expected);
    fails(&bench, &["http", "post", &url, "-F", "image", "-o", "x"], 2, "usage", "NAME=@FILE");
    fs::write(bench.path("large"), vec![0; 319_488]).unwrap();
    let before = bench.http.requests().len();
    fails(
        &bench,
        &["http", "post", &url, "-F", "a=@large", "-F", "b=@large", "-o", "x"],
        12,
        "too-large",
        "319488",
    );
    fails(&bench, &["http", "post", &url, "-F", "a=@x.jpg", "-o", "x.jpg"], 2, "usage", "the same file");
    assert_eq!(bench.http.requests().len(), before, "nothing was sent");
}

#[test]
fn a_login_and_headers_may_come_from_files() {
    let bench = Bench::new();
    let url = bench.http.url("/headers");
    let basic = "authorization: Basic bWU6c2VzYW1l\r\n";
    let got = |arguments: &[&str]| text(bench.run(&[&["http", "get", &url], arguments].concat()).stdout);
    assert!(got(&["--user", "me:sesame"]).contains(basic));
    bench.keep_secret("user", "me:sesame\nand more\n");
    assert!(got(&["--user-file", "user"]).contains(basic));
    let output = bench.command(&["http", "get", &url]).env("SIM800_HTTP_USER", "me:sesame").output().unwrap();
    assert!(text(output.stdout).contains(basic));
    let address = url.strip_prefix("http://").unwrap();
    let object = bench.run(&["--json", "http", "get", &format!("http://me:sesame@{address}")]).object();
    assert!(object["body"].as_str().unwrap().contains(basic), "{object}");
    assert_eq!(object["url"], url, "without the password");
    fs::write(bench.path("headers"), "X-One: 1\n\nX-Two: 2\n").unwrap();
    let shown = got(&["-H", "@headers", "-H", "X-Three: 3"]);
    for header in ["x-one: 1", "x-two: 2", "x-three: 3"] {
        assert!(shown.contains(header), "{shown}");
    }
    fails(&bench, &["http", "get", &url, "-o", "a", "--user", "me"], 2, "usage", "NAME:PASSWORD");
    fails(&bench, &["http", "get", &url, "-o", "a", "--user-file", "missing"], 2, "file", "missing");
    // Neither here nor in a trace.
    bench.http.put("/a", "text/plain", "a");
    let plain = bench.http.url("/a");
    let traced = bench.run(&["--trace", "t", "http", "get", &plain, "--user", "me:sesame", "-q"]);
    assert_eq!(traced.code, 0);
    let trace = fs::read_to_string(bench.path("t")).unwrap();
    assert!(!trace.contains("bWU6") && !traced.stderr.contains("sesame"));
}

#[test]
fn a_url_names_its_file() {
    let bench = Bench::new();
    bench.http.put("/dir/a.txt", "text/plain", "body");
    let url = bench.http.url("/dir/a.txt");
    assert_eq!(bench.run(&["http", "get", "-O", &format!("{url}?x=1")]).code, 0);
    fs::create_dir(bench.path("there")).unwrap();
    let object = bench.run(&["--json", "http", "get", "--output-dir", "there", &url]).object();
    assert_eq!(object["file"], "there/a.txt");
    for name in ["a.txt", "there/a.txt"] {
        assert_eq!(fs::read(bench.path(name)).unwrap(), b"body", "{name}");
    }
    let root = bench.http.url("/");
    let refused = bench.run(&["http", "get", "-O", &root]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("no file name at its end; name a file with -o"), "{}", refused.stderr);
    let refused = bench.run(&["http", "get", "--output-dir", "nowhere", &url]);
    assert!(refused.code == 3 && refused.stderr.contains("nowhere"), "{}", refused.stderr);
    assert_eq!(
        bench.run(&["http", "get", "-O", &url, "--trace", "a.txt"]).code,
        2,
        "one file for two things"
    );
}

#[test]
fn what_is_complete_is_not_fetched_again() {
    let bench = Bench::new();
    let body = octets(50_000);
    bench.http.put("/a", "application/octet-stream", body.clone());
    let url = bench.http.url("/a");
    let resume = ["--json", "http", "get", &url, "-o", "a", "--resume"];
    assert_eq!(bench.run(&resume).object()["octets"], 50_000);
    let object = bench.run(&resume).object();
    assert_eq!(
        (&object["octets"], &object["resumed_from"], &object["up_to_date"]),
        (&json!(0), &json!(50_000), &json!(true)),
        "{object}"
    );
    assert_eq!(
        bench.http.requests().pop().unwrap().headers()["range"],
        "bytes=48976-",
        "its end is compared"
    );
    let said = bench.run(&resume[1..]).stderr;
    assert!(said.contains("a is up to date; sim800 fetched nothing"), "{said}");
    for changed in [octets(60_000), [&body[..49_999], b"!"].concat(), octets(10)] {
        bench.http.put("/a", "application/octet-stream", changed.clone());
        let object = bench.run(&resume).object();
        assert_eq!((&object["resumed_from"], object.get("up_to_date")), (&json!(0), None), "{object}");
        assert!(fs::read(bench.path("a")).unwrap() == changed);
    }
    assert_eq!(bench.names(), ["a"]);
}

#[test]
fn what_is_not_newer_is_not_fetched() {
    let bench = Bench::new();
    let modified = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
    let (fresh, old) = (serve(answer("200 OK", modified, "new")), serve(answer("304 Not Modified", "", "")));
    let get = |url: &str| bench.run(&["--json", "http", "get", url, "-o", "a", "--if-newer"]);
    let object = get(&fresh).object();
    assert_eq!((&object["status"], object.get("up_to_date")), (&json!(200), None), "{object}");
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
    assert_eq!(File::open(bench.path("a")).unwrap().metadata().unwrap().modified().unwrap(), time);
    let object = get(&old).object();
    assert_eq!((&object["status"], &object["up_to_date"]), (&json!(304), &json!(true)), "{object}");
    assert_eq!(fs::read(bench.path("a")).unwrap(), b"new");
    get(&bench.http.url("/headers"));
    let asked = fs::read_to_string(bench.path("a")).unwrap();
    assert!(asked.contains("if-modified-since: Sun, 06 Nov 1994 08:49:37 GMT"), "{asked}");
    assert_eq!(bench.run(&["http", "get", &old, "-o", "a"]).code, 8, "nobody asked for that");
}

#[test]
fn a_transfer_may_have_a_limit() {
    let bench = Bench::new();
    bench.http.put("/a", "text/plain", octets(1000));
    let stalled = bench.http.url("/stall/10/a");
    let refused = fails(
        &bench,
        &["http", "get", &stalled, "-o", "a", "--max-time", "0.5"],
        10,
        "timed-out",
        "--max-time",
    );
    assert_eq!(refused["url"], stalled);
    let post = ["--json", "http", "post", &bench.http.url("/stall"), "--data", "x", "--max-time", "0.5"];
    assert_eq!(bench.run(&post).object()["error"]["sent"], "unknown");
    assert_eq!(bench.run(&["http", "get", &stalled, "--max-time", "0"]).code, 2);
    bench.expect_usable();
}

/// As the portal of an operator does.
#[test]
fn a_page_instead_of_a_file_gets_a_hint() {
    let bench = Bench::new();
    let portal = serve(answer("200 OK", "Content-Type: text/html\r\n", "<html>Top up!</html>"));
    let redirect = answer("302 Found", &format!("Location: {portal}/login\r\n"), "");
    let operator = serve(redirect);
    let url = format!("{operator}/firmware.bin");
    let finished = bench.run(&["http", "get", &url, "-o", "a"]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert!(
        finished.stderr.contains("an HTML page instead of a .bin file; without credit"),
        "{}",
        finished.stderr
    );
    let object = bench.run(&["--json", "http", "get", &url, "-o", "a"]).object();
    assert!(object["hint"].as_str().unwrap().contains("without credit"), "{object}");
    let object = bench.run(&["--json", "http", "get", &format!("{portal}/"), "-o", "a"]).object();
    assert_eq!(object.get("hint"), None, "{object}");
    let shown = bench.run(&["http", "get", &url, "--no-redirect", "-i"]).stdout;
    assert!(text(shown).contains(&format!("location: {portal}/login")));
}

#[test]
fn several_urls_are_fetched_in_one_run() {
    let bench = Bench::new();
    for n in ["1", "2", "3"] {
        bench.http.put(&format!("/{n}"), "text/plain", n);
    }
    let urls = ["/1", "/missing", "/2"].map(|path| bench.http.url(path));
    let all: Vec<_> = urls.iter().map(String::as_str).collect();
    let finished = bench.run(&[&["--trace", "t", "http", "get", "-O"], &all[..]].concat());
    assert_eq!(finished.code, 9, "{}", finished.stderr);
    let said: Vec<_> = finished.stderr.lines().collect();
    assert!(said[0].starts_with(&format!("{}: 200 OK: 1 bytes in ", urls[0])), "{said:?}");
    assert_eq!(said[1], format!("sim800: {}: the server answered 404 Not Found", urls[1]));
    assert!(said[3].starts_with("2 of 3 transfers are done, 1 failed; 2 bytes in "), "{said:?}");
    assert_eq!((said.len(), bench.names()), (4, ["1", "2", "t"].map(str::to_owned).to_vec()));
    let trace = fs::read_to_string(bench.path("t")).unwrap();
    assert_eq!(trace.matches("+CREG: 0,1").count(), 1, "one start-up");
    assert_eq!(trace.matches("AT+SAPBR=1,1").count(), 1, "one bearer");

    fs::write(bench.path("list"), format!("# URLs\n{}\n\n  {}\n", urls[2], bench.http.url("/3"))).unwrap();
    let finished = bench.run(&["--json", "http", "get", &urls[0], &urls[1], "--input", "list"]);
    let objects: Vec<Value> =
        text(finished.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> = objects.iter().map(|object| (object["ok"].clone(), object["body"].clone())).collect();
    let expected = [(true, "1"), (false, "404 Not Found\n"), (true, "2"), (true, "3")];
    assert_eq!(told, expected.map(|(ok, body)| (json!(ok), json!(body))));
    assert_eq!(objects[1]["url"], urls[1]);
    assert_eq!((finished.code, finished.stderr.as_str()), (9, ""));

    fs::write(bench.path("wrong"), format!("{}\n# none\n{} # one\n", urls[0], urls[1])).unwrap();
    let finished = bench.run(&["http", "get", "--input", "wrong"]);
    assert!(
        finished.code == 2 && finished.stderr.starts_with("sim800: wrong, line 3: "),
        "{}",
        finished.stderr
    );

    let finished = bench.run(&["-q", "http", "get", &urls[0], &urls[2]]);
    assert_eq!((finished.code, finished.stdout), (0, b"12".to_vec()), "one after the other");
    for arguments in [
        &["http", "get", &urls[0], &urls[2], "-o", "a"][..],
        &["http", "get", "-O", &urls[0], &urls[0]],
        &["http", "get", "--input", "/dev/null"],
        &["http", "get"],
    ] {
        assert_eq!(bench.run(arguments).code, 2, "{arguments:?}");
    }
}

#[test]
fn whatever_is_done_is_given_up_when_its_time_is_over() {
    let bench = Bench::new();
    bench.ftp.put_file("/a", &octets(50_000)).unwrap();
    bench.ftp.inject(sim800_testbed::server::ftp::Fault::DataStall { after: 10_000 });
    let get = ["--max-time", "0.5", "--json", "ftp", "get", &bench.ftp_url("/a"), "-o", "a"];
    let finished = bench.run(&get);
    assert_eq!((finished.code, finished.error().0.as_str()), (10, "timed-out"));
    assert_eq!(bench.names(), [""; 0]);
}

#[test]
fn data_may_be_what_is_in_a_file() {
    let bench = Bench::new();
    fs::write(bench.path("body"), "a=1").unwrap();
    let sent = bench.run(&["http", "post", &bench.http.url("/echo"), "-d", "@body"]);
    assert_eq!(sent.stdout, b"a=1", "{}", sent.stderr);
    let missing = bench.run(&["http", "post", &bench.http.url("/echo"), "--data", "@none"]);
    assert!(missing.code == 3 && missing.stderr.contains("none"), "{}", missing.stderr);
}
