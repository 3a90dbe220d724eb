//! Final result codes and the numbers that `+CME ERROR` carries.

use core::fmt;

use crate::{Line, Value};

/// The line that ends a response (V.250 section 5.7, manual 2.2.25 and 18.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FinalResultCode {
    /// `OK`
    Ok,
    /// `ERROR`
    Error,
    /// `+CME ERROR: <err>`
    Cme(CmeError),
    /// `+CMS ERROR: <err>`
    Cms(CmsError),
    /// `NO CARRIER`
    NoCarrier,
    /// `NO DIALTONE`, also written `NO DIAL TONE`
    NoDialtone,
    /// `BUSY`
    Busy,
    /// `NO ANSWER`
    NoAnswer,
    /// `CONNECT`, with or without a text
    Connect,
}

impl FinalResultCode {
    /// The code that `line` is, if it is one.
    #[must_use]
    pub fn from_line(line: Line<'_>) -> Option<Self> {
        match line.text() {
            b"OK" => Some(Self::Ok),
            b"ERROR" => Some(Self::Error),
            text @ [b'+', b'C', b'M', ..] => {
                if let Some(error) = text.strip_prefix(b"+CME ERROR:") {
                    return Some(Self::Cme(CmeError::from_text(error.trim_ascii())));
                }
                let error = text.strip_prefix(b"+CMS ERROR:")?;
                Some(Self::Cms(CmsError::from_text(error)))
            }
            [b'+', ..] => None,
            text => match text.strip_prefix(b"CONNECT ") {
                // They belong to the TCP command set and are unsolicited.
                Some(b"OK" | b"FAIL") => None,
                Some(_) => Some(Self::Connect),
                None => OF_CONNECTION.iter().find(|(word, _)| text == *word).map(|(_, code)| *code),
            },
        }
    }

    /// Whether it tells of a connection, and so ends only commands that make one.
    #[must_use]
    pub const fn is_of_connection(self) -> bool {
        matches!(self, Self::NoCarrier | Self::NoDialtone | Self::Busy | Self::NoAnswer | Self::Connect)
    }
}

/// What tells of a connection.
const OF_CONNECTION: &[(&[u8], FinalResultCode)] = &[
    (b"NO CARRIER", FinalResultCode::NoCarrier),
    (b"NO DIALTONE", FinalResultCode::NoDialtone),
    (b"NO DIAL TONE", FinalResultCode::NoDialtone),
    (b"BUSY", FinalResultCode::Busy),
    (b"NO ANSWER", FinalResultCode::NoAnswer),
    (b"CONNECT", FinalResultCode::Connect),
];

impl fmt::Display for FinalResultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok => f.write_str("OK"),
            Self::Error => f.write_str("ERROR"),
            Self::Cme(error) => write!(f, "+CME ERROR: {error}"),
            Self::Cms(error) => write!(f, "+CMS ERROR: {error}"),
            Self::NoCarrier => f.write_str("NO CARRIER"),
            Self::NoDialtone => f.write_str("NO DIALTONE"),
            Self::Busy => f.write_str("BUSY"),
            Self::NoAnswer => f.write_str("NO ANSWER"),
            Self::Connect => f.write_str("CONNECT"),
        }
    }
}

/// The error of `+CME ERROR` (manual 18.1). Its verbose form is taken back to the number.
///
/// The numbers 600–614 are not those that `+HTTPACTION` reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CmeError {
    code: Option<u16>,
}

impl CmeError {
    /// Operation not allowed: the answer to a command in the wrong state.
    pub const NOT_ALLOWED: Self = Self::from_code(3);
    /// Operation not supported.
    pub const NOT_SUPPORTED: Self = Self::from_code(4);
    /// No SIM card.
    pub const SIM_NOT_INSERTED: Self = Self::from_code(10);
    /// The SIM card asks for its PIN.
    pub const SIM_PIN_REQUIRED: Self = Self::from_code(11);
    /// The SIM card asks for its PUK.
    pub const SIM_PUK_REQUIRED: Self = Self::from_code(12);
    /// The SIM card does not work.
    pub const SIM_FAILURE: Self = Self::from_code(13);
    /// The SIM card is not ready yet.
    pub const SIM_BUSY: Self = Self::from_code(14);
    /// No network service.
    pub const NO_NETWORK_SERVICE: Self = Self::from_code(30);
    /// Unknown error: the answer of firmware that lacks a command.
    pub const UNKNOWN: Self = Self::from_code(100);

