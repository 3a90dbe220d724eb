//! The table as text: `COMMANDS.md` and the dictionary of the fuzz targets.
//!
//! Both files are committed: `cargo xtask render` writes them, and a test fails when they are stale.

use core::fmt;

use crate::{Domain, Form, Id, Information, ParameterSpec, SPECS, Spec};

/// Displays as the text of `COMMANDS.md`.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a text to be displayed, nothing else")]
pub struct CommandsTable;

/// Displays as what `COMMANDS.md` has to say about one command: a heading, then every form of it.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a text to be displayed, nothing else")]
pub struct Documentation(
    /// The command.
    pub Id,
);

/// Displays as the text of `fuzz/dictionaries/at.dict`, in the format of libFuzzer: what command lines and information
/// text are made of.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a text to be displayed, nothing else")]
pub struct Dictionary;

impl fmt::Display for CommandsTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "# Commands\n\n\
             Rendered by `cargo xtask render` from the table in `crates/sim800-command`: edit that, not this.\n\
             Numbers are sections of the SIM800 Series AT Command Manual V1.12.\n\n\
             | command | what it does | described in |\n|---|---|---|\n",
        )?;
        for spec in SPECS.iter().filter(|spec| spec.form != Form::Test) {
            writeln!(f, "| `{spec}` | {} | {} |", Sentence(spec.doc), spec.section)?;
        }
        for id in Id::ALL {
            write!(f, "\n{}", Documentation(*id))?;
        }
        Ok(())
    }
}

impl fmt::Display for Documentation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "## AT{}", self.0.name())?;
        for spec in SPECS.iter().filter(|spec| spec.id == Some(self.0)) {
            write!(f, "\n`{spec}`\n\n{}", Lines { text: spec.doc, indent: 0 })?;
            let parameters = || spec.parameters.iter().filter(|given| given.domain != Domain::Literal);
            if parameters().next().is_some() {
                writeln!(f)?;
            }
            for given in parameters() {
                fmt_parameter(f, given)?;
            }
            fmt_response(f, spec)?;
        }
        Ok(())
    }
}

/// What the module says, beside the result code.
fn fmt_response(f: &mut fmt::Formatter<'_>, spec: &Spec) -> fmt::Result {
    if !spec.data.is_empty() {
        writeln!(f, "\nData phase: `{}`", spec.data)?;
    }
    if spec.response != <() as Information<'_>>::SHAPE {
        writeln!(f, "\nResponse: `{}`", spec.response)?;
        if !spec.values.is_empty() {
            writeln!(f)?;
        }
        for (name, meaning) in spec.values {
            writeln!(f, "* `<{name}>`: {meaning}.")?;
        }
        if !spec.example.is_empty() {
            let name = if spec.example.starts_with(':') { spec.name } else { "" };
            writeln!(f, "\nExample: `{name}{}`", spec.example)?;
        }
    }
    if !spec.unsolicited.is_empty() {
        writeln!(f, "\nThen, unsolicited: `{}`", spec.unsolicited)?;
    }
    Ok(())
}

/// The list item, or items, of a parameter.
fn fmt_parameter(f: &mut fmt::Formatter<'_>, given: &ParameterSpec) -> fmt::Result {
    match given.domain {
        Domain::Group(members) => {
            let optional = if given.optional { " (may be left out with the others)" } else { "" };
            for member in members {
                write!(f, "* `<{}>`{optional}: ", member.name)?;
                fmt_values(f, member.domain, member.doc, 2)?;
            }
            Ok(())
        }
        domain => {
            let optional = if given.optional { " (may be left out)" } else { "" };
            let name = if matches!(domain, Domain::Tagged(_)) { "tag>,<value" } else { given.name };
            write!(f, "* `<{name}>`{optional}: ")?;
            fmt_values(f, domain, given.doc, 2)
        }
    }
}

