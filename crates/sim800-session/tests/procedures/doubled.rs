//! Octets that the line doubled: what a count leaves of a payload then reads like the module's own lines.

use std::sync::mpsc;

use bytes::Bytes;
use futures::{AsyncReadExt, TryStreamExt};
use sim800_emulator::{Config as ModuleConfig, Damage, Line, LineEnds};
use sim800_session::{Bearer, Config, Direction, Fs, Ftp, HttpError, Server};
use sim800_simulation::{Incident, Resource, When, World};

use crate::lab::{Lab, paced};

const URL: &str = "http://example.com/file";

fn ready(content: &[u8], line: Line, window: Option<u32>) -> (Lab, Bearer) {
    let mut config = Config::default();
    config.window = window;
    let mut lab = Lab::with(World::on_line(ModuleConfig::default(), line), config);
    let bearer = lab.bearer();
    lab.network().put_resource(URL, Resource::new(content.to_vec()));
    (lab, bearer)
}

/// After how many octets the module sends the content, whose first ones stand nowhere else, when `read` has it come.
fn place_of(mut lab: Lab, content: &[u8], read: impl FnOnce(&mut Lab)) -> u64 {
    let began = lab.world.crossed(Direction::Received);
    let (tell, told) = mpsc::channel();
    lab.world.tap(move |crossing| {
        if crossing.direction == Direction::Received {
            tell.send(crossing.arrived.to_vec()).expect("someone listens");
        }
    });
    read(&mut lab);
    drop(lab);
    let received = told.iter().flatten().collect::<Vec<u8>>();
    let before = received.windows(16).position(|window| window == &content[..16]).expect("it comes");
    began + before as u64
}

/// The same of a body.
fn place(content: &[u8], window: Option<u32>) -> u64 {
    let (lab, bearer) = ready(content, Line::unpaced(), window);
    place_of(lab, content, |lab| {
        assert_eq!(lab.get(&bearer, URL), Ok((200, content.to_vec().into())));
    })
}

/// Has the line double `count` octets, each, from one on.
fn double(lab: &mut Lab, from: u64, count: u64) {
    for octet in from..from + count {
        let twice = Incident::Damage(Direction::Received, Damage::Duplicate);
        lab.world.plan(When::Crossed(Direction::Received, octet), twice);
    }
}

/// What comes of the body when `count` octets of it arrive twice, each, from one on.
fn doubled(
    content: &[u8],
    line: Line,
    window: Option<u32>,
    from: u64,
    count: u64,
) -> Result<(u16, Bytes), HttpError> {
    let (mut lab, bearer) = ready(content, line, window);
    double(&mut lab, from, count);
    lab.get(&bearer, URL)
}

const BEGIN: &[u8] = b"There is some text before, no part of which reads like it";

#[test]
fn what_is_left_of_a_body_never_passes_for_the_modules_lines() {
    // Each with how many octets of its end read like lines.
    for (end, counts) in [
        (&b"\r\nOK\r\n"[..], &[6][..]),
        (b"\r\nOK\r\n\r\nOK\r\n", &[6, 12]),
        (b"\r\nERROR\r\n", &[9]),
        (b"\r\nOK\r\n\r\nERROR\r\n\r\n+FTPGET: 1,0\r\n", &[16, 25, 31]),
        (b"\r\nRING\r\n\r\n+FTPGET: 1,0\r\n", &[16, 24]),
    ] {
        let content = [BEGIN, end].concat();
        let place = place(&content, None);
        for (count, line) in
            counts.iter().flat_map(|count| [(*count, Line::unpaced()), (*count, paced(9_600))])
        {
            for from in 0..BEGIN.len() as u64 - count {
                let got = doubled(&content, line, None, place + from, count);
                assert_eq!(got, Ok((200, content.clone().into())), "{count} octets from {from} on");
            }
        }
    }
}

#[test]
fn nor_does_what_is_left_of_a_window() {
    // The line ends where the first window does.
    let end = b"\r\n+FTPGET: 1,0\r\n";
    let content = [BEGIN, end, b"and more"].concat();
    let window = u32::try_from(BEGIN.len() + end.len()).ok();
    let place = place(&content, window);
    for line in [Line::unpaced(), paced(9_600)] {
        for from in 0..BEGIN.len() as u64 - end.len() as u64 {
            let got = doubled(&content, line, window, place + from, end.len() as u64);
            // It was handed out before the next showed what it was.
            let error = got.expect_err("others");
            assert_eq!(error.kind().as_str(), "malformed", "from {from} on: {error:?}");
        }
    }
}

