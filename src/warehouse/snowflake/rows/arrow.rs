//! Arrow arrays read by what their values mean: the one place that knows how Snowflake stores which type.

use std::borrow::Cow;
use std::fmt::Write as _;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, PrimitiveArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType as Arrow, TimeUnit};

use super::nested::{self, Nested, Part};
use super::stored::{Binaries, Texts, Whole, at, holds};
use super::text::{self, Decimal};
use super::types::{Type, Zone, fixed_offset};
use crate::warehouse::Cell;

/// One column of one batch, with its meaning and its Rust type known.
pub(super) struct View {
    /// Which rows are NULL. The parts of a struct do not say: under a NULL they hold leftovers.
    nulls: Option<NullBuffer>,
    values: Values,
}

enum Values {
    Null,
    Number {
        units: Whole,
        scale: u8,
    },
    Float32(PrimitiveArray<Float32Type>),
    Float64(PrimitiveArray<Float64Type>),
    DecFloat {
        exponent: Whole,
        significand: Binaries,
    },
    Boolean(BooleanArray),
    Date(Whole),
    Time {
        units: Whole,
        digits: u8,
        scale: u8,
    },
    Timestamp(Timestamps),
    YearMonth {
        months: Whole,
        is_years_only: bool,
    },
    DayTime(Whole),
    Text(Texts),
    /// Text that stands for a value of this type.
    Parsed(Texts, Type),
    Bytes(Binaries),
    Hexadecimal(Binaries),
    Nested(Nested<View>),
    /// Not stored as its type is known to be: shown as the text of what it is stored as.
    Shown(Box<Values>),
    /// Stored in a way that Snowflake has never used; says so.
    Foreign(String),
}

struct Timestamps {
    units: Whole,
    /// There are `10^digits` units in a second.
    digits: u8,
    /// Nanoseconds to add.
    fraction: Option<Whole>,
    offset: Offset,
    scale: u8,
}

/// What a TIMESTAMP is shown in.
enum Offset {
    Wall,
    Fixed(i16),
    Own(Whole),
}

impl Part for View {
    /// Accepts every type in every array: the pairs that Snowflake sends are read as meant, any other is shown as text.
    fn new(kind: &Type, array: &ArrayRef) -> Self {
        let stored = array.data_type();
        let shown = || {
            let values = Values::of(&Type::of_stored(stored), array)?;
            Some(Values::Shown(Box::new(values)))
        };
        Self {
            nulls: array.nulls().cloned(),
            values: Values::of(kind, array)
                .or_else(shown)
                .unwrap_or_else(|| Values::Foreign(format!("a value of Arrow's type {stored}"))),
        }
    }

    fn cell(&self, row: usize) -> Cell<'_> {
        if self.is_null(row) {
            return Cell::Null;
        }
        self.values.cell(row).unwrap_or(Cell::Null)
    }

    fn write_json(&self, json: &mut String, row: usize) {
        match &self.values {
            Values::Nested(nested) if !self.is_null(row) => nested.write(json, row),
            // As 64 bits 0.1 would be 0.10000000149011612.
            Values::Float32(array) => match at(array, row).filter(|value| value.is_finite()) {
                Some(value) => {
                    let _ = write!(json, "{value:?}");
                }
                None => nested::write_cell(json, &self.cell(row)),
            },
            _ => nested::write_cell(json, &self.cell(row)),
        }
    }
}

impl View {
    fn is_null(&self, row: usize) -> bool {
        self.nulls
            .as_ref()
            .is_some_and(|nulls| row >= nulls.len() || nulls.is_null(row))
    }
}

