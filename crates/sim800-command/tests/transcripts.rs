//! The table against paper: every command has a transcript, every response decodes to the values that were written down
//! beside it by hand, every section is one of the manual's.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::Ipv4Addr;
use std::path;

use sim800_command::*;
use sim800_testdata::{Step, Transcript, transcripts, unescape};

/// What is described in other documents than the manual V1.12, or in none.
const OTHER_SOURCES: [&str; 4] =
    ["FS application note", "SSL application note", "manual V1.10", "field logs"];

/// Values by their names, as transcripts state them.
type Told = Vec<(String, String)>;

/// How a transcript writes a value; `None`: it has none.
trait Tell {
    fn tell(&self) -> Option<String>;
}

macro_rules! tell {
    ($([$($generics:tt)*] $type:ty => |$value:ident| $text:expr;)+) => {
        $(impl<$($generics)*> Tell for $type {
            fn tell(&self) -> Option<String> {
                let $value = self;
                Some($text.to_string())
            }
        })+
    };
}

tell! {
    [] u8 => |number| number;
    [] u16 => |number| number;
    [] u32 => |number| number;
    [] u64 => |number| number;
    [] i32 => |number| number;
    [] &str => |text| text;
    [] bool => |on| if *on { "yes" } else { "no" };
    [] Ipv4Addr => |address| address;
    [const MIN: u32, const MAX: u32] Number<MIN, MAX> => |number| number;
    [const MAX: usize] Text<'_, MAX> => |text| text.as_str();
    [const MAX: usize] Secret<'_, MAX> => |secret| secret.reveal();
    [] Cell => |cell| format!("area {}, identity {}", cell.location_area, cell.identity);
    [] HttpStatus => |status| status.0;
    [] UtcTime => |time| {
        let UtcTime { year, month, day, hour, minute, second, .. } = time;
        format!("{year}-{month}-{day} {hour}:{minute}:{second}")
    };
    [] Rate => |rate| rate.bits_per_second().map_or_else(|| "auto".to_owned(), |rate| rate.to_string());
}

impl<T: Tell> Tell for Option<T> {
    fn tell(&self) -> Option<String> {
        self.as_ref().and_then(Tell::tell)
    }
}

/// Enumerations by the names of their members.
macro_rules! members {
    ($($type:ty),+ $(,)?) => {
        $(impl Tell for $type {
            fn tell(&self) -> Option<String> {
                Some(format!("{self:?}"))
            }
        })+
    };
}

members!(
    BearerState,
    BroadcastRouting,
    Charging,
    ConnectionState,
    ErrorReport,
    FlowControl,
    FsWritten,
    FtpActivity,
    FtpDataConnection,
    FtpRepresentation,
    FtpSecurity,
    PutOption,
    Functionality,
    HttpActivity,
    HttpMethod,
    IndicationMode,
    MessageRouting,
    PinState<'_>,
    RegistrationStatus,
    Transport,
);

/// `name: value` pairs, or the fields of a struct by their own names.
macro_rules! told {
    ($response:expr; $($field:ident),+) => {{
        let response = $response;
        told!($($field: response.$field),+)
    }};
    ($($name:ident: $value:expr),+) => {
        [$((stringify!($name), $value.tell())),+]
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect::<Told>()
    };
}

