//! What is in a directory, of a server and in the module.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use serde_json::json;

use crate::bench::{Bench, octets};

/// An FTP server that shows `listing` of any directory, to one session after another.
fn server_that_shows(listing: &'static [u8]) -> String {
    let control = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = control.local_addr().unwrap();
    thread::spawn(move || {
        for session in control.incoming() {
            serve(session.unwrap(), listing);
        }
    });
    format!("ftp://{address}/")
}

fn serve(mut session: TcpStream, listing: &[u8]) {
    let data = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = data.local_addr().unwrap().port();
    session.write_all(b"220 here\r\n").unwrap();
    let mut octets = [0; 1024];
    while let Ok(count @ 1..) = session.read(&mut octets) {
        let command = String::from_utf8_lossy(&octets[..count]).to_uppercase();
        let reply = match command.split_whitespace().next().unwrap_or_default() {
            "USER" => "331 go on\r\n".to_owned(),
            "PASS" => "230 in\r\n".to_owned(),
            "PASV" => format!("227 (127,0,0,1,{},{})\r\n", port >> 8, port & 255),
            "LIST" => {
                session.write_all(b"150 now\r\n").unwrap();
                data.accept().unwrap().0.write_all(listing).unwrap();
                "226 all\r\n".to_owned()
            }
            "QUIT" => "221 bye\r\n".to_owned(),
            _ => "200 fine\r\n".to_owned(),
        };
        if session.write_all(reply.as_bytes()).is_err() {
            return;
        }
    }
}

#[test]
fn a_listing_is_taken_apart_where_its_form_is_known() {
    let url = server_that_shows(
        b"total 3\r\n\
        drwxr-xr-x   2 ftp      ftp          4096 Jan 31  2020 logs\r\n\
        -rw-r--r--   1 ftp      ftp         12345 Nov 05  2019 a b.txt\r\n\
        04-08-14  03:09PM                  403 dos.txt\r\n\
        something else",
    );
    let bench = Bench::new();
    let shown = bench.run(&["ftp", "ls", &url]);
    assert_eq!(
        String::from_utf8(shown.stdout).unwrap(),
        "total 3\r\n         -  2020-01-31        logs/\n     12345  2019-11-05        a b.txt\n       403  2014-04-08 15:09  dos.txt\nsomething else",
    );
    let object = bench.run(&["--json", "ftp", "ls", &url]).object();
    assert_eq!(
        object["entries"],
        json!([
            { "name": "logs", "kind": "directory", "size": null, "time": "2020-01-31" },
            { "name": "a b.txt", "kind": "file", "size": 12345, "time": "2019-11-05" },
            { "name": "dos.txt", "kind": "file", "size": 403, "time": "2014-04-08T15:09:00" },
        ])
    );
    assert_eq!(object["unknown"], json!(["total 3", "something else"]));
    let raw = bench.run(&["ftp", "ls", "-l", &url]).stdout;
    assert!(raw.starts_with(b"total 3\r\ndrwxr-xr-x   2 ftp      ftp          4096 Jan 31"), "{raw:?}");
    let object = bench.run(&["--json", "ftp", "ls", "-l", &url]).object();
    assert_eq!((&object["lines"][4], object.get("entries")), (&json!("something else"), None));
    bench.expect_usable();
}

#[test]
fn the_sizes_of_the_files_in_the_module_are_shown_on_request() {
    let bench = Bench::new();
    fs::write(bench.path("here"), octets(1234)).unwrap();
    for arguments in [&["mkdir", "C:/new"][..], &["mkdir", "C:/new/sub"], &["put", "here", "C:/new/a.bin"]] {
        assert_eq!(bench.run(&[&["fs"], arguments].concat()).code, 0);
    }
    let shown = String::from_utf8(bench.run(&["fs", "ls", "-l", "C:/new"]).stdout).unwrap();
    let mut lines: Vec<_> = shown.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["         -  sub\\", "      1234  a.bin"]);
    let object = bench.run(&["--json", "fs", "ls", "-l", r"C:\new\"]).object();
    let entries = object["entries"].as_array().unwrap();
    assert!(entries.contains(&json!({ "name": "a.bin", "directory": false, "size": 1234 })), "{object}");
    assert!(entries.contains(&json!({ "name": "sub", "directory": true, "size": null })), "{object}");
}

/// The server tells it, but the module does not pass it on.
#[test]
fn a_name_that_the_server_has_chosen_is_told() {
    let bench = Bench::new();
    bench.ftp.put_file("/dir/here", b"older").unwrap();
    fs::write(bench.path("here"), octets(3000)).unwrap();
    let url = bench.ftp_url("/dir/here");
    let object = bench.run(&["--json", "ftp", "put", "--unique", "here", &url]).object();
    let name = object["name"].as_str().unwrap();
    assert_eq!(bench.ftp.file(&format!("/dir/{name}")).unwrap(), octets(3000), "{object}");
    assert_ne!(name, "here");
    let finished = bench.run(&["ftp", "put", "--unique", "here", &url]);
    assert_eq!((finished.code, finished.stdout.as_slice()), (0, &b""[..]));
    let files = bench.ftp.files();
    let told = finished.stderr.trim_end().rsplit_once("stored as ").unwrap().1;
    assert!(told != name && files.contains(&format!("/dir/{told}")), "{told}: {files:?}");

    // To fetch a long listing for a name would take too long.
    for n in 0..400 {
        bench.ftp.put_file(&format!("/dir/{n:040}"), b"").unwrap();
    }
    let object = bench.run(&["--json", "ftp", "put", "--unique", "here", &url]).object();
    assert_eq!((&object["ok"], &object["name"]), (&json!(true), &json!(null)), "{object}");
    bench.expect_usable();
}
