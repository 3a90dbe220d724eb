//! FTP as the module speaks it: one session, one action, good-bye.
//!
//! Each command is given by itself, so that a refusal is known to be the refusal of just this step and gets the code of the manual's
//! table (12.2.14). Sessions are futures: cancelling one closes its sockets there and then.

mod control;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use sim800_emulator::{FtpAction, FtpFailure, FtpRequest, NetworkEvent, PutOption};
use smol::channel::Receiver;
use smol::future::FutureExt;
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::net::{TcpListener, TcpStream};

use self::control::Control;
use super::{Events, Order, connect, resolve};

/// The most octets of a download that are told in one event.
const PIECE: usize = 4096;
/// How long the server has to say good-bye. Nobody waits for it any more, but a connection that just breaks looks ugly in its log.
const GOOD_BYE: Duration = Duration::from_secs(2);

/// Runs a session from greeting to good-bye and tells its events.
pub(super) async fn perform(request: FtpRequest, orders: Receiver<Order>, events: Events) {
    match session(&request, &orders, &events).await {
        Ok((mut control, size)) => {
            events.tell(NetworkEvent::FtpDone { size }).await;
            let quit = async {
                let _ = control.command("QUIT", &[221], FtpFailure::SERVER).await;
            };
            let late = async {
                smol::Timer::after(GOOD_BYE).await;
            };
            quit.or(late).await;
        }
        Err(failure) => events.tell(NetworkEvent::FtpFailed(failure)).await,
    }
}

/// Logs in and acts. Returns the control connection and the answer to `SIZE`.
async fn session(
    request: &FtpRequest,
    orders: &Receiver<Order>,
    events: &Events,
) -> Result<(Control, Option<u64>), FtpFailure> {
    let mut ftp = log_in(request).await?;
    let kind = if request.ascii { "TYPE A" } else { "TYPE I" };
    ftp.command(kind, &[200], FtpFailure::TYPE).await?;

    let (path, name) = (request.path.as_str(), request.name.as_str());
    let mut size = None;
    match &request.action {
        FtpAction::Get => {
            change_directory(&mut ftp, path).await?;
            download(&mut ftp, request, &format!("RETR {name}"), orders, events).await?;
        }
        FtpAction::List => {
            // Given to LIST, as a path may name a file, too.
            let list = if path.is_empty() { "LIST".to_owned() } else { format!("LIST {path}") };
            download(&mut ftp, request, &list, orders, events).await?;
        }
        FtpAction::Put(option) => {
            change_directory(&mut ftp, path).await?;
            let verb = match option {
                PutOption::Stor => "STOR",
                PutOption::Appe => "APPE",
                PutOption::Stou => "STOU",
            };
            upload(&mut ftp, request, &format!("{verb} {name}"), orders, events).await?;
        }
        FtpAction::Size => {
            change_directory(&mut ftp, path).await?;
            let reply = ftp.command(&format!("SIZE {name}"), &[213], FtpFailure::OPERATE).await?;
            let digits = reply.text.get(3..).unwrap_or_default().trim();
            size = Some(digits.parse().map_err(|_| FtpFailure::REPLY)?);
        }
        FtpAction::Delete => {
            change_directory(&mut ftp, path).await?;
            operate(&mut ftp, &format!("DELE {name}")).await?;
        }
        FtpAction::MakeDirectory => operate(&mut ftp, &format!("MKD {path}")).await?,
        FtpAction::RemoveDirectory => operate(&mut ftp, &format!("RMD {path}")).await?,
        FtpAction::Rename { to_path, to_name } => {
            let from = format!("RNFR {}", join(path, name));
            ftp.command(&from, &[350], FtpFailure::OPERATE).await?;
            operate(&mut ftp, &format!("RNTO {}", join(to_path, to_name))).await?;
        }
    }
    Ok((ftp, size))
}

/// From the server's name to being logged in.
async fn log_in(request: &FtpRequest) -> Result<Control, FtpFailure> {
    let addresses = resolve(&request.server, request.port).await.map_err(|_| FtpFailure::DNS)?;
    let stream = connect(&addresses).await.map_err(|_| FtpFailure::CONNECT)?;
    let mut ftp = Control::greet(stream).await?;
    let user = format!("USER {}", request.user);
    let reply = [230, 331];
    if ftp.command(&user, &reply, FtpFailure::USER).await?.code == 331 {
        let password = format!("PASS {}", request.password);
        let reply = [230, 202];
        ftp.command(&password, &reply, FtpFailure::PASSWORD).await?;
    }
    Ok(ftp)
}

