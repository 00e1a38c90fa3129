//! Sign-ins that Snowflake refuses: whose mistake it is, and which setting to look at.

use super::Error;
use crate::sql::Identifier;
use crate::warehouse::snowflake::transport;
use crate::warehouse::snowflake::wire::Reply;

/// The role does not exist or is not granted.
const ROLE_REFUSED: u32 = 390_189;
/// The user's default role is not granted.
const DEFAULT_ROLE_REFUSED: u32 = 390_186;
/// The role is not in the token.
const ROLE_NOT_IN_TOKEN: u32 = 390_317;
/// The default warehouse or database may not be used.
const PLACE_REFUSED: u32 = 390_201;

impl Error {
    /// Sorts the reply to a sign-in.
    pub(in crate::warehouse::snowflake) fn from_sign_in(reply: Reply) -> Self {
        let code = reply.code();
        let message = reply.message.as_deref().unwrap_or("no reason was given");
        // The advice that follows begins a sentence of its own.
        let message = message.trim_end_matches('.').to_owned();
        Self::SignInRefused {
            code,
            advice: advice(code, &message),
            message,
        }
    }

    /// Sorts a sign-in without a reply: a host of Snowflake's that does not know the account, or does not serve it to this
    /// network, says so by its status.
    pub(in crate::warehouse::snowflake) fn from_sign_in_status(error: transport::Error) -> Self {
        match error {
            transport::Error::Status { status, .. } if matches!(status.as_u16(), 403 | 404) => {
                Self::SignInRefused {
                    code: status.as_u16().into(),
                    message: "the host knows no such account".to_owned(),
                    advice: "Check SNOWFLAKE_ACCOUNT and SNOWFLAKE_HOST, and whether the account can be reached only through PrivateLink",
                }
            }
            error => error.into(),
        }
    }

    /// The same when the sign-in was for a role that a caller named: then that role may be all that is wrong.
    pub(in crate::warehouse::snowflake) fn for_role(self, role: Option<&Identifier>) -> Self {
        match (self, role) {
            (
                Self::SignInRefused {
                    code: ROLE_REFUSED,
                    message,
                    ..
                },
                Some(role),
            ) => Self::RoleRefused {
                role: role.to_string(),
                message,
            },
            (error, _) => error,
        }
    }

    /// The same of a person, whose own role, rights and token may be at fault, and never a setting of a user or password.
    pub(in crate::warehouse::snowflake) fn for_person(self, role: Option<&Identifier>) -> Self {
        let of_user = || role.map_or_else(|| "of the user".to_owned(), ToString::to_string);
        let (code, message) = match self {
            Self::SignInRefused { code, message, .. } => (code, message),
            // The role is the person's own, and another one of its own may do.
            Self::RoleNotAllowed(refusal) => {
                return Self::RoleRefused {
                    role: of_user(),
                    message: refusal,
                };
            }
            // A failure on the way is nobody's mistake.
            error => return error,
        };
        let is_about_role = matches!(
            code,
            ROLE_REFUSED | DEFAULT_ROLE_REFUSED | ROLE_NOT_IN_TOKEN
        ) || message.contains("not listed in the Access Token");
        if is_about_role {
            return Self::RoleRefused {
                role: of_user(),
                message: match code {
                    ROLE_REFUSED | DEFAULT_ROLE_REFUSED => {
                        "it does not exist, or is not granted to your user of Snowflake"
                    }
                    _ => "your token does not include it",
                }
                .to_owned(),
            };
        }
        if code == PLACE_REFUSED {
            return Self::RoleRefused {
                role: of_user(),
                message: "it may not use the warehouse or database that this server sets (SNOWFLAKE_WAREHOUSE, SNOWFLAKE_DATABASE, SNOWFLAKE_SCHEMA)"
                    .to_owned(),
            };
        }
        let told = match code {
            390_100 => (
                "no user of Snowflake belongs to this account",
                "ask the administrator of Snowflake for a user that the security integration maps your sign-in to",
            ),
            390_422 => (
                "a network policy of Snowflake does not allow this server",
                "tell the person who runs this server",
            ),
            _ => (
                "Snowflake does not accept your sign-in",
                "sign in again; if that does not help, your Snowflake administrator can find the reason with SYSTEM$VERIFY_EXTERNAL_OAUTH_TOKEN",
            ),
        };
        Self::PersonRefused {
            code,
            message,
            told,
        }
    }

