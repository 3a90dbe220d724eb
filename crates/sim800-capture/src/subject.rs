//! What lines are about.

use sim800_command::Id;

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Subject {
    /// The module's HTTP service.
    Http,
    /// Its FTP service.
    Ftp,
    /// Its file system.
    Files,
    /// TCP and UDP over its sockets, and the context of these.
    Sockets,
    /// The bearer, and the attachment that it needs.
    Bearer,
    /// The module itself: its line, its card, its radio.
    Module,
    /// What the command table does not have.
    Other,
}

impl Subject {
    /// One word in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Ftp => "ftp",
            Self::Files => "files",
            Self::Sockets => "sockets",
            Self::Bearer => "bearer",
            Self::Module => "module",
            Self::Other => "other",
        }
    }

    /// That of a command or a line of this name; a bare `AT` has none.
    pub(crate) fn of(name: Option<&str>) -> Self {
        const NAMES: [(&str, Subject); 13] = [
            ("+HTTP", Subject::Http),
            ("+FTP", Subject::Ftp),
            ("+FS", Subject::Files),
            ("+CIPGSMLOC", Subject::Module),
            ("+CIP", Subject::Sockets),
            ("+CSTT", Subject::Sockets),
            ("+CIICR", Subject::Sockets),
            ("+CIFSR", Subject::Sockets),
            ("+CDNS", Subject::Sockets),
            ("+IPD", Subject::Sockets),
            ("+RECEIVE", Subject::Sockets),
            ("+SAPBR", Subject::Bearer),
            ("+CGATT", Subject::Bearer),
        ];
        let Some(name) = name else { return Self::Module };
        let begins = |start: &str| name.get(..start.len()).is_some_and(|own| own.eq_ignore_ascii_case(start));
        match NAMES.iter().find(|(start, _)| begins(start)) {
            Some((_, subject)) => *subject,
            None if Id::from_name(name).is_some() => Self::Module,
            None => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_subjects() {
        for (name, subject) in [
            (Some("+HTTPSSL"), Subject::Http),
            (Some("+ftpget"), Subject::Ftp),
            (Some("+FSLS"), Subject::Files),
            (Some("+SAPBR"), Subject::Bearer),
            (Some("+CSQ"), Subject::Module),
            (Some("E"), Subject::Module),
            (None, Subject::Module),
            (Some("+CIPSTART"), Subject::Sockets),
            (Some("+CIPGSMLOC"), Subject::Module),
            (Some("+CMGS"), Subject::Other),
        ] {
            assert_eq!(Subject::of(name), subject, "{name:?}");
        }
    }
}
