//! The simulation's promises: virtual time, the line's rate, the network in memory, and no hanging.

use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use futures::io::{AsyncReadExt, AsyncWriteExt};
use sim800_emulator::Line;
use sim800_emulator::{Config, Fault, FtpFailure, HttpFailure, Place, Timings};
use sim800_session::Runtime;
use sim800_simulation::{Clock, HeadShape, Incident, Manner, Mishap, Network, Port, Resource, When, World};

const BAUD: u32 = 9_600;

fn config() -> Config {
    let mut config = Config::default();
    config.echo = false;
    config.timings = Timings::instant();
    config.partial_content = true;
    config
}

fn paced(config: Config) -> World {
    World::on_line(config, Line::paced(NonZeroU32::new(BAUD).unwrap()))
}

/// What so many octets take on the line.
fn crossing(octets: u32) -> Duration {
    Duration::from_secs(10) * octets / BAUD
}

/// Hears up to and including `end`.
async fn hear(port: &mut Port, end: &str) -> String {
    let mut heard = Vec::new();
    while !heard.ends_with(end.as_bytes()) {
        let mut octet = [0];
        assert_eq!(port.read(&mut octet).await.unwrap(), 1, "the line ended after {}", heard.escape_ascii());
        heard.push(octet[0]);
    }
    String::from_utf8_lossy(&heard).into_owned()
}

async fn command(port: &mut Port, line: &str) -> String {
    port.write_all(format!("{line}\r").as_bytes()).await.unwrap();
    hear(port, "OK\r\n").await
}

async fn open_bearer(port: &mut Port) {
    command(port, "AT+SAPBR=3,1,\"APN\",\"internet\"").await;
    command(port, "AT+SAPBR=1,1").await;
}

fn panics(run: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
    payload.downcast_ref::<String>().cloned().unwrap_or_default()
}

#[test]
fn octets_take_their_time_in_both_directions() {
    let mut world = paced(config());
    let mut port = world.connect();
    let clock = world.clock();
    world.run(async {
        command(&mut port, "AT").await;
        // Three octets there, six back, the last of them no earlier than it can be.
        assert_eq!(clock.now(), crossing(9));
        // The time that nobody used is not made up for.
        clock.sleep_until(Duration::from_secs(10)).await;
        command(&mut port, "AT").await;
        assert_eq!(clock.now(), Duration::from_secs(10) + crossing(9));
    });
}

#[test]
fn a_long_payload_keeps_the_rate_exactly() {
    let mut world = paced(config());
    let mut port = world.connect();
    let clock = world.clock();
    world.network().put_resource("http://server/a", Resource::new(vec![b'x'; 96_000]));
    world.run(async {
        open_bearer(&mut port).await;
        command(&mut port, "AT+HTTPINIT").await;
        command(&mut port, "AT+HTTPPARA=\"CID\",1").await;
        command(&mut port, "AT+HTTPPARA=\"URL\",\"server/a\"").await;
        command(&mut port, "AT+HTTPACTION=0").await;
        hear(&mut port, "+HTTPACTION: 0,200,96000\r\n").await;
        port.write_all(b"AT+HTTPREAD\r").await.unwrap();
        hear(&mut port, "+HTTPREAD: 96000\r\n").await;
        let start = clock.now();
        port.read_exact(&mut vec![0; 96_000]).await.unwrap();
        // Whole bursts of a FIFO: the first octets came with the header's last ones.
        let off = clock.now().abs_diff(start + crossing(96_000));
        assert!(off <= crossing(16), "{off:?}");
    });
}

#[test]
fn reads_are_cut_as_told() {
    let mut world = World::new(config());
    world.cut_reads(&[1, 3]);
    let mut port = world.connect();
    world.run(async {
        port.write_all(b"AT\r").await.unwrap();
        let mut sizes = Vec::new();
        while sizes.iter().sum::<usize>() < 6 {
            sizes.push(port.read(&mut [0; 16]).await.unwrap());
        }
        assert_eq!(sizes, [1, 3, 1, 1]);
    });
}

#[test]
fn another_port_ends_the_one_before() {
    let mut world = World::new(config());
    let mut first = world.connect();
    let mut second = world.connect();
    world.run(async {
        assert_eq!(first.read(&mut [0; 16]).await.unwrap(), 0);
        assert!(first.write(b"AT\r").await.is_err());
        command(&mut second, "AT").await;
    });
}