async fn change_directory(ftp: &mut Control, path: &str) -> Result<(), FtpFailure> {
    if path.is_empty() {
        return Ok(());
    }
    operate(ftp, &format!("CWD {path}")).await
}

/// A command that is done when it is answered.
async fn operate(ftp: &mut Control, line: &str) -> Result<(), FtpFailure> {
    let done = [250, 257, 200];
    ftp.command(line, &done, FtpFailure::OPERATE).await.map(drop)
}

async fn download(
    ftp: &mut Control,
    request: &FtpRequest,
    line: &str,
    orders: &Receiver<Order>,
    events: &Events,
) -> Result<(), FtpFailure> {
    let mut data = open_data(ftp, request, line, FtpFailure::DOWNLOAD).await?;
    events.tell(NetworkEvent::FtpReady).await;
    let mut credit: usize = 0;
    let mut buffer = [0; PIECE];
    loop {
        while credit == 0 {
            credit = next_credit(orders).await?;
        }
        let wanted = credit.min(PIECE);
        let received = data.read(&mut buffer[..wanted]).await.map_err(|_| FtpFailure::NETWORK)?;
        if received == 0 {
            break;
        }
        credit -= received;
        // A copy, so that what waits in the module is no larger than it looks.
        events.tell(NetworkEvent::FtpData(Bytes::copy_from_slice(&buffer[..received]))).await;
    }
    drop(data);
    complete(ftp, FtpFailure::DOWNLOAD).await
}

async fn next_credit(orders: &Receiver<Order>) -> Result<usize, FtpFailure> {
    match orders.recv().await {
        Ok(Order::Credit(octets)) => Ok(octets),
        Ok(_) => Ok(0),
        Err(_) => Err(FtpFailure::QUIT),
    }
}

async fn upload(
    ftp: &mut Control,
    request: &FtpRequest,
    line: &str,
    orders: &Receiver<Order>,
    events: &Events,
) -> Result<(), FtpFailure> {
    let mut data = open_data(ftp, request, line, FtpFailure::UPLOAD).await?;
    events.tell(NetworkEvent::FtpReady).await;
    loop {
        match orders.recv().await {
            Ok(Order::Send(octets)) => {
                if data.write_all(&octets).await.is_err() {
                    // The server says on the control connection why it hung up.
                    return complete(ftp, FtpFailure::UPLOAD).await.and(Err(FtpFailure::UPLOAD));
                }
                events.tell(NetworkEvent::FtpSent(octets.len())).await;
            }
            Ok(Order::Credit(_)) => {}
            Ok(Order::Finish) => break,
            Err(_) => return Err(FtpFailure::QUIT),
        }
    }
    // A reset here is not the end of the story either: the reply tells.
    let _ = data.close().await;
    drop(data);
    complete(ftp, FtpFailure::UPLOAD).await
}

/// The reply that ends a transfer.
async fn complete(ftp: &mut Control, refused: FtpFailure) -> Result<(), FtpFailure> {
    let done = [226, 250];
    ftp.expect(&done, refused).await.map(drop)
}

/// Gives a transfer command and returns its data connection. `REST` stands right before it (RFC 3659, 5.3).
async fn open_data(
    ftp: &mut Control,
    request: &FtpRequest,
    line: &str,
    refused: FtpFailure,
) -> Result<TcpStream, FtpFailure> {
    let rest = match request.action {
        FtpAction::Get => request.rest,
        _ => 0,
    };
    let opened = [150, 125];
    if request.passive {
        let address = enter_passive(ftp).await?;
        let data = TcpStream::connect(address).await.map_err(|_| FtpFailure::PASSIVE)?;
        restart(ftp, rest).await?;
        ftp.command(line, &opened, refused).await?;
        Ok(data)
    } else {
        let listener = enter_active(ftp).await?;
        restart(ftp, rest).await?;
        ftp.command(line, &opened, refused).await?;
        accept(ftp, &listener).await
    }
}

async fn restart(ftp: &mut Control, offset: u64) -> Result<(), FtpFailure> {
    if offset == 0 {
        return Ok(());
    }
    ftp.command(&format!("REST {offset}"), &[350], FtpFailure::REST).await.map(drop)
}

