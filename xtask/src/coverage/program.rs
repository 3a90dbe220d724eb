//! The program's command line, as its definition for clap says: an enum per level of commands, a struct for options.

/// Whether `definition` has a command such as `ftp get --to-fs`.
pub(super) fn has_command(definition: &str, command: &str) -> bool {
    let (options, names): (Vec<&str>, Vec<&str>) =
        command.split(' ').partition(|word| word.starts_with("--"));
    let mut body = block(definition, "enum Command {");
    for name in names {
        let Some(found) = body.and_then(|body| variant(body, name)) else { return false };
        body = Some(match found {
            Variant::Own(body) => body,
            Variant::Type(name) => {
                let kind = ["enum", "struct"].map(|kind| block(definition, &format!("{kind} {name} {{")));
                kind.into_iter().flatten().next().unwrap_or_default()
            }
        });
    }
    options.iter().all(|option| body.is_some_and(|body| has_option(definition, body, &field(option))))
}

/// What a command is made of.
enum Variant<'d> {
    /// Fields of its own, or none.
    Own(&'d str),
    /// Another definition.
    Type(&'d str),
}

/// The command called `name` among those of an enum.
fn variant<'d>(body: &'d str, name: &str) -> Option<Variant<'d>> {
    let mut letters = name.chars();
    let first = letters.next()?.to_ascii_uppercase();
    let wanted = format!("{first}{}", letters.as_str());
    for (at, _) in body.match_indices(&wanted) {
        let is_at_start = body[..at].ends_with("    ") && !body[..at].ends_with("        ");
        let rest = &body[at + wanted.len()..];
        match rest.chars().next().filter(|_| is_at_start) {
            Some(',') => return Some(Variant::Own("")),
            Some('(') => return rest[1..].split_once(')').map(|(name, _)| Variant::Type(name)),
            Some(' ') if rest.starts_with(" {") => return Some(Variant::Own(rest.split_once("\n    }")?.0)),
            _ => {}
        }
    }
    None
}

/// Whether one of the fields is the option, those of flattened structs included.
fn has_option(definition: &str, body: &str, field: &str) -> bool {
    let mut is_flat = false;
    body.lines().map(str::trim).any(|line| {
        let Some((name, kind)) = line.split_once(": ").filter(|_| !line.starts_with('/')) else {
            is_flat = line == "#[command(flatten)]";
            return false;
        };
        if name.rsplit(' ').next() == Some(field) {
            return true;
        }
        let inner = block(definition, &format!("struct {} {{", kind.trim_end_matches(',')));
        is_flat && inner.is_some_and(|inner| has_option(definition, inner, field))
    })
}

/// What stands between `head` and the brace that ends it, at the start of a line.
fn block<'d>(definition: &'d str, head: &str) -> Option<&'d str> {
    let (_, rest) = definition.split_once(head)?;
    rest.split_once("\n}").map(|(body, _)| body)
}

/// `--to-fs` is the field `to_fs`.
fn field(option: &str) -> String {
    option.trim_start_matches('-').replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFINITION: &str = "
pub(crate) enum Command {
    /// Move files
    #[command(subcommand)]
    Ftp(Ftp),
    /// Tell
    Info,
}

pub(crate) enum Ftp {
    /// Get or not
    Get(FtpGet),
    Size {
        /// Where: there
        url: String,
        #[arg(long)]
        exact: bool,
    },
}

pub(crate) struct FtpGet {
    #[command(flatten)]
    pub(crate) common: Common,
    #[arg(long)]
    pub(crate) to_fs: bool,
}

struct Common {
    #[arg(long)]
    ascii: bool,
}
";

    #[test]
    fn commands_and_options() {
        for (command, found) in [
            ("info", true),
            ("ftp get", true),
            ("ftp get --to-fs", true),
            ("ftp get --ascii --to-fs", true),
            ("ftp size", true),
            ("ftp size --exact", true),
            ("ftp size --to-fs", false),
            ("ftp get --exact", false),
            ("ftp put", false),
            ("ftp", true),
            ("get", false),
            ("fs get", false),
        ] {
            assert_eq!(has_command(DEFINITION, command), found, "{command}");
        }
    }
}
