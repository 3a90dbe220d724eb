//! The engine and the emulated module, in memory and in virtual time, with faults between them.

use bytes::Bytes;
use sim800_command::{FtpCode, FtpEvent, HttpStatus, Unsolicited};

use crate::script::Script;
use crate::world::{Broken, World};

/// What is transferred.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Task {
    HttpGet,
    HttpPost,
    FtpGet,
    FtpPut,
}

/// One transfer: it ends byte-exact or with an error, and after it `AT` gets its `OK`.
///
/// A line without a checksum lets some damage pass unseen: inverted bits, and octets lost in one place and doubled in
/// another. So what is promised of the content holds for at most one octet that is lost or doubled.
pub fn pair(data: &[u8]) {
    let mut script = Script::new(data);
    let task = script.choose(&[Task::HttpGet, Task::HttpPost, Task::FtpGet, Task::FtpPut]);
    // Enough for a few rounds, and not so small that the rounds are all there is.
    let size = usize::from(script.draw::<u16>()) % 2048;
    let piece = 32 + u32::from(script.draw::<u16>()) % 1429;
    let mut world = World::new(&mut script);
    let content: Bytes = (0..size).map(octet).collect::<Vec<u8>>().into();
    world.serve(content.clone());
    let result = match task {
        Task::HttpGet => http_get(&mut world, piece),
        Task::HttpPost => http_post(&mut world, &content),
        Task::FtpGet => ftp_get(&mut world, piece),
        Task::FtpPut => ftp_put(&mut world, &content, piece),
    };
    if let Ok(moved) = result {
        assert!(
            !world.is_exact() || moved == content,
            "{task:?}: {} of {size} octets, or other ones",
            moved.len()
        );
    } else {
        assert!(world.is_disturbed(), "{task:?} failed without a fault");
    }
    world.follow_up();
}

/// Different at every place of a few thousand, and never a command line; at times it reads like a response.
fn octet(place: usize) -> u8 {
    match place % 61 {
        40 => b'\r',
        41 => b'\n',
        42 => b'O',
        43 => b'K',
        44 => b'\r',
        45 => b'\n',
        46 => b'>',
        _ => 0x80 | (place * 7 + place / 128) as u8,
    }
}

type Moved = Result<Vec<u8>, Broken>;

fn open_bearer(world: &mut World) -> Result<(), Broken> {
    world.execute("AT+SAPBR=3,1,\"CONTYPE\",\"GPRS\"")?;
    world.execute("AT+SAPBR=1,1").map(drop)
}

fn http_action(world: &mut World, line: &str) -> Result<u32, Broken> {
    world.execute(line)?;
    world.wait(|line| match line {
        Unsolicited::HttpAction { status: HttpStatus(200), length, .. } => Some(Ok(length)),
        Unsolicited::HttpAction { .. } => Some(Err(Broken::Otherwise)),
        _ => None,
    })
}

fn open_http(world: &mut World) -> Result<(), Broken> {
    open_bearer(world)?;
    world.execute("AT+HTTPINIT")?;
    world.execute("AT+HTTPPARA=\"CID\",1")?;
    world.execute("AT+HTTPPARA=\"URL\",\"a\"").map(drop)
}

/// Reads until nothing comes any more: the length in the unsolicited line may be damaged.
fn http_get(world: &mut World, piece: u32) -> Moved {
    open_http(world)?;
    let length = http_action(world, "AT+HTTPACTION=0")?;
    let mut body = Vec::new();
    loop {
        let part = world.execute(&format!("AT+HTTPREAD={},{piece}", body.len()))?;
        if part.is_empty() {
            break;
        }
        body.extend(part);
    }
    if body.len() == length as usize { Ok(body) } else { Err(Broken::Otherwise) }
}

fn http_post(world: &mut World, content: &Bytes) -> Moved {
    open_http(world)?;
    if !content.is_empty() {
        world.send(&format!("AT+HTTPDATA={},120000", content.len()), content)?;
    }
    http_action(world, "AT+HTTPACTION=1")?;
    Ok(world.stored())
}