#[test]
fn faults_come_when_they_are_due() {
    let mut world = World::new(config());
    let mut port = world.connect();
    let clock = world.clock();
    let inject = |text: &str| Fault::Inject { place: Place::Now, text: text.to_owned() };
    world.fault_at(Duration::from_secs(60), inject("SECOND"));
    world.fault_at(Duration::from_secs(30), inject("FIRST"));
    world.fault(inject("NOW"));
    world.run(async {
        for (line, time) in [("NOW", 0), ("FIRST", 30), ("SECOND", 60)] {
            hear(&mut port, &format!("{line}\r\n")).await;
            assert_eq!(clock.now(), Duration::from_secs(time));
        }
    });
}

#[test]
fn spawned_futures_go_on_beside() {
    let mut world = World::new(config());
    let clock = world.clock();
    let (sender, receiver) = futures::channel::oneshot::channel();
    world.spawn(async move {
        clock.sleep_until(Duration::from_secs(5)).await;
        sender.send("done").unwrap();
    });
    assert_eq!(world.run(receiver), Ok("done"));
    assert_eq!(world.clock().now(), Duration::from_secs(5));
    world.run_for(Duration::from_secs(1));
    assert_eq!(world.clock().now(), Duration::from_secs(6));
}

#[test]
fn a_deadlock_is_found_out() {
    let mut world = World::new(config());
    let mut port = world.connect();
    let message = panics(|| {
        world.run(async { port.read(&mut [0]).await.unwrap() });
    });
    assert!(message.contains("deadlock"), "{message}");
}

#[test]
fn the_time_limit_is_kept() {
    async fn tick(clock: Clock) {
        loop {
            clock.sleep_until(clock.now() + Duration::from_secs(1)).await;
        }
    }
    let mut world = World::new(config());
    world.limit_time(Duration::from_secs(100));
    let clock = world.clock();
    let message = panics(|| world.run(tick(clock)));
    assert!(message.contains("not done within 100s"), "{message}");
}

/// Runs HTTP actions one after the other and returns what the module says of each.
fn actions(world: &mut World, actions: &[(&str, u8)]) -> Vec<String> {
    let mut port = world.connect();
    world.run(async {
        open_bearer(&mut port).await;
        command(&mut port, "AT+HTTPINIT").await;
        command(&mut port, "AT+HTTPPARA=\"CID\",1").await;
        command(&mut port, "AT+HTTPPARA=\"REDIR\",1").await;
        let mut results = Vec::new();
        for (url, method) in actions {
            command(&mut port, &format!("AT+HTTPPARA=\"URL\",\"{url}\"")).await;
            command(&mut port, &format!("AT+HTTPACTION={method}")).await;
            hear(&mut port, "+HTTPACTION: ").await;
            results.push(hear(&mut port, "\r\n").await.trim_end().to_owned());
        }
        results
    })
}

#[test]
fn http_servers_in_memory() {
    let mut world = World::new(config());
    let network = world.network();
    network.set_latency(Duration::from_millis(300));
    network.put_resource("server/a", Resource::new("12345"));
    network.put_resource("http://server:80/moved", Resource::redirect(302, "/a"));
    network.put_resource("server/large", Resource::new(vec![0; 319_489]));
    let results = actions(
        &mut world,
        &[
            ("http://server/a", 0),
            ("HTTP://server:80/a", 2),
            ("http://server/moved", 0),
            ("http://server/large", 0),
            ("http://server/none", 0),
            ("http://elsewhere/", 0),
            ("http://server/a", 3),
            ("http://server/a", 3),
        ],
    );
    assert_eq!(
        results,
        ["0,200,5", "2,200,0", "0,200,5", "0,602,0", "0,404,0", "0,603,0", "3,204,0", "3,404,0"]
    );
    assert_eq!(network.http_requests().len(), 8);
    assert!(world.clock().now() >= Duration::from_millis(8 * 300));
}

#[test]
fn http_mishaps() {
    let mut world = World::new(config());
    let network = world.network();
    network.put_resource("server/a", Resource::new("12345"));
    network.cause(Mishap::Http(HttpFailure::NotHttp));
    network.cause(Mishap::Silence);
    let url = "http://server/a";
    let results = actions(&mut world, &[(url, 0), (url, 0), (url, 0)]);
    assert_eq!(results, ["0,600,0", "0,601,0", "0,200,5"]);
    assert!(world.clock().now() >= Duration::from_secs(120), "{:?}", world.clock().now());
}

