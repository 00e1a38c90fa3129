//! Errors of computing: values that cannot be converted, or that a function is not defined for.

use super::names::word;
use super::place::{Place, between};
use crate::warehouse::embedded::natives;
use crate::warehouse::{EngineLimit, Error};

/// What DuckDB says of an argument that a function of numbers has no value for, and how it is told.
const OUT_OF_DOMAIN: [(&str, &str); 6] = [
    (
        "cannot take square root of a negative number",
        "the square root of a negative number",
    ),
    ("cannot take logarithm of zero", "the logarithm of zero"),
    (
        "cannot take logarithm of a negative number",
        "the logarithm of a negative number",
    ),
    (
        "factorial of a negative number",
        "the factorial of a negative number",
    ),
    (
        "ACOS is undefined outside",
        "ACOS of a number that is not between -1 and 1",
    ),
    (
        "ASIN is undefined outside",
        "ASIN of a number that is not between -1 and 1",
    ),
];

impl Place<'_> {
    /// A text beside a date or timestamp that the engine could not read as such.
    fn moment(&self, text: &str, kind: &str) -> Error {
        if !natives::is_moment(text) {
            return self.data(&format!("{kind} '{text}' is not recognized"));
        }
        EngineLimit {
            what: "compares a DATE or TIMESTAMP only with texts written like 2024-12-31".into(),
            hint: Some(format!("cast it, as in '{text}'::{}", kind.to_uppercase())),
        }
        .into()
    }

    pub(super) fn data_error(&self, message: &str) -> Error {
        if message.contains("Malformed JSON") {
            // A path into a text: Snowflake has none, the engine tried to read the text as JSON.
            let refused = "Invalid argument types for function 'GET': (VARCHAR, VARCHAR)";
            return self.compilation(refused, None);
        }
        let quoted = between(message, "string \"", "\" to ")
            .or_else(|| between(message, "string '", "' to "));
        if let Some(value) = quoted {
            return self.data(&if message.contains("to BOOL") {
                format!("Boolean value '{value}' is not recognized")
            } else {
                format!("Numeric value '{value}' is not recognized")
            });
        }
        if let Some((from, to)) = between(message, "Unimplemented type for cast (", ")")
            .and_then(|cast| cast.split_once(" -> "))
            && (from == "DATE" || from == "TIME" || from.starts_with("TIMESTAMP"))
            && ["DECIMAL", "DOUBLE", "BIGINT", "INTEGER", "HUGEINT"]
                .iter()
                .any(|number| to.starts_with(number))
        {
            return self.data(&format!(
                "a {from} cannot be cast to a number: DATE_PART(epoch_second, t) counts its seconds since 1970"
            ));
        }
        if let Some(value) = between(message, "invalid date field format: \"", "\"") {
            return self.moment(value, "Date");
        }
        if let Some(value) = between(message, "invalid timestamp field format: \"", "\"") {
            return self.moment(value, "Timestamp");
        }
        // Said by strptime, with a mark under the place.
        if let Some(value) = between(message, "Could not parse string \"", "\" according to") {
            return self.data(&format!(
                "Can't parse '{value}' as date or timestamp with the format of this call"
            ));
        }
        if let Some((from, to)) = between(message, "Unimplemented type for cast (", ")")
            .and_then(|types| types.split_once(" -> "))
        {
            // A type with digits has a bracket of its own.
            return self.no_conversion(
                "convert",
                &word(from),
                &word(to.split('(').next().unwrap_or(to)),
            );
        }
        if message.contains("-shift by negative number") {
            return EngineLimit {
                what: "does not shift bits by a negative number".into(),
                hint: Some("shift the other way".into()),
            }
            .into();
        }
        if message.contains("Argument for ntile must be greater than zero") {
            return self.data("the argument of NTILE is not greater than 0");
        }
        if message == "Map keys must be unique." {
            return self.data("Duplicate field key in the OBJECT");
        }
        // Fewer digits than Snowflake's 38: the limit is not the statement's.
        if message.contains("Needed scale ")
            || (message.contains("verflow")
                && ["INT8", "INT16", "INT32", "INT64", "DECIMAL(18"]
                    .iter()
                    .any(|small| message.contains(small)))
        {
            return EngineLimit {
                what: "computes this in fewer digits than Snowflake".into(),
                hint: Some("cast one side to more digits and fewer places, as in x::NUMBER(38, 2), or to FLOAT".into()),
            }
            .into();
        }
        if message.contains("out of range")
            || message.contains("Overflow")
            || message.contains("overflow")
            || message.contains("Could not cast value")
        {
            return self.data("Number out of representable range");
        }
        if message.contains("ore than one row returned by a subquery")
            || message.contains("Scalar subquery")
        {
            return self.data("Single-row subquery returns more than one row.");
        }
        if let Some(value) = between(message, "Failed to cast value to decimal: ", "\n")
            .or_else(|| message.strip_prefix("Failed to cast value to decimal: "))
        {
            return self.data(&format!("Failed to cast variant value {value} to FIXED"));
        }
        if message.contains("invalid UTF8 characters") {
            return self.data("Invalid UTF8 detected in string");
        }
        if let Some(code) = message.strip_prefix("Invalid UTF8 Codepoint ") {
            return self.data(&format!("Invalid character code {code} in the CHR input"));
        }
        if let Some((_, why)) = OUT_OF_DOMAIN
            .iter()
            .find(|(said, _)| message.contains(said))
        {
            return self.data(&format!("Invalid floating point operation: {why}"));
        }
        self.unexplained("cannot compute a value of this statement", message)
    }
}
