//! The columns and rows of a listing that are shown, and the names they get.

/// Where the rows of a page come from, which decides the hint about further rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The rows of a statement that the caller wrote.
    Statement,
    /// A list of names that this server asks for.
    List,
    /// The caller's own statements.
    History,
    /// A sample of a table.
    Sample,
}

/// How the rows of one listing are shown.
#[derive(Debug)]
pub struct View {
    /// Identifies the view in cursors, so it must never change; the first is 1.
    pub code: u8,
    /// The columns that are shown, in order.
    pub pick: &'static [Pick],
    /// Rows that are left out. They do not count.
    pub hide: Option<Hide>,
    /// Where the rows come from.
    pub source: Source,
}

/// Rows that are left out.
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
    /// The warehouse's name of the column, compared without regard to case. If the result has no such column, it is left
    /// out.
    pub source: &'static str,
    /// The name in our answer.
    pub name: &'static str,
    /// How its values are written.
    pub shown: Shown,
}

/// How the values of a picked column are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// As they are.
    Value,
    /// Names of objects, quoted where SQL needs it.
    Identifier,
    /// The kind of a table, which also depends on other columns.
    Kind,
    /// Ids of statements, perhaps followed by a space and a role, as cursors to ask for the statements with.
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
