//! The HTTP service (application note 3.2 to 3.8, manual chapter 11).

mod context;

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use sim800_command::Form;

use self::context::{Context, Tls};
use crate::agenda::Timer;
use crate::bearer::Bearers;
use crate::board::{Board, Outcome, Sink, Step};
use crate::config::DataExpiry;
use crate::effect::{Effect, HttpMethod, OperationId};
use crate::network::{HttpFailure, NetworkEvent};
use crate::refusal::{Cme, Refusal};
use crate::ssl::{self, Ssl};
use crate::syntax::Command;

/// The module's buffer: 312 KiB (manual 11.2.4).
const BUFFER: usize = 319_488;

/// The most octets of a header block that are kept.
const LONGEST_HEAD: usize = 16_384;

/// The service between `AT+HTTPINIT` and `AT+HTTPTERM`, or none.
#[derive(Default)]
pub(crate) struct Http {
    service: Option<Service>,
    /// What `AT+HTTPSCONT` has saved; survives a restart.
    saved: Option<Context>,
}

struct Service {
    context: Context,
    tls: bool,
    /// What `AT+HTTPDATA` brought, for the next POST.
    upload: Bytes,
    /// What `AT+HTTPREAD` reads: the last response, or what `AT+HTTPDATA` brought after it.
    body: Bytes,
    /// The header block of the last response.
    head: Bytes,
    /// Whether `AT+HTTPREAD` reads the header block before the body.
    reads_head: bool,
    /// The last method, which `AT+HTTPSTATUS?` tells.
    method: HttpMethod,
    action: Option<Action>,
}

/// A request under way.
struct Action {
    id: OperationId,
    cid: u8,
    timeout: Duration,
    progress: Progress,
}

