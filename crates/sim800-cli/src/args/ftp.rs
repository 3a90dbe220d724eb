//! The command line of `ftp`.

use std::borrow::Cow;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::{Args, Subcommand, ValueHint};
use glob::Pattern;
use percent_encoding::percent_decode_str;

use super::time;

const FTP_URL: &str =
    "ftp://USER@HOST[:PORT]/PATH; --ftp-password-file or SIM800_FTP_PASSWORD has the password";

const PUT_NAMES: &str = "What to send, - for stdin; behind that ftp://USER@HOST[:PORT]/PATH, where a path that ends in / is the \
                         directory for all. --ftp-password-file or SIM800_FTP_PASSWORD has the password";

pub(crate) const FTP_DIRECTORY_URL: &str =
    "ftp://USER@HOST[:PORT]/DIRECTORY; --ftp-password-file or SIM800_FTP_PASSWORD has the password";

#[derive(Debug, Subcommand)]
pub(crate) enum Ftp {
    /// Fetch the file at URL
    Get(FtpGet),
    /// Store FILE at URL
    Put(FtpPut),
    /// Show the size of the file at URL
    Size {
        #[arg(help = FTP_URL)]
        url: String,
    },
    /// List the directory at URL
    ///
    /// Size, time by the server's clock, and name. Lines that are in no known form are shown as the server sends them.
    Ls {
        #[arg(help = FTP_DIRECTORY_URL)]
        url: String,
        /// Show all as the server sends it
        #[arg(short = 'l', long)]
        raw: bool,
    },
    /// Copy new and resized files from the directory at URL to DIR, or with --reverse the other way round
    ///
    /// It copies files that are missing on the other side or have another size there. It deletes nothing.
    Mirror(FtpMirror),
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
    /// Rename the file at URL, if the firmware supports it
    Rename {
        #[arg(help = FTP_URL)]
        url: String,
        /// The new name in the same directory, a path from the server's root (/DIRECTORY/NAME), or a URL of the same server
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
    /// Use active mode: the server connects to the module
    #[arg(long)]
    pub(crate) active: bool,
    /// Keep what has come in FILE.part if the transfer breaks off, and go on with it next time
    #[arg(long, requires = "output", conflicts_with_all = ["ascii", "extended"])]
    pub(crate) resume: bool,
    /// Fetch it into the module's memory first; at most 300,000 bytes
    #[arg(long)]
    pub(crate) extended: bool,
    /// Leave it in the module, as the file NAME in C:\User\ftp
    #[arg(long, value_name = "NAME", conflicts_with_all = ["output", "resume", "extended"])]
    pub(crate) to_fs: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct FtpMirror {
    /// The directory here
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,
    #[arg(help = FTP_DIRECTORY_URL)]
    pub(crate) url: String,
    /// Send what is in DIR to URL
    #[arg(short = 'R', long)]
    pub(crate) reverse: bool,
    /// Only show what would be done
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
    /// Only files whose name matches GLOB, such as '*.log', or whose path below the top does if there is a / in it; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub(crate) include: Vec<Pattern>,
    /// No files and directories that match GLOB; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude: Vec<Pattern>,
    /// Only files that were changed since: an age such as 90m, 12h or 7d, a date in UTC, or a file that was changed then
    ///
    /// Times on the server count as UTC. A file without a time there counts as new.
    #[arg(long, value_name = "WHEN", value_parser = time::parse)]
    pub(crate) newer_than: Option<SystemTime>,
}

#[derive(Debug, Args)]
#[command(override_usage = "sim800 ftp put [OPTIONS] <FILE>... <URL>
       sim800 ftp put [OPTIONS] --from-fs <PATH> <URL>")]
pub(crate) struct FtpPut {
    // One list, for names that may be missing before one that may not would keep options from standing between them.
    #[arg(value_name = "FILE|URL", value_hint = ValueHint::FilePath, required_unless_present = "from_fs", help = PUT_NAMES)]
    names: Vec<OsString>,
    /// Add to the end of what is there
    #[arg(long, conflicts_with = "unique")]
    pub(crate) append: bool,
    /// Let the server choose a free name; without -q, sim800 lists the directory before and after to find that name
    #[arg(long)]
    pub(crate) unique: bool,
    /// Assume that the server already has the beginning of FILE, and send the rest
    #[arg(long, conflicts_with_all = ["append", "unique", "extended", "from_fs"])]
    pub(crate) resume: bool,
    /// Load it into the module's memory before it goes to the server; at most 300,000 bytes
    #[arg(long)]
    pub(crate) extended: bool,
    /// Send a file of the module, such as C:\User\ftp\a.txt
    #[arg(long, value_name = "PATH")]
    from_fs: Option<String>,
    /// Whether a name of a file may be a pattern, as no shell has seen it.
    #[arg(skip)]
    pub(crate) expands: bool,
}

impl Ftp {
    /// Has `resolve` make a URL of each name, which stands where the program itself takes none but URLs. An upload without a
    /// name keeps the one it has.
    pub(crate) fn resolve<E>(&mut self, resolve: impl Fn(&str) -> Result<String, E>) -> Result<(), E> {
        match self {
            Self::Get(FtpGet { url, .. })
            | Self::Size { url }
            | Self::Ls { url, .. }
            | Self::Mirror(FtpMirror { url, .. })
            | Self::Rm { url }
            | Self::Mkdir { url }
            | Self::Rmdir { url } => *url = resolve(url)?,
            Self::Rename { url, new } => {
                *url = resolve(url)?;
                *new = resolve(new)?;
            }
            Self::Put(put) => put.resolve(resolve)?,
        }
        Ok(())
    }
}

impl FtpGet {
    /// Writes it to a file of the same name here, unless something else was asked for.
    pub(crate) fn save_by_name(&mut self) {
        let name = self.url.rsplit('/').next().unwrap_or_default();
        let name = percent_decode_str(name).decode_utf8_lossy();
        if self.output.is_none() && self.to_fs.is_none() && !name.is_empty() {
            self.output = Some(name.into_owned().into());
        }
    }
}

/// What an upload sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FtpSource<'a> {
    /// Files here.
    Files(Vec<&'a Path>),
    /// A file of the module.
    Module(&'a str),
}

impl FtpPut {
    /// What to send.
    pub(crate) fn source(&self) -> FtpSource<'_> {
        match (&self.from_fs, self.names.as_slice()) {
            (Some(path), _) => FtpSource::Module(path),
            (None, [file]) => FtpSource::Files(vec![Path::new(file)]),
            (None, names) => {
                let files = names.split_last().map_or(&[][..], |(_, files)| files);
                FtpSource::Files(files.iter().map(Path::new).collect())
            }
        }
    }

    /// The URL to send it to; `None` where it was forgotten, or something stands before it that has no place there.
    pub(crate) fn url(&self) -> Option<Cow<'_, str>> {
        match (&self.from_fs, self.names.as_slice()) {
            (Some(_), [url]) | (None, [_, .., url]) => Some(url.to_string_lossy()),
            _ => None,
        }
    }

    /// Whether one of the files may be many.
    pub(crate) fn has_pattern(&self) -> bool {
        self.expands
            && match self.source() {
                FtpSource::Files(files) => files.iter().any(|file| is_pattern(file)),
                FtpSource::Module(_) => false,
            }
    }

    /// Has `resolve` make a URL of the name behind the files, or of the current directory where there is none.
    fn resolve<E>(&mut self, resolve: impl Fn(&str) -> Result<String, E>) -> Result<(), E> {
        self.expands = true;
        let url = match (&self.from_fs, self.names.as_mut_slice()) {
            (Some(_), []) => {
                self.names.push(resolve("./")?.into());
                return Ok(());
            }
            (None, [file]) if Path::new(file) != Path::new("-") => {
                let url = resolve("./")?;
                self.names.push(url.into());
                return Ok(());
            }
            (Some(_), [url]) | (None, [_, .., url]) => url,
            _ => return Ok(()),
        };
        *url = resolve(&url.to_string_lossy())?.into();
        Ok(())
    }
}

/// Whether a name has something in it that stands for many (glob(7)), and is no name of a file.
fn is_pattern(name: &Path) -> bool {
    name.to_str().is_some_and(|name| name.contains(['*', '?', '['])) && !name.exists()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Command, CommandLine};

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
    fn an_upload_has_a_source_and_a_url() {
        let names = |line: &str| {
            let parsed = CommandLine::try_parse_from(format!("sim800 ftp put {line}").split(' ')).unwrap();
            let Command::Ftp(Ftp::Put(put)) = parsed.command else { panic!("{line}") };
            format!("{:?} {}", put.source(), put.url().unwrap())
        };
        for line in ["--append f ftp://a/b", "f --append ftp://a/b", "f ftp://a/b --append"] {
            assert_eq!(names(line), "Files([\"f\"]) ftp://a/b", "{line}");
        }
        assert_eq!(names("f g ftp://a/b/"), "Files([\"f\", \"g\"]) ftp://a/b/");
        for line in ["--from-fs f ftp://a/b", "ftp://a/b --from-fs f"] {
            assert_eq!(names(line), "Module(\"f\") ftp://a/b", "{line}");
        }
    }
}
