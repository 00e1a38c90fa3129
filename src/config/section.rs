//! The sections into which the settings are divided.

use std::fmt;

/// The concerns, in the order of the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Which environment this is.
    Environment,
    /// The HTTP side.
    Server,
    /// TLS of the public port.
    Tls,
    /// Who may call.
    Auth,
    /// Tokens of an issuer.
    Oauth,
    /// Statements as the person who asks.
    Exchange,
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

impl Section {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 12] = [
        Self::Environment,
        Self::Server,
        Self::Tls,
        Self::Auth,
        Self::Oauth,
        Self::Exchange,
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
                "Selects the defaults, and the prefix of the `SNOWFLAKE_` names.",
            ),
            Self::Server => (
                "Server",
                "Where the service listens, how much it accepts, and how it stops.",
            ),
            Self::Tls => (
                "TLS",
                "HTTPS in this process; docs/tls.md explains how to set it up. Without these settings, use a proxy or an ingress with HTTPS.",
            ),
            Self::Auth => (
                "Access",
                "Who may call. Without a key or an issuer, only programs on the same machine can call, unless `ALLOW_ANONYMOUS` is set.",
            ),
            Self::Oauth => (
                "OAuth",
                "Tokens of an issuer, in addition to keys; docs/signing-in.md explains how to set it up. The server checks tokens and issues none.",
            ),
            Self::Exchange => (
                "Snowflake as the caller",
                "How a caller's statements run as the caller's own Snowflake user (`SNOWFLAKE_IDENTITY=exchange`); docs/external-oauth.md explains how to set it up.",
            ),
            Self::Warehouse => (
                "Warehouse",
                "Where statements run, and how to sign in to Snowflake.",
            ),
            Self::Pool => (
                "Snowflake sessions",
                "How many sessions the service keeps, and for how long.",
            ),
            Self::Limits => ("Limits", "What one call may cost."),
            Self::Policy => (
                "Policy",
                "What statements may do, and which objects they may use; docs/policy.md explains it. A statement must pass all lists.",
            ),
            Self::Embedded => (
                "Embedded engine",
                "The engine inside the process, with a copy of Snowflake's sample data.",
            ),
            Self::Telemetry => (
                "Logs and telemetry",
                "Other `OTEL_` variables have the meaning of the OpenTelemetry specification, and are not checked here.",
            ),
        }
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.about().0)
    }
}
