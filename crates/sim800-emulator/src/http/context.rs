//! What `AT+HTTPPARA` sets, and the request that comes of it.

use std::time::Duration;

use bytes::Bytes;

use super::BUFFER;
use crate::bearer::Bearers;
use crate::effect::{HttpMethod, HttpRequest};
use crate::refusal::{Cme, Refusal};
use crate::syntax::Parameters;

/// What `AT+HTTPPARA` sets.
#[derive(Clone, PartialEq)]
pub(super) struct Context {
    pub(super) cid: Option<u8>,
    pub(super) url: String,
    user_agent: String,
    proxy_host: String,
    proxy_port: Option<u16>,
    redirect: bool,
    first: u32,
    last: u32,
    /// Seconds.
    timeout: u16,
    content: String,
    user_data: String,
}

/// How a request is secured.
#[derive(Clone, Copy)]
pub(super) struct Tls {
    pub(super) on: bool,
    pub(super) checks_certificate: bool,
}

impl Default for Context {
    fn default() -> Self {
        Self {
            cid: None,
            url: String::new(),
            user_agent: "SIMCOM_MODULE".into(),
            proxy_host: String::new(),
            proxy_port: None,
            redirect: false,
            first: 0,
            last: 0,
            timeout: 120,
            content: String::new(),
            user_data: String::new(),
        }
    }
}

impl Context {
    pub(super) fn set(&mut self, parameters: &Parameters<'_>) -> Result<(), Refusal> {
        let text = |most| parameters.text(1, most);
        match parameters.word(0).as_str() {
            "CID" => self.cid = Some(parameters.number(1, Bearers::CIDS)?),
            // No limits are documented for the strings but that of the line.
            "URL" => self.url = text(usize::MAX)?.into(),
            "UA" => self.user_agent = text(usize::MAX)?.into(),
            "PROIP" => self.proxy_host = text(usize::MAX)?.into(),
            "PROPORT" => {
                self.proxy_port = Some(parameters.number(1, 0..=u16::MAX)?).filter(|port| *port != 0)
            }
            "REDIR" => self.redirect = parameters.number(1, 0..=1_u8)? == 1,
            "BREAK" => self.first = parameters.number(1, 0..=u32::MAX)?,
            "BREAKEND" => self.last = parameters.number(1, 0..=u32::MAX)?,
            "TIMEOUT" => self.timeout = parameters.number(1, 30..=1000)?,
            "CONTENT" => self.content = text(usize::MAX)?.into(),
            "USERDATA" => self.user_data = text(usize::MAX)?.into(),
            _ => return Err(Cme::OutOfRange.into()),
        }
        Ok(())
    }

    /// The read form: a header, then one line per tag. The manual leaves the layout open.
    pub(super) fn show(&self) -> String {
        let number = |number: Option<u16>| number.map_or_else(String::new, |number| number.to_string());
        format!(
            "+HTTPPARA:\r\nCID,{}\r\nURL,{}\r\nUA,{}\r\nPROIP,{}\r\nPROPORT,{}\r\nREDIR,{}\r\nBREAK,{}\r\nBREAKEND,{}\r\nTIMEOUT,{}\r\nCONTENT,{}\r\nUSERDATA,{}",
            number(self.cid.map(u16::from)),
            self.url,
            self.user_agent,
            self.proxy_host,
            number(self.proxy_port),
            u8::from(self.redirect),
            self.first,
            self.last,
            self.timeout,
            self.content,
            self.user_data
        )
    }

    /// `AT+HTTPSCONT?`: one line per tag; `TIMEOUT` and `CONTENT` are not among them (manual 11.2.7).
    pub(super) fn show_saved(&self, saved: bool) -> String {
        let number = |number: Option<u16>| number.map_or_else(String::new, |number| number.to_string());
        format!(
            "+HTTPSCONT: {}\r\nCID: {}\r\nURL: {}\r\nUA: {}\r\nPROIP: {}\r\nPROPORT: {}\r\nREDIR: {}\r\nBREAK: {}\r\nBREAKEND: {}\r\nUSERDATA: {}",
            u8::from(!saved),
            number(self.cid.map(u16::from)),
            self.url,
            self.user_agent,
            self.proxy_host,
            number(self.proxy_port),
            u8::from(self.redirect),
            self.first,
            self.last,
            self.user_data
        )
    }

    pub(super) fn request(&self, method: HttpMethod, body: Bytes, tls: Tls) -> HttpRequest {
        let proxy =
            (!self.proxy_host.is_empty()).then(|| (self.proxy_host.clone(), self.proxy_port.unwrap_or(80)));
        let range = match (u64::from(self.first), u64::from(self.last)) {
            (0, 0) => None,
            (first, last) => Some((first, (last > first).then_some(last))),
        };
        HttpRequest {
            method,
            url: normalized(&self.url, tls.on),
            user_agent: self.user_agent.clone(),
            proxy,
            redirect: self.redirect,
            range,
            headers: headers(&self.user_data),
            content_type: (!self.content.is_empty()).then(|| self.content.clone()),
            body,
            timeout: Duration::from_secs(self.timeout.into()),
            limit: BUFFER,
            tls: tls.on,
            check_certificate: tls.checks_certificate,
        }
    }
}

/// The address with the scheme that `AT+HTTPSSL` asks for: what the DTE wrote there does not switch TLS on or off (field log).
fn normalized(url: &str, tls: bool) -> String {
    let strip = |prefix: &str| {
        url.get(..prefix.len())
            .filter(|start| start.eq_ignore_ascii_case(prefix))
            .and_then(|_| url.get(prefix.len()..))
    };
    let rest = strip("http://").or_else(|| strip("https://")).unwrap_or(url);
    format!("{}://{rest}", if tls { "https" } else { "http" })
}

/// The header lines in `USERDATA`, separated by the four characters `\r\n` (field log). What is no header line is left out.
fn headers(user_data: &str) -> Vec<(String, String)> {
    user_data
        .split("\\r\\n")
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .filter(|(name, _)| !name.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        assert_eq!(normalized("www.sim.com", false), "http://www.sim.com");
        assert_eq!(normalized("HTTP://www.sim.com/a", false), "http://www.sim.com/a");
        assert_eq!(normalized("https://www.sim.com/a", false), "http://www.sim.com/a");
        assert_eq!(normalized("http://www.sim.com/a", true), "https://www.sim.com/a");
        assert_eq!(normalized("hé", false), "http://hé");
    }

    #[test]
    fn header_lines() {
        let lines = headers("Authorization: Basic x:y\\r\\n junk \\r\\nA:b\\r\\n:c");
        assert_eq!(lines, [("Authorization".into(), "Basic x:y".into()), ("A".into(), "b".into())]);
    }
}
