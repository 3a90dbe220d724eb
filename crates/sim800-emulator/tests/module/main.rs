//! The emulated module as its DTE sees it: exchanges written by hand after the application note, the manual and field logs, in
//! virtual time, with a network that does what the test says.

mod bench;

mod captures;
mod faults;
mod files;
mod flow;
mod ftp;
mod http;
mod intake;
mod knobs;
mod messages;
mod phone_book;
mod properties;
mod requests;
mod responses;
mod sockets;
mod start_up;
mod transfers;