#[test]
fn an_ftp_server_in_memory() {
    let mut world = World::new(config());
    let network = world.network();
    network.put_file("/d/a", "0123456789");
    network.require_login("sim", "secret");
    let mut port = world.connect();
    world.run(async {
        open_bearer(&mut port).await;
        for line in [
            "CID=1",
            "SERV=\"server\"",
            "UN=\"sim\"",
            "PW=\"secret\"",
            "GETPATH=\"/d/\"",
            "GETNAME=\"a\"",
            "PUTPATH=\"/d\"",
            "PUTNAME=\"b\"",
            "REST=4",
        ] {
            command(&mut port, &format!("AT+FTP{line}")).await;
        }
        command(&mut port, "AT+FTPSIZE").await;
        hear(&mut port, "+FTPSIZE: 1,0,10\r\n").await;
        command(&mut port, "AT+FTPGET=1").await;
        hear(&mut port, "+FTPGET: 1,1\r\n").await;
        assert!(command(&mut port, "AT+FTPGET=2,100").await.contains("+FTPGET: 2,6\r\n456789\r\nOK"));
        hear(&mut port, "+FTPGET: 1,0\r\n").await;

        command(&mut port, "AT+FTPPUT=1").await;
        hear(&mut port, "+FTPPUT: 1,1,1360\r\n").await;
        port.write_all(b"AT+FTPPUT=2,3\r").await.unwrap();
        hear(&mut port, "+FTPPUT: 2,3\r\n").await;
        port.write_all(b"new").await.unwrap();
        hear(&mut port, "+FTPPUT: 1,1,1360\r\n").await;
        command(&mut port, "AT+FTPPUT=2,0").await;
        hear(&mut port, "+FTPPUT: 1,0\r\n").await;

        network.cause(Mishap::Ftp { after: 2, failure: FtpFailure::NETWORK });
        command(&mut port, "AT+FTPGET=1").await;
        hear(&mut port, "+FTPGET: 1,61\r\n").await;
        command(&mut port, "AT+FTPPW=\"wrong\"").await;
        command(&mut port, "AT+FTPSIZE").await;
        hear(&mut port, "+FTPSIZE: 1,72").await;
    });
    assert_eq!(network.file("/d/b").as_deref(), Some(&b"new"[..]));
    assert_eq!(network.ftp_requests().len(), 5);
}

#[test]
fn directories_of_the_ftp_server_in_memory() {
    let mut world = World::new(config());
    let network = world.network();
    network.put_file("/d/a", "0123456789");
    let mut port = world.connect();
    world.run(async {
        open_bearer(&mut port).await;
        for line in ["SERV=\"server\"", "GETPATH=\"/d/\"", "GETNAME=\"a\"", "PUTPATH=\"/e\"", "PUTNAME=\"b\""]
        {
            command(&mut port, &format!("AT+FTP{line}")).await;
        }
        command(&mut port, "AT+FTPRENAME").await;
        hear(&mut port, "+FTPRENAME: 1,0\r\n").await;
        command(&mut port, "AT+FTPMKD").await;
        hear(&mut port, "+FTPMKD: 1,0\r\n").await;
        command(&mut port, "AT+FTPMKD").await;
        hear(&mut port, "+FTPMKD: 1,77\r\n").await;
        command(&mut port, "AT+FTPGETPATH=\"/\"").await;
        command(&mut port, "AT+FTPLIST=1").await;
        hear(&mut port, "+FTPLIST: 1,1\r\n").await;
        let listing = command(&mut port, "AT+FTPLIST=2,1460").await;
        let lines: Vec<&str> = listing.lines().filter(|line| line.starts_with('d')).collect();
        assert!(matches!(lines[..], [d, e] if d.ends_with(" d") && e.ends_with(" e")), "{listing}");
        hear(&mut port, "+FTPLIST: 1,0\r\n").await;
        for (path, code) in [("/e", 77), ("/none", 77), ("/d/", 0)] {
            command(&mut port, &format!("AT+FTPGETPATH=\"{path}\"")).await;
            command(&mut port, "AT+FTPRMD").await;
            hear(&mut port, &format!("+FTPRMD: 1,{code}\r\n")).await;
        }
    });
    assert!(network.has_directory("/e") && !network.has_directory("/d"));
}

