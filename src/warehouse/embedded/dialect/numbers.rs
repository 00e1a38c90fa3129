//! Numbers: rounding to a scale, and random ones.

use crate::sql::ast::Expr;

use super::call::Call;
use super::decimals::{at_places, remainder};
use super::texts::{number_literal, text_literal, whole};
use super::writer::{Writer, Written, bound_where, limit, limit_with_hint, macro_call, refuse};

impl Writer<'_> {
    /// `ROUND(x [, scale [, mode]])`, or with `EXPR =>`, `SCALE =>` and `ROUNDING_MODE =>`.
    pub(super) fn round(&mut self, call: &Call<'_>) -> Written {
        const NAMES: [&str; 3] = ["EXPR", "SCALE", "ROUNDING_MODE"];
        if let Some((name, _)) = call
            .named
            .iter()
            .find(|(name, _)| !NAMES.contains(&&**name))
        {
            return refuse(format!("ROUND has no argument {name}"));
        }
        let Some(number) = call.named_or("EXPR", 0) else {
            return refuse("not enough arguments for function ROUND");
        };
        let number = self.number(number)?;
        let scale = match call.named_or("SCALE", 1) {
            Some(scale) => Some(whole(scale, "ROUND")?),
            None => None,
        };
        let mode = match call.named_or("ROUNDING_MODE", 2).map(text_literal) {
            None => "HALF_AWAY_FROM_ZERO".to_owned(),
            Some(Some(mode)) => mode.to_uppercase(),
            Some(None) => return limit("accepts only a literal rounding mode in ROUND"),
        };
        match (mode.as_str(), scale) {
            ("HALF_AWAY_FROM_ZERO", None) => Ok(format!("round({number})")),
            ("HALF_AWAY_FROM_ZERO", Some(scale)) if is_beyond(&scale) => Ok(number),
            // The engine makes 0 of 999.99 rounded to thousands.
            ("HALF_AWAY_FROM_ZERO", Some(scale)) if scale.starts_with('-') => {
                Ok(at_places("round", &number, &scale))
            }
            ("HALF_AWAY_FROM_ZERO", Some(scale)) => Ok(format!("round({number}, {scale})")),
            ("HALF_TO_EVEN", scale) => {
                let scale = scale.unwrap_or_else(|| "0".into());
                let rounded = format!("rs_round_even(CAST({number} AS VARCHAR), '{scale}')");
                let places = scale.parse::<u8>().unwrap_or(0).min(37);
                Ok(format!("CAST({rounded} AS DECIMAL(38, {places}))"))
            }
            _ => refuse(format!(
                "the rounding mode '{mode}' is not HALF_AWAY_FROM_ZERO or HALF_TO_EVEN"
            )),
        }
    }

    /// `MOD(a, b)`
    pub(super) fn modulo(&mut self, call: &Call<'_>) -> Written {
        let left = self.number(call.argument(0)?)?;
        let right = self.number(call.argument(1)?)?;
        Ok(remainder(&left, &right))
    }

    /// `CEIL(x [, scale])` and `FLOOR`
    pub(super) fn ceil_call(&mut self, call: &Call<'_>) -> Written {
        let number = self.number(call.argument(0)?)?;
        match call.arguments().get(1) {
            None => Ok(format!("{}({EXACT}{number})", call.name.to_lowercase())),
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
            (true, false) => {
                format!("rs_mixed(CAST({low} AS DOUBLE), CAST({high} AS DOUBLE), random())")
            }
            (false, true) => macro_call("seeded_whole", &[&low, &high, &seed]),
            (false, false) => {
                let share = macro_call("seeded", &[&seed]);
                format!("rs_mixed(CAST({low} AS DOUBLE), CAST({high} AS DOUBLE), {share})")
            }
        })
    }

    /// `NORMAL(mean, deviation, generator)`: a FLOAT, by the method of Box and Muller.
    pub(super) fn normal(&mut self, call: &Call<'_>) -> Written {
        let mean = self.number(call.argument(0)?)?;
        let deviation = self.number(call.argument(1)?)?;
        let generator = call.argument(2)?;
        let (share, turn) = if is_plain_random(generator) {
            ("random()".to_owned(), "random()".to_owned())
        } else {
            let seed = self.expression(generator)?;
            let values = [mean.as_str(), &deviation, &seed];
            return Ok(bound_where(
                &values,
                &[false, false, true],
                |names| match names {
                    [mean, deviation, seed] => {
                        let share = macro_call("seeded", &[seed]);
                        let turn = macro_call("seeded", &[&format!("({seed} || ':')")]);
                        normal_of(mean, deviation, &share, &turn)
                    }
                    _ => String::new(),
                },
            ));
        };
        Ok(normal_of(&mean, &deviation, &share, &turn))
    }

    /// `ZIPF(s, n, generator)`: a whole number from 1 to n, the rarer the larger.
    pub(super) fn zipf(&mut self, call: &Call<'_>) -> Written {
        let slope = self.number(call.argument(0)?)?;
        let count = whole(call.argument(1)?, "ZIPF")?;
        let generator = call.argument(2)?;
        let share = if is_plain_random(generator) {
            "random()".to_owned()
        } else {
            let seed = self.expression(generator)?;
            macro_call("seeded", &[&seed])
        };
        Ok(format!(
            "rs_zipf(CAST({slope} AS VARCHAR), '{count}', CAST({share} AS VARCHAR))"
        ))
    }

    /// `RANDOM([seed])`: 64 bits, one number for each row.
    pub(super) fn random(&mut self, call: &Call<'_>) -> Written {
        const SPREAD: &str = "- 0.5) * 18446744073709549568) AS DECIMAL(38, 0))";
        let Some(seed) = call.arguments().first() else {
            return Ok(format!("CAST(floor((random() {SPREAD}"));
        };
        let row = match self.froms.last() {
            // Without FROM there is one row, and the same number each time.
            None => "0",
            Some(from) if from.is_generator => "\"_ROW\"",
            Some(from) if from.sources.is_empty() && !from.is_values => "0",
            Some(_) => {
                return limit_with_hint(
                    "supports RANDOM(seed) only without FROM, or where FROM is TABLE(GENERATOR(…)) alone",
                    "leave the seed out",
                );
            }
        };
        let seed = self.expression(seed)?;
        let share = macro_call("seeded", &[&format!("({seed} || ':' || {row})")]);
        Ok(format!("CAST(floor(({share} {SPREAD}"))
    }
}

/// DuckDB rounds whole numbers to a FLOAT, and a DECIMAL to one of no places.
pub(super) const EXACT: &str = "CAST(1 AS DECIMAL(1, 0)) * ";

/// Whether a scale has more places than a number here does, so that nothing is cut.
pub(super) fn is_beyond(scale: &str) -> bool {
    scale.parse::<i64>().is_ok_and(|scale| scale > 18)
}

/// A number rounded up or down at a scale.
pub(super) fn scaled(function: &str, number: &str, scale: &str) -> String {
    if is_beyond(scale) {
        return number.to_owned();
    }
    at_places(&function.to_lowercase(), number, scale)
}

fn normal_of(mean: &str, deviation: &str, share: &str, turn: &str) -> String {
    format!("rs_normal(CAST({mean} AS DOUBLE), CAST({deviation} AS DOUBLE), {share}, {turn})")
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
