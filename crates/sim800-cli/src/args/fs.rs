//! The command line of `fs`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum Fs {
    /// List a directory
    Ls {
        /// Such as C:\User\ftp; without it, the root of the internal drive
        path: Option<String>,
        /// Show the sizes of files, too: the module is asked for each
        #[arg(short = 'l', long)]
        long: bool,
    },
    /// Fetch a file
    Get(FsGet),
    /// Store FILE as PATH, in place of what is there
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
    /// Show the size of a file
    Size {
        /// Such as C:\User\ftp\a.txt
        path: String,
    },
    /// Rename a file or a directory
    Mv {
        /// What it is called
        old: String,
        /// New path
        new: String,
    },
    /// Show how much room is left
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
