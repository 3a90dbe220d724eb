//! What a module saw, as objects.

use data_encoding::BASE64;
use serde_json::{Map, Value, json};
use sim800_emulator::{FtpAction, HttpRequest, PutOption, Transport};
use sim800_testbed::{Entry, Sight};

/// `n` and `t`, in seconds, and what was seen by its kind. FTP passwords are left out; lines are as they were sent.
pub(crate) fn object(entry: &Entry) -> Value {
    let (kind, what) = match &entry.what {
        Sight::Line(line) => ("line", json!(format!("AT{line}"))),
        Sight::Unknown(name) => ("unknown", json!(format!("AT{name}"))),
        Sight::Http(request) => ("http", http(request)),
        Sight::Ftp(request) => {
            let action = match &request.action {
                FtpAction::Get => "get",
                FtpAction::List => "list",
                FtpAction::Put(PutOption::Stor) => "put",
                FtpAction::Put(PutOption::Appe) => "append",
                FtpAction::Put(PutOption::Stou) => "put-unique",
                FtpAction::Size => "size",
                FtpAction::Delete => "delete",
                FtpAction::MakeDirectory => "make-directory",
                FtpAction::RemoveDirectory => "remove-directory",
                FtpAction::Rename { .. } => "rename",
            };
            let object = json!({
                "action": action, "server": request.server, "port": request.port, "user": request.user,
                "path": request.path, "name": request.name,
            });
            ("ftp", object)
        }
        Sight::Socket(request) => {
            let transport = match request.transport {
                Transport::Tcp => "tcp",
                Transport::Udp => "udp",
                Transport::Tls => "tls",
            };
            ("socket", json!({ "transport": transport, "host": request.host, "port": request.port }))
        }
        Sight::Lookup(host) => ("lookup", json!(host)),
        Sight::Sent { octets, .. } => {
            let mut object = Map::new();
            insert_octets(&mut object, "text", "base64", octets);
            ("sent", Value::Object(object))
        }
        Sight::Power(is_on) => ("power", json!(if *is_on { "on" } else { "off" })),
        // What is given up belongs to something that was told.
        _ => ("given-up", Value::Null),
    };
    let mut object = Map::new();
    object.insert("n".to_owned(), json!(entry.number));
    object.insert("t".to_owned(), json!(entry.at.as_micros() as f64 / 1e6));
    object.insert(kind.to_owned(), what);
    Value::Object(object)
}

fn http(request: &HttpRequest) -> Value {
    let mut object = Map::new();
    object.insert("method".to_owned(), json!(request.method.name()));
    object.insert("url".to_owned(), json!(request.url));
    object.insert("user_agent".to_owned(), json!(request.user_agent));
    let headers = request.headers.iter().map(|(name, value)| json!([name, value]));
    object.insert("headers".to_owned(), headers.collect());
    object.insert("content_type".to_owned(), json!(request.content_type));
    insert_octets(&mut object, "body", "body_base64", &request.body);
    Value::Object(object)
}

/// As text where it is text.
fn insert_octets(object: &mut Map<String, Value>, text: &str, base64: &str, octets: &[u8]) {
    match std::str::from_utf8(octets) {
        Ok(octets) => object.insert(text.to_owned(), json!(octets)),
        Err(_) => object.insert(base64.to_owned(), json!(BASE64.encode(octets))),
    };
}
