//! Which forms of answer a client accepts (`Accept`), and which form its request has (`Content-Type`).

use actix_web::http::header::{self, HeaderMap};

/// The form an answer may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// One JSON document.
    Json,
    /// A stream of events.
    Stream,
    /// Either.
    Both,
}

impl Takes {
    /// Reads `Accept`. Clients that send none, or accept anything, get JSON: those that read streams say so. `None` if the
    /// client accepts neither form.
    pub(super) fn read(headers: &HeaderMap) -> Option<Self> {
        let mut json = Wish::default();
        let mut stream = Wish::default();
        let mut is_said = false;
        for range in headers
            .get_all(header::ACCEPT)
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
        {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default().to_ascii_lowercase();
            if name.is_empty() {
                continue;
            }
            is_said = true;
            let is_wanted = parts.all(|parameter| !is_zero_weight(parameter));
            match name.as_str() {
                // The numbers say how exact a range is. The most exact one counts, whatever its
                // place (RFC 9110, 12.5.1).
                "application/json" => json.say(2, is_wanted),
                "application/*" => json.say(1, is_wanted),
                // Some libraries write `*` for the range of all types.
                "*/*" | "*" => json.say(0, is_wanted),
                "text/event-stream" => stream.say(2, is_wanted),
                "text/*" => stream.say(1, is_wanted),
                _ => {}
            }
        }
        if !is_said {
            return Some(Self::Json);
        }
        match (json.is_wanted, stream.is_wanted) {
            (true, true) => Some(Self::Both),
            (true, false) => Some(Self::Json),
            (false, true) => Some(Self::Stream),
            (false, false) => None,
        }
    }
}

/// Whether a type is accepted: the most specific range that contains it decides.
#[derive(Debug, Default)]
struct Wish {
    closeness: u8,
    is_wanted: bool,
}

impl Wish {
    fn say(&mut self, closeness: u8, is_wanted: bool) {
        if closeness >= self.closeness {
            *self = Self {
                closeness,
                is_wanted,
            };
        }
    }
}

/// `q=0`, also as `Q=0.000`. Other weights are ignored: there is no second form to prefer.
fn is_zero_weight(parameter: &str) -> bool {
    let Some((name, weight)) = parameter.split_once('=') else {
        return false;
    };
    let weight = weight.trim();
    name.trim().eq_ignore_ascii_case("q")
        && weight.starts_with('0')
        && weight.bytes().all(|byte| matches!(byte, b'0' | b'.'))
}

/// Whether `Content-Type` says JSON.
///
/// It must be said, because a page in a browser may send `text/plain`, a form, or nothing at all to any server without asking first.
pub(super) fn says_json(headers: &HeaderMap) -> bool {
    let said = headers
        .get(header::CONTENT_TYPE)
        .and_then(|said| said.to_str().ok());
    let name = said
        .and_then(|said| said.split(';').next())
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let kind = name.strip_prefix("application/");
    // Libraries of JSON-RPC use a name of their own.
    kind.is_some_and(|kind| matches!(kind, "json" | "json-rpc") || kind.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(name: HeaderName, values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name.clone(), HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn what_a_client_takes_is_read_as_it_is_meant() {
        let both = Some(Takes::Both);
        let json = Some(Takes::Json);
        let stream = Some(Takes::Stream);
        for (accept, takes) in [
            (&["application/json, text/event-stream"][..], both),
            (&["application/json", "text/event-stream"], both),
            (
                &["TEXT/Event-Stream;q=0.5 , application/JSON;charset=utf-8"],
                both,
            ),
            (&["text/event-stream, */*;q=0.1"], both),
            (&["*/*, text/event-stream;q=0"], json),
            (&[], json),
            (&[""], json),
            (&["*/*"], json),
            (&["application/json"], json),
            (&["application/*;q=0.2"], json),
            (&["text/html, */*;q=0.8"], json),
            (&["text/event-stream"], stream),
            (&["text/*"], stream),
            (&["application/json;q=0, */*, text/event-stream"], stream),
            (&["application/json;q=0, */*"], None),
            (&["*/*;q=0.000"], None),
            (&["text/html"], None),
            (&["nonsense"], None),
        ] {
            assert_eq!(
                Takes::read(&headers(header::ACCEPT, accept)),
                takes,
                "{accept:?}"
            );
        }
    }

    #[test]
    fn only_what_a_page_must_ask_for_counts_as_json() {
        for (said, is_json) in [
            (&["application/json"][..], true),
            (&["application/json; charset=utf-8"], true),
            (&["Application/JSON;charset=UTF-8"], true),
            (&["application/json-rpc"], true),
            (&["application/vnd.api+json"], true),
            (&[], false),
            (&[""], false),
            (&["text/plain"], false),
            (&["text/plain; x=application/json"], false),
            (&["application/x-www-form-urlencoded"], false),
            (&["multipart/form-data; boundary=x"], false),
        ] {
            assert_eq!(
                says_json(&headers(header::CONTENT_TYPE, said)),
                is_json,
                "{said:?}"
            );
        }
    }
}
