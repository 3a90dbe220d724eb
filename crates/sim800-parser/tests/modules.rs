//! The shapes of other modules, row by row of the table in the crate's documentation.

use sim800_parser::{Claim, DataPhase, Decoder, Dialect, Event, Expect, FinalResultCode, Framer, Header};

/// The events of `octets` at every cut, as words.
fn told(expect: Option<Expect>, pushed: &[(Header, u32)], octets: &str) -> Vec<String> {
    let frame = |reads: &[&[u8]]| {
        let mut framer = Framer::<96, _>::with_dialect(().with_headers(pushed));
        if let Some(expect) = expect {
            framer.begin(expect);
        }
        let mut words = Vec::new();
        for read in reads {
            framer.feed(read, |event| tell(&mut words, &event));
        }
        assert_eq!(framer.pending(), b"");
        words
    };
    let whole = frame(&[octets.as_bytes()]);
    for cut in 0..octets.len() {
        let (early, late) = octets.as_bytes().split_at(cut);
        assert_eq!(frame(&[early, late]), whole, "cut at {cut}");
    }
    whole
}

fn tell(words: &mut Vec<String>, event: &Event<'_>) {
    let (kind, octets) = match event {
        Event::Information(span) => ("+", span.line().text()),
        Event::Unsolicited(span) => ("*", span.line().text()),
        Event::Final { span, .. } => ("=", span.line().text()),
        Event::Prompt { span, .. } => ("?", span.line().text()),
        Event::Excess { span, .. } => ("!", span.line().text()),
        Event::Payload { octets, .. } => ("#", *octets),
        _ => return,
    };
    let text = String::from_utf8_lossy(octets);
    match words.last_mut() {
        Some(last) if kind == "#" && last.starts_with('#') => last.push_str(&text),
        _ => words.push(format!("{kind}{text}")),
    }
}

fn announced(header: Header) -> Expect {
    Expect::result().with_data(DataPhase::Announced { header, at_most: 1460 })
}

/// Payload that reads like the end of a response; five octets.
const TRAP: &str = "\nOK\r\n";

#[test]
fn sim800_and_sim900() {
    let header = Header::new("+CIPRXGET:").selected_by(2).behind(1).followed_by(1);
    let octets = format!("\r\n+CIPRXGET: 2,0,5,120\r\n{TRAP}\r\nOK\r\n");
    assert_eq!(
        told(Some(announced(header)), &[], &octets),
        ["++CIPRXGET: 2,0,5,120", &format!("#{TRAP}"), "=OK"]
    );

    let pushed = [(Header::new("+IPD,").ended_by(":"), 1460)];
    assert_eq!(
        told(Some(Expect::result()), &pushed, &format!("\r\n+IPD,5:{TRAP}\r\nOK\r\n")),
        ["*+IPD,5:", &format!("#{TRAP}"), "=OK"]
    );
    let (data, of_many) =
        (Header::new("+IPD,").ended_by(":"), Header::new("+RECEIVE,").behind(1).ended_by(":\r\n"));
    let pushed = [data, data.followed_by(1), of_many, of_many.followed_by(1)].map(|header| (header, 1460));
    for line in ["+IPD,5:", "+IPD,5,TCP:", "+RECEIVE,0,5:\r\n", "+RECEIVE,0,5,10.0.0.1:80:\r\n"] {
        assert_eq!(
            told(None, &pushed, &format!("\r\n{line}{TRAP}\r\nRING\r\n")),
            [&format!("*{}", line.trim_end()), &format!("#{TRAP}"), "*RING"],
            "{line}"
        );
    }

    let shut = Expect::result().with_ending("SHUT OK".into());
    assert_eq!(told(Some(shut), &[], "\r\nSHUT OK\r\n"), ["=SHUT OK"]);
    assert_eq!(told(Some(shut), &[], "\r\nERROR\r\n"), ["=ERROR"]);
}

