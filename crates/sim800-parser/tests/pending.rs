//! What began to come before a command is no response of it.

mod buffered;

use buffered::Buffered;
use proptest::prelude::*;
use proptest::sample::select;

use sim800_command::Vocabulary;
use sim800_parser::{Claim, DataPhase, Decoder, Event, Expect, Framer, Header};

/// What the DCE says of commands that were sent before.
const LATE: [&str; 8] = [
    "\r\nOK\r\n",
    "\r\n+CME ERROR: 3\r\n",
    "\r\n+CREG: 0,1\r\n",
    "\r\n+FTPGET: 2,3\r\n",
    "\r\n+FTPPUT: 2,3\r\n",
    "\r\nDOWNLOAD\r\n",
    "\r\n> ",
    "\r\n\r\n",
];

fn accepts(_: sim800_parser::Values<'_>) -> bool {
    true
}

fn expect() -> impl Strategy<Value = Expect> {
    let data = select(vec![
        DataPhase::None,
        DataPhase::Announced { header: Header::new("+FTPGET:").selected_by(2), at_most: 9 },
        DataPhase::Granted { header: Header::new("+FTPPUT:").selected_by(2), at_most: 9 },
        DataPhase::Invited { line: "DOWNLOAD".into() },
        DataPhase::Prompted,
        DataPhase::Counted { count: 4 },
        DataPhase::AtOnce { count: 4 },
        DataPhase::Announced { header: Header::new("+IPD,").ended_by(":"), at_most: 9 },
        DataPhase::Announced { header: Header::new("+URDFILE:").behind(1).ended_by(",\""), at_most: 9 },
    ]);
    let claim = select(vec![Claim::None, Claim::Text, Claim::named("+CREG", accepts)]);
    (data, claim, any::<bool>()).prop_map(|(data, claim, ends)| {
        let expect = Expect::result().with_information(claim).with_data(data);
        if ends { expect.with_ending("SEND OK".into()) } else { expect }
    })
}

/// A decoder with the limit of the framers here.
fn buffered() -> Buffered<Vocabulary> {
    Buffered::new(Decoder::with_dialect(96 - 3, Vocabulary))
}

/// What the events of `octets` are, `expect` having begun after the first `before` of them.
fn decode(octets: &[u8], before: usize, expect: Expect) -> Vec<(bool, Vec<u8>)> {
    let (early, late) = octets.split_at(before);
    let (mut buffered, mut framer) = (buffered(), Framer::<96, _>::with_dialect(Vocabulary));
    let (mut seen, mut framed) = (Vec::new(), Vec::new());
    for (part, begins) in [(early, false), (late, true)] {
        if begins {
            buffered.decoder.begin(expect);
            framer.begin(expect);
        }
        buffered.feed(part, |event| seen.push(told(&event)));
        framer.feed(part, |event| framed.push(told(&event)));
    }
    assert_eq!(seen, framed, "the levels differ");
    seen
}

/// Whether an event is the response of a command, and its octets.
fn told(event: &Event<'_>) -> (bool, Vec<u8>) {
    match event {
        Event::Unsolicited(span) | Event::Blank(span) => (false, span.raw().to_vec()),
        Event::Final { span, .. } | Event::Information(span) | Event::Prompt { span, .. } => {
            (true, span.raw().to_vec())
        }
        Event::Payload { octets, .. } => (true, octets.to_vec()),
        _ => (true, Vec::new()),
    }
}

/// What happens to a command between two reads.
#[derive(Clone, Debug)]
enum Action {
    Begin(Expect),
    Abandon,
}

/// Of what the DCE says.
const PIECES: [&str; 22] = [
    "\r",
    "\n",
    "\r\n",
    "\r\n\r",
    "\0",
    "OK\r\n",
    "\r\nOK\r\n",
    "ERROR\r\n",
    "> ",
    "+FTPGET: 2,4\r\n",
    "\n+FTPGET: 2,9\r\nabcdefghiOK\r\n",
    "+FTPPUT: 2,3\r\n",
    "DOWNLOAD\r\n",
    "RDY\r\n",
    "abcd",
    "+CREG: 0,1",
    "AT\r",
    "+IPD,",
    "+IPD,5:hel",
    "+URDFILE: \"a,b\",3,\"abc\"",
    "\"\r\n",
    "SEND OK\r\n",
];

