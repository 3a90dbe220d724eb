//! `sim800 decode --html` in a real browser, which is skipped with a line where there is none.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sim800_capture::{Direction, write_record, write_retry};
use tempfile::TempDir;

use crate::bench::{Finished, program};
use crate::browser::Browser;

/// A page of what `write` puts into a trace.
fn page(folder: &TempDir, write: impl FnOnce(&mut Vec<u8>)) -> PathBuf {
    let mut trace = Vec::new();
    write(&mut trace);
    fs::write(folder.path().join("line.jsonl"), trace).unwrap();
    let mut command = program(&["decode", "line.jsonl", "--html", "page.html", "-q"]);
    let finished = Finished::new(command.current_dir(folder.path()).output().unwrap());
    assert_eq!((finished.code, finished.stderr.as_str(), finished.stdout.len()), (0, "", 0));
    folder.path().join("page.html")
}

fn at(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A transfer that is tried again, and a server that would like to take over the page.
fn hostile(trace: &mut Vec<u8>) {
    let mut say = |millis, direction, octets: &[u8]| write_record(trace, at(millis), direction, octets);
    say(0, Direction::Sent, b"AT+FTPPW=\"sesame\"\r");
    say(5, Direction::Received, b"\r\nOK\r\n");
    say(10, Direction::Sent, b"AT+HTTPPARA=\"URL\",\"http://a/<img src=x onerror=hacked=1>\"\r");
    say(15, Direction::Received, b"\r\nOK\r\n");
    say(20, Direction::Sent, b"AT+HTTPACTION=0\r");
    say(25, Direction::Received, b"\r\nOK\r\n");
    say(3_000, Direction::Received, b"\r\n+HTTPACTION: 0,200,59\r\n");
    say(3_010, Direction::Sent, b"AT+HTTPREAD\r");
    say(3_020, Direction::Received, b"\r\n+HTTPREAD: 59\r\n");
    say(3_300, Direction::Received, b"</script><script>hacked=1</script><img src=x onerror='h()'>\r\nOK\r\n");
    say(3_400, Direction::Received, b"\r\n<script>hacked=1</script><!-- \xe2\x80\xae\x1b[31m\r\n");
    say(3_500, Direction::Sent, b"AT+CSQ\r");
    say(3_510, Direction::Received, b"\r\n+CME ERROR: 3\r\n");
    write_retry(trace, at(4_000), "</script>it broke");
}

#[test]
fn a_page_shows_what_crossed_and_runs_nothing_of_it() {
    let Some(browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    browser.open(&page(&folder, hostile));
    let ask = |script: &str| browser.ask(script);

    assert_eq!(ask("return typeof hacked"), "undefined");
    assert_eq!(
        ask("return [document.scripts.length, document.images.length, document.links.length]").to_string(),
        "[4,0,0]"
    );
    assert_eq!(ask("return document.title"), "line.jsonl – the line to a SIM800");
    let all = ask("return document.documentElement.outerHTML").to_string();
    assert!(!all.contains("sesame"), "secrets are masked");

    // The list has every line, as text.
    assert_eq!(ask("return document.getElementById('count').textContent"), "15 of 15 lines");
    let rows = ask("return [...document.querySelectorAll('#list .row .x')].map(row => row.textContent)");
    let rows: Vec<_> = rows.as_array().unwrap().iter().map(|row| row.as_str().unwrap().to_owned()).collect();
    assert_eq!(rows[2], "AT+HTTPPARA=\"URL\",\"http://a/<img src=x onerror=hacked=1>\"");
    assert_eq!(rows[11], r"<script>hacked=1</script><!-- \xe2\x80\xae\x1b[31m");
    assert_eq!(rows[14], "</script>it broke");

    // Whoever chooses payload sees its octets.
    ask(
        "[...document.querySelectorAll('#list .row')].find(row => row.textContent.includes('59 bytes of payload')).click()",
    );
    let text = ask("return document.querySelector('#detail .text').textContent");
    assert_eq!(text, "</script><script>hacked=1</script><img src=x onerror='h()'>");
    let hex = ask("return document.querySelector('#detail .hex').textContent");
    assert!(hex.as_str().unwrap().starts_with("000000  3c 2f 73 63 72 69 70 74  3e 3c 73 63"), "{hex}");

    // Filters and search.
    ask(
        "[...document.querySelectorAll('#filters button')].find(button => button.textContent === 'errors').click()",
    );
    let count = || ask("return document.getElementById('count').textContent");
    let errors = count().as_str().unwrap().to_owned();
    assert!(errors.ends_with("of 15 lines") && !errors.starts_with("15"), "{errors}");
    ask(
        "[...document.querySelectorAll('#filters button')].find(button => button.textContent === 'errors').click()",
    );
    ask(
        "const box = document.getElementById('search'); box.value = 'operation not allowed'; box.dispatchEvent(new Event('input'))",
    );
    assert_eq!(count(), "1 of 15 lines");
    ask(
        "const box = document.getElementById('search'); box.value = ''; box.dispatchEvent(new Event('input'))",
    );

    // The timeline can be zoomed, and a line chosen there.
    let range = || ask("return document.getElementById('range').textContent");
    assert_eq!(range(), "0.000 to 4.000 s");
    ask("document.getElementById('zoom-in').click()");
    assert_eq!(range(), "1.000 to 3.000 s");
    ask("document.getElementById('whole').click()");
    ask("const lane = document.getElementById('timeline'); const box = lane.getBoundingClientRect();
         const where = { clientX: box.right - 2, clientY: box.top + 50, bubbles: true, pointerId: 1 };
         lane.setPointerCapture = () => {};
         lane.dispatchEvent(new PointerEvent('pointerdown', where)); lane.dispatchEvent(new PointerEvent('pointerup', where))");
    assert!(
        ask("return document.querySelector('#detail p').textContent").as_str().unwrap().contains("it broke")
    );

    // A diagram for each procedure, and the summary.
    assert!(ask("return document.querySelectorAll('#sequence svg path').length").as_u64().unwrap() >= 6);
    let tables = ask("return document.getElementById('tables').textContent").as_str().unwrap().to_owned();
    for told in ["HTTP GET http://a/<img", "200 OK", "</script>it broke", "AT+HTTPACTION=0"] {
        assert!(tables.contains(told), "{told}: {tables}");
    }

    for (width, height) in [(1400, 1900), (420, 2200)] {
        for is_dark in [false, true] {
            browser.look(width, height, is_dark);
            let name = format!(
                "{}-{}",
                if width > 900 { "wide" } else { "narrow" },
                if is_dark { "dark" } else { "light" }
            );
            browser.shoot(&name);
            let (room, wide) = (ask("return innerWidth"), ask("return document.documentElement.scrollWidth"));
            assert!(
                wide.as_u64() <= room.as_u64(),
                "{name}: nothing stands out at the side: {wide} of {room}"
            );
            let ground = ask("return getComputedStyle(document.body).backgroundColor");
            assert_eq!(ground == "rgb(16, 21, 28)", is_dark, "{name}: {ground}");
        }
    }
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_hundred_thousand_lines_are_none_too_many() {
    let Some(browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let page = page(&folder, |trace| {
        for n in 0..33_334 {
            write_record(trace, at(n * 100), Direction::Sent, b"AT+CSQ\r");
            let response: &[u8] = if n % 1000 == 7 {
                b"\r\n+CME ERROR: 3\r\n\r\nRING\r\n"
            } else {
                b"\r\n+CSQ: 21,0\r\n\r\nOK\r\n"
            };
            write_record(trace, at(n * 100 + 20), Direction::Received, response);
        }
    });
    browser.open(&page);
    assert_eq!(
        browser.ask("return document.getElementById('count').textContent"),
        "100,002 of 100,002 lines"
    );
    let rows = || browser.ask("return document.querySelectorAll('#list .row').length").as_u64().unwrap();
    assert!(rows() < 100, "only what is in sight is in the page");
    browser.ask("const list = document.getElementById('list'); list.scrollTop = list.scrollHeight; list.dispatchEvent(new Event('scroll'))");
    let last = browser.ask("return [...document.querySelectorAll('#list .row')].at(-1).textContent");
    assert!(last.as_str().unwrap().starts_with("3333.320"), "{last}");
    browser.ask("[...document.querySelectorAll('#filters button')].find(button => button.textContent === 'errors').click()");
    assert_eq!(browser.ask("return document.getElementById('count').textContent"), "34 of 100,002 lines");
    browser.shoot("hundred-thousand");
    assert_eq!(browser.complaints(), Vec::<String>::new());
    assert!(Path::new(&page).metadata().unwrap().len() < 20 << 20);
}
