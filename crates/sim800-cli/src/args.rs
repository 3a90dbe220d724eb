//! The command line.

use std::borrow::Cow;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

const FTP_URL: &str =
    "ftp://USER:PASSWORD@HOST[:PORT]/PATH; SIM800_FTP_PASSWORD may have the password instead";

const FTP_DIRECTORY_URL: &str =
    "ftp://USER:PASSWORD@HOST[:PORT]/DIRECTORY; SIM800_FTP_PASSWORD may have the password instead";

const DECODED: &str = "\
With --json, each line is an object:
  t         seconds since the start of the trace; null where nobody noted them
  dir       tx to the module, rx from it; null for a line of a trace that has octets of neither
  event     command, echo, information, payload, prompt, final, unsolicited, overlong, blank, unreadable or retry
  name      what it is about, such as +HTTPACTION, or null
  values    what stands behind the name
  text      the line, its octets as the characters U+0000 to U+00FF
  octets    of payload, how many there should be, where that was said
  received  how many octets of the capture it stands for: those of a dir are together all of that dir
  sha256    of payload, its checksum
  error     whether something went wrong
  meaning   what it means, for people; may be null

Exit status: 0 whatever is in FILE, 1 if it cannot be read.";

/// Move files over HTTP and FTP with a SIM800-series module.
///
/// Without a port, a module is emulated within the program; its requests go over the network of this machine.
///
/// Exit status: 0 done, 1 the transfer failed, 2 the command line is wrong.
#[derive(Debug, Parser)]
#[command(name = "sim800", version)]
pub(crate) struct CommandLine {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Options {
    /// Serial device or pty, tcp://HOST:PORT, or `emulator` (the default)
    #[arg(short, long, global = true, env = "SIM800_PORT", hide_env_values = true)]
    pub(crate) port: Option<String>,
    /// Rate of the line in bit/s: 115200 for a serial port unless given; an emulator keeps to it only if given
    #[arg(long, global = true, value_name = "N", value_parser = rate)]
    pub(crate) baud: Option<NonZeroU32>,
    /// Access point name of the network
    #[arg(long, global = true)]
    pub(crate) apn: Option<String>,
    /// How long to wait for the module to answer at first [default: 10]
    #[arg(long, global = true, value_name = "SECS", value_parser = seconds)]
    pub(crate) answer_within: Option<Duration>,
    /// How many times in a row what broke off is tried again, or gone on with [default: 3]
    #[arg(long, global = true, value_name = "N")]
    pub(crate) retries: Option<u32>,
    /// Which executor runs the session
    #[arg(long, global = true, value_enum, default_value_t)]
    pub(crate) runtime: Runtime,
    /// Write every octet that crosses the line to FILE, a new one, for `sim800 decode`; secrets are masked
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    /// Print one JSON object instead of text; `decode` prints one per line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// No progress and no remarks
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Runtime {
    #[default]
    Smol,
    Tokio,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make HTTP requests
    #[command(subcommand)]
    Http(Http),
    /// Move files by FTP
    #[command(subcommand)]
    Ftp(Ftp),
    /// Look after the files in the module; a path there is C:\User\ftp\a.txt, without blanks and commas
    #[command(subcommand)]
    Fs(Fs),
    /// Tell what the module is and how it stands with the network
    Info,
    /// Send one command line and print the response
    At {
        /// Such as AT+CSQ
        line: String,
    },
    /// Show what is known of the module's commands; no module is needed
    Commands {
        /// Only this one, such as FTPGET or AT+FTPGET
        name: Option<String>,
    },
    /// Show what a trace, or a capture of the line, says; no module is needed
    #[command(after_long_help = DECODED)]
    Decode(Decode),
    /// Offer an emulated module to other programs, until Ctrl-C
    Emulate(Emulate),
    /// Show all of it, with servers and a module of its own
    Demo,
}

impl Command {
    /// The file that is sent, `-` for stdin.
    pub(crate) fn input(&self) -> Option<&Path> {
        match self {
            Self::Http(Http::Post(post)) => post.data.data_file.as_deref(),
            Self::Ftp(Ftp::Put(put)) => match put.names().0 {
                FtpSource::File(path) => Some(path),
                FtpSource::Module(_) => None,
            },
            Self::Fs(Fs::Put { file, .. }) => Some(file),
            _ => None,
        }
    }

