//! Why no credentials came together, each with the setting to look at. No text here holds a key, a token or a password.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why there is nothing to sign in with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file that a setting names cannot be read.
    #[error("the file {} cannot be read; see {setting}", path.display())]
    File {
        /// The setting with the path.
        setting: &'static str,
        /// The path.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The private key is of no use.
    #[error("the private key cannot be used: {fault}; see {}", fault.setting(setting))]
    Key {
        /// The setting the key came from.
        setting: &'static str,
        /// What is wrong with it.
        fault: KeyFault,
    },
    /// No text that could be a token, or a client's secret.
    #[error("the token or secret is empty or not one line of text; see {setting}")]
    Token {
        /// The setting the token came from.
        setting: &'static str,
    },
    /// A setting that the method needs is missing or of the wrong form.
    #[error("{setting} must be {expected}")]
    Setting {
        /// The setting.
        setting: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// An issuer or metadata service could not be asked, or had trouble of its own. Trying again later can help.
    #[error("{who} gave no answer; see {setting}")]
    Unreachable {
        /// Who was asked.
        who: &'static str,
        /// The setting that leads there.
        setting: &'static str,
        /// Why.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// An issuer gave no answer a moment ago, and was not asked again.
    #[error("{who} gave no answer a moment ago and was not asked again; see {setting}")]
    LeftAlone {
        /// Who was not asked.
        who: &'static str,
        /// The setting that leads there.
        setting: &'static str,
    },
    /// An issuer or metadata service said no.
    #[error("{who} refused ({reason}); see {setting}")]
    Refused {
        /// Who was asked.
        who: &'static str,
        /// The status or error code, never a whole body: some issuers echo the request.
        reason: String,
        /// The setting that leads there.
        setting: &'static str,
    },
    /// A caller's token was not exchanged for one of Snowflake's, or not for one that can be used.
    #[error("the caller's token was not exchanged: {}; see {}", .0.told(), .0.setting())]
    Exchange(ExchangeFault),
    /// A window was opened in vain.
    #[error(
        "nobody signed in with the browser within {} s; the next call opens it again; see SNOWFLAKE_BROWSER_TIMEOUT",
        patience.as_secs()
    )]
    NobodySignedIn {
        /// How long was waited.
        patience: Duration,
    },
    /// The host is not Snowflake's; an attestation lets whoever holds it sign in as us.
    #[error(
        "SNOWFLAKE_AUTH_TYPE=workload_identity sends its attestation to hosts of Snowflake only, not to {host}; see \
         SNOWFLAKE_HOST"
    )]
    ForeignHost {
        /// Where it would have gone.
        host: String,
    },
    /// A defect, or the machine's trouble.
    #[error("signing in failed inside this service: {message}")]
    Internal {
        /// What was being done.
        message: &'static str,
        /// Why it failed.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
}

/// Why a caller's token was not exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExchangeFault {
    /// The issuer does not take the caller's token.
    Subject,
    /// Somebody has to consent first.
    Consent,
    /// The caller may not have the role, or its name cannot stand in a scope.
    Role,
    /// There is no role to ask for.
    NoRole,
    /// The issuer does not know this server as a client, or its secret.
    Client,
    /// The client may not exchange tokens.
    Grant,
    /// The issuer does not know whom the token is to be for.
    Target,
    /// What came is not what was asked for.
    Answer(&'static str),
}

