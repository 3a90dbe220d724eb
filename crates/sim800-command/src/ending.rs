//! Responses that end otherwise than by a result code, to commands that the table does not have.

use sim800_parser::Name;

/// The line that ends the response to such a command in place of `OK`: `SHUT OK` for `AT+CIPSHUT` (manual 8.2.7).
///
/// `name` is the command's without `AT`, in any case; its test form is answered as others are.
#[must_use]
pub fn ending(name: &str) -> Option<Name> {
    name.eq_ignore_ascii_case("+CIPSHUT").then(|| Name::from_static("SHUT OK"))
}