    /// The file that is written, `-` for stdout.
    pub(crate) fn output(&self) -> Option<&Path> {
        match self {
            Self::Http(Http::Get(get)) => get.output.as_deref(),
            Self::Http(Http::Post(post)) => post.output.as_deref(),
            Self::Ftp(Ftp::Get(get)) => get.output.as_deref(),
            Self::Fs(Fs::Get(get)) => get.output.as_deref(),
            _ => None,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Http {
    /// Fetch what is at URL
    Get(HttpGet),
    /// Send data to URL
    Post(HttpPost),
    /// Ask for the status of URL
    Head(HttpHead),
    /// Delete what is at URL
    Delete(HttpDelete),
}

#[derive(Debug, Args)]
pub(crate) struct HttpGet {
    #[command(flatten)]
    pub(crate) request: HttpRequest,
    /// Write the body to FILE, which appears when it is complete; - for stdout
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Only these octets, counted from 0; without TO up to the end
    #[arg(long, value_name = "FROM-TO", allow_hyphen_values = true)]
    pub(crate) range: Option<String>,
    /// Keep what has come in FILE.part if it breaks off, and go on with what is there
    #[arg(long, requires = "output", conflicts_with = "range")]
    pub(crate) resume: bool,
}

#[derive(Debug, Args)]
pub(crate) struct HttpPost {
    #[command(flatten)]
    pub(crate) request: HttpRequest,
    #[command(flatten)]
    pub(crate) data: HttpData,
    /// Content type of the data [default: application/octet-stream]
    #[arg(long, value_name = "T")]
    pub(crate) content_type: Option<String>,
    /// Write the body of the answer to FILE, which appears when it is complete; - for stdout
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct HttpData {
    /// The data itself
    #[arg(long, value_name = "S")]
    pub(crate) data: Option<String>,
    /// File with the data; - for stdin
    #[arg(long, value_name = "F")]
    pub(crate) data_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct HttpHead {
    #[command(flatten)]
    pub(crate) request: HttpRequest,
}

#[derive(Debug, Args)]
pub(crate) struct HttpDelete {
    #[command(flatten)]
    pub(crate) request: HttpRequest,
}

#[derive(Debug, Args)]
pub(crate) struct HttpRequest {
    #[arg(help = "http://HOST[:PORT]/PATH, or https:// where the module has SSL")]
    pub(crate) url: String,
    /// Send a header of one's own; may be repeated
    #[arg(short = 'H', long = "header", value_name = "K: V")]
    pub(crate) headers: Vec<String>,
    /// What to call oneself
    #[arg(long, value_name = "UA")]
    pub(crate) user_agent: Option<String>,
    /// Go through a proxy
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) proxy: Option<String>,
    /// Take a redirection for the answer
    #[arg(long)]
    pub(crate) no_redirect: bool,
    /// With https://, accept a certificate that is not valid, or that the module cannot check
    #[arg(long)]
    pub(crate) insecure: bool,
    /// How long the server may take, 30 to 1000 [default: 120]
    #[arg(long, value_name = "SECS", value_parser = clap::value_parser!(u64).range(30..=1000))]
    pub(crate) timeout: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Ftp {
    /// Fetch the file at URL
    Get(FtpGet),
    /// Store FILE at URL
    Put(FtpPut),
    /// Ask how long the file at URL is
    Size {
        #[arg(help = FTP_URL)]
        url: String,
    },
    /// List the directory at URL, as the server shows it
    Ls {
        #[arg(help = FTP_DIRECTORY_URL)]
        url: String,
    },
    /// Delete the file at URL
    Rm {
        #[arg(help = FTP_URL)]
        url: String,
    },
    /// Make a directory at URL
    Mkdir {
        #[arg(help = FTP_DIRECTORY_URL)]
        url: String,
    },
    /// Remove the directory at URL, which must be empty
    Rmdir {
        #[arg(help = FTP_DIRECTORY_URL)]
        url: String,
    },
    /// Give the file at URL another name, where the module's firmware can
    Rename {
        #[arg(help = FTP_URL)]
        url: String,
        /// The name, in the same directory, or a path from the server's root, which begins with a slash
        new: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct FtpGet {
    #[arg(help = FTP_URL)]
    pub(crate) url: String,
    /// Write it to FILE, which appears when it is complete; - for stdout
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// As text (type ASCII): line ends are converted, and bit 7 is lost
    #[arg(long)]
    pub(crate) ascii: bool,
    /// Let the server connect to the module
    #[arg(long)]
    pub(crate) active: bool,
    /// Keep what has come in FILE.part if it breaks off, and go on with what is there
    #[arg(long, requires = "output", conflicts_with_all = ["ascii", "extended"])]
    pub(crate) resume: bool,
    /// Let the module fetch all of it, at most 300000 octets, before any of it crosses the line
    #[arg(long)]
    pub(crate) extended: bool,
    /// Leave it in the module, as the file NAME in C:\User\ftp
    #[arg(long, value_name = "NAME", conflicts_with_all = ["output", "resume", "extended"])]
    pub(crate) to_fs: Option<String>,
}

#[derive(Debug, Args)]
#[command(override_usage = "sim800 ftp put [OPTIONS] <FILE> <URL>
       sim800 ftp put [OPTIONS] --from-fs <PATH> <URL>")]
pub(crate) struct FtpPut {
    // A name that may be missing before one that may not would keep options from standing between them.
    /// What to send, unless --from-fs says it; - for stdin
    #[arg(value_name = "FILE")]
    first: PathBuf,
    #[arg(value_name = "URL", help = FTP_URL, required_unless_present = "from_fs", conflicts_with = "from_fs")]
    second: Option<String>,
    /// Add to the end of what is there
    #[arg(long, conflicts_with = "unique")]
    pub(crate) append: bool,
    /// Let the server choose a name that is free
    #[arg(long)]
    pub(crate) unique: bool,
    /// Take what is there for the beginning of FILE, and send the rest
    #[arg(long, conflicts_with_all = ["append", "unique", "extended", "from_fs"])]
    pub(crate) resume: bool,
    /// Load all of it, at most 300000 octets, into the module before the server is asked for anything
    #[arg(long)]
    pub(crate) extended: bool,
    /// Send a file of the module, such as C:\User\ftp\a.txt
    #[arg(long, value_name = "PATH")]
    from_fs: Option<String>,
}

/// What an upload sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FtpSource<'a> {
    /// A file here.
    File(&'a Path),
    /// A file of the module.
    Module(&'a str),
}

impl FtpPut {
    /// What to send, and the URL to send it to.
    pub(crate) fn names(&self) -> (FtpSource<'_>, Cow<'_, str>) {
        match &self.from_fs {
            Some(path) => (FtpSource::Module(path), self.first.to_string_lossy()),
            // There is a second name then.
            None => (FtpSource::File(&self.first), self.second.as_deref().unwrap_or_default().into()),
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Fs {
    /// List a directory
    Ls {
        /// Such as C:\User\ftp; without it, the root of the internal drive
        path: Option<String>,
    },
    /// Fetch a file
    Get(FsGet),
    /// Store FILE as PATH; what is there is replaced
    Put {
        /// What to store; - for stdin
        file: PathBuf,
        /// Such as C:\User\ftp\a.txt
        path: String,
    },
    /// Remove a file
    Rm {
        /// Such as C:\User\ftp\a.txt
        path: String,
    },
    /// Make a directory
    Mkdir {
        /// Such as C:\User\new
        path: String,
    },
    /// Remove a directory, which must be empty
    Rmdir {
        /// Such as C:\User\new
        path: String,
    },
    /// Ask how long a file is
    Size {
        /// Such as C:\User\ftp\a.txt
        path: String,
    },
    /// Give a file or a directory another name
    Mv {
        /// What it is called
        old: String,
        /// What it is to be called
        new: String,
    },
    /// Ask how much room there is
    Df,
}

#[derive(Debug, Args)]
pub(crate) struct FsGet {
    /// Such as C:\User\ftp\a.txt
    pub(crate) path: String,
    /// Write it to FILE, which appears when it is complete; - for stdout
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Decode {
    /// What --trace wrote; - for stdin
    pub(crate) file: PathBuf,
    /// FILE is the octets that a module sent, and nothing else; its echo tells the commands
    #[arg(long)]
    pub(crate) raw: bool,
    /// Show passwords, PINs and credentials, which are masked otherwise
    #[arg(long)]
    pub(crate) show_secrets: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Emulate {
    /// Offer a pty, and let the path LINK lead to it
    #[arg(long, value_name = "LINK", conflicts_with = "tcp")]
    pub(crate) pty: Option<PathBuf>,
    /// Listen on a TCP port, such as 127.0.0.1:2000
    #[arg(long, value_name = "ADDR:PORT", value_parser = address)]
    pub(crate) tcp: Option<String>,
    /// Let the module's files be those in DIR; without it they are gone with the module
    #[arg(long, value_name = "DIR")]
    pub(crate) fs: Option<PathBuf>,
}

fn rate(text: &str) -> Result<NonZeroU32, &'static str> {
    text.parse().map_err(|_| "a rate is a number of bit/s, from 1 on")
}

/// Whether there is such an address is for the system to say.
fn address(text: &str) -> Result<String, &'static str> {
    match text.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => Ok(text.to_owned()),
        _ => Err("an address is written ADDR:PORT"),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|limit| !limit.is_zero() && *limit <= Duration::from_secs(3600))
        .ok_or_else(|| "more than 0 and at most 3600 seconds".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        <CommandLine as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn every_ftp_command_says_where_a_password_may_be_kept() {
        let mut line = <CommandLine as clap::CommandFactory>::command();
        let ftp = line.find_subcommand_mut("ftp").unwrap();
        for command in ftp.get_subcommands_mut() {
            let help = command.render_help().to_string();
            assert!(help.contains("SIM800_FTP_PASSWORD"), "{help}");
        }
    }

    #[test]
    fn options_may_stand_anywhere() {
        let parsed = |line: &str| CommandLine::try_parse_from(line.split(' '));
        let options = parsed("sim800 http get http://a/ --json -p tcp://b:1 --baud 9600").unwrap().options;
        assert!(options.json);
        assert_eq!(options.port.as_deref(), Some("tcp://b:1"));
        assert_eq!(options.baud.map(NonZeroU32::get), Some(9600));
        assert!(parsed("sim800 http post http://a/").is_err(), "data is needed");
        assert!(parsed("sim800 http get http://a/ --timeout 29").is_err());
        assert!(parsed("sim800 ftp put f ftp://a/f --append --unique").is_err());
        assert!(parsed("sim800 info --answer-within 0").is_err());
    }

    #[test]
    fn an_upload_has_a_source_and_a_url() {
        let names = |line: &str| {
            let parsed = CommandLine::try_parse_from(format!("sim800 ftp put {line}").split(' ')).unwrap();
            let Command::Ftp(Ftp::Put(put)) = parsed.command else { panic!("{line}") };
            let (source, url) = put.names();
            format!("{source:?} {url}")
        };
        for line in ["--append f ftp://a/b", "f --append ftp://a/b", "f ftp://a/b --append"] {
            assert_eq!(names(line), "File(\"f\") ftp://a/b", "{line}");
        }
        for line in ["--from-fs f ftp://a/b", "ftp://a/b --from-fs f"] {
            assert_eq!(names(line), "Module(\"f\") ftp://a/b", "{line}");
        }
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        let is_refused = |line: &str| CommandLine::try_parse_from(line.split(' ')).is_err();
        for line in [
            "http get http://a/ --resume",
            "http get http://a/ -o f --resume --range 1-2",
            "ftp get ftp://a/f --resume",
            "ftp get ftp://a/f -o f --resume --extended",
            "ftp get ftp://a/f -o f --resume --ascii",
            "ftp get ftp://a/f --extended --to-fs f",
            "ftp get ftp://a/f -o f --to-fs f",
            "ftp put f ftp://a/f --from-fs f",
            "ftp put ftp://a/f",
            "ftp put f ftp://a/f --resume --append",
            "ftp put f ftp://a/f --resume --extended",
            "ftp put ftp://a/f --from-fs f --resume",
            "fs get",
            "fs mv a",
            "decode",
        ] {
            assert!(is_refused(&format!("sim800 {line}")), "{line}");
        }
        for line in [
            "http get http://a/ -o f --resume",
            "ftp get ftp://a/f --to-fs f",
            "ftp put ftp://a/f --from-fs f",
            "ftp put --from-fs f --extended ftp://a/f",
            "ftp put f ftp://a/f --resume",
            "fs ls",
            "commands",
            "decode - --raw",
        ] {
            assert!(!is_refused(&format!("sim800 {line}")), "{line}");
        }
    }
}