impl Values {
    /// `None` for a type that is not stored like this.
    fn of(kind: &Type, array: &ArrayRef) -> Option<Self> {
        if *array.data_type() == Arrow::Null {
            return Some(Self::Null);
        }
        if let Some(texts) = Texts::of(array) {
            return Some(match kind {
                Type::Text | Type::Geo | Type::Unknown => Self::Text(texts),
                Type::Binary => match texts.unhex(array.len()) {
                    Some(bytes) => Self::Bytes(bytes),
                    None => Self::Text(texts),
                },
                kind => Self::Parsed(texts, kind.clone()),
            });
        }
        match kind {
            Type::Fixed { scale } => Self::number(array, *scale),
            Type::Real => Self::number(array, 0),
            Type::DecFloat => Self::dec_float(array).or_else(|| Self::number(array, 0)),
            Type::Boolean => array.as_boolean_opt().cloned().map(Self::Boolean),
            Type::Date => Whole::of(array)
                .or_else(|| Whole::of_dates(array))
                .map(Self::Date),
            Type::Time { scale } => Some(Self::Time {
                digits: unit_digits(array.data_type()).unwrap_or(*scale),
                units: Whole::of(array).or_else(|| Whole::of_times(array))?,
                scale: *scale,
            }),
            Type::Timestamp { zone, scale } => {
                Timestamps::of(array, *zone, *scale).map(Self::Timestamp)
            }
            Type::Binary => Binaries::of(array).map(Self::Bytes),
            Type::Geo => Binaries::of(array).map(Self::Hexadecimal),
            Type::Json(parts) => Nested::of(parts, array).map(Self::Nested),
            Type::YearMonth { is_years_only } => Some(Self::YearMonth {
                months: Whole::of(array)?,
                is_years_only: *is_years_only,
            }),
            Type::DayTime => Whole::of(array).map(Self::DayTime),
            Type::Text | Type::Unknown => None,
        }
    }

    fn number(array: &ArrayRef, scale: u8) -> Option<Self> {
        Some(match array.data_type() {
            Arrow::Float32 => Self::Float32(array.as_primitive_opt()?.clone()),
            Arrow::Float64 => Self::Float64(array.as_primitive_opt()?.clone()),
            // Knows its scale itself.
            Arrow::Decimal128(_, scale) => Self::Number {
                scale: u8::try_from(*scale).ok()?,
                units: Whole::of(array)?,
            },
            stored if stored.is_integer() => Self::Number {
                units: Whole::of(array)?,
                scale,
            },
            _ => return None,
        })
    }

    fn dec_float(array: &ArrayRef) -> Option<Self> {
        let parts = array.as_struct_opt()?;
        Some(Self::DecFloat {
            exponent: Whole::of(parts.column_by_name("exponent")?)?,
            significand: Binaries::of(parts.column_by_name("significand")?)?,
        })
    }

    fn cell(&self, row: usize) -> Option<Cell<'_>> {
        match self {
            Self::Null => None,
            Self::Number { units, scale } => units.at(row).map(|unscaled| Cell::Number {
                unscaled,
                scale: *scale,
            }),
            Self::Float32(array) => at(array, row).map(|value| Cell::Float(value.into())),
            Self::Float64(array) => at(array, row).map(Cell::Float),
            Self::DecFloat {
                exponent,
                significand,
            } => Some(dec_float(exponent.at(row)?, significand.at(row)?)),
            Self::Boolean(array) => holds(array, row).then(|| Cell::Boolean(array.value(row))),
            Self::Date(days) => days.cell(row, |days| days.try_into().ok().map(Cell::Date)),
            Self::Time {
                units,
                digits,
                scale,
            } => units.cell(row, |units| text::time(units, *digits, *scale)),
            Self::Timestamp(timestamps) => timestamps.cell(row),
            Self::YearMonth {
                months,
                is_years_only,
            } => months
                .at(row)
                .map(|months| text::year_month(months, *is_years_only)),
            Self::DayTime(nanoseconds) => nanoseconds.at(row).map(text::day_time),
            Self::Text(texts) => texts.at(row).map(|text| Cell::Text(text.into())),
            Self::Parsed(texts, kind) => texts.at(row).map(|text| text::read(kind, text)),
            Self::Bytes(bytes) => bytes.at(row).map(Cell::Binary),
            Self::Hexadecimal(bytes) => bytes.at(row).map(|bytes| shown(&Cell::Binary(bytes))),
            Self::Nested(nested) => {
                let mut json = String::new();
                nested.write(&mut json, row);
                Some(Cell::Json(json.into()))
            }
            Self::Shown(values) => values.cell(row).map(|cell| shown(&cell)),
            Self::Foreign(description) => Some(Cell::Text(description.into())),
        }
    }
}

