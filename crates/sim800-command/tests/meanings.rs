//! What numbers and words of responses mean, and how rows of the table and errors present themselves.

use std::error::Error;

use sim800_command::*;

type TestResult = Result<(), Box<dyn Error>>;

fn line(text: &str) -> [Line<'_>; 1] {
    [Line::new(text.as_bytes())]
}

#[test]
fn bearer_states() -> TestResult {
    let query = SapbrQuery { cid: Cid::new(2)? };
    for (number, state) in [
        (0, BearerState::Connecting),
        (1, BearerState::Connected),
        (2, BearerState::Closing),
        (3, BearerState::Closed),
        (9, BearerState::Other(9)),
    ] {
        let text = format!("+SAPBR: 2,{number},\"0.0.0.0\"");
        let status = query.response(&line(&text))?;
        assert_eq!((status.cid, status.state, status.address), (2, state, None));
    }
    let Claim::Named { accepts, .. } = query.expect().information else { panic!("claims no name") };
    assert!(accepts(Values::new(b"1,1,\"10.0.0.1\"")));
    assert!(!accepts(Values::new(b"1,1")));
    assert!(!accepts(Values::new(b"1,1,\"10.0.0.1\",0")));
    Ok(())
}

#[test]
fn a_bearer_profile_shows_all_but_its_password() -> TestResult {
    let show = SapbrShow { cid: Cid::new(1)? };
    let text = ["CONTYPE: CSD", "PHONENUM: +49123", "PWD: hunter2"];
    let lines = text.map(|text| Line::new(text.as_bytes()));
    let profile = show.response(&lines)?;
    assert_eq!(profile.phone_number, Some("+49123"));
    assert_eq!(
        format!("{profile:?}"),
        "BearerProfile { content_type: Some(\"CSD\"), apn: None, user: None, password: Some(***), \
         phone_number: Some(\"+49123\"), rate: None }"
    );
    assert!(show.response(&[]).is_err());
    Ok(())
}

#[test]
fn registration_states() -> TestResult {
    for (number, status, registered) in [
        (0, RegistrationStatus::NotRegistered, false),
        (1, RegistrationStatus::Home, true),
        (2, RegistrationStatus::Searching, false),
        (3, RegistrationStatus::Denied, false),
        (4, RegistrationStatus::Unknown, false),
        (5, RegistrationStatus::Roaming, true),
        (7, RegistrationStatus::Other(7), false),
    ] {
        let text = format!("+CREG: 0,{number}");
        assert_eq!(CregRead.response(&line(&text))?.status, status);
        assert_eq!(status.is_registered(), registered);
    }
    Ok(())
}

#[test]
fn sim_states() -> TestResult {
    for (word, state) in [
        ("READY", PinState::Ready),
        ("SIM PIN", PinState::SimPin),
        ("SIM PUK", PinState::SimPuk),
        ("PH_SIM PIN", PinState::PhoneSimPin),
        ("PH_SIM PUK", PinState::PhoneSimPuk),
        ("SIM PIN2", PinState::SimPin2),
        ("SIM PUK2", PinState::SimPuk2),
        ("NOT INSERTED", PinState::Other("NOT INSERTED")),
    ] {
        let text = format!("+CPIN: {word}");
        assert_eq!(CpinRead.response(&line(&text))?, state);
    }
    assert!(CpinRead.response(&line("+CPIN:")).is_err());
    Ok(())
}

#[test]
fn places_and_times() -> TestResult {
    let place = |degrees: &str| {
        let text = format!("+CIPGSMLOC: 0,{degrees},2015/10/15,19:24:55");
        CipGsmLoc { cid: Cid::MIN }.response(&line(&text))
    };
    for (degrees, longitude, latitude) in [
        ("-74.007729,40.730160", -74_007_729, 40_730_160),
        ("180,-90", 180_000_000, -90_000_000),
        ("-0.5,0.0000019", -500_000, 1),
    ] {
        let location = place(degrees)?.map_err(|code| code.to_string())?;
        assert_eq!((location.longitude, location.latitude), (longitude, latitude));
    }
    for degrees in [
        "180.000001,0",
        "0,90.1",
        "0,-91",
        "5000,0",
        "1.+5,0",
        "1.5x,0",
        "+1.5,0",
        "--1,0",
        "\"\",0",
        ".5,0",
        "1",
    ] {
        assert!(place(degrees).is_err(), "{degrees}");
    }
    let time = |text: &str| CipGsmLocTime { cid: Cid::MIN }.response(&line(&format!("+CIPGSMLOC: {text}")));
    let latest = time("0,2016/12/31,23:59:60")?.map_err(|code| code.to_string())?;
    assert_eq!((latest.year, latest.month, latest.day), (2016, 12, 31));
    assert_eq!((latest.hour, latest.minute, latest.second), (23, 59, 60));
    assert!(time("0,1/1/1,0:0:0")?.is_ok());
    for text in [
        "0,2015/0/1,0:0:0",
        "0,2015/13/1,0:0:0",
        "0,2015/1/0,0:0:0",
        "0,2015/1/32,0:0:0",
        "0,2015/1/1,24:0:0",
        "0,2015/1/1,0:60:0",
        "0,2015/1/1,0:0:61",
        "0,2015/1,0:0:0",
        "0,2015/1/1/1,0:0:0",
        "0,2015/1/1,0:0:0,0",
        "0",
        "601,0",
        "",
    ] {
        assert!(time(text).is_err(), "{text}");
    }
    for code in [404, 408, 601, 65_535] {
        assert_eq!(time(&code.to_string())?, Err(HttpStatus(code)));
    }
    Ok(())
}

