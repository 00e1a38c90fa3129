//! Scopes: their names in this server's tokens, what each lets a caller reach, and what clients are told to ask for.

use std::collections::BTreeSet;

use super::caller::Reach;

/// The scopes of this server.
#[derive(Debug, Clone)]
pub struct Scopes {
    /// The tools of the catalog; without a name nothing is asked for.
    pub catalog: Option<String>,
    /// Statements that read, and the catalog.
    pub query: Option<String>,
    /// Statements that change something, and all that reads.
    pub write: Option<String>,
    /// Needed for any call.
    pub needed: Vec<String>,
    /// What clients ask an issuer for, in the spelling of such requests.
    pub supported: Vec<String>,
}

impl Scopes {
    /// How far a token with these scopes reaches. A scope holds the ones below it.
    #[must_use]
    pub fn reach(&self, granted: &BTreeSet<String>) -> Reach {
        [
            (&self.write, Reach::Write),
            (&self.query, Reach::Query),
            (&self.catalog, Reach::Catalog),
        ]
        .into_iter()
        .find(|(name, _)| name.as_ref().is_none_or(|name| granted.contains(name)))
        .map_or(Reach::Nothing, |(_, reach)| reach)
    }

    /// These scopes as requests spell them.
    #[must_use]
    pub fn in_requests(&self, scopes: &[String]) -> String {
        let names: Vec<&str> = scopes.iter().map(|scope| self.in_request(scope)).collect();
        names.join(" ")
    }

    /// The scopes to ask an issuer for in order to reach this far: all at once.
    #[must_use]
    pub fn asked_for(&self, reach: Reach) -> String {
        let of_reach = match reach {
            Reach::Nothing => &None,
            Reach::Catalog => &self.catalog,
            Reach::Query => &self.query,
            Reach::Write => &self.write,
        };
        let names: Vec<&str> = self
            .needed
            .iter()
            // All at once: a client replaces its token with the new one, so a scope left out would
            // be lost.
            .chain(of_reach)
            .map(|scope| self.in_request(scope))
            .collect();
        names.join(" ")
    }

    /// The name a scope has in requests. Entra wants `https://mcp.example.com/mcp/query` there and writes `query` into tokens.
    fn in_request<'a>(&'a self, scope: &'a str) -> &'a str {
        let is_spelt = |supported: &&String| {
            supported
                .strip_suffix(scope)
                .is_some_and(|start| start.is_empty() || start.ends_with('/'))
        };
        self.supported
            .iter()
            .find(is_spelt)
            .map_or(scope, String::as_str)
    }

    /// Whether a caller that reaches `has` could reach `wanted` by asking for the scopes that clients are shown.
    #[must_use]
    pub fn could_reach(&self, has: Reach, wanted: Reach) -> bool {
        has >= wanted
            || [
                (&self.catalog, Reach::Catalog),
                (&self.query, Reach::Query),
                (&self.write, Reach::Write),
            ]
            .into_iter()
            .any(|(name, reach)| {
                // A scope that is not listed cannot be asked for, so a challenge that names it
                // would send the client in a circle.
                reach >= wanted
                    && name.as_ref().is_some_and(|name| {
                        let name = self.in_request(name);
                        self.supported.iter().any(|supported| supported == name)
                    })
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(supported: &[&str]) -> Scopes {
        Scopes {
            catalog: Some("mcp:catalog".into()),
            query: Some("mcp:query".into()),
            write: Some("mcp:write".into()),
            needed: Vec::new(),
            supported: supported.iter().map(|it| (*it).to_owned()).collect(),
        }
    }

    fn granted(text: &str) -> BTreeSet<String> {
        text.split(' ').map(ToOwned::to_owned).collect()
    }

    #[test]
    fn a_scope_holds_those_below_it_and_nothing_that_looks_like_it_counts() {
        let scopes = scopes(&[]);
        for (text, reach) in [
            ("mcp:write", Reach::Write),
            ("openid mcp:query", Reach::Query),
            ("mcp:catalog", Reach::Catalog),
            ("", Reach::Nothing),
            (
                "mcp:queryx MCP:QUERY mcp mcp:* mcp:catalog,mcp:query",
                Reach::Nothing,
            ),
        ] {
            assert_eq!(scopes.reach(&granted(text)), reach, "{text}");
        }
        let unasked = Scopes {
            query: None,
            ..scopes
        };
        assert_eq!(unasked.reach(&granted("")), Reach::Query);
    }

    #[test]
    fn what_is_asked_for_is_all_that_is_needed_in_the_spelling_of_requests() {
        let plain = scopes(&["mcp:catalog", "mcp:query"]);
        assert_eq!(plain.asked_for(Reach::Query), "mcp:query");
        assert_eq!(plain.asked_for(Reach::Write), "mcp:write");
        let entra = Scopes {
            query: Some("query".into()),
            needed: vec!["base".into()],
            supported: vec!["https://mcp.example.com/mcp/query".into()],
            ..plain
        };
        assert_eq!(
            entra.asked_for(Reach::Query),
            "base https://mcp.example.com/mcp/query"
        );
    }

    #[test]
    fn what_no_shown_scope_brings_cannot_be_reached() {
        let shown = scopes(&["mcp:catalog"]);
        assert!(shown.could_reach(Reach::Nothing, Reach::Catalog));
        assert!(!shown.could_reach(Reach::Catalog, Reach::Query));
        assert!(shown.could_reach(Reach::Query, Reach::Query));
        assert!(scopes(&["mcp:query"]).could_reach(Reach::Nothing, Reach::Catalog));
    }
}
