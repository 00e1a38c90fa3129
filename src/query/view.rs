//! Which columns and rows of a listing are shown, under which names.

/// Where the rows of a page come from, which decides the hint about further rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The rows of a statement that the caller wrote.
    Statement,
    /// One of our own lists of names.
    List,
    /// The caller's own statements.
    History,
    /// Some rows of a table.
    Sample,
}

/// How the rows of one of our own listings are shown.
#[derive(Debug)]
pub struct View {
    /// Names it in cursors, so it never changes; from 1 on.
    pub code: u8,
    /// Which columns are kept, in which order and under which names.
    pub pick: &'static [Pick],
    /// Leaves out rows, before they are counted.
    pub hide: Option<Hide>,
    /// What they are.
    pub source: Source,
}

/// Rows nobody asked for.
#[derive(Debug, Clone, Copy)]
pub struct Hide {
    /// The warehouse's name for the column.
    pub column: &'static str,
    /// The text that is hidden.
    pub value: &'static str,
}

/// A column to keep from a SHOW or DESCRIBE result, whose columns differ between versions of Snowflake.
#[derive(Debug, Clone, Copy)]
pub struct Pick {
    /// The warehouse's name for it, compared without regard to case; left out of the result when there is none.
    pub source: &'static str,
    /// Our name for it.
    pub name: &'static str,
    /// How its values are written.
    pub shown: Shown,
}

/// How the values of a picked column are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// As they are.
    Value,
    /// Names of objects, as SQL takes them: quoted where they must be.
    Identifier,
    /// The kind of a table, which other columns know better than the one of that name.
    Kind,
    /// Ids of statements, perhaps with a role behind a space, as cursors to ask for them with.
    Cursor,
}

impl Pick {
    /// A column whose values are names of objects.
    #[must_use]
    pub const fn identifier(source: &'static str, name: &'static str) -> Self {
        Self {
            source,
            name,
            shown: Shown::Identifier,
        }
    }

    /// A column of other values, kept under the warehouse's name.
    #[must_use]
    pub const fn value(name: &'static str) -> Self {
        Self {
            source: name,
            name,
            shown: Shown::Value,
        }
    }

    /// A column of ids of statements, shown as cursors.
    #[must_use]
    pub const fn cursor(source: &'static str, name: &'static str) -> Self {
        Self {
            source,
            name,
            shown: Shown::Cursor,
        }
    }

    /// The column that tells the kind of a table.
    #[must_use]
    pub const fn kind(name: &'static str) -> Self {
        Self {
            source: name,
            name,
            shown: Shown::Kind,
        }
    }
}
