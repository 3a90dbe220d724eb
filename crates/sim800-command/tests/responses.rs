//! Information text: shapes of the manual, of the application note and of modules in the field, and which lines a
//! command claims.

use std::error::Error;
use std::net::Ipv4Addr;

use sim800_command::*;

type TestResult = Result<(), Box<dyn Error>>;

fn lines<'a>(text: &[&'a str]) -> Vec<Line<'a>> {
    text.iter().map(|line| Line::new(line.as_bytes())).collect()
}

/// Whether `command` takes `line` for its own.
fn claims(command: &impl Command, line: &str) -> bool {
    let line = Line::new(line.as_bytes());
    match command.expect().information {
        Claim::None => false,
        Claim::Named { name, accepts } => {
            line.name().map(str::as_bytes) == Some(name.as_bytes()) && accepts(line.values())
        }
        _ => true,
    }
}

#[test]
fn a_line_of_the_commands_name_is_its_own_where_no_unsolicited_one_has_it() -> TestResult {
    assert!(claims(&Csq, "+CSQ: 15,99"));
    assert!(claims(&CopsRead, "+COPS: 0"));
    assert!(claims(&HttpStatusRead, "+HTTPSTATUS:GET,1,1440,7915"));
    assert!(claims(&FsFlSize { file: Path::new(r"C:\a.txt")? }, "+FSFLSIZE: 174125"));
    assert!(!claims(&Csq, "+COPS: 0"));
    Ok(())
}

#[test]
fn the_result_code_alone_answers_a_command_without_information_text() {
    assert!(!claims(&HttpInit, "+HTTPINIT: 1"));
    assert_eq!(HttpInit.response(&[]), Ok(()));
}

#[test]
fn registration_is_told_from_the_unsolicited_line() -> TestResult {
    for (line, own) in [
        ("+CREG: 0,1", true),
        ("+CREG: 2,1,\"1A2B\",\"00FF\"", true),
        ("+CREG: 1", false),
        ("+CREG: 1,\"1A2B\",\"00FF\"", false),
        ("+CGREG: 0,1", false),
    ] {
        assert_eq!(claims(&CregRead, line), own, "{line}");
    }
    assert!(claims(&CgregRead, "+CGREG:0,5"));

    let roaming = CgregRead.response(&lines(&["+CGREG: 2, 5,\"1A2B\",\"00FF\""]))?;
    assert!(roaming.status.is_registered());
    let cell = roaming.cell.ok_or("no cell")?;
    assert_eq!((cell.location_area, cell.identity), (0x1a2b, 0xff));
    assert_eq!(CregRead.response(&lines(&["+CREG: 0,9"]))?.status, RegistrationStatus::Other(9));
    Ok(())
}

#[test]
fn bearer_is_told_from_its_loss() -> TestResult {
    let query = SapbrQuery { cid: Cid::new(1)? };
    assert!(claims(&query, "+SAPBR:1,1,\"10.89.193.1\""));
    assert!(!claims(&query, "+SAPBR 1: DEACT"));
    assert!(!claims(&query, "+SAPBR: 1,1"));
    let status = query.response(&lines(&["+SAPBR:1,1,\"10.89.193.1\""]))?;
    assert_eq!((status.cid, status.state), (1, BearerState::Connected));
    assert_eq!(status.address, Some(Ipv4Addr::new(10, 89, 193, 1)));
    let closed = query.response(&lines(&["+SAPBR: 1,3,\"0.0.0.0\""]))?;
    assert_eq!((closed.state, closed.address), (BearerState::Closed, None));
    Ok(())
}

#[test]
fn bearer_profile_in_both_shapes() -> TestResult {
    let show = SapbrShow { cid: Cid::new(1)? };
    let field =
        ["+SAPBR:", "CONTYPE: GPRS", "APN: internet", "PHONENUM:", "USER:", "PWD: hunter2", "RATE: 2"];
    let profile = show.response(&lines(&field))?;
    assert_eq!((profile.content_type, profile.apn), (Some("GPRS"), Some("internet")));
    assert_eq!((profile.user, profile.password, profile.rate), (Some(""), Some("hunter2"), Some("2")));
    assert!(!format!("{profile:?}").contains("hunter2"));
    let manual = show.response(&lines(&["+SAPBR: \"CONTYPE\",\"GPRS\"", "+SAPBR: \"APN\",\"internet\""]))?;
    assert_eq!((manual.content_type, manual.apn, manual.user), (Some("GPRS"), Some("internet"), None));
    assert!(show.response(&lines(&["?"])).is_err());
    Ok(())
}

#[test]
fn http_status_by_number() -> TestResult {
    let progress = HttpStatusRead.response(&lines(&["+HTTPSTATUS:0, 1, 1440,7915"]))?;
    assert_eq!((progress.method, progress.activity), (Some(HttpMethod::Get), HttpActivity::Receiving));
    assert_eq!((progress.finished, progress.remaining), (1440, 7915));
    assert_eq!(HttpStatusRead.response(&lines(&["+HTTPSTATUS: 7,0,0,0"]))?.method, None);
    Ok(())
}

#[test]
fn identity_among_lines_that_nobody_knows() -> TestResult {
    let imei = Gsn.response(&lines(&["+XYZ: 1", "869951030000000"]))?;
    assert_eq!(imei.as_str(), "869951030000000");
    assert!(Gsn.response(&lines(&["86995103"])).is_err());
    for text in ["Revision:1418B04SIM800L24", "Revision: 1418B04SIM800L24", "1418B04SIM800L24"] {
        assert_eq!(Cgmr.response(&lines(&[text]))?.as_str(), "1418B04SIM800L24");
    }
    assert_eq!(Cgmr.response(&lines(&["+XYZ: 1", "Revision:1418"]))?.as_str(), "1418");
    assert!(Cgmm.response(&[]).is_err());
    Ok(())
}

