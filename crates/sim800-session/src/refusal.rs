//! What it means that a module refuses a setting.

/// What it means that the module refuses a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// That the operation fails.
    Fatal,
    /// Nothing: it only takes back what an earlier program may have set, and firmware that lacks the command has nothing
    /// set.
    Harmless,
    /// That the firmware has no SSL.
    NoSsl,
}