fn open_ftp(world: &mut World) -> Result<(), Broken> {
    open_bearer(world)?;
    for line in [
        "AT+FTPCID=1",
        "AT+FTPSERV=\"a\"",
        "AT+FTPUN=\"b\"",
        "AT+FTPPW=\"c\"",
        "AT+FTPGETNAME=\"d\"",
        "AT+FTPGETPATH=\"/\"",
        "AT+FTPPUTNAME=\"d\"",
        "AT+FTPPUTPATH=\"/\"",
    ] {
        world.execute(line)?;
    }
    Ok(())
}

fn ftp_get(world: &mut World, piece: u32) -> Moved {
    open_ftp(world)?;
    world.execute("AT+FTPGET=1")?;
    let mut file = Vec::new();
    loop {
        let event = world.wait(|line| match line {
            Unsolicited::FtpGet(event) => Some(Ok(event)),
            _ => None,
        })?;
        match event {
            _ if world.is_lost() => return Err(Broken::Otherwise),
            FtpEvent::Available => {}
            FtpEvent::Ended(FtpCode::DONE) => return Ok(file),
            _ => return Err(Broken::Otherwise),
        }
        loop {
            let part = match world.execute(&format!("AT+FTPGET=2,{piece}")) {
                // The session ended with the octets before, and its line is on its way.
                Err(Broken::Refused) => break,
                part => part?,
            };
            if world.is_lost() {
                return Err(Broken::Otherwise);
            }
            if part.is_empty() {
                break;
            }
            file.extend(part);
            if world.has_notice() {
                break;
            }
        }
    }
}

/// What the server has got in the end decides, as its `SIZE` would.
fn ftp_put(world: &mut World, content: &Bytes, piece: u32) -> Moved {
    open_ftp(world)?;
    world.execute("AT+FTPPUT=1")?;
    let mut left = content.clone();
    loop {
        let event = world.wait(|line| match line {
            Unsolicited::FtpPut(event) => Some(Ok(event)),
            _ => None,
        })?;
        match event {
            FtpEvent::Writable { at_most } if left.is_empty() || at_most == 0 => {
                world.execute("AT+FTPPUT=2,0")?;
            }
            FtpEvent::Writable { at_most } => {
                let part = left.slice(..left.len().min(at_most.min(piece) as usize));
                let granted = world.send(&format!("AT+FTPPUT=2,{}", part.len()), &part)?;
                left = left.slice(granted as usize..);
            }
            FtpEvent::Ended(FtpCode::DONE) => break,
            _ => return Err(Broken::Otherwise),
        }
    }
    let stored = world.stored();
    if stored.len() == content.len() { Ok(stored) } else { Err(Broken::Otherwise) }
}

/// One transfer of each kind, undisturbed and with each kind of fault in its middle.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for task in 0..4 {
        let transfer = [task, 0xDC, 0x05, 0x90, 0x01, 0x01, 0xFE, 64];
        seeds.push(transfer.to_vec());
        for kind in 0..7 {
            // After 400 octets; the rest chooses within the kind.
            seeds.push([&transfer[..], &[1, 0x90, 0x01, kind, 1, 1, 1]].concat());
        }
    }
    seeds
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is compared is what came over the line.
    #[test]
    fn an_inverted_bit_in_the_payload_is_seen_here_and_nowhere_else() {
        let content = Bytes::from(vec![b'.'; 1500]);
        // A module with echo that runs; at once, the octet behind the next 600 is changed.
        let mut script = Script::new(&[0x01, 0xFE, 64, 1, 0, 0, 6, 0x58, 0x02, 2]);
        let mut world = World::new(&mut script);
        world.serve(content.clone());
        assert!(world.is_disturbed() && !world.is_exact());
        let moved = http_get(&mut world, 1460).expect("the line has no checksum");
        let differences = moved.iter().zip(&content).filter(|(moved, sent)| moved != sent).count();
        assert_eq!((moved.len(), differences), (content.len(), 1));
    }
}
