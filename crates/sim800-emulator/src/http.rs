//! The HTTP service (application note 3.2 to 3.8, manual chapter 11).

use std::time::Duration;

use bytes::Bytes;
use sim800_command::Form;

use crate::agenda::Timer;
use crate::bearer::Bearers;
use crate::board::{Board, Outcome, Sink, Step};
use crate::config::DataExpiry;
use crate::effect::{Effect, HttpMethod, HttpRequest, OperationId};
use crate::network::{HttpFailure, NetworkEvent};
use crate::refusal::{Cme, Refusal};
use crate::syntax::{Command, Parameters};

/// The module's buffer: 312 KiB (manual 11.2.4).
const BUFFER: usize = 319_488;

/// The service between `AT+HTTPINIT` and `AT+HTTPTERM`, or none.
#[derive(Default)]
pub(crate) struct Http {
    service: Option<Service>,
}

struct Service {
    context: Context,
    tls: bool,
    /// What `AT+HTTPDATA` brought, for the next POST.
    upload: Bytes,
    /// What `AT+HTTPREAD` reads: the last response, or what `AT+HTTPDATA` brought after it.
    readable: Bytes,
    /// The last method, which `AT+HTTPSTATUS?` tells.
    method: HttpMethod,
    action: Option<Action>,
}

/// What `AT+HTTPPARA` sets.
struct Context {
    cid: Option<u8>,
    url: String,
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

/// A request under way.
struct Action {
    id: OperationId,
    cid: u8,
    timeout: Duration,
    /// Whether something of the response was seen.
    receiving: bool,
    received: u64,
    total: Option<u64>,
}

impl Http {
    /// Everything is gone, as at a restart.
    pub(crate) fn restart(&mut self, board: &mut Board) {
        if let Some(service) = &mut self.service {
            service.cancel(board);
        }
        self.service = None;
    }

    fn service(&mut self) -> Result<&mut Service, Refusal> {
        self.service.as_mut().ok_or(Refusal::Cme(Cme::NotAllowed))
    }

    /// The service, unless a request is under way.
    fn idle_service(&mut self) -> Result<&mut Service, Refusal> {
        match self.service()? {
            Service { action: Some(_), .. } => Err(Cme::NotAllowed.into()),
            service => Ok(service),
        }
    }

