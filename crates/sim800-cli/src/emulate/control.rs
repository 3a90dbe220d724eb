//! The control channel: requests and answers as JSON, a line each, on a socket of this machine.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::{Map, Value, json};
use sim800_testbed::Control;

use super::request::Request;
use crate::args::Address;

/// The longest line of a client, which holds a file of the module's as base64.
const LONGEST_LINE: u64 = 1 << 20;

/// So many clients are heard at once.
const CLIENTS: usize = 8;

/// The channel, which is there until this is dropped.
#[derive(Debug)]
pub(crate) struct Channel {
    address: Address,
}

impl Channel {
    /// Listens, and obeys clients on threads of their own for as long as the program runs. A socket that a killed program has left is
    /// replaced.
    pub(crate) fn open(address: &Address, control: &Control) -> io::Result<Self> {
        let control = control.clone();
        let address = match address {
            Address::Unix(path) => {
                let listener = listen(path)?;
                serve(move || listener.accept().map(|(client, _)| Client::Unix(client)), control)?;
                address.clone()
            }
            Address::Tcp(address) => {
                let listener = TcpListener::bind(address)?;
                let address = Address::Tcp(listener.local_addr()?);
                serve(move || listener.accept().map(|(client, _)| Client::Tcp(client)), control)?;
                address
            }
        };
        Ok(Self { address })
    }

    /// Where it is; the port is the one that the system chose.
    pub(crate) fn address(&self) -> &Address {
        &self.address
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        if let Address::Unix(path) = &self.address {
            let _ = fs::remove_file(path);
        }
    }
}

/// Listens at a path that is this user's alone.
fn listen(path: &Path) -> io::Result<UnixListener> {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket());
    if is_socket {
        match UnixStream::connect(path) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path)?,
            _ => return Err(io::Error::new(io::ErrorKind::AddrInUse, "another program listens there")),
        }
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Somebody who controls the module.
enum Client {
    Unix(UnixStream),
    Tcp(TcpStream),
}

/// Takes clients for good, each on its thread.
fn serve(accept: impl Fn() -> io::Result<Client> + Send + 'static, control: Control) -> io::Result<()> {
    let clients = Arc::new(AtomicUsize::new(0));
    let listen = move || {
        loop {
            let Ok(client) = accept() else {
                // Out of descriptors, or the client has gone: neither is a reason to stop, nor to spin.
                thread::sleep(std::time::Duration::from_millis(10));
                continue;
            };
            let is_full = clients.fetch_add(1, Ordering::Relaxed) >= CLIENTS;
            let (control, left) = (control.clone(), clients.clone());
            let talk = move || {
                // A client that breaks off has told what it wanted.
                let _ = match &client {
                    Client::Unix(client) => converse(client, client, is_full, &control),
                    Client::Tcp(client) => converse(client, client, is_full, &control),
                };
                left.fetch_sub(1, Ordering::Relaxed);
            };
            if is_full {
                talk();
            } else if thread::Builder::new().name("control".into()).spawn(talk).is_err() {
                clients.fetch_sub(1, Ordering::Relaxed);
            }
        }
    };
    thread::Builder::new().name("control".into()).spawn(listen).map(drop)
}

/// Answers a client's requests until it goes.
fn converse(reader: impl Read, mut writer: impl Write, is_full: bool, control: &Control) -> io::Result<()> {
    if is_full {
        return say(&mut writer, Err(format!("{CLIENTS} clients are here already")));
    }
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    loop {
        line.clear();
        let count = (&mut reader).take(LONGEST_LINE).read_until(b'\n', &mut line)?;
        if count == 0 {
            return Ok(());
        }
        if count as u64 == LONGEST_LINE && !line.ends_with(b"\n") {
            return say(&mut writer, Err(format!("a request has at most {LONGEST_LINE} bytes")));
        }
        if is_http(&line) {
            return say(&mut writer, Err("this is no web server".to_owned()));
        }
        if !line.trim_ascii().is_empty() {
            say(&mut writer, answer(&line, control))?;
        }
    }
}

/// Whether a line is the first of an HTTP request: a web page can make a browser on this machine send one, with requests of this channel in
/// its body.
fn is_http(line: &[u8]) -> bool {
    let version = line.trim_ascii_end().rsplit(|octet| *octet == b' ').next().unwrap_or_default();
    version.starts_with(b"HTTP/")
}

fn answer(line: &[u8], control: &Control) -> Result<Map<String, Value>, String> {
    let value = serde_json::from_slice(line).map_err(|error| format!("no JSON: {error}"))?;
    Request::from_value(value)?.carry_out(control)
}

fn say(writer: &mut impl Write, answer: Result<Map<String, Value>, String>) -> io::Result<()> {
    let mut object = Map::new();
    object.insert("ok".to_owned(), json!(answer.is_ok()));
    match answer {
        Ok(told) => object.extend(told),
        Err(error) => {
            object.insert("error".to_owned(), json!(error));
        }
    }
    let mut line = Value::Object(object).to_string();
    line.push('\n');
    writer.write_all(line.as_bytes())?;
    writer.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_that_nobody_listens_at_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control");
        drop(UnixListener::bind(&path).unwrap());
        assert!(path.exists(), "left behind");
        let here = listen(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(listen(&path).unwrap_err().to_string().contains("another program listens"));
        drop(here);
        fs::remove_file(&path).unwrap();
        fs::write(&path, "precious").unwrap();
        assert!(listen(&path).is_err(), "no socket");
    }
}
