//! The program as its users meet it: a process with arguments, files, an exit status and two output streams.

mod bad_input;
mod bearer;
mod bench;
mod commands;
mod decode;
mod emulator;
mod files;
mod first_contact;
mod interruption;
mod killed;
mod listings;
mod mirror;
mod ports;
mod remote;
mod resuming;
mod scripts;
mod secrets;
mod sent;
mod settings;
mod shells;
mod sim;
mod streams;
mod terminals;
mod transfers;
mod waiting;
