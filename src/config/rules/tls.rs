//! Rules for the `TLS_…` settings.

use crate::config::resolve::Resolved;
use crate::config::settings::Settings;

/// Certificate and key are both given, settings that need TLS have it, and `PUBLIC_URL` says so.
pub(super) fn check_tls(settings: &Settings, resolved: &mut Resolved) {
    let tls = &settings.tls;
    let (cert, key) = (tls.cert_file.is_some(), tls.key_file.is_some());
    for (there, missing, of) in [
        (cert && !key, "TLS_KEY_FILE", "TLS_CERT_FILE"),
        (key && !cert, "TLS_CERT_FILE", "TLS_KEY_FILE"),
    ] {
        if there {
            let expected = format!("a file, because {of} names its other half");
            resolved.conflict(missing, &[of], &expected, None);
        }
    }
    if tls.client_ca_file.is_some() && !cert && !key {
        resolved.conflict(
            "TLS_CERT_FILE",
            &["TLS_CLIENT_CA_FILE"],
            "a file, with TLS_CLIENT_CA_FILE",
            Some(
                "clients present certificates only over TLS; if TLS ends at a proxy, let the proxy ask for them",
            ),
        );
    }
    // Without it no certificate would be asked for, although the operator believes so.
    if resolved.is_written("TLS_CLIENT_AUTH") && tls.client_ca_file.is_none() {
        resolved.conflict(
            "TLS_CLIENT_CA_FILE",
            &["TLS_CLIENT_AUTH"],
            "a file, with TLS_CLIENT_AUTH",
            Some("it says whose certificates are accepted"),
        );
    }
    let url = settings.oauth.public_url.as_ref();
    if cert && url.is_some_and(|url| url.starts_with("http:")) {
        let expected = "an `https://` address, because TLS_CERT_FILE is set";
        resolved.conflict("PUBLIC_URL", &["TLS_CERT_FILE"], expected, None);
    }
}
