//! Calls of functions: looked up, checked, and written by their rule.

use crate::sql::QualifiedName;
use crate::sql::ast::{
    Expr, Function, Ident, NullTreatment, WindowFrame, WindowFrameBound, WindowFrameUnits,
    WindowSpec, WindowType,
};

use crate::sql::{self, foreign};

pub(super) use super::call::Call;
use super::functions::{How, Known, find};
use super::lengths::STATEMENT;
use super::macros;
use super::returns::{is_json, plain_kind};
use super::texts::{number_literal, text_literal};
use super::types::typed_null;
use super::units::Of;
use super::writer::{
    Fault, Writer, Written, bound_where, limit, limit_with_hint, name, quote_text, refuse,
};

impl Writer<'_> {
    /// Any call of a function.
    pub(super) fn function(&mut self, function: &Function) -> Written {
        let call = Call::of(function)?;
        if let ("IDENTIFIER", [name]) = (call.name.as_str(), call.arguments()) {
            return self.column_named(name);
        }
        if let ("NTH_VALUE", [.., mark]) = (call.name.as_str(), call.arguments())
            && text_literal(mark) == Some(sql::FROM_LAST)
        {
            return limit_with_hint(
                "does not support NTH_VALUE with FROM LAST",
                "turn the order of the window round, as in ORDER BY x DESC",
            );
        }
        let Some(known) = find(&call.name) else {
            if function.uses_odbc_syntax {
                return limit(format!("does not support {{fn {}(…)}} of ODBC", call.name));
            }
            return unknown(&call.name);
        };
        if function.uses_odbc_syntax && call.arguments().len() < known.min {
            return limit(format!(
                "does not support this form of {{fn {}(…)}}",
                call.name
            ));
        }
        self.written(&call, known)
    }

    /// `IDENTIFIER('name')` in place of a column.
    fn column_named(&mut self, name: &Expr) -> Written {
        let Some(text) = text_literal(name) else {
            return limit("accepts only a literal name in IDENTIFIER");
        };
        let Ok(name) = QualifiedName::parse(text, 3) else {
            return refuse(format!("invalid identifier '{text}'"));
        };
        let parts = [name.database, name.schema, Some(name.object)];
        let parts = parts.into_iter().flatten();
        let idents: Vec<_> = parts
            .map(|part| Ident::with_quote('"', part.as_str()))
            .collect();
        self.column(&idents)
    }

    fn written(&mut self, call: &Call<'_>, known: &Known) -> Written {
        self.check(call, known)?;
        let written = match known.how {
            How::Scalar(template) | How::Aggregate(template) | How::Window(template) => {
                self.fill(template, call)
            }
            How::Rewrite(rewrite)
            | How::AggregateRewrite(rewrite)
            | How::WindowRewrite(rewrite) => rewrite(self, call),
            How::Refused { what, hint } => limit_with_hint(what, hint),
        };
        Ok(self.enclosed(written?, call))
    }

    /// `CURRENT_USER` without parentheses.
    pub(super) fn call_without_arguments(&mut self, name: &str) -> Written {
        let call = Call::table_function(name.to_owned(), &[])?;
        let Some(known) = find(name) else {
            return unknown(name);
        };
        self.written(&call, known)
    }

    fn check(&self, call: &Call<'_>, known: &Known) -> Result<(), Fault> {
        let count = call.arguments().len() + call.named.len() + usize::from(call.is_star);
        // Snowflake takes more than this engine.
        if !call.named.is_empty() && !TAKE_NAMES.contains(&call.name.as_str()) {
            return limit(format!(
                "does not accept arguments by name in {}",
                call.name
            ));
        }
        if WIDER.contains(&call.name.as_str()) && count > known.max {
            return limit(format!(
                "accepts at most {} arguments in {}",
                known.max, call.name
            ));
        }
        if call.is_star && known.min > 0 && !TAKE_STAR.contains(&call.name.as_str()) {
            return limit(format!("does not accept {}(*)", call.name));
        }
        if count < known.min {
            return refuse(format!("not enough arguments for function {}", call.name));
        }
        if count > known.max {
            return refuse(format!("too many arguments for function {}", call.name));
        }
        let is_scalar = matches!(known.how, How::Scalar(_) | How::Rewrite(_));
        if is_scalar && (call.over.is_some() || call.is_distinct || !call.within_group.is_empty()) {
            return refuse(format!(
                "{} is not an aggregate or window function",
                call.name
            ));
        }
        let is_window = matches!(known.how, How::Window(_) | How::WindowRewrite(_));
        if is_window && call.over.is_none() {
            return refuse(format!("the window function {} needs OVER", call.name));
        }
        let is_ordered =
            |spec: &WindowSpec| !spec.order_by.is_empty() || spec.window_name.is_some();
        if is_window
            && let Some(WindowType::WindowSpec(spec)) = call.over
            && !is_ordered(spec)
        {
            return refuse(format!(
                "Window function type [{}] requires ORDER BY in window specification",
                call.name
            ));
        }
        let takes_order = matches!(known.how, How::AggregateRewrite(_));
        if !takes_order && !call.within_group.is_empty() {
            return limit(format!("does not accept WITHIN GROUP with {}", call.name));
        }
        if !is_window && call.null_treatment.is_some() {
            return limit(format!("does not accept IGNORE NULLS with {}", call.name));
        }
        Ok(())
    }

    /// Puts the arguments into a template. `{0}` is the first argument as it is, `{t0}` as text, `{n0}` as number, `{m0}`
    /// as moment, `{y0}` as one with a date, `{s0}` as number even if it is a column of text, `{v0}` with NULL for JSON null, `{j0}` as JSON, `{a0}` as
    /// a VARIANT, `{c0}` as the text of its JSON, `{e0}` as that of an element, `{i0}` as the digits of a whole number; `{*}` all of them; `{d}` DISTINCT, `{nulls}` IGNORE NULLS, `{over}` the window.
    ///
    /// What a template names twice, or a macro that it calls, is bound to a name first: see [`bound_where`].
    fn fill(&mut self, template: &str, call: &Call<'_>) -> Written {
        let mut written = Vec::with_capacity(call.arguments().len());
        // A part of a moment has no zone.
        let is_part = (template.contains("{m0}") || template.contains("{y0}"))
            && (plain_kind(&call.name).is_some() || call.name.ends_with("NAME"));
        for argument in call.arguments() {
            if is_part {
                self.shed_zone(argument);
            }
            written.push(self.expression(argument)?);
        }
        let mut fields: Vec<(&str, String)> = Vec::new();
        let (literals, names) = parts_of(template);
        for name in &names {
            if fields.iter().any(|(known, _)| known == name) {
                continue;
            }
            let piece = match *name {
                "*" => written.join(", "),
                "d" => call.distinct().to_owned(),
                "s" => STATEMENT.to_owned(),
                "over" => self.over(call, "")?,
                "nulls" => match call.null_treatment {
                    Some(NullTreatment::IgnoreNulls) => " IGNORE NULLS".to_owned(),
                    _ => String::new(),
                },
                _ => self.field(name, &written, call)?,
            };
            fields.push((name, piece));
        }
        // What a template does not mention it would drop.
        let is_whole = names.contains(&"*");
        if let Some(index) = (0..call.arguments().len())
            .find(|index| !is_whole && !names.iter().any(|name| place_of(name) == Some(*index)))
        {
            return limit(format!(
                "accepts at most {index} arguments in {}",
                call.name
            ));
        }
        let filled = |values: &[&str]| {
            let mut result = String::new();
            for (literal, name) in literals.iter().zip(&names) {
                let place = fields.iter().position(|(known, _)| known == name);
                result.push_str(literal);
                result.push_str(place.and_then(|place| values.get(place)).unwrap_or(&""));
            }
            result.push_str(literals.last().unwrap_or(&""));
            result
        };
        let values: Vec<&str> = fields.iter().map(|(_, piece)| piece.as_str()).collect();
        let words: Vec<String> = (0..values.len()).map(|n| format!("sf_field{n}")).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let sample = filled(&words);
        let repeated: Vec<bool> = words
            .iter()
            .map(|word| macros::names_repeatedly(&sample, word))
            .collect();
        // Around an aggregate there is nothing to bind: what is inside belongs to its rows.
        let is_scalar = !names
            .iter()
            .any(|name| matches!(*name, "over" | "nulls" | "d" | "*"));
        Ok(if is_scalar {
            bound_where(&values, &repeated, filled)
        } else {
            filled(&values)
        })
    }

    /// One argument, made what the template asks for.
    fn field(&mut self, field: &str, written: &[String], call: &Call<'_>) -> Written {
        let (kind, digits) =
            match field.strip_prefix(['t', 'n', 'm', 'y', 's', 'v', 'j', 'a', 'c', 'e', 'i']) {
                Some(digits) => (field.chars().next(), digits),
                None => (None, field),
            };
        let index: usize = digits.parse().unwrap_or(usize::MAX);
        let (Some(text), Ok(expr)) = (written.get(index), call.argument(index)) else {
            return refuse(format!("not enough arguments for function {}", call.name));
        };
        Ok(match kind {
            Some('t') => self.as_text(text.clone(), expr),
            Some('n') => self.as_number(text.clone(), expr),
            Some('m') => self.as_point(&typed_null(text, "TIMESTAMP"), expr, Of::Any),
            Some('y') => self.as_point(&typed_null(text, "TIMESTAMP"), expr, Of::Day),
            Some('s') => self.summand(call, text.clone(), expr)?,
            Some('v') => self.without_json_null(text.clone(), expr),
            Some('j') => self.as_json(text.clone(), expr),
            Some('a') => self.as_variant(text.clone(), expr),
            Some('c') if is_json(expr) => text.clone(),
            Some('c') => format!("CAST({text} AS VARCHAR)"),
            Some('e') => self.element_of(text.clone(), expr),
            Some('i') => integer_text(text, expr),
            _ => text.clone(),
        })
    }

    /// The OVER clause, with a blank before it, or nothing. `frame` is used where the statement has none.
    pub(super) fn over(&mut self, call: &Call<'_>, frame: &str) -> Written {
        match call.over {
            None => Ok(String::new()),
            Some(WindowType::NamedWindow(window)) => Ok(format!(" OVER {}", name(window))),
            Some(WindowType::WindowSpec(spec)) => {
                Ok(format!(" OVER ({})", self.window(spec, frame)?))
            }
        }
    }

    pub(super) fn window(&mut self, spec: &WindowSpec, frame: &str) -> Written {
        let mut parts = Vec::new();
        if let Some(window) = &spec.window_name {
            parts.push(name(window));
        }
        if !spec.partition_by.is_empty() {
            let list = self.comma_separated(&spec.partition_by)?;
            parts.push(format!("PARTITION BY {list}"));
        }
        if !spec.order_by.is_empty() {
            parts.push(format!("ORDER BY {}", self.order_list(&spec.order_by)?));
        }
        match &spec.window_frame {
            Some(frame) => parts.push(self.frame(frame)?),
            None if !frame.is_empty() => parts.push(frame.to_owned()),
            None => {}
        }
        Ok(parts.join(" "))
    }

    fn frame(&mut self, frame: &WindowFrame) -> Written {
        let units = match frame.units {
            WindowFrameUnits::Rows => "ROWS",
            WindowFrameUnits::Range => "RANGE",
            WindowFrameUnits::Groups => return limit("does not support GROUPS in a window frame"),
        };
        let start = self.bound(&frame.start_bound)?;
        Ok(match &frame.end_bound {
            Some(end) => format!("{units} BETWEEN {start} AND {}", self.bound(end)?),
            None => format!("{units} {start}"),
        })
    }

    fn bound(&mut self, bound: &WindowFrameBound) -> Written {
        Ok(match bound {
            WindowFrameBound::CurrentRow => "CURRENT ROW".into(),
            WindowFrameBound::Preceding(None) => "UNBOUNDED PRECEDING".into(),
            WindowFrameBound::Following(None) => "UNBOUNDED FOLLOWING".into(),
            WindowFrameBound::Preceding(Some(n)) => format!("{} PRECEDING", self.distance(n)?),
            WindowFrameBound::Following(Some(n)) => format!("{} FOLLOWING", self.distance(n)?),
        })
    }

    /// How far a frame reaches: rows, or an interval of the ordering date.
    fn distance(&mut self, expr: &Expr) -> Written {
        match expr {
            Expr::Interval(interval) => {
                let zero =
                    self.plus_interval("TIMESTAMP '2000-01-01 00:00:00'", false, interval)?;
                let text = interval.to_string();
                // Months have no fixed length; only the plain form DuckDB reads alike is handed on.
                if zero.contains("add_months_to") || zero.contains("'month'") {
                    return limit("does not accept months in a window frame");
                }
                Ok(text)
            }
            other => self.expression(other),
        }
    }
}

