//! Rules for the Snowflake account and the way to sign in to it.

use crate::config::environment::Environment;
use crate::config::resolve::Resolved;
use crate::config::settings::{Purpose, Settings};
use crate::config::warehouse::{AuthType, IdentityProvider, Protocol, Warehouse};

pub(super) fn check_account(settings: &Settings, resolved: &mut Resolved) {
    let warehouse = &settings.warehouse;
    if warehouse.account.is_none() {
        let hint = match settings.environment {
            Environment::Development => {
                "or set WAREHOUSE_BACKEND=embedded, or unset it, for the sample data".to_owned()
            }
            // Outside development a missing prefix is the usual cause.
            other => format!(
                "in {other} {}SNOWFLAKE_ACCOUNT is read first; WAREHOUSE_BACKEND=embedded serves sample data instead",
                other.prefix().unwrap_or_default()
            ),
        };
        let expected = "an account identifier such as `myorg-myaccount`";
        resolved.conflict("SNOWFLAKE_ACCOUNT", &[], expected, Some(&hint));
    }
    if warehouse.protocol == Protocol::Http && settings.environment == Environment::Production {
        // Not even to a loopback host: there is no reason for it in production.
        resolved.conflict("SNOWFLAKE_PROTOCOL", &[], "`https` in production", None);
    } else if warehouse.protocol == Protocol::Http
        && !warehouse.allow_insecure
        && !warehouse.host.as_deref().is_some_and(is_loopback)
    {
        resolved.conflict(
            "SNOWFLAKE_PROTOCOL",
            &["SNOWFLAKE_HOST", "SNOWFLAKE_ALLOW_INSECURE"],
            "`https`, because SNOWFLAKE_HOST is not loopback",
            Some("SNOWFLAKE_ALLOW_INSECURE=true sends credentials and rows unencrypted"),
        );
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// What a way to sign in needs: whether it is there, the setting, what was expected, and a hint.
type Need = (bool, &'static str, &'static str, Option<&'static str>);

pub(super) fn check_sign_in(settings: &Settings, purpose: Purpose, resolved: &mut Resolved) {
    let warehouse = &settings.warehouse;
    let is_said = resolved.is_written("SNOWFLAKE_AUTH_TYPE");
    // A token alone leaves the default way to sign in, which is a key. "The key is missing" would
    // send the operator the wrong way.
    if has_token(warehouse) && !has_key(warehouse) && !is_said {
        resolved.conflict(
            "SNOWFLAKE_AUTH_TYPE",
            &["SNOWFLAKE_PRIVATE_KEY_PATH", "SNOWFLAKE_PRIVATE_KEY"],
            "`oauth` or `programmatic_access_token`, because a token alone does not say which it is",
            None,
        );
        // What the default way needs does not matter when another one was meant.
        return;
    }
    // The browser opens on the machine of the process, so the person must be there.
    let somebody_is_there = purpose == Purpose::Stdio || settings.server.is_loopback();
    for (is_there, name, expected, hint) in needs(warehouse, somebody_is_there) {
        if !is_there {
            resolved.conflict(name, &["SNOWFLAKE_AUTH_TYPE"], expected, hint);
        }
    }
}

fn has_token(warehouse: &Warehouse) -> bool {
    warehouse.token.is_some() || warehouse.token_path.is_some()
}

fn has_key(warehouse: &Warehouse) -> bool {
    warehouse.private_key_path.is_some() || warehouse.private_key.is_some()
}

/// What the chosen way to sign in needs. A browser needs a person on this machine.
fn needs(warehouse: &Warehouse, somebody_is_there: bool) -> Vec<Need> {
    let user = (
        warehouse.user.is_some(),
        "SNOWFLAKE_USER",
        "a login name",
        None,
    );
    let token = |is_there, expected| {
        let hint = Some("or SNOWFLAKE_TOKEN_PATH with its file");
        (is_there, "SNOWFLAKE_TOKEN", expected, hint)
    };
    match warehouse.auth_type {
        AuthType::PrivateKey => vec![
            user,
            (
                has_key(warehouse),
                "SNOWFLAKE_PRIVATE_KEY_PATH",
                "the path of a file with a private key, for SNOWFLAKE_AUTH_TYPE=private_key",
                Some("or SNOWFLAKE_PRIVATE_KEY with the key itself, or SNOWFLAKE_PASSWORD"),
            ),
        ],
        AuthType::Password => vec![
            user,
            (
                warehouse.password.is_some(),
                "SNOWFLAKE_PASSWORD",
                "the user's password",
                None,
            ),
        ],
        AuthType::ExternalBrowser => vec![
            user,
            (
                somebody_is_there,
                "SNOWFLAKE_AUTH_TYPE",
                "a way to sign in that needs no browser, because SERVER_HOST is not loopback",
                Some("private_key suits a service"),
            ),
        ],
        AuthType::Oauth | AuthType::ProgrammaticAccessToken => vec![token(
            has_token(warehouse),
            "a token, for this SNOWFLAKE_AUTH_TYPE",
        )],
        AuthType::OauthClientCredentials => vec![
            (
                warehouse.oauth_client_id.is_some(),
                "SNOWFLAKE_OAUTH_CLIENT_ID",
                "the id of an OAuth client",
                None,
            ),
            (
                warehouse.oauth_client_secret.is_some(),
                "SNOWFLAKE_OAUTH_CLIENT_SECRET",
                "the client's secret",
                None,
            ),
            (
                warehouse.oauth_token_url.is_some(),
                "SNOWFLAKE_OAUTH_TOKEN_URL",
                "an `https://` address",
                None,
            ),
        ],
        AuthType::WorkloadIdentity => {
            let provider = warehouse.workload_identity_provider;
            vec![
                (
                    provider.is_some(),
                    "SNOWFLAKE_WORKLOAD_IDENTITY_PROVIDER",
                    "`aws`, `azure`, `gcp` or `oidc`",
                    None,
                ),
                // The clouds hand out their own proof of identity; only with OIDC must somebody
                // bring a token.
                token(
                    provider != Some(IdentityProvider::Oidc) || has_token(warehouse),
                    "a token of the issuer, for the provider `oidc`",
                ),
            ]
        }
    }
}