impl ExchangeFault {
    /// What the issuer said, for the operator.
    const fn told(self) -> &'static str {
        match self {
            Self::Subject => "the issuer does not accept it",
            Self::Consent => "the issuer wants consent or another sign-in first",
            Self::Role => "the role cannot be asked for, or the issuer does not give its scope",
            Self::NoRole => "the call names no role, and there is no usual one",
            Self::Client => "the issuer does not accept this server as a client",
            Self::Grant => "the issuer does not let this client exchange tokens",
            Self::Target => "the issuer does not know the audience or resource",
            Self::Answer(what) => what,
        }
    }

    const fn setting(self) -> &'static str {
        match self {
            Self::Subject | Self::Consent | Self::Answer(_) => "SNOWFLAKE_EXCHANGE_URL",
            Self::Role => "SNOWFLAKE_EXCHANGE_SCOPE",
            Self::NoRole => "SNOWFLAKE_ROLE",
            Self::Client => "SNOWFLAKE_EXCHANGE_CLIENT_ID and SNOWFLAKE_EXCHANGE_CLIENT_SECRET",
            Self::Grant => "SNOWFLAKE_EXCHANGE_PROFILE",
            Self::Target => "SNOWFLAKE_EXCHANGE_AUDIENCE and SNOWFLAKE_EXCHANGE_RESOURCE",
        }
    }

    /// Whether only the operator can correct it. It is then wrong for every caller.
    #[must_use]
    pub const fn is_operators(self) -> bool {
        matches!(
            self,
            Self::Client | Self::Grant | Self::Target | Self::Answer(_)
        )
    }

    /// Whether another role may do.
    #[must_use]
    pub const fn is_about_role(self) -> bool {
        matches!(self, Self::Role | Self::NoRole)
    }
}

/// What is wrong with a private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFault {
    /// In none of the forms that are read.
    #[error("it is not a private key: expected PEM, DER, or the base64 of either")]
    NotAKey,
    /// The name of a file in place of a key.
    #[error("it looks like the path of a file; a path goes into SNOWFLAKE_PRIVATE_KEY_PATH")]
    IsPath,
    /// A public key or certificate.
    #[error("it is a public key or a certificate; the private key is needed")]
    NotPrivate,
    /// Encrypted, and nothing to open it with.
    #[error("it is encrypted and there is no passphrase")]
    PassphraseMissing,
    /// The passphrase does not open it.
    #[error("the passphrase does not open it")]
    PassphraseWrong,
    /// Encrypted in a way that is not supported.
    #[error(
        "its encryption is not supported; convert it with `openssl pkcs8 -topk8 -v2 aes-256-cbc`"
    )]
    OldEncryption,
    /// A key of another algorithm.
    #[error("it is not an RSA key")]
    NotRsa,
    /// Too short to be accepted, or too long to be used.
    #[error("it has {bits} bits; RSA keys of 2048 to 4096 bits can be used")]
    Size {
        /// Its length.
        bits: usize,
    },
}

impl KeyFault {
    const fn setting(self, key: &'static str) -> &'static str {
        match self {
            Self::PassphraseMissing | Self::PassphraseWrong => "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE",
            _ => key,
        }
    }
}

impl Error {
    /// The setting to look at first.
    #[must_use]
    pub fn setting(&self) -> &'static str {
        match self {
            Self::File { setting, .. }
            | Self::Token { setting }
            | Self::Setting { setting, .. }
            | Self::Unreachable { setting, .. }
            | Self::LeftAlone { setting, .. }
            | Self::Refused { setting, .. } => setting,
            Self::Key { setting, fault } => fault.setting(setting),
            Self::Exchange(fault) => fault.setting(),
            Self::NobodySignedIn { .. } => "SNOWFLAKE_BROWSER_TIMEOUT",
            Self::ForeignHost { .. } => "SNOWFLAKE_HOST",
            Self::Internal { .. } => "SNOWFLAKE_AUTH_TYPE",
        }
    }

    /// Whether the same settings may work a little later.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::LeftAlone { .. })
    }

    /// Whether it makes sense to try again while somebody waits.
    #[must_use]
    pub const fn is_worth_another_try(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }

    /// Whether somebody was asked and said no: asking again changes nothing, and may lock the client.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        match self {
            Self::Refused { .. } => true,
            // A role that is refused says nothing of the others.
            Self::Exchange(fault) => !fault.is_about_role(),
            _ => false,
        }
    }
}
