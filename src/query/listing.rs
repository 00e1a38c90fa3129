//! What a cursor into a list of names holds besides the row: which columns are shown, and what decides which rows the policy
//! allows.

use serde::{Deserialize, Serialize};

use super::{CursorError, Query, View};
use crate::sql::show::Show;
use crate::sql::{Identifier, QualifiedName};
use crate::warehouse::{Run, SessionContext};

/// The longest text of a list that goes into a cursor: models copy cursors letter by letter.
const LONGEST: usize = 1024;

/// A list that a cursor leads into. Its JSON names are short to keep cursors short.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct List {
    /// The next row of the stored result. (A cursor's `row` counts only the rows that were shown.)
    #[serde(rename = "n")]
    pub(super) next: u64,
    /// The code of the view that shows the rows; 0 for all columns as they come.
    #[serde(rename = "v", skip_serializing_if = "is_zero")]
    pub(super) view: u8,
    /// The statements, if the policy shows only some of their rows. The policy is asked again for every page.
    #[serde(rename = "s", skip_serializing_if = "Vec::is_empty")]
    pub(super) statements: Vec<String>,
    /// Whether the statement is run again for the names after the last one, once its result has been read: the result has as
    /// many names as the warehouse returns at most.
    #[serde(rename = "g", skip_serializing_if = "std::ops::Not::not")]
    pub(super) goes_on: bool,
    /// The database of their unqualified names.
    #[serde(rename = "d", skip_serializing_if = "Option::is_none")]
    pub(super) database: Option<String>,
    /// Their schema, as SQL takes it.
    #[serde(rename = "h", skip_serializing_if = "Option::is_none")]
    pub(super) schema: Option<String>,
    /// For a search.
    #[serde(rename = "f", skip_serializing_if = "Option::is_none")]
    pub(super) search: Option<SearchPosition>,
}

/// A place in the result of a search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SearchPosition {
    /// The ids of the statements that list columns. The cursor's own id is that of the list of tables; its `row` counts
    /// tables shown.
    #[serde(rename = "c")]
    pub(super) columns: Vec<String>,
    /// What names must contain, in lower case.
    #[serde(rename = "w")]
    pub(super) words: Vec<String>,
    /// Whether names in `INFORMATION_SCHEMA` are wanted.
    #[serde(rename = "a", default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) has_catalog: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature serde asks for"
)]
fn is_zero(number: &u8) -> bool {
    *number == 0
}

impl List {
    /// What a cursor into the statement's result must hold; `None` if all rows are shown unchanged.
    pub(super) fn of(query: &Query, run: &Run) -> Option<Self> {
        let is_sifted = run.statement.row_filter().is_some();
        if query.view.is_none() && !is_sifted {
            return None;
        }
        let mut list = Self {
            view: query.view.map_or(0, |view| view.code),
            ..Self::default()
        };
        if is_sifted {
            list.statements = vec![run.statement.text().to_owned()];
            // The policy judges unqualified names by database and schema, which a later page must
            // know to judge alike.
            list.set_home(&query.session);
        }
        Some(list)
    }

    /// The database and schema of a statement's unqualified names, if its call names them. The hint needs them if the
    /// statement fails later.
    pub(super) fn at(session: &SessionContext) -> Option<Self> {
        let mut list = Self::default();
        list.set_home(session);
        (list.database.is_some() || list.schema.is_some()).then_some(list)
    }

    fn set_home(&mut self, session: &SessionContext) {
        self.database = session.database.as_ref().map(|it| it.as_str().to_owned());
        self.schema = session.schema.as_ref().map(QualifiedName::quoted);
    }

    /// The same list, to be continued with a statement after the result has been read.
    pub(super) fn going_on(mut self, statement: &str, home: Option<&Self>) -> Self {
        self.statements = vec![statement.to_owned()];
        self.goes_on = true;
        if let Some(home) = home {
            (self.database, self.schema) = (home.database.clone(), home.schema.clone());
        }
        self
    }

    /// The statement to run again, if its result has been read to the end.
    pub(super) fn at_the_end(&self) -> Option<&str> {
        let is_read = self.goes_on && self.next >= Show::LONGEST;
        self.statements
            .first()
            .filter(|_| is_read)
            .map(String::as_str)
    }

    /// The database and schema of unqualified names, as a session context.
    pub(super) fn session(&self) -> Result<SessionContext, CursorError> {
        let broken = |_| CursorError::Malformed;
        let exact = |name: &String| Identifier::exact(name.as_str()).map_err(broken);
        let schema = |name: &String| QualifiedName::parse(name, 2).map_err(broken);
        Ok(SessionContext {
            database: self.database.as_ref().map(exact).transpose()?,
            schema: self.schema.as_ref().map(schema).transpose()?,
            ..SessionContext::default()
        })
    }

    /// Whether it fits into a cursor.
    pub(super) fn is_short(&self) -> bool {
        let words = self.search.iter().flat_map(|place| &place.words);
        let texts = self.statements.iter().chain(words);
        texts.map(String::len).sum::<usize>() <= LONGEST
    }

    /// The view that shows the rows.
    pub(super) fn view(
        &self,
        views: fn(u8) -> Option<&'static View>,
    ) -> Result<Option<&'static View>, CursorError> {
        match self.view {
            0 => Ok(None),
            code => views(code).map(Some).ok_or(CursorError::Malformed),
        }
    }
}