#[test]
fn sim7600_and_a76xx() {
    let read = announced(Header::new("+HTTPREAD: DATA,")).with_ending("+HTTPREAD: 0".into());
    let frame = format!("\r\n+HTTPREAD: DATA,5\r\n{TRAP}");
    assert_eq!(
        told(Some(read), &[], &format!("\r\nOK\r\n{frame}{frame}\r\n+HTTPREAD: 0\r\n\r\nOK\r\n")),
        [
            "+OK",
            "++HTTPREAD: DATA,5",
            &format!("#{TRAP}"),
            "++HTTPREAD: DATA,5",
            &format!("#{TRAP}"),
            "=+HTTPREAD: 0",
            "*OK"
        ]
    );
    assert_eq!(told(Some(read), &[], "\r\nERROR\r\n"), ["=ERROR"]);
    // Newer firmware leaves the word out.
    let read = announced(Header::new("+HTTPREAD:")).with_ending("+HTTPREAD: 0".into());
    assert_eq!(
        told(Some(read), &[], &format!("\r\nOK\r\n\r\n+HTTPREAD: 5\r\n{TRAP}\r\n+HTTPREAD: 0\r\n")),
        ["+OK", "++HTTPREAD: 5", &format!("#{TRAP}"), "=+HTTPREAD: 0"]
    );
    let read = announced(Header::new("+CIPRXGET:").selected_by(2).behind(1).followed_by(1));
    assert_eq!(
        told(Some(read), &[], &format!("\r\n+CIPRXGET: 2,0,5,0\r\n{TRAP}\r\nOK\r\n")),
        ["++CIPRXGET: 2,0,5,0", &format!("#{TRAP}"), "=OK"]
    );
    // All that was announced may not be more than what was asked for.
    let read = Expect::result()
        .with_data(DataPhase::Announced { header: Header::new("+HTTPREAD:"), at_most: 7 })
        .with_ending("+HTTPREAD: 0".into());
    assert_eq!(
        told(Some(read), &[], "\r\n+HTTPREAD: 5\r\nhello\r\n+HTTPREAD: 3\r\n\r\n+HTTPREAD: 0\r\n"),
        ["++HTTPREAD: 5", "#hello", "!+HTTPREAD: 3", "=+HTTPREAD: 0"]
    );
}

#[test]
fn quectel() {
    let octets = format!("\r\nCONNECT 5\r\n{TRAP}\r\nOK\r\n");
    assert_eq!(
        told(Some(announced(Header::new("CONNECT "))), &[], &octets),
        ["+CONNECT 5", &format!("#{TRAP}"), "=OK"]
    );
    assert_eq!(
        told(Some(announced(Header::new("+QIRD:"))), &[], &format!("\r\n+QIRD: 5\r\n{TRAP}\r\nOK\r\n")),
        ["++QIRD: 5", &format!("#{TRAP}"), "=OK"]
    );
    let datagram = announced(Header::new("+QIRD:").followed_by(2));
    assert_eq!(
        told(Some(datagram), &[], &format!("\r\n+QIRD: 5,\"10.0.0.1\",80\r\n{TRAP}\r\nOK\r\n")),
        ["++QIRD: 5,\"10.0.0.1\",80", &format!("#{TRAP}"), "=OK"]
    );
    let pushed = [(Header::new("+QIURC: \"recv\",").behind(1), 1460)];
    assert_eq!(
        told(None, &pushed, &format!("\r\n+QIURC: \"recv\",0,5\r\n{TRAP}\r\n+QIURC: \"recv\",0\r\n")),
        ["*+QIURC: \"recv\",0,5", &format!("#{TRAP}"), "*+QIURC: \"recv\",0"]
    );
}

#[test]
fn u_blox() {
    for (header, line) in [
        (Header::new("+URDFILE:").behind(1).ended_by(",\""), "+URDFILE: \"name\",5,\""),
        (Header::new("+URDBLOCK:").behind(1).ended_by(",\""), "+URDBLOCK: \"a,b\",5,\""),
        (Header::new("+USORD:").behind(1).ended_by(",\""), "+USORD: 3,5,\""),
        (Header::new("+USORF:").behind(3).ended_by(",\""), "+USORF: 3,\"10.0.0.1\",80,5,\""),
    ] {
        assert_eq!(
            told(Some(announced(header)), &[], &format!("\r\n{line}{TRAP}\"\r\n\r\nOK\r\n")),
            [&format!("+{line}"), &format!("#{TRAP}"), "+\"", "=OK"]
        );
    }
}

