//! `ftp://` by the module's own FTP stack.

use std::rc::Rc;

use futures::stream::{StreamExt, TryStreamExt};
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use sim800_command::FtpCode;
use sim800_session::{Download, Ftp, FtpOptions};

use super::Proxy;
use super::account::Account;
use super::answer::{Answer, answer, empty, refusal_with};
use super::gate::Place;
use super::login::credentials;
use super::stack::certain;
use super::upload::Upload;
use crate::failure::Failure;
use crate::url::{FtpType, FtpUrl};

/// Fetches a file or shows a directory, tells a size, or stores a file.
pub(super) async fn carry_out(
    proxy: &Proxy,
    head: Parts,
    body: Upload,
    account: &Rc<Account>,
) -> Result<Response<Answer>, Failure> {
    account.via.set("ftp");
    let is_put = head.method == Method::PUT;
    if !is_put && ![Method::GET, Method::HEAD].contains(&head.method) {
        let message = format!("over ftp://, the proxy knows GET, HEAD and PUT, and no {}", head.method);
        return Err(Failure::new("unsupported", message));
    }
    let is_directory = !is_put && head.uri.path().ends_with('/');
    let url = url(&head, is_directory)?;
    let place = proxy.ftp_gate.enter().await?;
    let mut how = FtpOptions::default();
    how.ascii = url.kind == Some(FtpType::Ascii);
    let ftp = Ftp::new(proxy.bearer().await?, url.server.clone()).with_options(how);
    let done = match head.method {
        Method::PUT => put(&ftp, &url.path, body, account).await,
        Method::HEAD if is_directory => Ok(answer(Response::new(empty()), false, None, account)),
        Method::HEAD => size(&ftp, &url.path, account).await,
        _ if is_directory => ftp.list(&url.path).await.map_err(Failure::from).map(|listing| {
            let mut response = fetched(listing, place, account);
            let plain = HeaderValue::from_static("text/plain; charset=utf-8");
            response.headers_mut().insert(CONTENT_TYPE, plain);
            response
        }),
        _ => {
            let download = ftp.get(&url.path).await.map_err(Failure::from);
            download.map(|download| fetched(download, place, account))
        }
    };
    done.or_else(|failure| match refused(&failure, is_put) {
        Some(status) => {
            let mut response = refusal_with(failure, status, account);
            if status == StatusCode::UNAUTHORIZED {
                let login = HeaderValue::from_static("Basic realm=\"FTP\"");
                response.headers_mut().insert(WWW_AUTHENTICATE, login);
            }
            Ok(response)
        }
        None => Err(failure),
    })
}

/// The URL of a request, whose login may stand in a header.
fn url(head: &Parts, is_directory: bool) -> Result<FtpUrl, Failure> {
    let text = head.uri.to_string();
    let mut url = match is_directory {
        true => FtpUrl::parse_directory(&text, None)?,
        false => FtpUrl::parse(&text, None)?,
    };
    let login = head.headers.get(AUTHORIZATION).and_then(|value| credentials(value.as_bytes()));
    if let Some(login) = login {
        let bad = || Failure::usage("the login for the FTP server is no NAME:PASSWORD in ASCII");
        let login = String::from_utf8(login).ok().filter(|login| login.is_ascii()).ok_or_else(bad)?;
        let (user, password) = login.split_once(':').ok_or_else(bad)?;
        url.server = url.server.with_credentials(user, password);
    }
    Ok(url)
}

fn fetched(download: Download, place: Place, account: &Rc<Account>) -> Response<Answer> {
    let body = StreamBody::new(certain(download).map(|octets| octets.map(Frame::data)));
    answer(Response::new(body), true, Some(Box::new(place)), account)
}

async fn size(ftp: &Ftp, path: &str, account: &Rc<Account>) -> Result<Response<Answer>, Failure> {
    let size = ftp.size(path).await?;
    let mut response = Response::new(empty());
    response.headers_mut().insert(CONTENT_LENGTH, size.into());
    Ok(answer(response, false, None, account))
}

async fn put(
    ftp: &Ftp,
    path: &str,
    body: Upload,
    account: &Rc<Account>,
) -> Result<Response<Answer>, Failure> {
    let source = body.into_data_stream().into_async_read();
    ftp.put(path, Box::pin(source)).await?;
    let mut response = Response::new(empty());
    *response.status_mut() = StatusCode::CREATED;
    Ok(answer(response, false, None, account))
}

/// The status for what the FTP server refuses.
fn refused(failure: &Failure, is_put: bool) -> Option<StatusCode> {
    let code = failure.code().filter(|_| failure.kind() == "ftp")?;
    match FtpCode(u16::try_from(code).ok()?) {
        FtpCode::USER | FtpCode::PASSWORD => Some(StatusCode::UNAUTHORIZED),
        code if code.0 < FtpCode::NOT_ALLOWED.0 => None,
        _ if is_put => Some(StatusCode::FORBIDDEN),
        _ => Some(StatusCode::NOT_FOUND),
    }
}
