//! What of a finding is needed to find it again.

use sim800_command::{Domain, SPECS, Spec};

use super::finding::Finding;
use super::module::Module;
use crate::failure::Failure;

/// How often it is tried in all. Each may cost a restart.
const TRIES: u32 = 40;

/// The fewest and shortest lines found behind which the same happens; `None` if it does not happen again.
pub(super) async fn shrunk(
    module: &mut Module<'_>,
    finding: &Finding,
) -> Result<Option<Vec<String>>, Failure> {
    let mut trial = Trial { module, finding, left: TRIES };
    let Some(mut lines) = trial.suffix().await? else { return Ok(None) };
    // One line after the other is left out, but not the last.
    let mut place = 0;
    while place + 1 < lines.len() {
        let mut fewer = lines.clone();
        fewer.remove(place);
        if trial.happens(&fewer).await? {
            lines = fewer;
        } else {
            place += 1;
        }
    }
    if let Some(last) = lines.pop() {
        let last = trial.shorter(&lines, last).await?;
        lines.push(last);
    }
    Ok(Some(lines))
}

struct Trial<'a, 'm, 'c> {
    module: &'m mut Module<'c>,
    finding: &'a Finding,
    left: u32,
}

impl Trial<'_, '_, '_> {
    async fn happens(&mut self, lines: &[String]) -> Result<bool, Failure> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(false) };
        self.left = left;
        let happened = self.module.send_all(lines).await?;
        let Some(happened) = happened else { return Ok(false) };
        self.module.recover().await?;
        Ok(happened.is_like(&self.finding.happened))
    }

    /// The last lines, as few as do it: the culprit alone, with the one before it, two, four.
    async fn suffix(&mut self) -> Result<Option<Vec<String>>, Failure> {
        let history = &self.finding.history;
        let mut count = 1;
        loop {
            let lines = history.get(history.len().saturating_sub(count)..).unwrap_or_default();
            if self.happens(lines).await? {
                return Ok(Some(lines.to_vec()));
            }
            if count >= history.len() {
                return Ok(None);
            }
            count *= 2;
        }
    }

    /// The last line with as few characters as do it: halves of it are left out, quarters, and so on down to one.
    async fn shorter(&mut self, before: &[String], mut line: String) -> Result<String, Failure> {
        let Some(start) = values(&line) else { return Ok(line) };
        let mut size = line.len().saturating_sub(start).div_ceil(2);
        while size > 0 {
            let mut place = start;
            while place < line.len() {
                let end = (place + size).min(line.len());
                let shorter = format!("{}{}", &line[..place], &line[end..]);
                if self.happens(&[before, std::slice::from_ref(&shorter)].concat()).await? {
                    line = shorter;
                } else {
                    place = end;
                }
            }
            size /= 2;
        }
        Ok(line)
    }
}

/// Where the values of a line begin that may be left out: not the name, nor what tells one use of the command from another, which may
/// cost more than this one. `None` if there are none.
fn values(line: &str) -> Option<usize> {
    let (name, values) = line.split_once('=')?;
    let first = values.split(',').next().unwrap_or_default();
    let is_use = |spec: &Spec| {
        let literal = spec.parameters.first().filter(|parameter| parameter.domain == Domain::Literal);
        name.strip_prefix("AT") == Some(spec.name) && literal.is_some_and(|literal| literal.name == first)
    };
    let kept = if SPECS.iter().copied().any(is_use) { first.len() + 1 } else { 0 };
    Some(name.len() + 1 + kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_one_use_from_another_is_kept() {
        for (line, kept) in [
            ("AT+SAPBR=3,1,\"APN\",\"a\"", "AT+SAPBR=3,"),
            ("AT+SAPBR=0,1", "AT+SAPBR=0,"),
            ("AT+FTPUN=\"a\"", "AT+FTPUN="),
            ("AT+CIPCLOSE=0,1", "AT+CIPCLOSE="),
        ] {
            assert_eq!(values(line).and_then(|start| line.get(..start)), Some(kept), "{line}");
        }
        assert_eq!(values("AT+CSQ"), None);
    }
}