#[test]
fn activities_and_switches() -> TestResult {
    for (number, activity) in [
        (0, HttpActivity::Idle),
        (1, HttpActivity::Receiving),
        (2, HttpActivity::Sending),
        (5, HttpActivity::Other(5)),
    ] {
        let text = format!("+HTTPSTATUS: HEAD,{number},0,0");
        assert_eq!(HttpStatusRead.response(&line(&text))?.activity, activity);
    }
    for (number, charging) in
        [(0, Charging::No), (1, Charging::Yes), (2, Charging::Finished), (3, Charging::Other(3))]
    {
        let text = format!("+CBC: {number},100,4200");
        assert_eq!(Cbc.response(&line(&text))?.charging, charging);
    }
    assert_eq!(FtpState.response(&line("+FTPSTATE: 0"))?, FtpActivity::Idle);
    assert!(FtpState.response(&line("+FTPSTATE: x")).is_err());
    assert!(!CgattRead.response(&line("+CGATT: 0"))?);
    assert!(CgattRead.response(&line("+CGATT: 2")).is_err());
    Ok(())
}

#[test]
fn serial_numbers_are_15_or_16_digits() {
    for (text, accepted) in [
        ("869951030000000", true),
        ("8699510300000001", true),
        ("86995103000000", false),
        ("86995103000000x", false),
        ("abcdefghijklmno", false),
    ] {
        assert_eq!(Gsn.response(&line(text)).is_ok(), accepted, "{text}");
    }
}

#[test]
fn what_has_no_definition_of_its_own_takes_the_usual_time() {
    assert_eq!(Read::<FtpPort>::new().time_limit(), time_limit::UNSTATED);
    assert_eq!(Test::<HttpData>::new().time_limit(), time_limit::UNSTATED);
    assert_eq!(At.time_limit(), time_limit::UNSTATED);
    assert!(matches!(At.expect().information, Claim::None));
    assert!(matches!(Gsn.expect().information, Claim::Text));
    assert_eq!(format!("{:?} {:?}", Read::<At>::new(), Test::<At>::default()).matches("At>").count(), 2);
}

#[test]
fn names_are_found_whatever_their_case() {
    for id in Id::ALL {
        assert_eq!(Id::from_name(&id.name().to_lowercase()), Some(*id));
    }
    assert_eq!(Id::from_name("+CMGS"), None);
}

#[test]
fn rows_present_themselves_by_their_syntax() -> TestResult {
    let cid = Cid::new(1)?;
    for (spec, text) in [
        (At::SPEC, "AT"),
        (Echo::SPEC, "ATE<on>"),
        (HttpInit::SPEC, "AT+HTTPINIT"),
        (CregRead::SPEC, "AT+CREG?"),
        (Test::<HttpData>::SPEC, "AT+HTTPDATA=?"),
        (Read::<FtpPort>::SPEC, "AT+FTPPORT?"),
        (HttpData::SPEC, "AT+HTTPDATA=<size>,<time>"),
        (SapbrQuery::SPEC, "AT+SAPBR=2,<cid>"),
        (HttpPara::SPEC, "AT+HTTPPARA=<tag>,<value>"),
    ] {
        assert_eq!(spec.to_string(), text);
        assert_eq!(format!("{spec:?}"), format!("Spec({text})"));
    }
    let malformed = |command: &SapbrQuery| command.response(&[]).unwrap_err();
    let query = malformed(&SapbrQuery { cid });
    assert_eq!(query, malformed(&SapbrQuery { cid: Cid::MAX }));
    assert_ne!(query, Csq.response(&[]).unwrap_err());
    assert_ne!(query, Malformed::new(SapbrQuery::SPEC, "something else"));
    Ok(())
}

#[test]
fn numbers_are_shown_as_they_are() -> TestResult {
    let number = Number::<1, 70_000>::new(65_536)?;
    assert_eq!((number.to_string(), format!("{number:?}")), ("65536".to_owned(), "65536".to_owned()));
    assert_eq!(format!("{:?}", Text::<9>::new("a'b")?), "\"a'b\"");
    assert_eq!(
        CommandLine::new(&FtpRest { offset: Number::saturating(u32::MAX) })?.as_ref(),
        b"AT+FTPREST=4294967295\r"
    );
    assert_eq!(CommandLine::new(&FtpRest { offset: Number::MIN })?.as_ref(), b"AT+FTPREST=0\r");
    Ok(())
}
