//! Functions and clauses that the parser reads into nodes of their own.

use crate::sql::ast::{CeilFloorKind, DateTimeField, Expr, TrimWhereField};

use super::numbers::{EXACT, scaled};
use super::writer::{Writer, Written, limit, limit_with_hint, refuse};

impl Writer<'_> {
    /// Functions the parser reads into nodes of their own.
    pub(super) fn function_form(&mut self, expr: &Expr) -> Written {
        match expr {
            Expr::Extract { field, expr, .. } => self.date_part(&field.to_string(), expr),
            Expr::Ceil { expr, field } => self.ceil_or_floor("CEIL", expr, field),
            Expr::Floor { expr, field } => self.ceil_or_floor("FLOOR", expr, field),
            Expr::Position { expr, r#in } => self.place_of(expr, r#in, None),
            Expr::Substring {
                expr,
                substring_from,
                substring_for,
                ..
            } => {
                let places: Vec<&Expr> = [substring_from, substring_for]
                    .into_iter()
                    .flatten()
                    .map(AsRef::as_ref)
                    .collect();
                if places.is_empty() {
                    return refuse("not enough arguments for function SUBSTR");
                }
                self.part_of(expr, &places)
            }
            Expr::Trim {
                trim_where,
                trim_what,
                expr,
                trim_characters,
            } => {
                let function = match trim_where {
                    None | Some(TrimWhereField::Both) => "trim",
                    Some(TrimWhereField::Leading) => "ltrim",
                    Some(TrimWhereField::Trailing) => "rtrim",
                };
                let text = self.text(expr)?;
                let what = match (trim_what, trim_characters.as_deref()) {
                    (Some(what), _) => Some(self.expression(what)?),
                    (None, Some([what])) => Some(self.expression(what)?),
                    (None, None) => None,
                    (None, Some(_)) => return limit("does not accept TRIM with these arguments"),
                };
                Ok(match what {
                    Some(what) => format!("{function}({text}, {what})"),
                    None => format!("{function}({text}, ' ')"),
                })
            }
            Expr::GroupingSets(sets) => self.grouping("GROUPING SETS", sets),
            Expr::Cube(sets) => self.grouping("CUBE", sets),
            Expr::Rollup(sets) => self.grouping("ROLLUP", sets),
            Expr::AtTimeZone { .. } => {
                limit_with_hint("does not support AT TIME ZONE", "use CONVERT_TIMEZONE")
            }
            Expr::Wildcard(_) | Expr::QualifiedWildcard(..) => {
                limit("does not accept * in this place")
            }
            _ => limit("does not support one of the forms in this statement"),
        }
    }

    fn grouping(&mut self, kind: &str, sets: &[Vec<Expr>]) -> Written {
        let mut written = Vec::with_capacity(sets.len());
        for set in sets {
            written.push(format!("({})", self.comma_separated(set)?));
        }
        Ok(format!("{kind} ({})", written.join(", ")))
    }

    fn ceil_or_floor(&mut self, function: &str, expr: &Expr, field: &CeilFloorKind) -> Written {
        match field {
            CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) => {
                let number = self.number(expr)?;
                Ok(format!("{function}({EXACT}{number})"))
            }
            CeilFloorKind::Scale(scale) => {
                let number = self.number(expr)?;
                let scale = self.literal(&scale.value)?;
                if scale.parse::<i16>().is_err() {
                    return limit(format!(
                        "accepts only a whole number as the scale of {function}"
                    ));
                }
                Ok(scaled(function, &number, &scale))
            }
            CeilFloorKind::DateTimeField(field) => {
                limit(format!("does not support {function} TO {field}"))
            }
        }
    }
}