    /// `AT+HTTPINIT`
    pub(crate) fn initialize(&mut self, command: &Command) -> Outcome {
        match command.form {
            Form::Test => {}
            Form::Execution if self.service.is_some() => return Err(Cme::NotAllowed.into()),
            Form::Execution => self.service = Some(Service::new()),
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// `AT+HTTPTERM`
    pub(crate) fn terminate(&mut self, command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => {}
            Form::Execution => {
                self.service()?.cancel(board);
                self.service = None;
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// `AT+HTTPPARA`
    pub(crate) fn parameter(&mut self, command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => board.output.information("+HTTPPARA: \"HTTPParamTag\",\"HTTPParmValue\""),
            Form::Read => board.output.information(&self.service()?.context.show()),
            Form::Write => {
                let service = self.idle_service()?;
                let parameters = command.parameters();
                parameters.expect(2..=2)?;
                service.context.set(&parameters)?;
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// `AT+HTTPSSL`, which the manual does not have; a firmware without TLS says `ERROR`.
    pub(crate) fn tls(&mut self, command: &Command, board: &mut Board) -> Outcome {
        if !board.config.ssl {
            return Err(Cme::Unknown.into());
        }
        match command.form {
            Form::Test => board.output.information("+HTTPSSL: (0-1)"),
            Form::Read => {
                let text = format!("+HTTPSSL: {}", u8::from(self.service()?.tls));
                board.output.information(&text);
            }
            Form::Write => {
                let parameters = command.parameters();
                parameters.expect(1..=1)?;
                self.idle_service()?.tls = parameters.number(0, 0..=1_u8)? == 1;
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// `AT+HTTPDATA`
    pub(crate) fn data(&mut self, command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => {
                board.output.information(&format!("+HTTPDATA: (0-{BUFFER}),(1000-120000)"));
                Ok(Step::Done)
            }
            Form::Write => {
                let service = self.idle_service()?;
                let parameters = command.parameters();
                parameters.expect(2..=2)?;
                let size = parameters.number(0, 0..=BUFFER)?;
                let time = parameters.number(1, 1000..=120_000_u64)?;
                service.upload = Bytes::new();
                service.readable = Bytes::new();
                if size == 0 {
                    return Ok(Step::Done);
                }
                board.output.information("DOWNLOAD");
                Ok(Step::Input(size, Duration::from_millis(time), Sink::HttpData))
            }
            _ => Err(Refusal::Unknown),
        }
    }

    /// The octets of `AT+HTTPDATA` have come; all of them, if its time has not run out.
    pub(crate) fn input(&mut self, octets: Bytes, complete: bool, board: &Board) -> Result<(), Refusal> {
        if !complete && board.config.http_data_expiry == DataExpiry::Error {
            return Err(Refusal::Unknown);
        }
        let service = self.service()?;
        service.readable = octets.clone();
        service.upload = octets;
        Ok(())
    }

    /// `AT+HTTPACTION`
    pub(crate) fn action(&mut self, command: &Command, bearers: &Bearers, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => board.output.information("+HTTPACTION: (0-3)"),
            Form::Write => {
                let service = self.idle_service()?;
                let parameters = command.parameters();
                parameters.expect(1..=1)?;
                let method = match parameters.number(0, 0..=3_u8)? {
                    0 => HttpMethod::Get,
                    1 => HttpMethod::Post,
                    2 => HttpMethod::Head,
                    _ => HttpMethod::Delete,
                };
                service.begin(method, bearers, board)?;
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// `AT+HTTPREAD`
    pub(crate) fn read(&mut self, command: &Command, board: &mut Board) -> Outcome {
        let (start, size) = match command.form {
            Form::Test => {
                board.output.information(&format!("+HTTPREAD: (0-{BUFFER}),(1-{BUFFER})"));
                return Ok(Step::Done);
            }
            Form::Execution => (0, BUFFER),
            Form::Write => {
                self.service()?;
                let parameters = command.parameters();
                parameters.expect(2..=2)?;
                (parameters.number(0, 0..=BUFFER)?, parameters.number(1, 1..=BUFFER)?)
            }
            _ => return Err(Refusal::Unknown),
        };
        let service = self.service()?;
        let end = service.readable.len().min(start.saturating_add(size));
        // Nothing to read is a bare `OK`, and so is a request under way (field log).
        if service.action.is_none() && start < end {
            let octets = service.readable.slice(start..end);
            board.output.payload(&format!("+HTTPREAD: {}", octets.len()), octets);
        }
        Ok(Step::Done)
    }

    /// `AT+HTTPSTATUS`
    pub(crate) fn status(&mut self, command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => {}
            Form::Read => {
                let text = self.service()?.status();
                board.output.information(&text);
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// News from the network; ignored unless they are of the request under way.
    pub(crate) fn handle_network(&mut self, id: OperationId, event: NetworkEvent, board: &mut Board) {
        let Some(service) = &mut self.service else { return };
        let Some(action) = service.action.as_mut().filter(|action| action.id == id) else { return };
        match event {
            NetworkEvent::HttpProgress { received, total } => {
                action.receiving = true;
                action.received = received;
                action.total = total;
                let timeout = action.timeout;
                board.after(timeout, Timer::HttpServer);
            }
            // What is too long for the buffer should have been refused before it came.
            NetworkEvent::HttpDone { body, .. } if body.len() > BUFFER => {
                service.end(HttpFailure::TooLarge.code(), Bytes::new(), board);
            }
            NetworkEvent::HttpDone { status, body, .. } => {
                let body = if service.method == HttpMethod::Head { Bytes::new() } else { body };
                service.end(status, body, board);
            }
            NetworkEvent::HttpFailed(failure) => service.end(failure.code(), Bytes::new(), board),
            _ => {}
        }
    }

    /// The server was silent for as long as `TIMEOUT` allows.
    pub(crate) fn handle_timeout(&mut self, board: &mut Board) {
        if let Some(service) = &mut self.service {
            service.fail(board);
        }
    }

    /// The bearer is gone; a request over it fails.
    pub(crate) fn handle_bearer_lost(&mut self, cid: u8, board: &mut Board) {
        if let Some(service) = &mut self.service {
            if service.action.as_ref().is_some_and(|action| action.cid == cid) {
                service.fail(board);
            }
        }
    }
}

impl Service {
    fn new() -> Self {
        Self {
            context: Context::default(),
            tls: false,
            upload: Bytes::new(),
            readable: Bytes::new(),
            method: HttpMethod::Get,
            action: None,
        }
    }

    fn begin(&mut self, method: HttpMethod, bearers: &Bearers, board: &mut Board) -> Result<(), Refusal> {
        let Some(cid) = self.context.cid.filter(|_| !self.context.url.is_empty()) else {
            return Err(Cme::NotAllowed.into());
        };
        self.method = method;
        self.readable = Bytes::new();
        if !bearers.is_open(cid) {
            let text = format!("+HTTPACTION: {},{},0", method as u8, HttpFailure::Network.code());
            board.output.unsolicited_after_result(text);
            return Ok(());
        }
        let body = if method == HttpMethod::Post { self.upload.clone() } else { Bytes::new() };
        let request = self.context.request(method, body, self.tls);
        let id = board.operation();
        let timeout = request.timeout;
        self.action = Some(Action { id, cid, timeout, receiving: false, received: 0, total: None });
        board.effect(Effect::Http { id, request });
        board.after(timeout, Timer::HttpServer);
        Ok(())
    }

    /// The request under way has come to its end; `body` is what can be read now.
    fn end(&mut self, status: u16, body: Bytes, board: &mut Board) {
        board.agenda.cancel(Timer::HttpServer);
        self.action = None;
        self.readable = body;
        let text = format!("+HTTPACTION: {},{status},{}", self.method as u8, self.readable.len());
        board.output.unsolicited(&text);
    }

    /// The module itself gives up.
    fn fail(&mut self, board: &mut Board) {
        self.cancel(board);
        self.end(HttpFailure::Network.code(), Bytes::new(), board);
    }

    /// Drops the request under way without a word.
    fn cancel(&mut self, board: &mut Board) {
        if let Some(Action { id, .. }) = self.action.take() {
            board.agenda.cancel(Timer::HttpServer);
            board.effect(Effect::Cancel { id });
        }
    }

    /// `+HTTPSTATUS: <mode>,<status>,<finish>,<remain>` (application note 3.8)
    fn status(&self) -> String {
        let (status, finish, remain) = match &self.action {
            None => (0, 0, 0),
            Some(Action { receiving: false, .. }) if self.method == HttpMethod::Post => {
                (2, 0, self.upload.len() as u64)
            }
            Some(Action { received, total, .. }) => {
                (1, *received, total.map_or(0, |total| total.saturating_sub(*received)))
            }
        };
        format!("+HTTPSTATUS: {},{status},{finish},{remain}", self.method.name())
    }
}

impl Context {
    fn set(&mut self, parameters: &Parameters<'_>) -> Result<(), Refusal> {
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
    fn show(&self) -> String {
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

    fn request(&self, method: HttpMethod, body: Bytes, tls: bool) -> HttpRequest {
        let proxy =
            (!self.proxy_host.is_empty()).then(|| (self.proxy_host.clone(), self.proxy_port.unwrap_or(80)));
        let range = match (u64::from(self.first), u64::from(self.last)) {
            (0, 0) => None,
            (first, last) => Some((first, (last > first).then_some(last))),
        };
        HttpRequest {
            method,
            url: normalized(&self.url, tls),
            user_agent: self.user_agent.clone(),
            proxy,
            redirect: self.redirect,
            range,
            headers: headers(&self.user_data),
            content_type: (!self.content.is_empty()).then(|| self.content.clone()),
            body,
            timeout: Duration::from_secs(self.timeout.into()),
            limit: BUFFER,
            tls,
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