/// A file of the module comes without a header.
#[test]
fn nor_does_what_is_left_of_a_file() {
    const FILE: &str = r"C:\User\file";
    let ready = |content: &[u8], line_ends| {
        let mut config = ModuleConfig::default();
        config.line_ends = line_ends;
        let (mut lab, _) = Lab::ready_with(config);
        let (fs, octets) = (Fs::new(&lab.client), content.to_vec());
        lab.world.run(async move { fs.write(FILE, &octets[..]).await }).expect("written");
        lab
    };
    let read = |lab: &mut Lab| {
        let fs = Fs::new(&lab.client);
        lab.world.run(async move {
            let mut octets = Vec::new();
            fs.read(FILE).await.expect("a file").read_to_end(&mut octets).await.map(|_| octets)
        })
    };
    // Each with how many octets of its end read like lines, where blank lines are sent and where not.
    for (end, counts) in [
        (&b"\r\nOK\r\n"[..], &[4, 6][..]),
        (b"\r\nERROR\r\n", &[7, 9]),
        (b"\r\nOK\r\n\r\n+FTPGET: 1,0\r\n", &[14, 16, 20, 22]),
        (b"\r\nRING\r\nOK\r\n", &[4, 10, 12]),
    ] {
        let content = [BEGIN, end].concat();
        for line_ends in [LineEnds::Usual, LineEnds::Missing] {
            let place = place_of(ready(&content, line_ends), &content, |lab| {
                assert_eq!(read(lab).expect("a file"), content);
            });
            for count in counts {
                for from in (0..BEGIN.len() as u64 - count).step_by(8) {
                    let mut lab = ready(&content, line_ends);
                    double(&mut lab, place + from, *count);
                    assert_eq!(read(&mut lab).expect("a file"), content, "{count} octets from {from} on");
                }
            }
        }
    }
}

#[test]
fn nor_does_what_is_left_of_a_file_in_the_modules_memory() {
    let ready = |content: &[u8]| {
        let mut lab = Lab::with(World::on_line(ModuleConfig::default(), Line::unpaced()), Config::default());
        let bearer = lab.bearer();
        lab.network().put_file("/file", content.to_vec());
        (lab, Ftp::new(&bearer, Server::new("ftp.example.com")))
    };
    let read = |lab: &mut Lab, ftp: &Ftp| {
        let ftp = ftp.clone();
        lab.world.run(async move {
            let file = ftp.get_extended("/file", |_| {}).await?.into_download();
            file.try_collect::<Vec<Bytes>>().await.map(|pieces| pieces.concat())
        })
    };
    for (end, counts) in [
        (&b"\r\nOK\r\n"[..], &[6][..]),
        (b"\r\nOK\r\n\r\n+FTPGET: 1,0\r\n", &[16, 22]),
        (b"\r\nRING\r\n", &[8]),
    ] {
        let content = [BEGIN, end].concat();
        let (lab, ftp) = ready(&content);
        let place = place_of(lab, &content, |lab| {
            assert_eq!(read(lab, &ftp).expect("a file"), content);
        });
        for count in counts {
            for from in 0..BEGIN.len() as u64 - count {
                let (mut lab, ftp) = ready(&content);
                double(&mut lab, place + from, *count);
                assert_eq!(read(&mut lab, &ftp).expect("a file"), content, "{count} octets from {from} on");
            }
        }
    }
}

/// What was read of a download is gone from the module, and comes from the server once more.
#[test]
fn nor_does_what_is_left_of_a_download() {
    let ready = |content: &[u8], line| {
        let mut lab = Lab::with(World::on_line(ModuleConfig::default(), line), Config::default());
        let bearer = lab.bearer();
        lab.network().put_file("/file", content.to_vec());
        (lab, Ftp::new(&bearer, Server::new("ftp.example.com")))
    };
    for (end, counts) in [
        (&b"\r\nOK\r\n"[..], &[6][..]),
        (b"\r\n+FTPGET: 1,0\r\n", &[16]),
        (b"\r\nRING\r\n\r\n+FTPGET: 1,1\r\n", &[16, 24]),
        (b"\r\nOK\r\n\r\n+FTPGET: 1,0\r\n", &[16, 22]),
        (b"\r\nERROR\r\n\r\n+FTPGET: 1,0\r\n", &[16, 25]),
        (b"\r\nOK\r\n\r\n+FTPGET: 1,0\r\n\r\nOK\r\n", &[6, 22, 28]),
    ] {
        let content = [BEGIN, end].concat();
        let (lab, ftp) = ready(&content, Line::unpaced());
        let place = place_of(lab, &content, |lab| {
            assert_eq!(lab.ftp_get(&ftp, "/file").expect("a file"), content);
        });
        for (count, line) in
            counts.iter().flat_map(|count| [(*count, Line::unpaced()), (*count, paced(9_600))])
        {
            for from in (0..BEGIN.len() as u64 - count).step_by(4) {
                let (mut lab, ftp) = ready(&content, line);
                double(&mut lab, place + from, count);
                let got = lab.ftp_get(&ftp, "/file");
                assert_eq!(got.as_deref(), Ok(&content[..]), "{count} octets from {from} on");
            }
        }
    }
}
