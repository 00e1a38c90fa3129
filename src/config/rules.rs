//! Rules between variables; what one variable may be by itself is in the reference table.

use super::auth::SnowflakeIdentity;
use super::environment::Environment;
use super::exchange::ExchangeProfile;
use super::keys::ApiKey;
use super::problem::Problem;
use super::resolve::Resolved;
use super::settings::{Purpose, Settings};
use super::warehouse::{AuthType, Backend, IdentityProvider, Protocol};

/// Where statements run when nobody said: with an account in Snowflake; without one in the embedded engine, in
/// development only. A production service that quietly answers from sample data would be the worst of outcomes.
pub(super) const fn backend_in_force(environment: Environment, has_account: bool) -> Backend {
    match environment {
        Environment::Development if !has_account => Backend::Embedded,
        _ => Backend::Snowflake,
    }
}

/// Supplies the backend when nobody said.
pub(super) fn choose_backend(resolved: &mut Resolved) {
    if resolved.is_written("WAREHOUSE_BACKEND") && !resolved.is_doubtful("WAREHOUSE_BACKEND") {
        return;
    }
    let has_account = resolved.is_written("SNOWFLAKE_ACCOUNT");
    let backend = backend_in_force(resolved.environment, has_account);
    resolved.supply("WAREHOUSE_BACKEND", backend.as_str());
}

