//! How what is said of a socket looks, which depends on whether there are several.

use super::socket::Socket;
use crate::board::Board;
use crate::settings::Settings;

/// The words of one socket.
pub(super) struct Lines<'a> {
    pub(super) index: u8,
    pub(super) settings: &'a Settings,
}

impl Lines<'_> {
    pub(super) fn has_many(&self) -> bool {
        self.settings.is_on("+CIPMUX")
    }

    /// Whether the DTE reads by `AT+CIPRXGET`.
    pub(super) fn is_manual(&self) -> bool {
        self.settings.is_on("+CIPRXGET")
    }

    pub(super) fn is_transparent(&self) -> bool {
        self.settings.is_on("+CIPMODE") && !self.has_many()
    }

    /// `CLOSED`, or `2, CLOSED`.
    pub(super) fn text(&self, words: &str) -> String {
        if self.has_many() { format!("{}, {words}", self.index) } else { words.to_owned() }
    }

    pub(super) fn say(&self, words: &str, board: &mut Board) {
        board.output.unsolicited(&self.text(words));
    }

    pub(super) fn say_connect_fail(&self, state: &str, board: &mut Board) {
        if !self.has_many() {
            board.output.unsolicited(&format!("STATE: {state}"));
        }
        self.say("CONNECT FAIL", board);
    }

    pub(super) fn say_readable(&self, board: &mut Board) {
        if self.has_many() {
            board.output.unsolicited(&format!("+CIPRXGET: 1,{}", self.index));
        } else {
            board.output.unsolicited("+CIPRXGET: 1");
        }
    }

    /// What stands before octets that are not waited for to be asked for.
    pub(super) fn header(&self, socket: &Socket, count: usize) -> String {
        let shows_sender = self.settings.is_on("+CIPSRIP");
        let sender = socket.remote();
        if self.has_many() {
            let sender = if shows_sender { format!(",{sender}") } else { String::new() };
            return format!("\r\n+RECEIVE,{},{count}{sender}:\r\n", self.index);
        }
        let mut header = if shows_sender { format!("\r\nRECV FROM:{sender}\r\n") } else { String::new() };
        if self.settings.is_on("+CIPHEAD") {
            let transport = if self.settings.is_on("+CIPSHOWTP") {
                format!(",{}", socket.transport_name())
            } else {
                String::new()
            };
            header.push_str(&format!("\r\n+IPD,{count}{transport}:"));
        }
        header
    }
}
