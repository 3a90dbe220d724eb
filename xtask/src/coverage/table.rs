//! The tables of `coverage.md`.

/// What uses one command or example.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) procedures: Vec<String>,
    pub(super) programs: Vec<String>,
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
    // What stands between backquotes.
    let mut cell =
        || cells.next().unwrap_or_default().split('`').skip(1).step_by(2).map(str::to_owned).collect();
    Row { name, procedures: cell(), programs: cell() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_hold_names() {
        let text = "# A\n\n## B\n\ntext\n\n| command | a | b |\n|---|---|---|\n| X | `a`, `b c` | |\n\n## C\n\n| a |\n|---|\n| 3.1 |\n";
        let [row] = &rows(text, "B")[..] else { panic!("one row") };
        assert_eq!((row.name.as_str(), row.procedures.join("+").as_str()), ("X", "a+b c"));
        assert!(row.programs.is_empty());
        assert_eq!(rows(text, "C")[0].name, "3.1");
        assert!(rows(text, "D").is_empty());
    }
}
