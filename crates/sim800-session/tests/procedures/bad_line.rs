//! A line that loses octets all the time: what is read in windows gets through.

use bytes::Bytes;
use futures::TryStreamExt;
use sim800_emulator::{Config as ModuleConfig, Damage, Fault};
use sim800_session::{Config, Fs, Ftp};
use sim800_simulation::{Resource, World};

use crate::lab::{Lab, hostile, paced, server};

const URL: &str = "http://example.com/file";
const LENGTH: usize = 200_000;
const SEEDS: u64 = 4;

/// A module behind a line that loses one octet in so many, by chance.
fn lab(one_in: f64, seed: u64) -> Lab {
    let world = World::on_line(ModuleConfig::default(), paced(115_200));
    let mut lab = Lab::with(world, Config::default());
    let mut state = seed;
    let mut after = 0;
    // Behind start-up and bearer, whose commands are not what this is about.
    for _ in 0..(4.0 * LENGTH as f64 / one_in) as usize {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let chance = ((state >> 11) as f64 + 1.0) / (1_u64 << 53) as f64;
        after += 1 + (-chance.ln() * one_in) as u64;
        lab.world.fault(Fault::Damage { after: 2_000 + after, damage: Damage::Drop });
    }
    lab
}

/// Three tries in a row without progress are all there are unless set: with windows of one size, most of these give up.
#[test]
fn bodies_get_through_a_line_that_loses_one_octet_in_20_000() {
    for seed in 0..SEEDS {
        let mut lab = lab(20_000.0, seed);
        let bearer = lab.bearer();
        lab.network().put_resource(URL, Resource::new(hostile(LENGTH)));
        let fetched = lab.get(&bearer, URL);
        assert!(
            fetched.as_ref().is_ok_and(|(_, body)| *body == hostile(LENGTH)),
            "{seed}: {:?}",
            fetched.err()
        );
    }
}

#[test]
fn so_do_files_by_way_of_the_modules_memory() {
    for seed in 0..SEEDS {
        let mut lab = lab(20_000.0, seed);
        let bearer = lab.bearer();
        // Lines of its own among them, behind a header that was lost, would read like a restart.
        let file: Vec<u8> = (0..=9).cycle().take(LENGTH).collect();
        lab.network().put_file("/file", file.clone());
        let ftp = Ftp::new(&bearer, server());
        let fetched: Result<Vec<Bytes>, _> = lab
            .world
            .run(async move { ftp.get_extended("/file", |_| {}).await?.into_download().try_collect().await });
        assert!(fetched.as_ref().is_ok_and(|all| all.concat() == file), "{seed}: {:?}", fetched.err());
    }
}

#[test]
fn so_do_files_of_the_module() {
    const SHORT: usize = 50_000;
    for seed in 0..SEEDS {
        let mut lab = lab(8_000.0, seed);
        lab.start_up().expect("ready");
        let fs = Fs::new(&lab.client);
        let fetched: Result<Vec<Bytes>, _> = lab.world.run(async move {
            fs.write("C:\\User\\a", &hostile(SHORT)[..]).await.expect("written");
            fs.read("C:\\User\\a").await?.try_collect().await
        });
        assert!(
            fetched.as_ref().is_ok_and(|all| all.concat() == hostile(SHORT)),
            "{seed}: {:?}",
            fetched.err()
        );
    }
}
