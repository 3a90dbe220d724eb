//! The tables of `coverage.md`.

use std::fmt;

/// What stands for one command or example.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) transcript: Vec<Entry>,
    pub(super) typed: Vec<Entry>,
    pub(super) procedure: Vec<Entry>,
    pub(super) program: Vec<Entry>,
    pub(super) emulator: Vec<Entry>,
}

/// One name of a cell.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    /// It is not there yet.
    pub(super) planned: bool,
}

impl Row {
    /// The columns that have nothing.
    pub(super) fn holes(&self) -> impl Iterator<Item = &'static str> {
        self.cells().into_iter().filter(|(_, entries)| entries.is_empty()).map(|(column, _)| column)
    }

    pub(super) fn planned(&self) -> impl Iterator<Item = &Entry> {
        self.cells().into_iter().flat_map(|(_, entries)| entries).filter(|entry| entry.planned)
    }

    fn cells(&self) -> [(&'static str, &[Entry]); 5] {
        [
            ("transcript", &self.transcript),
            ("typed command", &self.typed),
            ("procedure", &self.procedure),
            ("program", &self.program),
            ("emulator", &self.emulator),
        ]
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.name)
    }
}

/// The rows of the table under the heading `section`; a cell that is missing is empty.
pub(super) fn rows(text: &str, section: &str) -> Vec<Row> {
    let heading = format!("## {section}");
    let lines = text.lines().skip_while(|line| *line != heading).skip(1);
    let lines = lines.take_while(|line| !line.starts_with('#')).filter(|line| line.starts_with('|'));
    // The head of the table, and the line under it.
    lines.skip(2).map(row).collect()
}

fn row(line: &str) -> Row {
    let mut cells = line.trim().trim_matches('|').split('|').map(str::trim);
    let name = cells.next().unwrap_or_default().to_owned();
    let mut cell = || cells.next().map(entries).unwrap_or_default();
    Row { name, transcript: cell(), typed: cell(), procedure: cell(), program: cell(), emulator: cell() }
}

/// `` `a`, planned `b` ``
fn entries(cell: &str) -> Vec<Entry> {
    let pairs: Vec<&str> = cell.split('`').collect();
    let pairs = pairs.chunks_exact(2);
    pairs
        .map(|pair| Entry { name: pair[1].to_owned(), planned: pair[0].trim_end().ends_with("planned") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# A\n\n## Commands\n\ntext\n\n| command | a | b |\n|---|---|---|\n\
        | X | `a`, planned `b c` | `d` | | planned `e` | `f` |\n\n## Examples\n\n| example |\n|---|\n| 3.1 |\n";

    #[test]
    fn cells_hold_names_that_may_be_planned() {
        let rows = rows(TEXT, "Commands");
        assert_eq!(rows.len(), 1);
        let row = &rows[0];
        assert_eq!(row.name, "X");
        let names = |planned| move |name: &str| Entry { name: name.to_owned(), planned };
        assert_eq!(row.transcript, [names(false)("a"), names(true)("b c")]);
        assert_eq!(row.emulator, [names(false)("f")]);
        assert_eq!(row.planned().map(|entry| entry.name.as_str()).collect::<Vec<_>>(), ["b c", "e"]);
        assert_eq!(row.holes().collect::<Vec<_>>(), ["procedure"]);
    }

    #[test]
    fn a_row_without_cells_is_all_holes() {
        let rows = rows(TEXT, "Examples");
        assert_eq!(rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["3.1"]);
        assert_eq!(rows[0].holes().count(), 5);
        assert!(super::rows(TEXT, "Nothing").is_empty());
    }
}
