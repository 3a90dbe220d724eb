//! Requests and responses.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::any::Any;
use core::fmt;

use super::{HeaderMap, HeaderName, HeaderValue, Invalid, Method, StatusCode, Uri};

/// A request.
#[derive(Clone, Debug)]
pub struct Request<T> {
    head: Parts,
    body: T,
}

/// A request without its body.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Parts {
    /// What to do.
    pub method: Method,
    /// What to do it with.
    pub uri: Uri,
    /// What goes along.
    pub headers: HeaderMap,
}

impl Request<()> {
    /// Begins a GET.
    pub fn get(uri: impl TryInto<Uri, Error: Into<Invalid>>) -> Builder {
        Builder::new(Method::GET, uri)
    }

    /// Begins a POST.
    pub fn post(uri: impl TryInto<Uri, Error: Into<Invalid>>) -> Builder {
        Builder::new(Method::POST, uri)
    }

    /// Begins a HEAD.
    pub fn head(uri: impl TryInto<Uri, Error: Into<Invalid>>) -> Builder {
        Builder::new(Method::HEAD, uri)
    }

    /// Begins a DELETE.
    pub fn delete(uri: impl TryInto<Uri, Error: Into<Invalid>>) -> Builder {
        Builder::new(Method::DELETE, uri)
    }
}

impl<T> Request<T> {
    /// The method.
    pub fn method(&self) -> &Method {
        &self.head.method
    }

    /// The URL.
    pub fn uri(&self) -> &Uri {
        &self.head.uri
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The headers, to change them.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.head.headers
    }

    /// The body.
    pub fn body(&self) -> &T {
        &self.body
    }

    /// Head and body, taken apart.
    pub fn into_parts(self) -> (Parts, T) {
        (self.head, self.body)
    }
}

/// A request that is being made.
#[derive(Debug)]
#[must_use]
pub struct Builder(Result<Parts, Invalid>);

impl Builder {
    fn new(method: Method, uri: impl TryInto<Uri, Error: Into<Invalid>>) -> Self {
        let parts = |uri| Parts { method, uri, headers: HeaderMap::new() };
        Self(uri.try_into().map(parts).map_err(Into::into))
    }

    /// The same with a header.
    pub fn header(
        self,
        name: impl TryInto<HeaderName, Error: Into<Invalid>>,
        value: impl TryInto<HeaderValue, Error: Into<Invalid>>,
    ) -> Self {
        Self(self.0.and_then(|mut head| {
            head.headers.append(name.try_into().map_err(Into::into)?, value.try_into().map_err(Into::into)?);
            Ok(head)
        }))
    }

    /// The request, with its body.
    ///
    /// # Errors
    ///
    /// What was wrong with it first.
    pub fn body<T>(self, body: T) -> Result<Request<T>, Invalid> {
        Ok(Request { head: self.0?, body })
    }
}

/// A response.
#[derive(Debug)]
pub struct Response<T> {
    status: StatusCode,
    headers: HeaderMap,
    extensions: Extensions,
    body: T,
}

impl<T> Response<T> {
    /// A response with the status 200 and no headers.
    pub fn new(body: T) -> Self {
        Self { status: StatusCode::OK, headers: HeaderMap::new(), extensions: Extensions::default(), body }
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The status, to change it.
    pub fn status_mut(&mut self) -> &mut StatusCode {
        &mut self.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The headers, to change them.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.headers
    }

    /// What else is known of it.
    pub fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// The same, to change it.
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        &mut self.extensions
    }

    /// The body.
    pub fn body(&self) -> &T {
        &self.body
    }

    /// The body, to read it.
    pub fn body_mut(&mut self) -> &mut T {
        &mut self.body
    }

    /// The body, taken out.
    pub fn into_body(self) -> T {
        self.body
    }

    /// The same with what `change` makes of the body.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Response<U> {
        let Self { status, headers, extensions, body } = self;
        Response { status, headers, extensions, body: change(body) }
    }
}

/// What is known of a response beside what the server sent: at most one value of a type.
#[derive(Default)]
pub struct Extensions(Vec<Box<dyn Any + Send + Sync>>);

impl Extensions {
    /// Puts a value in the place of another of its type.
    pub fn insert<T: Clone + Send + Sync + 'static>(&mut self, value: T) -> Option<T> {
        match self.0.iter_mut().find_map(|known| known.downcast_mut()) {
            Some(known) => Some(core::mem::replace(known, value)),
            None => {
                self.0.push(Box::new(value));
                None
            }
        }
    }

    /// The value of this type.
    #[must_use]
    pub fn get<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.0.iter().find_map(|known| known.downcast_ref())
    }
}

impl fmt::Debug for Extensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Extensions").finish_non_exhaustive()
    }
}
