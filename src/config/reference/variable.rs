//! What the table knows of a variable, and the sections it is divided into.

use std::fmt;

use crate::config::environment::Environment;
use crate::config::shape::Shape;
use crate::config::types::{ByteSize, Span};

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
    /// Whether this version obeys it.
    pub availability: Availability,
    /// What it does.
    pub about: &'static str,
}

/// The concerns, in the order of the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Which environment this is.
    Environment,
    /// The HTTP side.
    Server,
    /// Who may call.
    Auth,
    /// Which warehouse, and how to sign in.
    Warehouse,
    /// Snowflake sessions.
    Pool,
    /// Budgets of a call.
    Limits,
    /// What statements may do and touch.
    Policy,
    /// The engine in this process.
    Embedded,
    /// Logs and OpenTelemetry.
    Telemetry,
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
    /// They are left over: no value has quotes of its own.
    Dropped,
    /// Double quotes are part of a name, as in SQL; single ones are left over.
    OfNames,
    /// They may be part of the secret: kept, with a warning.
    OfSecrets,
}

/// Whether this version obeys a variable. Changing that is changing one word in its entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Availability {
    /// It does.
    Obeyed,
    /// Not yet, and nobody is less safe for it: a warning at start-up.
    Later,
    /// Not yet, and it guards something: setting it is an error, for a guard that is silently ignored is worse than
    /// none. A value given here is what happens anyway, and may be set.
    GuardLater(Option<&'static str>),
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
            availability: Availability::Obeyed,
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

    #[allow(
        dead_code,
        reason = "for the next setting that is named before it is obeyed"
    )]
    pub(super) const fn later(mut self) -> Self {
        self.availability = Availability::Later;
        self
    }

    pub(super) const fn guard_later(mut self) -> Self {
        self.availability = Availability::GuardLater(None);
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

impl Section {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 9] = [
        Self::Environment,
        Self::Server,
        Self::Auth,
        Self::Warehouse,
        Self::Pool,
        Self::Limits,
        Self::Policy,
        Self::Embedded,
        Self::Telemetry,
    ];

    /// The heading and the sentence under it.
    #[must_use]
    pub const fn about(self) -> (&'static str, &'static str) {
        match self {
            Self::Environment => (
                "Environment",
                "Picks the column of defaults, and the prefix of the `SNOWFLAKE_` names.",
            ),
            Self::Server => (
                "Server",
                "Where the service listens, how much it accepts, how it stops.",
            ),
            Self::Auth => (
                "Access",
                "Who may call. Without a key only programs on the same machine can, unless `ALLOW_ANONYMOUS` says otherwise.",
            ),
            Self::Warehouse => (
                "Warehouse",
                "Where statements run, and how to sign in to Snowflake.",
            ),
            Self::Pool => (
                "Snowflake sessions",
                "How many sessions are kept, and for how long.",
            ),
            Self::Limits => ("Limits", "What one call may cost."),
            Self::Policy => (
                "Policy",
                "What statements may do and touch; docs/policy.md explains it. Each list narrows what the others leave.",
            ),
            Self::Embedded => (
                "Embedded engine",
                "The engine inside the process, with a copy of Snowflake's sample data.",
            ),
            Self::Telemetry => (
                "Logs and telemetry",
                "Other `OTEL_` variables mean what the OpenTelemetry specification says and are not checked here.",
            ),
        }
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.about().0)
    }
}

pub(super) const KIB: u64 = 1 << 10;
pub(super) const MIB: u64 = 1 << 20;
pub(super) const GIB: u64 = 1 << 30;
pub(super) const SECOND: u64 = 1000;
pub(super) const HOUR: u64 = 3600 * SECOND;

pub(super) const fn span(min: u64, max: u64) -> Shape {
    Shape::Span(Span::from_millis(min), Span::from_millis(max))
}

pub(super) const fn size(min: u64, max: u64) -> Shape {
    Shape::Size(ByteSize::from_bytes(min), ByteSize::from_bytes(max))
}
