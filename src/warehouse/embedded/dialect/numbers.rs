//! Numbers: rounding to a scale, and random ones.

use crate::sql::ast::Expr;

use super::call::Call;
use super::texts::{number_literal, text_literal, whole};
use super::writer::{Writer, Written, limit, limit_with_hint, macro_call};

impl Writer<'_> {
    /// `ROUND(x [, scale [, mode]])`
    pub(super) fn round(&mut self, call: &Call<'_>) -> Written {
        if let Some(mode) = call.arguments().get(2) {
            let is_usual = text_literal(mode)
                .is_some_and(|mode| mode.eq_ignore_ascii_case("HALF_AWAY_FROM_ZERO"));
            if !is_usual {
                return limit("rounds halves away from zero only");
            }
        }
        let number = self.number(call.argument(0)?)?;
        match call.arguments().get(1) {
            None => Ok(format!("round({number})")),
            Some(scale) => Ok(format!("round({number}, {})", whole(scale, "ROUND")?)),
        }
    }

    /// `CEIL(x [, scale])` and `FLOOR`
    pub(super) fn ceil_call(&mut self, call: &Call<'_>) -> Written {
        let number = self.number(call.argument(0)?)?;
        match call.arguments().get(1) {
            None => Ok(format!("{}({number})", call.name.to_lowercase())),
            Some(scale) => {
                let scale = whole(scale, &call.name)?;
                Ok(scaled(&call.name, &number, &scale))
            }
        }
    }

    /// `UNIFORM(low, high, generator)`
    pub(super) fn uniform(&mut self, call: &Call<'_>) -> Written {
        let (low, high) = (call.argument(0)?, call.argument(1)?);
        let is_whole = [low, high].iter().all(|bound| is_whole(bound));
        let (low, high) = (self.expression(low)?, self.expression(high)?);
        let generator = call.argument(2)?;
        let seed = self.expression(generator)?;
        Ok(match (is_plain_random(generator), is_whole) {
            (true, true) => {
                format!("CAST(floor({low} + random() * ({high} - {low} + 1)) AS DECIMAL(38, 0))")
            }
            (true, false) => macro_call("between", &[&low, &high, "random()"]),
            (false, true) => macro_call("seeded_whole", &[&low, &high, &seed]),
            (false, false) => {
                let share = macro_call("seeded", &[&seed]);
                macro_call("between", &[&low, &high, &share])
            }
        })
    }

    /// `RANDOM([seed])`: 64 bits, one number for each row.
    pub(super) fn random(&mut self, call: &Call<'_>) -> Written {
        const SPREAD: &str = "- 0.5) * 18446744073709549568) AS DECIMAL(38, 0))";
        let Some(seed) = call.arguments().first() else {
            return Ok(format!("CAST(floor((random() {SPREAD}"));
        };
        if !self.froms.last().is_some_and(|from| from.is_generator) {
            return limit_with_hint(
                "takes a seed in RANDOM only where FROM is TABLE(GENERATOR(…)) alone",
                "leave the seed out",
            );
        }
        let seed = self.expression(seed)?;
        let share = macro_call("seeded", &[&format!("({seed} || ':' || \"_ROW\")")]);
        Ok(format!("CAST(floor(({share} {SPREAD}"))
    }
}

/// A number rounded up or down at a scale.
pub(super) fn scaled(function: &str, number: &str, scale: &str) -> String {
    let rounded = macro_call(
        &format!("{}_scale", function.to_lowercase()),
        &[number, scale],
    );
    format!("round({rounded}, {scale})")
}

fn is_whole(bound: &Expr) -> bool {
    match bound {
        Expr::UnaryOp { expr, .. } => is_whole(expr),
        other => number_literal(other).is_some_and(|digits| digits.parse::<i64>().is_ok()),
    }
}

fn is_plain_random(generator: &Expr) -> bool {
    match generator {
        Expr::Function(function) => {
            function.name.to_string().eq_ignore_ascii_case("RANDOM")
                && super::semi_structured::arguments(&function.args)
                    .next()
                    .is_none()
        }
        _ => false,
    }
}
