//! What every command can do, and the two forms that need no definition of their own.

use core::fmt;
use core::marker::PhantomData;
use core::time::Duration;

use crate::{
    BodyEnd, Claim, CommandLine, Encoder, Expect, Form, Line, Malformed, ParameterSpec, Prepared, Spec,
    TooLong, Values, time_limit,
};

/// A command to the module. The table of this crate implements it, and whoever needs a command that is not in it:
///
/// ```
/// use core::time::Duration;
/// use sim800_command::{Claim, Command, CommandLine, Encoder, Expect, Form, Line, Malformed, Spec, time_limit};
///
/// /// `AT+CADC?`: millivolts at the analogue input.
/// struct Adc;
///
/// impl Command for Adc {
///     const SPEC: &'static Spec = &Spec::new("+CADC", Form::Read);
///     type Response<'a> = u16;
///
///     fn encode(&self, _line: &mut Encoder<'_>) {}
///
///     fn expect(&self) -> Expect {
///         Expect::result().with_information(Claim::named("+CADC", |values| values.count() == 2))
///     }
///
///     fn time_limit(&self) -> Duration {
///         time_limit::UNSTATED
///     }
///
///     fn response<'a>(&self, lines: &[Line<'a>]) -> Result<u16, Malformed> {
///         let millivolts = || lines.first()?.values().nth(1)?.number()?.try_into().ok();
///         millivolts().ok_or(Malformed::new(Self::SPEC, "<status>,<value>"))
///     }
/// }
///
/// assert_eq!(CommandLine::new(&Adc)?.as_bytes(), b"AT+CADC?\r");
/// assert_eq!(Adc.response(&[Line::new(b"+CADC: 1,603")])?, 603);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Values are checked where they are made, so that a command cannot fail to encode. The crate `doors` in the project's
/// repository has one with a prompt and one with counted payload.
pub trait Command {
    /// What is known of the command: the row of the table, or [`Spec::new`].
    const SPEC: &'static Spec;

    /// What the information text says, borrowed from its lines.
    type Response<'a>;

    /// Writes the parameters; name, form and line end are [`CommandLine`]'s.
    fn encode(&self, line: &mut Encoder<'_>);

    /// What its response may look like.
    fn expect(&self) -> Expect;

    /// How the octets end that a prompt asks for.
    fn body_end(&self) -> BodyEnd {
        BodyEnd::Counted
    }

    /// How long the module may take for the final result code, octets of a data phase not counted in.
    ///
    /// What an unsolicited line tells later (`+HTTPACTION`, `+FTPGET`) is not part of it.
    fn time_limit(&self) -> Duration;

    /// Reads the information text: the lines that [`expect`](Self::expect) claims, in their order.
    ///
    /// # Errors
    ///
    /// [`Malformed`] when they are missing or not of the shape that the manual and known firmware give them.
    fn response<'a>(&self, lines: &[Line<'a>]) -> Result<Self::Response<'a>, Malformed>;
}

/// A command that can be read back from the values of a command line.
pub trait Decode<'a>: Sized {
    /// The command with these values; `None` if it has no such values.
    ///
    /// This accepts more than [`Command::encode`] writes, as the module does: blanks, strings without quotes.
    fn decode(values: Values<'a>) -> Option<Self>;
}

/// A write command whose read form `AT+X?` prints what it sets.
pub trait Setting: Command {
    /// The command itself, whatever it borrows.
    type Value<'a>: Decode<'a>;
}

/// A command with a documented test form `AT+X=?`.
pub trait Tested: Command {}

/// The read form of a setting: `AT+FTPPORT?` is `Read::<FtpPort>::new()`.
///
/// The response is the command that would set the present value, so that a setting can be saved and restored.
///
/// ```
/// use sim800_command::{Command, CommandLine, FtpPort, Line, Read};
///
/// let read = Read::<FtpPort>::new();
/// assert_eq!(CommandLine::new(&read)?.as_bytes(), b"AT+FTPPORT?\r");
/// assert_eq!(read.response(&[Line::new(b"+FTPPORT: 21")])?.port.get(), 21);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Read<C>(PhantomData<C>);

impl<C> Read<C> {
    /// The read form of `C`.
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<C: Setting> Command for Read<C> {
    const SPEC: &'static Spec = &Spec {
        form: Form::Read,
        parameters: NO_PARAMETERS,
        response: SAME_VALUES,
        values: &[],
        example: "",
        data: "",
        unsolicited: "",
        doc: " Shows what is set.\n",
        prepare: |_no_values, prepared| prepared.fill(&Self::new()).ok(),
        ..*C::SPEC
    };

    type Response<'a> = C::Value<'a>;

    fn encode(&self, _line: &mut Encoder<'_>) {}

    fn expect(&self) -> Expect {
        Expect::result().with_information(Claim::named(C::SPEC.name, |_| true))
    }

    fn time_limit(&self) -> Duration {
        time_limit::UNSTATED
    }

    fn response<'a>(&self, lines: &[Line<'a>]) -> Result<C::Value<'a>, Malformed> {
        let malformed = Malformed::new(Self::SPEC, SAME_VALUES);
        // A string that was never set may be printed as nothing at all.
        let text = match lines.first().ok_or(malformed)?.parameters() {
            [] => b"\"\"",
            text => text,
        };
        C::Value::decode(Values::new(text)).ok_or(malformed)
    }
}

/// The test form of a command: `AT+HTTPDATA=?` is `Test::<HttpData>::new()`.
///
/// The response is the line that lists the ranges, as the module prints it; many commands have just `OK`.
pub struct Test<C>(PhantomData<C>);

