//! Parameters that would make Snowflake read a statement otherwise than the policy does, or leave something of it in a
//! session that the next caller gets. They are set at sign-in, whatever the account or the user has set, and what Snowflake
//! says of them is checked. docs/policy.md goes through all the others.

use serde_json::{Map, Value, json};

use crate::warehouse::snowflake::wire::SessionParameter;

/// Each with the value it has to have, as a sign-in takes it.
const PINNED: [(&str, Pinned); 5] = [
    // An open transaction would be the next caller's.
    ("AUTOCOMMIT", Pinned::Switch(true)),
    // A second statement behind the one that was approved.
    ("MULTI_STATEMENT_COUNT", Pinned::Number(1)),
    // "secret" would be SECRET, which is another name to the lists.
    ("QUOTED_IDENTIFIERS_IGNORE_CASE", Pinned::Switch(false)),
    // Rows beyond it would be left out without a word.
    ("ROWS_PER_RESULTSET", Pinned::Number(0)),
    // A name without a schema would be looked for where the policy does not.
    ("SEARCH_PATH", Pinned::Text("$current, $public")),
];

#[derive(Clone, Copy)]
enum Pinned {
    Switch(bool),
    Number(u64),
    Text(&'static str),
}

impl Pinned {
    fn value(self) -> Value {
        match self {
            Self::Switch(value) => json!(value),
            Self::Number(value) => json!(value),
            Self::Text(value) => json!(value),
        }
    }

    /// Whether Snowflake says the same in its own words: texts for numbers and truth values, a comma at the end of a list.
    fn is(self, told: &Value) -> bool {
        plain(told) == plain(&self.value())
    }
}

fn plain(value: &Value) -> String {
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    let parts: Vec<_> = text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
    parts.join(",").to_uppercase()
}

/// Asks for them.
pub(in crate::warehouse::snowflake) fn ask(parameters: &mut Map<String, Value>) {
    for (name, pinned) in PINNED {
        parameters.insert(name.to_owned(), pinned.value());
    }
}

/// What Snowflake says otherwise, in words; what it does not mention is as it was asked for.
pub(in crate::warehouse::snowflake) fn difference(told: &[SessionParameter]) -> Option<String> {
    PINNED.iter().find_map(|(name, pinned)| {
        let told = told.iter().find(|it| it.name.eq_ignore_ascii_case(name))?;
        (!pinned.is(&told.value)).then(|| format!("{name} is {}", told.value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str, value: Value) -> Option<String> {
        let name = name.to_owned();
        difference(&[SessionParameter { name, value }])
    }

    #[test]
    fn what_snowflake_says_in_its_own_words_is_the_same() {
        for (name, value) in [
            ("QUOTED_IDENTIFIERS_IGNORE_CASE", json!(false)),
            ("quoted_identifiers_ignore_case", json!("false")),
            ("MULTI_STATEMENT_COUNT", json!("1")),
            ("SEARCH_PATH", json!("$current, $public,")),
            ("SEARCH_PATH", json!("$CURRENT,$PUBLIC")),
            ("TIMEZONE", json!("Europe/Berlin")),
        ] {
            assert_eq!(told(name, value.clone()), None, "{name} {value}");
        }
        assert_eq!(difference(&[]), None);
    }

    #[test]
    fn anything_else_is_told() {
        for (name, value) in [
            ("QUOTED_IDENTIFIERS_IGNORE_CASE", json!(true)),
            ("QUOTED_IDENTIFIERS_IGNORE_CASE", json!("TRUE")),
            ("MULTI_STATEMENT_COUNT", json!(0)),
            ("ROWS_PER_RESULTSET", json!(1000)),
            ("AUTOCOMMIT", json!("false")),
            ("SEARCH_PATH", json!("$current, secret.hr, $public")),
            ("SEARCH_PATH", json!("")),
            ("SEARCH_PATH", Value::Null),
        ] {
            let said = told(name, value.clone());
            assert!(
                said.is_some_and(|said| said.starts_with(name)),
                "{name} {value}"
            );
        }
    }
}