/// Checks what only several variables together can get wrong.
pub(super) fn check(settings: &Settings, purpose: Purpose, resolved: &mut Resolved) {
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

/// The slim image is built without the engine, and development chooses it when nobody said.
fn refuse_the_engine(resolved: &mut Resolved) {
    let (name, expected) = if resolved.is_written("WAREHOUSE_BACKEND") {
        ("WAREHOUSE_BACKEND", "`snowflake`")
    } else {
        (
            "SNOWFLAKE_ACCOUNT",
            "an account identifier such as `myorg-myaccount`",
        )
    };
    resolved.conflict(name, &[], |name| {
        Problem::new(name, expected).hint("this build is without the embedded engine")
    });
}

fn check_access(settings: &Settings, resolved: &mut Resolved) {
    let server = &settings.server;
    if server.is_loopback() || settings.requires_credential() || settings.auth.allow_anonymous {
        return;
    }
    resolved.conflict("API_KEY", &["API_KEYS", "CALLERS_FILE", "OAUTH_ISSUER", "ALLOW_ANONYMOUS", "SERVER_HOST"], |name| {
        Problem::new(name, "a key, because SERVER_HOST is beyond loopback").hint(
            "or set ALLOW_ANONYMOUS=true if everybody who can reach the port may query the warehouse",
        )
    });
}

/// As whom statements run must be known for every caller.
fn check_identity(settings: &Settings, purpose: Purpose, resolved: &mut Resolved) {
    let auth = &settings.auth;
    if auth.snowflake_identity == SnowflakeIdentity::Service {
        return;
    }
    let expected = if purpose == Purpose::Stdio {
        Some("`service` on stdio, where there is one caller")
    } else if settings.warehouse.backend != Backend::Snowflake {
        Some("`service` without an account")
    } else if auth.snowflake_identity == SnowflakeIdentity::Exchange {
        check_exchange(settings, resolved);
        return;
    } else if auth.callers_file.is_none() {
        Some("`service`, because there is no CALLERS_FILE whose grants name roles")
    } else if auth.keys().next().is_some() {
        Some(
            "`service`, because keys in API_KEY and API_KEYS have no grant: put them into CALLERS_FILE",
        )
    } else {
        None
    };
    if let Some(expected) = expected {
        let others = ["CALLERS_FILE", "API_KEY", "API_KEYS", "WAREHOUSE_BACKEND"];
        resolved.conflict("SNOWFLAKE_IDENTITY", &others, |name| {
            Problem::new(name, expected)
        });
    }
}

/// What it takes to exchange tokens, and who could not be served then.
fn check_exchange(settings: &Settings, resolved: &mut Resolved) {
    let (exchange, warehouse) = (&settings.exchange, &settings.warehouse);
    let is_entra = exchange.profile == ExchangeProfile::EntraObo;
    let mut need = |is_right: bool, name: &'static str, expected: &str| {
        if !is_right {
            resolved.conflict(name, &["SNOWFLAKE_IDENTITY"], |name| {
                Problem::new(name, expected)
            });
        }
    };
    need(
        settings.oauth.issuer.is_some(),
        "OAUTH_ISSUER",
        "the issuer whose tokens are exchanged, with SNOWFLAKE_IDENTITY=exchange",
    );
    need(
        exchange.url.is_some(),
        "SNOWFLAKE_EXCHANGE_URL",
        "the token end-point of OAUTH_ISSUER, with SNOWFLAKE_IDENTITY=exchange",
    );
    let is_plain = exchange
        .url
        .as_ref()
        .is_some_and(|url| url.starts_with("http:"));
    need(
        !is_plain || settings.environment != Environment::Production,
        "SNOWFLAKE_EXCHANGE_URL",
        "an `https://` address in production",
    );
    need(
        exchange.client_id.is_some(),
        "SNOWFLAKE_EXCHANGE_CLIENT_ID",
        "the id of this server as a client of OAUTH_ISSUER, with SNOWFLAKE_IDENTITY=exchange",
    );
    need(
        exchange.client_secret.is_some() || exchange.client_secret_file.is_some(),
        "SNOWFLAKE_EXCHANGE_CLIENT_SECRET",
        "the secret of SNOWFLAKE_EXCHANGE_CLIENT_ID, here or in the file of SNOWFLAKE_EXCHANGE_CLIENT_SECRET_FILE",
    );
    need(
        exchange.client_secret.is_none() || exchange.client_secret_file.is_none(),
        "SNOWFLAKE_EXCHANGE_CLIENT_SECRET_FILE",
        "nothing, because SNOWFLAKE_EXCHANGE_CLIENT_SECRET is set as well",
    );
    let places =
        usize::from(exchange.audience.is_some()) + usize::from(exchange.resource.is_some());
    need(
        is_entra || places == 1,
        "SNOWFLAKE_EXCHANGE_AUDIENCE",
        "either this or SNOWFLAKE_EXCHANGE_RESOURCE, for `rfc8693`",
    );
    need(
        !is_entra || places == 0,
        "SNOWFLAKE_EXCHANGE_AUDIENCE",
        "neither this nor SNOWFLAKE_EXCHANGE_RESOURCE, for `entra_obo`: the scope says whom the token is for",
    );
    need(
        !is_entra || exchange.scope.contains("://"),
        "SNOWFLAKE_EXCHANGE_SCOPE",
        "`<address of Snowflake's application>/session:scope:{role}`, for `entra_obo`",
    );
    // What Entra writes into `sub` differs for each application, so that nobody could be recognized by it.
    need(
        !is_entra || settings.oauth.subject_claim == "oid",
        "OAUTH_SUBJECT_CLAIM",
        "`oid`, for SNOWFLAKE_EXCHANGE_PROFILE=entra_obo",
    );
    need(
        !exchange.scope.contains("{role}")
            || warehouse.role.is_some()
            || settings.auth.callers_file.is_some(),
        "SNOWFLAKE_ROLE",
        "the role of calls that name none, or grants with roles in CALLERS_FILE, because SNOWFLAKE_EXCHANGE_SCOPE names the role",
    );
    need(
        settings.has_service_identity() || settings.auth.keys().next().is_none(),
        "API_KEY",
        "no keys without SNOWFLAKE_USER, because a key is nobody in Snowflake",
    );
    need(
        warehouse.auth_type != AuthType::ExternalBrowser,
        "SNOWFLAKE_AUTH_TYPE",
        "a way to sign in that needs no browser, with SNOWFLAKE_IDENTITY=exchange",
    );
}