    /// Whether a token that was given to us for a while has run out, so that a fresh one may be accepted.
    pub(in crate::warehouse::snowflake) fn wants_fresh_token(&self) -> bool {
        matches!(
            self,
            Self::SignInRefused {
                code: 390_110 | 390_195 | 390_303 | 390_318,
                ..
            } | Self::PersonRefused {
                code: 390_144 | 390_303 | 390_318,
                ..
            }
        )
    }

    /// Whether a signed token was refused for what may be nothing but its time. Snowflake does not always say which: an
    /// expired token is called invalid as well.
    pub(in crate::warehouse::snowflake) fn may_be_the_clock(&self) -> bool {
        matches!(
            self,
            Self::SignInRefused {
                code: 390_144 | 394_300..=394_303,
                ..
            }
        )
    }

    /// Whether more sign-ins could lock the user or change nothing.
    pub(in crate::warehouse::snowflake) fn is_refusal(&self) -> bool {
        match self {
            Self::SignInRefused { .. }
            | Self::PersonRefused { .. }
            | Self::RoleNotAllowed(_)
            | Self::NotAsAsked(_) => true,
            Self::Credentials(error) => error.is_refusal(),
            _ => false,
        }
    }
}

/// Which setting to look at.
fn advice(code: u32, message: &str) -> &'static str {
    match code {
        390_100 => {
            "Check SNOWFLAKE_USER and its password, and SNOWFLAKE_ACCOUNT: user names exist once per account"
        }
        394_301..=394_303 => {
            "The token's time differs from Snowflake's: check this machine's clock"
        }
        394_304 => {
            "The public key registered for SNOWFLAKE_USER (DESC USER shows RSA_PUBLIC_KEY_FP) is not that of \
             SNOWFLAKE_PRIVATE_KEY_PATH"
        }
        390_144 | 394_300..=394_306 => {
            "Check SNOWFLAKE_USER, SNOWFLAKE_ACCOUNT and the key in SNOWFLAKE_PRIVATE_KEY_PATH"
        }
        390_303 | 390_309 | 390_318 => {
            "Check the token (SNOWFLAKE_TOKEN, SNOWFLAKE_TOKEN_PATH or the OAuth client) and the security \
             integration"
        }
        ROLE_REFUSED => "Check SNOWFLAKE_ROLE: it does not exist or is not granted to the user",
        PLACE_REFUSED => {
            "Check SNOWFLAKE_WAREHOUSE, SNOWFLAKE_DATABASE and SNOWFLAKE_SCHEMA: the role may not use one of them"
        }
        390_120..=390_132 => {
            "The user needs a second factor: use private_key, or set SNOWFLAKE_PASSCODE"
        }
        390_422 => "A network policy does not allow this server's address",
        _ if message.contains("locked") => {
            "The user is locked for a while after wrong passwords; ALTER USER … SET MINS_TO_UNLOCK = 0 unlocks it"
        }
        _ => "Check SNOWFLAKE_AUTH_TYPE and the settings that go with it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_sign_in_names_the_setting_to_look_at() {
        for (code, setting) in [
            ("390100", "SNOWFLAKE_USER"),
            ("394304", "SNOWFLAKE_PRIVATE_KEY_PATH"),
            ("394301", "clock"),
            ("394302", "clock"),
            ("390189", "SNOWFLAKE_ROLE"),
        ] {
            let text = format!(r#"{{"success":false,"code":"{code}","message":"no"}}"#);
            let error = Error::from_sign_in(serde_json::from_str(&text).unwrap());
            assert!(error.is_refusal());
            assert!(error.to_string().contains(setting), "{error}");
        }
    }
}
