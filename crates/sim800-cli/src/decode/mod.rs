//! `sim800 decode`.

mod filter;
mod input;
mod outlets;

use std::num::NonZeroU32;

use sim800_capture::{Capture, Event, Summary};

use self::filter::Filter;
use self::input::Input;
use self::outlets::Outlets;
use crate::args::{Decode, Options};
use crate::failure::Failure;
use crate::output::Output;

pub(crate) fn run(arguments: &Decode, options: &Options, output: Output) -> Result<(), Failure> {
    let filter = Filter::new(arguments)?;
    let mut input = Input::open(arguments)?;
    let mut outlets = Outlets::open(arguments, output)?;
    let mut capture = Capture::new();
    let mut summary = Summary::new().with_rate(options.rate().map(NonZeroU32::get));
    loop {
        let mut take = |mut event: Event| {
            if !filter.is_in_time(&event) {
                return;
            }
            let is_shown = filter.is_shown(&event);
            if is_shown {
                outlets.extract(&event);
            }
            if !arguments.show_secrets {
                event.mask();
            }
            summary.take(&event);
            if is_shown {
                outlets.take(&event);
            }
        };
        let goes_on = input.read(&mut capture, &mut take)?;
        if outlets.flush()?.is_break() {
            return Ok(());
        }
        if !goes_on {
            break;
        }
    }
    if input.is_empty() {
        output.remark("there is nothing in it");
        return Ok(());
    }
    summary.finish();
    outlets.finish(&summary)
}
