//! What statements change in their session.

use serde_json::{Value, json};

use super::{literals, sessions::Session};

/// What a statement changes in its session.
#[derive(Default)]
pub enum Effect {
    #[default]
    Nothing,
    Use {
        what: What,
        name: String,
    },
    Set(Vec<(String, Value)>),
    Unset(Vec<String>),
}

/// What `USE` can be followed by.
pub enum What {
    Role,
    Warehouse,
    Database,
    Schema,
}

impl Effect {
    pub fn apply(self, session: &mut Session) {
        match self {
            Self::Nothing => {}
            Self::Use { what, name } => match (what, name.split_once('.')) {
                (What::Role, _) => session.role = Some(name),
                (What::Warehouse, _) => session.warehouse = Some(name),
                (What::Database, None) => {
                    session.database = Some(name);
                    session.schema = Some("PUBLIC".to_owned());
                }
                (What::Schema, None) => session.schema = Some(name),
                (What::Database | What::Schema, Some((database, schema))) => {
                    session.database = Some(database.to_owned());
                    session.schema = Some(schema.to_owned());
                }
            },
            Self::Set(parameters) => session.parameters.extend(parameters),
            Self::Unset(names) => names.iter().for_each(|name| {
                session.parameters.remove(name);
            }),
        }
    }
}

/// `USE …`, without the first word and in upper case.
pub fn of_use(words: &[&str]) -> Effect {
    let name = |name: &str| name.replace('"', "");
    let (what, name) = match words {
        ["SECONDARY", ..] | [] => return Effect::Nothing,
        ["ROLE", it, ..] => (What::Role, name(it)),
        ["WAREHOUSE", it, ..] => (What::Warehouse, name(it)),
        ["SCHEMA", it, ..] => (What::Schema, name(it)),
        ["DATABASE", it, ..] | [it, ..] => (What::Database, name(it)),
    };
    Effect::Use { what, name }
}

/// `ALTER SESSION SET A = 1, B = 'two'`.
pub fn of_set(text: &str) -> Effect {
    let wanted = text
        .split_whitespace()
        .skip(3)
        .collect::<Vec<_>>()
        .join(" ");
    let pairs = literals::split(&wanted, ',')
        .into_iter()
        .filter_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            let (name, value) = (name.trim().to_uppercase(), value.trim());
            let value = serde_json::from_str(&value.to_lowercase())
                .unwrap_or_else(|_| json!(literals::unquoted(value)));
            Some((name, value))
        });
    Effect::Set(pairs.collect())
}