#[test]
fn espressif() {
    let pushed = [
        (Header::new("+IPD,").ended_by(":"), 1460),
        (Header::new("+IPD,").behind(1).ended_by(":"), 1460),
        (Header::new("+IPD,").behind(1).followed_by(2).ended_by(":"), 1460),
        (Header::new("+MQTTSUBRECV:").behind(2).ended_by(","), 1460),
    ];
    for line in ["+IPD,5:", "+IPD,0,5:", "+IPD,0,5,\"::1\",80:", "+MQTTSUBRECV:0,\"a,b\",5,"] {
        assert_eq!(
            told(None, &pushed, &format!("\r\n{line}{TRAP}\r\nready\r\n")),
            [&format!("*{line}"), &format!("#{TRAP}"), "*ready"]
        );
    }
    for (header, line) in [
        (Header::new("+CIPRECVDATA:").ended_by(","), "+CIPRECVDATA:5,"),
        (Header::new("+CIPRECVDATA,").ended_by(":"), "+CIPRECVDATA,5:"),
        (Header::new("+CIPRECVDATA:").followed_by(2).ended_by(","), "+CIPRECVDATA:5,\"10.0.0.1\",80,"),
    ] {
        assert_eq!(
            told(Some(announced(header)), &[], &format!("{line}{TRAP}\r\nOK\r\n")),
            [&format!("+{line}"), &format!("#{TRAP}"), "=OK"]
        );
    }
    let send = Expect::result().with_data(DataPhase::Prompted).with_ending("SEND OK".into());
    assert_eq!(
        told(Some(send), &[], "AT+CIPSEND=4\r\r\nOK\r\n\r\n>\r\nRecv 4 bytes\r\n\r\nSEND OK\r\n"),
        ["+OK", "?>", "*Recv 4 bytes", "=SEND OK"]
    );
}

#[test]
fn a_response_may_end_in_one_of_several_lines() {
    let send = Expect::result().with_data(DataPhase::Prompted).with_endings(|line| match line.text() {
        b"0, SEND OK" => Some(FinalResultCode::Ok),
        b"0, SEND FAIL" => Some(FinalResultCode::Error),
        _ => None,
    });
    // The blank behind the prompt may come in another read.
    for (end, code) in [("0, SEND OK", "=0, SEND OK"), ("0, SEND FAIL", "=0, SEND FAIL"), ("ERROR", "=ERROR")]
    {
        let octets = format!("\r\n> \r\n1, CLOSED\r\n\r\n{end}\r\n\r\n0, SEND OK\r\n");
        assert_eq!(told(Some(send), &[], &octets), ["?>", "*1, CLOSED", code, "*0, SEND OK"]);
    }
    let code = |octets: &[u8]| {
        let mut framer: Framer = Framer::new();
        framer.begin(send);
        match framer.next(&mut &octets[..]) {
            Some(Event::Final { code, .. }) => code,
            event => panic!("{event:?}"),
        }
    };
    assert_eq!(code(b"\r\n0, SEND OK\r\n"), FinalResultCode::Ok);
    assert_eq!(code(b"\r\n0, SEND FAIL\r\n"), FinalResultCode::Error);
}

#[test]
fn payload_may_begin_at_once() {
    let mut expect = Expect::result().with_data(DataPhase::AtOnce { count: 5 });
    for echo in ["AT+X\r", "at\r"] {
        let octets = format!("{echo}{TRAP}\r\nOK\r\n");
        assert_eq!(told(Some(expect), &[], &octets), [&format!("#{TRAP}"), "=OK"]);
    }
    for payload in [TRAP, "A\r\nOK", "A\nBCD", "ATAT\n"] {
        assert_eq!(told(Some(expect), &[], &format!("{payload}\r\nOK\r\n")), [&format!("#{payload}"), "=OK"]);
    }
    expect.echo = false;
    assert_eq!(told(Some(expect), &[], "AT\rOK\r\nOK\r\n"), ["#AT\rOK", "=OK"]);
}

