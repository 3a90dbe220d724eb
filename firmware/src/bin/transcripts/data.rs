//! The transcripts, as `build.rs` makes them of `testdata/transcripts`.

/// An exchange between DTE and DCE.
#[derive(Debug)]
pub(crate) struct Transcript {
    pub(crate) name: &'static str,
    pub(crate) steps: &'static [Step],
}

#[derive(Debug)]
pub(crate) enum Step {
    /// The DTE sends a command line.
    Command(&'static [u8]),
    /// The DCE sends octets, which are these events.
    Response(&'static [Piece], &'static [Expected<'static>]),
}

#[derive(Debug)]
pub(crate) enum Piece {
    Octets(&'static [u8]),
    /// So many octets that count up, from 0 to 255 and again.
    Counting(usize),
}

/// An event, the text of its line without line ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Expected<'a> {
    Echo(&'a [u8]),
    Prompt(Option<u32>),
    Information(&'a [u8]),
    Payload(u32),
    Final(&'a [u8]),
    Unsolicited(&'a [u8]),
    Continuation(&'a [u8]),
    Excess(u64),
    Overlong(u64),
}

pub(crate) const TRANSCRIPTS: &[Transcript] = include!(concat!(env!("OUT_DIR"), "/transcripts.rs"));

/// The octets that count up, and as many more as a read takes.
static COUNTING: [u8; 256 + LONGEST_READ] = {
    let mut octets = [0; 256 + LONGEST_READ];
    let mut n = 0;
    while n < octets.len() {
        octets[n] = n as u8;
        n += 1;
    }
    octets
};

pub(crate) const LONGEST_READ: usize = 64;

impl Piece {
    /// The octets in reads of `size`; the last one may be shorter.
    pub(crate) fn reads(&self, size: usize) -> impl Iterator<Item = &'static [u8]> {
        let (octets, count) = match *self {
            Self::Octets(octets) => (octets, octets.len()),
            Self::Counting(count) => (&COUNTING[..], count),
        };
        let is_counting = matches!(self, Self::Counting(_));
        (0..count).step_by(size).map(move |at| {
            let len = size.min(count - at);
            let start = if is_counting { at % 256 } else { at };
            &octets[start..start + len]
        })
    }
}