/// What a value means and what may stand there, `indent` being that of the list item it belongs to.
fn fmt_values(f: &mut fmt::Formatter<'_>, domain: Domain, doc: &'static str, indent: usize) -> fmt::Result {
    match domain {
        Domain::Number { min, max } => write!(f, "{min} to {max}. ")?,
        Domain::Text { max, secret: false } => write!(f, "string of at most {max} octets. ")?,
        Domain::Text { max, secret: true } => write!(f, "secret string of at most {max} octets. ")?,
        Domain::Path { max } => write!(f, "path without quotes of at most {max} octets. ")?,
        Domain::Headers => {
            write!(f, "string of lines `name: value` with `\\r\\n`, written out, between them. ")?
        }
        Domain::Literal | Domain::Choice(_) | Domain::Tagged(_) | Domain::Group(_) => {}
    }
    write!(f, "{}", Lines { text: doc, indent })?;
    match domain {
        Domain::Choice(words) => {
            for word in words {
                write!(
                    f,
                    "{:indent$}* `{}`: {}",
                    "",
                    word.word,
                    Lines { text: word.doc, indent: indent + 2 }
                )?;
            }
        }
        Domain::Tagged(tags) => {
            for tag in tags {
                write!(f, "{:indent$}* `\"{}\"`: ", "", tag.tag)?;
                fmt_values(f, tag.domain, tag.doc, indent + 2)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// The first sentence of a documentation, on one line and without its full stop.
struct Sentence(&'static str);

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self.0.find(". ").or_else(|| self.0.find(".\n")).unwrap_or(self.0.len());
        for (index, line) in self.0.get(..end).unwrap_or_default().lines().enumerate() {
            let blank = if index == 0 { "" } else { " " };
            write!(f, "{blank}{}", line.trim())?;
        }
        Ok(())
    }
}

/// The lines of a documentation, without the blank that each begins with.
struct Lines {
    text: &'static str,
    /// Of every line but the first.
    indent: usize,
}

impl fmt::Display for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, line) in self.text.lines().enumerate() {
            let indent = if index == 0 { 0 } else { self.indent };
            writeln!(f, "{:indent$}{}", "", line.trim())?;
        }
        Ok(())
    }
}

impl fmt::Display for Dictionary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# Rendered by `cargo xtask render` from the table in crates/sim800-command.")?;
        for id in Id::ALL {
            entry(f, format_args!("AT{}", id.name()))?;
            if id.name().starts_with('+') {
                entry(f, format_args!("\r\n{}: ", id.name()))?;
            }
        }
        for parameter in SPECS.iter().flat_map(|spec| spec.parameters) {
            fmt_words(f, parameter.domain)?;
        }
        ["\r\nOK\r\n", "\r\nERROR\r\n", "\r\n+CME ERROR: ", "\r\nDOWNLOAD\r\n", "\r\n> ", "=?\r", "C:\\"]
            .iter()
            .try_for_each(|text| entry(f, format_args!("{text}")))
    }
}

/// The words and tags that may stand at the place of a parameter. The same one may come again under another command,
/// which a dictionary allows.
fn fmt_words(f: &mut fmt::Formatter<'_>, domain: Domain) -> fmt::Result {
    match domain {
        // One digit is no help.
        Domain::Choice(words) => words
            .iter()
            .filter(|word| word.word.len() > 1)
            .try_for_each(|word| entry(f, format_args!("{}", word.word))),
        Domain::Tagged(tags) => tags.iter().try_for_each(|tag| {
            entry(f, format_args!("\"{}\",", tag.tag))?;
            fmt_words(f, tag.domain)
        }),
        _ => Ok(()),
    }
}

/// One line of the dictionary: the text in quotes, with quotes, backslashes and control octets escaped.
fn entry(f: &mut fmt::Formatter<'_>, text: fmt::Arguments<'_>) -> fmt::Result {
    struct Escaped<'f, 'g>(&'f mut fmt::Formatter<'g>);

    impl fmt::Write for Escaped<'_, '_> {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            text.bytes().try_for_each(|octet| match octet {
                b'"' | b'\\' => write!(self.0, "\\{}", char::from(octet)),
                b' '..=b'~' => write!(self.0, "{}", char::from(octet)),
                _ => write!(self.0, "\\x{octet:02X}"),
            })
        }
    }

    f.write_str("\"")?;
    fmt::Write::write_fmt(&mut Escaped(f), text)?;
    f.write_str("\"\n")
}