#[test]
fn half_of_a_body_is_on_its_way_at_half_time() {
    let mut world = World::new(config());
    let network = world.network();
    network.set_latency(Duration::from_secs(4));
    network.put_resource("server/a", Resource::new("0123456789"));
    let mut port = world.connect();
    let clock = world.clock();
    world.run(async {
        open_bearer(&mut port).await;
        command(&mut port, "AT+HTTPINIT").await;
        command(&mut port, "AT+HTTPPARA=\"CID\",1").await;
        command(&mut port, "AT+HTTPPARA=\"URL\",\"server/a\"").await;
        port.write_all(b"AT+HTTPDATA=8,1000\r").await.unwrap();
        hear(&mut port, "DOWNLOAD\r\n").await;
        port.write_all(b"01234567").await.unwrap();
        hear(&mut port, "OK\r\n").await;
        command(&mut port, "AT+HTTPACTION=1").await;
        clock.sleep_until(clock.now() + Duration::from_secs(1)).await;
        assert!(command(&mut port, "AT+HTTPSTATUS?").await.contains("+HTTPSTATUS: POST,2,4,4\r\n"));
        hear(&mut port, "+HTTPACTION: 1,200,0\r\n").await;
        command(&mut port, "AT+HTTPACTION=0").await;
        clock.sleep_until(clock.now() + Duration::from_secs(3)).await;
        assert!(command(&mut port, "AT+HTTPSTATUS?").await.contains("+HTTPSTATUS: GET,1,4,4\r\n"));
        hear(&mut port, "+HTTPACTION: 0,200,8\r\n").await;
    });
}

#[test]
fn a_download_into_the_file_system_survives_a_break() {
    let config = config();
    let storage = std::sync::Arc::clone(&config.storage);
    let mut world = World::new(config);
    let network = world.network();
    let octets: Vec<u8> = (0..=u8::MAX).cycle().take(50_000).collect();
    network.put_file("/a", octets.clone());
    network.cause(Mishap::Ftp { after: 20_000, failure: FtpFailure::NETWORK });
    let mut port = world.connect();
    let clock = world.clock();
    world.run(async {
        open_bearer(&mut port).await;
        for line in ["SERV=\"server\"", "GETPATH=\"/\"", "GETNAME=\"a\""] {
            command(&mut port, &format!("AT+FTP{line}")).await;
        }
        command(&mut port, "AT+FTPGETTOFS=0,\"a\",1,10").await;
        clock.sleep_until(clock.now() + Duration::from_secs(5)).await;
        assert!(command(&mut port, "AT+FTPGETTOFS?").await.contains("+FTPGETTOFS: 1,20000,20000\r\n"));
        hear(&mut port, "+FTPGETTOFS: 0,50000\r\n").await;
    });
    let path = ["User", "FTP", "a"].map(String::from);
    assert_eq!(storage.read(&path, 0, 100_000).unwrap(), octets);
    assert!(world.clock().now() >= Duration::from_secs(10));
}

/// What the module says of a GET of the octets from 2 to 5 of ten, and the head and the body that it reads then.
fn get_range(manners: &[Manner]) -> (String, String, String) {
    let mut world = World::new(config());
    let network = world.network();
    network.put_resource("server/a", Resource::new("0123456789"));
    manners.iter().for_each(|manner| network.adopt(*manner));
    let mut port = world.connect();
    world.run(async {
        open_bearer(&mut port).await;
        command(&mut port, "AT+HTTPINIT").await;
        for line in ["\"CID\",1", "\"URL\",\"server/a\"", "\"BREAK\",2", "\"BREAKEND\",5"] {
            command(&mut port, &format!("AT+HTTPPARA={line}")).await;
        }
        command(&mut port, "AT+HTTPACTION=0").await;
        hear(&mut port, "+HTTPACTION: ").await;
        let result = hear(&mut port, "\r\n").await;
        let head = command(&mut port, "AT+HTTPHEAD").await;
        (result, head, command(&mut port, "AT+HTTPREAD=0,100").await)
    })
}

