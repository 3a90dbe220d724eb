//! The macros behind the table: [`commands!`] for commands, [`choice!`] and [`tagged!`] for their parameters.

/// Defines the forms of AT commands; each entry becomes
/// * a struct with a public field per parameter, so that a value of it is a valid command;
/// * its [`Command`](crate::Command) and [`Decode`](crate::Decode) impl;
/// * a row in the `SPECS` of the module that holds the table.
///
/// One block per command, named by its [`Id`](crate::Id) and where it is described: a section of the manual, or another
/// document; in it one entry per form or use:
///
/// ```text
/// FtpGet "12.2.14" {
///     /// What it does.
///     Write FtpGetRead = 2 {                  // the form, the struct, literals that come first
///         /// What the parameter means.
///         length: FtpReadLength,
///     }
///     -> Response,                            // an `Information`; left out: nothing but a result code
///     within |command| TIME_LIMIT,            // left out: `time_limit::UNSTATED`
///     data "+FTPGET: 2,<n>, …" |command| …,   // what the manual shows, and the `DataPhase`; left out: no data phase
///     ended BodyEnd::CtrlZ,                   // how the octets end that a prompt asks for; left out: they are counted
///     then "+FTPGET: 1,<result>";             // the line that comes after the result code; left out: none
///     read FtpGetRead;                        // `AT+X?` prints what `AT+X=` takes: gives `Read<FtpGetRead>`
///     test FtpGetRead;                        // `AT+X=?` is documented: gives `Test<FtpGetRead>`
/// }
/// ```
macro_rules! commands {
    ($(
        $id:ident $section:literal {
            $(
                $(#[doc = $doc:literal])+
                $form:ident $name:ident $(<$lt:lifetime>)? $(= $($literal:literal),+)?
                $({ $($(#[doc = $field_doc:literal])+ $field:ident: $type:ty),+ $(,)? })?
                $(-> $response:ty)?
                $(, within |$limited:pat_param| $limit:expr)?
                $(, data $shown:literal |$sent:pat_param| $data:expr)?
                $(, ended $ended:expr)?
                $(, then $later:literal)?
                ;
            )+
            $(read $setting:ident $(<$setting_lt:lifetime>)?;)?
            $(test $tested:ident $(<$tested_lt:lifetime>)?;)?
        }
    )+) => {
        $($(
            commands!(@struct
                [$(#[doc = $doc])+ #[doc = concat!("\nDescribed in: ", $section, ".")]]
                $name [$($lt)?]
                $({ $($(#[doc = $field_doc])+ $field: $type),+ })?
            );

            impl $(<$lt>)? $crate::Command for $name $(<$lt>)? {
                const SPEC: &'static $crate::Spec = &$crate::Spec {
                    id: Some($crate::Id::$id),
                    name: $crate::Id::$id.name(),
                    type_name: stringify!($name),
                    form: $crate::Form::$form,
                    parameters: &[
                        $($($crate::ParameterSpec::literal(stringify!($literal)),)+)?
                        $($($crate::ParameterSpec {
                            name: stringify!($field),
                            domain: <$type as $crate::Parameter<'_>>::DOMAIN,
                            optional: <$type as $crate::Parameter<'_>>::OPTIONAL,
                            doc: concat!($($field_doc, "\n"),+),
                        },)+)?
                    ],
                    response:
                        <<Self as $crate::Command>::Response<'static> as $crate::Information<'static>>::SHAPE,
                    values:
                        <<Self as $crate::Command>::Response<'static> as $crate::Information<'static>>::VALUES,
                    example:
                        <<Self as $crate::Command>::Response<'static> as $crate::Information<'static>>::EXAMPLE,
                    data: concat!($($shown)?),
                    unsolicited: concat!($($later)?),
                    section: $section,
                    doc: concat!($($doc, "\n"),+),
                    prepare: |values, prepared| {
                        prepared.fill(&<$name as $crate::Decode<'_>>::decode(values)?).ok()
                    },
                };

                type Response<'r> = commands!(@or [$($response)?] ());

                fn encode(&self, line: &mut $crate::Encoder<'_>) {
                    $($(line.word(stringify!($literal));)+)?
                    $($($crate::Parameter::encode(&self.$field, line);)+)?
                    // An entry without parameters leaves the line alone.
                    let _ = line;
                }

                fn expect(&self) -> $crate::Expect {
                    let claim = <Self::Response<'_> as $crate::Information<'_>>::claim(Self::SPEC.name);
                    let mut expect = $crate::Expect::result().with_information(claim);
                    expect.ending = <Self::Response<'_> as $crate::Information<'_>>::ENDING;
                    $(
                        let $sent = self;
                        let expect = expect.with_data($data);
                    )?
                    expect
                }

                $(fn body_end(&self) -> $crate::BodyEnd {
                    $ended
                })?

                fn time_limit(&self) -> ::core::time::Duration {
                    $(let $limited = self;)?
                    commands!(@or [$($limit)?] $crate::time_limit::UNSTATED)
                }

                fn response<'r>(
                    &self,
                    lines: &[$crate::Line<'r>],
                ) -> Result<Self::Response<'r>, $crate::Malformed> {
                    $crate::Information::decode(lines).ok_or($crate::Malformed::new(
                        Self::SPEC,
                        <Self::Response<'_> as $crate::Information<'_>>::SHAPE,
                    ))
                }
            }

            impl<'a> $crate::Decode<'a> for $name $(<$lt>)? {
                fn decode(mut values: $crate::Values<'a>) -> Option<Self> {
                    $($($crate::parameter::literal(&mut values, stringify!($literal))?;)+)?
                    let command = commands!(@value $name values $($($field)+)?);
                    values.next().is_none().then_some(command)
                }
            }
        )+
        $(impl $(<$setting_lt>)? $crate::Setting for $setting $(<$setting_lt>)? {
            type Value<'v> = commands!(@apply $setting [$($setting_lt)?] 'v);
        })?
        $(impl $(<$tested_lt>)? $crate::Tested for $tested $(<$tested_lt>)? {})?
        )+

        /// The rows of this table.
        pub(crate) const SPECS: &[&$crate::Spec] = &[$(
            $(<$name as $crate::Command>::SPEC,)+
            $(<$crate::Read::<$setting> as $crate::Command>::SPEC,)?
            $(<$crate::Test::<$tested> as $crate::Command>::SPEC,)?
        )+];
    };

    (@struct [$($meta:tt)+] $name:ident []) => {
        $($meta)+
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub struct $name;
    };
    (@struct [$($meta:tt)+] $name:ident [$($lt:lifetime)?]
        { $($(#[$field_meta:meta])+ $field:ident: $type:ty),+ }) => {
        $($meta)+
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub struct $name $(<$lt>)? {
            $($(#[$field_meta])+ pub $field: $type,)+
        }
    };
    (@value $name:ident $values:ident) => { $name };
    (@value $name:ident $values:ident $($field:ident)+) => {
        $name { $($field: $crate::Parameter::decode(&mut $values)?),+ }
    };
    (@apply $name:ident [] $lt:lifetime) => { $name };
    (@apply $name:ident [$_:lifetime] $lt:lifetime) => { $name<$lt> };
    (@or [] $($default:tt)+) => { $($default)+ };
    (@or [$given:tt] $($default:tt)+) => { $given };
}

/// Defines a parameter that is one of a few words, written on the line exactly as given here.
macro_rules! choice {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $($(#[doc = $doc:literal])+ $variant:ident = $word:literal,)+ }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[non_exhaustive]
        pub enum $name { $($(#[doc = $doc])+ $variant,)+ }

        impl $name {
            /// Each with what is written on the line.
            pub(crate) const WORDS: &'static [(Self, &'static str)] = &[$((Self::$variant, $word),)+];

            /// What is written on the line.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl<'a> $crate::Parameter<'a> for $name {
            const DOMAIN: $crate::Domain = $crate::Domain::Choice(&[
                $($crate::Word { word: $word, doc: concat!($($doc, "\n"),+) },)+
            ]);

            fn encode(&self, line: &mut $crate::Encoder<'_>) {
                line.word(self.word());
            }

            fn decode(values: &mut $crate::Values<'a>) -> Option<Self> {
                let value = values.next()?;
                let found = Self::WORDS.iter().find(|(_, word)| $crate::parameter::is_word(value, word));
                found.map(|(variant, _)| *variant)
            }
        }
    };
}

/// Defines a parameter that takes two places: a quoted tag, and a value whose type depends on it.
macro_rules! tagged {
    (
        $(#[$meta:meta])*
        pub enum $name:ident<'a> { $($(#[doc = $doc:literal])+ $variant:ident($type:ty) = $tag:literal,)+ }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[non_exhaustive]
        pub enum $name<'a> { $($(#[doc = $doc])+ $variant($type),)+ }

        impl<'a> $crate::Parameter<'a> for $name<'a> {
            const DOMAIN: $crate::Domain = $crate::Domain::Tagged(&[
                $($crate::Tag {
                    tag: $tag,
                    domain: <$type as $crate::Parameter<'_>>::DOMAIN,
                    doc: concat!($($doc, "\n"),+),
                },)+
            ]);

            fn encode(&self, line: &mut $crate::Encoder<'_>) {
                match self {
                    $(Self::$variant(value) => {
                        line.quoted($tag);
                        $crate::Parameter::encode(value, line);
                    })+
                }
            }

            fn decode(values: &mut $crate::Values<'a>) -> Option<Self> {
                let tag = values.next()?;
                $(if $crate::parameter::is_word(tag, $tag) {
                    return $crate::Parameter::decode(values).map(Self::$variant);
                })+
                None
            }
        }
    };
}