    /// The error of this number.
    #[must_use]
    pub const fn from_code(code: u16) -> Self {
        Self { code: Some(code) }
    }

    fn from_text(text: &[u8]) -> Self {
        let code = match Line::new(text).values().next() {
            Some(Value::Number(code)) => u16::try_from(code).ok(),
            _ => CME_ERRORS
                .iter()
                .find(|(_, description)| text.eq_ignore_ascii_case(description.as_bytes()))
                .map(|(code, _)| *code),
        };
        Self { code }
    }

    /// The number; `None` for a verbose text that the manual does not list.
    #[must_use]
    pub const fn code(self) -> Option<u16> {
        self.code
    }

    /// The manual's wording in lower case, if it has one.
    #[must_use]
    pub fn description(self) -> Option<&'static str> {
        let code = self.code?;
        let place = CME_ERRORS.binary_search_by_key(&code, |(code, _)| *code).ok()?;
        CME_ERRORS.get(place).map(|(_, description)| *description)
    }
}

/// Number and wording, as far as they are known.
impl fmt::Display for CmeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code, self.description()) {
            (Some(code), Some(description)) => write!(f, "{code} ({description})"),
            (Some(code), None) => write!(f, "{code}"),
            (None, _) => f.write_str("unlisted text"),
        }
    }
}

/// The error of `+CMS ERROR` (manual 18.2): short message service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CmsError {
    code: Option<u16>,
}

impl CmsError {
    /// The error of this number.
    #[must_use]
    pub const fn from_code(code: u16) -> Self {
        Self { code: Some(code) }
    }

    fn from_text(text: &[u8]) -> Self {
        let code = Line::new(text).values().next().and_then(Value::number);
        Self { code: code.and_then(|code| u16::try_from(code).ok()) }
    }

    /// The number; `None` for the verbose form.
    #[must_use]
    pub const fn code(self) -> Option<u16> {
        self.code
    }
}

impl fmt::Display for CmsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "{code}"),
            None => f.write_str("unlisted text"),
        }
    }
}

