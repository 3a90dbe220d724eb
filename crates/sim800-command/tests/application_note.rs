//! Every command line of the application note's examples, typed in by hand: what the table makes of it is compared
//! with paper, not with itself.
//!
//! Where the note's own spelling varies (`"Contype"`, a blank after a comma), the canonical one is given.

use std::error::Error;
use std::fmt::Debug;

use sim800_command::*;

type TestResult = Result<(), Box<dyn Error>>;

/// Compares in all directions: encoded, decoded, and found in the table.
#[track_caller]
fn check<'a, C: Command + Decode<'a> + PartialEq + Debug>(command: C, text: &'a str) {
    let octets = format!("{text}\r").into_bytes();
    assert_eq!(CommandLine::new(&command).expect("fits").as_bytes(), octets, "{command:?}");
    let values = match C::SPEC.form {
        Form::Basic => &text[3..],
        _ => text.split_once('=').map_or("", |(_, values)| values),
    };
    assert_eq!(C::decode(Values::new(values.as_bytes())), Some(command), "{text}");
    let prepared = Prepared::parse(&octets).expect(text);
    assert_eq!(prepared.line.as_bytes(), octets);
    assert_eq!(prepared.spec.to_string(), C::SPEC.to_string());
}

#[test]
fn bearer_3_1() -> TestResult {
    let cid = Cid::new(1)?;
    let parameter = BearerParameter::ContentType(BearerKind::Gprs);
    check(SapbrSet { cid, parameter }, r#"AT+SAPBR=3,1,"CONTYPE","GPRS""#);
    let parameter = BearerParameter::Apn(Text::new("CMNET")?);
    check(SapbrSet { cid, parameter }, r#"AT+SAPBR=3,1,"APN","CMNET""#);
    check(SapbrOpen { cid }, "AT+SAPBR=1,1");
    check(SapbrQuery { cid }, "AT+SAPBR=2,1");
    check(SapbrClose { cid }, "AT+SAPBR=0,1");

    let spelt_by_the_note =
        Prepared::parse(br#"AT+SAPBR=3,1,"Contype", "GPRS""#).ok_or("not in the table")?;
    assert_eq!(spelt_by_the_note.line.as_bytes(), b"AT+SAPBR=3,1,\"CONTYPE\",\"GPRS\"\r");
    Ok(())
}

#[test]
fn bearer_beyond_the_note() -> TestResult {
    let cid = Cid::new(3)?;
    check(SapbrShow { cid }, "AT+SAPBR=4,3");
    check(SapbrSave { cid }, "AT+SAPBR=5,3");
    for (parameter, text) in [
        (BearerParameter::ContentType(BearerKind::Csd), r#"AT+SAPBR=3,3,"CONTYPE","CSD""#),
        (BearerParameter::User(Text::new("me")?), r#"AT+SAPBR=3,3,"USER","me""#),
        (BearerParameter::Password(Secret::new("pw")?), r#"AT+SAPBR=3,3,"PWD","pw""#),
        (BearerParameter::PhoneNumber(Text::new("+123")?), r#"AT+SAPBR=3,3,"PHONENUM","+123""#),
        (BearerParameter::Rate(DialRate::B9600), r#"AT+SAPBR=3,3,"RATE",2"#),
    ] {
        check(SapbrSet { cid, parameter }, text);
    }
    Ok(())
}

#[test]
fn http_3_2_to_3_8() -> TestResult {
    check(HttpInit, "AT+HTTPINIT");
    for (parameter, text) in [
        (HttpParameter::Cid(Cid::new(1)?), r#"AT+HTTPPARA="CID",1"#),
        (HttpParameter::Url(Text::new("www.sim.com")?), r#"AT+HTTPPARA="URL","www.sim.com""#),
        (HttpParameter::ProxyAddress(Text::new("10.0.0.172")?), r#"AT+HTTPPARA="PROIP","10.0.0.172""#),
        (HttpParameter::ProxyPort(Number::new(80)?), r#"AT+HTTPPARA="PROPORT",80"#),
        (HttpParameter::Redirect(true), r#"AT+HTTPPARA="REDIR",1"#),
        (HttpParameter::Url(Text::new("www.sim.com/abcde")?), r#"AT+HTTPPARA="URL","www.sim.com/abcde""#),
        (
            HttpParameter::Url(Text::new("HTTP://www.sim.com/img/sim_logo_jr_1003_38.gif")?),
            r#"AT+HTTPPARA="URL","HTTP://www.sim.com/img/sim_logo_jr_1003_38.gif""#,
        ),
        (HttpParameter::Break(Number::new(2000)?), r#"AT+HTTPPARA="BREAK",2000"#),
    ] {
        check(HttpPara { parameter }, text);
    }
    check(HttpData { size: Number::new(100)?, time: Number::new(10_000)? }, "AT+HTTPDATA=100,10000");
    check(HttpAction { method: HttpMethod::Get }, "AT+HTTPACTION=0");
    check(HttpAction { method: HttpMethod::Post }, "AT+HTTPACTION=1");
    check(HttpAction { method: HttpMethod::Head }, "AT+HTTPACTION=2");
    check(HttpRead, "AT+HTTPREAD");
    check(HttpStatusRead, "AT+HTTPSTATUS?");
    check(HttpTerm, "AT+HTTPTERM");
    Ok(())
}

#[test]
fn http_beyond_the_note() -> TestResult {
    for (parameter, text) in [
        (HttpParameter::UserAgent(Text::new("x/1")?), r#"AT+HTTPPARA="UA","x/1""#),
        (HttpParameter::BreakEnd(Number::new(2999)?), r#"AT+HTTPPARA="BREAKEND",2999"#),
        (HttpParameter::Timeout(Number::new(30)?), r#"AT+HTTPPARA="TIMEOUT",30"#),
        (HttpParameter::ContentType(Text::new("text/plain")?), r#"AT+HTTPPARA="CONTENT","text/plain""#),
        (
            HttpParameter::UserData(UserData::new(&[("A", "b"), ("C-D", "e: f")])?),
            r#"AT+HTTPPARA="USERDATA","A: b\r\nC-D: e: f""#,
        ),
        (HttpParameter::UserData(UserData::EMPTY), r#"AT+HTTPPARA="USERDATA","""#),
    ] {
        check(HttpPara { parameter }, text);
    }
    check(HttpAction { method: HttpMethod::Delete }, "AT+HTTPACTION=3");
    check(HttpReadRange { start: Number::new(1000)?, size: Number::new(500)? }, "AT+HTTPREAD=1000,500");
    check(HttpScont, "AT+HTTPSCONT");
    check(HttpScontRead, "AT+HTTPSCONT?");
    check(HttpHead, "AT+HTTPHEAD");
    check(HttpGetHead { on: true }, "AT+HTTPGETHEAD=1");
    check(HttpSsl { on: true }, "AT+HTTPSSL=1");
    Ok(())
}

#[test]
fn ftp_3_9_to_3_17() -> TestResult {
    check(FtpCid { cid: Cid::new(1)? }, "AT+FTPCID=1");
    check(FtpServ { server: Text::new("116.228.221.52")? }, r#"AT+FTPSERV="116.228.221.52""#);
    check(FtpUn { user: Text::new("sim.cs1")? }, r#"AT+FTPUN="sim.cs1""#);
    check(FtpPw { password: Secret::new("*****")? }, r#"AT+FTPPW="*****""#);
    check(FtpPw { password: Secret::new("3214567")? }, r#"AT+FTPPW="3214567""#);
    check(FtpGetName { name: Text::new("1K.txt")? }, r#"AT+FTPGETNAME="1K.txt""#);
    check(FtpGetPath { path: Text::new("/")? }, r#"AT+FTPGETPATH="/""#);
    check(FtpPutName { name: Text::new("1K.txt")? }, r#"AT+FTPPUTNAME="1K.txt""#);
    check(FtpPutPath { path: Text::new("/")? }, r#"AT+FTPPUTPATH="/""#);
    check(FtpGetOpen, "AT+FTPGET=1");
    check(FtpGetRead { length: Number::new(1024)? }, "AT+FTPGET=2,1024");
    check(FtpPutOpen, "AT+FTPPUT=1");
    check(FtpPutWrite { length: Number::new(100)? }, "AT+FTPPUT=2,100");
    check(FtpPutClose, "AT+FTPPUT=2,0");
    check(FtpRest { offset: Number::new(20)? }, "AT+FTPREST=20");
    check(FtpSize, "AT+FTPSIZE");
    Ok(())
}

#[test]
fn ftp_3_16_to_3_25() -> TestResult {
    check(FtpDele, "AT+FTPDELE");
    check(FtpGetPath { path: Text::new("/test")? }, r#"AT+FTPGETPATH="/test""#);
    check(FtpMkd, "AT+FTPMKD");
    check(FtpRmd, "AT+FTPRMD");
    check(FtpListOpen, "AT+FTPLIST=1");
    check(FtpListRead { length: Number::new(1024)? }, "AT+FTPLIST=2,1024");
    check(FtpExtPutBegin, "AT+FTPEXTPUT=1");
    let (position, length, time) = (Number::new(0)?, Number::new(1024)?, Number::new(10_000)?);
    check(FtpExtPutLoad { position, length, time }, "AT+FTPEXTPUT=2,0,1024,10000");
    check(FtpExtPutEnd, "AT+FTPEXTPUT=0");
    let name = Text::new("test.txt")?;
    check(
        FtpGetToFs { storage: FsStorage::Internal, name, reconnection: None },
        r#"AT+FTPGETTOFS=0,"test.txt""#,
    );
    check(FtpGetToFsStatus, "AT+FTPGETTOFS?");
    check(
        FtpPutFrmFs { file: Text::new(r"c:\user\ftp\test.txt")?, reconnection: None },
        r#"AT+FTPPUTFRMFS="c:\user\ftp\test.txt""#,
    );
    check(FtpPutFrmFsStatus, "AT+FTPPUTFRMFS?");
    check(FtpExtGetOpen, "AT+FTPEXTGET=1");
    check(FtpExtGetStatus, "AT+FTPEXTGET?");
    check(FtpExtGetSave { name }, r#"AT+FTPEXTGET=2,"test.txt""#);
    check(
        FtpExtGetRead { position: Number::new(0)?, length: Number::new(174_125)? },
        "AT+FTPEXTGET=3,0,174125",
    );
    check(FtpExtGetEnd, "AT+FTPEXTGET=0");
    check(
        FtpFilePutLoad { file: Text::new(r"c:\user\ftp\test.txt")? },
        r#"AT+FTPFILEPUT=1,"c:\user\ftp\test.txt""#,
    );
    check(FtpFilePutEnd, "AT+FTPFILEPUT=0");
    check(FtpQuit, "AT+FTPQUIT");
    Ok(())
}

#[test]
fn ftp_beyond_the_note() -> TestResult {
    check(FtpScont, "AT+FTPSCONT");
    check(FtpScontRead, "AT+FTPSCONT?");
    check(FtpRename, "AT+FTPRENAME");
    check(FtpSsl { mode: FtpSecurity::None }, "AT+FTPSSL=0");
    check(FtpSsl { mode: FtpSecurity::Implicit }, "AT+FTPSSL=1");
    check(FtpSsl { mode: FtpSecurity::Explicit }, "AT+FTPSSL=2");
    check(SslOpt { option: SslOption::IgnoreInvalidCertificate, on: true }, "AT+SSLOPT=0,1");
    check(SslOpt { option: SslOption::ClientAuthentication, on: false }, "AT+SSLOPT=1,0");
    let reconnection = Some(FtpReconnection { times: Number::new(255)?, delay: Number::new(60)? });
    check(
        FtpGetToFs { storage: FsStorage::Card, name: Text::new("a b")?, reconnection },
        r#"AT+FTPGETTOFS=1,"a b",255,60"#,
    );
    check(FtpPutFrmFs { file: Text::new(r"D:\a")?, reconnection }, r#"AT+FTPPUTFRMFS="D:\a",255,60"#);
    assert!(Prepared::parse(br#"AT+FTPGETTOFS=1,"a b",255"#).is_none(), "both or none");
    check(FtpState, "AT+FTPSTATE");
    check(FtpPort { port: Number::new(2121)? }, "AT+FTPPORT=2121");
    check(FtpMode { mode: FtpDataConnection::Active }, "AT+FTPMODE=0");
    check(FtpMode { mode: FtpDataConnection::Passive }, "AT+FTPMODE=1");
    check(FtpType { kind: FtpRepresentation::Ascii }, r#"AT+FTPTYPE="A""#);
    check(FtpType { kind: FtpRepresentation::Binary }, r#"AT+FTPTYPE="I""#);
    check(FtpPutOpt { option: PutOption::Append }, r#"AT+FTPPUTOPT="APPE""#);
    check(FtpPutOpt { option: PutOption::Unique }, r#"AT+FTPPUTOPT="STOU""#);
    check(FtpPutOpt { option: PutOption::Replace }, r#"AT+FTPPUTOPT="STOR""#);
    Ok(())
}

/// As drivers in the field write them.
#[test]
fn file_system() -> TestResult {
    let file = Path::new(r"C:\User\Log\Log.txt")?;
    check(FsDrive { storage: FsStorage::Internal }, "AT+FSDRIVE=0");
    check(FsDrive { storage: FsStorage::Card }, "AT+FSDRIVE=1");
    check(FsLs { directory: Path::new(r"C:\")? }, r"AT+FSLS=C:\");
    check(FsCreate { file }, r"AT+FSCREATE=C:\User\Log\Log.txt");
    let read = |mode, size, position| -> Result<_, InvalidValue> {
        Ok(FsRead { file, mode, size: Number::new(size)?, position: Number::new(position)? })
    };
    check(read(FsReadMode::Start, 100, 0)?, r"AT+FSREAD=C:\User\Log\Log.txt,0,100,0");
    check(read(FsReadMode::Position, 10_240, 512)?, r"AT+FSREAD=C:\User\Log\Log.txt,1,10240,512");
    let write = |mode, size, time| -> Result<_, InvalidValue> {
        Ok(FsWrite { file, mode, size: Number::new(size)?, time: Number::new(time)? })
    };
    check(write(FsWriteMode::Start, 2, 10)?, r"AT+FSWRITE=C:\User\Log\Log.txt,0,2,10");
    check(write(FsWriteMode::Append, 10_240, 120)?, r"AT+FSWRITE=C:\User\Log\Log.txt,1,10240,120");
    check(FsDel { file }, r"AT+FSDEL=C:\User\Log\Log.txt");
    check(FsMkdir { directory: Path::new(r"C:\User\Log")? }, r"AT+FSMKDIR=C:\User\Log");
    check(FsRmdir { directory: Path::new(r"C:\User\Log\")? }, r"AT+FSRMDIR=C:\User\Log\");
    check(
        FsRename { old: file, new: Path::new(r"C:\User\Log\Log1.txt")? },
        r"AT+FSRENAME=C:\User\Log\Log.txt,C:\User\Log\Log1.txt",
    );
    check(FsFlSize { file }, r"AT+FSFLSIZE=C:\User\Log\Log.txt");
    check(FsMem, "AT+FSMEM");
    Ok(())
}

#[test]
fn start_up() -> TestResult {
    check(At, "AT");
    check(Echo { on: false }, "ATE0");
    check(Verbose { on: true }, "ATV1");
    check(Quiet { on: false }, "ATQ0");
    check(Cmee { mode: ErrorReport::Numeric }, "AT+CMEE=1");
    check(Ipr { rate: Rate::from_bits_per_second(115_200)? }, "AT+IPR=115200");
    check(Ipr { rate: Rate::Auto }, "AT+IPR=0");
    let (dce_by_dte, dte_by_dce) = (FlowControl::Hardware, FlowControl::None);
    check(Ifc { dce_by_dte, dte_by_dce }, "AT+IFC=2,0");
    check(Cfun { level: Functionality::Full, reset: None }, "AT+CFUN=1");
    check(Cfun { level: Functionality::Full, reset: Some(true) }, "AT+CFUN=1,1");
    check(Cpowd { way: PowerDown::Normal }, "AT+CPOWD=1");
    let stored = Cnmi {
        mode: IndicationMode::Discard,
        messages: MessageRouting::Stored,
        broadcasts: BroadcastRouting::Silent,
        reports: false,
        discard: true,
    };
    check(stored, "AT+CNMI=1,1,0,0,1");
    check(Gsn, "AT+GSN");
    check(Cgmr, "AT+CGMR");
    check(Cgmm, "AT+CGMM");
    check(CpinRead, "AT+CPIN?");
    check(CregRead, "AT+CREG?");
    check(CgregRead, "AT+CGREG?");
    check(CgattRead, "AT+CGATT?");
    check(CgattWrite { attached: true }, "AT+CGATT=1");
    check(Csq, "AT+CSQ");
    check(CopsRead, "AT+COPS?");
    Ok(())
}
