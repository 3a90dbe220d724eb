//! `sim800 man`: the manual pages, as the command line says them.

use std::path::Path;

use clap::CommandFactory;

use crate::args::CommandLine;
use crate::failure::Failure;
use crate::output::Report;

/// Writes a page for the program and one for each of its commands.
pub(crate) fn run(directory: &Path) -> Result<Report, Failure> {
    clap_mangen::generate_to(CommandLine::command(), directory)
        .map_err(|error| Failure::file("write the manual pages to", directory, &error))?;
    Ok(Report::default())
}
