//! The table: every form of every command, and how a command line is looked up in it.

use crate::{
    Form, Prepared, Spec, Values, bearer, fs, ftp, ftp_storage, general, http, location, network, ssl, tcp,
};

const TABLES: &[&[&Spec]] = &[
    general::SPECS,
    network::SPECS,
    tcp::SPECS,
    bearer::SPECS,
    location::SPECS,
    http::SPECS,
    ftp::SPECS,
    ftp_storage::SPECS,
    ssl::SPECS,
    fs::SPECS,
];

/// Every form of every command, grouped by command.
pub static SPECS: &[&Spec] = &concat::<{ count(TABLES) }>(TABLES);

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn count(tables: &[&[&Spec]]) -> usize {
    let mut count = 0;
    let mut table = 0;
    while table < tables.len() {
        count += tables[table].len();
        table += 1;
    }
    count
}

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn concat<const N: usize>(tables: &[&[&'static Spec]]) -> [&'static Spec; N] {
    let mut rows = [tables[0][0]; N];
    let mut count = 0;
    let mut table = 0;
    while table < tables.len() {
        let mut row = 0;
        while row < tables[table].len() {
            rows[count] = tables[table][row];
            count += 1;
            row += 1;
        }
        table += 1;
    }
    rows
}

impl Prepared {
    /// Reads a command line, with or without the carriage return at its end; `None` if the table does not have it.
    ///
    /// The octets to send are then the canonical ones: `at+csq` becomes `AT+CSQ`.
    ///
    /// ```
    /// use sim800_command::{Id, Prepared};
    ///
    /// let prepared = Prepared::parse(b"at+ftpget=2, 1024").expect("the table has it");
    /// assert_eq!(prepared.spec.id, Some(Id::FtpGet));
    /// assert_eq!(prepared.line.as_bytes(), b"AT+FTPGET=2,1024\r");
    /// assert!(Prepared::parse(b"AT+FTPGET=2,5000").is_none(), "more than a read may ask for");
    /// ```
    #[must_use]
    pub fn parse(line: &[u8]) -> Option<Self> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let (prefix, line) = line.split_at_checked(2)?;
        if !prefix.eq_ignore_ascii_case(b"AT") {
            return None;
        }
        let end = match line {
            [] => 0,
            [b'+', ..] => line.iter().position(|octet| b"=?".contains(octet)).unwrap_or(line.len()),
            [_letter, ..] => 1,
        };
        let (name, rest) = line.split_at(end);
        let (form, values) = match rest {
            _ if line.first().is_some_and(u8::is_ascii_alphabetic) => (Form::Basic, rest),
            [] => (Form::Execution, rest),
            b"?" => (Form::Read, &[][..]),
            b"=?" => (Form::Test, &[][..]),
            [b'=', values @ ..] => (Form::Write, values),
            _ => return None,
        };
        let mut prepared = Self::empty(SPECS.first()?);
        SPECS
            .iter()
            .filter(|spec| spec.form == form && spec.name.as_bytes().eq_ignore_ascii_case(name))
            .find_map(|spec| (spec.prepare)(Values::new(values), &mut prepared))?;
        Some(prepared)
    }
}