/// `PASV`: where the server waits for the data connection. An address of all zeros stands for the server's own.
async fn enter_passive(ftp: &mut Control) -> Result<SocketAddr, FtpFailure> {
    let reply = ftp.command("PASV", &[227], FtpFailure::PASSIVE).await?;
    let (address, port) = passive_address(&reply.text).ok_or(FtpFailure::PASSIVE)?;
    let address = if address.is_unspecified() { ftp.peer()?.ip() } else { address.into() };
    Ok(SocketAddr::new(address, port))
}

/// The six numbers of a 227 reply, wherever they stand in its text.
fn passive_address(reply: &str) -> Option<(Ipv4Addr, u16)> {
    let text = reply.get(4..)?;
    let start = text.find(|letter: char| letter.is_ascii_digit())?;
    let end = text[start..]
        .find(|letter: char| !letter.is_ascii_digit() && letter != ',')
        .map_or(text.len(), |length| start + length);
    let numbers: Vec<u8> =
        text[start..end].split(',').map(|number| number.parse().ok()).collect::<Option<_>>()?;
    match *numbers.as_slice() {
        [a, b, c, d, high, low] => Some((Ipv4Addr::new(a, b, c, d), u16::from_be_bytes([high, low]))),
        _ => None,
    }
}

/// `PORT` (`EPRT` over IPv6): listens for the data connection where the control connection comes from.
async fn enter_active(ftp: &mut Control) -> Result<TcpListener, FtpFailure> {
    let local = ftp.local().map_err(|_| FtpFailure::NETWORK)?;
    let listener = TcpListener::bind((local.ip(), 0)).await.map_err(|_| FtpFailure::ACTIVE)?;
    let port = listener.local_addr().map_err(|_| FtpFailure::ACTIVE)?.port();
    let line = match local.ip() {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            let [high, low] = port.to_be_bytes();
            format!("PORT {a},{b},{c},{d},{high},{low}")
        }
        IpAddr::V6(address) => format!("EPRT |2|{address}|{port}|"),
    };
    ftp.command(&line, &[200], FtpFailure::ACTIVE).await?;
    Ok(listener)
}

/// Waits for the server's data connection, or for its telling that there will be none.
async fn accept(ftp: &mut Control, listener: &TcpListener) -> Result<TcpStream, FtpFailure> {
    let server = ftp.peer()?.ip();
    let control = ftp.stream().clone();
    let connected = async {
        loop {
            match listener.accept().await {
                Ok((data, address)) if address.ip() == server => return Ok(data),
                // Whoever else found the port.
                Ok(_) => {}
                Err(error) => return Err(error),
            }
        }
    };
    // Looks without taking: a quick server's 226 may be there before its connection was seen.
    let told = async {
        control.peek(&mut [0]).await?;
        smol::future::poll_once(listener.accept()).await.map_or_else(
            || Err(io::ErrorKind::ConnectionRefused.into()),
            |accepted| accepted.map(|(data, _)| data),
        )
    };
    connected.or(told).await.map_err(|_| FtpFailure::ACTIVE)
}

/// A name in a directory.
fn join(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path if path.ends_with('/') => format!("{path}{name}"),
        path => format!("{path}/{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passive_replies_are_read_as_servers_write_them() {
        let expected = Some((Ipv4Addr::new(127, 0, 0, 1), 0x1234));
        assert_eq!(passive_address("227 Entering Passive Mode (127,0,0,1,18,52).\r\n"), expected);
        assert_eq!(passive_address("227 Entering Passive Mode. 127,0,0,1,18,52\r\n"), expected);
        assert_eq!(passive_address("227 =127,0,0,1,18,52\r\n"), expected);
        for reply in ["227 no", "227 1,2,3", "227 (256,0,0,1,18,52)", "227 (1,2,3,4,5,6,7)"] {
            assert_eq!(passive_address(reply), None, "{reply}");
        }
    }

    #[test]
    fn paths_and_names_meet_at_one_slash() {
        assert_eq!(join("/", "a"), "/a");
        assert_eq!(join("/b/", "a"), "/b/a");
        assert_eq!(join("/b", "a"), "/b/a");
        assert_eq!(join("", "a"), "a");
    }
}
