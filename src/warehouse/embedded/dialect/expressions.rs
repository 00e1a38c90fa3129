//! Expressions: operators, literals, casts and the forms that have a syntax of their own.

use crate::sql::ast::{
    AccessExpr, BinaryOperator, CaseWhen, CeilFloorKind, DateTimeField, DollarQuotedString, Expr,
    Query, Subscript, TrimWhereField, UnaryOperator, Value,
};
use crate::warehouse::Parameter;

use super::writer::{
    Fault, Writer, Written, limit, limit_with_hint, macro_call, quote_text, refuse,
};

impl Writer<'_> {
    /// Any expression.
    pub(super) fn expression(&mut self, expr: &Expr) -> Written {
        self.deeper(|writer| match expr {
            Expr::BinaryOp { .. } => writer.binary_chain(expr),
            Expr::Function(function) => writer.function(function),
            Expr::Cast { .. } | Expr::Convert { .. } | Expr::TypedString(_) => writer.cast(expr),
            Expr::JsonAccess { value, path } => writer.json_access(value, path),
            Expr::CompoundFieldAccess { root, access_chain } => {
                writer.field_access(root, access_chain)
            }
            Expr::Identifier(ident) => writer.column(std::slice::from_ref(ident)),
            Expr::CompoundIdentifier(parts) => writer.column(parts),
            Expr::Value(value) => writer.literal(&value.value),
            Expr::Nested(inner) => Ok(format!("({})", writer.expression(inner)?)),
            _ => writer.predicate(expr),
        })
    }

    /// Tests, most of which yield a truth value.
    fn predicate(&mut self, expr: &Expr) -> Written {
        let (inner, test) = match expr {
            Expr::IsNull(inner) => (inner, "IS NULL"),
            Expr::IsNotNull(inner) => (inner, "IS NOT NULL"),
            Expr::IsTrue(inner) => (inner, "IS TRUE"),
            Expr::IsNotTrue(inner) => (inner, "IS NOT TRUE"),
            Expr::IsFalse(inner) => (inner, "IS FALSE"),
            Expr::IsNotFalse(inner) => (inner, "IS NOT FALSE"),
            Expr::IsDistinctFrom(left, right) => {
                let (left, right) = self.compared(left, right)?;
                return Ok(format!("({left} IS DISTINCT FROM {right})"));
            }
            Expr::IsNotDistinctFrom(left, right) => {
                let (left, right) = self.compared(left, right)?;
                return Ok(format!("({left} IS NOT DISTINCT FROM {right})"));
            }
            Expr::InList {
                expr,
                list,
                negated,
            } => return self.in_list(expr, list, *negated),
            Expr::InSubquery {
                expr,
                subquery,
                negated,
            } => return self.in_subquery(expr, subquery, *negated),
            Expr::Between {
                expr,
                negated,
                low,
                high,
            } => {
                let written = self.expression(expr)?;
                // DuckDB makes two comparisons of it, with the value in both.
                return self.once(&written, |writer, name| {
                    let (value, low) = writer.compared_with(name.to_owned(), expr, low)?;
                    let (_, high) = writer.compared_with(name.to_owned(), expr, high)?;
                    let not = not(*negated);
                    Ok(format!("({value} {not}BETWEEN {low} AND {high})"))
                });
            }
            Expr::Like {
                negated,
                any,
                expr,
                pattern,
                escape_char,
            } => {
                return self.like(
                    "LIKE",
                    *negated,
                    *any,
                    expr,
                    pattern,
                    escape_char.as_deref(),
                );
            }
            Expr::ILike {
                negated,
                any,
                expr,
                pattern,
                escape_char,
            } => {
                return self.like(
                    "ILIKE",
                    *negated,
                    *any,
                    expr,
                    pattern,
                    escape_char.as_deref(),
                );
            }
            Expr::RLike {
                negated,
                expr,
                pattern,
                ..
            } => {
                let (text, pattern) = (self.text(expr)?, self.expression(pattern)?);
                let not = not(*negated);
                return Ok(format!("({not}regexp_full_match({text}, {pattern}))"));
            }
            _ => return self.other_form(expr),
        };
        let inner = self.expression(inner)?;
        Ok(format!("({inner} {test})"))
    }

    /// Forms with a syntax of their own.
    fn other_form(&mut self, expr: &Expr) -> Written {
        match expr {
            Expr::UnaryOp { op, expr } => self.unary(*op, expr),
            Expr::Case {
                operand,
                conditions,
                else_result,
                ..
            } => self.case(operand.as_deref(), conditions, else_result.as_deref()),
            Expr::Exists { subquery, negated } => {
                let query = self.query(subquery)?;
                Ok(format!("({}EXISTS ({query}))", not(*negated)))
            }
            Expr::Subquery(query) => Ok(format!("({})", self.query(query)?)),
            Expr::Tuple(items) => Ok(format!("({})", self.comma_separated(items)?)),
            Expr::Array(array) => self.json_array(&array.elem),
            Expr::Dictionary(fields) => self.json_object(fields),
            Expr::Collate { .. } => limit("does not know collations"),
            Expr::Interval(_) => limit_with_hint(
                "takes an INTERVAL only where it is added to a date or time",
                "use DATEADD",
            ),
            Expr::Prior(_) => limit("does not know CONNECT BY"),
            Expr::Lambda(_) => limit("does not know lambda expressions"),
            Expr::OuterJoin(_) => limit_with_hint(
                "does not know the (+) form of an outer join",
                "write LEFT JOIN … ON",
            ),
            Expr::AnyOp { .. } | Expr::AllOp { .. } => self.quantified(expr),
            _ => self.function_form(expr),
        }
    }

    /// Functions the parser reads into nodes of their own.
    fn function_form(&mut self, expr: &Expr) -> Written {
        match expr {
            Expr::Extract { field, expr, .. } => self.date_part(&field.to_string(), expr),
            Expr::Ceil { expr, field } => self.ceil_or_floor("CEIL", expr, field),
            Expr::Floor { expr, field } => self.ceil_or_floor("FLOOR", expr, field),
            Expr::Position { expr, r#in } => {
                let (needle, text) = (self.text(expr)?, self.text(r#in)?);
                Ok(format!("strpos({text}, {needle})"))
            }
            Expr::Substring {
                expr,
                substring_from,
                substring_for,
                ..
            } => {
                let mut arguments = vec![self.text(expr)?];
                for part in [substring_from, substring_for].into_iter().flatten() {
                    arguments.push(self.expression(part)?);
                }
                let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
                Ok(macro_call("substr", &arguments))
            }
            Expr::Trim {
                trim_where,
                trim_what,
                expr,
                trim_characters,
            } => {
                let function = match trim_where {
                    None | Some(TrimWhereField::Both) => "trim",
                    Some(TrimWhereField::Leading) => "ltrim",
                    Some(TrimWhereField::Trailing) => "rtrim",
                };
                let text = self.text(expr)?;
                let what = match (trim_what, trim_characters.as_deref()) {
                    (Some(what), _) => Some(self.expression(what)?),
                    (None, Some([what])) => Some(self.expression(what)?),
                    (None, None) => None,
                    (None, Some(_)) => return limit("does not take TRIM with these arguments"),
                };
                Ok(match what {
                    Some(what) => format!("{function}({text}, {what})"),
                    None => format!("{function}({text}, ' ')"),
                })
            }
            Expr::GroupingSets(sets) => self.grouping("GROUPING SETS", sets),
            Expr::Cube(sets) => self.grouping("CUBE", sets),
            Expr::Rollup(sets) => self.grouping("ROLLUP", sets),
            Expr::AtTimeZone { .. } => {
                limit_with_hint("does not know AT TIME ZONE", "use CONVERT_TIMEZONE")
            }
            Expr::Wildcard(_) | Expr::QualifiedWildcard(..) => {
                limit("does not take * in this place")
            }
            _ => limit("does not know one of the forms in this statement"),
        }
    }

    fn grouping(&mut self, kind: &str, sets: &[Vec<Expr>]) -> Written {
        let mut written = Vec::with_capacity(sets.len());
        for set in sets {
            written.push(format!("({})", self.comma_separated(set)?));
        }
        Ok(format!("{kind} ({})", written.join(", ")))
    }

    /// Operators in a row. They lean left and can be as many as the statement is long, so they are walked in a loop.
    fn binary_chain(&mut self, expr: &Expr) -> Written {
        let mut chain = Vec::new();
        let mut first = expr;
        while let Expr::BinaryOp { left, op, right } = first {
            chain.push((left.as_ref(), op, right.as_ref()));
            first = left;
        }
        let nesting = chain.iter().filter(|(_, op, _)| {
            !matches!(
                op,
                BinaryOperator::And | BinaryOperator::Or | BinaryOperator::StringConcat
            )
        });
        if nesting.count() > MAX_CHAIN {
            return limit_with_hint(
                format!("follows chains of {MAX_CHAIN} operators, and no longer ones"),
                "write a long chain of operators as a list: CONCAT(…), IN (…), or a SUM over VALUES",
            );
        }
        if chain
            .iter()
            .all(|(_, op, _)| **op == BinaryOperator::StringConcat)
        {
            let mut texts = vec![self.text(first)?];
            for (_, _, right) in chain.iter().rev() {
                texts.push(self.text(right)?);
            }
            return Ok(concatenated(&texts));
        }
        let mut written = self.expression(first)?;
        let mut joined: Option<&BinaryOperator> = None;
        for (left, op, right) in chain.into_iter().rev() {
            written = match op {
                // These stay flat: DuckDB reads a flat chain of any length, a nested one of a thousand at most.
                BinaryOperator::And | BinaryOperator::Or => {
                    if joined.is_some_and(|before| before != op) {
                        written = format!("({written})");
                    }
                    let right = self.expression(right)?;
                    let word = if *op == BinaryOperator::And {
                        "AND"
                    } else {
                        "OR"
                    };
                    written.push_str(&format!(" {word} ({right})"));
                    joined = Some(op);
                    continue;
                }
                _ => {
                    if joined.is_some() {
                        written = format!("({written})");
                    }
                    self.binary(&written, left, op, right)?
                }
            };
            joined = None;
        }
        Ok(if joined.is_some() {
            format!("({written})")
        } else {
            written
        })
    }

    /// One operator, its left side already written.
    fn binary(&mut self, written: &str, left: &Expr, op: &BinaryOperator, right: &Expr) -> Written {
        match op {
            BinaryOperator::StringConcat => {
                let left = self.as_text(written.to_owned(), left);
                let right = self.text(right)?;
                Ok(format!("({left} || {right})"))
            }
            BinaryOperator::Plus | BinaryOperator::Minus => {
                if let Expr::Interval(interval) = right {
                    let date = self.as_moment(written.to_owned(), left);
                    return self.plus_interval(&date, *op == BinaryOperator::Minus, interval);
                }
                let left = self.as_number(written.to_owned(), left);
                let right = self.number(right)?;
                Ok(format!("({left} {op} {right})"))
            }
            BinaryOperator::Multiply => {
                let left = self.as_number(written.to_owned(), left);
                let right = self.number(right)?;
                Ok(format!("({left} * {right})"))
            }
            BinaryOperator::Divide => {
                let left = self.as_number(written.to_owned(), left);
                let right = self.number(right)?;
                self.divide(&left, &right)
            }
            BinaryOperator::Modulo => {
                let left = self.as_number(written.to_owned(), left);
                let right = self.number(right)?;
                Ok(macro_call("mod", &[&left, &right]))
            }
            BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::Lt
            | BinaryOperator::LtEq
            | BinaryOperator::Gt
            | BinaryOperator::GtEq => {
                let (left, right) = self.compared_with(written.to_owned(), left, right)?;
                Ok(format!("({left} {op} {right})"))
            }
            _ => limit(format!("does not know the operator {op}")),
        }
    }

    /// A quotient with Snowflake's scale. See `sf_div` in macros.sql.
    pub(super) fn divide(&mut self, left: &str, right: &str) -> Written {
        // A bare NULL has no scale to give.
        if [left, right]
            .iter()
            .any(|side| side.starts_with("CAST(NULL AS"))
        {
            return Ok("CAST(NULL AS DECIMAL(38, 6))".into());
        }
        Ok(macro_call("div", &[left, right]))
    }

    fn unary(&mut self, op: UnaryOperator, expr: &Expr) -> Written {
        match op {
            UnaryOperator::Plus => self.number(expr),
            UnaryOperator::Minus => Ok(format!("(-{})", self.number(expr)?)),
            UnaryOperator::Not => Ok(format!("(NOT {})", self.expression(expr)?)),
            _ => limit(format!("does not know the operator {op}")),
        }
    }

    fn case(
        &mut self,
        operand: Option<&Expr>,
        conditions: &[CaseWhen],
        else_result: Option<&Expr>,
    ) -> Written {
        let has_variant = conditions
            .iter()
            .map(|when| &when.result)
            .chain(else_result)
            .any(|result| self.is_variant(result));
        let Some(operand) = operand else {
            return self.branches(None, conditions, else_result, has_variant);
        };
        let written = self.expression(operand)?;
        self.once(&written, |writer, name| {
            writer.branches(Some((name, operand)), conditions, else_result, has_variant)
        })
    }

    /// The branches of CASE, each tested by itself or against the operand, which is already written.
    fn branches(
        &mut self,
        operand: Option<(&str, &Expr)>,
        conditions: &[CaseWhen],
        else_result: Option<&Expr>,
        has_variant: bool,
    ) -> Written {
        let mut written = String::from("CASE");
        for CaseWhen { condition, result } in conditions {
            let condition = match operand {
                Some((name, operand)) => {
                    let (left, right) = self.compared_with(name.to_owned(), operand, condition)?;
                    format!("({left} = {right})")
                }
                None => self.expression(condition)?,
            };
            let result = self.result(result, has_variant)?;
            written.push_str(&format!(" WHEN {condition} THEN {result}"));
        }
        if let Some(result) = else_result {
            written.push_str(&format!(" ELSE {}", self.result(result, has_variant)?));
        }
        written.push_str(" END");
        Ok(format!("({written})"))
    }

    fn in_list(&mut self, expr: &Expr, list: &[Expr], negated: bool) -> Written {
        let written = self.expression(expr)?;
        let mut value = String::new();
        let mut items = Vec::with_capacity(list.len());
        for item in list {
            let (left, right) = self.compared_with(written.clone(), expr, item)?;
            value = left;
            items.push(right);
        }
        Ok(format!(
            "({value} {}IN ({}))",
            not(negated),
            items.join(", ")
        ))
    }

    fn in_subquery(&mut self, expr: &Expr, subquery: &Query, negated: bool) -> Written {
        if self.is_variant(expr) {
            return limit_with_hint(
                "does not look for a VARIANT in a subquery",
                "cast it first, as in v:a::STRING",
            );
        }
        let value = self.expression(expr)?;
        let query = self.query(subquery)?;
        Ok(format!("({value} {}IN ({query}))", not(negated)))
    }

    fn like(
        &mut self,
        word: &str,
        negated: bool,
        any: bool,
        expr: &Expr,
        pattern: &Expr,
        escape: Option<&Expr>,
    ) -> Written {
        let text = self.text(expr)?;
        let escape = match escape {
            Some(escape) => format!(" ESCAPE {}", self.expression(escape)?),
            None => String::new(),
        };
        let (patterns, glue) = patterns_of(pattern, any)?;
        let written = |writer: &mut Self, text: &str| {
            let mut tests = Vec::new();
            for pattern in &patterns {
                let pattern = writer.expression(pattern)?;
                tests.push(format!("({text} {word} {pattern}{escape})"));
            }
            Ok(format!("({}({}))", not(negated), tests.join(glue)))
        };
        if patterns.len() == 1 {
            written(self, &text)
        } else {
            self.once(&text, written)
        }
    }

    fn quantified(&mut self, expr: &Expr) -> Written {
        let (left, op, right, word) = match expr {
            Expr::AnyOp {
                left,
                compare_op,
                right,
                ..
            } => (left, compare_op, right, "ANY"),
            Expr::AllOp {
                left,
                compare_op,
                right,
            } => (left, compare_op, right, "ALL"),
            _ => return limit("does not know this comparison"),
        };
        let Expr::Subquery(query) = right.as_ref() else {
            return limit(format!("takes {word} with a subquery only"));
        };
        let left = self.expression(left)?;
        let query = self.query(query)?;
        Ok(format!("({left} {op} {word} ({query}))"))
    }

    fn ceil_or_floor(&mut self, function: &str, expr: &Expr, field: &CeilFloorKind) -> Written {
        match field {
            CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) => {
                let number = self.number(expr)?;
                Ok(format!("{function}({number})"))
            }
            CeilFloorKind::Scale(scale) => {
                let number = self.number(expr)?;
                let scale = self.literal(&scale.value)?;
                let scaled = macro_call(
                    &format!("{}_scale", function.to_lowercase()),
                    &[&number, &scale],
                );
                Ok(format!("round({scaled}, {scale})"))
            }
            CeilFloorKind::DateTimeField(field) => {
                limit(format!("does not know {function} TO {field}"))
            }
        }
    }

    pub(super) fn literal(&mut self, value: &Value) -> Written {
        match value {
            Value::Number(digits, _) => Ok(digits.clone()),
            Value::SingleQuotedString(text)
            | Value::DollarQuotedString(DollarQuotedString { value: text, .. }) => {
                Ok(quote_text(text))
            }
            Value::Boolean(is_true) => Ok(is_true.to_string()),
            Value::Null => Ok("NULL".into()),
            Value::HexStringLiteral(digits) => Ok(format!("unhex({})", quote_text(digits))),
            Value::Placeholder(placeholder) => self.placeholder(placeholder),
            _ => limit("does not know this kind of literal"),
        }
    }

    /// `?` and `:1` stand for parameters, `$1` for a column of VALUES, `$name` for a session variable.
    fn placeholder(&mut self, placeholder: &str) -> Written {
        if placeholder == "?" {
            let index = self.placeholders;
            self.placeholders += 1;
            return self.parameter(index);
        }
        if let Some(number) = placeholder.strip_prefix(':') {
            return match number.parse::<usize>().ok().and_then(|n| n.checked_sub(1)) {
                Some(index) => self.parameter(index),
                None => refuse(format!(
                    "the placeholder {placeholder} has no number; use ? or :1"
                )),
            };
        }
        let Some(name) = placeholder.strip_prefix('$') else {
            return limit(format!("does not know the placeholder {placeholder}"));
        };
        if name.parse::<u16>().is_err() {
            return refuse(format!(
                "the session variable ${} is not set: nothing lasts from one call to the next; \
                 write the value into the statement, or send it as a parameter",
                name.to_uppercase()
            ));
        }
        if self.froms.last().is_some_and(|from| from.is_values) {
            Ok(format!("\"COLUMN{name}\""))
        } else {
            limit_with_hint(
                format!("knows {placeholder} only where FROM is VALUES alone"),
                "use the column's name",
            )
        }
    }

    fn parameter(&self, index: usize) -> Written {
        let Some(parameter) = self.context.parameters.get(index) else {
            return refuse(format!(
                "the statement asks for parameter {}, but {} came with it",
                index + 1,
                self.context.parameters.len()
            ));
        };
        Ok(match parameter {
            Parameter::Null => "NULL".into(),
            Parameter::Boolean(is_true) => is_true.to_string(),
            Parameter::Integer(number) => format!("({number})"),
            Parameter::Float(number) if number.is_finite() => format!("CAST({number:e} AS DOUBLE)"),
            Parameter::Float(number) => format!("CAST('{number}' AS DOUBLE)"),
            Parameter::Text(text) if text.contains('\0') => {
                return refuse("a parameter holds a NUL character");
            }
            Parameter::Text(text) => quote_text(text),
        })
    }

    /// `root[1]`, `root['key']`, and mixtures of them with dots.
    fn field_access(&mut self, root: &Expr, chain: &[AccessExpr]) -> Written {
        let mut written = self.expression(root)?;
        for access in chain {
            let key = match access {
                AccessExpr::Subscript(Subscript::Index { index }) => self.expression(index)?,
                AccessExpr::Dot(Expr::Identifier(ident)) => quote_text(&ident.value),
                _ => return limit("does not know this way to reach into a value"),
            };
            written = macro_call("get", &[&written, &key]);
        }
        Ok(written)
    }
}

