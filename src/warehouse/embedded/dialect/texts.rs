//! Functions of one row that need more than a template: text, regular expressions, arrays, choices.

use std::collections::BTreeSet;

use crate::sql::QualifiedName;
use crate::sql::ast::{Expr, Value};

use super::call::Call;
use super::decimals::{ByZero, quotient};
use super::lengths::{LONGEST, STATEMENT, bounded, digits_of};
use super::writer::{
    Fault, Writer, Written, folded_list, limit, limit_with_hint, macro_call, quote_text, refuse,
};

/// The longest pattern that the engine itself is given, in bytes.
pub(super) const SHORT_PATTERN: usize = 256;

impl Writer<'_> {
    /// `DECODE(x, search, result, …, default)`, where NULL finds NULL.
    pub(super) fn decode(&mut self, call: &Call<'_>) -> Written {
        let subject = call.argument(0)?;
        let has_variant = call
            .arguments()
            .iter()
            .skip(2)
            .any(|argument| self.is_variant(argument));
        let subject_text = self.expression(subject)?;
        let pairs = || call.arguments().get(1..).unwrap_or_default().chunks(2);
        let mut types = BTreeSet::new();
        let written = self.once(&subject_text, |writer, name| {
            let results: Vec<&Expr> = pairs().filter_map(|pair| pair.last().copied()).collect();
            writer.refuse_mixed(results.iter().copied())?;
            let values = results
                .iter()
                .map(|result| writer.result(result, has_variant))
                .collect::<Result<Vec<_>, _>>()?;
            let (values, found) = writer.met(values, &results)?;
            types = found;
            let mut written = String::from("CASE");
            for (pair, result) in pairs().zip(values) {
                let [search, _] = pair else {
                    written.push_str(&format!(" ELSE {result}"));
                    continue;
                };
                let (left, right) = writer.compared_with(name.to_owned(), subject, search)?;
                written.push_str(&format!(
                    " WHEN {left} IS NOT DISTINCT FROM {right} THEN {result}"
                ));
            }
            Ok(format!("({written} END)"))
        })?;
        self.remember(&written, types);
        Ok(written)
    }

    /// `IFF`, `NVL`, `COALESCE` and `NVL2`, which give one of their arguments.
    pub(super) fn choice(&mut self, call: &Call<'_>) -> Written {
        let (test, values) = match (call.name.as_str(), call.arguments()) {
            ("IFF", [test, values @ ..]) => (Some(self.expression(test)?), values),
            ("NVL2", [test, values @ ..]) => {
                let test = self.expression(test)?;
                (Some(format!("{test} IS NOT NULL")), values)
            }
            (_, values) => (None, values),
        };
        self.refuse_mixed(values.iter().copied())?;
        let has_variant = values.iter().any(|value| self.is_variant(value));
        let written = values
            .iter()
            .map(|value| self.result(value, has_variant))
            .collect::<Result<Vec<_>, _>>()?;
        let (written, types) = self.met(written, values)?;
        let chosen = match (test, written.as_slice()) {
            (Some(test), [yes, no]) => format!("CASE WHEN {test} THEN {yes} ELSE {no} END"),
            _ => format!("coalesce({})", written.join(", ")),
        };
        self.remember(&chosen, types);
        Ok(chosen)
    }

    /// One of several results; beside a VARIANT all become VARIANTs.
    pub(super) fn result(&mut self, value: &Expr, has_variant: bool) -> Written {
        let written = self.expression(value)?;
        Ok(
            if has_variant && written != "NULL" && !self.is_variant(value) {
                if self.is_text(value) {
                    format!("to_json({written})")
                } else {
                    macro_call("variant", &[&written])
                }
            } else {
                written
            },
        )
    }

    /// `GREATEST` and `LEAST`: NULL if any argument is.
    pub(super) fn greatest(&mut self, call: &Call<'_>) -> Written {
        let mut written = Vec::new();
        for argument in call.arguments() {
            if self.is_variant(argument) {
                return limit_with_hint(
                    format!("does not compare VARIANTs, which {} would need", call.name),
                    "cast the value first, as in v:a::NUMBER",
                );
            }
            written.push(self.expression(argument)?);
        }
        let (written, types) = self.met(written, call.arguments())?;
        let function = call.name.to_lowercase();
        let found = match function.strip_suffix("_ignore_nulls") {
            Some(function) => format!("{function}({})", written.join(", ")),
            None => {
                let written: Vec<&str> = written.iter().map(String::as_str).collect();
                folded_list(&written, |one, other| {
                    format!(
                        "CASE WHEN {one} IS NULL OR {other} IS NULL THEN NULL ELSE {function}({one}, {other}) END"
                    )
                })
            }
        };
        self.remember(&found, types);
        Ok(found)
    }

    /// `DIV0(a, b)` and `DIV0NULL(a, b)`
    pub(super) fn div0(&mut self, call: &Call<'_>) -> Written {
        let left = self.number(call.argument(0)?)?;
        let right = self.number(call.argument(1)?)?;
        // A bare NULL has no scale to give.
        let null = "CAST(NULL AS DECIMAL(38, 6))";
        if left.starts_with("CAST(NULL AS") {
            return Ok(null.into());
        }
        if right.starts_with("CAST(NULL AS") {
            return Ok(if call.name == "DIV0NULL" {
                format!("CASE WHEN {left} IS NOT NULL THEN CAST(0 AS DECIMAL(38, 6)) END")
            } else {
                null.into()
            });
        }
        let by_zero = match call.name.as_str() {
            "DIV0" => ByZero::Zero,
            _ => ByZero::ZeroOrNull,
        };
        Ok(quotient(&left, &right, by_zero))
    }

    /// `SEQ4()` numbers the rows of GENERATOR from 0.
    pub(super) fn sequence(&mut self, call: &Call<'_>) -> Written {
        if self.froms.last().is_some_and(|from| from.is_generator) {
            Ok("\"_ROW\"".into())
        } else {
            limit_with_hint(
                format!(
                    "supports {} only if FROM is TABLE(GENERATOR(…)) alone",
                    call.name
                ),
                "use ROW_NUMBER() OVER (ORDER BY …) - 1",
            )
        }
    }

    /// `CONCAT_WS(separator, a, b)`: NULL if any argument is.
    pub(super) fn concat_ws(&mut self, call: &Call<'_>) -> Written {
        let texts = self.texts(call.arguments())?;
        let (separator, parts) = match texts.split_first() {
            Some((separator, parts)) => (separator, parts),
            None => return refuse("not enough arguments for function CONCAT_WS"),
        };
        if let [part] = parts {
            // Nothing stands between, but NULL makes it NULL.
            return Ok(macro_call("beside", &[separator, part]));
        }
        let between = parts.iter().flat_map(|part| [separator, part]).skip(1);
        let texts: Vec<String> = between.cloned().collect();
        Ok(self.one_text(&texts, |texts| format!("({})", texts.join(" || "))))
    }

    fn texts(&mut self, arguments: &[&Expr]) -> Result<Vec<String>, Fault> {
        arguments
            .iter()
            .map(|argument| self.text(argument))
            .collect()
    }

    /// `LIKE(text, pattern [, escape])` and `ILIKE`
    pub(super) fn like_call(&mut self, call: &Call<'_>) -> Written {
        let text = self.text(call.argument(0)?)?;
        let escape = call.arguments().get(2).copied();
        self.is_like(&call.name, &text, call.argument(1)?, escape)
    }

    /// `LENGTH(x)`, in letters, or in bytes of BINARY.
    pub(super) fn length(&mut self, call: &Call<'_>) -> Written {
        let value = call.argument(0)?;
        let written = self.expression(value)?;
        Ok(self.of_text_or_bytes(written, value, "length({})", "length"))
    }

    /// `OCTET_LENGTH(x)`
    pub(super) fn octets(&mut self, call: &Call<'_>) -> Written {
        let value = call.argument(0)?;
        let written = self.expression(value)?;
        Ok(self.of_text_or_bytes(written, value, "strlen({})", "octets"))
    }

    /// `BASE64_ENCODE(x [, longest line [, signs]])`
    pub(super) fn base64_encode(&mut self, call: &Call<'_>) -> Written {
        let value = call.argument(0)?;
        let written = self.expression(value)?;
        let encoded = self.of_text_or_bytes(written, value, &bounded("rs_to_base64"), "base64");
        let Some(line) = call.arguments().get(1) else {
            return Ok(encoded);
        };
        let line = whole(line, "BASE64_ENCODE")?;
        let signs = match call.arguments().get(2).map(|signs| text_literal(signs)) {
            None => "",
            Some(Some(signs)) if signs.chars().count() <= 3 => signs,
            Some(_) => {
                return limit(
                    "accepts only a literal alphabet of one to three signs in BASE64_ENCODE",
                );
            }
        };
        let signs = quote_text(signs);
        Ok(format!(
            "rs_base64_lines({encoded}, '{line}', {signs}, {LONGEST})"
        ))
    }

    /// `PARSE_JSON(text [, 'd' or 's'])`, and with TRY_: with `d`, the last of several values of one key counts.
    pub(super) fn parse_json(&mut self, call: &Call<'_>) -> Written {
        let text = self.text(call.argument(0)?)?;
        let is_try = call.name.starts_with("TRY_");
        let last_counts = match call.arguments().get(1).map(|how| text_literal(how)) {
            None => false,
            Some(Some(how)) if how.eq_ignore_ascii_case("s") => false,
            Some(Some(how)) if how.eq_ignore_ascii_case("d") => true,
            Some(_) => {
                return refuse(format!(
                    "Invalid value for the parameter of function '{}': it is 'd' or 's'",
                    call.name
                ));
            }
        };
        Ok(match (last_counts, is_try) {
            (false, false) => format!("rs_parse_json({text})"),
            (false, true) => format!("rs_try_parse_json({text})"),
            (true, false) => format!("rs_parse_json({text}, 'd')"),
            (true, true) => format!("rs_try_parse_json({text}, 'd')"),
        })
    }

    /// `HEX_ENCODE(x [, is_upper])`
    pub(super) fn hex_encode(&mut self, call: &Call<'_>) -> Written {
        let value = call.argument(0)?;
        let written = self.expression(value)?;
        let digits = self.of_text_or_bytes(written, value, &bounded("rs_to_hex"), "hex");
        match call
            .arguments()
            .get(1)
            .map(|letters| number_literal(letters))
        {
            None | Some(Some("1")) => Ok(digits),
            Some(Some("0")) => Ok(format!("lower({digits})")),
            Some(_) => limit("accepts 0 or 1 for the letters of HEX_ENCODE"),
        }
    }

    /// `INITCAP(text [, delimiters])`
    pub(super) fn initcap(&mut self, call: &Call<'_>) -> Written {
        let texts = self.texts(call.arguments())?;
        Ok(format!("rs_initcap({STATEMENT}, {})", texts.join(", ")))
    }

    /// `EDITDISTANCE(a, b [, most])`
    pub(super) fn edit_distance(&mut self, call: &Call<'_>) -> Written {
        let mut texts = self.texts(call.arguments().get(..2).unwrap_or_default())?;
        if let Some(most) = call.arguments().get(2) {
            let most = self.expression(most)?;
            texts.push(format!("CAST(CAST({most} AS BIGINT) AS VARCHAR)"));
        }
        Ok(format!(
            "rs_editdistance({STATEMENT}, {})",
            texts.join(", ")
        ))
    }

    /// `SEARCH(texts, words)`
    pub(super) fn search(&mut self, call: &Call<'_>) -> Written {
        if call.arguments().len() != 2 || !call.named.is_empty() {
            return limit("supports SEARCH with the default analyzer and mode only");
        }
        let searched = match call.argument(0)? {
            Expr::Tuple(list) => list.iter().collect(),
            Expr::Nested(one) => vec![one.as_ref()],
            one => vec![one],
        };
        let mut texts = vec![self.text(call.argument(1)?)?];
        texts.extend(self.texts(&searched)?);
        Ok(format!("rs_search({STATEMENT}, {})", texts.join(", ")))
    }

    /// `TRIM(text [, characters])`
    pub(super) fn trim(&mut self, call: &Call<'_>) -> Written {
        let text = self.text(call.argument(0)?)?;
        let characters = match call.arguments().get(1) {
            Some(characters) => self.text(characters)?,
            None => "' '".into(),
        };
        Ok(format!(
            "{}({text}, {characters})",
            call.name.to_lowercase()
        ))
    }

    /// `STRTOK(text [, delimiters [, part]])`: empty parts do not count, and there is no part beyond the last.
    pub(super) fn strtok(&mut self, call: &Call<'_>) -> Written {
        let (text, delimiters) = self.text_and_delimiters(call)?;
        let part = match call.arguments().get(2) {
            Some(part) => digits_of(&self.expression(part)?),
            None => "'1'".into(),
        };
        Ok(format!("rs_token({text}, {delimiters}, {part})"))
    }

    /// `STRTOK_TO_ARRAY(text [, delimiters])`
    pub(super) fn strtok_to_array(&mut self, call: &Call<'_>) -> Written {
        let (text, delimiters) = self.text_and_delimiters(call)?;
        Ok(format!("rs_tokens({LONGEST}, {text}, {delimiters})"))
    }

    /// `SPLIT(text, delimiter)`
    pub(super) fn split(&mut self, call: &Call<'_>) -> Written {
        let (text, delimiter) = (self.text(call.argument(0)?)?, self.text(call.argument(1)?)?);
        Ok(format!("rs_split({LONGEST}, {text}, {delimiter})"))
    }

    pub(super) fn tokens(&mut self, call: &Call<'_>) -> Written {
        let (text, delimiters) = self.text_and_delimiters(call)?;
        Ok(macro_call("tokens", &[&text, &delimiters]))
    }

    fn text_and_delimiters(&mut self, call: &Call<'_>) -> Result<(String, String), Fault> {
        let text = self.text(call.argument(0)?)?;
        let delimiters = match call.arguments().get(1) {
            Some(delimiters) => self.text(delimiters)?,
            None => "' '".into(),
        };
        Ok((text, delimiters))
    }

    /// `GET(v, key)`. A literal key needs no look at what `v` is.
    pub(super) fn get(&mut self, call: &Call<'_>) -> Written {
        let value = self.document(call.argument(0)?)?;
        let key = call.argument(1)?;
        if let Some(digits) = number_literal(key)
            && digits.parse::<u32>().is_ok()
        {
            return Ok(format!("json_extract({value}, '$[{digits}]')"));
        }
        match text_literal(key) {
            // A number would be a place in an ARRAY, for the engine.
            Some(name) if !name.bytes().all(|byte| byte.is_ascii_digit()) => {
                let pointer = name.replace('~', "~0").replace('/', "~1");
                Ok(format!(
                    "json_extract({value}, {})",
                    quote_text(&format!("/{pointer}"))
                ))
            }
            _ => {
                let key = self.expression(key)?;
                Ok(macro_call("get", &[&value, &key]))
            }
        }
    }

    /// `PARSE_IP(text, 'INET' [, 0])`: what is no address is an error, unless the third argument says otherwise.
    pub(super) fn parse_ip(&mut self, call: &Call<'_>) -> Written {
        let strict = call.arguments().get(2).map(|flag| number_literal(flag));
        if !matches!(strict, None | Some(Some("0"))) {
            return limit(
                "does not support PARSE_IP with an option that accepts texts that are not addresses",
            );
        }
        let (text, kind) = (self.text(call.argument(0)?)?, self.text(call.argument(1)?)?);
        Ok(format!("rs_parse_ip({text}, {kind})"))
    }

    /// A text in base 64 with the usual signs. The alphabet names those for 62, 63 and the end.
    pub(super) fn base64_text(&mut self, call: &Call<'_>) -> Written {
        let text = self.text(call.argument(0)?)?;
        let Some(alphabet) = call.arguments().get(1) else {
            return Ok(text);
        };
        match text_literal(alphabet) {
            Some(signs) if (1..=3).contains(&signs.chars().count()) => {
                let usual: String = "+/=".chars().take(signs.chars().count()).collect();
                let signs = quote_text(signs);
                Ok(format!(
                    "rs_translate({STATEMENT}, {text}, {signs}, '{usual}')"
                ))
            }
            _ => limit(format!(
                "accepts only a literal alphabet of one to three signs in {}",
                call.name
            )),
        }
    }

    /// `SHA2(x [, bits])`
    pub(super) fn sha2(&mut self, call: &Call<'_>) -> Written {
        let value = call.argument(0)?;
        let hashed = self.hashed(value)?;
        match call.arguments().get(1).map(|bits| number_literal(bits)) {
            None | Some(Some("256")) => Ok(format!("sha256({hashed})")),
            Some(Some(bits @ ("224" | "384" | "512"))) if self.is_binary(value) => {
                Ok(format!("rs_sha2_of_bytes(hex({hashed}), '{bits}')"))
            }
            Some(Some(bits @ ("224" | "384" | "512"))) => {
                Ok(format!("rs_sha2({hashed}, '{bits}')"))
            }
            Some(Some(bits)) => refuse(format!(
                "Invalid value [{bits}] for function 'SHA2': the bits are 224, 256, 384 or 512"
            )),
            Some(None) => limit("accepts the bits of SHA2 as a literal number only"),
        }
    }
}