/// Manual 18.1, in order of the numbers.
const CME_ERRORS: &[(u16, &str)] = &[
    (0, "phone failure"),
    (1, "no connection to phone"),
    (2, "phone-adaptor link reserved"),
    (3, "operation not allowed"),
    (4, "operation not supported"),
    (5, "PH-SIM PIN required"),
    (6, "PH-FSIM PIN required"),
    (7, "PH-FSIM PUK required"),
    (10, "SIM not inserted"),
    (11, "SIM PIN required"),
    (12, "SIM PUK required"),
    (13, "SIM failure"),
    (14, "SIM busy"),
    (15, "SIM wrong"),
    (16, "incorrect password"),
    (17, "SIM PIN2 required"),
    (18, "SIM PUK2 required"),
    (20, "memory full"),
    (21, "invalid index"),
    (22, "not found"),
    (23, "memory failure"),
    (24, "text string too long"),
    (25, "invalid characters in text string"),
    (26, "dial string too long"),
    (27, "invalid characters in dial string"),
    (30, "no network service"),
    (31, "network timeout"),
    (32, "network not allowed - emergency call only"),
    (40, "network personalisation PIN required"),
    (41, "network personalisation PUK required"),
    (42, "network subset personalisation PIN required"),
    (43, "network subset personalisation PUK required"),
    (44, "service provider personalisation PIN required"),
    (45, "service provider personalisation PUK required"),
    (46, "corporate personalisation PIN required"),
    (47, "corporate personalisation PUK required"),
    (99, "resource limitation"),
    (100, "unknown"),
    (103, "illegal MS"),
    (106, "illegal ME"),
    (107, "GPRS services not allowed"),
    (111, "PLMN not allowed"),
    (112, "location area not allowed"),
    (113, "roaming not allowed in this location area"),
    (132, "service option not supported"),
    (133, "requested service option not subscribed"),
    (134, "service option temporarily out of order"),
    (148, "unspecified GPRS error"),
    (149, "PDP authentication failure"),
    (150, "invalid mobile class"),
    (160, "DNS resolve failed"),
    (161, "socket open failed"),
    (171, "MMS task is busy now"),
    (173, "MMS task overtime"),
    (177, "MMS connection failed"),
    (180, "gprs not attached"),
    (181, "tcpip stack is busy"),
    (193, "MMS unknown error"),
    (600, "no error"),
    (601, "unrecognized command"),
    (602, "return value error"),
    (603, "syntax error"),
    (604, "unspecified error"),
    (605, "data transfer already"),
    (606, "action already"),
    (607, "not AT cmd"),
    (608, "multi cmd too long"),
    (609, "abort COPS"),
    (610, "no call disc"),
    (611, "BT SAP undefined"),
    (612, "not accessible"),
    (613, "card removed"),
    (614, "AT not allowed by customer"),
    (753, "missing required cmd parameter"),
    (754, "invalid SIM command"),
    (755, "invalid file id"),
    (756, "missing required P1/2/3 parameter"),
    (757, "invalid P1/2/3 parameter"),
    (758, "missing required command data"),
    (759, "invalid characters in command data"),
    (765, "invalid input value"),
    (766, "unsupported mode"),
    (767, "operation failed"),
    (768, "mux already running"),
    (769, "unable to get control"),
    (770, "SIM network reject"),
    (771, "call setup in progress"),
    (772, "SIM powered down"),
    (773, "SIM file not present"),
    (791, "param count not enough"),
    (792, "param count beyond"),
    (793, "param value range beyond"),
    (794, "param type not match"),
    (795, "param format invalid"),
    (796, "get a null param"),
    (797, "CFUN state is 0 or 4"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Option<FinalResultCode> {
        FinalResultCode::from_line(Line::new(text.as_bytes()))
    }

    #[test]
    fn numeric_and_verbose_errors_are_the_same() {
        let not_allowed = Some(FinalResultCode::Cme(CmeError::NOT_ALLOWED));
        assert_eq!(code("+CME ERROR: 3"), not_allowed);
        assert_eq!(code("+CME ERROR:3"), not_allowed);
        assert_eq!(code("+CME ERROR: operation not allowed"), not_allowed);
        assert_eq!(code("+CME ERROR: Operation not allowed"), not_allowed);
        assert_eq!(CmeError::NOT_ALLOWED.description(), Some("operation not allowed"));
    }

    #[test]
    fn what_is_not_listed_is_still_final() {
        let Some(FinalResultCode::Cme(error)) = code("+CME ERROR: the dog ate it") else {
            panic!("not final")
        };
        assert_eq!(error.code(), None);
        let Some(FinalResultCode::Cme(error)) = code("+CME ERROR: 65536") else { panic!("not final") };
        assert_eq!(error.code(), None);
        let Some(FinalResultCode::Cme(error)) = code("+CME ERROR: 999") else { panic!("not final") };
        assert_eq!((error.code(), error.description()), (Some(999), None));
        assert_eq!(code("+CMS ERROR: 500"), Some(FinalResultCode::Cms(CmsError::from_code(500))));
    }

    #[test]
    fn codes_are_shown_as_they_are_read() {
        extern crate std;
        use std::string::ToString;

        for (text, shown) in [
            ("OK", "OK"),
            ("ERROR", "ERROR"),
            ("NO CARRIER", "NO CARRIER"),
            ("NO DIALTONE", "NO DIALTONE"),
            ("NO DIAL TONE", "NO DIALTONE"),
            ("BUSY", "BUSY"),
            ("NO ANSWER", "NO ANSWER"),
            ("CONNECT", "CONNECT"),
            ("CONNECT 9600", "CONNECT"),
            ("+CME ERROR: 10", "+CME ERROR: 10 (SIM not inserted)"),
            ("+CME ERROR: 999", "+CME ERROR: 999"),
            ("+CME ERROR: the dog ate it", "+CME ERROR: unlisted text"),
            ("+CMS ERROR: 500", "+CMS ERROR: 500"),
            ("+CMS ERROR: no memory", "+CMS ERROR: unlisted text"),
        ] {
            let code = code(text);
            assert_eq!(code.map(|code| code.to_string()).as_deref(), Some(shown));
            let of_connection = !text.ends_with("OK") && !text.contains("ERROR");
            assert_eq!(code.map(FinalResultCode::is_of_connection), Some(of_connection), "{text}");
        }
        assert_eq!(CmsError::from_code(500).code(), Some(500));
    }

    #[test]
    fn connection() {
        assert_eq!(code("NO DIAL TONE"), Some(FinalResultCode::NoDialtone));
        assert_eq!(code("CONNECT 9600"), Some(FinalResultCode::Connect));
        assert_eq!(code("CONNECT OK"), None);
        assert_eq!(code("OKAY"), None);
        assert_eq!(code("+CMTI: \"SM\",1"), None);
    }

    #[test]
    fn the_table_is_in_order() {
        assert!(CME_ERRORS.is_sorted_by(|(a, _), (b, _)| a < b));
    }
}