/// Texts one after another, as a tree of low height.
pub(super) fn concatenated(texts: &[String]) -> String {
    match texts {
        [] => "''".into(),
        [one] => one.clone(),
        [one, other] => format!("({one} || {other})"),
        many => {
            let (left, right) = many.split_at(many.len() / 2);
            format!("({} || {})", concatenated(left), concatenated(right))
        }
    }
}

/// Longest chain of operators without parentheses, AND, OR and `||` aside. Each of them nests one deeper in DuckDB,
/// whose planning takes half a second for 250.
const MAX_CHAIN: usize = 200;

fn not(is_negated: bool) -> &'static str {
    if is_negated { "NOT " } else { "" }
}

/// The patterns of LIKE, and how their tests are joined. `LIKE ALL (…)` reaches us as a call of a function ALL.
fn patterns_of(pattern: &Expr, any: bool) -> Result<(Vec<&Expr>, &'static str), Fault> {
    use crate::sql::ast::{FunctionArg, FunctionArgExpr, FunctionArguments};
    match pattern {
        Expr::Tuple(list) if any => Ok((list.iter().collect(), " OR ")),
        Expr::Nested(one) if any => Ok((vec![one.as_ref()], " OR ")),
        Expr::Function(function) if function.name.to_string().eq_ignore_ascii_case("ALL") => {
            let FunctionArguments::List(list) = &function.args else {
                return limit("takes LIKE ALL with a list of patterns only");
            };
            let mut patterns = Vec::new();
            for argument in &list.args {
                let FunctionArg::Unnamed(FunctionArgExpr::Expr(pattern)) = argument else {
                    return limit("takes LIKE ALL with a list of patterns only");
                };
                patterns.push(pattern);
            }
            Ok((patterns, " AND "))
        }
        Expr::Subquery(_) => limit("does not take the patterns of LIKE from a subquery"),
        _ if any => limit("takes LIKE ANY with a list of patterns only"),
        other => Ok((vec![other], "")),
    }
}
