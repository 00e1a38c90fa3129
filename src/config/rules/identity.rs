//! Rules for `SNOWFLAKE_IDENTITY`: the Snowflake user or role of every caller must be known.

use crate::config::auth::SnowflakeIdentity;
use crate::config::environment::Environment;
use crate::config::exchange::ExchangeProfile;
use crate::config::resolve::Resolved;
use crate::config::settings::{Purpose, Settings};
use crate::config::warehouse::{AuthType, Backend};

pub(super) fn check_identity(settings: &Settings, purpose: Purpose, resolved: &mut Resolved) {
    if purpose != Purpose::Stdio && settings.warehouse.backend == Backend::Snowflake {
        check_that_exchange_is_meant(resolved);
    }
    let auth = &settings.auth;
    if auth.snowflake_identity == SnowflakeIdentity::Service {
        return;
    }
    let expected = if purpose == Purpose::Stdio {
        "`service` on stdio, where there is one caller"
    } else if settings.warehouse.backend != Backend::Snowflake {
        "`service` without an account"
    } else if auth.snowflake_identity == SnowflakeIdentity::Exchange {
        return check_exchange(settings, resolved);
    } else if auth.callers_file.is_none() {
        "`service`, because there is no CALLERS_FILE whose grants name roles"
    // A grant names the role, and only keys in the file have grants.
    } else if auth.keys().next().is_some() {
        "`service`, because keys in API_KEY and API_KEYS have no grant: put them into CALLERS_FILE"
    } else {
        return;
    };
    // If one of these could not be read, the sentence above may be wrong.
    let others = ["CALLERS_FILE", "API_KEY", "API_KEYS", "WAREHOUSE_BACKEND"];
    resolved.conflict("SNOWFLAKE_IDENTITY", &others, expected, None);
}

/// Whoever says how tokens are exchanged and not that they are would find all statements run as the service.
fn check_that_exchange_is_meant(resolved: &mut Resolved) {
    let of_exchange = [
        "SNOWFLAKE_EXCHANGE_URL",
        "SNOWFLAKE_EXCHANGE_CLIENT_ID",
        "SNOWFLAKE_EXCHANGE_CLIENT_SECRET",
        "SNOWFLAKE_EXCHANGE_CLIENT_SECRET_FILE",
        "SNOWFLAKE_EXCHANGE_AUDIENCE",
        "SNOWFLAKE_EXCHANGE_RESOURCE",
    ];
    let written = of_exchange
        .into_iter()
        .find(|name| resolved.is_written(name));
    if let Some(written) = written
        // Whoever wrote `service` has said what they want.
        && !resolved.is_written("SNOWFLAKE_IDENTITY")
    {
        resolved.conflict(
            "SNOWFLAKE_IDENTITY",
            &[written],
            &format!("`exchange`, because {written} is set"),
            Some(
                "with `service`, which you must then set explicitly, all statements run as the server's own user",
            ),
        );
    }
}

/// What the exchange of tokens needs, and callers that it could not serve.
fn check_exchange(settings: &Settings, resolved: &mut Resolved) {
    let is_right_for_the_profile = match settings.exchange.profile {
        ExchangeProfile::EntraObo => entra_rules(settings),
        ExchangeProfile::Rfc8693 => token_exchange_rules(settings),
    };
    for (is_right, name, expected) in client_rules(settings)
        .into_iter()
        .chain(is_right_for_the_profile)
        .chain(caller_rules(settings))
    {
        if !is_right {
            resolved.conflict(name, &["SNOWFLAKE_IDENTITY"], expected, None);
        }
    }
}

/// Whether a setting is right, its name, and what was expected.
type Rule = (bool, &'static str, &'static str);

