//! A module that a script or the shell keeps connected: one start-up and one bearer for all of its commands.

use std::cell::RefCell;
use std::rc::Rc;

use futures::FutureExt;
use futures::stream::StreamExt;
use sim800_command::BearerState;
use sim800_https::Https;
use sim800_session::{Bearer, Client, Notice, Notices};

/// A module that is connected; clones share what is known of it.
#[derive(Clone)]
pub(crate) struct Held {
    pub(crate) client: Client,
    state: Rc<RefCell<State>>,
}

struct State {
    /// Tells of restarts.
    notices: Notices,
    is_ready: bool,
    bearer: Option<Bearer>,
    /// What goes over sockets, and whether it trusts anybody.
    https: Option<(bool, Https)>,
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Held").finish_non_exhaustive()
    }
}

impl Held {
    pub(crate) fn new(client: &Client) -> Self {
        let state =
            State { notices: client.subscribe(|_| false), is_ready: false, bearer: None, https: None };
        Self { client: client.clone(), state: Rc::new(RefCell::new(state)) }
    }

    /// Whether the module was started up by an earlier command, and nothing has come since that casts doubt on it.
    pub(crate) fn is_ready(&self) -> bool {
        let mut state = self.state.borrow_mut();
        while let Some(notice) = state.notices.next().now_or_never() {
            match notice {
                Some(Notice::Restarted(_)) => state.forget(),
                Some(_) => {}
                // The line is gone.
                None => {
                    state.forget();
                    break;
                }
            }
        }
        state.is_ready
    }

    pub(crate) fn set_ready(&self) {
        let mut state = self.state.borrow_mut();
        // Restarts on the way were waited for.
        state.notices = self.client.subscribe(|_| false);
        state.is_ready = true;
    }

    /// Has the next command start the module up anew: somebody has told it things that nobody here understands.
    pub(crate) fn forget(&self) {
        self.state.borrow_mut().forget();
    }

    /// The bearer that an earlier command has opened, if it is still open.
    pub(crate) async fn bearer(&self) -> Option<Bearer> {
        if !self.is_ready() {
            return None;
        }
        let bearer = self.state.borrow().bearer.clone()?;
        let is_open = bearer.query().await.is_ok_and(|status| status.state == BearerState::Connected);
        is_open.then_some(bearer)
    }

    pub(crate) fn keep(&self, bearer: &Bearer) {
        self.state.borrow_mut().bearer = Some(bearer.clone());
    }

    /// What an earlier command has asked servers by, if it trusted the same.
    pub(crate) fn https(&self, is_insecure: bool) -> Option<Https> {
        let state = self.state.borrow();
        state.https.as_ref().filter(|(trusts, _)| *trusts == is_insecure).map(|(_, https)| https.clone())
    }

    pub(crate) fn keep_https(&self, is_insecure: bool, https: &Https) {
        self.state.borrow_mut().https = Some((is_insecure, https.clone()));
    }
}

impl State {
    fn forget(&mut self) {
        self.is_ready = false;
        self.bearer = None;
    }
}
