//! Values of several types that become one column or one result: CASE, COALESCE, VALUES, UNION, IN (SELECT …).
//!
//! DuckDB brings them to one type by itself, and gives up digits behind the point where 38 are not enough for both sides:
//! NUMBER(38, 0) beside 1.5 makes 2 of it. So the type is said here, as Snowflake finds it: see `natives/kinds.rs`.
//!
//! The results of one expression are cast to a type that DuckDB computes while it plans, from what `typeof` says of each.
//! The members of a set operation cannot see one another's columns. Each notes its types while the statement is planned
//! (`rs_note`), and where they lose digits the statement is translated once more, with the casts in it.

use std::collections::BTreeSet;

use crate::sql::ast::{Expr, Query, SelectItem, SetExpr, UnaryOperator, Value};
use crate::warehouse::embedded::natives::Kind;

use super::binary::is_bytes;
use super::kinds::is_truth;
use super::places::{Place, lossy};
use super::returns::plain_kind;
use super::texts::{number_literal, text_literal};
use super::types::{Target, target};
use super::writer::{Fault, Writer, limit_with_hint, quote_name, quote_text};

/// What one value adds to the type of several.
enum Share {
    /// Nothing: NULL, a text that is read as what it stands beside, a whole number that fits into whatever it meets.
    Nothing,
    /// Types, as arguments of `rs_common_type`.
    Types(BTreeSet<String>),
    /// All of them are VARIANTs, then.
    Variant,
}

/// The type of a value, as far as its form shows it.
enum Shown {
    /// None of its own: see [`Share::Nothing`].
    Nothing,
    /// The engine's name of it.
    Type(String),
    /// A VARIANT.
    Variant,
    /// Only the engine knows it.
    Unknown,
}

/// Longest text of one type that is repeated for each value.
const MAX_ASKED: usize = 256 << 10;