/// What comes, and what happens behind some of it.
fn course() -> impl Strategy<Value = Vec<(Vec<u8>, Action)>> {
    let piece = select(&PIECES[..]);
    let octets = proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat().into_bytes());
    let action = prop_oneof![3 => expect().prop_map(Action::Begin), 1 => Just(Action::Abandon)];
    // What is held back of a payload comes when it is given up.
    proptest::collection::vec((octets, action), 1..5)
        .prop_map(|course| [course, vec![(Vec::new(), Action::Abandon)]].concat())
}

/// The events of a course that comes in reads of `size` octets, payload that comes in pieces joined.
fn follow(course: &[(Vec<u8>, Action)], size: usize, level: Level) -> Vec<(String, Vec<u8>)> {
    let (mut buffered, mut framer) = (buffered(), Framer::<96, _>::with_dialect(Vocabulary));
    let mut seen: Vec<(String, Vec<u8>)> = Vec::new();
    for (octets, action) in course {
        for mut read in octets.chunks(size) {
            match level {
                Level::Decoder => buffered.feed(read, |event| join(&mut seen, &event)),
                Level::Feed => framer.feed(read, |event| join(&mut seen, &event)),
                Level::Next => {
                    while let Some(event) = framer.next(&mut read) {
                        join(&mut seen, &event);
                    }
                }
            }
        }
        match action {
            Action::Begin(expect) => {
                buffered.decoder.begin(*expect);
                framer.begin(*expect);
            }
            Action::Abandon => {
                buffered.decoder.abandon();
                framer.abandon();
            }
        }
    }
    seen
}

#[derive(Clone, Copy, Debug)]
enum Level {
    Decoder,
    Feed,
    Next,
}

fn join(seen: &mut Vec<(String, Vec<u8>)>, event: &Event<'_>) {
    let kind = match event {
        Event::Payload { .. } => "payload".to_owned(),
        Event::Unsolicited(_) => "unsolicited".to_owned(),
        Event::Blank(_) => "blank".to_owned(),
        Event::Continuation(_) => "continuation".to_owned(),
        Event::Information(_) => "information".to_owned(),
        Event::Echo(_) => "echo".to_owned(),
        Event::Final { code, .. } => format!("final {code}"),
        Event::Prompt { granted, .. } => format!("prompt {granted:?}"),
        Event::Excess { announced, .. } => format!("excess {announced}"),
        Event::Overlong { discarded } => format!("overlong {discarded}"),
        _ => panic!("an event that this test does not know"),
    };
    let octets = match event {
        Event::Payload { octets, .. } => octets,
        Event::Unsolicited(span) | Event::Blank(span) | Event::Continuation(span) => span.raw(),
        Event::Information(span) | Event::Echo(span) => span.raw(),
        Event::Final { span, .. } | Event::Prompt { span, .. } | Event::Excess { span, .. } => span.raw(),
        _ => &[],
    };
    match seen.last_mut() {
        Some((last, joined)) if *last == kind && kind == "payload" => joined.extend_from_slice(octets),
        _ => seen.push((kind, octets.to_vec())),
    }
}

