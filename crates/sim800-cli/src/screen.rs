//! The terminal that people look at: bars, remarks and bodies share it, and none writes over another.

use std::io::{self, IsTerminal, Write};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use console::{Term, truncate_str};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::terminal::{label, shown};

/// All bars, so that a line can be written above them.
static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// A body went to the terminal and did not end its last line.
static IS_LINE_OPEN: AtomicBool = AtomicBool::new(false);

/// A bar for `total` octets, or a spinner where nobody knows how many there are; nothing is drawn unless stderr is a terminal.
/// It goes with its last handle, whatever became of the transfer.
pub(crate) fn bar(what: &str, total: Option<u64>) -> ProgressBar {
    let bar = fresh();
    restart(&bar, what, total);
    begin(bar)
}

/// A spinner for what is waited for, no longer than `limit`; otherwise the same.
pub(crate) fn wait(what: &str, limit: Duration) -> ProgressBar {
    let bar = fresh();
    let limit = match width() {
        0..NARROW => String::new(),
        _ => format!(" of {} s at most", limit.as_secs_f64().round()),
    };
    bar.set_style(style(&format!("{{spinner:.cyan}} {{msg}}, {{elapsed}}{limit}")));
    bar.set_message(shortened(label(what), 20));
    begin(bar)
}

/// From so many columns on, all of a bar is shown; a bar that takes two lines cannot be drawn over.
const NARROW: usize = 72;

/// How many columns the terminal has.
fn width() -> usize {
    Term::stderr().size_checked().map_or(usize::MAX, |(_, columns)| columns.into())
}

/// What a bar is about, in what is left of a line beside so many columns.
fn shortened(what: String, rest: usize) -> String {
    truncate_str(&what, width().saturating_sub(rest).max(8), "…").into_owned()
}

/// The templates here are sound, so the default is never taken.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// Without anything on it: whatever is set is drawn at once, where the cursor is.
fn fresh() -> ProgressBar {
    let bar = BARS.add(ProgressBar::no_length());
    if !bar.is_hidden() {
        end_line();
    }
    bar
}

fn begin(bar: ProgressBar) -> ProgressBar {
    if !bar.is_hidden() {
        bar.enable_steady_tick(Duration::from_millis(100));
    }
    bar
}

/// Lets a bar show something else, where it is not that already.
pub(crate) fn restart(bar: &ProgressBar, what: &str, total: Option<u64>) {
    let is_narrow = width() < NARROW;
    let what = shortened(label(what), if is_narrow { 28 } else { 64 });
    let is_same = bar.message() == what && bar.length() == total;
    if is_same && bar.position() > 0 {
        return;
    }
    let template = match (total, is_narrow) {
        (Some(_), false) => {
            "{msg} {bar:24.cyan/dim} {bytes:>11}/{total_bytes} {binary_bytes_per_sec:>12} {eta:>4} left"
        }
        (Some(_), true) => "{msg} {bar:8.cyan/dim} {percent:>3}% {eta:>4} left",
        (None, false) => "{msg} {spinner:.cyan} {bytes:>11} {binary_bytes_per_sec:>12}",
        (None, true) => "{msg} {spinner:.cyan} {bytes:>11}",
    };
    bar.set_style(style(template).progress_chars("━━╌"));
    match total {
        Some(total) => bar.set_length(total),
        None => bar.unset_length(),
    }
    bar.set_message(what);
    bar.reset();
}

/// Writes a line of text to stderr, if there is anybody to read it.
pub(crate) fn write_line(text: &str) {
    let mut line = shown(text.as_bytes(), &io::stderr()).into_owned();
    line.push(b'\n');
    BARS.suspend(|| {
        end_line();
        let _ = io::stderr().write_all(&line);
    });
}

/// Notes what a terminal was shown last of a body.
pub(crate) fn note_text(text: &str) {
    if !text.is_empty() {
        IS_LINE_OPEN.store(!text.ends_with('\n'), Ordering::Relaxed);
    }
}

/// What follows begins a line of its own.
fn end_line() {
    if IS_LINE_OPEN.swap(false, Ordering::Relaxed) && io::stderr().is_terminal() {
        let _ = io::stderr().write_all(b"\n");
    }
}
