//! `AT+CLPORT`: the local ports that the DTE asks for (manual 8.2.8). They are kept and told; which ones connections really have is
//! the network's choice.

use sim800_command::Form;

use super::{Ip, Surroundings};
use crate::board::{Board, Outcome, Step};
use crate::refusal::{Cme, Refusal};
use crate::syntax::Command;

/// Of one socket, under TCP and under UDP; 0 is any.
#[derive(Clone, Copy, Default)]
pub(super) struct Ports {
    tcp: u16,
    udp: u16,
}

impl Ip {
    /// `AT+CLPORT`
    pub(super) fn local_port(
        &mut self,
        command: &Command,
        with: &Surroundings<'_>,
        board: &mut Board,
    ) -> Outcome {
        let has_many = with.has_many();
        match command.form {
            Form::Test => {
                let many = if has_many { "(0-5)," } else { "" };
                board.output.information(&format!("+CLPORT: {many}(\"TCP\",\"UDP\"),(0-65535)"));
            }
            Form::Read => {
                let line = |(index, Ports { tcp, udp }): (usize, &Ports)| {
                    let index = if has_many { format!("{index},") } else { String::new() };
                    format!("+CLPORT: {index}{tcp},{udp}")
                };
                let count = if has_many { self.ports.len() } else { 1 };
                let lines: Vec<String> = self.ports.iter().take(count).enumerate().map(line).collect();
                board.output.information(&lines.join("\r\n"));
            }
            Form::Write => {
                let parameters = command.parameters();
                let (index, first) = self.index(&parameters, with)?;
                parameters.expect(first + 2..=first + 2)?;
                let port = parameters.number(first + 1, 0..=u16::MAX)?;
                let ports = self.ports.get_mut(usize::from(index)).ok_or(Refusal::Cme(Cme::OutOfRange))?;
                match parameters.word(first).as_str() {
                    "TCP" => ports.tcp = port,
                    "UDP" => ports.udp = port,
                    _ => return Err(Cme::OutOfRange.into()),
                }
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }
}
