//! LIKE and ILIKE, with ANY, ALL and ESCAPE.

use crate::sql::ast::Expr;

use super::comparisons::not;
use super::lengths::STATEMENT;
use super::texts::{SHORT_PATTERN, text_literal};
use super::writer::{Fault, Writer, Written, limit, limit_with_hint};

impl Writer<'_> {
    /// `x LIKE p`, `x LIKE ANY (p, …)` and `x LIKE ALL (p, …)`; `word` is LIKE or ILIKE.
    pub(super) fn like(
        &mut self,
        word: &str,
        negated: bool,
        any: bool,
        expr: &Expr,
        pattern: &Expr,
        escape: Option<&Expr>,
    ) -> Written {
        let text = self.text(expr)?;
        let (patterns, glue) = patterns_of(pattern, any)?;
        if negated && !any && patterns.len() > 1 {
            return limit_with_hint(
                format!(
                    "does not support NOT {word} ALL, which could mean none of the patterns or not all of them"
                ),
                format!("write NOT (x {word} ANY (…)) or NOT (x {word} ALL (…))"),
            );
        }
        let written = |writer: &mut Self, text: &str| {
            let mut tests = Vec::new();
            for pattern in &patterns {
                tests.push(writer.is_like(word, text, pattern, escape)?);
            }
            Ok(format!("({}({}))", not(negated), tests.join(glue)))
        };
        if patterns.len() == 1 {
            written(self, &text)
        } else {
            self.once(&text, written)
        }
    }

    /// One test of a text that is written already.
    pub(super) fn is_like(
        &mut self,
        word: &str,
        text: &str,
        pattern: &Expr,
        escape: Option<&Expr>,
    ) -> Written {
        let is_quick = text_literal(pattern).is_some_and(|pattern| is_quick(word, pattern));
        if is_quick && escape.is_none() {
            return Ok(format!("({text} {word} {})", self.expression(pattern)?));
        }
        let name = word.to_lowercase();
        let pattern = self.text(pattern)?;
        let escape = match escape {
            Some(escape) => format!(", {}", self.text(escape)?),
            None => String::new(),
        };
        Ok(format!("rs_{name}({STATEMENT}, {text}, {pattern}{escape})"))
    }
}

/// Whether the engine's own test takes no longer than reading the text once for each byte of the pattern.
///
/// Where it tries every place for every `%`, it takes as many times longer as the text has letters, for each of them but
/// the first and one at the end. It cuts a literal pattern of LIKE without `_` at its `%`, as `natives/like.rs` does.
fn is_quick(word: &str, pattern: &str) -> bool {
    let between = pattern.trim_end_matches('%');
    let any = between.split('%').skip(1).filter(|part| !part.is_empty());
    pattern.len() <= SHORT_PATTERN
        && ((word == "LIKE" && !pattern.contains('_')) || any.count() <= 1)
}

/// Whether a pattern for the names of columns is one that the engine's own test, which it gets, decides at once.
pub(super) fn is_for_names(pattern: &str) -> bool {
    is_quick("ILIKE", pattern)
}

/// The patterns of LIKE, and how their tests are joined. `LIKE ALL (…)` reaches us as a call of a function ALL.
fn patterns_of(pattern: &Expr, any: bool) -> Result<(Vec<&Expr>, &'static str), Fault> {
    use crate::sql::ast::{FunctionArg, FunctionArgExpr, FunctionArguments};
    match pattern {
        Expr::Tuple(list) if any => Ok((list.iter().collect(), " OR ")),
        Expr::Nested(one) if any => Ok((vec![one.as_ref()], " OR ")),
        Expr::Function(function) if function.name.to_string().eq_ignore_ascii_case("ALL") => {
            let FunctionArguments::List(list) = &function.args else {
                return limit("accepts LIKE ALL with a list of patterns only");
            };
            let mut patterns = Vec::new();
            for argument in &list.args {
                let FunctionArg::Unnamed(FunctionArgExpr::Expr(pattern)) = argument else {
                    return limit("accepts LIKE ALL with a list of patterns only");
                };
                patterns.push(pattern);
            }
            Ok((patterns, " AND "))
        }
        Expr::Subquery(_) => limit("does not accept the patterns of LIKE from a subquery"),
        _ if any => limit("accepts LIKE ANY with a list of patterns only"),
        other => Ok((vec![other], "")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_that_makes_the_engine_search_again_and_again_is_not_left_to_it() {
        for (pattern, like, ilike) in [
            ("abc", true, true),
            ("abc%", true, true),
            ("%abc", true, true),
            ("%%abc%%", true, true),
            ("a_c", true, true),
            ("%a_c%", true, true),
            ("%a%b", true, false),
            ("a%b%c", true, false),
            ("%a_%b%", false, false),
        ] {
            assert_eq!(is_quick("LIKE", pattern), like, "{pattern}");
            assert_eq!(is_quick("ILIKE", pattern), ilike, "{pattern}");
        }
        assert!(!is_quick("LIKE", &"a".repeat(257)));
    }
}