#[test]
fn payload_on_the_line_of_its_header_stays_in_order_behind_a_line_end_that_was_pending() {
    let header = Header::new("+URDFILE:").behind(1).ended_by(",\"");
    let expect = Expect::result().with_data(DataPhase::Announced { header, at_most: 9 });
    let mut framer = Framer::<96, _>::with_dialect(Vocabulary);
    let mut seen = Vec::new();
    framer.feed(b"\r\n", |event| seen.push(told(&event)));
    framer.begin(expect);
    // What is left of the read behind the payload is shorter than the payload.
    let mut read = &b"+URDFILE: \"a\",3,\"abc\"\r\n\r"[..];
    while let Some(event) = framer.next(&mut read) {
        seen.push(told(&event));
    }
    let payload: Vec<_> = seen.iter().filter(|(_, octets)| octets == b"abc").collect();
    assert_eq!(payload.len(), 1, "{seen:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 4096 }))]

    /// Wherever commands begin and are given up, neither the cuts nor the level make a difference.
    #[test]
    fn commands_may_begin_and_end_anywhere(course in course()) {
        let whole = follow(&course, usize::MAX, Level::Feed);
        for size in [1, 2, 3, 7, usize::MAX] {
            for level in [Level::Decoder, Level::Feed, Level::Next] {
                let cut = follow(&course, size, level);
                prop_assert_eq!(&cut, &whole, "{:?} in reads of {}", level, size);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 1024 }))]

    /// Wherever the command begins within a line, that line is none of its response, and what follows it is.
    #[test]
    fn a_line_that_began_before_the_command_is_not_claimed(late in select(&LATE[..]), cut in 3..20_usize, expect in expect()) {
        // What comes at once is no line.
        prop_assume!(!matches!(expect.data, DataPhase::AtOnce { .. }));
        let cut = cut.min(late.len() - 1);
        let octets = [late, "\r\nERROR\r\n"].concat();
        let seen = decode(octets.as_bytes(), cut, expect);
        let (is_response, raw) = &seen[0];
        prop_assert!(!is_response, "{} of {:?} was claimed", raw.escape_ascii(), late);
        prop_assert!(seen.last().is_some_and(|(is_response, _)| *is_response), "{seen:?}");
    }

    /// Octets that no line begins with may have come before.
    #[test]
    fn a_line_behind_noise_is_claimed(noise in select(&["\r\n", "\r", "\0", "\u{ff}", " \0", "\r\n\0"][..])) {
        let octets = [noise, "OK\r\n"].concat();
        let seen = decode(octets.as_bytes(), noise.len(), Expect::result());
        prop_assert!(seen.last().is_some_and(|(is_response, _)| *is_response), "{seen:?}");
    }
}

#[test]
fn of_two_lines_glued_together_the_one_that_began_later_is_claimed() {
    let expect = || Expect::result().with_information(Claim::named("+CREG", accepts));
    let octets = b"\r\n+SAPBR 1: DEACT+CREG: 0,1\r\n\r\nOK\r\n";
    let claimed =
        |before| decode(octets, before, expect()).iter().map(|(claimed, _)| *claimed).collect::<Vec<_>>();
    assert_eq!(claimed(9), [false, true, true]);
    assert_eq!(claimed(17), [false, true, true]);
    assert_eq!(claimed(18), [false, false, true]);
}

#[test]
fn a_blank_line_that_came_before_does_not_open_a_payload_without_a_header() {
    let expect = Expect::result().with_data(DataPhase::Counted { count: 4 });
    let seen = decode(b"\r\n\r\nabcd\r\nOK\r\n", 2, expect);
    assert!(seen.contains(&(true, b"abcd".to_vec())), "{seen:?}");
}

#[test]
fn a_prompt_is_the_command_s_when_only_its_line_end_came_before() {
    let expect = || Expect::result().with_data(DataPhase::Prompted);
    for late in ["\r\n", "\r\nOK\r\n\r\n"] {
        let seen = decode([late, "> "].concat().as_bytes(), late.len(), expect());
        assert_eq!(seen.last(), Some(&(true, b"\r\n>".to_vec())), "{seen:?}");
    }
    let seen = decode(b"\r\n> ", 3, expect());
    assert!(seen.iter().all(|(is_response, _)| !is_response), "it began before: {seen:?}");
}

/// The blank line before a header is whole only behind the command, and the header is taken the quick way.
#[test]
fn a_header_behind_a_line_end_that_was_cut_opens_its_payload() {
    let announced = DataPhase::Announced { header: Header::new("+FTPGET:").selected_by(2), at_most: 20 };
    let expect = Expect::result().with_data(announced);
    let course = [
        (b"\r\n\r".to_vec(), Action::Begin(expect)),
        (b"\n+FTPGET: 2,20\r\n01234567890123456789OK\r\n".to_vec(), Action::Abandon),
    ];
    for size in [1, usize::MAX] {
        for level in [Level::Decoder, Level::Feed, Level::Next] {
            let seen = follow(&course, size, level);
            let kinds: Vec<_> = seen.iter().map(|(kind, _)| kind.as_str()).collect();
            assert_eq!(kinds[kinds.len() - 3..], ["information", "payload", "final OK"], "{level:?}, {size}");
        }
    }
}
