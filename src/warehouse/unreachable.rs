//! Why a warehouse cannot be reached, in words for an operator: the whole chain of causes, and where to look.

use super::Error;
use crate::telemetry;

/// What a cause says, and where to look then. In the words of the resolver, of rustls and of the system; the first that is
/// found counts, so the special ones stand before the general.
const WHERE_TO_LOOK: [(&[&str], &str); 6] = [
    (
        &["tunnel", "proxy"],
        "the connection goes through a proxy: check HTTPS_PROXY and NO_PROXY",
    ),
    (
        &["dns error", "lookup address"],
        "no such host name is known: check SNOWFLAKE_ACCOUNT and SNOWFLAKE_HOST, and this machine's DNS",
    ),
    (
        &["certificate"],
        "this machine does not trust the certificate: check SNOWFLAKE_HOST, and SSL_CERT_FILE if a proxy or a \
         private authority signs it",
    ),
    (
        &["Connection refused"],
        "nothing listens there: check SNOWFLAKE_HOST, SNOWFLAKE_PORT and, if it is set, HTTPS_PROXY",
    ),
    (
        &["Network is unreachable", "No route to host"],
        "there is no route to that address: check the network and its policies",
    ),
    (
        &["timed out"],
        "packets are lost or dropped: check firewalls and network policies, which must allow port 443",
    ),
];

/// The error with its causes, and where to look. For the operator's log and probes: no caller is told of hosts.
#[must_use]
pub fn explained(error: &Error) -> String {
    let causes = telemetry::chain(error);
    let place = WHERE_TO_LOOK.iter().find(|(words, _)| {
        matches!(error, Error::Unreachable { .. }) && words.iter().any(|word| causes.contains(word))
    });
    match place {
        Some((_, place)) => format!("{causes}; {place}"),
        None => causes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(cause: &'static str) -> String {
        explained(&Error::Unreachable {
            message: "a request to Snowflake failed".to_owned(),
            source: Some(cause.into()),
        })
    }

    #[test]
    fn each_cause_has_its_place_to_look() {
        for (cause, place) in [
            (
                "dns error: failed to lookup address information: Name or service not known",
                "SNOWFLAKE_ACCOUNT",
            ),
            (
                "tcp connect error: Connection refused (os error 111)",
                "SNOWFLAKE_PORT",
            ),
            ("invalid peer certificate: UnknownIssuer", "SSL_CERT_FILE"),
            ("tunnel error: unsuccessful", "HTTPS_PROXY"),
            ("operation timed out", "firewalls"),
        ] {
            let told = told(cause);
            assert!(told.contains(cause) && told.contains(place), "{told}");
        }
    }

    #[test]
    fn what_is_not_known_is_told_as_it_is() {
        assert!(told("the moon is full").ends_with(": the moon is full"));
    }
}
