//! The echo of a command line that lines of the module's own have cut.

/// How far it came in pieces, each of which is a line of its own then. A whole one is known as such, and does not come here.
///
/// A module that echoes carries out nothing before: so until the last piece, nothing that comes belongs to the response.
#[derive(Debug, Default)]
pub(crate) struct Echo {
    /// How many octets of the command line.
    came: usize,
    pieces: usize,
    is_over: bool,
}

impl Echo {
    /// Whether a line that reads `text` is the next piece of the echo of `command`. None comes behind a line that is not.
    pub(crate) fn take(&mut self, command: &[u8], text: &[u8]) -> bool {
        if self.is_over {
            return false;
        }
        // Blanks at the ends of a line are not kept.
        let rest = command.get(self.came..).unwrap_or_default().trim_ascii();
        let left = rest.strip_prefix(text).filter(|_| !text.is_empty());
        if let Some(left) = left {
            self.came = command.trim_ascii_end().len().saturating_sub(left.len());
            self.pieces += 1;
        }
        self.is_over = left.is_none_or(<[u8]>::is_empty);
        left.is_some()
    }

    /// The response has begun.
    pub(crate) fn end(&mut self) {
        self.is_over = true;
    }

    /// Whether a piece came, and there are more to come.
    pub(crate) fn is_under_way(&self) -> bool {
        self.pieces > 0 && !self.is_over
    }

    /// In how many pieces it came.
    pub(crate) fn pieces(&self) -> usize {
        self.pieces
    }

    /// Whether the pieces that came are all of it.
    pub(crate) fn is_whole(&self, command: &[u8]) -> bool {
        self.pieces > 0 && self.came == command.trim_ascii_end().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many lines it was known to be one, where it was, and whether there was more to come then.
    fn taken(lines: &[&str]) -> (usize, bool, bool) {
        let command = b"AT+FSLS=C:\\my files\\\r";
        let mut echo = Echo::default();
        let taken = lines.iter().filter(|line| echo.take(command, line.trim_ascii().as_bytes())).count();
        assert_eq!(echo.pieces(), taken);
        (taken, echo.is_under_way(), echo.is_whole(command))
    }

    #[test]
    fn pieces_are_those_of_the_line_in_their_order() {
        assert_eq!(taken(&["AT+FSLS=C:\\my ", "files\\"]), (2, false, true));
        assert_eq!(taken(&["A", "T+FSL", "S=C:\\my", " files\\"]), (4, false, true));
        assert_eq!(taken(&["AT+FSLS=C:\\my files\\"]), (1, false, true));
        assert_eq!(taken(&["AT+FSLS"]), (1, true, false));
        assert_eq!(taken(&["AT+FSLS", "C:\\my files\\"]), (1, false, false));
        assert_eq!(taken(&["AT", "", "+FSLS"]), (1, false, false));
        assert_eq!(taken(&["T+FSLS", "AT+FSLS"]), (0, false, false));
        assert_eq!(taken(&[]), (0, false, false));
    }
}