/// How far a request has come.
#[derive(Clone, Copy)]
enum Progress {
    /// So many octets of its body have left.
    Sending(u64),
    /// So many octets of the answer have arrived, of a total that may be known.
    Receiving(u64, Option<u64>),
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
            Form::Execution => self.service = Some(Service::new(self.saved.clone().unwrap_or_default())),
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
        ssl::require(board)?;
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
                service.forget();
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
        service.body = octets.clone();
        service.upload = octets;
        Ok(())
    }

    /// `AT+HTTPACTION`
    pub(crate) fn action(
        &mut self,
        command: &Command,
        bearers: &Bearers,
        ssl: &Ssl,
        board: &mut Board,
    ) -> Outcome {
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
                let tls = Tls { on: service.tls, checks_certificate: ssl.checks_certificate() };
                service.begin(method, tls, bearers, board)?;
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
        let readable = service.readable();
        let end = readable.len().min(start.saturating_add(board.readable(size)));
        // Nothing to read is a bare `OK`, and so is a request under way (field log).
        if service.action.is_none() && start < end {
            let octets = readable.slice(start..end);
            board.output.payload("+HTTPREAD: ", octets, size);
        }
        Ok(Step::Done)
    }

    /// `AT+HTTPHEAD`: the header block of the last response. Nothing to read is as with `AT+HTTPREAD`.
    pub(crate) fn head(&mut self, command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => {}
            Form::Execution => {
                let service = self.service()?;
                if service.action.is_none() && !service.head.is_empty() {
                    let head = service.head.clone();
                    board.output.payload("+HTTPHEAD: ", head, BUFFER);
                }
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// `AT+HTTPGETHEAD`
    pub(crate) fn get_head(&mut self, command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => board.output.information("+HTTPGETHEAD: (0-1)"),
            Form::Read => {
                let text = format!("+HTTPGETHEAD: {}", u8::from(self.service()?.reads_head));
                board.output.information(&text);
            }
            Form::Write => {
                let parameters = command.parameters();
                parameters.expect(1..=1)?;
                self.idle_service()?.reads_head = parameters.number(0, 0..=1_u8)? == 1;
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// `AT+HTTPSCONT`
    pub(crate) fn context(&mut self, command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => {}
            Form::Execution => {
                let context = self.service()?.context.clone();
                self.saved = Some(context);
            }
            Form::Read => {
                let saved = self.saved.clone();
                let context = &self.service()?.context;
                let text = context.show_saved(saved.as_ref() == Some(context));
                board.output.information(&text);
            }
            _ => return Err(Refusal::Unknown),
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
            NetworkEvent::HttpSent { sent } => {
                if matches!(action.progress, Progress::Sending(_)) {
                    action.progress = Progress::Sending(sent);
                }
                board.after(action.timeout, Timer::HttpServer);
            }
            NetworkEvent::HttpProgress { received, total } => {
                action.progress = Progress::Receiving(received, total);
                board.after(action.timeout, Timer::HttpServer);
            }
            // What is too long for the buffer should have been refused before it came.
            NetworkEvent::HttpDone { body, .. } if body.len() > BUFFER => {
                service.end(HttpFailure::TooLarge.code(), Bytes::new(), board);
            }
            NetworkEvent::HttpDone { status, head, body } => {
                let head = head.slice(..head.len().min(LONGEST_HEAD));
                service.head = if board.config.lower_header_names { lower_names(&head) } else { head };
                let body = if service.method == HttpMethod::Head { Bytes::new() } else { body };
                let status = if status == 206 && !board.config.partial_content { 200 } else { status };
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

/// A header block with the names before the colons in lower case.
fn lower_names(head: &[u8]) -> Bytes {
    let mut names = head.to_vec();
    for line in names.split_mut(|octet| *octet == b'\n').skip(1) {
        if let Some(name) = line.split_mut(|octet| *octet == b':').next() {
            name.make_ascii_lowercase();
        }
    }
    names.into()
}

impl Service {
    fn new(context: Context) -> Self {
        Self {
            context,
            tls: false,
            upload: Bytes::new(),
            body: Bytes::new(),
            head: Bytes::new(),
            reads_head: false,
            method: HttpMethod::Get,
            action: None,
        }
    }

    /// What `AT+HTTPREAD` reads.
    fn readable(&self) -> Bytes {
        if !self.reads_head || self.head.is_empty() {
            return self.body.clone();
        }
        let mut readable = BytesMut::with_capacity(self.head.len() + self.body.len());
        readable.extend_from_slice(&self.head);
        readable.extend_from_slice(&self.body);
        readable.freeze()
    }

    /// Nothing is there to be read.
    fn forget(&mut self) {
        self.head = Bytes::new();
        self.body = Bytes::new();
    }

    fn begin(
        &mut self,
        method: HttpMethod,
        tls: Tls,
        bearers: &Bearers,
        board: &mut Board,
    ) -> Result<(), Refusal> {
        let Some(cid) = self.context.cid.filter(|_| !self.context.url.is_empty()) else {
            return Err(Cme::NotAllowed.into());
        };
        self.method = method;
        self.forget();
        if !bearers.is_open(cid) {
            let text = format!("+HTTPACTION: {},{},0", method as u8, HttpFailure::Network.code());
            board.output.unsolicited_after_result(text);
            return Ok(());
        }
        let body = if method == HttpMethod::Post { self.upload.clone() } else { Bytes::new() };
        let request = self.context.request(method, body, tls);
        let id = board.operation();
        let timeout = request.timeout;
        self.action = Some(Action { id, cid, timeout, progress: Progress::Sending(0) });
        board.effect(Effect::Http { id, request });
        board.after(timeout, Timer::HttpServer);
        Ok(())
    }

    /// The request under way has come to its end; `body` is what came of it.
    fn end(&mut self, status: u16, body: Bytes, board: &mut Board) {
        board.agenda.cancel(Timer::HttpServer);
        self.action = None;
        self.body = body;
        let text = format!("+HTTPACTION: {},{status},{}", self.method as u8, self.readable().len());
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
        let (status, finish, remain) = match self.action.as_ref().map(|action| action.progress) {
            None => (0, 0, 0),
            Some(Progress::Sending(sent)) if self.method == HttpMethod::Post => {
                (2, sent, (self.upload.len() as u64).saturating_sub(sent))
            }
            Some(Progress::Sending(_)) => (1, 0, 0),
            Some(Progress::Receiving(received, total)) => {
                (1, received, total.map_or(0, |total| total.saturating_sub(received)))
            }
        };
        format!("+HTTPSTATUS: {},{status},{finish},{remain}", self.method.name())
    }
}