impl Writer<'_> {
    /// Values, already written, one of which will be the result: each cast to the type of all where that is not its own.
    pub(super) fn met(
        &mut self,
        values: Vec<String>,
        exprs: &[&Expr],
    ) -> Result<(Vec<String>, BTreeSet<String>), Fault> {
        let mut types = BTreeSet::new();
        for (written, expr) in values.iter().zip(exprs) {
            match self.share(written, expr) {
                Share::Nothing => {}
                Share::Types(more) => types.extend(more),
                Share::Variant => return Ok((values, BTreeSet::new())),
            }
        }
        // A text beside BINARY is no hexadecimal number to DuckDB.
        let has_bytes = types.contains("'BLOB'") || exprs.iter().any(|expr| self.is_binary(expr));
        if has_bytes && exprs.iter().any(|expr| self.is_text(expr)) {
            return limit_with_hint(
                "does not choose between BINARY and texts",
                "convert the text, as in TO_BINARY(x)",
            );
        }
        let is_number = |expr: &&Expr| number_literal(expr).is_some();
        if types.contains("'BOOLEAN'") && exprs.iter().any(is_number) {
            return limit_with_hint(
                "does not choose between truth values and numbers",
                "cast them to one type, as in x::VARCHAR",
            );
        }
        let values = match self.repairs.leaves_texts {
            true => values,
            false => read_texts(values, exprs, &types),
        };
        if types.len() < 2 {
            return Ok((values, types));
        }
        let known: Vec<Kind> = types
            .iter()
            .filter_map(|text| text.strip_prefix('\'')?.strip_suffix('\''))
            .map(Kind::read)
            .collect();
        let wanted = if known.len() == types.len() {
            match lossy(&known) {
                Some(kind) => kind.name(),
                None => return Ok((values, types)),
            }
        } else {
            let list: Vec<&str> = types.iter().map(String::as_str).collect();
            format!(
                "json_transform('null', rs_common_type({}))",
                list.join(", ")
            )
        };
        if wanted.len().saturating_mul(values.len()) > MAX_ASKED {
            return limit_with_hint(
                "does not find the one type of so many results",
                "cast them to it, as in x::NUMBER(38, 2)",
            );
        }
        let values = values
            .into_iter()
            .zip(exprs)
            .map(|(written, expr)| {
                if written == "NULL" || text_literal(expr).is_some() {
                    written
                } else if wanted.starts_with("json_") {
                    format!("cast_to_type({written}, {wanted})")
                } else {
                    format!("CAST({written} AS {wanted})")
                }
            })
            .collect();
        Ok((values, types))
    }

    /// Remembers of what types an expression is, so that one around it need not name it again.
    pub(super) fn remember(&mut self, written: &str, types: BTreeSet<String>) {
        if !types.is_empty() {
            self.met_types.insert(written.to_owned(), types);
        }
    }

    /// What one value adds to the type of several.
    fn share(&self, written: &str, expr: &Expr) -> Share {
        if let Some(types) = self.met_types.get(written)
            && !self.is_variant(expr)
        {
            return Share::Types(types.clone());
        }
        if let Expr::Nested(inner) = expr {
            let inside = written.strip_prefix('(').and_then(|t| t.strip_suffix(')'));
            return self.share(inside.unwrap_or(written), inner);
        }
        let one = |text: String| Share::Types(BTreeSet::from([text]));
        match self.shown(expr) {
            Shown::Nothing => Share::Nothing,
            Shown::Variant => Share::Variant,
            Shown::Type(name) => one(format!("'{name}'")),
            Shown::Unknown => one(format!("typeof({written})")),
        }
    }

    /// The type of a value, as far as its form shows it.
    fn shown(&self, expr: &Expr) -> Shown {
        let named = |name: &str| Shown::Type(name.to_owned());
        if self.is_variant(expr) {
            return Shown::Variant;
        }
        match expr {
            Expr::Nested(inner) => return self.shown(inner),
            Expr::UnaryOp {
                op: UnaryOperator::Minus | UnaryOperator::Plus,
                expr,
            } if matches!(expr.as_ref(), Expr::Value(_)) => return self.shown(expr),
            Expr::Value(value) => match &value.value {
                Value::Number(digits, _) => {
                    return literal(digits).map_or(Shown::Nothing, |kind| Shown::Type(kind.name()));
                }
                Value::Null | Value::SingleQuotedString(_) | Value::DollarQuotedString(_) => {
                    return Shown::Nothing;
                }
                _ => {}
            },
            Expr::Cast { data_type, .. } => match target(data_type) {
                Ok(Target::Number(precision, scale)) => {
                    return Shown::Type(format!("DECIMAL({precision},{scale})"));
                }
                Ok(Target::Float) => return named("DOUBLE"),
                Ok(Target::Date) => return named("DATE"),
                Ok(Target::Timestamp) => return named("TIMESTAMP"),
                _ => {}
            },
            Expr::Function(function) => {
                if let Some(name) = plain_kind(&function.name.to_string().to_uppercase()) {
                    return named(name);
                }
            }
            _ => {}
        }
        if self.is_text(expr) {
            named("VARCHAR")
        } else if is_truth(expr) {
            named("BOOLEAN")
        } else if is_bytes(expr) {
            named("BLOB")
        } else {
            Shown::Unknown
        }
    }

    /// Texts and numbers in one column of a set operation. DuckDB makes texts of all of them; Snowflake makes numbers of the
    /// texts, or fails.
    pub(super) fn refuse_mixed_columns<'e>(
        &self,
        first: &'e SetExpr,
        others: impl Iterator<Item = &'e SetExpr>,
    ) -> Result<(), Fault> {
        let mut kinds: Vec<Option<&'static str>> = Vec::new();
        for member in others.chain([first]) {
            let Some(select) = member.as_select() else {
                continue;
            };
            for (place, item) in select.projection.iter().enumerate() {
                let kind = match item {
                    SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                        self.kind_word(expr)
                    }
                    // What follows stands in another place.
                    _ => break,
                };
                if kinds.len() <= place {
                    kinds.resize(place + 1, None);
                }
                let Some(known) = kinds.get_mut(place) else {
                    continue;
                };
                match (&known, kind) {
                    (Some(one), Some(other)) if **one != *other => {
                        return limit_with_hint(
                            format!(
                                "does not put {one} and {other} into one column of a set operation (column {})",
                                place + 1
                            ),
                            "cast one of them, as in x::VARCHAR",
                        );
                    }
                    (None, Some(_)) => *known = kind,
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// The members of a set operation, each noting the types of its columns, and cast where they lose digits.
    pub(super) fn met_members(
        &mut self,
        members: &[&SetExpr],
        written: Vec<String>,
        how: Place,
    ) -> Vec<String> {
        if how == Place::Columns && !self.may_lose_digits(members) {
            return written;
        }
        let place = self.next_place(how);
        let all = written.into_iter().enumerate();
        all.map(|(member, sql)| self.noted(place, member, &sql))
            .collect()
    }

    /// `x IN (SELECT …)` and its kin: the values of the left side, the query, and a test that is always true.
    pub(super) fn met_query(
        &mut self,
        left: &[(&Expr, String)],
        query: &Query,
    ) -> Result<(Vec<String>, String, Option<String>), Fault> {
        let own: Vec<String> = left.iter().map(|(_, written)| written.clone()).collect();
        let are_plain = left.iter().all(|(expr, written)| {
            matches!(self.share(written, expr), Share::Nothing)
                || self.is_text(expr)
                || is_truth(expr)
                || is_bytes(expr)
        });
        if are_plain {
            return Ok((own, self.query(query)?, None));
        }
        let place = self.next_place(Place::Columns);
        let query = self.query(query)?;
        let fields: Vec<String> = own
            .iter()
            .enumerate()
            .map(|(index, value)| format!("'a{index}': {value}"))
            .collect();
        let note = note(place, 0, &format!("{{{}}}", fields.join(", ")));
        let query = self.noted(place, 1, &query);
        let casts = self.casts(place, 0);
        let left = own
            .into_iter()
            .enumerate()
            .map(|(index, value)| match casts.get(index) {
                Some((_, Some(kind))) => format!("CAST({value} AS {kind})"),
                _ => value,
            })
            .collect();
        Ok((left, query, Some(note)))
    }

    fn next_place(&mut self, how: Place) -> usize {
        let place = self.places.len() + 1;
        self.places.insert(place, how);
        place
    }

    fn casts(&self, place: usize, member: usize) -> Vec<(String, Option<String>)> {
        let members = self.repairs.meetings.get(&place);
        members
            .and_then(|members| members.get(&member))
            .cloned()
            .unwrap_or_default()
    }

    /// A table of UNPIVOT, each of whose columns notes its type.
    pub(super) fn unpivoted(&mut self, table: &str, columns: &[String]) -> String {
        let place = self.next_place(Place::Unpivoted);
        let notes: Vec<String> = columns
            .iter()
            .enumerate()
            .map(|(member, column)| note(place, member, &format!("{{'a': {column}}}")))
            .collect();
        format!("(SELECT * FROM {table} WHERE {})", notes.join(" AND "))
    }

    /// The tables of a join with USING, each written with its alias behind it, noting the types of their columns.
    ///
    /// `columns` are those of USING, and `None` where NATURAL takes all.
    pub(super) fn joined_by_name(
        &mut self,
        tables: Vec<(String, Option<String>)>,
        columns: Option<BTreeSet<String>>,
    ) -> Vec<String> {
        let place = self.next_place(Place::Joined(columns));
        let tables = tables.into_iter().enumerate();
        tables
            .map(|(member, (table, name))| {
                let sql = self.noted(place, member, &format!("SELECT * FROM {table}"));
                match name {
                    Some(name) => format!("{sql} AS {name}"),
                    None => sql,
                }
            })
            .collect()
    }

    fn noted(&self, place: usize, member: usize, sql: &str) -> String {
        let casts = self.casts(place, member);
        let list: Vec<String> = casts
            .iter()
            .map(|(name, kind)| {
                let name = quote_name(name);
                match kind {
                    Some(kind) => format!("CAST({name} AS {kind}) AS {name}"),
                    None => name,
                }
            })
            .collect();
        let list = if casts.iter().any(|(_, kind)| kind.is_some()) {
            list.join(", ")
        } else {
            "*".into()
        };
        let note = note(place, member, "sf_member");
        format!("(SELECT {list} FROM ({sql}) AS sf_member WHERE {note})")
    }

    /// Whether columns of a set operation might be brought to a type that holds less: not where their form shows it.
    fn may_lose_digits(&self, members: &[&SetExpr]) -> bool {
        let mut columns: Vec<BTreeSet<String>> = Vec::new();
        for member in members {
            let Some(select) = member.as_select() else {
                return true;
            };
            for (place, item) in select.projection.iter().enumerate() {
                let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = item
                else {
                    return true;
                };
                if columns.len() <= place {
                    columns.resize(place + 1, BTreeSet::new());
                }
                let Some(column) = columns.get_mut(place) else {
                    continue;
                };
                match self.shown(expr) {
                    Shown::Nothing if text_literal(expr).is_some() => {
                        column.insert("'VARCHAR'".to_owned());
                    }
                    Shown::Nothing => {}
                    Shown::Variant => {
                        column.insert("'JSON'".to_owned());
                    }
                    Shown::Type(name) => {
                        column.insert(format!("'{name}'"));
                    }
                    // What is not known counts for as many types as there are members.
                    Shown::Unknown => {
                        column.insert(format!("unknown {}", column.len()));
                    }
                }
            }
        }
        columns.iter().any(|column| column.len() > 1)
    }
}

/// Longest list of types that is asked for once more for a text.
const MAX_BESIDE: usize = 2 << 10;

/// Texts that are no numbers, each read as one of the values beside it. The engine would look at such a text only in rows
/// whose result it is: `COALESCE(number, 'none')` would be right until the first NULL. Snowflake reads it in any case.
fn read_texts(values: Vec<String>, exprs: &[&Expr], types: &BTreeSet<String>) -> Vec<String> {
    let list: Vec<&str> = types.iter().map(String::as_str).collect();
    let list = list.join(", ");
    if list.is_empty() || list.contains("'VARCHAR'") || list.len() > MAX_BESIDE {
        return values;
    }
    let is_number = |text: &str| {
        let digits = text.trim();
        digits.ends_with(|last: char| last.is_ascii_digit() || last == '.')
            && digits.parse::<f64>().is_ok()
    };
    let read = |(written, expr): (String, &&Expr)| match text_literal(expr) {
        Some(text) if !is_number(text) => {
            format!(
                "cast_to_type({written}, json_transform('null', rs_type_beside({written}, {list})))"
            )
        }
        _ => written,
    };
    values.into_iter().zip(exprs).map(read).collect()
}

/// A test that is always true, and notes while it is planned of what types a row is.
fn note(place: usize, member: usize, row: &str) -> String {
    format!(
        "json_transform('null', rs_note({}, {}, typeof({row}))) IS NULL",
        quote_text(&place.to_string()),
        quote_text(&member.to_string())
    )
}

/// The type of a number as it is written, or `None` for a whole number that fits into whatever it meets.
fn literal(digits: &str) -> Option<Kind> {
    const SMALL: usize = 9;
    if digits.contains(['e', 'E']) {
        return Some(Kind::Float);
    }
    let (whole, places) = digits.split_once('.').unwrap_or((digits, ""));
    if places.is_empty() && whole.len() <= SMALL {
        return None;
    }
    match (u8::try_from(whole.len()), u8::try_from(places.len())) {
        (Ok(whole), Ok(scale)) if whole.saturating_add(scale) <= 38 => {
            Some(Kind::Decimal { whole, scale })
        }
        _ => Some(Kind::Float),
    }
}
