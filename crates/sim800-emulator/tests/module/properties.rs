//! What holds for all octets.

use std::collections::HashSet;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use sim800_emulator::{
    Config, Damage, Effect, Emulator, Fault, FtpFailure, HttpFailure, NetworkEvent, OperationId, Place,
    PowerDown, Registration, SocketFailure, Start,
};

use crate::bench::{Bench, instant};

/// Octets of which some are command lines.
fn input() -> impl Strategy<Value = Vec<u8>> {
    let line = prop::sample::select(vec![
        "AT",
        "ATE1",
        "ATE0",
        "ATV0",
        "ATQ1",
        "ATZ",
        "AT+CMEE=2",
        "AT+SAPBR=1,1",
        "AT+SAPBR=0,1",
        "AT+SAPBR=2,1",
        "AT+CGATT=0",
        "AT+CGATT=1",
        "AT+CFUN=0",
        "AT+CFUN=1",
        "AT+COPS=?",
        "AT+HTTPINIT",
        "AT+HTTPTERM",
        "AT+HTTPPARA=CID,1;+HTTPPARA=URL,a",
        "AT+HTTPDATA=5,1000",
        "AT+HTTPDATA=300,1000",
        "AT+HTTPACTION=0",
        "AT+HTTPACTION=1",
        "AT+HTTPREAD",
        "AT+HTTPREAD=1,2",
        "AT+HTTPSTATUS?",
        "AT+FTPSERV=a;+FTPGETNAME=b;+FTPPUTNAME=c",
        "AT+FTPGET=1",
        "AT+FTPGET=2,3",
        "AT+FTPPUT=1",
        "AT+FTPPUT=2,7",
        "AT+FTPPUT=2,0",
        "AT+FTPSIZE",
        "AT+FTPSTATE",
        "AT+FTPQUIT",
        "AT+FTPLIST=1",
        "AT+FTPDELE",
        "AT+FTPRENAME",
        "AT+FTPSCONT",
        "AT+FTPSCONT?",
        "AT+FTPEXTPUT=1",
        "AT+FTPEXTPUT=2,3,7,1000",
        "AT+FTPEXTPUT=0",
        "AT+FTPEXTGET=1",
        "AT+FTPEXTGET?",
        "AT+FTPEXTGET=2,a",
        "AT+FTPEXTGET=3,1,9",
        "AT+FTPEXTGET=0",
        "AT+FTPGETTOFS=0,a",
        "AT+FTPGETTOFS=0,a,1,0",
        "AT+FTPGETTOFS?",
        "AT+FTPPUTFRMFS=C:\\User\\FTP\\a",
        "AT+FTPPUTFRMFS?",
        "AT+FTPFILEPUT=1,C:\\a",
        "AT+FTPFILEPUT=0",
        "AT+FSCREATE=C:\\a",
        "AT+FSWRITE=C:\\a,1,9,1",
        "AT+FSREAD=C:\\a,1,9,0",
        "AT+FSLS=C:\\",
        "AT+FSMKDIR=C:\\b",
        "AT+FSRENAME=C:\\a,C:\\b\\c",
        "AT+FSDEL=C:\\a",
        "AT+FSMEM",
        "AT+HTTPHEAD",
        "AT+HTTPGETHEAD=1",
        "AT+HTTPSCONT",
        "AT+SSLOPT=0,0",
        "AT+CSTT=a;+CIICR",
        "AT+CIFSR;E0",
        "AT+CIPSHUT",
        "AT+CIPMUX=1",
        "AT+CIPMODE=1",
        "AT+CIPQSEND=1",
        "AT+CIPRXGET=1",
        "AT+CIPRXGET=2,3",
        "AT+CIPRXGET=3,0,3",
        "AT+CIPRXGET=4",
        "AT+CIPSTART=TCP,a,1",
        "AT+CIPSTART=0,UDP,a,1",
        "AT+CIPSEND",
        "AT+CIPSEND=3",
        "AT+CIPSEND=0,3",
        "AT+CIPCLOSE",
        "AT+CIPCLOSE=0",
        "AT+CIPSTATUS",
        "AT+CIPACK",
        "AT+CLPORT=0,TCP,1",
        "AT+CLPORT?",
        "AT+CDNSGIP=a",
        "AT+CIPPING=a",
        "AT+CNTP=a,0;+CNTP",
        "AT+CGACT=1,1",
        "+++",
        "ATO",
        "ATD1;",
        "ATH",
        "AT+CUSD=1,1",
        "AT+CEER",
        "AT+CSIM=14,A0A40000023F00",
        "AT+CMGF=1",
        "AT+CMGS=1",
        "AT+CMGW=\"1\"",
        "AT+CMGS=9",
        "AT+CMGL=ALL",
        "AT+CMGR=1",
        "AT+CMGD=1,4",
        "AT+CPBW=,1,129,a",
        "AT+CPBR=1,250",
        "AT+CPBF=a",
        "AT+CPBS=ON;+CNUM",
        "AT+COLP=1",
        "AT+CLBS=4,1",
        "AT&V",
        "\u{1a}",
        "\u{1b}",
        "A/",
    ]);
    let end = prop::sample::select(vec!["\r", "\r\n", "\n", ""]);
    let piece = prop_oneof![
        4 => (line, end).prop_map(|(line, end)| format!("{line}{end}").into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..20),
        1 => "AT[+&A-Z0-9=?,;\" ]{0,30}\r".prop_map(String::into_bytes),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn event() -> impl Strategy<Value = NetworkEvent> {
    prop_oneof![
        (0..20_u64).prop_map(|sent| NetworkEvent::HttpSent { sent }),
        (0..20_u64).prop_map(|received| NetworkEvent::HttpProgress { received, total: Some(10) }),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(|body| NetworkEvent::HttpDone {
            status: 200,
            head: Bytes::new(),
            body: body.into()
        }),
        Just(NetworkEvent::HttpFailed(HttpFailure::Dns)),
        Just(NetworkEvent::FtpReady),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(|octets| NetworkEvent::FtpData(octets.into())),
        (0..10_usize).prop_map(NetworkEvent::FtpSent),
        Just(NetworkEvent::FtpDone { size: Some(7) }),
        Just(NetworkEvent::FtpFailed(FtpFailure::CONNECT)),
        Just(NetworkEvent::SocketOpen { remote: ([127, 0, 0, 1], 80).into() }),
        Just(NetworkEvent::SocketFailed(SocketFailure::Connect)),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(|octets| NetworkEvent::SocketData(octets.into())),
        (0..10_usize).prop_map(NetworkEvent::SocketSent),
        Just(NetworkEvent::SocketClosed),
        Just(NetworkEvent::Addresses(vec![[127, 0, 0, 1].into()])),
        Just(NetworkEvent::Addresses(Vec::new())),
        Just(NetworkEvent::Time(Some(800_000_000))),
    ]
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        any::<u8>().prop_map(|cid| Fault::BearerLost { cid }),
        Just(Fault::ContextLost),
        Just(Fault::Registration(Registration::Searching)),
        Just(Fault::Registration(Registration::Roaming)),
        any::<bool>().prop_map(|announced| Fault::Restart { announced }),
        Just(Fault::Silence),
        Just(Fault::PowerDown(PowerDown::OverVoltage)),
        Just(Fault::Message { text: "hello".into() }),
        Just(Fault::Inject { place: Place::BeforeResult, text: "RING".into() }),
        (0..50_u64).prop_map(|after| Fault::Damage { after, damage: Damage::Duplicate }),
    ]
}

#[derive(Clone, Debug)]
enum Happening {
    Input(Vec<u8>),
    Network(u64, NetworkEvent),
    Fault(Fault),
    Wait(u64),
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        8 => input().prop_map(Happening::Input),
        8 => (0..6_u64, event()).prop_map(|(id, event)| Happening::Network(id, event)),
        1 => fault().prop_map(Happening::Fault),
        4 => (0..100_000_u64).prop_map(Happening::Wait),
    ]
}

