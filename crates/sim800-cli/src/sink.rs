//! Where a body goes: stdout, a file, or nowhere.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::path::Path;

use bytes::Bytes;
use futures::io::AsyncWriteExt;
use futures::stream::{Stream, StreamExt};
use indicatif::ProgressBar;
use rustix::fs::{FileType, fstat};
use serde_json::json;
use sha2::{Digest, Sha256};
use smol::Unblock;

use crate::audience::Audience;
use crate::checksum::hexadecimal;
use crate::failure::Failure;
use crate::part_file::PartFile;
use crate::place::Names;
use crate::screen;
use crate::terminal::Lines;

/// What stdout is called.
const STDOUT: &str = "stdout";

/// Where a body goes.
pub(crate) enum Sink {
    /// Stdout, a device or a named pipe, written by a thread of its own, so that a reader who takes his time stops
    /// neither the line nor Ctrl-C.
    Stream {
        stream: Unblock<File>,
        name: String,
        audience: Audience,
    },
    /// The same where somebody looks at it.
    Terminal(Screen),
    File(Box<PartFile>, String),
    Nowhere,
}

impl Sink {
    /// Whether what `-o` names is stdout: `-` is, and so is nothing at all.
    pub(crate) fn is_stdout(path: Option<&Path>) -> bool {
        path.is_none_or(|path| path == Path::new("-"))
    }

    /// Whether what `-o` names is a file, which appears when it is complete, and no device or named pipe.
    pub(crate) fn is_file(path: Option<&Path>) -> bool {
        path.is_some_and(|path| !Self::is_stdout(Some(path)) && !is_special(path))
    }

    /// What `-o` names.
    pub(crate) async fn open(path: Option<&Path>) -> Result<Self, Failure> {
        match path {
            Some(path) if !Self::is_stdout(Some(path)) => Self::file(path).await,
            Some(_) => Self::stdout(),
            None => Ok(match Self::stdout()? {
                Self::Terminal(screen) => Self::Terminal(Screen { refuses_binary: true, ..screen }),
                sink => sink,
            }),
        }
    }

    /// Whether a bar would be in the way: of what is shown, or of what another program shows that gets it.
    pub(crate) fn is_shown(&self) -> bool {
        match self {
            Self::Terminal(_) => true,
            Self::Stream { name, .. } => name == STDOUT && is_pipe(io::stdout()),
            Self::File(..) | Self::Nowhere => false,
        }
    }

    pub(crate) fn stdout() -> Result<Self, Failure> {
        let name = STDOUT.to_owned();
        match io::stdout().as_fd().try_clone_to_owned() {
            Ok(stdout) => Ok(Self::stream(File::from(stdout), name)),
            Err(error) => Err(failure(&name, &error)),
        }
    }

    fn stream(file: File, name: String) -> Self {
        match file.is_terminal() {
            true => Self::Terminal(Screen {
                stream: Unblock::new(file),
                name,
                lines: Lines::default(),
                refuses_binary: false,
            }),
            false => Self::Stream { audience: Audience::of(&file), stream: Unblock::new(file), name },
        }
    }

    /// A file that appears when it is complete, or what is at `path` already and is no file.
    async fn file(path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let opened = if is_special(path) {
            // A named pipe lets wait for its reader.
            let path = path.to_owned();
            let file = smol::unblock(move || File::options().write(true).open(path)).await;
            file.map(|file| Self::stream(file, name.clone()))
        } else {
            PartFile::create(path).map(|file| Self::File(Box::new(file), name.clone()))
        };
        opened.map_err(|error| failure(&name, &error))
    }

    /// Takes all of `body`, and completes the file.
    pub(crate) async fn take<E: Into<Failure>>(
        mut self,
        mut body: impl Stream<Item = Result<Bytes, E>> + Unpin,
        bar: &ProgressBar,
    ) -> Result<Taken, Failure> {
        let unseen = ProgressBar::hidden();
        let bar = if self.is_shown() {
            // It would be drawn over the body.
            bar.finish_and_clear();
            &unseen
        } else {
            bar
        };
        let mut taken = Taken { octets: 0, checksum: Sha256::new() };
        while let Some(octets) = self.while_heard(body.next()).await? {
            let octets = octets.map_err(Into::into)?;
            self.write(&octets).await?;
            taken.octets += octets.len() as u64;
            taken.checksum.update(&octets);
            bar.inc(octets.len() as u64);
        }
        self.complete().await?;
        Ok(taken)
    }

    /// Waits for more of the body while there is somebody who reads it.
    async fn while_heard<T>(&self, more: impl Future<Output = T>) -> Result<T, Failure> {
        let Self::Stream { audience, .. } = self else { return Ok(more.await) };
        audience.while_there(more).await.ok_or_else(Failure::unheard)
    }

    /// Writes text that is no part of the body.
    pub(crate) async fn show(&mut self, text: &[u8]) -> Result<(), Failure> {
        match self {
            Self::Terminal(screen) => screen.show(text).await,
            sink => sink.write(text).await,
        }
    }

