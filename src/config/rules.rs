//! Rules between variables; what one variable may be by itself is in the reference table.

mod account;
mod identity;
mod oauth;
mod tls;

use self::account::{check_account, check_sign_in};
use self::identity::check_identity;
use self::oauth::check_oauth;
pub use self::oauth::unfit_issuer;
use self::tls::check_tls;
use super::environment::Environment;
use super::keys::ApiKey;
use super::problem::Problem;
use super::resolve::Resolved;
use super::settings::{Purpose, Settings};
use super::warehouse::Backend;

/// The backend when `WAREHOUSE_BACKEND` is not set. Development without an account gets the embedded engine. Production never
/// does: a service that quietly answers from sample data would be the worst outcome.
pub(super) const fn backend_in_force(environment: Environment, has_account: bool) -> Backend {
    match environment {
        Environment::Development if !has_account => Backend::Embedded,
        _ => Backend::Snowflake,
    }
}

/// Sets `WAREHOUSE_BACKEND` if it is not set.
pub(super) fn choose_backend(resolved: &mut Resolved) {
    if resolved.is_written("WAREHOUSE_BACKEND") && !resolved.is_doubtful("WAREHOUSE_BACKEND") {
        return;
    }
    let has_account = resolved.is_written("SNOWFLAKE_ACCOUNT");
    let backend = backend_in_force(resolved.environment, has_account);
    resolved.supply("WAREHOUSE_BACKEND", backend.as_str());
}

/// Checks how variables fit each other.
pub(super) fn check(settings: &Settings, purpose: Purpose, resolved: &mut Resolved) {
    // On stdio nothing listens, and the only caller is the program that started this one.
    if purpose == Purpose::Serve {
        check_access(settings, resolved);
        check_server(settings, resolved);
        check_oauth(settings, resolved);
        check_tls(settings, resolved);
    }
    check_identity(settings, purpose, resolved);
    check_limits(settings, resolved);
    check_keys(settings, resolved);
    // An unknown environment, or a backend that could not be read, says nothing about what Snowflake needs.
    let known = !resolved.is_doubtful("ENVIRONMENT") && !resolved.is_doubtful("WAREHOUSE_BACKEND");
    if known && settings.warehouse.backend == Backend::Snowflake {
        check_account(settings, resolved);
        if settings.has_service_identity() {
            check_sign_in(settings, purpose, resolved);
        }
    }
    if known && settings.warehouse.backend == Backend::Embedded && !cfg!(feature = "embedded") {
        refuse_the_engine(resolved);
    }
}

/// The slim image is built without the engine, which development would choose by default.
fn refuse_the_engine(resolved: &mut Resolved) {
    let (name, expected) = if resolved.is_written("WAREHOUSE_BACKEND") {
        ("WAREHOUSE_BACKEND", "`snowflake`")
    } else {
        (
            "SNOWFLAKE_ACCOUNT",
            "an account identifier such as `myorg-myaccount`",
        )
    };
    let hint = "this build is without the embedded engine";
    resolved.conflict(name, &[], expected, Some(hint));
}

fn check_access(settings: &Settings, resolved: &mut Resolved) {
    let server = &settings.server;
    // Secure by default: a port that others can reach needs either credentials or an explicit word
    // that it needs none.
    if server.is_loopback() || settings.requires_credential() || settings.auth.allow_anonymous {
        return;
    }
    resolved.conflict(
        "API_KEY",
        &[
            "API_KEYS",
            "CALLERS_FILE",
            "OAUTH_ISSUER",
            "ALLOW_ANONYMOUS",
            "SERVER_HOST",
        ],
        "a key, because SERVER_HOST is not loopback",
        Some(
            "or set ALLOW_ANONYMOUS=true if everybody who can reach the port may query the warehouse",
        ),
    );
}

fn check_server(settings: &Settings, resolved: &mut Resolved) {
    let server = &settings.server;
    let any_origin = server.cors_origins.iter().any(|origin| origin == "*");
    if any_origin && settings.environment == Environment::Production {
        let expected = "origins such as `https://app.example.com`";
        let hint = "`*` is refused in production";
        resolved.conflict("CORS_ORIGINS", &["ENVIRONMENT"], expected, Some(hint));
    // Whoever lists origins beside `*` believes that only those are allowed.
    } else if any_origin && server.cors_origins.len() > 1 {
        let expected = "either `*` alone or a list of origins";
        resolved.conflict("CORS_ORIGINS", &[], expected, None);
    }
    // Port 0 twice is two ports, which the system chooses.
    if server.port != 0 && server.management_port == Some(server.port) {
        resolved.conflict(
            "MANAGEMENT_PORT",
            &["SERVER_PORT"],
            "another port than SERVER_PORT",
            Some("unset it to serve probes and metrics on SERVER_PORT"),
        );
    }
}

fn check_limits(settings: &Settings, resolved: &mut Resolved) {
    let (pool, limits) = (&settings.pool, &settings.limits);
    if pool.max_size < pool.min_size {
        resolved.conflict(
            "SNOWFLAKE_POOL_MAX_SIZE",
            &["SNOWFLAKE_POOL_MIN_SIZE"],
            "a number not below SNOWFLAKE_POOL_MIN_SIZE",
            None,
        );
    }
    if limits.default_rows > limits.max_rows {
        // An operator who lowered only MAX_ROWS is told about that one.
        let (name, expected) = if resolved.is_written("DEFAULT_ROWS") {
            ("DEFAULT_ROWS", "a number not above MAX_ROWS")
        } else {
            (
                "MAX_ROWS",
                "a number not below DEFAULT_ROWS, which is 100 unless set",
            )
        };
        resolved.conflict(name, &["DEFAULT_ROWS", "MAX_ROWS"], expected, None);
    }
}

/// The limits that `API_KEYS` gives single keys. Messages name a key by its place and its digest and never show it.
fn check_keys(settings: &Settings, resolved: &mut Resolved) {
    if resolved.is_doubtful("API_KEYS") {
        return;
    }
    let named = settings.auth.more_keys().zip(1..).map(|(key, place)| {
        let faults = key.faults(&settings.limits);
        (format!("key {place} ({})", key.name()), key, faults)
    });
    for (name, key, mut faults) in named {
        let others = settings.auth.keys().filter(|it| it.name() == key.name());
        // The same key in API_KEY and API_KEYS: which limits apply must not depend on which is
        // found first.
        if others.map(ApiKey::limits).any(|it| it != key.limits()) {
            faults.push("the same limits wherever this key is given".to_owned());
        }
        for fault in faults {
            let expected = format!("behind {name}: {fault}");
            resolved.problem("API_KEYS", |written| Problem::new(written, expected));
        }
    }
}
