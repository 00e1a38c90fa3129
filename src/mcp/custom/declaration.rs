//! Checks the declaration of a parameter when the file is read, before any call.

use super::format::{ParameterSpec, ValueKind};
use super::values::Declared;

/// Memory that one regular expression may take.
const PATTERN_BYTES: usize = 1 << 20;

impl Declared {
    /// Checks a declaration. Each mistake goes to `note`, with its field.
    pub(super) fn read(spec: ParameterSpec, mut note: impl FnMut(&str, String)) -> Self {
        let is_word = |name: &str| {
            let mut letters = name.chars();
            letters
                .next()
                .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
                && letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
                && name.len() <= 64
        };
        if !is_word(&spec.name) {
            note(
                "name",
                "expected letters, digits and _, not beginning with a digit".to_owned(),
            );
        }
        check_fields(&spec, &mut note);
        let pattern = spec.pattern.as_ref().and_then(|pattern| {
            // The whole value must match; authors seldom think of values that merely contain a
            // match.
            let whole = format!("^(?:{pattern})$");
            let built = regex::RegexBuilder::new(&whole)
                // Some short patterns compile to megabytes.
                .size_limit(PATTERN_BYTES)
                .build();
            built
                .map_err(|error| note("pattern", format!("no regular expression: {error}")))
                .ok()
        });
        let declared = Self { spec, pattern };
        // Checked with the finished declaration, so that the same code judges the file and the
        // calls.
        let values = declared.spec.r#enum.iter().flatten().enumerate();
        let mut wrong: Vec<(String, String)> = values
            .filter_map(|(at, value)| {
                Some((format!("enum[{at}]"), declared.bound(value, true).err()?))
            })
            .collect();
        if declared.spec.r#enum.as_ref().is_some_and(Vec::is_empty) {
            wrong.push(("enum".to_owned(), "expected a value at least".to_owned()));
        }
        if let Some(default) = &declared.spec.default
            && !default.is_null()
            && let Err(problem) = declared.check(default)
        {
            wrong.push(("default".to_owned(), problem));
        }
        for (field, problem) in wrong {
            note(&field, problem);
        }
        declared
    }
}

/// Fields that do not fit the type, and bounds of which none can be met.
fn check_fields(spec: &ParameterSpec, note: &mut impl FnMut(&str, String)) {
    let kind = spec.r#type;
    let is_number = matches!(kind, ValueKind::Integer | ValueKind::Number);
    let for_arrays = [
        ("items", spec.items.is_some()),
        ("max_items", spec.max_items.is_some()),
    ];
    let for_numbers = [
        ("minimum", spec.minimum.is_some()),
        ("maximum", spec.maximum.is_some()),
    ];
    let for_texts = [
        ("min_length", spec.min_length.is_some()),
        ("max_length", spec.max_length.is_some()),
        ("pattern", spec.pattern.is_some()),
    ];
    // A field that does not fit its type would be ignored, and its author would believe that it
    // protects something.
    for (of, fits, fields) in [
        ("arrays", kind == ValueKind::Array, &for_arrays[..]),
        ("numbers", is_number, &for_numbers),
        ("texts", kind == ValueKind::String, &for_texts),
    ] {
        for (field, is_set) in fields {
            if *is_set && !fits {
                note(field, format!("only {of} have it"));
            }
        }
    }
    if spec
        .minimum
        .zip(spec.maximum)
        .is_some_and(|(least, most)| least > most)
    {
        note("minimum", "it is larger than maximum".to_owned());
    }
    if spec
        .min_length
        .zip(spec.max_length)
        .is_some_and(|(least, most)| least > most)
    {
        note("min_length", "it is larger than max_length".to_owned());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_declaration_that_cannot_be_meant_is_told_field_by_field() {
        let mut problems = Vec::new();
        let spec = serde_json::from_value(json!({
            "name": "1a", "type": "integer", "pattern": "(", "minimum": 5, "maximum": 1, "enum": ["x"], "default": 9,
        }));
        Declared::read(spec.unwrap(), |field, message| {
            problems.push(format!("{field}: {message}"));
        });
        for field in [
            "name: ",
            "pattern: only texts",
            "pattern: no regular",
            "minimum: ",
            "enum[0]: ",
            "default: ",
        ] {
            assert!(
                problems.iter().any(|it| it.starts_with(field)),
                "{field}: {problems:?}"
            );
        }
    }
}
