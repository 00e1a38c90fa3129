//! Lengths of texts, where a statement can make long ones: what makes a text longer looks at its length first, or right
//! after. Why, and which statements these are, is in `cost/texts.rs`.

use super::super::cost::{INTO_TEXT, INTO_VALUE};
use super::call::Call;
use super::writer::{Fault, Writer, limit_with_hint};

/// The most bytes that a text may have in this statement. Each session sets the variable; a look whether it did would be
/// computed at every level of nested calls.
pub(super) const LONGEST: &str = "getvariable('sf_longest')";

/// The number of the statement, for functions of ours that end when it shall end.
pub(super) const STATEMENT: &str = "getvariable('sf_statement')";

/// A function of ours that makes a text longer, with the most it may have.
pub(super) fn bounded(function: &str) -> String {
    format!("{function}({{}}, {LONGEST})")
}

/// A whole number as a function of ours takes it: its digits.
pub(super) fn digits_of(number: &str) -> String {
    if number.parse::<u32>().is_ok() {
        return format!("'{number}'");
    }
    format!("CAST(CAST({number} AS BIGINT) AS VARCHAR)")
}

impl Writer<'_> {
    /// Texts one after another, as `plain` writes it. Where they can be long, a function of ours looks at their length
    /// before it joins them.
    pub(super) fn one_text(&self, texts: &[String], plain: impl Fn(&[String]) -> String) -> String {
        if !self.context.long_texts || texts.len() < 2 {
            return plain(texts);
        }
        format!("rs_join({LONGEST}, {})", texts.join(", "))
    }

    /// What a call gives, made sure to be no longer than allowed where it puts values into a longer one.
    pub(super) fn enclosed(&self, written: String, call: &Call<'_>) -> String {
        let name = call.name.as_str();
        if !self.context.long_texts {
            written
        } else if INTO_TEXT.contains(&name) {
            short(&written)
        } else if INTO_VALUE.contains(&name) {
            match written.strip_prefix("rs_") {
                Some(own) => format!(
                    "rs_within_{}",
                    own.replacen('(', &format!("({LONGEST}, "), 1)
                ),
                None => short_json(&written),
            }
        } else {
            written
        }
    }

    /// What was made of many rows. Where it is used further, its length is looked at.
    pub(super) fn gathered(&self, written: String, is_json: bool) -> String {
        if !self.context.long_texts || self.queries < 2 {
            written
        } else if is_json {
            short_json(&written)
        } else {
            short(&written)
        }
    }
}

/// Gathered for each row of a window, a value would be there 2,048 times before anything could look at its length.
pub(super) fn refuse_window(call: &Call<'_>) -> Result<(), Fault> {
    if call.over.is_none() {
        return Ok(());
    }
    limit_with_hint(
        format!("does not support {} with OVER", call.name),
        "compute it in a subquery with GROUP BY, and join that",
    )
}

fn short(written: &str) -> String {
    format!("rs_short({LONGEST}, {written})")
}

fn short_json(written: &str) -> String {
    format!("rs_short_json({LONGEST}, {written})")
}