/// This server as a client of the issuer.
fn client_rules(settings: &Settings) -> Vec<Rule> {
    let exchange = &settings.exchange;
    let url = exchange.url.as_ref();
    let is_plain = url.is_some_and(|url| url.starts_with("http:"));
    vec![
        (
            settings.oauth.issuer.is_some(),
            "OAUTH_ISSUER",
            "the issuer whose tokens are exchanged, with SNOWFLAKE_IDENTITY=exchange",
        ),
        (
            url.is_some(),
            "SNOWFLAKE_EXCHANGE_URL",
            "the token endpoint of OAUTH_ISSUER, with SNOWFLAKE_IDENTITY=exchange",
        ),
        (
            !is_plain || settings.environment != Environment::Production,
            "SNOWFLAKE_EXCHANGE_URL",
            "an `https://` address in production",
        ),
        (
            exchange.client_id.is_some(),
            "SNOWFLAKE_EXCHANGE_CLIENT_ID",
            "the id of this server as a client of OAUTH_ISSUER, with SNOWFLAKE_IDENTITY=exchange",
        ),
        (
            exchange.client_secret.is_some() || exchange.client_secret_file.is_some(),
            "SNOWFLAKE_EXCHANGE_CLIENT_SECRET",
            "the secret of SNOWFLAKE_EXCHANGE_CLIENT_ID, here or in the file of SNOWFLAKE_EXCHANGE_CLIENT_SECRET_FILE",
        ),
        (
            exchange.client_secret.is_none() || exchange.client_secret_file.is_none(),
            "SNOWFLAKE_EXCHANGE_CLIENT_SECRET_FILE",
            "nothing, because SNOWFLAKE_EXCHANGE_CLIENT_SECRET is set as well",
        ),
    ]
}

/// Whom an exchanged token is for, by RFC 8693.
fn token_exchange_rules(settings: &Settings) -> Vec<Rule> {
    let exchange = &settings.exchange;
    vec![(
        exchange.audience.is_some() != exchange.resource.is_some(),
        "SNOWFLAKE_EXCHANGE_AUDIENCE",
        "either this or SNOWFLAKE_EXCHANGE_RESOURCE, for `rfc8693`",
    )]
}

fn entra_rules(settings: &Settings) -> Vec<Rule> {
    let exchange = &settings.exchange;
    vec![
        (
            exchange.audience.is_none() && exchange.resource.is_none(),
            "SNOWFLAKE_EXCHANGE_AUDIENCE",
            "neither this nor SNOWFLAKE_EXCHANGE_RESOURCE, for `entra_obo`: the scope names the audience of the token",
        ),
        (
            exchange.scope.contains("://"),
            "SNOWFLAKE_EXCHANGE_SCOPE",
            "`<address of Snowflake's application>/session:scope:{role}`, for `entra_obo`",
        ),
        // Entra's `sub` is different for each application, so Snowflake and this server would see different people.
        (
            settings.oauth.subject_claim == "oid",
            "OAUTH_SUBJECT_CLAIM",
            "`oid`, for SNOWFLAKE_EXCHANGE_PROFILE=entra_obo",
        ),
    ]
}

/// Callers that have no user of Snowflake, or no role.
fn caller_rules(settings: &Settings) -> Vec<Rule> {
    let warehouse = &settings.warehouse;
    vec![
        (
            // `{role}` in the scope is replaced for each statement, so there must always be a role.
            !settings.exchange.scope.contains("{role}")
                || warehouse.role.is_some()
                || settings.auth.callers_file.is_some(),
            "SNOWFLAKE_ROLE",
            "the role of calls that name none, or grants with roles in CALLERS_FILE, because SNOWFLAKE_EXCHANGE_SCOPE names the role",
        ),
        (
            // Statements of a key run as the server's own user, if it has one.
            settings.has_service_identity() || settings.auth.keys().next().is_none(),
            "API_KEY",
            "no keys without SNOWFLAKE_USER, because a caller with a key has no user in Snowflake",
        ),
        (
            // Many persons call, and none of them sits at the server.
            warehouse.auth_type != AuthType::ExternalBrowser,
            "SNOWFLAKE_AUTH_TYPE",
            "a way to sign in that needs no browser, with SNOWFLAKE_IDENTITY=exchange",
        ),
    ]
}
