//! What a label is. Its values are a closed set: nothing a client sends can become a time series.
//!
//! What this program decides itself is an enum, in `labels.rs`. What comes from elsewhere as text (a tool's name, a method, a
//! status) is looked up in a list of `lists.rs`; what the list does not have is `other`, its last word.

/// The word for everything that a list does not have.
pub const OTHER: &str = "other";

/// A label and the values it can have.
pub trait Label: Copy {
    /// Its name.
    const NAME: &'static str;
    /// Its values.
    const VALUES: &'static [&'static str];

    /// The value as it is written.
    fn value(self) -> &'static str;
}

/// An enum whose variants are the values of one label.
macro_rules! label {
    ($(#[$outer:meta])* $name:ident of $label:literal { $($(#[$inner:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$inner])* $variant,)+ }

        impl $name {
            /// Every value, in the order of the variants.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The value as it is written in a label, a span or a log line.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl Label for $name {
            const NAME: &'static str = $label;
            const VALUES: &'static [&'static str] = Self::WORDS;

            fn value(self) -> &'static str {
                self.as_str()
            }
        }
    };
}
pub(super) use label;
