//! Moments in another time zone.

use crate::sql::ast::Expr;

use super::call::Call;
use super::kinds::point;
use super::semi_structured::arguments;
use super::texts::text_literal;
use super::types::{Target, target};
use super::writer::{Fault, Writer, Written, limit_with_hint, macro_call, refuse};

/// Zones whose clocks are never put forward or back.
const WITHOUT_SUMMER: [&str; 6] = [
    "UTC",
    "GMT",
    "Etc/UTC",
    "Etc/GMT",
    "Asia/Tokyo",
    "Asia/Kolkata",
];

/// Short names that DuckDB takes for zones of its library. They are none of the IANA's, which are all Snowflake takes.
const SHORT_NAMES: [&str; 25] = [
    "ACT", "AET", "AGT", "ART", "AST", "BET", "BST", "CAT", "CNT", "CST", "CTT", "EAT", "ECT",
    "IET", "IST", "JST", "MIT", "NET", "NST", "PLT", "PNT", "PRT", "PST", "SST", "VST",
];

/// Refuses a zone that is not written as the IANA writes it: Snowflake tells upper and lower case apart, DuckDB does not.
fn check_zone(zone: &Expr) -> Result<(), Fault> {
    let Some(name) = text_literal(zone) else {
        return Ok(());
    };
    let area = name.split('/').next().unwrap_or_default();
    let is_shouted = name.contains('/') && area.len() > 3 && area == area.to_uppercase();
    if name.starts_with(|c: char| c.is_ascii_lowercase())
        || is_shouted
        || SHORT_NAMES.contains(&name)
    {
        return refuse(format!("Unknown timezone: '{name}'"));
    }
    Ok(())
}

fn is_conversion(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_conversion(inner),
        Expr::Function(function) => function
            .name
            .to_string()
            .eq_ignore_ascii_case("CONVERT_TIMEZONE"),
        _ => false,
    }
}

impl Writer<'_> {
    /// `CONVERT_TIMEZONE(from, to, timestamp)`
    pub(super) fn convert_timezone(&mut self, call: &Call<'_>) -> Written {
        let sheds_zone = std::mem::take(&mut self.sheds_zone);
        if let [to, timestamp] = call.arguments() {
            check_zone(to)?;
            if text_literal(to) == Some("UTC") {
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
        check_zone(from)?;
        check_zone(to)?;
        let is_utc = text_literal(from).is_some_and(|zone| WITHOUT_SUMMER.contains(&zone));
        let (from, to) = (self.expression(from)?, self.expression(to)?);
        let timestamp = self.moment(timestamp)?;
        let moment = point(&timestamp);
        let at = if is_utc {
            format!("timezone({from}, {moment})")
        } else {
            macro_call("from_zone", &[&from, &moment])
        };
        Ok(format!("timezone({to}, {at})"))
    }

    /// Says that what follows is cast to a type without zone, or that a part of it is taken.
    pub(super) fn shed_zone(&mut self, expr: &Expr) {
        match expr {
            Expr::Nested(inner) => self.shed_zone(inner),
            Expr::Function(function) => {
                let name = function.name.to_string().to_uppercase();
                self.sheds_zone = name == "CONVERT_TIMEZONE"
                    // What these give has the zone of what they are given.
                    || (matches!(name.as_str(), "DATE_TRUNC" | "DATEADD" | "TRUNC")
                        && arguments(&function.args).any(is_conversion));
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