/// What the response to this row says; an arm for each that says anything.
fn response(spec: &Spec, lines: &[Line<'_>]) -> Result<Told, Malformed> {
    let (cid, connection) = (Cid::MIN, Connection::MIN);
    let file = Path::new("C:\\a").expect("a path");
    let number = |count: u64| told!(size: count);
    let progress = |name: &str, rest: &[(&str, u64)]| -> Told {
        let rest = rest.iter().map(|(name, value)| ((*name).to_owned(), value.to_string()));
        [("progress".to_owned(), name.to_owned())].into_iter().chain(rest).collect()
    };
    Ok(match (spec.id.expect("a row of the table"), spec.form) {
        (Id::Cmee, Form::Read) => told!(Read::<Cmee>::new().response(lines)?; mode),
        (Id::Ipr, Form::Read) => told!(Read::<Ipr>::new().response(lines)?; rate),
        (Id::Ifc, Form::Read) => told!(Read::<Ifc>::new().response(lines)?; dce_by_dte, dte_by_dce),
        (Id::Cfun, Form::Read) => told!(Read::<Cfun>::new().response(lines)?; level),
        (Id::Gsn, _) => told!(serial: Gsn.response(lines)?.as_str()),
        (Id::Cgmr, _) => told!(revision: Cgmr.response(lines)?.as_str()),
        (Id::Cgmm, _) => told!(model: Cgmm.response(lines)?.as_str()),
        (Id::Cbc, _) => told!(Cbc.response(lines)?; charging, level, millivolts),
        (Id::Cnmi, Form::Read) => {
            told!(Read::<Cnmi>::new().response(lines)?; mode, messages, broadcasts, reports, discard)
        }
        (Id::Cpin, _) => told!(state: CpinRead.response(lines)?),
        (Id::Spic, _) => told!(Spic.response(lines)?; pin, pin2, puk, puk2),
        (Id::Creg, _) => told!(CregRead.response(lines)?; status, cell),
        (Id::Cgreg, _) => told!(CgregRead.response(lines)?; status, cell),
        (Id::Cgatt, Form::Read) => told!(attached: CgattRead.response(lines)?),
        (Id::Csq, _) => told!(Csq.response(lines)?; rssi, ber),
        (Id::Cops, _) => told!(CopsRead.response(lines)?; mode, name),
        (Id::CipMux, Form::Read) => told!(Read::<CipMux>::new().response(lines)?; many),
        (Id::CipQsend, Form::Read) => told!(Read::<CipQsend>::new().response(lines)?; quick),
        (Id::CipSend, _) => {
            told!(CipSend { connection, size: Number::MIN }.response(lines)?; connection, length)
        }
        (Id::CipClose, _) => told!(CipClose { connection, quick: None }.response(lines)?; connection),
        (Id::CipShut, _) => {
            let _shut: Shut = CipShut.response(lines)?;
            Vec::new()
        }
        (Id::Cifsr, _) => told!(Cifsr.response(lines)?; address),
        (Id::CipStatus, Form::Execution) => told!(CipStatus.response(lines)?; state),
        (Id::CipAck, _) => told!(CipAck { connection }.response(lines)?; sent, acknowledged, under_way),
        (Id::Cstt, Form::Read) => told!(Read::<Cstt<'_>>::new().response(lines)?; apn, user, password),
        (Id::CipStatus, _) => {
            let status = CipStatusOf { connection }.response(lines)?;
            told!(status; connection, transport, address, port, state)
        }
        (Id::CdnsCfg, Form::Read) => told!(CdnsCfgRead.response(lines)?; primary, secondary),
        (Id::CipRxGet, Form::Read) => told!(Read::<CipRxGet>::new().response(lines)?; manual),
        (Id::CipRxGet, _) if spec.type_name == "CipRxGetRead" => {
            let length = Number::MIN;
            told!(CipRxGetRead { connection, length }.response(lines)?; connection, length, left)
        }
        (Id::CipRxGet, _) if spec.type_name == "CipRxGetReadSingle" => {
            told!(CipRxGetReadSingle { length: Number::MIN }.response(lines)?; length, left)
        }
        (Id::CipRxGet, _) if spec.type_name == "CipRxGetLeftSingle" => {
            told!(CipRxGetLeftSingle.response(lines)?; left)
        }
        (Id::CipRxGet, _) => told!(CipRxGetLeft { connection }.response(lines)?; connection, left),
        (Id::Sapbr, _) if spec.type_name == "SapbrQuery" => {
            told!(SapbrQuery { cid }.response(lines)?; cid, state, address)
        }
        (Id::Sapbr, _) => {
            told!(SapbrShow { cid }.response(lines)?; content_type, apn, phone_number, user, password, rate)
        }
        (Id::CipGsmLoc, _) if spec.type_name == "CipGsmLoc" => match (CipGsmLoc { cid }).response(lines)? {
            Ok(location) => told!(location; longitude, latitude, time),
            Err(code) => told!(code: code),
        },
        (Id::CipGsmLoc, _) => match (CipGsmLocTime { cid }).response(lines)? {
            Ok(time) => told!(time: time),
            Err(code) => told!(code: code),
        },
        (Id::HttpScont, _) => {
            let context = HttpScontRead.response(lines)?;
            let mut told = told!(
                context; saved, cid, url, user_agent, proxy_address, proxy_port, redirect, break_start, break_end
            );
            let headers = context.user_data.into_iter().flat_map(UserData::headers);
            told.extend(headers.map(|(name, value)| ("header".to_owned(), format!("{name}: {value}"))));
            told
        }
        (Id::HttpStatus, _) => told!(HttpStatusRead.response(lines)?; method, activity, finished, remaining),
        (Id::HttpGetHead, _) => told!(Read::<HttpGetHead>::new().response(lines)?; on),
        (Id::HttpSsl, _) => told!(Read::<HttpSsl>::new().response(lines)?; on),
        (Id::FtpSsl, _) => told!(Read::<FtpSsl>::new().response(lines)?; mode),
        (Id::FtpPort, _) => told!(Read::<FtpPort>::new().response(lines)?; port),
        (Id::FtpMode, _) => told!(Read::<FtpMode>::new().response(lines)?; mode),
        (Id::FtpType, _) => told!(Read::<FtpType>::new().response(lines)?; kind),
        (Id::FtpPutOpt, _) => told!(Read::<FtpPutOpt>::new().response(lines)?; option),
        (Id::FtpCid, _) => told!(Read::<FtpCid>::new().response(lines)?; cid),
        (Id::FtpRest, _) => told!(Read::<FtpRest>::new().response(lines)?; offset),
        (Id::FtpServ, _) => told!(Read::<FtpServ<'_>>::new().response(lines)?; server),
        (Id::FtpUn, _) => told!(Read::<FtpUn<'_>>::new().response(lines)?; user),
        (Id::FtpPw, _) => told!(Read::<FtpPw<'_>>::new().response(lines)?; password),
        (Id::FtpGetName, _) => told!(Read::<FtpGetName<'_>>::new().response(lines)?; name),
        (Id::FtpGetPath, _) => told!(Read::<FtpGetPath<'_>>::new().response(lines)?; path),
        (Id::FtpPutName, _) => told!(Read::<FtpPutName<'_>>::new().response(lines)?; name),
        (Id::FtpPutPath, _) => told!(Read::<FtpPutPath<'_>>::new().response(lines)?; path),
        (Id::FtpScont, _) => told!(
            FtpScontRead.response(lines)?; saved, server, port, user, password, cid, mode, kind, option, offset,
            get_name, get_path, put_name, put_path, timeout
        ),
        (Id::FtpState, _) => told!(activity: FtpState.response(lines)?),
        (Id::FtpGetToFs, _) => match FtpGetToFsStatus.response(lines)? {
            FtpGetToFsProgress::Running { received, written } => {
                progress("Running", &[("received", received), ("written", written)])
            }
            other => progress(&format!("{other:?}"), &[]),
        },
        (Id::FtpPutFrmFs, _) => match FtpPutFrmFsStatus.response(lines)? {
            FtpPutFrmFsProgress::Running { sent } => progress("Running", &[("sent", sent)]),
            other => progress(&format!("{other:?}"), &[]),
        },
        (Id::FtpExtGet, Form::Read) => match FtpExtGetStatus.response(lines)? {
            FtpExtGetProgress::Running { received } => progress("Running", &[("received", received)]),
            other => progress(&format!("{other:?}"), &[]),
        },
        (Id::FtpExtGet, _) => {
            let name = Text::new("a").expect("a name");
            number(FtpExtGetSave { name }.response(lines)?.size)
        }
        (Id::FsDrive, _) => {
            let drive = FsDrive { storage: FsStorage::Internal }.response(lines)?;
            vec![("drive".to_owned(), drive.letter().to_string())]
        }
        (Id::FsLs, _) => {
            let listing = FsLs { directory: file }.response(lines)?;
            let entries = listing.entries(lines.iter().copied()).map(|entry| {
                let kind = if entry.is_directory { "directory" } else { "file" };
                (kind.to_owned(), entry.as_str().expect("text").to_owned())
            });
            entries.collect()
        }
        (Id::FsWrite, _) => {
            let write = FsWrite { file, mode: FsWriteMode::Append, size: Number::MIN, time: Number::MIN };
            told!(end: write.response(lines)?)
        }
        (Id::FsFlSize, _) => number(FsFlSize { file }.response(lines)?),
        (Id::FsMem, _) => {
            let drives = FsMem.response(lines)?.drives();
            drives.map(|(drive, free)| (drive.letter().to_string(), free.to_string())).collect()
        }
        _ => panic!("{spec}: say here what its response tells"),
    })
}

/// The command lines of a transcript, each with the information lines that follow and what they are said to mean.
fn exchanges(transcript: &Transcript) -> Vec<(Prepared, Vec<Vec<u8>>, Told)> {
    let mut exchanges: Vec<(Prepared, Vec<Vec<u8>>, Told)> = Vec::new();
    for step in &transcript.steps {
        match step {
            Step::Command(line) => {
                let prepared = Prepared::parse(line)
                    .unwrap_or_else(|| panic!("{transcript}: the table has no {}", line.escape_ascii()));
                exchanges.push((prepared, Vec::new(), Vec::new()));
            }
            Step::Response(response) => {
                let texts = response.events.iter().filter_map(|event| {
                    event
                        .strip_prefix("information ")
                        .or_else(|| event.strip_prefix("final ").filter(is_told))
                });
                let lines = texts.map(|text| unescape(text, &transcript.name));
                match exchanges.last_mut() {
                    Some((_, information, values)) => {
                        information.extend(lines);
                        values.extend(response.values.iter().cloned());
                    }
                    None => assert!(response.values.is_empty(), "{transcript}: values of no command"),
                }
            }
            Step::Payload(_) | Step::Pause(_) => {}
        }
    }
    exchanges
}

/// Whether the response of a row has information text of its own; that of a test form is told as it is.
fn tells(spec: &Spec, expect: &Expect) -> bool {
    (!matches!(expect.information, Claim::None) || expect.ending.is_some()) && spec.form != Form::Test
}

/// Whether a line that ended a response is of it, and no result code as others are.
fn is_told(text: &&str) -> bool {
    FinalResultCode::from_line(Line::new(text.as_bytes())).is_none()
}

#[test]
fn responses_say_what_the_transcripts_state() {
    for transcript in transcripts() {
        for (prepared, lines, stated) in exchanges(&transcript) {
            let lines: Vec<Line<'_>> = lines.iter().map(|line| Line::new(line)).collect();
            let said = if lines.is_empty() || !tells(prepared.spec, &prepared.expect) {
                Vec::new()
            } else {
                response(prepared.spec, &lines).unwrap_or_else(|error| panic!("{transcript}: {error}"))
            };
            assert_eq!(said, stated, "{transcript}: {}", prepared.line.as_bytes().escape_ascii());
        }
    }
}

/// Test forms apart, which say the same of each command.
#[test]
fn every_form_and_every_response_has_a_transcript() {
    let (mut forms, mut told, mut silent) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (prepared, lines, _) in transcripts().iter().flat_map(exchanges) {
        let form = prepared.spec.to_string();
        match tells(prepared.spec, &prepared.expect) {
            true if lines.is_empty() => silent.insert(form.clone()),
            true => told.insert(form.clone()),
            false => false,
        };
        forms.insert(form);
    }
    let rows = SPECS.iter().filter(|spec| spec.form != Form::Test).map(ToString::to_string);
    let without: Vec<_> = rows.filter(|row| !forms.contains(row)).collect();
    assert!(without.is_empty(), "no transcript has {without:?}");
    let without: Vec<_> = silent.difference(&told).collect();
    assert!(without.is_empty(), "no transcript has a response to {without:?}");
}

#[test]
fn sections_are_those_of_the_manual() {
    let file = path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/manual-sections.txt");
    let text = fs::read_to_string(file).expect("the sections");
    let mut sections = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with(|letter: char| letter.is_ascii_digit())) {
        let (chapter, names) = line.split_once(' ').expect("names");
        sections.extend(names.split(' ').enumerate().map(|(n, name)| (format!("{chapter}.{}", n + 1), name)));
    }
    for spec in SPECS.iter().filter(|spec| !OTHER_SOURCES.contains(&spec.section)) {
        let described = sections.get(spec.section).copied();
        // The bare AT has no section of its own.
        let is_bare = (spec.id, spec.section) == (Some(Id::At), "2.2");
        assert!(
            is_bare || described == Some(&format!("AT{}", spec.name)),
            "{spec}: {} is {described:?}",
            spec.section
        );
    }
    for transcript in transcripts() {
        let Some(cited) = transcript.source.strip_prefix("manual ") else { continue };
        for section in cited.split([' ', ',']).filter(|section| section.starts_with(char::is_numeric)) {
            assert!(sections.contains_key(section), "{transcript}: the manual has no {section}");
        }
    }
}
