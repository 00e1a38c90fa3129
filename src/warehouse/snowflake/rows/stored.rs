//! The physical side of a column: the same kind of value, whichever of Arrow's arrays it lies in.

use arrow_array::builder::LargeBinaryBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Decimal128Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BinaryViewArray, FixedSizeBinaryArray, LargeBinaryArray,
    LargeStringArray, PrimitiveArray, StringArray, StringViewArray, make_array,
};
use arrow_schema::DataType as Arrow;

use crate::warehouse::Cell;

/// Whole numbers of any width; for decimals, those before the scale is applied.
pub(super) enum Whole {
    I8(PrimitiveArray<Int8Type>),
    I16(PrimitiveArray<Int16Type>),
    I32(PrimitiveArray<Int32Type>),
    I64(PrimitiveArray<Int64Type>),
    I128(PrimitiveArray<Decimal128Type>),
    U8(PrimitiveArray<UInt8Type>),
    U16(PrimitiveArray<UInt16Type>),
    U32(PrimitiveArray<UInt32Type>),
    U64(PrimitiveArray<UInt64Type>),
}

impl Whole {
    /// Bare numbers, whose meaning the column's type knows.
    pub(super) fn of(array: &ArrayRef) -> Option<Self> {
        Some(match array.data_type() {
            Arrow::Int8 => Self::I8(array.as_primitive_opt()?.clone()),
            Arrow::Int16 => Self::I16(array.as_primitive_opt()?.clone()),
            Arrow::Int32 => Self::I32(array.as_primitive_opt()?.clone()),
            Arrow::Int64 => Self::I64(array.as_primitive_opt()?.clone()),
            Arrow::Decimal128(..) => Self::I128(array.as_primitive_opt()?.clone()),
            Arrow::UInt8 => Self::U8(array.as_primitive_opt()?.clone()),
            Arrow::UInt16 => Self::U16(array.as_primitive_opt()?.clone()),
            Arrow::UInt32 => Self::U32(array.as_primitive_opt()?.clone()),
            Arrow::UInt64 => Self::U64(array.as_primitive_opt()?.clone()),
            _ => return None,
        })
    }

    /// The days of Arrow's own dates.
    pub(super) fn of_dates(array: &ArrayRef) -> Option<Self> {
        match array.data_type() {
            Arrow::Date32 => Self::bare(array, Arrow::Int32),
            _ => None,
        }
    }

    /// The units of Arrow's own times of day.
    pub(super) fn of_times(array: &ArrayRef) -> Option<Self> {
        match array.data_type() {
            Arrow::Time32(_) => Self::bare(array, Arrow::Int32),
            Arrow::Time64(_) => Self::bare(array, Arrow::Int64),
            _ => None,
        }
    }

    /// The units of Arrow's own timestamps.
    pub(super) fn of_timestamps(array: &ArrayRef) -> Option<Self> {
        match array.data_type() {
            Arrow::Timestamp(..) => Self::bare(array, Arrow::Int64),
            _ => None,
        }
    }

    /// The same buffers, as the numbers they hold.
    fn bare(array: &ArrayRef, numbers: Arrow) -> Option<Self> {
        let data = array.to_data().into_builder().data_type(numbers);
        Self::of(&make_array(data.build().ok()?))
    }

    /// `None` for NULL.
    pub(super) fn at(&self, row: usize) -> Option<i128> {
        match self {
            Self::I8(array) => at(array, row).map(Into::into),
            Self::I16(array) => at(array, row).map(Into::into),
            Self::I32(array) => at(array, row).map(Into::into),
            Self::I64(array) => at(array, row).map(Into::into),
            Self::I128(array) => at(array, row),
            Self::U8(array) => at(array, row).map(Into::into),
            Self::U16(array) => at(array, row).map(Into::into),
            Self::U32(array) => at(array, row).map(Into::into),
            Self::U64(array) => at(array, row).map(Into::into),
        }
    }

    /// The number as `read` understands it, or where it does not, for it is out of its type's range, as its digits.
    pub(super) fn cell<'batch>(
        &self,
        row: usize,
        read: impl FnOnce(i128) -> Option<Cell<'batch>>,
    ) -> Option<Cell<'batch>> {
        let number = self.at(row)?;
        Some(read(number).unwrap_or_else(|| Cell::Text(number.to_string().into())))
    }
}

/// Texts.
pub(super) enum Texts {
    Short(StringArray),
    Long(LargeStringArray),
    View(StringViewArray),
}

impl Texts {
    pub(super) fn of(array: &ArrayRef) -> Option<Self> {
        Some(match array.data_type() {
            Arrow::Utf8 => Self::Short(array.as_string_opt()?.clone()),
            Arrow::LargeUtf8 => Self::Long(array.as_string_opt()?.clone()),
            Arrow::Utf8View => Self::View(array.as_string_view_opt()?.clone()),
            _ => return None,
        })
    }

    /// `None` for NULL.
    pub(super) fn at(&self, row: usize) -> Option<&str> {
        match self {
            Self::Short(array) => holds(array, row).then(|| array.value(row)),
            Self::Long(array) => holds(array, row).then(|| array.value(row)),
            Self::View(array) => holds(array, row).then(|| array.value(row)),
        }
    }

    /// The bytes that these texts are the hexadecimal of; `None` if one of them is not.
    pub(super) fn unhex(&self, rows: usize) -> Option<Binaries> {
        let mut bytes = LargeBinaryBuilder::new();
        let mut value = Vec::new();
        for row in 0..rows {
            let Some(text) = self.at(row) else {
                bytes.append_null();
                continue;
            };
            value.clear();
            let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
                return None;
            };
            for [high, low] in pairs {
                value.push(nibble(*high)? << 4 | nibble(*low)?);
            }
            bytes.append_value(&value);
        }
        Some(Binaries::Long(bytes.finish()))
    }
}

/// Strings of bytes.
pub(super) enum Binaries {
    Short(BinaryArray),
    Long(LargeBinaryArray),
    View(BinaryViewArray),
    Even(FixedSizeBinaryArray),
}

impl Binaries {
    pub(super) fn of(array: &ArrayRef) -> Option<Self> {
        Some(match array.data_type() {
            Arrow::Binary => Self::Short(array.as_binary_opt()?.clone()),
            Arrow::LargeBinary => Self::Long(array.as_binary_opt()?.clone()),
            Arrow::BinaryView => Self::View(array.as_binary_view_opt()?.clone()),
            Arrow::FixedSizeBinary(_) => Self::Even(array.as_fixed_size_binary_opt()?.clone()),
            _ => return None,
        })
    }

    /// `None` for NULL.
    pub(super) fn at(&self, row: usize) -> Option<&[u8]> {
        match self {
            Self::Short(array) => holds(array, row).then(|| array.value(row)),
            Self::Long(array) => holds(array, row).then(|| array.value(row)),
            Self::View(array) => holds(array, row).then(|| array.value(row)),
            Self::Even(array) => holds(array, row).then(|| array.value(row)),
        }
    }
}

/// The value in a row; `None` for NULL.
pub(super) fn at<T: ArrowPrimitiveType>(
    array: &PrimitiveArray<T>,
    row: usize,
) -> Option<T::Native> {
    holds(array, row).then(|| array.value(row))
}

/// Whether there is a value in this row. Arrow ends the process over a row that is not there, so that is asked first.
pub(super) fn holds(array: &impl Array, row: usize) -> bool {
    row < array.len() && array.is_valid(row)
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16)?.try_into().ok()
}