    async fn write(&mut self, octets: &[u8]) -> Result<(), Failure> {
        match self {
            Self::Stream { stream, name, .. } => write(stream, name, octets).await,
            Self::Terminal(screen) => screen.write(octets).await,
            Self::File(file, name) => file.write_all(octets).map_err(|error| failure(name, &error)),
            Self::Nowhere => Ok(()),
        }
    }

    async fn complete(self) -> Result<(), Failure> {
        match self {
            Self::Stream { mut stream, name, .. } => {
                stream.flush().await.map_err(|error| failure(&name, &error))
            }
            Self::Terminal(mut screen) => {
                let rest = screen.lines.finish();
                screen.draw(&rest).await
            }
            Self::File(file, name) => file.complete().map_err(|error| failure(&name, &error)),
            Self::Nowhere => Ok(()),
        }
    }
}

/// A terminal, which obeys nothing of what it is shown.
pub(crate) struct Screen {
    stream: Unblock<File>,
    name: String,
    lines: Lines,
    /// What begins like something that is no text would be of no use to anybody.
    refuses_binary: bool,
}

impl Screen {
    async fn write(&mut self, octets: &[u8]) -> Result<(), Failure> {
        if self.refuses_binary && octets.contains(&0) {
            let message =
                "this is binary, which a terminal cannot show; save it with -o FILE, or force it with -o -";
            return Err(Failure::new("binary", message));
        }
        // As curl has it, the beginning decides.
        self.refuses_binary = false;
        self.show(octets).await
    }

    async fn show(&mut self, octets: &[u8]) -> Result<(), Failure> {
        let text = self.lines.show(octets);
        self.draw(&text).await
    }

    async fn draw(&mut self, text: &str) -> Result<(), Failure> {
        write(&mut self.stream, &self.name, text.as_bytes()).await?;
        // Before anything else is said there.
        self.stream.flush().await.map_err(|error| failure(&self.name, &error))?;
        screen::note_text(text);
        Ok(())
    }
}

async fn write(stream: &mut Unblock<File>, name: &str, octets: &[u8]) -> Result<(), Failure> {
    let mut written = stream.write_all(octets).await;
    if matches!(&written, Err(error) if error.kind() == io::ErrorKind::WriteZero) {
        // The thread has given up; why is told by a flush.
        written = stream.flush().await.and(written);
    }
    written.map_err(|error| failure(name, &error))
}

/// What would have been better.
const RESUME: &str = "with --resume it keeps what has come, and the same command goes on from there";

impl Failure {
    /// Says of an interrupted download what becomes of `file`, which appears when it is complete.
    pub(crate) fn of_download_to(self, file: Option<&Path>) -> Self {
        match kept(file) {
            Some(kept) => self.if_interrupted(&kept),
            None => self,
        }
    }

    /// The same where the download could have been resumed.
    pub(crate) fn of_resumable_download_to(self, file: Option<&Path>) -> Self {
        match kept(file) {
            Some(kept) => self.if_interrupted(&format!("{kept}; {RESUME}")),
            None => self,
        }
    }
}

/// What is left of a download to `file` that has ended. What an earlier run left is still there if nothing came in its place.
fn kept(file: Option<&Path>) -> Option<String> {
    let file = file.filter(|file| Sink::is_file(Some(file)))?;
    let earlier = Names::new(file).ok().filter(|names| names.part.exists() && names.companion.exists());
    Some(match earlier {
        Some(names) => format!(
            "sim800 kept nothing of this run; {} of an earlier one is still there",
            names.part.display()
        ),
        None => "sim800 kept nothing".to_owned(),
    })
}

/// The file that a body goes to, for programs.
pub(crate) fn named(file: Option<&Path>) -> Option<(&'static str, serde_json::Value)> {
    let path = file.filter(|path| !Sink::is_stdout(Some(path)))?;
    Some(("file", json!(path.to_string_lossy())))
}

fn is_special(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| !found.is_file() && !found.is_dir())
}

fn is_pipe(stream: impl AsFd) -> bool {
    let stat = fstat(stream).map(|stat| FileType::from_raw_mode(stat.st_mode));
    matches!(stat, Ok(FileType::Fifo | FileType::Socket))
}

/// That nobody reads it any more needs no message.
fn failure(name: &str, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::unheard(),
        _ => Failure::file("write", Path::new(name), error),
    }
}

/// What went into a sink.
pub(crate) struct Taken {
    pub(crate) octets: u64,
    checksum: Sha256,
}

impl Taken {
    /// SHA-256 in hexadecimal digits.
    pub(crate) fn sha256(self) -> String {
        hexadecimal(&self.checksum.finalize())
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::OwnedFd;

    use futures::stream::pending;

    use super::*;

    #[test]
    fn nothing_is_waited_for_that_nobody_reads() {
        let (reader, writer) = io::pipe().unwrap();
        let sink = Sink::stream(OwnedFd::from(writer).into(), STDOUT.to_owned());
        drop(reader);
        let bar = ProgressBar::hidden();
        let taken = sink.take(pending::<Result<Bytes, Failure>>(), &bar);
        assert_eq!(smol::block_on(taken).err().unwrap().to_string(), "");
    }
}
