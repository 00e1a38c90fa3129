//! Short ways to write a column down, for the tables of `definition` and the shapes of the listings.

use super::Field;
use crate::warehouse::DataType;

/// A key or count, `NUMBER(38,0)`.
pub(super) fn key(name: &'static str, comment: &'static str) -> Field {
    field(
        name,
        DataType::Number {
            precision: 38,
            scale: 0,
        },
        comment,
    )
}

/// An amount of money or goods, `NUMBER(12,2)`.
pub(super) fn money(name: &'static str, comment: &'static str) -> Field {
    field(
        name,
        DataType::Number {
            precision: 12,
            scale: 2,
        },
        comment,
    )
}

/// `VARCHAR(length)`
pub(super) fn text(name: &'static str, length: u32, comment: &'static str) -> Field {
    field(name, DataType::Varchar(Some(length)), comment)
}

/// `DATE`
pub(super) fn date(name: &'static str, comment: &'static str) -> Field {
    field(name, DataType::Date, comment)
}

/// A column that is never NULL.
pub(super) fn field(name: &'static str, data_type: DataType, comment: &'static str) -> Field {
    Field {
        name,
        data_type,
        is_nullable: false,
        comment,
    }
}

impl Field {
    /// The same column, which may be NULL.
    pub(super) fn or_null(self) -> Self {
        Self {
            is_nullable: true,
            ..self
        }
    }
}
