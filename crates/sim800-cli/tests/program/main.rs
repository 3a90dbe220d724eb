//! The program as its users meet it: a process with arguments, files, an exit status and two output streams.

mod bad_input;
mod bench;
mod commands;
mod decode;
mod emulator;
mod files;
mod interruption;
mod killed;
mod listings;
mod mirror;
mod resuming;
mod scripts;
mod secrets;
mod sent;
mod shells;
mod streams;
mod terminals;
mod transfers;
