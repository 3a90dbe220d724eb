//! What is wrong with a command line, without what may be secret in it, and what was meant.

use std::net::{Ipv4Addr, Ipv6Addr};

use clap::error::{ContextKind, ContextValue};

/// What options of other programs for transfers are called here.
const OTHERS: [(&[&str], &str); 19] = [
    (&["-L", "--location"], "redirections are followed already; --no-redirect stops that"),
    (
        &["-X", "--request"],
        "the method is the command: `sim800 http get`, `post`, `put`, `patch`, `head` or `delete`",
    ),
    (&["-I", "--head"], "for the headers alone, write `sim800 http head URL`"),
    (&["-k", "--no-check-certificate"], "--insecure accepts any certificate"),
    (&["-s", "-S", "--silent", "-sS"], "-q shows errors only"),
    (&["-f", "--fail"], "an HTTP status from 400 on is a failure already"),
    (&["-T", "--upload-file"], "write `sim800 http put URL --data-file FILE`, or `sim800 ftp put FILE URL`"),
    (&["-C", "-c", "--continue", "--continue-at"], "--resume goes on with what has come"),
    (&["-N", "-z", "--timestamping", "--time-cond"], "--if-newer fetches what has changed"),
    (&["-A"], "--user-agent sets the name of the program"),
    (&["-x"], "--proxy HOST:PORT goes through a proxy"),
    (&["-b", "--cookie"], "-H 'Cookie: NAME=VALUE' sends a cookie"),
    (&["-e", "--referer"], "-H 'Referer: URL' sends it"),
    (&["-m"], "--max-time SECS gives a transfer up"),
    (&["-r"], "--range FROM-TO fetches a part"),
    (
        &["-w", "--write-out", "-D", "--dump-header"],
        "--json tells status, headers and sizes; -i shows the headers",
    ),
    (&["-P", "--directory-prefix"], "--output-dir DIR names the directory"),
    (&["--retry", "--tries"], "--retries N tries again"),
    (&["--connect-timeout"], "--timeout is for a silent server, --answer-within for a silent module"),
];

/// Says what was meant, where that is known.
pub(crate) fn with_hint(mut error: clap::Error) -> clap::Error {
    let told = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    // What netcat calls so is something else.
    let usage = error.get(ContextKind::Usage).map(ToString::to_string).unwrap_or_default();
    let is_of = |command: &str| usage.contains(command);
    let is_nc = is_of("sim800 nc");
    let sends = ["post", "put", "patch"].iter().any(|method| is_of(&format!("sim800 http {method}")));
    let of_option = if is_nc { netcat_hint } else { option_hint };
    let hint = told(ContextKind::InvalidArg).and_then(of_option);
    let hint = hint.or_else(|| told(ContextKind::InvalidArg).filter(|_| sends).and_then(body_hint));
    if let Some(hint) = hint.or_else(|| told(ContextKind::InvalidSubcommand).and_then(command_hint)) {
        let hint = ContextValue::StyledStrs(vec![hint.into()]);
        error.insert(ContextKind::Suggested, hint);
    }
    error
}

fn option_hint(option: &str) -> Option<&'static str> {
    let (_, hint) = OTHERS.iter().find(|(names, _)| names.contains(&option))?;
    Some(hint)
}

/// What FTP clients take before the URL.
fn body_hint(argument: &str) -> Option<&'static str> {
    argument.contains("://").then_some("an option names what is sent: `URL --data-file FILE`")
}

fn netcat_hint(option: &str) -> Option<&'static str> {
    ["-w", "-q", "-N"].contains(&option).then_some("--wait SECS ends the connection after so long a silence")
}

fn command_hint(command: &str) -> Option<&'static str> {
    Some(match command.split("://").next().unwrap_or(command).to_ascii_lowercase().as_str() {
        "http" | "https" => "write `sim800 http get URL`",
        "ftp" => "write `sim800 ftp get URL -o FILE`, or `sim800 ftp ls URL`",
        "get" | "put" | "head" | "post" | "patch" | "delete" | "download" | "upload" | "fetch" => {
            "transfers are `sim800 http get URL`, `sim800 http post URL`, `sim800 ftp get URL` and `sim800 ftp put FILE URL`"
        }
        "ls" | "rm" | "mkdir" | "mirror" | "size" | "df" | "mv" => {
            "files of a server are `sim800 ftp ls URL` and the like, those of the module `sim800 fs ls`"
        }
        _ => return None,
    })
}

