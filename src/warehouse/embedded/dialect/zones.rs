//! Moments in another time zone.

use crate::sql::ast::Expr;

use super::call::Call;
use super::kinds::point;
use super::semi_structured::arguments;
use super::texts::text_literal;
use super::types::{Target, target};
use super::writer::{Writer, Written, limit_with_hint, refuse};

impl Writer<'_> {
    /// `CONVERT_TIMEZONE(from, to, timestamp)`
    pub(super) fn convert_timezone(&mut self, call: &Call<'_>) -> Written {
        let sheds_zone = std::mem::take(&mut self.sheds_zone);
        if let [to, timestamp] = call.arguments() {
            if text_literal(to).is_some_and(|zone| zone.eq_ignore_ascii_case("UTC")) {
                return self.zoned(timestamp);
            }
            if !sheds_zone {
                return limit_with_hint(
                    "keeps no offset, which the TIMESTAMP_TZ of CONVERT_TIMEZONE with two arguments has",
                    "cast it, as in CONVERT_TIMEZONE('Asia/Tokyo', t)::TIMESTAMP_NTZ, or use three arguments",
                );
            }
            // The session's zone is UTC. The result keeps the clock on the wall of its zone, and no offset.
            let to = self.expression(to)?;
            let zoned = self.zoned(timestamp)?;
            return Ok(format!("timezone({to}, {zoned})"));
        }
        let [from, to, timestamp] = call.arguments() else {
            return refuse("not enough arguments for function CONVERT_TIMEZONE");
        };
        let (from, to) = (self.expression(from)?, self.expression(to)?);
        let timestamp = self.moment(timestamp)?;
        let moment = point(&timestamp);
        Ok(format!("timezone({to}, timezone({from}, {moment}))"))
    }

    /// Says that what follows is cast to a type without zone, or that a part of it is taken.
    pub(super) fn shed_zone(&mut self, expr: &Expr) {
        match expr {
            Expr::Nested(inner) => self.shed_zone(inner),
            Expr::Function(function) => {
                let name = function.name.to_string();
                self.sheds_zone = name.eq_ignore_ascii_case("CONVERT_TIMEZONE");
            }
            _ => {}
        }
    }

    /// A moment of any zone. A text is that of UTC where it has no offset, and its offset need not be kept.
    fn zoned(&mut self, expr: &Expr) -> Written {
        let inner = match expr {
            Expr::Nested(inner) => return self.zoned(inner),
            Expr::Cast {
                expr: inner,
                data_type,
                ..
            } if matches!(target(data_type), Ok(Target::OffsetTimestamp)) => inner.as_ref(),
            Expr::Function(function)
                if function
                    .name
                    .to_string()
                    .eq_ignore_ascii_case("TO_TIMESTAMP_TZ") =>
            {
                let mut given = arguments(&function.args);
                match (given.next(), given.next()) {
                    (Some(one), None) => one,
                    _ => expr,
                }
            }
            other => other,
        };
        let written = self.expression(inner)?;
        Ok(self.as_type(written, inner, Target::ZonedTimestamp))
    }
}
