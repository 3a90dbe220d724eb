//! Lines that the module sends of its own accord and that nobody here knows: a GNSS receiver's, say.

use std::time::Duration;

use futures::{AsyncReadExt, FutureExt, StreamExt};
use sim800_emulator::{Config as ModuleConfig, Fault, Place};
use sim800_session::{Bearer, Config, Direction, Fs, Ftp, Notice, Runtime};
use sim800_simulation::{Incident, Resource, When, World};

use crate::lab::{Lab, hostile, paced, server};

/// As a SIM868 with its receiver on sends it once a second, or up to ten times.
const POSITION: &str =
    "+UGNSINF: 1,1,20260102030405.000,52.520008,13.404954,45.200,0.00,0.0,1,,1.1,1.4,0.9,,12,8,,,38,,";

const URL: &str = "http://example.com/file";
const LENGTH: usize = 60_000;

/// A module on a line of `rate`, and `times` such lines from now on.
fn chatty(rate: u32, every: Duration, times: u32) -> (Lab, Bearer) {
    let mut config = Config::default();
    config.rate = rate;
    let mut lab = Lab::with(World::on_line(ModuleConfig::default(), paced(rate)), config);
    let began = lab.world.clock().now();
    for n in 0..times {
        let position = Fault::Inject { place: Place::Now, text: POSITION.to_owned() };
        lab.world.plan(When::At(began + every * n), Incident::Fault(position));
    }
    let bearer = lab.bearer();
    (lab, bearer)
}

/// How long a transfer takes.
fn time(lab: &mut Lab, transfer: impl FnOnce(&mut Lab)) -> Duration {
    let clock = lab.world.clock();
    let began = clock.now();
    transfer(lab);
    clock.now() - began
}

/// How long a download by FTP, one by HTTP, and an upload take, each octet for octet.
fn times(lab: &mut Lab, bearer: &Bearer) -> [Duration; 3] {
    let file = hostile(LENGTH);
    lab.network().put_file("/file", file.clone());
    lab.network().put_resource(URL, Resource::new(file.clone()));
    let ftp = Ftp::new(bearer, server());
    [
        time(lab, |lab| assert!(lab.ftp_get(&ftp, "/file").is_ok_and(|fetched| fetched == file))),
        time(lab, |lab| assert!(lab.get(bearer, URL).is_ok_and(|(_, body)| body == file))),
        time(lab, |lab| {
            assert_eq!(lab.ftp_put(&ftp, "/up", &file), Ok(LENGTH as u64));
            assert!(lab.network().file("/up").is_some_and(|up| up == file));
        }),
    ]
}

#[test]
fn lines_that_nobody_knows_cost_the_time_that_they_take_on_the_line() {
    for (rate, milliseconds) in [(9_600, 1_000), (115_200, 1_000), (115_200, 100), (460_800, 100)] {
        let every = Duration::from_millis(milliseconds);
        let (mut lab, bearer) = chatty(rate, every, 0);
        let alone = times(&mut lab, &bearer);
        let enough = alone.iter().sum::<Duration>().as_secs_f64() * 1.3 + 30.0;
        let (mut lab, bearer) = chatty(rate, every, (enough / every.as_secs_f64()) as u32);
        let chatty = times(&mut lab, &bearer);
        let line = (POSITION.len() + 4) as f64 * 10.0 / f64::from(rate);
        for (alone, chatty) in alone.iter().zip(&chatty) {
            let all = alone.as_secs_f64() / (1.0 - line / every.as_secs_f64());
            assert!(
                chatty.as_secs_f64() < all + 2.0 * line + 0.5,
                "{rate}, {every:?}: {alone:?}, {chatty:?}"
            );
        }
    }
}

/// It comes without a header: a line that comes just then is counted for it, as is one that had to wait for the last octets of it.
#[test]
fn a_file_of_the_module_comes_among_them() {
    const FILE: &str = r"C:\User\file";
    let letters: Vec<u8> = (b'a'..=b'z').cycle().take(4_489).collect();
    // Over the slow line, a command takes long enough to be met by one, again and again where it comes in step with them.
    for (rate, milliseconds) in [
        (115_200, 515),
        (115_200, 330),
        (57_600, 100),
        (9_600, 250),
        (9_600, 330),
        (9_600, 620),
        (9_600, 650),
    ] {
        let every = Duration::from_millis(milliseconds);
        for phase in 0..8 {
            let (mut lab, _) = chatty(rate, every, 0);
            let (fs, octets) = (Fs::new(&lab.client), letters.clone());
            lab.world.run(async move { fs.write(FILE, &octets[..]).await }).expect("written");
            let began = lab.world.clock().now() + every * phase / 8;
            for n in 0..400 {
                let position = Fault::Inject { place: Place::Now, text: POSITION.to_owned() };
                lab.world.plan(When::At(began + every * n), Incident::Fault(position));
            }
            let fs = Fs::new(&lab.client);
            let read = lab.world.run(async move {
                let mut octets = Vec::new();
                fs.read(FILE).await.expect("a file").read_to_end(&mut octets).await.map(|_| octets)
            });
            assert!(read.is_ok_and(|read| read == letters), "{rate}, {every:?}, {phase}");
        }
    }
}

/// Some module may say what it has to say as soon as a payload is over.
#[test]
fn a_body_is_whole_though_a_line_comes_behind_each_payload() {
    let content = hostile(20_000);
    let mut config = Config::default();
    config.window = Some(2_000);
    let mut lab = Lab::with(World::new(ModuleConfig::default()), config);
    let bearer = lab.bearer();
    lab.network().put_resource(URL, Resource::new(content.clone()));
    let mut notices = lab.client.subscribe(|_| false);
    let began = lab.world.crossed(Direction::Received);
    for window in 0..10 {
        let behind = Fault::Inject { place: Place::BeforeResult, text: POSITION.to_owned() };
        lab.world
            .plan(When::Crossed(Direction::Received, began + 800 + 2_000 * window), Incident::Fault(behind));
    }
    assert_eq!(lab.get(&bearer, URL), Ok((200, content.into())));
    let notices = std::iter::from_fn(|| notices.next().now_or_never().flatten());
    let retries: Vec<Notice> = notices.filter(|notice| matches!(notice, Notice::Retrying(_))).collect();
    assert_eq!(retries, []);
}
