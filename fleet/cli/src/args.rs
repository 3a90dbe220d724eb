//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Jobs for a fleet of SIM800 modules.
///
/// The exit status is 0 when all went well, 1 when a job did not, and 2 when something else was in the way.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Arguments {
    /// The server
    #[arg(
        short,
        long,
        env = "SIM800_FLEET_SERVER",
        hide_env_values = true,
        default_value = "nats://127.0.0.1:4222",
        global = true
    )]
    pub(crate) server: String,
    /// Credentials for the server, a file of nsc
    #[arg(long, env = "SIM800_FLEET_CREDENTIALS", global = true, value_name = "FILE")]
    pub(crate) server_credentials: Option<PathBuf>,
    /// Say it in JSON, a value on each line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) task: Task,
}

/// What is wanted.
#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Submit a job, or many
    Submit(Box<Submit>),
    /// Show jobs, or how many there are in each state
    Status {
        /// Which ones; all are counted if none is named
        ids: Vec<String>,
    },
    /// Take jobs back
    Cancel {
        /// Which ones
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Show what a job brought, or store it
    Results {
        /// Which one
        id: String,
        /// Where to store it
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Show the modules
    Modules,
    /// Show what becomes of jobs, as it happens
    Watch {
        /// End when no job is left; the exit status says whether all were done
        #[arg(long)]
        until_idle: bool,
    },
    /// Forget jobs that have ended, with their results
    Forget {
        /// Those that ended so many days ago
        #[arg(long, default_value_t = 30)]
        days: u64,
    },
    /// Make what the fleet needs on a new server, if not as workers would make it
    Init {
        /// Copies on as many servers of a cluster
        #[arg(long, default_value_t = 1)]
        replicas: usize,
        /// How long a worker may say nothing of a job, in seconds
        #[arg(long, default_value_t = 30)]
        patience: u64,
        /// How long results are kept
        #[arg(long, default_value_t = 30)]
        days: u64,
    },
    /// Print the JSON schema of a job
    Schema,
}

/// A job, or many.
#[derive(Debug, Args)]
pub(crate) struct Submit {
    /// What to do
    #[arg(value_enum, required_unless_present = "jobs", requires = "url")]
    pub(crate) action: Option<Action>,
    /// The address
    #[arg(required_unless_present = "jobs")]
    pub(crate) url: Option<String>,
    /// The new path, for ftp-rename
    pub(crate) to: Option<String>,
    /// Jobs as JSON, one on each line, from a file; - is the standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["action", "url", "to"])]
    pub(crate) jobs: Option<PathBuf>,
    /// What the job is called; a new name unless told. Submitted twice, it is one job
    #[arg(long)]
    pub(crate) id: Option<String>,
    /// A further header, as NAME:VALUE
    #[arg(long = "header", value_name = "HEADER")]
    pub(crate) headers: Vec<String>,
    /// What is sent, from a file of this machine
    #[arg(long, value_name = "FILE", group = "source")]
    pub(crate) body: Option<PathBuf>,
    /// What is sent, as text
    #[arg(long, group = "source")]
    pub(crate) text: Option<String>,
    /// What is sent, from a file below the worker's directory
    #[arg(long, value_name = "PATH", group = "source")]
    pub(crate) worker_body: Option<String>,
    /// Where the result goes, below the worker's directory; the object store unless told
    #[arg(long, value_name = "PATH")]
    pub(crate) worker_output: Option<String>,
    /// Append to the file that is there
    #[arg(long)]
    pub(crate) append: bool,
    /// Only with modules of this group
    #[arg(long, group = "place")]
    pub(crate) group: Option<String>,
    /// Only with modules of this operator
    #[arg(long, group = "place")]
    pub(crate) operator: Option<String>,
    /// Only with this module
    #[arg(long, group = "place")]
    pub(crate) module: Option<String>,
    /// Which comes first
    #[arg(long, value_enum, default_value = "normal")]
    pub(crate) priority: Priority,
    /// Not later than in so many seconds
    #[arg(long, value_name = "SECONDS")]
    pub(crate) within: Option<u64>,
    /// How often it may be begun
    #[arg(long, default_value_t = 5)]
    pub(crate) attempts: u32,
    /// The name of the credentials in the worker's file
    #[arg(long)]
    pub(crate) credentials: Option<String>,
}

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Action {
    Get,
    Head,
    Post,
    Delete,
    FtpGet,
    FtpPut,
    FtpList,
    FtpSize,
    FtpDelete,
    FtpMakeDirectory,
    FtpRemoveDirectory,
    FtpRename,
}

/// Which of several jobs comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Priority {
    High,
    Normal,
    Low,
}
