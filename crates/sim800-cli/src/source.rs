//! What is to be sent.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::failure::Failure;

/// Opens what is to be sent, and tells how long it is where that is known.
pub(crate) fn open_source(path: &Path) -> Result<(File, Option<u64>), Failure> {
    let open = || {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        match metadata.is_dir() {
            true => Err(io::ErrorKind::IsADirectory.into()),
            false => Ok((file, metadata.is_file().then_some(metadata.len()))),
        }
    };
    open().map_err(|error| Failure::file("read", path, &error))
}
