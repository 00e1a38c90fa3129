//! How a setting is declared, and what is known of it.
//!
//! Each section of the settings is one [`settings!`] in its file: the struct that its room is given, and an entry for each
//! field. From these entries come the checks and error texts, `snowflake-mcp config`, `docs/configuration.md`,
//! `.env.development`, `.env.production` and what the chart and Compose know of settings.

use super::environment::Environment;
use super::section::Section;
use super::shape::Shape;

/// Declares a section: the struct that `envconfig` fills, and `SETTINGS`, its entries in the reference.
///
/// A field reads `name: type = "VARIABLE", shape, default [more];`. Its doc comment is the text that everybody reads who
/// sets it; the reason for the default is a plain comment above. The default is one of
///
/// * `default "30s"`: the same everywhere,
/// * `each "1" "2" "4"`: one each for development, staging and production,
/// * `unset "no limit"`: none, and what that means; the type is an `Option`.
///
/// `more` are methods of [`Variable`] that say what is special, such as `secret` or `required("for …")`.
macro_rules! settings {
    (
        $(#[doc = $about_section:tt])+
        $visibility:vis struct $section:ident in $of:expr;
        $(
            $(#[doc = $about:tt])+
            $vis:vis $field:ident: $type:ty = $name:tt, $shape:expr,
                $(default $default:tt)?
                $(each $development:tt $staging:tt $production:tt)?
                $(unset $unset:tt)?
                $([$($more:ident $(($argument:expr))?),+])?;
        )+
    ) => {
        $(#[doc = $about_section])+
        #[derive(Debug, Clone, Envconfig)]
        #[non_exhaustive]
        #[allow(
            clippy::doc_markdown,
            reason = "the texts are for operators, who know names such as PrivateLink"
        )]
        $visibility struct $section {
            $(
                $(#[doc = $about])+
                // Of several defaults this is development's; `resolve.rs` supplies the others.
                #[envconfig(from = $name $(, default = $default)? $(, default = $development)?)]
                $vis $field: $type,
            )+
        }

        /// The entries of this section in the reference, in its order.
        pub(in crate::config) const SETTINGS: &[$crate::config::variable::Variable] = &[$(
            $crate::config::variable::Variable::new($name, $of, $shape, concat!($($about),+).trim_ascii())
                $(.default($default))?
                $(.each($development, $staging, $production))?
                $(.unset($unset))?
                $($(.$more($($argument)?))+)?,
        )+];
    };
}
pub(super) use settings;

/// A variable and all that is known about it.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    /// Its name, without the prefix of an environment.
    pub name: &'static str,
    /// The concern it belongs to.
    pub section: Section,
    /// What its text must look like.
    pub shape: Shape,
    /// What holds when it is not set.
    pub default: Default,
    /// When it must be set; completes "required …".
    pub required: Option<&'static str>,
    /// Whether its value is never shown.
    pub secret: bool,
    /// What quotes around its value mean.
    pub quotes: Quotes,
    /// Whether it is obeyed. If not, it is checked, and setting it gives a warning at start-up.
    pub is_obeyed: bool,
    /// Whether `.env.production` takes it from the environment of whoever loads that file, because only they know it.
    pub passed_on: bool,
    /// What it does.
    pub about: &'static str,
}

/// What holds when a variable is not set.
#[derive(Debug, Clone, Copy)]
pub enum Default {
    /// Nothing; the words say what that means.
    Unset(&'static str),
    /// The same in all environments.
    Same(&'static str),
    /// One each for development, staging and production.
    Each(&'static str, &'static str, &'static str),
}

/// What quotes around a whole value mean. Docker's `--env-file` hands them over, a shell takes them away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quotes {
    /// They were left by whoever passed the value on, and are removed: no value has quotes of its own.
    Dropped,
    /// Double quotes are part of a name, as in SQL; single quotes are removed.
    OfNames,
    /// They may be part of the secret: kept, with a warning.
    OfSecrets,
}

impl Variable {
    pub(super) const fn new(
        name: &'static str,
        section: Section,
        shape: Shape,
        about: &'static str,
    ) -> Self {
        Self {
            name,
            section,
            shape,
            default: Default::Unset(""),
            required: None,
            secret: false,
            quotes: Quotes::Dropped,
            is_obeyed: true,
            passed_on: false,
            about,
        }
    }

    pub(super) const fn unset(mut self, meaning: &'static str) -> Self {
        self.default = Default::Unset(meaning);
        self
    }

    pub(super) const fn default(mut self, value: &'static str) -> Self {
        self.default = Default::Same(value);
        self
    }

    pub(super) const fn each(
        mut self,
        development: &'static str,
        staging: &'static str,
        production: &'static str,
    ) -> Self {
        self.default = Default::Each(development, staging, production);
        self
    }

    pub(super) const fn required(mut self, when: &'static str) -> Self {
        self.required = Some(when);
        self
    }

    pub(super) const fn secret(mut self) -> Self {
        self.secret = true;
        self.quotes = Quotes::OfSecrets;
        self
    }

    pub(super) const fn quotes(mut self, quotes: Quotes) -> Self {
        self.quotes = quotes;
        self
    }

    pub(super) const fn later(mut self) -> Self {
        self.is_obeyed = false;
        self
    }

    pub(super) const fn passed_on(mut self) -> Self {
        self.passed_on = true;
        self
    }

    /// The default in an environment, where there is one.
    #[must_use]
    pub const fn default_in(&self, environment: Environment) -> Option<&'static str> {
        match (self.default, environment) {
            (Default::Unset(_), _) => None,
            (Default::Same(value), _)
            | (Default::Each(value, _, _), Environment::Development)
            | (Default::Each(_, value, _), Environment::Staging)
            | (Default::Each(_, _, value), Environment::Production) => Some(value),
        }
    }

    /// Whether staging and production read it under a prefixed name first.
    #[must_use]
    pub fn takes_prefix(&self) -> bool {
        self.name.starts_with("SNOWFLAKE_")
    }
}