/// Issuers whose tokens nobody else can check, or that stand for many, and what to do instead.
#[must_use]
pub fn unfit_issuer(issuer: &str) -> Option<&'static str> {
    let url = url::Url::parse(issuer).ok()?;
    let host = url.host_str()?.to_ascii_lowercase();
    let is_of = |domain: &str| host == domain || host.ends_with(&format!(".{domain}"));
    if (is_of("okta.com") || is_of("oktapreview.com") || is_of("okta-emea.com"))
        && !url.path().starts_with("/oauth2/")
    {
        return Some(
            "tokens of Okta's organization server are for Okta only; take a custom authorization server, such as https://ORG.okta.com/oauth2/default",
        );
    }
    let tenant = url.path().trim_start_matches('/').split('/').next();
    if host == "login.microsoftonline.com"
        && matches!(tenant, Some("common" | "organizations" | "consumers"))
    {
        return Some("name the tenant: https://login.microsoftonline.com/<tenant id>/v2.0");
    }
    if host == "accounts.google.com" {
        return Some(
            "access tokens of Google are opaque; put a broker in front, such as Keycloak or Auth0",
        );
    }
    if is_of("snowflakecomputing.com") {
        return Some("tokens of Snowflake are opaque, and for Snowflake");
    }
    None
}

fn check_oauth(settings: &Settings, resolved: &mut Resolved) {
    let oauth = &settings.oauth;
    let is_production = settings.environment == Environment::Production;
    for (name, url) in [
        ("PUBLIC_URL", &oauth.public_url),
        ("OAUTH_ISSUER", &oauth.issuer),
        ("OAUTH_JWKS_URL", &oauth.jwks_url),
    ] {
        let is_plain = url.as_ref().is_some_and(|url| url.starts_with("http:"));
        if is_production && is_plain {
            resolved.conflict(name, &["ENVIRONMENT"], |name| {
                Problem::new(name, "an `https://` address in production")
            });
        }
    }
    let Some(issuer) = &oauth.issuer else {
        return;
    };
    if oauth.public_url.is_none() {
        resolved.conflict("PUBLIC_URL", &["OAUTH_ISSUER"], |name| {
            Problem::new(
                name,
                "the address clients know this server by, with OAUTH_ISSUER",
            )
            .hint("such as https://mcp.example.com/mcp")
        });
    }
    if let Some(hint) = unfit_issuer(issuer) {
        resolved.conflict("OAUTH_ISSUER", &[], |name| {
            Problem::new(name, "an issuer of JWTs for this server").hint(hint)
        });
    }
}

/// The pair is whole, what needs it has it, and clients are told of no other address.
fn check_tls(settings: &Settings, resolved: &mut Resolved) {
    let tls = &settings.tls;
    let (cert, key) = (tls.cert_file.is_some(), tls.key_file.is_some());
    for (there, missing, of) in [
        (cert && !key, "TLS_KEY_FILE", "TLS_CERT_FILE"),
        (key && !cert, "TLS_CERT_FILE", "TLS_KEY_FILE"),
    ] {
        if there {
            resolved.conflict(missing, &[of], |name| {
                Problem::new(name, format!("a file, because {of} names its other half"))
            });
        }
    }
    if tls.client_ca_file.is_some() && !cert && !key {
        resolved.conflict("TLS_CERT_FILE", &["TLS_CLIENT_CA_FILE"], |name| {
            Problem::new(name, "a file, with TLS_CLIENT_CA_FILE").hint(
                "clients show certificates in TLS only; where something in front speaks it, have that ask for them",
            )
        });
    }
    if resolved.is_written("TLS_CLIENT_AUTH") && tls.client_ca_file.is_none() {
        resolved.conflict("TLS_CLIENT_CA_FILE", &["TLS_CLIENT_AUTH"], |name| {
            Problem::new(name, "a file, with TLS_CLIENT_AUTH")
                .hint("it says whose certificates clients may show")
        });
    }
    let url = settings.oauth.public_url.as_ref();
    if cert && url.is_some_and(|url| url.starts_with("http:")) {
        resolved.conflict("PUBLIC_URL", &["TLS_CERT_FILE"], |name| {
            Problem::new(name, "an `https://` address, because TLS_CERT_FILE is set")
        });
    }
}

