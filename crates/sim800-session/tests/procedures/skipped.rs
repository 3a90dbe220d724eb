//! What a server sends although it was not asked for, and what need not cross the line for all that.

use bytes::Bytes;
use sim800_emulator::{Damage, Fault};
use sim800_session::{Body, Http, HttpError, HttpOptions, Offset, Skipped};
use sim800_simulation::{Manner, Resource};

use crate::lab::{Lab, hostile, whole};

const URL: &str = "http://example.com/file";

/// A response as whoever asked for a part of the object sees it.
struct Seen {
    offset: Option<u64>,
    skipped: Option<u32>,
    total: Option<u64>,
    body: Bytes,
    /// Octets that have crossed the line for it.
    received: u64,
}

/// Asks a server for the octets from `first` on, and lets `fault` happen when the response is there.
fn fetch(lab: &mut Lab, skip: bool, first: usize, fault: Option<Fault>) -> Result<Seen, HttpError> {
    let bearer = lab.bearer();
    let mut options = HttpOptions::default();
    options.skip = skip;
    let http = Http::new(&bearer).with_options(options);
    let request = http::Request::get(URL).header("Range", format!("bytes={first}-"));
    let request = request.body(Bytes::new()).expect("a request");
    let before = lab.client.traffic().received;
    let response: http::Response<Body> = lab.world.run(async move { http.send(request).await })?;
    let offset = response.extensions().get().map(|Offset(offset)| *offset);
    let skipped = response.extensions().get().map(|Skipped(skipped)| *skipped);
    let total = response.body().total();
    if let Some(fault) = fault {
        lab.world.fault(fault);
    }
    let body = lab.world.run(whole(response.into_body()))?;
    let received = lab.client.traffic().received - before;
    Ok(Seen { offset, skipped, total, body, received })
}

fn ready(length: usize, manner: Option<Manner>) -> (Lab, Vec<u8>) {
    let (lab, _) = Lab::ready();
    let file = hostile(length);
    lab.network().put_resource(URL, Resource::new(file.clone()));
    if let Some(manner) = manner {
        lab.network().adopt(manner);
    }
    (lab, file)
}

#[test]
fn what_comes_before_the_range_does_not_cross_the_line() {
    // The last two come with the headers, in one look.
    for (length, first) in [(200_000, 199_000), (200_000, 1), (319_488, 319_487), (9_000, 8_000), (2, 1)] {
        let (mut lab, file) = ready(length, Some(Manner::RangesIgnored));
        let seen = fetch(&mut lab, true, first, None).expect("a part");
        let rest = (length - first) as u64;
        assert_eq!((seen.offset, seen.skipped), (Some(first as u64), Some(first as u32)), "{length}");
        assert!(seen.total == Some(rest) && seen.body == file[first..], "{length} from {first}");
        if length > 16_384 {
            assert!(seen.received < rest + rest / 16 + 2_000, "{} octets for {rest}", seen.received);
        }
    }
}

#[test]
fn all_comes_unless_that_is_asked_for() {
    let (mut lab, file) = ready(50_000, Some(Manner::RangesIgnored));
    let seen = fetch(&mut lab, false, 40_000, None).expect("all");
    assert_eq!((seen.offset, seen.skipped, seen.total), (Some(0), None, Some(50_000)));
    assert!(seen.body == file);
}

#[test]
fn nothing_is_skipped_of_a_part_nor_of_what_ends_before_it() {
    let (mut lab, file) = ready(50_000, None);
    let seen = fetch(&mut lab, true, 40_000, None).expect("a part");
    assert_eq!((seen.offset, seen.skipped), (Some(40_000), None));
    assert!(seen.body == file[40_000..]);
    let (mut lab, file) = ready(50_000, Some(Manner::RangesIgnored));
    let seen = fetch(&mut lab, true, 50_000, None).expect("all");
    assert_eq!((seen.offset, seen.skipped), (Some(0), None));
    assert!(seen.body == file);
}

#[test]
fn what_breaks_off_behind_it_is_gone_on_with() {
    for fault in [
        Fault::Damage { after: 700, damage: Damage::Drop },
        Fault::Restart { announced: true },
        Fault::BearerLost { cid: 1 },
    ] {
        let (mut lab, file) = ready(200_000, Some(Manner::RangesIgnored));
        let seen = fetch(&mut lab, true, 120_000, Some(fault.clone())).expect("a part");
        assert!(seen.body == file[120_000..], "{fault:?}");
    }
}
