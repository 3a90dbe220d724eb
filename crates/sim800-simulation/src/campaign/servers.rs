//! The servers that things go wrong with.

use std::time::Duration;

use fastrand::Rng;

use super::content::below_by_magnitude;
use super::kind::Task;
use crate::{HeadShape, Manner};

/// The octets of the module's buffer, beyond which a GET is made of ranges.
const MODULE: usize = 319_488;

/// Draws in what the servers differ. Some of that shows only where there is more content than the module holds.
pub(super) fn draw(rng: &mut Rng, task: Task, length: &mut usize) -> Vec<Manner> {
    if rng.u8(..4) > 0 {
        return Vec::new();
    }
    let is_large = matches!(task, Task::HttpGet | Task::HttpRange) && rng.u8(..16) == 0;
    if is_large {
        *length = MODULE + 1 + below_by_magnitude(rng, 200_000) as usize;
    }
    let in_ranges = is_large || task == Task::HttpRange && rng.bool();
    let mut manners: Vec<Manner> = Vec::new();
    for _ in 0..rng.usize(1..3) {
        let manner = match task {
            _ if task.is_http() => http(rng, *length, in_ranges),
            _ if task.is_ftp() => ftp(rng, *length as u64),
            _ => return Vec::new(),
        };
        if manners.iter().all(|other| go_together(other, &manner) && go_together(&manner, other)) {
            manners.push(manner);
        }
    }
    manners
}

fn http(rng: &mut Rng, length: usize, in_ranges: bool) -> Manner {
    if !in_ranges && rng.bool() {
        return Manner::Head(rng.choice(HeadShape::ODD).unwrap_or_default());
    }
    let octets = below_by_magnitude(rng, length as u64 + 1) + 1;
    match rng.u8(..if in_ranges { 5 } else { 7 }) {
        0 => Manner::RangesIgnored,
        // One octet at a time takes as long as it sounds.
        1 => Manner::RangesShortened { to: octets.max(length as u64 / 16) },
        2 => Manner::RangesMoved { by: octets },
        3 => Manner::RangesUnplaced,
        // A total that the module could hold, which it could not.
        4 => Manner::TotalsUnderstated { by: (length.saturating_sub(MODULE) as u64).max(1) + octets },
        5 => Manner::LengthsUnderstated { by: octets },
        _ => Manner::BodiesCut { by: octets },
    }
}

fn ftp(rng: &mut Rng, length: u64) -> Manner {
    match rng.u8(..6) {
        // It is asked for the size again and again.
        0 if rng.bool() => Manner::UploadsHalved,
        0 | 1 => Manner::UploadsAside,
        2 => Manner::UploadsRenamed,
        3 => Manner::SizesLate { by: Duration::from_secs(rng.u64(1..100)) },
        4 => Manner::SizesRefused,
        _ => Manner::DownloadsCut { after: cut(below_by_magnitude(rng, length + 1), length) },
    }
}

/// Of a download that is gone on with, the last thousand octets or so come again to be compared: it must not take forever.
fn cut(after: u64, length: u64) -> u64 {
    if after < 1_000 { after } else { after.max(2_000 + length / 8) }
}

/// Whether somebody can tell what is wrong, if anything is: a server that lies, and says nothing else, is believed.
fn go_together(one: &Manner, other: &Manner) -> bool {
    match one {
        // There is no other word for a length than these.
        Manner::UploadsHalved | Manner::DownloadsCut { .. } => *other != Manner::SizesRefused,
        Manner::BodiesCut { .. } | Manner::LengthsUnderstated { .. } => !matches!(
            other,
            Manner::Head(HeadShape::Chunked | HeadShape::Missing)
                | Manner::BodiesCut { .. }
                | Manner::LengthsUnderstated { .. }
        ),
        Manner::RangesShortened { .. } | Manner::RangesMoved { .. } | Manner::TotalsUnderstated { .. } => {
            !matches!(other, Manner::Head(HeadShape::Missing) | Manner::RangesUnplaced)
        }
        _ => true,
    }
}

impl Manner {
    /// What it is called in the list of what was tried.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::RangesIgnored => "server that ignores ranges",
            Self::RangesShortened { .. } => "server that shortens ranges",
            Self::RangesMoved { .. } => "server that moves ranges",
            Self::RangesUnplaced => "ranges without Content-Range",
            Self::TotalsUnderstated { .. } => "Content-Range with too small a total",
            Self::LengthsUnderstated { .. } => "Content-Length shorter than the body",
            Self::BodiesCut { .. } => "Content-Length longer than the body",
            Self::Head(_) => "headers in an odd shape",
            Self::UploadsAside => "upload aside until it is confirmed",
            Self::UploadsRenamed => "upload renamed when it is complete",
            Self::UploadsHalved => "half an upload stored and confirmed",
            Self::SizesLate { .. } => "size told late",
            Self::SizesRefused => "size not told",
            Self::DownloadsCut { .. } => "download said to be complete too early",
        }
    }

    /// How many octets it adds to the headers of a response.
    pub(super) fn octets_of_headers(&self) -> usize {
        match self {
            Self::Head(HeadShape::Long) => HeadShape::LONG,
            _ => 0,
        }
    }

    /// Whether a driver that keeps its promises succeeds with `task` all the same.
    pub(super) fn is_harmless(&self, task: Task, length: usize, latency: Duration) -> bool {
        let in_ranges = task == Task::HttpRange || task.is_get() && length > MODULE;
        match self {
            Self::Head(_) | Self::UploadsAside | Self::UploadsRenamed => true,
            Self::RangesIgnored => !task.is_get() || length <= MODULE,
            Self::RangesShortened { .. }
            | Self::RangesMoved { .. }
            | Self::RangesUnplaced
            | Self::TotalsUnderstated { .. } => !in_ranges,
            Self::LengthsUnderstated { .. } | Self::BodiesCut { .. } => !task.is_get(),
            Self::UploadsHalved => !task.is_ftp_upload(),
            Self::SizesLate { by } => *by + latency < Duration::from_secs(60),
            Self::SizesRefused => {
                matches!(task, Task::FtpGet | Task::FtpPut | Task::FtpList) || !task.is_ftp()
            }
            // What is resumed is compared first.
            Self::DownloadsCut { .. } => !task.is_ftp_download() && task != Task::FtpPutResumed,
        }
    }
}