impl<C> Test<C> {
    /// The test form of `C`.
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<C: Tested> Command for Test<C> {
    const SPEC: &'static Spec = &Spec {
        form: Form::Test,
        parameters: NO_PARAMETERS,
        response: RANGES,
        values: &[],
        example: "",
        data: "",
        unsolicited: "",
        doc: " Checks that the module has the command. Most answer with the ranges of their values.\n",
        prepare: |_no_values, prepared| prepared.fill(&Self::new()).ok(),
        ..*C::SPEC
    };

    type Response<'a> = Option<Line<'a>>;

    fn encode(&self, _line: &mut Encoder<'_>) {}

    fn expect(&self) -> Expect {
        // Ranges begin with a parenthesis or a quote, unsolicited lines of the same name with a number.
        let accepts = |mut values: Values<'_>| values.next().is_some_and(|value| value.number().is_none());
        Expect::result().with_information(Claim::named(C::SPEC.name, accepts))
    }

    fn time_limit(&self) -> Duration {
        time_limit::UNSTATED
    }

    fn response<'a>(&self, lines: &[Line<'a>]) -> Result<Option<Line<'a>>, Malformed> {
        Ok(lines.first().copied())
    }
}

const NO_PARAMETERS: &[ParameterSpec] = &[];

const SAME_VALUES: &str = "what the write command takes";

/// What a test form says.
const RANGES: &str = "the ranges of the values, or nothing";

/// Implements by hand what a derive would give only for `C: Trait`.
macro_rules! impl_marker {
    ($($name:ident)+) => {$(
        impl<C> Clone for $name<C> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<C> Copy for $name<C> {}

        impl<C> Default for $name<C> {
            fn default() -> Self {
                Self::new()
            }
        }

        impl<C> PartialEq for $name<C> {
            fn eq(&self, _other: &Self) -> bool {
                true
            }
        }

        impl<C> Eq for $name<C> {}

        impl<C> fmt::Debug for $name<C> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "<{}>"), core::any::type_name::<C>())
            }
        }
    )+};
}

impl_marker!(Read Test);

impl CommandLine {
    /// Encodes `command`.
    ///
    /// # Errors
    ///
    /// [`TooLong`] when there is more than [`LINE_LIMIT`](crate::LINE_LIMIT) behind the prefix.
    pub fn new<C: Command>(command: &C) -> Result<Self, TooLong> {
        encode(C::SPEC.name, C::SPEC.form, &|line| command.encode(line))
    }

    /// Encodes `command` in place of what is here: no octets of the line are moved, nor is it zeroed. On an error, the line is
    /// without octets.
    ///
    /// ```
    /// use sim800_command::{CommandLine, Csq, FtpGetRead, Number};
    ///
    /// let mut line = CommandLine::empty();
    /// line.encode(&FtpGetRead { length: Number::new(1460)? })?;
    /// assert_eq!(line.as_bytes(), b"AT+FTPGET=2,1460\r");
    /// line.encode(&Csq)?;
    /// assert_eq!(line.as_bytes(), b"AT+CSQ\r");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`TooLong`] as [`new`](Self::new).
    pub fn encode<C: Command>(&mut self, command: &C) -> Result<(), TooLong> {
        write(self, C::SPEC.name, C::SPEC.form, &|line| command.encode(line))
    }
}

impl Prepared {
    /// Prepares `command`.
    ///
    /// # Errors
    ///
    /// [`TooLong`] when the line exceeds what the module accepts.
    pub fn new<C: Command>(command: &C) -> Result<Self, TooLong> {
        let mut made = Ok(Self::empty(C::SPEC));
        if let Ok(prepared) = &mut made {
            if let Err(error) = prepared.fill(command) {
                made = Err(error);
            }
        }
        made
    }

    /// Nothing to send yet.
    pub(crate) const fn empty(spec: &'static Spec) -> Self {
        let (expect, body_end) = (Expect::result(), BodyEnd::Counted);
        Self { spec, line: CommandLine::empty(), expect, body_end, time_limit: Duration::ZERO }
    }

    /// Puts `command` here: in place, so that no octets of the line are copied.
    pub(crate) fn fill<C: Command>(&mut self, command: &C) -> Result<(), TooLong> {
        self.spec = C::SPEC;
        self.expect = command.expect();
        self.body_end = command.body_end();
        self.time_limit = command.time_limit();
        self.line.encode(command)
    }
}

// What is not generic is there once, and not for each command. It knows no `Spec`, so that a program that only sends commands
// has no use for their documentation.

#[inline(never)]
fn encode(name: &str, form: Form, parameters: &dyn Fn(&mut Encoder<'_>)) -> Result<CommandLine, TooLong> {
    let mut made = Ok(CommandLine::empty());
    if let Ok(line) = &mut made {
        if let Err(error) = write(line, name, form, parameters) {
            made = Err(error);
        }
    }
    made
}

#[inline(never)]
fn write(
    line: &mut CommandLine,
    name: &str,
    form: Form,
    parameters: &dyn Fn(&mut Encoder<'_>),
) -> Result<(), TooLong> {
    let (asks, separator) = match form {
        // Basic syntax has one value and no comma.
        Form::Basic | Form::Execution => ("", None),
        Form::Write => ("", Some(b'=')),
        // What asks has no parameters.
        Form::Read => ("?", None),
        Form::Test => ("=?", None),
    };
    line.write(name, asks, separator, parameters)
}
