//! What the table explains of responses.

use sim800_command::{
    Battery, BearerStatus, ConnectionEvent, Drive, FsFree, FsListing, FsWritten, FtpActivity,
    FtpExtGetProgress, FtpExtGetSaved, FtpGetToFsProgress, FtpPutFrmFsProgress, HttpProgress, Id,
    Information, Line, Model, Operator, PinState, PinTries, Registration, Revision, SPECS, SerialNumber,
    SignalQuality, Unsolicited,
};

/// What is explained is there, and what is shown is what the module says.
#[test]
fn responses_are_explained_and_exemplified() {
    for spec in SPECS {
        for (name, meaning) in spec.values {
            let is_there = spec.response.contains(&format!("<{name}>"));
            assert!(is_there && !meaning.ends_with('.'), "{spec}: {name}");
        }
        let names = spec.response.split('<').skip(1).filter_map(|rest| rest.split_once('>'));
        for (name, _) in names.filter(|_| !spec.values.is_empty()) {
            let is_told = spec.values.iter().any(|(known, _)| *known == name);
            assert!(is_told, "{spec}: {name}");
        }
    }
}

#[test]
fn examples_are_what_a_module_says() {
    fn check<R: Information<'static>>() {
        let name = if R::EXAMPLE.starts_with(':') { "+NAME" } else { "" };
        let line = Line::new(format!("{name}{}", R::EXAMPLE).leak().as_bytes());
        assert!(!R::EXAMPLE.is_empty() && R::decode(&[line]).is_some(), "{}", R::EXAMPLE);
        assert!(R::accepts(line.values()), "{}", R::EXAMPLE);
    }
    check::<PinState<'_>>();
    check::<PinTries>();
    check::<Registration>();
    check::<SignalQuality>();
    check::<Operator<'_>>();
    check::<Drive>();
    check::<FsListing>();
    check::<FsWritten>();
    check::<FsFree<'_>>();
    check::<HttpProgress>();
    check::<FtpActivity>();
    check::<FtpGetToFsProgress>();
    check::<FtpPutFrmFsProgress>();
    check::<FtpExtGetProgress>();
    check::<FtpExtGetSaved>();
    check::<BearerStatus>();
    check::<SerialNumber<'_>>();
    check::<Revision<'_>>();
    check::<Model<'_>>();
    check::<Battery>();
}

/// The line that follows a command has its name, or the vocabulary would not know it; what is told of a connection has its number,
/// if there may be several.
#[test]
fn what_follows_a_command_is_a_known_unsolicited_line() {
    let following: Vec<_> = SPECS.iter().filter(|spec| !spec.unsolicited.is_empty()).collect();
    assert!(following.iter().any(|spec| spec.id == Some(Id::HttpAction)), "{following:?}");
    for spec in following {
        if let Some(words) = spec.unsolicited.strip_prefix("<connection>, ") {
            let line = format!("0, {}", words.split(", ").next().expect("words"));
            assert!(ConnectionEvent::read(Line::new(line.as_bytes())).is_some(), "{line}");
            continue;
        }
        if spec.type_name == "CipStartSingle" {
            let words = spec.unsolicited.split(", ").next().expect("words");
            assert!(ConnectionEvent::read_single(Line::new(words.as_bytes())).is_some(), "{words}");
            continue;
        }
        assert!(spec.unsolicited.starts_with(&format!("{}: ", spec.name)), "{spec}: {}", spec.unsolicited);
        let values = match spec.id {
            Some(Id::HttpAction) => "0,200,6",
            Some(Id::FtpGetToFs | Id::FtpPutFrmFs) => "0,2048",
            _ => "1,0",
        };
        let line = format!("{}: {values}", spec.name);
        assert!(!matches!(Unsolicited::from(Line::new(line.as_bytes())), Unsolicited::Other(_)), "{line}");
    }
}
