//! Sans-I/O parser for the AT command line of SIM800-series modules: responses, unsolicited lines, counted payload.
//!
//! Octets go in, [`Event`]s come out. Nothing here reads, waits or fails: any octets make events, and what makes no
//! sense is unsolicited text. A complete loop over any byte stream:
//!
//! ```
//! use std::io::{Read, Write};
//! use sim800_parser::{Claim, Event, Expect, FinalResultCode, Framer};
//!
//! /// Sends one command and returns its information text.
//! fn execute(mut port: impl Read + Write, framer: &mut Framer, line: &[u8], expect: Expect) -> std::io::Result<String> {
//!     framer.begin(expect);
//!     port.write_all(line)?;
//!     let (mut text, mut result) = (String::new(), None);
//!     while result.is_none() {
//!         let mut octets = [0; 64];
//!         let read = port.read(&mut octets)?;
//!         if read == 0 {
//!             return Err(std::io::ErrorKind::UnexpectedEof.into());
//!         }
//!         let mut input = &octets[..read];
//!         // All of the read: lines may follow the result code in it.
//!         while let Some(event) = framer.next(&mut input) {
//!             match event {
//!                 Event::Information(span) => text += &span.line().to_string(),
//!                 Event::Final { code, .. } => result = Some(code),
//!                 Event::Unsolicited(span) if span.line().text() == b"RING" => println!("a call comes in"),
//!                 _ => {}
//!             }
//!         }
//!     }
//!     match result {
//!         Some(FinalResultCode::Ok) => Ok(text),
//!         code => Err(std::io::Error::other(code.map_or_else(String::new, |code| code.to_string()))),
//!     }
//! }
//! # struct Port(&'static [u8]);
//! # impl Read for Port { fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> { self.0.read(to) } }
//! # impl Write for Port {
//! #     fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> { Ok(octets.len()) }
//! #     fn flush(&mut self) -> std::io::Result<()> { Ok(()) }
//! # }
//! # let port = Port(b"AT+CSQ\r\r\n\r\nRING\r\n+CSQ: 15,0\r\n\r\nOK\r\n\r\nRING\r\n");
//!
//! // `+CSQ` is told from unsolicited lines by its name and its two values.
//! let expect = Expect::result().with_information(Claim::named("+CSQ", |values| values.count() == 2));
//! // One for all commands: it keeps the beginning of a line that a read cut.
//! let mut framer = Framer::new();
//! assert_eq!(execute(port, &mut framer, b"AT+CSQ\r", expect)?, "+CSQ: 15,0");
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Two levels
//!
//! [`Decoder`] frames octets where they lie, in a buffer of the caller's, which keeps the beginning of a line that a read
//! cut. [`Framer`] is a decoder with a carry of fixed size for such beginnings, so each read may be forgotten after it.
//! Neither needs a heap nor copies payload. What others take for the same octets is in a table that one command makes anew, in
//! `benches/README.md` of the repository.
//!
//! # What can be relied on
//!
//! 1. **Total.** Every sequence of octets makes events: no error, no panic, no memory beyond the given limits.
//! 2. **Chunk-blind.** Events do not depend on how reads cut the octets; only pieces of payload may be cut anywhere.
//! 3. **Claim, else unsolicited.** A line belongs to the command in flight only if it began after the command and its
//!    [`Expect`] claims it.
//! 4. **Counted octets are never scanned,** and a count is believed only up to what the command asked for, or to what the
//!    [`Dialect`] allows payload that comes unasked.
//! 5. **Final result codes count only while a command is in flight,** and a second line that belongs to the one before it
//!    (`+CMT`, where the [`Dialect`] has it) is text, whatever it reads.
//! 6. **Lossless.** The spans of all events, one after another, are the octets that came in.
//! 7. **Linear.** The work per octet is constant, and octets of payload are not looked at.
//!
//! # Other modules
//!
//! A [`Header`] is a prefix, values, among them the count, and an end; a [`Dialect`] has those that come unasked. Below, the
//! arrow stands for the end of the line.
//!
//! | module | what it sends | how it is expected |
//! |---|---|---|
//! | SIM800, SIM900 | `+HTTPREAD: 5→hello` | `Header::new("+HTTPREAD:")` |
//! | | `+FTPGET: 2,5→hello` | `Header::new("+FTPGET:").selected_by(2)` |
//! | | `+CIPRXGET: 2,0,5,120→hello` | `Header::new("+CIPRXGET:").selected_by(2).behind(1).followed_by(1)` |
//! | | `hello` of a known length, behind one line end (`AT+FSREAD`) | [`DataPhase::Counted`] |
//! | | `+IPD,5:hello` (`AT+CIPHEAD=1`) | in the dialect, `Header::new("+IPD,").ended_by(":")` |
//! | | `+IPD,5,TCP:hello` (`AT+CIPSHOWTP=1`) | the same with `.followed_by(1)` |
//! | | `+RECEIVE,0,5:→hello` | in the dialect, `Header::new("+RECEIVE,").behind(1).ended_by(":\r\n")` |
//! | | `+RECEIVE,0,5,10.0.0.1:80:→hello` (`AT+CIPSRIP=1`) | the same with `.followed_by(1)` |
//! | | `SHUT OK` in place of `OK`, `SEND OK` or `SEND FAIL` | [`Expect::with_ending`], [`Expect::with_endings`] |
//! | SIM7600, A76xx | `OK`, then `+HTTPREAD: DATA,5→hello`, more of them, `+HTTPREAD: 0` | `Header::new("+HTTPREAD: DATA,")`, ending `+HTTPREAD: 0` |
//! | Quectel | `CONNECT 5→hello` (`AT+QFREAD`) | `Header::new("CONNECT ")` |
//! | | `+QIRD: 5→hello`, `+QIRD: 5,"10.0.0.1",80→hello` | `Header::new("+QIRD:")`, with `.followed_by(2)` |
//! | | `+QIURC: "recv",0,5→hello` | in the dialect, `Header::new("+QIURC: \"recv\",").behind(1)` |
//! | | `CONNECT→hello→OK` (`AT+QHTTPREAD`), not counted | the driver cuts it: [`Framer::take_pending`] |
//! | u-blox | `+URDFILE: "name",5,"hello"→` | `Header::new("+URDFILE:").behind(1).ended_by(",\"")` |
//! | | `+USORD: 3,5,"hello"→`, `+USORF: 3,"10.0.0.1",80,5,"hello"→` | the same, behind one value or three |
//! | Espressif AT | `+IPD,5:hello`, `+IPD,0,5,"10.0.0.1",80:hello` | in the dialect, `.ended_by(":")`, `.behind(1).followed_by(2)` |
//! | | `+CIPRECVDATA:5,hello` | `Header::new("+CIPRECVDATA:").ended_by(",")` |
//! | | `OK`, `>`, `Recv 5 bytes`, `SEND OK` (`AT+CIPSEND`) | [`DataPhase::Prompted`], ending `SEND OK` |
//! | any | `hello` of a known length, behind the echo | [`DataPhase::AtOnce`] |
//!
//! What does not fit: a count in hexadecimal; a count of characters rather than octets; a second data phase in a response
//! that goes on with `OK`; result codes as numbers (`ATV0`); the transparent mode, in which nothing is framed.
//!
//! # Features
//!
//! * `arbitrary`: `Arbitrary` for [`Expect`], [`Claim`] and [`DataPhase`], to fuzz what is built on top.
#![no_std]
#![warn(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg_attr(test, allow(clippy::panic, reason = "a test fails by panicking"))]

#[cfg(feature = "arbitrary")]
mod arbitrary;
mod decoder;
mod dialect;
mod event;
mod expect;
mod framer;
mod header;
mod line;
mod name;
mod result_code;
mod search;

pub use decoder::Decoder;
pub use dialect::{Dialect, WithHeaders};
pub use event::{Event, Span};
pub use expect::{Claim, DataPhase, Ending, Expect};
pub use framer::Framer;
pub use header::Header;
pub use line::{Line, Value, Values};
pub use name::Name;
pub use result_code::{CmeError, CmsError, FinalResultCode};