/// Functions that Snowflake gives more arguments than this engine knows of.
const WIDER: [&str; 12] = [
    "BITAND",
    "BITOR",
    "BITXOR",
    "BIT_AND",
    "BIT_OR",
    "BIT_XOR",
    "HLL",
    "APPROX_COUNT_DISTINCT",
    "TO_BOOLEAN",
    "SYSTEM$TYPEOF",
    "CURRENT_SCHEMAS",
    "GET_DDL",
];

/// Functions whose arguments may have names.
const TAKE_NAMES: [&str; 2] = ["ROUND", "SEARCH"];

/// Functions that take `*`.
const TAKE_STAR: [&str; 3] = ["COUNT", "OBJECT_CONSTRUCT", "OBJECT_CONSTRUCT_KEEP_NULL"];

/// A function without a rule: Snowflake has it, or nobody does.
pub(super) fn unknown(name: &str) -> Written {
    if name.trim_start_matches(['\'', '"']).starts_with('@') {
        return limit("has no stages, so there are no files to read");
    }
    if foreign::is_snowflakes(name) {
        limit(format!("does not support the function {name}"))
    } else {
        refuse(format!("SQL compilation error:\nUnknown function {name}"))
    }
}

/// A whole number as the text that natives take. Casts take their time to plan.
fn integer_text(written: &str, expr: &Expr) -> String {
    match number_literal(expr).map(str::parse::<i64>) {
        Some(Ok(number)) => quote_text(&number.to_string()),
        _ => format!("CAST(CAST({written} AS BIGINT) AS VARCHAR)"),
    }
}

/// The place of the argument that a field of a template stands for.
fn place_of(field: &str) -> Option<usize> {
    field
        .trim_start_matches(|c: char| c.is_ascii_lowercase())
        .parse()
        .ok()
}

/// A template's literal pieces, and the names of the fields between them.
fn parts_of(template: &str) -> (Vec<&str>, Vec<&str>) {
    let (mut literals, mut names) = (Vec::new(), Vec::new());
    let mut rest = template;
    while let Some((literal, name, tail)) = rest.split_once('{').and_then(|(before, after)| {
        after
            .split_once('}')
            .map(|(name, tail)| (before, name, tail))
    }) {
        literals.push(literal);
        names.push(name);
        rest = tail;
    }
    literals.push(rest);
    (literals, names)
}
