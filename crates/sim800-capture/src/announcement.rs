//! Lines that announce payload.

use sim800_command::{
    Command as _, FtpExtGetRead, FtpExtendedLength, FtpExtendedPosition, FtpGetRead, FtpListRead,
    FtpReadLength, HttpHead, HttpRead,
};
use sim800_parser::{DataPhase, Line};

/// The data phase that a line opens when its command is not known, and how many octets it has: that of the largest command that gets such a line.
pub(crate) fn announcement(text: Line<'_>) -> Option<(DataPhase, u64)> {
    let phases = [
        HttpRead.expect().data,
        HttpHead.expect().data,
        FtpGetRead { length: FtpReadLength::MAX }.expect().data,
        FtpListRead { length: FtpReadLength::MAX }.expect().data,
        FtpExtGetRead { position: FtpExtendedPosition::MIN, length: FtpExtendedLength::MAX }.expect().data,
    ];
    phases.into_iter().find_map(|phase| match phase {
        DataPhase::Announced { header, at_most } => {
            let count = header.count_in(text).filter(|count| *count <= u64::from(at_most))?;
            Some((phase, count))
        }
        _ => None,
    })
}
