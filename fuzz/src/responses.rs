//! Every form of every command, and what its response says.

use std::fmt::Debug;

use sim800_command::*;

/// Reads information lines as the response to the command of the table that `prepared` is, and shows what they say.
///
/// What the module tells of a setting sets just that, when it is sent back.
pub(crate) fn read(prepared: &Prepared, lines: &[Line<'_>]) -> Result<String, Malformed> {
    let Spec { type_name, form, .. } = *prepared.spec;
    let line = prepared.line.as_bytes();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let values = match form {
        // A letter of basic syntax stands behind `AT`.
        Form::Basic => line.get(3..).unwrap_or_default(),
        Form::Write => line.splitn(2, |octet| *octet == b'=').nth(1).unwrap_or_default(),
        _ => &[],
    };
    let shown = read_as(type_name, form, Values::new(values), lines)?;
    told(type_name, form, lines);
    Ok(shown)
}

/// What some responses tell by methods of theirs is what stands in their lines.
fn told(type_name: &str, form: Form, lines: &[Line<'_>]) {
    let is_in_lines = |text: &[u8]| lines.iter().any(|line| is_part(line.text(), text));
    let has = |text: &str| is_in_lines(text.as_bytes());
    let all = match (form, type_name) {
        (Form::Execution, "Gsn") => Gsn.response(lines).is_ok_and(|serial| has(serial.as_str())),
        (Form::Execution, "Cgmr") => Cgmr.response(lines).is_ok_and(|revision| has(revision.as_str())),
        (Form::Execution, "Cgmm") => Cgmm.response(lines).is_ok_and(|model| has(model.as_str())),
        (Form::Execution, "Csq") => Csq.response(lines).is_ok_and(|quality| {
            quality.dbm().is_none_or(|dbm| (-115..=-52).contains(&dbm)) && has(&quality.rssi.to_string())
        }),
        (Form::Read, "CregRead") => CregRead.response(lines).is_ok_and(|registration| {
            let status = registration.status;
            let known = status.description().is_some();
            has(&status.number().to_string()) && (known || !status.is_registered())
        }),
        (Form::Read, "Ipr") => Read::<Ipr>::new()
            .response(lines)
            .is_ok_and(|Ipr { rate }| rate.bits_per_second().is_none_or(|bits| has(&bits.to_string()))),
        (Form::Write, "FsLs") => {
            let directory = Path::new("C:\\").expect("a path");
            FsLs { directory }.response(lines).is_ok_and(|listing| {
                listing.entries(lines.iter().copied()).all(|entry| {
                    is_in_lines(entry.name) && entry.as_str().is_none_or(|name| !name.is_empty())
                })
            })
        }
        _ => true,
    };
    assert!(all, "{type_name} tells what is not in {lines:?}");
}

fn is_part(text: &[u8], part: &[u8]) -> bool {
    part.is_empty() || text.windows(part.len()).any(|window| window == part)
}

/// Whether the table has no form that is not read here.
#[cfg(test)]
fn is_known(spec: &Spec) -> bool {
    KNOWN.iter().any(|known| (known.type_name, known.form) == (spec.type_name, spec.form))
}

macro_rules! table {
    ($($name:ident)+, read $($setting:ident)+, test $($tested:ident)+) => {
        #[cfg(test)]
        const KNOWN: &[&Spec] = &[
            $($name::SPEC,)+ $(Read::<$setting>::SPEC,)+ $(Test::<$tested>::SPEC,)+
        ];

        fn read_as<'a>(
            type_name: &str,
            form: Form,
            values: Values<'a>,
            lines: &[Line<'a>],
        ) -> Result<String, Malformed> {
            match (form, type_name) {
                $((Form::Read, stringify!($setting)) => {
                    let value = Read::<$setting>::new().response(lines)?;
                    is_set_again::<$setting>(&value);
                    Ok(format!("{value:?}"))
                })+
                $((Form::Test, stringify!($tested)) => shown(&Test::<$tested>::new(), lines),)+
                $((_, stringify!($name)) => {
                    shown(&$name::decode(values).expect("what was written can be read"), lines)
                })+
                _ => panic!("{type_name} is not in this list"),
            }
        }
    };
}

fn shown<'a, C>(command: &C, lines: &[Line<'a>]) -> Result<String, Malformed>
where
    C: Command<Response<'a>: Debug>,
{
    Ok(format!("{:?}", command.response(lines)?))
}

