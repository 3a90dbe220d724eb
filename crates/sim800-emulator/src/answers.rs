//! Commands that always say the same, one line each.

use sim800_command::Form;

use crate::board::{Board, Outcome, Step};
use crate::refusal::Refusal;
use crate::syntax::Command;

/// What a command says in each of its forms; nothing but `OK` where the text is empty. A form without a text is not known.
struct Answer {
    name: &'static str,
    test: Option<&'static str>,
    read: Option<&'static str>,
    execution: Option<&'static str>,
    /// Whether it takes values, without any consequence.
    write: bool,
}

const fn answer(name: &'static str) -> Answer {
    Answer { name, test: Some(""), read: None, execution: None, write: false }
}

impl Answer {
    const fn test(self, text: &'static str) -> Self {
        Self { test: Some(text), ..self }
    }

    const fn read(self, text: &'static str) -> Self {
        Self { read: Some(text), ..self }
    }

    const fn execution(self, text: &'static str) -> Self {
        Self { execution: Some(text), ..self }
    }

    const fn write(self) -> Self {
        Self { write: true, ..self }
    }
}

const ANSWERS: &[Answer] =
    &[
        // The module.
        answer("+GCAP").execution("+GCAP: +CGSM"),
        answer("+CADC").read("+CADC: 1,603"),
        answer("+CDEVICE").read("Device Name: SERIAL FLASH"),
        answer("+CGID").execution("+GID: 0xff,0xff"),
        answer("+CNVW").write(),
        answer("+CGMSCLASS").read("MULTISLOT CLASS: 12").write(),
        answer("+CEGPRS").read("+CEGPRS: 1"),
        answer("+CTEST").write(),
        answer("+CLTE").execution(""),
        answer("+CGPIO").test("(0,1),(1-7),(0,1),(0,1)").write(),
        answer("+SGPIO").test("(0,1),(1-7),(0,1),(0,1)").write(),
        answer("+CLED").write(),
        answer("+SPWM").test("(0-2),(0-100000),(0-100)").write(),
        // Sounds, which nobody hears.
        answer("+STTONE").test("(0,1),(1-20),(10-15300000)").write(),
        answer("+SIMTONE").test("(0,1),(20-20000),(200-25500),(0,100-25500),(10-500000)").write(),
        answer("+SNDLEVEL").test("(0,1),(0-100)").write(),
        answer("+CMICBIAS").test("(0,1)").write(),
        answer("+CRMP").test("(0-3),(1-19),(0-100),(0-1)").write(),
        answer("+CLDTMF").test("(1-100),\"(0-9,A-D,*,#)\",(0-100)").execution("").write(),
        answer("+CTTS").read("+CTTS: 0"),
        // The network.
        answer("+COPN").execution("+COPN: \"26201\",\"T-Mobile D\"\r\n+COPN: \"26202\",\"Vodafone\""),
        answer("+CPOL").read("+CPOL: 1,2,\"26201\"").test("(1-20),(0-2)").write(),
        answer("+CNETSCAN").test("(0,1)").read("+CNETSCAN: 0").write().execution(
            "Operator:\"T-Mobile D\",MCC:262,MNC:01,Rxlev:53,Cellid:7D31,Arfcn:62,Lac:4A1C,Bsic:2B",
        ),
        answer("+CCED").write(),
        answer("+CGQREQ").write().read("+CGQREQ: 1,0,0,3,0,0"),
        answer("+CGQMIN").write().read("+CGQMIN: 1,0,0,0,0,0"),
        answer("+CLBSCFG").test("(0,1),(1-3),\"paramvalue\"").write(),
        answer("+CIPCHAN").execution(""),
        // Whom the module answers: nobody calls it, so that no rule is kept.
        answer("+CIPFLT").test("(0-2),(1-20)").read("").write(),
        // Calls: there is nobody to talk to.
        answer("+CCFC").test("(0-5)").write(),
        answer("+CHLD").test("(0,1,1x,2,2x,3)"),
        answer("+CAMM").read("+CAMM: 000000,000000").write(),
        answer("+CPUC").write(),
        answer("+CACM").read("+CACM: \"000000\"").write(),
        answer("+CAOC").test("(0-2)").read("+CAOC: 1").execution("+CAOC: \"000000\"").write(),
        // Short messages.
        answer("+CSAS").test("(0-3)").execution("").write(),
        answer("+CRES").test("(0-3)").execution("").write(),
        answer("+CNMA").test("(0-2)").execution("").write(),
        // Switches of other devices that programs try (V.250, V.25ter), without effect here.
        answer("+DS").read("+DS: 0,0,4096,20").write(),
        answer("+FCLASS").test("0").read("0").write(),
        answer("+ILRR").test("(0,1)").read("+ILRR: 0").write(),
        answer("+HVOIC").execution(""),
        answer("+CMUX").test("(0),(0),(1-8),(1-32768),(1-255),(0-100),(2-1000),(1-255),(1-7)"),
    ];

/// Carries out the command, if it is one of these.
pub(crate) fn command(command: &Command, board: &mut Board) -> Option<Outcome> {
    let answer = ANSWERS.iter().find(|answer| answer.name == command.name)?;
    let text = match command.form {
        Form::Test => answer.test,
        Form::Read => answer.read,
        Form::Execution => answer.execution,
        Form::Write => answer.write.then_some(""),
        _ => None,
    };
    Some(match text {
        None => Err(Refusal::Unknown),
        Some("") => Ok(Step::Done),
        Some(text) if command.form == Form::Test => {
            board.output.information(&format!("{}: {text}", answer.name));
            Ok(Step::Done)
        }
        Some(text) => {
            board.output.information(text);
            Ok(Step::Done)
        }
    })
}

#[cfg(test)]
mod tests {
    use sim800_command::Id;

    use super::*;

    #[test]
    fn none_is_in_the_table_of_commands_and_none_is_there_twice() {
        for (position, answer) in ANSWERS.iter().enumerate() {
            assert_eq!(Id::from_name(answer.name), None, "{} is carried out elsewhere", answer.name);
            assert_eq!(ANSWERS.iter().position(|other| other.name == answer.name), Some(position));
        }
    }
}