/// A whole number written as such, with its sign.
pub(super) fn whole(expr: &Expr, function: &str) -> Written {
    use crate::sql::ast::UnaryOperator;
    let (sign, expr) = match expr {
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } => ("-", expr.as_ref()),
        other => ("", other),
    };
    match number_literal(expr) {
        Some(digits) if digits.parse::<u16>().is_ok() => Ok(format!("{sign}{digits}")),
        _ => limit(format!(
            "accepts only a literal whole number in this argument of {function}"
        )),
    }
}

impl Writer<'_> {
    /// `GET_DDL('TABLE', 'name')`, from the table the catalog keeps for it.
    pub(super) fn get_ddl(&mut self, call: &Call<'_>) -> Written {
        let (Some(kind), Some(name)) = (
            text_literal(call.argument(0)?),
            text_literal(call.argument(1)?),
        ) else {
            return limit("supports GET_DDL with two literal texts only");
        };
        let Ok(name) = QualifiedName::parse(name, 3) else {
            return limit("supports GET_DDL for a table or view by its name only");
        };
        let schema = name.schema.as_ref().unwrap_or(&self.context.schema);
        let database = name.database.as_ref().unwrap_or(&self.context.database);
        let missing = format!("Object '{name}' does not exist or not authorized.");
        Ok(format!(
            "coalesce((SELECT \"DDL\" FROM \"memory\".\"_META\".\"DDL\" WHERE \"DATABASE_NAME\" = {} AND \
             \"SCHEMA_NAME\" = {} AND \"OBJECT_NAME\" = {} AND \"OBJECT_TYPE\" = {}), error({}))",
            quote_text(database.as_str()),
            quote_text(schema.as_str()),
            quote_text(name.object.as_str()),
            quote_text(&kind.to_uppercase()),
            quote_text(&missing),
        ))
    }
}

pub(super) fn number_literal(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => Some(digits),
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn text_literal(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(text),
            Value::DollarQuotedString(text) => Some(&text.value),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a text is a short literal, so that the engine's own search for it takes no longer than reading what is searched some
/// hundred times. For a long one it compares all of it at every place.
pub(super) fn is_short_literal(text: &Expr) -> bool {
    number_literal(text).is_some()
        || text_literal(text).is_some_and(|text| text.len() <= SHORT_PATTERN)
}
