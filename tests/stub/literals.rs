//! The little that is read inside a statement: helper calls, literals, binds.

use serde_json::Value;

use super::{
    columns::{Column, Table},
    script::Failed,
    sessions::Session,
};

/// The arguments of a call, with the names they were given.
pub struct Arguments(Vec<(Option<String>, String)>);

impl Arguments {
    /// By name, or by position among those without a name.
    pub fn text(&self, name: &str, position: usize) -> Option<String> {
        let by_name = self.0.iter().find(|(it, _)| it.as_deref() == Some(name));
        let by_position = self.0.get(position).filter(|(it, _)| it.is_none());
        by_name.or(by_position).map(|(_, value)| unquoted(value))
    }

    pub fn number(&self, name: &str, position: usize) -> Option<u64> {
        self.text(name, position)?.parse().ok()
    }
}

/// The arguments of the first call of `function` in the text.
pub fn call(text: &str, function: &str) -> Option<Arguments> {
    let start = text.to_lowercase().find(&format!("{function}("))? + function.len() + 1;
    let rest = text.get(start..)?;
    let inside = split(rest, ')').into_iter().next()?;
    let arguments = split(inside, ',')
        .into_iter()
        .filter(|it| !it.trim().is_empty());
    let arguments = arguments.map(|argument| match argument.split_once("=>") {
        Some((name, value)) => (Some(name.trim().to_lowercase()), value.trim().to_owned()),
        None => (None, argument.trim().to_owned()),
    });
    Some(Arguments(arguments.collect()))
}

/// Without the comments that clients put in front.
pub fn without_comments(text: &str) -> &str {
    let text = text.trim();
    let rest = match text.get(..2) {
        Some("/*") => text.split_once("*/"),
        Some("--") => text.split_once('\n'),
        _ => None,
    };
    rest.map_or(text, |(_, rest)| without_comments(rest))
}

/// Splits at a character outside quotes and parentheses.
pub fn split(text: &str, at: char) -> Vec<&str> {
    let (mut parts, mut start, mut quote, mut depth) = (Vec::new(), 0, None, 0_u32);
    for (index, character) in text.char_indices() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, _) if character == at && depth == 0 => {
                parts.push(&text[start..index]);
                start = index + character.len_utf8();
            }
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            (None, _) => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

pub fn unquoted(text: &str) -> String {
    let inside = text.strip_prefix('\'').and_then(|it| it.strip_suffix('\''));
    inside.map_or_else(|| text.to_owned(), |it| it.replace("''", "'"))
}

pub fn binds_in(text: &str) -> usize {
    // Every other part is inside quotes.
    text.split('\'')
        .step_by(2)
        .map(|outside| outside.matches('?').count())
        .sum()
}

/// `SELECT 1, 'two' AS b, ?, current_role()`: one row.
pub fn table(session: &Session, body: &Value, text: &str) -> Result<Table, Failed> {
    let list = text.get("select".len()..).unwrap_or_default();
    if let Some(from) = list.to_lowercase().find(" from ") {
        let object = list.get(from + " from ".len()..).unwrap_or_default();
        let object = object
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_uppercase();
        return Err(Failed::new(
            "002003",
            "42S02",
            format!("SQL compilation error:\nObject '{object}' does not exist or not authorized."),
        ));
    }
    let mut binds = 0;
    let columns = split(list, ',').into_iter().map(|item| {
        let item = item.trim();
        let alias = item.to_lowercase().rfind(" as ");
        let (expression, name) = match alias {
            Some(at) => (item[..at].trim(), item[at + " as ".len()..].trim()),
            None => (item, item),
        };
        let name = match name.strip_prefix('"').and_then(|it| it.strip_suffix('"')) {
            Some(quoted) => quoted.to_owned(),
            None => name.to_uppercase(),
        };
        if expression == "?" {
            binds += 1;
        }
        let bind = if expression == "?" {
            Some(binds.to_string())
        } else {
            expression.strip_prefix(':').map(str::to_owned)
        };
        match bind {
            Some(key) => match body["bindings"].get(&key) {
                Some(bind) => Ok(bound(&name, bind)),
                // What is only described may be described before its values are known.
                None if body["describeOnly"] == true => Ok(Column::text(&name, vec![None])),
                None => Err(Failed::new(
                    "002049",
                    "42601",
                    format!("SQL compilation error:\nBind variable {key} not set."),
                )),
            },
            None => literal(&name, expression, session),
        }
    });
    columns.collect::<Result<_, _>>().map(Table)
}

