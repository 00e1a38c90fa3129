//! ARRAYs and OBJECTs: the functions that need more than a template.

use crate::sql::ast::{Expr, OneOrManyWithParens};

use super::call::Call;
use super::lengths::{LONGEST, STATEMENT};
use super::returns::Form;
use super::semi_structured::{arguments, is_object_or_array};
use super::texts::{number_literal, text_literal};
use super::types::{Target, cast_to, target};
use super::writer::{Writer, Written, folded, limit, macro_call, quote_name, quote_text, refuse};

impl Writer<'_> {
    /// A value as the JSON of an element; SQL NULL is an empty text, see `natives`.
    pub(super) fn element(&mut self, expr: &Expr) -> Written {
        let written = self.expression(expr)?;
        Ok(self.element_of(written, expr))
    }

    pub(super) fn element_of(&self, written: String, expr: &Expr) -> String {
        // What is written here already would be computed again at each level of nested calls.
        if let Some(text) = text_literal(expr) {
            return quote_text(&serde_json::Value::from(text).to_string());
        }
        if let Some(Ok(number)) = number_literal(expr).map(str::parse::<u64>) {
            return format!("'{number}'");
        }
        let variant = self.as_variant(written, expr);
        format!("coalesce(CAST({variant} AS VARCHAR), '')")
    }

    /// A VARIANT, OBJECT or ARRAY as natives take it.
    fn json_source(&mut self, expr: &Expr) -> Written {
        let written = self.expression(expr)?;
        Ok(self.as_json(written, expr))
    }

    /// `ARRAY_GENERATE_RANGE(from, to [, step])`
    pub(super) fn array_range(&mut self, call: &Call<'_>) -> Written {
        let mut places = Vec::new();
        for argument in call.arguments() {
            let written = self.expression(argument)?;
            places.push(format!("CAST(CAST({written} AS BIGINT) AS VARCHAR)"));
        }
        if places.len() == 2 {
            places.push("'1'".into());
        }
        let is_fixed = |argument: &&Expr| number_literal(argument).is_some();
        if !call.arguments().iter().all(is_fixed) {
            places.push(LONGEST.into());
        }
        Ok(format!("rs_array_range({})", places.join(", ")))
    }

    /// `ARRAYS_ZIP(a, b, …)`
    pub(super) fn arrays_zip(&mut self, call: &Call<'_>) -> Written {
        let mut arrays = Vec::new();
        for argument in call.arguments() {
            arrays.push(self.json_source(argument)?);
        }
        Ok(format!("rs_arrays_zip({})", arrays.join(", ")))
    }

    /// `ARRAY_SORT(array [, is_ascending [, has_nulls_first]])`
    pub(super) fn array_sort(&mut self, call: &Call<'_>) -> Written {
        let array = self.json_source(call.argument(0)?)?;
        let ascending = match call.arguments().get(1) {
            Some(ascending) => {
                let ascending = self.expression(ascending)?;
                format!("CAST(CAST({ascending} AS BOOLEAN) AS VARCHAR)")
            }
            None => "'true'".into(),
        };
        let nulls_first = match call.arguments().get(2) {
            Some(first) => {
                let first = self.expression(first)?;
                format!("CAST(CAST({first} AS BOOLEAN) AS VARCHAR)")
            }
            // First where the order is descending.
            None => "''".into(),
        };
        Ok(format!(
            "rs_array_sort({STATEMENT}, {array}, {ascending}, {nulls_first}, {})",
            self.kind_of_nulls(call.argument(0)?)
        ))
    }

    /// `ARRAY_MAX(array)` and `ARRAY_MIN`
    pub(super) fn array_extreme(&mut self, call: &Call<'_>) -> Written {
        let array = self.json_source(call.argument(0)?)?;
        let nulls = self.kind_of_nulls(call.argument(0)?);
        Ok(format!(
            "rs_{}({STATEMENT}, {array}, {nulls})",
            call.name.to_lowercase()
        ))
    }

    /// What the elements of an ARRAY without a value are, as its form shows it: see `natives/orders.rs`.
    fn kind_of_nulls(&self, array: &Expr) -> &'static str {
        let of_elements = |mut elements: Box<dyn Iterator<Item = &Expr> + '_>| match elements
            .any(|element| self.is_variant(element) && !is_object_or_array(element))
        {
            true => "''",
            false => "'sql'",
        };
        match array {
            Expr::Nested(inner) => self.kind_of_nulls(inner),
            Expr::Array(array) => of_elements(Box::new(array.elem.iter())),
            Expr::Function(function) => {
                match function.name.to_string().to_uppercase().as_str() {
                    "ARRAY_CONSTRUCT" => of_elements(Box::new(arguments(&function.args))),
                    "PARSE_JSON" | "TRY_PARSE_JSON" => "'json'",
                    // Without any.
                    "ARRAY_AGG"
                    | "ARRAYAGG"
                    | "ARRAY_COMPACT"
                    | "ARRAY_CONSTRUCT_COMPACT"
                    | "ARRAY_GENERATE_RANGE"
                    | "ARRAY_UNIQUE_AGG"
                    | "SPLIT"
                    | "STRTOK_TO_ARRAY" => "'sql'",
                    _ => "''",
                }
            }
            _ => "''",
        }
    }

    /// `OBJECT_INSERT(object, key, value [, may_replace])`
    pub(super) fn object_insert(&mut self, call: &Call<'_>) -> Written {
        let object = self.json_source(call.argument(0)?)?;
        let key = self.text(call.argument(1)?)?;
        let value = self.element(call.argument(2)?)?;
        let replaces = match call.arguments().get(3) {
            Some(replaces) => {
                let replaces = self.expression(replaces)?;
                format!("CAST(CAST({replaces} AS BOOLEAN) AS VARCHAR)")
            }
            None => "'false'".into(),
        };
        Ok(format!(
            "rs_object_insert({object}, {key}, {value}, {replaces})"
        ))
    }

    /// `OBJECT_DELETE(object, key, …)` and `OBJECT_PICK`
    pub(super) fn object_keys_kept(&mut self, call: &Call<'_>) -> Written {
        let object = self.json_source(call.argument(0)?)?;
        let mut keys = Vec::new();
        for key in call.arguments().get(1..).unwrap_or_default() {
            match key {
                // OBJECT_PICK takes its keys as an ARRAY, too.
                Expr::Array(array) => {
                    for key in &array.elem {
                        keys.push(self.text(key)?);
                    }
                }
                Expr::Function(function)
                    if function
                        .name
                        .to_string()
                        .eq_ignore_ascii_case("ARRAY_CONSTRUCT") =>
                {
                    for key in Call::of(function)?.arguments() {
                        keys.push(self.text(key)?);
                    }
                }
                key if self.is_variant(key) => {
                    return limit(format!(
                        "accepts the keys of {} only as separate arguments",
                        call.name
                    ));
                }
                key => keys.push(self.text(key)?),
            }
        }
        Ok(format!(
            "rs_{}({object}, {})",
            call.name.to_lowercase(),
            keys.join(", ")
        ))
    }

    /// `FILTER(array, x -> …)` and `TRANSFORM`
    pub(super) fn higher_order(&mut self, call: &Call<'_>) -> Written {
        let Expr::Lambda(lambda) = call.argument(1)? else {
            return limit(format!("accepts only a lambda expression in {}", call.name));
        };
        let OneOrManyWithParens::One(parameter) = &lambda.params else {
            return limit(format!(
                "accepts only a lambda expression of one parameter in {}",
                call.name
            ));
        };
        let array = self.expression(call.argument(0)?)?;
        let name = folded(&parameter.name);
        let kind = match &parameter.data_type {
            None => Target::Variant,
            Some(data_type) => target(data_type)?,
        };
        let is_variant = matches!(kind, Target::Variant | Target::Object | Target::Array);
        let was_variant = self.variants.contains(&name);
        if is_variant {
            self.variants.insert(name.clone());
        } else {
            self.variants.remove(&name);
        }
        let body = self.expression(&lambda.body);
        if was_variant {
            self.variants.insert(name.clone());
        } else {
            self.variants.remove(&name);
        }
        let body = body?;
        let elements = format!("json_extract(rs_taken(CAST({array} AS VARCHAR)), '$[*]')");
        let name = quote_name(&name);
        // A parameter with a type is the element cast to it.
        let body = if is_variant {
            body
        } else {
            let value = cast_to("sf_e", kind);
            format!("list_transform([{value}], lambda {name}: {body})[1]")
        };
        let parameter = if is_variant { name.as_str() } else { "sf_e" };
        // The lambda is called for batches of elements, and nothing else ends what it does.
        let going = format!("rs_goes_on({STATEMENT}, CAST({parameter} IS NULL AS VARCHAR))");
        let going = |body: &str| format!("CASE WHEN {going} THEN {body} END");
        Ok(if call.name == "FILTER" {
            let body = going(&body);
            format!("to_json(list_filter({elements}, lambda {parameter}: {body}))")
        } else {
            let body = going(&macro_call("variant", &[&body]));
            format!("to_json(list_transform({elements}, lambda {parameter}: {body}))")
        })
    }

    /// `PARSE_URL(text [, permissive])`
    pub(super) fn parse_url(&mut self, call: &Call<'_>) -> Written {
        let text = self.text(call.argument(0)?)?;
        let permissive = match call.arguments().get(1) {
            Some(permissive) => {
                let permissive = self.expression(permissive)?;
                format!("CAST({permissive} AS VARCHAR)")
            }
            None => "'0'".into(),
        };
        Ok(format!("rs_parse_url({text}, {permissive})"))
    }

    /// `TO_VARIANT(x)` and `x::VARIANT`
    pub(super) fn variant_of(&mut self, expr: &Expr) -> Written {
        let written = self.expression(expr)?;
        if !self.is_variant(expr) && !is_plain_json(expr) {
            self.hides_types = true;
        }
        Ok(self.as_variant(written, expr))
    }

    /// `TYPEOF(v)`. What the argument was before it became a VARIANT shows only where it did so.
    pub(super) fn type_of(&mut self, call: &Call<'_>) -> Written {
        let argument = call.argument(0)?;
        let inner = before_variant(argument);
        let written = self.expression(inner)?;
        if std::ptr::eq(inner, argument) && self.hides_types && self.is_variant(argument) {
            return limit(format!(
                "cannot tell in {} which type a VARIANT was made from",
                call.name
            ));
        }
        let of_kind = |kind: &str| format!("CASE WHEN ({written}) IS NOT NULL THEN '{kind}' END");
        Ok(match self.form(inner) {
            Some(Form::Text) => of_kind("VARCHAR"),
            Some(Form::Truth) => of_kind("BOOLEAN"),
            Some(Form::Float) => of_kind("DOUBLE"),
            Some(Form::Date) => of_kind("DATE"),
            Some(Form::Time) => of_kind("TIME"),
            Some(Form::Timestamp) => of_kind("TIMESTAMP_NTZ"),
            Some(Form::Zoned) => of_kind("TIMESTAMP_LTZ"),
            Some(Form::Bytes) => of_kind("BINARY"),
            Some(Form::Json) => format!("rs_typeof('JSON', {written})"),
            Some(Form::Number) => format!("rs_typeof('', CAST({written} AS VARCHAR))"),
            None => macro_call("typeof_plain", &[&written]),
        })
    }

    /// `IS_ARRAY(v)` and its kin; JSON null and SQL NULL are of no type.
    pub(super) fn is_of_type(&mut self, call: &Call<'_>) -> Written {
        let types = match call.name.as_str() {
            "IS_CHAR" | "IS_VARCHAR" => "'VARCHAR'",
            "IS_INTEGER" => "'INTEGER'",
            "IS_DECIMAL" => "'INTEGER', 'DECIMAL'",
            "IS_DOUBLE" | "IS_REAL" => "'INTEGER', 'DECIMAL', 'DOUBLE'",
            "IS_DATE" | "IS_DATE_VALUE" => "'DATE'",
            "IS_TIME" => "'TIME'",
            "IS_TIMESTAMP_NTZ" => "'TIMESTAMP_NTZ'",
            "IS_TIMESTAMP_LTZ" => "'TIMESTAMP_LTZ'",
            "IS_TIMESTAMP_TZ" => "'TIMESTAMP_TZ'",
            "IS_BINARY" => "'BINARY'",
            "IS_BOOLEAN" => "'BOOLEAN'",
            "IS_ARRAY" => "'ARRAY'",
            "IS_OBJECT" => "'OBJECT'",
            other => return refuse(format!("SQL compilation error:\nUnknown function {other}")),
        };
        let kind = self.type_of(call)?;
        Ok(format!("({kind} IN ({types}))"))
    }
}

/// Values that are the same as VARIANT: texts, numbers, truth values.
fn is_plain_json(expr: &Expr) -> bool {
    match expr {
        Expr::Value(_) => true,
        Expr::Nested(inner) => is_plain_json(inner),
        Expr::UnaryOp { expr, .. } => is_plain_json(expr),
        Expr::Cast { data_type, .. } => matches!(
            target(data_type),
            Ok(Target::Text(_) | Target::Number(..) | Target::Boolean)
        ),
        _ => false,
    }
}

/// What was cast to VARIANT right here.
fn before_variant(expr: &Expr) -> &Expr {
    match expr {
        Expr::Nested(inner) => before_variant(inner),
        Expr::Cast {
            data_type, expr, ..
        } if matches!(target(data_type), Ok(Target::Variant)) => before_variant(expr),
        Expr::Function(function)
            if function.name.to_string().eq_ignore_ascii_case("TO_VARIANT") =>
        {
            let mut given = super::semi_structured::arguments(&function.args);
            match (given.next(), given.next()) {
                (Some(one), None) => before_variant(one),
                _ => expr,
            }
        }
        other => other,
    }
}