fn check_server(settings: &Settings, resolved: &mut Resolved) {
    let server = &settings.server;
    let any_origin = server.cors_origins.iter().any(|origin| origin == "*");
    if any_origin && settings.environment == Environment::Production {
        resolved.conflict("CORS_ORIGINS", &["ENVIRONMENT"], |name| {
            Problem::new(name, "origins such as `https://app.example.com`")
                .hint("`*` is refused in production")
        });
    } else if any_origin && server.cors_origins.len() > 1 {
        resolved.conflict("CORS_ORIGINS", &[], |name| {
            Problem::new(name, "either `*` alone or a list of origins")
        });
    }
    if server.port != 0 && server.management_port == Some(server.port) {
        resolved.conflict("MANAGEMENT_PORT", &["SERVER_PORT"], |name| {
            Problem::new(name, "another port than SERVER_PORT")
                .hint("unset it to serve probes and metrics on SERVER_PORT")
        });
    }
}

fn check_limits(settings: &Settings, resolved: &mut Resolved) {
    let (pool, limits) = (&settings.pool, &settings.limits);
    if pool.max_size < pool.min_size {
        resolved.conflict(
            "SNOWFLAKE_POOL_MAX_SIZE",
            &["SNOWFLAKE_POOL_MIN_SIZE"],
            |name| Problem::new(name, "a number not below SNOWFLAKE_POOL_MIN_SIZE"),
        );
    }
    if limits.default_rows > limits.max_rows {
        // Whoever lowers only MAX_ROWS reads the name they wrote.
        let (name, expected) = if resolved.is_written("DEFAULT_ROWS") {
            ("DEFAULT_ROWS", "a number not above MAX_ROWS")
        } else {
            (
                "MAX_ROWS",
                "a number not below DEFAULT_ROWS, which is 100 unless set",
            )
        };
        resolved.conflict(name, &["DEFAULT_ROWS", "MAX_ROWS"], |name| {
            Problem::new(name, expected)
        });
    }
}

/// The limits behind the keys. A key is named by its place and its digest, never shown.
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
        if others.map(ApiKey::limits).any(|it| it != key.limits()) {
            faults.push("the same limits wherever this key is given".to_owned());
        }
        for fault in faults {
            let expected = format!("behind {name}: {fault}");
            resolved.problem("API_KEYS", |written| Problem::new(written, expected));
        }
    }
}

