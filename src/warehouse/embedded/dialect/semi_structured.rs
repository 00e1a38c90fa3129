//! VARIANT, OBJECT and ARRAY, which are DuckDB's JSON.
//!
//! JSON is text to DuckDB: `v:a = 'x'` would compare `"x"` with `x` and be false without a word. So expressions that are
//! VARIANT by their form, and columns that were made of such, are made text or number wherever they meet one. Doing that
//! to a value that is none changes nothing, so the list of names need not know which table a column is from.

use crate::sql::ast::{
    CaseWhen, DictionaryField, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, JsonPath,
    JsonPathElem, Value,
};

use super::call::Call;
use super::returns::{VARIANT_FUNCTIONS, is_json};
use super::types::{Target, target, typed_null};
use super::writer::{
    Fault, Writer, Written, folded, limit, limit_with_hint, macro_call, quote_text, refuse,
};

/// What the other side of a comparison is, as far as its form tells.
enum Side {
    Text,
    Number,
    Null,
    Variant,
    Unknown,
}

impl Writer<'_> {
    /// Whether an expression is a VARIANT, OBJECT or ARRAY by its form, or a column that was made of one.
    pub(super) fn is_variant(&self, expr: &Expr) -> bool {
        match expr {
            Expr::JsonAccess { .. } | Expr::CompoundFieldAccess { .. } => true,
            Expr::Array(_) | Expr::Dictionary(_) => true,
            Expr::Nested(inner) => self.is_variant(inner),
            Expr::Cast { data_type, .. } => matches!(
                target(data_type),
                Ok(Target::Variant | Target::Object | Target::Array)
            ),
            Expr::Identifier(ident) => self.variants.contains(&folded(ident)),
            Expr::CompoundIdentifier(parts) => parts
                .last()
                .is_some_and(|ident| self.variants.contains(&folded(ident))),
            Expr::Function(function) => {
                let name = function.name.to_string().to_uppercase();
                if matches!(
                    name.as_str(),
                    "NVL"
                        | "NVL2"
                        | "IFF"
                        | "DECODE"
                        | "COALESCE"
                        | "IFNULL"
                        | "ANY_VALUE"
                        | "FIRST_VALUE"
                        | "LAST_VALUE"
                        | "LAG"
                        | "LEAD"
                ) {
                    arguments(&function.args).any(|argument| self.is_variant(argument))
                } else if matches!(name.as_str(), "MAX_BY" | "MIN_BY") {
                    // With a number of values they are an ARRAY.
                    arguments(&function.args).nth(2).is_some()
                } else {
                    VARIANT_FUNCTIONS.contains(&name.as_str())
                }
            }
            Expr::Case {
                conditions,
                else_result,
                ..
            } => results(conditions, else_result.as_deref()).any(|result| self.is_variant(result)),
            _ => false,
        }
    }

    /// A value as text, the way Snowflake makes text of it.
    pub(super) fn text(&mut self, expr: &Expr) -> Written {
        let written = self.expression(expr)?;
        Ok(self.as_text(written, expr))
    }

    /// A value for arithmetic.
    pub(super) fn number(&mut self, expr: &Expr) -> Written {
        let written = self.expression(expr)?;
        Ok(self.as_number(written, expr))
    }

    pub(super) fn as_number(&self, written: String, expr: &Expr) -> String {
        if is_json(expr) {
            return format!("CAST(rs_variant_number({written}) AS DOUBLE)");
        }
        if self.is_variant(expr) {
            return format!("CAST(rs_variant_number(CAST({written} AS VARCHAR)) AS DOUBLE)");
        }
        if let Expr::Value(value) = expr {
            match &value.value {
                // DuckDB gives a literal 32 bits, and then a sum or product of two no more than that.
                Value::Number(digits, _) if digits.len() > 5 && is_digits(digits) => {
                    return format!("CAST({written} AS HUGEINT)");
                }
                // Snowflake reads a number from a text.
                Value::SingleQuotedString(text) if is_digits(text) && text.len() <= 18 => {
                    return format!("CAST({written} AS BIGINT)");
                }
                Value::SingleQuotedString(text) if is_decimal(text) => {
                    return format!("({text})");
                }
                // Read as a number, or refused as Snowflake refuses it.
                Value::SingleQuotedString(_) | Value::DollarQuotedString(_) => {
                    return format!("CAST({written} AS DOUBLE)");
                }
                _ => {}
            }
        }
        typed_null(&written, "DECIMAL(38, 0)")
    }

    /// Both sides of a comparison.
    pub(super) fn compared(
        &mut self,
        left: &Expr,
        right: &Expr,
    ) -> Result<(String, String), Fault> {
        let written = self.expression(left)?;
        self.compared_with(written, left, right)
    }

    /// Both sides of a comparison, the left one already written.
    pub(super) fn compared_with(
        &mut self,
        left_text: String,
        left: &Expr,
        right: &Expr,
    ) -> Result<(String, String), Fault> {
        self.refuse_bytes_beside(left, right)?;
        let right_text = self.expression(right)?;
        let (left_side, right_side) = (self.side(left), self.side(right));
        let as_number = |text: &str, other: &Expr| {
            // A FLOAT would be equal to its neighbours.
            let kind = if has_many_digits(other) {
                "DECIMAL(38, 10)"
            } else {
                "DOUBLE"
            };
            format!("CAST({text} AS {kind})")
        };
        match (left_side, right_side) {
            (Side::Variant, Side::Text) => Ok((self.as_text(left_text, left), right_text)),
            (Side::Text, Side::Variant) => Ok((left_text, self.as_text(right_text, right))),
            (Side::Variant, Side::Number) => Ok((as_number(&left_text, right), right_text)),
            (Side::Number, Side::Variant) => Ok((left_text, as_number(&right_text, left))),
            (Side::Variant, Side::Unknown) | (Side::Unknown, Side::Variant) => limit_with_hint(
                "does not compare a VARIANT with a value whose type it cannot see",
                "cast the VARIANT first, as in v:a::STRING",
            ),
            _ => Ok((left_text, right_text)),
        }
    }

    fn side(&self, expr: &Expr) -> Side {
        if self.is_variant(expr) {
            return Side::Variant;
        }
        if self.is_text(expr) {
            return Side::Text;
        }
        match expr {
            Expr::Nested(inner) => self.side(inner),
            Expr::Value(value) => match &value.value {
                Value::Number(..) => Side::Number,
                Value::Null => Side::Null,
                _ => Side::Unknown,
            },
            Expr::UnaryOp { expr, .. } => self.side(expr),
            Expr::Cast { data_type, .. } => match target(data_type) {
                Ok(Target::Number(..) | Target::Float) => Side::Number,
                _ => Side::Unknown,
            },
            _ => Side::Unknown,
        }
    }

    /// A value that a path leads into.
    pub(super) fn document(&mut self, value: &Expr) -> Written {
        let written = self.expression(value)?;
        Ok(if self.is_variant(value) {
            written
        } else {
            macro_call("document", &[&written])
        })
    }

    /// `v:a.b[0]`
    pub(super) fn json_access(&mut self, value: &Expr, path: &JsonPath) -> Written {
        let mut written = self.document(value)?;
        let mut fixed = String::from("$");
        for element in &path.path {
            match element {
                JsonPathElem::Dot { key, .. } => push_key(&mut fixed, key)?,
                JsonPathElem::Bracket { key } | JsonPathElem::ColonBracket { key } => match key {
                    Expr::Value(value) => match &value.value {
                        Value::Number(index, _) => fixed.push_str(&format!("[{index}]")),
                        Value::SingleQuotedString(key) => push_key(&mut fixed, key)?,
                        _ => return limit("does not support this path into a VARIANT"),
                    },
                    computed => {
                        if fixed.len() > 1 {
                            written = format!("json_extract({written}, {})", quote_text(&fixed));
                            fixed = String::from("$");
                        }
                        let key = self.expression(computed)?;
                        written = macro_call("get", &[&written, &key]);
                    }
                },
            }
        }
        if fixed.len() > 1 {
            written = format!("json_extract({written}, {})", quote_text(&fixed));
        }
        Ok(written)
    }

    /// `GET_PATH(v, 'a.b[0]')`
    pub(super) fn get_path(&mut self, call: &Call<'_>) -> Written {
        let value = self.document(call.argument(0)?)?;
        let path = json_path(call.argument(1)?)?;
        Ok(format!("json_extract({value}, {})", quote_text(&path)))
    }

    /// `[1, 2]`
    pub(super) fn json_array(&mut self, elements: &[Expr]) -> Written {
        let mut written = Vec::with_capacity(elements.len());
        for element in elements {
            written.push(self.variant_of(element)?);
        }
        Ok(format!("json_array({})", written.join(", ")))
    }

    /// `{'a': 1}`
    pub(super) fn json_object(&mut self, fields: &[DictionaryField]) -> Written {
        let mut pairs = Vec::with_capacity(fields.len());
        for field in fields {
            let value = self.variant_of(&field.value)?;
            pairs.push((quote_text(&field.key.value), value));
        }
        Ok(object_without_nulls(pairs))
    }

    /// `OBJECT_CONSTRUCT('k', v, …)`: members that are NULL are left out, unless the name ends in `KEEP_NULL`.
    pub(super) fn object_construct(&mut self, call: &Call<'_>) -> Written {
        if call.is_star {
            return self.object_of_row(call);
        }
        let mut pairs = Vec::new();
        for pair in call.arguments().chunks(2) {
            let [key, value] = pair else {
                return refuse("OBJECT_CONSTRUCT takes pairs of key and value");
            };
            // As texts they would be escaped once more at every level: twice as long each time.
            if is_object_or_array(key) {
                return refuse(format!(
                    "SQL compilation error:\nInvalid argument types for function '{}': a key is a text, not an OBJECT or ARRAY",
                    call.name
                ));
            }
            pairs.push((self.text(key)?, self.variant_of(value)?));
        }
        if call.name == "OBJECT_CONSTRUCT_KEEP_NULL" {
            pairs.sort_by(|one, other| one.0.cmp(&other.0));
            let members: Vec<String> = pairs
                .into_iter()
                .map(|(key, value)| format!("{key}, {value}"))
                .collect();
            return Ok(format!("json_object({})", members.join(", ")));
        }
        Ok(object_without_nulls(pairs))
    }

    /// `OBJECT_CONSTRUCT(*)`: a member for each column of the row.
    fn object_of_row(&mut self, call: &Call<'_>) -> Written {
        let sources = self
            .froms
            .last()
            .map(|from| from.sources.clone())
            .unwrap_or_default();
        let rows: Option<Vec<String>> = sources
            .into_iter()
            .map(|source| source.map(|name| format!("CAST(to_json({name}) AS VARCHAR)")))
            .collect();
        let Some(rows) = rows.filter(|rows| !rows.is_empty()) else {
            return limit_with_hint(
                "supports OBJECT_CONSTRUCT(*) only if every table in FROM has a name",
                "give the subquery an alias, or name the columns: OBJECT_CONSTRUCT('A', a, 'B', b)",
            );
        };
        let keeps_nulls = call.name == "OBJECT_CONSTRUCT_KEEP_NULL";
        Ok(format!(
            "rs_object_of_rows('{keeps_nulls}', {})",
            rows.join(", ")
        ))
    }

    /// `ARRAY_CONSTRUCT(a, b)`
    pub(super) fn array_construct(&mut self, call: &Call<'_>) -> Written {
        let mut items = Vec::new();
        for argument in call.arguments() {
            items.push(self.variant_of(argument)?);
        }
        if call.name != "ARRAY_CONSTRUCT_COMPACT" {
            return Ok(format!("json_array({})", items.join(", ")));
        }
        let items: Vec<String> = items
            .iter()
            .map(|item| format!(", coalesce(CAST({item} AS VARCHAR), '')"))
            .collect();
        Ok(format!("rs_array_of_known(''{})", items.concat()))
    }
}