fn literal(name: &str, expression: &str, session: &Session) -> Result<Column, Failed> {
    let text = |value: Option<&str>| Ok(Column::text(name, vec![value.map(str::to_owned)]));
    match expression.to_lowercase().as_str() {
        "null" => text(None),
        "true" => Ok(Column::boolean(name, &[Some(true)])),
        "false" => Ok(Column::boolean(name, &[Some(false)])),
        "current_version()" => text(Some("9.0.0 stub")),
        "current_account()" => text(Some("STUB")),
        "current_region()" => text(Some("STUB_REGION")),
        "current_user()" => text(Some(&session.user)),
        "current_role()" => text(session.role.as_deref()),
        "current_warehouse()" => text(session.warehouse.as_deref()),
        "current_database()" => text(session.database.as_deref()),
        "current_schema()" => text(session.schema.as_deref()),
        "current_session()" => text(Some(&session.id.to_string())),
        _ if expression.starts_with('\'') => text(Some(&unquoted(expression))),
        _ => number(name, expression).ok_or_else(|| {
            let identifier = expression.to_uppercase();
            let message = format!("SQL compilation error: error line 1 at position 7\ninvalid identifier '{identifier}'");
            Failed::new("000904", "42000", message)
        }),
    }
}

/// `-12.50` becomes NUMBER(4, 2).
fn number(name: &str, text: &str) -> Option<Column> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let unscaled: i128 = format!("{whole}{fraction}").parse().ok()?;
    let digits = unscaled
        .unsigned_abs()
        .to_string()
        .len()
        .max(fraction.len());
    let (precision, scale) = (
        u8::try_from(digits).ok()?,
        u8::try_from(fraction.len()).ok()?,
    );
    (precision <= 38).then(|| Column::fixed(name, precision, scale, &[Some(unscaled)]))
}

/// A bind, as a column of its type.
fn bound(name: &str, bind: &Value) -> Column {
    let value = bind["value"].as_str();
    let as_text = || Column::text(name, vec![value.map(str::to_owned)]);
    let units = || value.and_then(|it| it.parse::<i128>().ok());
    match bind["type"].as_str().unwrap_or_default() {
        "FIXED" => match value {
            Some(value) => number(name, value).unwrap_or_else(as_text),
            None => Column::fixed(name, 38, 0, &[None]),
        },
        "REAL" => Column::real(name, &[value.and_then(|it| it.parse().ok())]),
        "BOOLEAN" => Column::boolean(name, &[value.map(|it| it.eq_ignore_ascii_case("true"))]),
        "BINARY" => Column::binary(name, &[value.and_then(from_hex).as_deref()]),
        // Milliseconds since 1970.
        "DATE" => Column::date(
            name,
            &[units().and_then(|it| it.div_euclid(86_400_000).try_into().ok())],
        ),
        "TIME" => Column::time(name, 9, &[units().and_then(|it| it.try_into().ok())]),
        kind @ ("TIMESTAMP_NTZ" | "TIMESTAMP_LTZ") => {
            Column::timestamp(name, &kind.to_lowercase(), 9, &[units()])
        }
        "TIMESTAMP_TZ" => {
            let parts = value.and_then(|it| it.split_once(' '));
            let parts = parts
                .and_then(|(at, zone)| Some((at.parse().ok()?, zone.parse::<i32>().ok()? - 1_440)));
            Column::timestamp_tz(name, 9, &[parts])
        }
        kind @ ("VARIANT" | "OBJECT" | "ARRAY") => {
            Column::semi_structured(name, &kind.to_lowercase(), &[value])
        }
        _ => as_text(),
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect()
}