#[test]
fn servers_have_their_own_ways_with_ranges_and_lengths() {
    for (manner, result, told, body) in [
        (Manner::Head(HeadShape::Usual), "0,206,4\r\n", "bytes 2-5/10", "2345"),
        (Manner::RangesIgnored, "0,200,10\r\n", "Content-Length: 10", "0123456789"),
        (Manner::RangesShortened { to: 3 }, "0,206,3\r\n", "bytes 2-4/10", "234"),
        (Manner::RangesMoved { by: 1 }, "0,206,5\r\n", "bytes 1-5/10", "12345"),
        (Manner::RangesUnplaced, "0,206,4\r\n", "Content-Length: 4\r\n\r\n", "2345"),
        (Manner::TotalsUnderstated { by: 3 }, "0,206,4\r\n", "bytes 2-5/7", "2345"),
        (Manner::LengthsUnderstated { by: 1 }, "0,206,4\r\n", "Content-Length: 3", "2345"),
        (Manner::BodiesCut { by: 3 }, "0,206,1\r\n", "Content-Length: 4", "2"),
        (Manner::Head(HeadShape::LowerCase), "0,206,4\r\n", "content-range: bytes 2-5/10", "2345"),
    ] {
        let (was, head, read) = get_range(&[manner]);
        assert_eq!(was, result, "{manner:?}");
        assert!(head.contains(told), "{manner:?}: {head}");
        assert!(read.contains(&format!("\r\n{body}\r\nOK")), "{manner:?}: {read}");
    }
    assert!(!get_range(&[Manner::Head(HeadShape::Missing)]).1.contains("HTTP/"));
}

/// Uploads `new` to a server that has `old`, and then asks for the size; what the server has before it confirms, and after.
fn put(manner: Manner, told: &str) -> [Option<String>; 2] {
    let mut world = World::new(config());
    let network = world.network();
    network.set_latency(Duration::from_secs(4));
    network.put_file("/a", "old");
    network.adopt(manner);
    let has = |network: &Network| network.file("/a").map(|file| String::from_utf8_lossy(&file).into_owned());
    let mut port = world.connect();
    let clock = world.clock();
    world.run(async {
        open_bearer(&mut port).await;
        for line in ["SERV=\"server\"", "PUTPATH=\"/\"", "PUTNAME=\"a\"", "GETPATH=\"/\"", "GETNAME=\"a\""] {
            command(&mut port, &format!("AT+FTP{line}")).await;
        }
        command(&mut port, "AT+FTPPUT=1").await;
        hear(&mut port, "+FTPPUT: 1,1,1360\r\n").await;
        port.write_all(b"AT+FTPPUT=2,4\r").await.unwrap();
        hear(&mut port, "+FTPPUT: 2,4\r\n").await;
        port.write_all(b"new!").await.unwrap();
        hear(&mut port, "+FTPPUT: 1,1,1360\r\n").await;
        command(&mut port, "AT+FTPPUT=2,0").await;
        clock.sleep_until(clock.now() + Duration::from_secs(2)).await;
        let before = has(&network);
        hear(&mut port, "+FTPPUT: 1,0\r\n").await;
        let after = has(&network);
        command(&mut port, "AT+FTPSIZE").await;
        hear(&mut port, told).await;
        [before, after]
    })
}

#[test]
fn servers_have_their_own_ways_with_uploads_and_sizes() {
    let have = |one: &str, other: &str| [Some(one.to_owned()), Some(other.to_owned())];
    assert_eq!(put(Manner::UploadsAside, "+FTPSIZE: 1,0,4\r\n"), have("old", "new!"));
    assert_eq!(put(Manner::UploadsRenamed, "+FTPSIZE: 1,0,4\r\n"), have("new!", "new!"));
    assert_eq!(put(Manner::UploadsHalved, "+FTPSIZE: 1,0,2\r\n"), have("ne", "ne"));
    assert_eq!(put(Manner::SizesRefused, "+FTPSIZE: 1,77"), have("new!", "new!"));
}

#[test]
fn lines_go_on_while_nobody_polls_the_program() {
    let mut world = World::new(config());
    let mut port = world.connect();
    let lines =
        Incident::Lines { lines: &["RING", "+UGNSINF: 1,1"], every: Duration::from_secs(1), times: 3 };
    world.plan(When::At(Duration::from_secs(1)), lines);
    world.plan(When::At(Duration::from_millis(500)), Incident::Pause(Duration::from_secs(2)));
    let clock = world.clock();
    let (heard, at) = world.run(async {
        let heard = hear(&mut port, "+UGNSINF: 1,1\r\n").await;
        (heard, clock.now())
    });
    assert_eq!((heard.as_str(), at), ("\r\n+UGNSINF: 1,1\r\n", Duration::from_millis(2_500)));
}