fn check_account(settings: &Settings, resolved: &mut Resolved) {
    let warehouse = &settings.warehouse;
    if warehouse.account.is_none() {
        let hint = match settings.environment {
            Environment::Development => {
                "or set WAREHOUSE_BACKEND=embedded, or unset it, for the sample data".to_owned()
            }
            other => format!(
                "in {other} {}SNOWFLAKE_ACCOUNT is read first; WAREHOUSE_BACKEND=embedded serves sample data instead",
                other.prefix().unwrap_or_default()
            ),
        };
        resolved.conflict("SNOWFLAKE_ACCOUNT", &[], |name| {
            Problem::new(name, "an account identifier such as `myorg-myaccount`").hint(hint)
        });
    }
    if warehouse.protocol == Protocol::Http && settings.environment == Environment::Production {
        resolved.conflict("SNOWFLAKE_PROTOCOL", &[], |name| {
            Problem::new(name, "`https` in production")
        });
    } else if warehouse.protocol == Protocol::Http
        && !warehouse.allow_insecure
        && !warehouse.host.as_deref().is_some_and(is_loopback)
    {
        let others = ["SNOWFLAKE_HOST", "SNOWFLAKE_ALLOW_INSECURE"];
        resolved.conflict("SNOWFLAKE_PROTOCOL", &others, |name| {
            Problem::new(name, "`https`, because SNOWFLAKE_HOST is beyond loopback").hint(
                "SNOWFLAKE_ALLOW_INSECURE=true sends credentials and rows in clear text all the same",
            )
        });
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn check_sign_in(settings: &Settings, purpose: Purpose, resolved: &mut Resolved) {
    let warehouse = &settings.warehouse;
    let has_user = warehouse.user.is_some();
    let has_token = warehouse.token.is_some() || warehouse.token_path.is_some();
    let has_key = warehouse.private_key_path.is_some() || warehouse.private_key.is_some();
    let is_said = resolved.is_written("SNOWFLAKE_AUTH_TYPE");
    if has_token && !has_key && !is_said {
        let others = ["SNOWFLAKE_PRIVATE_KEY_PATH", "SNOWFLAKE_PRIVATE_KEY"];
        resolved.conflict("SNOWFLAKE_AUTH_TYPE", &others, |name| {
            Problem::new(
                name,
                "`oauth` or `programmatic_access_token`, because a token alone does not say which it is",
            )
        });
        return;
    }
    let mut need = |there: bool, name: &'static str, expected: &str, hint: &str| {
        if !there {
            resolved.conflict(name, &["SNOWFLAKE_AUTH_TYPE"], |name| {
                let problem = Problem::new(name, expected);
                if hint.is_empty() {
                    problem
                } else {
                    problem.hint(hint)
                }
            });
        }
    };
    match warehouse.auth_type {
        AuthType::PrivateKey => {
            need(has_user, "SNOWFLAKE_USER", "a login name", "");
            need(
                has_key,
                "SNOWFLAKE_PRIVATE_KEY_PATH",
                "the path of a file with a private key, for SNOWFLAKE_AUTH_TYPE=private_key",
                "or SNOWFLAKE_PRIVATE_KEY with the key itself, or SNOWFLAKE_PASSWORD",
            );
        }
        AuthType::Password => {
            need(has_user, "SNOWFLAKE_USER", "a login name", "");
            let has_password = warehouse.password.is_some();
            need(
                has_password,
                "SNOWFLAKE_PASSWORD",
                "the user's password",
                "",
            );
        }
        AuthType::ExternalBrowser => {
            need(has_user, "SNOWFLAKE_USER", "a login name", "");
            let somebody_is_there = purpose == Purpose::Stdio || settings.server.is_loopback();
            need(
                somebody_is_there,
                "SNOWFLAKE_AUTH_TYPE",
                "a way to sign in that needs no browser, because SERVER_HOST is beyond loopback",
                "private_key suits a service",
            );
        }
        AuthType::Oauth | AuthType::ProgrammaticAccessToken => need(
            has_token,
            "SNOWFLAKE_TOKEN",
            "a token, for this SNOWFLAKE_AUTH_TYPE",
            "or SNOWFLAKE_TOKEN_PATH with its file",
        ),
        AuthType::OauthClientCredentials => {
            let has_id = warehouse.oauth_client_id.is_some();
            need(
                has_id,
                "SNOWFLAKE_OAUTH_CLIENT_ID",
                "the id of an OAuth client",
                "",
            );
            let has_secret = warehouse.oauth_client_secret.is_some();
            need(
                has_secret,
                "SNOWFLAKE_OAUTH_CLIENT_SECRET",
                "the client's secret",
                "",
            );
            let has_url = warehouse.oauth_token_url.is_some();
            need(
                has_url,
                "SNOWFLAKE_OAUTH_TOKEN_URL",
                "an `https://` address",
                "",
            );
        }
        AuthType::WorkloadIdentity => {
            let provider = warehouse.workload_identity_provider;
            need(
                provider.is_some(),
                "SNOWFLAKE_WORKLOAD_IDENTITY_PROVIDER",
                "`aws`, `azure`, `gcp` or `oidc`",
                "",
            );
            let token_needed = provider == Some(IdentityProvider::Oidc);
            need(
                !token_needed || has_token,
                "SNOWFLAKE_TOKEN",
                "a token of the issuer, for the provider `oidc`",
                "or SNOWFLAKE_TOKEN_PATH with its file",
            );
        }
    }
}
