//! Files that are made from the command table.

use anyhow::Result;

pub(crate) fn write() -> Result<()> {
    Ok(())
}

pub(crate) fn check() -> Result<()> {
    Ok(())
}