/// Everything that the module has for the world.
fn drain(emulator: &mut Emulator) -> (Vec<u8>, Vec<Effect>) {
    let mut said = Vec::new();
    let mut effects = Vec::new();
    while let Some(octets) = emulator.poll_transmit() {
        said.extend_from_slice(&octets);
    }
    while let Some(effect) = emulator.poll_effect() {
        effects.push(effect);
    }
    (said, effects)
}

fn config(start: usize, instantly: bool) -> Config {
    let mut config = if instantly { instant() } else { Config::default() };
    config.start = [Start::Running, Start::FixedRate, Start::Autobaud][start];
    config
}

proptest! {
    /// Whatever happens: no panic, time goes on, and of an operation that was cancelled nothing is wanted any more.
    #[test]
    fn total(
        happenings in prop::collection::vec(happening(), 0..60),
        start in 0..3_usize,
        instantly: bool,
    ) {
        let mut emulator = Emulator::new(config(start, instantly));
        let mut now = Duration::ZERO;
        let mut newest = OperationId(0);
        let mut cancelled = HashSet::new();
        for happening in happenings {
            match happening {
                Happening::Input(octets) => emulator.handle_input(now, &octets),
                Happening::Network(back, event) => {
                    emulator.handle_network(now, OperationId(newest.0.saturating_sub(back)), event);
                }
                Happening::Fault(fault) => emulator.handle_fault(now, fault),
                Happening::Wait(milliseconds) => {
                    now += Duration::from_millis(milliseconds);
                    emulator.handle_timeout(now);
                }
            }
            for effect in drain(&mut emulator).1 {
                match effect {
                    Effect::Http { id, .. }
                    | Effect::Ftp { id, .. }
                    | Effect::Socket { id, .. }
                    | Effect::Resolve { id, .. }
                    | Effect::Time { id, .. } => {
                        prop_assert!(id > newest);
                        newest = id;
                    }
                    Effect::Send { id, .. } | Effect::Finish { id } | Effect::Credit { id, .. } => {
                        prop_assert!(!cancelled.contains(&id));
                    }
                    Effect::Cancel { id } => prop_assert!(cancelled.insert(id)),
                }
            }
            prop_assert!(emulator.poll_timeout().is_none_or(|due| due >= now));
        }
    }

    /// What the module says and wants does not depend on how its input was cut.
    #[test]
    fn blind_to_cuts(input in input(), cuts in prop::collection::vec(1..30_usize, 0..40), instantly: bool) {
        let start = || {
            let mut bench = Bench::online_with(instant());
            if !instantly {
                let mut config = Config::default();
                config.echo = true;
                bench = Bench::new(config);
            }
            bench.emulator
        };
        let later = Duration::from_secs(3600);
        let mut whole = start();
        whole.handle_input(Duration::ZERO, &input);
        whole.handle_timeout(later);
        let mut pieces = start();
        let mut rest = &input[..];
        for cut in cuts {
            let (piece, behind) = rest.split_at(cut.min(rest.len()));
            pieces.handle_input(Duration::ZERO, piece);
            rest = behind;
        }
        pieces.handle_input(Duration::ZERO, rest);
        pieces.handle_timeout(later);
        prop_assert_eq!(drain(&mut whole), drain(&mut pieces));
    }

    /// A module that is awake answers `AT` once it was left alone, whatever was said before.
    #[test]
    fn comes_back(input in prop::collection::vec(any::<u8>(), 0..2000)) {
        let mut emulator = Emulator::new(Config::default());
        let mut now = Duration::ZERO;
        emulator.handle_input(now, &input);
        now += Duration::from_secs(3600);
        emulator.handle_timeout(now);
        emulator.handle_input(now, b"\rATV1Q0\r");
        drain(&mut emulator);
        emulator.handle_input(now, b"AT\r");
        prop_assert!(drain(&mut emulator).0.ends_with(b"\r\nOK\r\n"));
    }
}
