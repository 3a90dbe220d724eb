//! Decodes a capture of any format from stdin, as text: `decode < line.log`.
#![expect(clippy::disallowed_methods, reason = "an example is a program")]

use std::error::Error;
use std::io::{self, BufWriter, Read, Write};

use sim800_capture::{Capture, Reader, Summary, Text};

fn main() -> Result<(), Box<dyn Error>> {
    let (mut reader, mut capture) = (Reader::new(), Capture::new());
    let (mut text, mut summary) = (Text::new(), Summary::new());
    let mut lines = Vec::new();
    let mut stdout = BufWriter::new(io::stdout().lock());
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = io::stdin().lock().read(&mut buffer)?;
        let mut sink = |mut event: sim800_capture::Event| {
            event.mask();
            summary.take(&event);
            lines.extend(text.render(&event));
        };
        let records = &mut |record| capture.handle_record(record, &mut sink);
        match read {
            0 => reader.handle_end(records)?,
            read => reader.handle_input(buffer.get(..read).unwrap_or_default(), records)?,
        }
        if read == 0 {
            capture.handle_end(&mut sink);
        }
        for line in lines.drain(..) {
            writeln!(stdout, "{line}")?;
        }
        if read == 0 {
            break;
        }
    }
    summary.finish();
    write!(stdout, "\n{}", summary.text())?;
    Ok(stdout.flush()?)
}