#[test]
fn signal_quality() -> TestResult {
    let dbm = |rssi: u8| -> Result<Option<i16>, Malformed> {
        let line = format!("+CSQ: {rssi},99");
        Ok(Csq.response(&lines(&[&line]))?.dbm())
    };
    for (rssi, expected) in [(0, -115), (1, -111), (2, -110), (15, -84), (30, -54), (31, -52)] {
        assert_eq!(dbm(rssi)?, Some(expected), "{rssi}");
    }
    assert_eq!(dbm(99)?, None);
    assert!(!claims(&Csq, "+CSQN: 15,0"));
    Ok(())
}

#[test]
fn sim_operator_and_ftp_state() -> TestResult {
    assert_eq!(CpinRead.response(&lines(&["+CPIN:SIM PIN2"]))?, PinState::SimPin2);
    assert_eq!(CpinRead.response(&lines(&["+CPIN: NOT READY"]))?, PinState::Other("NOT READY"));
    assert_eq!(CopsRead.response(&lines(&["+COPS: 1,2,46000"]))?.name, Some("46000"));
    assert_eq!(FtpState.response(&lines(&["+FTPSTATE: 1"]))?, FtpActivity::Running);
    Ok(())
}

#[test]
fn settings_read_back_as_the_command_that_sets_them() -> TestResult {
    let read = Read::<FtpPw>::new();
    for (line, password) in [
        ("+FTPPW: \"0012\"", "0012"),
        ("+FTPPW: 0012", "0012"),
        ("+FTPPW:secret", "secret"),
        ("+FTPPW: ", ""),
        ("+FTPPW: \"\"", ""),
    ] {
        assert_eq!(read.response(&lines(&[line]))?.password.reveal(), password, "{line}");
    }
    let kind = Read::<FtpType>::new().response(&lines(&["+FTPTYPE: A"]))?;
    assert_eq!(kind, FtpType { kind: FtpRepresentation::Ascii });
    let option = Read::<FtpPutOpt>::new().response(&lines(&["+FTPPUTOPT: \"APPE\""]))?;
    assert_eq!(option, FtpPutOpt { option: PutOption::Append });
    let level = Read::<Cfun>::new().response(&lines(&["+CFUN: 1"]))?;
    assert_eq!(level, Cfun { level: Functionality::Full, reset: None });
    let error = Read::<FtpPort>::new().response(&lines(&["+FTPPORT: x"])).unwrap_err();
    assert!(error.to_string().contains("AT+FTPPORT?"), "{error}");
    assert!(Read::<FtpPort>::new().response(&[]).is_err());
    Ok(())
}

#[test]
fn test_forms_take_ranges_and_leave_unsolicited_lines() -> TestResult {
    let test = Test::<HttpData>::new();
    assert_eq!(CommandLine::new(&test)?.as_bytes(), b"AT+HTTPDATA=?\r");
    let line = Line::new(b"+HTTPDATA: (0-319488),(1000-120000)");
    assert_eq!(test.response(&[line])?, Some(line));
    assert_eq!(test.response(&[])?, None);
    assert!(claims(&test, "+HTTPDATA: (0-319488),(1000-120000)"));
    let creg = Test::<CregRead>::new();
    assert!(claims(&creg, "+CREG: (0-2)"));
    assert!(!claims(&creg, "+CREG: 1"));
    Ok(())
}

#[test]
fn data_phases() -> TestResult {
    let announced = |header, at_most| DataPhase::Announced { header, at_most };
    assert_eq!(HttpRead.expect().data, announced(Header::new("+HTTPREAD:"), 319_488));
    let range = HttpReadRange { start: Number::new(0)?, size: Number::new(512)? };
    assert_eq!(range.expect().data, announced(Header::new("+HTTPREAD:"), 512));
    let read = FtpGetRead { length: Number::new(1460)? };
    assert_eq!(read.expect().data, announced(Header::new("+FTPGET:").selected_by(2), 1460));
    let write = FtpPutWrite { length: Number::new(1360)? };
    assert_eq!(
        write.expect().data,
        DataPhase::Granted { header: Header::new("+FTPPUT:").selected_by(2), at_most: 1360 }
    );
    let data = |size| Ok::<_, InvalidValue>(HttpData { size: Number::new(size)?, time: Number::new(1_000)? });
    assert_eq!(data(100)?.expect().data, DataPhase::Invited { line: "DOWNLOAD".into() });
    assert_eq!(data(0)?.expect().data, DataPhase::None);
    assert_eq!(FtpPutClose.expect().data, DataPhase::None);
    Ok(())
}

#[test]
fn time_limits_come_from_the_manual() -> TestResult {
    let cid = Cid::new(1)?;
    assert_eq!(SapbrOpen { cid }.time_limit().as_secs(), 85);
    assert_eq!(SapbrClose { cid }.time_limit().as_secs(), 65);
    assert_eq!(CgattWrite { attached: true }.time_limit().as_secs(), 75);
    assert_eq!(FtpGetOpen.time_limit().as_secs(), 75);
    let data = HttpData { size: Number::new(1)?, time: Number::new(20_000)? };
    assert_eq!(data.time_limit().as_secs(), 25);
    Ok(())
}