/// Quectel's `AT+QHTTPREAD` counts nothing: the driver looks for the end by itself.
#[test]
fn uncounted_data_is_cut_by_the_driver() {
    const RESPONSE: &[u8] = b"\r\nCONNECT\r\nO\r\nOK\r\nK<end>\r\nOK\r\n\r\n+QHTTPREAD: 0\r\n";
    const DATA: &[u8] = b"O\r\nOK\r\nK";
    let expect = Expect::result().with_information(Claim::Text);
    for cut in 0..RESPONSE.len() {
        let (early, late) = RESPONSE.split_at(cut);

        let mut framer: Framer<64> = Framer::new();
        framer.begin(expect);
        let (mut data, mut words, mut is_data) = (Vec::new(), Vec::new(), false);
        for mut read in [early, late] {
            if is_data {
                data.extend_from_slice(std::mem::take(&mut read));
            }
            while let Some(event) = framer.next(&mut read) {
                tell(&mut words, &event);
                if words == ["+CONNECT"] && !is_data {
                    is_data = true;
                    data.extend_from_slice(framer.take_pending());
                    data.extend_from_slice(std::mem::take(&mut read));
                }
            }
        }
        let end = data.windows(5).position(|octets| octets == b"<end>").expect("all of it came");
        assert_eq!(&data[..end], DATA, "cut at {cut}");
        framer.feed(&data[end + 5..], |event| tell(&mut words, &event));
        assert_eq!(words, ["+CONNECT", "=OK", "*+QHTTPREAD: 0"], "cut at {cut}");

        let mut decoder = Decoder::new(1024);
        decoder.begin(expect);
        let (mut buffer, mut words, mut is_data) = (Vec::new(), Vec::new(), false);
        for read in [early, late] {
            buffer.extend_from_slice(read);
            let mut input = &buffer[..];
            while !is_data && decoder.next(&mut input).map(|event| tell(&mut words, &event)).is_some() {
                is_data = words == ["+CONNECT"];
            }
            let taken = buffer.len() - input.len();
            buffer.drain(..taken);
        }
        let end = buffer.windows(5).position(|octets| octets == b"<end>").expect("all of it came");
        assert_eq!(&buffer[..end], DATA, "cut at {cut}");
        decoder.begin_line();
        let mut input = &buffer[end + 5..];
        while let Some(event) = decoder.next(&mut input) {
            tell(&mut words, &event);
        }
        assert_eq!(words, ["+CONNECT", "=OK", "*+QHTTPREAD: 0"], "cut at {cut}");
    }
}

/// Whatever came unasked before.
#[test]
fn payload_of_a_command_that_is_given_up_is_text() {
    let pushed = [(Header::new("+IPD,").ended_by(":"), 1460)];
    for (data, opening) in [
        (DataPhase::Announced { header: Header::new("+HTTPREAD:"), at_most: 1460 }, "\r\n+HTTPREAD: 100\r\n"),
        (
            DataPhase::Announced { header: Header::new("+USORD: 3,").ended_by(",\""), at_most: 1460 },
            "+USORD: 3,100,\"",
        ),
        (DataPhase::Counted { count: 100 }, "\r\n"),
        (DataPhase::AtOnce { count: 100 }, ""),
    ] {
        let mut framer = Framer::<96, _>::with_dialect(().with_headers(&pushed));
        framer.feed(b"+IPD,5:hello", |_| {});
        framer.begin(Expect::result().with_data(data));
        framer.feed(format!("{opening}some of it").as_bytes(), |_| {});
        assert_eq!(framer.remaining(), 90, "{data:?}");
        framer.abandon();
        assert_eq!(framer.remaining(), 0, "{data:?}");
        let mut words = Vec::new();
        framer.feed(b"RING\r\n", |event| tell(&mut words, &event));
        assert_eq!(words, ["*RING"], "{data:?}");
    }
}

/// What had been read of a header before says nothing of this line.
#[test]
fn an_echo_of_a_command_that_is_given_up_ends_with_its_line() {
    let pushed = [(Header::new("+IPD,").behind(1).followed_by(2).ended_by(":"), 1460)];
    let mut framer = Framer::<96, _>::with_dialect(().with_headers(&pushed));
    let mut words = Vec::new();
    framer.feed(b"+IPD,0,5,\"10.0.0.1\",80:hello", |event| tell(&mut words, &event));
    framer.begin(Expect::result());
    framer.feed(b"AT+C", |event| tell(&mut words, &event));
    framer.abandon();
    framer.feed(b"SQ\r\n", |event| tell(&mut words, &event));
    assert_eq!(words, ["*+IPD,0,5,\"10.0.0.1\",80:", "#hello", "*AT+CSQ"]);
}

/// The line that was begun is longer than the next one, which the place where it was looked at up to then must not hide.
#[test]
fn the_line_behind_what_the_driver_cut_is_a_line() {
    for begun in ["a line that nobody ends", "> ", "12345\r"] {
        let mut framer: Framer<64> = Framer::new();
        framer.begin(Expect::result());
        let mut words = Vec::new();
        framer.feed(begun.as_bytes(), |event| tell(&mut words, &event));
        assert_eq!(framer.take_pending(), begun.as_bytes());
        framer.feed(b"OK\r\n", |event| tell(&mut words, &event));
        assert_eq!(words, ["=OK"], "behind {begun:?}");

        let mut decoder = Decoder::new(64);
        decoder.begin(Expect::result());
        let mut input = begun.as_bytes();
        assert!(decoder.next(&mut input).is_none());
        decoder.begin_line();
        let mut input = &b"OK\r\n"[..];
        while let Some(event) = decoder.next(&mut input) {
            tell(&mut words, &event);
        }
        assert_eq!(words, ["=OK", "=OK"], "behind {begun:?}");
    }
}
