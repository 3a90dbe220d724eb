//! Octets that are lost where no count tells: what was announced, a header, a result, the end.

use std::time::Duration;

use futures::future::BoxFuture;
use futures::{FutureExt, TryStreamExt};
use sim800_emulator::{Damage, Fault};
use sim800_session::{Ftp, FtpError, Runtime};

use crate::lab::{Lab, server};

type Fetch = fn(Ftp) -> BoxFuture<'static, Result<Vec<u8>, FtpError>>;

const FETCHES: [Fetch; 2] = [
    |ftp| async move { Ok(ftp.get("/many/a").await?.try_collect::<Vec<_>>().await?.concat()) }.boxed(),
    |ftp| async move { Ok(ftp.list("/many").await?.try_collect::<Vec<_>>().await?.concat()) }.boxed(),
];

fn ready() -> (Lab, Ftp) {
    let (lab, bearer) = Lab::ready();
    // Several reads of either.
    lab.network().put_file("/many/a", crate::lab::hostile(2_000));
    for n in 0..30 {
        lab.network().put_file(&format!("/many/file {n}"), "x");
    }
    (lab, Ftp::new(&bearer, server()))
}

#[test]
fn a_download_or_a_listing_that_lost_octets_is_whole_half_a_minute_later() {
    for fetch in FETCHES {
        let (mut lab, ftp) = ready();
        let begun = lab.world.crossed(sim800_session::Direction::Received);
        let whole = lab.world.run(fetch(ftp)).expect("nothing is lost");
        assert!(whole.len() > 1_460);
        let octets = lab.world.crossed(sim800_session::Direction::Received) - begun;
        // All but the payload, of which two octets are enough.
        let settings = 120;
        let ends = [settings..settings + 80, octets - 600..octets];
        for after in ends.into_iter().flatten() {
            let (mut lab, ftp) = ready();
            let clock = lab.world.clock();
            let began = clock.now();
            lab.world.fault(Fault::Damage { after, damage: Damage::Drop });
            let fetched = lab.world.run(fetch(ftp));
            let took = clock.now() - began;
            assert!(fetched.is_ok_and(|fetched| fetched == whole), "octet {after} of {octets}");
            assert!(took < Duration::from_secs(30), "octet {after} of {octets}: {took:?}");
        }
    }
}

/// The line that says that octets may be sent is one of them.
#[test]
fn an_upload_that_lost_octets_is_stored_half_a_minute_later() {
    let put = |ftp: Ftp| async move { ftp.put("/new", &b"some octets"[..]).await };
    let (mut lab, ftp) = ready();
    let begun = lab.world.crossed(sim800_session::Direction::Received);
    assert_eq!(lab.world.run(put(ftp)), Ok(11));
    let octets = lab.world.crossed(sim800_session::Direction::Received) - begun;
    for after in 0..octets {
        let (mut lab, ftp) = ready();
        let clock = lab.world.clock();
        let began = clock.now();
        lab.world.fault(Fault::Damage { after, damage: Damage::Drop });
        let stored = lab.world.run(put(ftp));
        let took = clock.now() - began;
        assert_eq!(stored, Ok(11), "octet {after} of {octets}");
        assert_eq!(
            lab.network().file("/new").as_deref(),
            Some(&b"some octets"[..]),
            "octet {after} of {octets}"
        );
        assert!(took < Duration::from_secs(30), "octet {after} of {octets}: {took:?}");
    }
}
