//! What a capture of the line to a module says: octets that crossed it become [`Event`]s, each with its meaning.
//!
//! ```
//! use sim800_capture::{Capture, Direction, Kind};
//!
//! // What the module sent, its echo included.
//! let octets = b"AT+FTPGET=2,10\r\r\n+FTPGET: 2,4\r\n\r\nOK\r\nOK\r\n\r\n+FTPGET: 1,72\r\n";
//! let mut capture = Capture::new();
//! let mut seen = Vec::new();
//! let mut sink = |event: sim800_capture::Event| seen.push((event.kind, event.octets, event.meaning));
//! capture.handle_octets(None, Direction::Received, octets, &mut sink);
//! capture.handle_end(&mut sink);
//!
//! assert_eq!(seen[2].0, Kind::Payload);
//! let (kind, octets, meaning) = seen.pop().unwrap();
//! assert_eq!((kind, octets), (Kind::Unsolicited, 17));
//! assert_eq!(meaning.as_deref(), Some("the download ended: 72 (the password was rejected)"));
//! # assert_eq!(seen.len(), 4);
//! ```
//!
//! [`Capture`] takes octets with their direction; a [`Reader`] gets them from a file of any [`Format`]. [`Text`] and [`json`]
//! render events. [`write_record`], [`write_retry`] and [`write_remark`] are how a trace is written. A capture that begins anywhere, has one
//! direction only or is damaged is decoded as far as it goes.
//!
//! * **Nothing is dropped.** The octets that events stand for are all that were handed in. What makes no sense is an
//!   event as well.
//! * **Cuts do not matter.** Events do not depend on how a direction's octets, or a trace's, were cut.
//! * **No count is believed that the rest contradicts.** Where no response goes on behind payload, it ends where one does.
//! * **Memory is bounded,** whatever the capture: the largest data phase that the table allows, and lines have a limit.

mod announcement;
mod capture;
mod command_line;
mod dialogue;
mod event;
mod format;
mod held;
mod meaning;
mod merge;
mod outgoing;
mod payload;
mod printable;
mod pushed;
mod reader;
mod record;
mod render;
mod sides;
mod start;
mod subject;
mod summary;

pub use capture::Capture;
pub use event::{Direction, Event, Kind, Payload};
pub use format::{Format, write_record, write_remark, write_retry};
pub use merge::{Half, Merge};
pub use printable::{printable, push_printable};
pub use reader::{Reader, Unrecognized};
pub use record::Record;
pub use render::{PayloadAs, Pcapng, Report, Text, json};
pub use subject::Subject;
pub use summary::{Goodput, Incident, Kept, Summary, Transfer, Wait};