impl Timestamps {
    fn of(array: &ArrayRef, zone: Zone, scale: u8) -> Option<Self> {
        let parts = array.as_struct_opt();
        let part = |name| Whole::of(parts?.column_by_name(name)?);
        let fraction = part("fraction");
        let units = match parts {
            Some(_) => part("epoch")?,
            None => Whole::of(array).or_else(|| Whole::of_timestamps(array))?,
        };
        Some(Self {
            digits: match unit_digits(array.data_type()) {
                Some(digits) => digits,
                // The fraction is there because the epoch counts whole seconds.
                None if fraction.is_some() => 0,
                None => scale,
            },
            units,
            fraction,
            offset: match (zone, part("timezone")) {
                (Zone::Wall, _) => Offset::Wall,
                (Zone::Session(offset), _) => Offset::Fixed(offset),
                (Zone::Own, Some(zones)) => Offset::Own(zones),
                (Zone::Own, None) => Offset::Fixed(match array.data_type() {
                    Arrow::Timestamp(_, Some(zone)) => fixed_offset(zone),
                    _ => 0,
                }),
            },
            scale,
        })
    }

    fn cell(&self, row: usize) -> Option<Cell<'_>> {
        let fraction = self.fraction.as_ref().and_then(|fraction| fraction.at(row));
        let offset = match &self.offset {
            Offset::Wall => None,
            Offset::Fixed(minutes) => Some(*minutes),
            Offset::Own(zones) => Some(zones.at(row).map_or(0, text::own_offset)),
        };
        self.units.cell(row, |units| {
            text::timestamp(
                units,
                self.digits,
                fraction.unwrap_or(0),
                offset,
                self.scale,
            )
        })
    }
}

/// Digits of a second in a unit of Arrow's own times; Snowflake's whole numbers leave that to the column's scale.
fn unit_digits(stored: &Arrow) -> Option<u8> {
    match stored {
        Arrow::Time32(unit) | Arrow::Time64(unit) | Arrow::Timestamp(unit, _) => Some(match unit {
            TimeUnit::Second => 0,
            TimeUnit::Millisecond => 3,
            TimeUnit::Microsecond => 6,
            TimeUnit::Nanosecond => 9,
        }),
        _ => None,
    }
}

/// The significand is a big-endian two's complement of as many bytes as it needs.
fn dec_float<'batch>(exponent: i128, bytes: &[u8]) -> Cell<'batch> {
    let is_negative = bytes.first().is_some_and(|first| first & 0x80 != 0);
    let mut wide = [if is_negative { 0xff } else { 0 }; 16];
    let tail = wide
        .len()
        .checked_sub(bytes.len())
        .and_then(|start| wide.get_mut(start..));
    if let (Some(tail), Ok(exponent)) = (tail, exponent.try_into()) {
        tail.copy_from_slice(bytes);
        let significand = i128::from_be_bytes(wide);
        return Decimal {
            significand,
            exponent,
        }
        .floating();
    }
    // Beyond what Snowflake has: no number of ours, but nothing is lost.
    let mut text = String::from("0x");
    text::write(&mut text, &Cell::Binary(bytes));
    let _ = write!(text, " × 10^{exponent}");
    Cell::Text(Cow::Owned(text))
}

fn shown<'batch>(cell: &Cell<'_>) -> Cell<'batch> {
    let mut shown = String::new();
    text::write(&mut shown, cell);
    Cell::Text(Cow::Owned(shown))
}