/// A value is written as a command that is read as the same.
fn is_set_again<C>(value: &C::Value<'_>)
where
    C: Setting,
    for<'v> C::Value<'v>: Command,
{
    let Ok(line) = CommandLine::new(value) else { return };
    let text = line.as_bytes();
    let values = text.splitn(2, |octet| *octet == b'=').nth(1).unwrap_or_default();
    let again = C::Value::decode(Values::new(values.strip_suffix(b"\r").unwrap_or(values)));
    let again = again.and_then(|again| CommandLine::new(&again).ok());
    assert_eq!(again, Some(line), "what is read sets something else");
}

table!(
    At Echo Verbose Quiet Cmee Ipr Ifc Cfun Cpowd Gsn Cgmr Cgmm Cbc Cnmi CpinRead CpinWrite Spic
    CregRead CgregRead CgattRead CgattWrite Csq CopsRead CipMux CipStart CipStartSingle CipSend
    CipSendSingle CipSendText CipQsend CipAck CipAckSingle CipClose CipCloseSingle CipShut Cstt
    CsttAsSet Ciicr Cifsr CipStatus CipStatusOf CdnsCfgRead CdnsCfg CdnsGip CipRxGet CipRxGetRead
    CipRxGetReadSingle CipRxGetLeft CipRxGetLeftSingle SapbrClose SapbrOpen SapbrQuery SapbrSet
    SapbrShow SapbrSave CipGsmLoc CipGsmLocTime HttpInit HttpTerm HttpPara HttpData HttpAction HttpRead
    HttpReadRange HttpScont HttpScontRead HttpStatusRead HttpHead HttpGetHead FtpPort FtpMode FtpType
    FtpPutOpt FtpCid FtpRest FtpServ FtpUn FtpPw FtpGetName FtpGetPath FtpPutName FtpPutPath FtpGetOpen
    FtpGetRead FtpPutOpen FtpPutWrite FtpPutClose FtpScont FtpScontRead FtpDele FtpSize FtpState FtpMkd
    FtpRmd FtpListOpen FtpListRead FtpQuit FtpRename FtpExtPutEnd FtpExtPutBegin FtpExtPutLoad
    FtpGetToFs FtpGetToFsStatus FtpPutFrmFs FtpPutFrmFsStatus FtpExtGetEnd FtpExtGetOpen FtpExtGetSave
    FtpExtGetRead FtpExtGetStatus FtpFilePutEnd FtpFilePutLoad HttpSsl FtpSsl SslOpt FsDrive FsLs
    FsCreate FsRead FsWrite FsDel FsMkdir FsRmdir FsRename FsFlSize FsMem,
    read
    Cmee Ipr Ifc Cfun Cnmi CipMux CipQsend Cstt CipRxGet HttpGetHead FtpPort FtpMode FtpType FtpPutOpt
    FtpCid FtpRest FtpServ FtpUn FtpPw FtpGetName FtpGetPath FtpPutName FtpPutPath HttpSsl FtpSsl,
    test
    Cmee Ipr Ifc Cfun Gsn Cgmr Cgmm Cbc Cnmi CpinRead Spic CregRead CgregRead CgattWrite Csq CipMux
    CipStart CipSend CipQsend CipAck CipClose CipShut Cstt Ciicr Cifsr CipStatus CdnsCfg CdnsGip
    CipRxGet SapbrQuery CipGsmLoc HttpInit HttpTerm HttpPara HttpData HttpAction HttpReadRange HttpScont
    HttpStatusRead HttpHead HttpGetHead FtpPort FtpMode FtpType FtpPutOpt FtpCid FtpRest FtpServ FtpUn
    FtpPw FtpGetName FtpGetPath FtpPutName FtpPutPath FtpGetRead FtpPutWrite FtpScont FtpDele FtpSize
    FtpState FtpMkd FtpRmd FtpListRead FtpQuit FtpRename FtpExtPutLoad FtpGetToFs FtpPutFrmFs
    FtpExtGetRead FtpFilePutLoad HttpSsl FtpSsl SslOpt FsDrive FsLs FsCreate FsRead FsWrite FsDel
    FsMkdir FsRmdir FsRename FsFlSize FsMem
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_in_the_list() {
        for spec in SPECS {
            assert!(is_known(spec), "{spec}");
        }
    }
}