/// OBJECTs show their keys in order, and leave out what is NULL.
fn object_without_nulls(mut pairs: Vec<(String, String)>) -> String {
    if pairs.is_empty() {
        return "CAST('{}' AS JSON)".into();
    }
    pairs.sort_by(|one, other| one.0.cmp(&other.0));
    let entries: Vec<String> = pairs
        .into_iter()
        .map(|(key, value)| macro_call("member", &[&key, &value]))
        .collect();
    format!(
        "to_json(map_from_entries(list_filter([{}], lambda e: e.v IS NOT NULL AND e.k IS NOT NULL)))",
        entries.join(", ")
    )
}

/// Whether the form of an expression shows that it is an OBJECT or an ARRAY.
pub(super) fn is_object_or_array(expr: &Expr) -> bool {
    match expr {
        Expr::Array(_) | Expr::Dictionary(_) => true,
        Expr::Function(function) => {
            let name = function.name.to_string().to_uppercase();
            (name.starts_with("OBJECT_") || name.starts_with("ARRAY"))
                && VARIANT_FUNCTIONS.contains(&name.as_str())
                // An element, which may be a text.
                && !["ARRAY_MAX", "ARRAY_MIN"].contains(&name.as_str())
        }
        _ => false,
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Digits with a point among them or a sign before them, few enough for a DECIMAL.
fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_one = match digits.split_once('.') {
        Some((whole, places)) => is_digits(whole) && is_digits(places),
        None => is_digits(digits),
    };
    is_one && text.len() <= 18
}

fn push_key(path: &mut String, key: &str) -> Result<(), Fault> {
    if key.is_empty() || key.contains(['"', '\\', '*']) {
        return limit(
            "does not support keys of a VARIANT that are empty, or have quotes, backslashes or stars",
        );
    }
    path.push_str(&format!(".\"{key}\""));
    Ok(())
}

/// The text of a path as DuckDB writes it: `a.b[0]['c d']` becomes `$."a"."b"[0]."c d"`.
pub(super) fn json_path(argument: &Expr) -> Result<String, Fault> {
    let text = match argument {
        Expr::Value(value) => value.value.clone().into_string(),
        _ => None,
    };
    let Some(text) = text else {
        return limit("accepts only a literal path into a VARIANT");
    };
    let mut path = String::from("$");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('[') {
            let end = match quoted_key(after) {
                Some((key, tail)) => {
                    push_key(&mut path, key)?;
                    tail.strip_prefix(']')
                }
                None => after.split_once(']').and_then(|(index, tail)| {
                    let index: u64 = index.trim().parse().ok()?;
                    path.push_str(&format!("[{index}]"));
                    Some(tail)
                }),
            };
            let Some(tail) = end else {
                return refuse(format!(
                    "the path {text} has a bracket that is not closed or holds no key"
                ));
            };
            rest = tail.strip_prefix('.').unwrap_or(tail);
        } else if let Some((key, tail)) = quoted_key(rest) {
            push_key(&mut path, key)?;
            rest = tail.strip_prefix('.').unwrap_or(tail);
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (key, tail) = rest.split_at(end);
            push_key(&mut path, key)?;
            rest = tail.strip_prefix('.').unwrap_or(tail);
        }
    }
    Ok(path)
}

/// The key in quotes that a text begins with, and what follows it.
fn quoted_key(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    text.get(1..)?.split_once(quote)
}

/// Whether a number has more digits than a FLOAT holds.
fn has_many_digits(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => has_many_digits(inner),
        Expr::UnaryOp { expr, .. } => has_many_digits(expr),
        Expr::Value(value) => matches!(
            &value.value,
            Value::Number(digits, _) if digits.len() > 15 && !digits.contains(['e', 'E'])
        ),
        Expr::Cast { data_type, .. } => matches!(target(data_type), Ok(Target::Number(..))),
        _ => false,
    }
}

/// What a CASE may give.
pub(super) fn results<'e>(
    conditions: &'e [CaseWhen],
    other: Option<&'e Expr>,
) -> impl Iterator<Item = &'e Expr> {
    conditions.iter().map(|when| &when.result).chain(other)
}

pub(super) fn arguments(arguments: &FunctionArguments) -> impl Iterator<Item = &Expr> {
    let list = match arguments {
        FunctionArguments::List(list) => list.args.as_slice(),
        _ => &[],
    };
    list.iter().filter_map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    })
}
