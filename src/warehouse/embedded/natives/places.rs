//! Addresses: `PARSE_URL` and `PARSE_IP`.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::json::Json;
use super::native::{Arguments, Outcome, Row};

pub(super) const JSON: &[Row<String>] = &[("rs_parse_url", url), ("rs_parse_ip", ip)];

fn object<const N: usize>(members: [(&str, Json); N]) -> Json {
    Json::Object(
        members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

/// `PARSE_URL(text, permissive)`: with 1 a text that is no address gives an object with `error`.
fn url(arguments: &Arguments<'_>) -> Outcome<String> {
    let [Some(text), Some(permissive)] = arguments else {
        return Ok(None);
    };
    match parts(text) {
        Ok(parts) => Ok(Some(parts.to_string())),
        Err(why) if *permissive == "1" => {
            Ok(Some(object([("error", Json::Text(why))]).to_string()))
        }
        Err(why) => Err(format!("Error parsing URL: {why}")),
    }
}

fn parts(text: &str) -> Result<Json, String> {
    let Some((scheme, rest)) = text.split_once(':') else {
        return Err("scheme not specified".into());
    };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    if !is_scheme {
        return Err("scheme not specified".into());
    }
    let (rest, fragment) = split(rest, '#');
    let (rest, query) = split(rest, '?');
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => {
            let (authority, path) = split(rest, '/');
            (Some(authority), path)
        }
        None => (None, Some(rest)),
    };
    let authority = authority.map(|all| all.rsplit_once('@').map_or(all, |(_, host)| host));
    let (host, port) = match authority {
        None => (None, None),
        Some(all) => match all.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
                (Some(host), Some(port))
            }
            _ => (Some(all), None),
        },
    };
    let parameters = query.map(|query| {
        let pairs = query.split('&').map(|pair| {
            let (name, value) = split(pair, '=');
            (name.to_owned(), text_or_null(value))
        });
        Json::Object(pairs.collect::<BTreeMap<_, _>>())
    });
    Ok(object([
        ("fragment", text_or_null(fragment)),
        ("host", text_or_null(host)),
        ("parameters", parameters.unwrap_or(Json::Null)),
        ("path", text_or_null(path)),
        ("port", text_or_null(port)),
        ("query", text_or_null(query)),
        ("scheme", Json::Text(scheme.to_lowercase())),
    ]))
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    match text.split_once(at) {
        Some((before, behind)) => (before, Some(behind)),
        None => (text, None),
    }
}

fn text_or_null(text: Option<&str>) -> Json {
    text.map_or(Json::Null, |text| Json::Text(text.to_owned()))
}

/// `PARSE_IP(text, 'INET')` for an address of version 4.
fn ip(arguments: &Arguments<'_>) -> Outcome<String> {
    let [Some(text), Some(kind)] = arguments else {
        return Ok(None);
    };
    if !kind.eq_ignore_ascii_case("INET") {
        return Err("the embedded engine supports PARSE_IP with 'INET' only".into());
    }
    if text.contains("::") || text.matches(':').count() > 1 {
        return Err("the embedded engine supports PARSE_IP for IPv4 addresses only".into());
    }
    let (host, prefix) = split(text, '/');
    let address: Ipv4Addr = host
        .parse()
        .map_err(|_| format!("Error parsing IP address: '{text}' is no address"))?;
    let bits = u32::from(address);
    let number = |value: u32| Json::Number(value.to_string());
    let mut members = vec![
        ("family", number(4)),
        ("host", Json::Text(host.to_owned())),
        (
            "ip_fields",
            Json::Array(vec![number(bits), number(0), number(0), number(0)]),
        ),
        ("ip_type", Json::Text("inet".into())),
        ("ipv4", number(bits)),
        ("netmask_prefix_length", Json::Null),
        ("snowflake$type", Json::Text("ip_address".into())),
    ];
    if let Some(prefix) = prefix {
        let length = prefix
            .parse::<u32>()
            .ok()
            .filter(|length| *length <= 32)
            .ok_or_else(|| format!("Error parsing IP address: '{text}' is no address"))?;
        let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
        members.extend([
            ("ipv4_range_end", number(bits | !mask)),
            ("ipv4_range_start", number(bits & mask)),
            ("netmask_prefix_length", number(length)),
        ]);
    }
    let members = members
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    Ok(Some(Json::Object(members).to_string()))
}
