//! Quotients, remainders and scales, which functions of ours compute: DuckDB does it in FLOAT. See `natives/decimals.rs`.
//!
//! No macros, because DuckDB binds a macro when it makes it, and the types in these have to be known then.

use super::writer::bound;

/// What a division by zero gives.
#[derive(Clone, Copy)]
pub(super) enum ByZero {
    /// An error.
    Fails,
    /// Zero, and NULL for NULL.
    Zero,
    /// Zero, and zero for NULL.
    ZeroOrNull,
    /// NULL: an average of nothing.
    Null,
}

/// The quotient of NUMBERs is a NUMBER whose scale follows from the left side: six digits more, at most twelve, never fewer
/// than it had.
pub(super) fn quotient(left: &str, right: &str, by_zero: ByZero) -> String {
    let by_zero = match by_zero {
        ByZero::Fails => "fail",
        ByZero::Zero => "zero",
        ByZero::ZeroOrNull => "zero or null",
        ByZero::Null => "null",
    };
    bound(&[left, right], |names| {
        let [left, right] = names else {
            return String::new();
        };
        let part = |part| format!("rs_quotient_type('{part}', typeof({left}), typeof({right}))");
        let text = format!(
            "rs_quotient(CAST({left} AS VARCHAR), CAST({right} AS VARCHAR), {}, '{by_zero}')",
            part("")
        );
        computed(&text, part)
    })
}

/// `left % right`
pub(super) fn remainder(left: &str, right: &str) -> String {
    bound(&[left, right], |names| {
        let [left, right] = names else {
            return String::new();
        };
        let part = |part| format!("rs_arithmetic_type('{part}', typeof({left}), typeof({right}))");
        let text = format!(
            "rs_remainder(CAST({left} AS VARCHAR), CAST({right} AS VARCHAR), {})",
            part("")
        );
        computed(&text, part)
    })
}

/// `CEIL(number, places)`, and FLOOR, ROUND and TRUNC.
pub(super) fn at_places(function: &str, number: &str, places: &str) -> String {
    bound(&[number], |names| {
        let number = names.concat();
        let structure = format!("rs_scaled_type(typeof({number}), '{places}')");
        typed(
            &format!("rs_scaled('{function}', CAST({number} AS VARCHAR), '{places}', {structure})"),
            &structure,
        )
    })
}

/// What `natives/decimals.rs` computed as a number of its type, by the parts of that, see `natives/kinds.rs`.
fn computed(text: &str, part: impl Fn(&'static str) -> String) -> String {
    let whole = typed(text, &part("before"));
    let unit = typed(&part("unit"), &part("unit type"));
    typed(&format!("({whole} * {unit})"), &part(""))
}

/// A text as a value of the type that a function of ours finds.
pub(super) fn typed(text: &str, structure: &str) -> String {
    format!("cast_to_type({text}, json_transform('null', {structure}))")
}