/// `text` without what may be secret in an argument that it repeats: a URL, a header and a command line end at their first `:`
/// or `=`.
pub(crate) fn masked(text: &str, arguments: &[String]) -> String {
    let mut text = text.to_owned();
    for argument in arguments {
        if let Some(place) = argument.find([':', '=']).filter(|place| !is_address(argument, *place)) {
            if is_open_url(argument) {
                continue;
            }
            text = text.replace(argument.as_str(), &format!("{}***", &argument[..=place]));
        }
    }
    text
}

/// Whether an argument is the address of a machine, with or without a port, which is no login.
fn is_address(argument: &str, colon: usize) -> bool {
    let is_port = argument[colon + 1..].bytes().all(|octet| octet.is_ascii_digit());
    argument.parse::<Ipv6Addr>().is_ok() || is_port && argument[..colon].parse::<Ipv4Addr>().is_ok()
}

/// Whether an argument is a URL without a login, a query or anything like them.
fn is_open_url(argument: &str) -> bool {
    let Some((scheme, rest)) = argument.split_once("://") else { return false };
    let authority = rest.split('/').next().unwrap_or(rest);
    // What stands behind a colon may be a password whose host was forgotten.
    let port = authority.split_once(':').map_or("", |(_, port)| port);
    ["http", "https", "ftp"].contains(&scheme)
        && !rest.contains(['@', '?', '=', '#', ';', '%'])
        && port.bytes().all(|octet| octet.is_ascii_digit())
}

/// What clap says of `arguments`, in one line: the error and its tips, without the usage.
pub(crate) fn in_one_line(error: &clap::Error, arguments: &[String]) -> String {
    let shown = masked(&error.render().to_string(), arguments);
    let told = shown.lines().take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"));
    let told: Vec<_> = told.map(str::trim).filter(|line| !line.is_empty()).collect();
    let line = told.join("; ").replace(":;", ":").replace("; tip:", " -");
    line.trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_other_programs_call_it_is_known() {
        use clap::Parser;

        let said = |line: &str| {
            let error = crate::args::CommandLine::try_parse_from(line.split(' ')).unwrap_err();
            in_one_line(&with_hint(error), &[])
        };
        assert_eq!(
            said("sim800 http get -L http://a/"),
            "unexpected argument '-L' found - redirections are followed already; --no-redirect stops that"
        );
        assert!(said("sim800 http post -X PUT http://a/").contains("the method is the command"));
        assert_eq!(
            said("sim800 http put day.csv http://a/"),
            "unexpected argument 'http://a/' found - an option names what is sent: `URL --data-file FILE`"
        );
        assert!(said("sim800 get http://a/").contains("sim800 http get URL"));
        assert!(said("sim800 https://a/").contains("write `sim800 http get URL`"));
        assert!(said("sim800 http get --resum http://a/").contains("'--resume'"));
        assert!(
            said("sim800 nc -w 5 a 80").ends_with("--wait SECS ends the connection after so long a silence")
        );
    }

    #[test]
    fn a_url_is_shown_where_nothing_in_it_can_be_secret() {
        for url in ["http://a/day.csv", "https://a:8443/b", "ftp://127.0.0.1:2121/b"] {
            assert!(is_open_url(url), "{url}");
        }
        for url in [
            "ftp://u:sesame@h/f",
            "ftp://u:sesame/f",
            "http://a/?key=1",
            "http://a/key=1",
            "x:http://a",
            "s://a",
        ] {
            assert!(!is_open_url(url), "{url}");
        }
    }

    #[test]
    fn an_argument_that_is_repeated_ends_before_what_may_be_secret() {
        let arguments =
            ["sim800", "a.txt", "ftp://u:sesame@h/f", "Cookie: sesame", "--x=sesame", "127.0.0.1:99999"]
                .map(str::to_owned);
        let text = |argument: &str| masked(&format!("unexpected argument '{argument}' found"), &arguments);
        assert_eq!(text("a.txt"), "unexpected argument 'a.txt' found");
        assert_eq!(text("ftp://u:sesame@h/f"), "unexpected argument 'ftp:***' found");
        assert_eq!(text("Cookie: sesame"), "unexpected argument 'Cookie:***' found");
        assert_eq!(text("--x=sesame"), "unexpected argument '--x=***' found");
        assert_eq!(text("127.0.0.1:99999"), "unexpected argument '127.0.0.1:99999' found");
    }
}
