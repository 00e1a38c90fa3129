//! A semantic view, and the names in it.
//!
//! Kinds and properties that are not known are passed over: Snowflake adds some.

use schemars::JsonSchema;
use serde::Serialize;

use super::described::{Described, in_sql, things};
use crate::query::Table;
use crate::sql::{Identifier, QualifiedName, nearest};

/// A semantic view. Names are written as SQL takes them.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub(in crate::mcp::tools) struct SemanticView {
    pub(in crate::mcp::tools) view: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::mcp::tools) comment: Option<String>,
    pub(in crate::mcp::tools) metrics: Vec<Item>,
    pub(in crate::mcp::tools) dimensions: Vec<Item>,
    pub(in crate::mcp::tools) facts: Vec<Item>,
    pub(in crate::mcp::tools) tables: Vec<LogicalTable>,
    pub(in crate::mcp::tools) relationships: Vec<Relationship>,
    /// Questions that somebody answered, with the SQL.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::mcp::tools) verified_queries: Vec<VerifiedQuery>,
    /// How its owner wants it to be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::mcp::tools) instructions: Option<String>,
    /// Names the statement in the warehouse.
    pub(in crate::mcp::tools) query_id: String,
    /// Whether the description was longer than `MAX_ROWS`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::mcp::tools) is_cut: bool,
}

/// A logical table and what it stands for.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub(in crate::mcp::tools) struct LogicalTable {
    pub(in crate::mcp::tools) name: String,
    /// The table behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::mcp::tools) base: Option<String>,
    /// The query behind it, where there is one in place of a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::mcp::tools) definition: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::mcp::tools) primary_key: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::mcp::tools) synonyms: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::mcp::tools) comment: Option<String>,
}

/// How tables are joined: the view does it, callers need not.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub(in crate::mcp::tools) struct Relationship {
    name: String,
    table: String,
    columns: Vec<String>,
    ref_table: String,
    ref_columns: Vec<String>,
    /// ASOF or RANGE, where rows are not matched by equal keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<String>,
}

/// A question somebody has answered before.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(in crate::mcp::tools) struct VerifiedQuery {
    pub(in crate::mcp::tools) question: String,
    pub(in crate::mcp::tools) sql: String,
}

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mcp::tools) enum Kind {
    Metric,
    Dimension,
    Fact,
}

/// A dimension, a fact or a metric.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(in crate::mcp::tools) struct Item {
    #[serde(skip)]
    #[schemars(skip)]
    pub(in crate::mcp::tools) kind: Kind,
    /// Its table, which metrics of several tables have not, and its name.
    #[serde(skip)]
    #[schemars(skip)]
    pub(in crate::mcp::tools) path: QualifiedName,
    /// `TABLE.NAME`
    pub(in crate::mcp::tools) name: String,
    /// The type in Snowflake's terms.
    pub(in crate::mcp::tools) r#type: String,
    pub(in crate::mcp::tools) expression: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::mcp::tools) comment: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::mcp::tools) synonyms: Vec<String>,
    /// Whether it serves other definitions only and cannot be queried.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::mcp::tools) private: bool,
}

impl Kind {
    /// The word for one.
    pub(in crate::mcp::tools) fn as_str(self) -> &'static str {
        match self {
            Self::Metric => "metric",
            Self::Dimension => "dimension",
            Self::Fact => "fact",
        }
    }
}

impl SemanticView {
    /// Folds the rows.
    pub(in crate::mcp::tools) fn read(view: String, described: &Table) -> Self {
        let mut model = Self {
            view,
            query_id: described.query_id.clone(),
            is_cut: described.is_cut,
            ..Self::default()
        };
        // DESCRIBE SEMANTIC VIEW has a row for each property of each thing.
        for one in things(described.rows()) {
            match one.kind {
                "" => model.comment = one.text("COMMENT"),
                "TABLE" => model.tables.push(LogicalTable::read(&one)),
                "RELATIONSHIP" => model.relationships.push(Relationship::read(&one)),
                "DIMENSION" => model.dimensions.extend(Item::read(Kind::Dimension, &one)),
                "FACT" => model.facts.extend(Item::read(Kind::Fact, &one)),
                // A derived metric belongs to no table, and is asked for like any other.
                "METRIC" | "DERIVED_METRIC" => {
                    model.metrics.extend(Item::read(Kind::Metric, &one));
                }
                "CUSTOM_INSTRUCTIONS" => model.instructions = one.text("AI_SQL_GENERATION"),
                "AI_VERIFIED_QUERY" => {
                    model.verified_queries.extend(VerifiedQuery::read(&one));
                }
                _ => {}
            }
        }
        model
    }

    /// All items.
    pub(in crate::mcp::tools) fn items(&self) -> impl Iterator<Item = &Item> {
        self.metrics
            .iter()
            .chain(&self.dimensions)
            .chain(&self.facts)
    }

    /// The item that a caller names as SQL would: `TABLE.NAME`, or a name that only one item has.
    ///
    /// # Errors
    ///
    /// There is none, or several; the nearest are named.
    pub(in crate::mcp::tools) fn find(&self, wanted: &str) -> Result<&Item, String> {
        let name = QualifiedName::parse(wanted, 2).map_err(|error| error.to_string())?;
        // An exact path first: a derived metric may have the name of a table's item.
        let exact = self.items().find(|item| item.path == name);
        if let Some(item) = exact {
            return Ok(item);
        }
        let of_that_name = |item: &&Item| name.schema.is_none() && item.path.object == name.object;
        let found: Vec<&Item> = self.items().filter(of_that_name).collect();
        match found.as_slice() {
            [one] => Ok(one),
            [] => Err(format!(
                "{} has no metric, dimension or fact {name}{}",
                self.view,
                self.perhaps(&name)
            )),
            several => {
                let names: Vec<&str> = several.iter().map(|item| &*item.name).collect();
                Err(format!(
                    "{name} may be {}: write the table too",
                    names.join(" or ")
                ))
            }
        }
    }

    /// Suggestions: first names with a matching synonym, then names with a similar spelling.
    fn perhaps(&self, name: &QualifiedName) -> String {
        let word = name.object.as_str();
        let is_called = |item: &&Item| {
            let mut synonyms = item.synonyms.iter();
            synonyms.any(|synonym| synonym.replace(' ', "_").eq_ignore_ascii_case(word))
        };
        let mut near: Vec<&str> = self.items().filter(is_called).map(|it| &*it.name).collect();
        let names = self.items().map(|item| item.path.object.as_str());
        let alike = nearest(word, names, 3);
        let is_alike = |item: &&Item| alike.contains(&item.path.object.as_str());
        near.extend(self.items().filter(is_alike).map(|item| &*item.name));
        // A synonym and a similar spelling often lead to the same item.
        near.dedup();
        near.truncate(3);
        match (near.as_slice(), self.is_cut) {
            ([], true) => {
                ", as far as its description was read: it has more rows than MAX_ROWS".to_owned()
            }
            ([], false) => String::new(),
            (near, _) => format!("; did you mean {}?", near.join(", ")),
        }
    }
}

impl LogicalTable {
    fn read(one: &Described<'_>) -> Self {
        let base: Vec<String> = [
            "BASE_TABLE_DATABASE_NAME",
            "BASE_TABLE_SCHEMA_NAME",
            "BASE_TABLE_NAME",
        ]
        .iter()
        .filter_map(|part| one.text(part))
        .map(in_sql)
        .collect();
        Self {
            name: in_sql(one.name.to_owned()),
            base: (!base.is_empty()).then(|| base.join(".")),
            definition: one.text("DEFINITION"),
            primary_key: one.names("PRIMARY_KEY"),
            synonyms: one.names("SYNONYMS"),
            comment: one.text("COMMENT"),
        }
    }

    /// In one line.
    pub(in crate::mcp::tools) fn in_words(&self) -> String {
        let mut text = self.name.clone();
        match (&self.base, &self.definition) {
            (Some(base), _) => text.push_str(&format!(" is {base}")),
            (None, Some(query)) => text.push_str(&format!(" is a query: {query}")),
            (None, None) => {}
        }
        if !self.primary_key.is_empty() {
            text.push_str(&format!(", key {}", self.primary_key.join(", ")));
        }
        if !self.synonyms.is_empty() {
            text.push_str(&format!(" (also {})", self.synonyms.join(", ")));
        }
        if let Some(comment) = &self.comment {
            text.push_str(&format!(": {comment}"));
        }
        text
    }
}

impl Relationship {
    fn read(one: &Described<'_>) -> Self {
        let kinds = ["FOREIGN_KEY", "REF_KEY"];
        let mut keys = kinds.iter().flat_map(|property| one.list(property));
        let kind = keys.find_map(|key| Some(key.get("type")?.as_str()?.to_owned()));
        Self {
            name: in_sql(one.name.to_owned()),
            table: one.text("TABLE").map(in_sql).unwrap_or_default(),
            columns: one.names("FOREIGN_KEY"),
            ref_table: one.text("REF_TABLE").map(in_sql).unwrap_or_default(),
            ref_columns: one.names("REF_KEY"),
            r#type: kind,
        }
    }

    /// In one line.
    pub(in crate::mcp::tools) fn in_words(&self) -> String {
        let mut text = format!(
            "{} ({}) → {} ({})",
            self.table,
            self.columns.join(", "),
            self.ref_table,
            self.ref_columns.join(", ")
        );
        if let Some(kind) = &self.r#type {
            text.push_str(&format!(", {kind}"));
        }
        text
    }
}

impl VerifiedQuery {
    fn read(one: &Described<'_>) -> Option<Self> {
        Some(Self {
            question: one.text("QUESTION")?,
            sql: one.text("SQL")?,
        })
    }
}

impl Item {
    fn read(kind: Kind, one: &Described<'_>) -> Option<Self> {
        let path = QualifiedName {
            database: None,
            schema: one.parent.and_then(|table| Identifier::exact(table).ok()),
            object: Identifier::exact(one.name).ok()?,
        };
        Some(Self {
            kind,
            name: path.to_string(),
            path,
            r#type: one.text("DATA_TYPE").unwrap_or_default(),
            expression: one.text("EXPRESSION").unwrap_or_default(),
            comment: one.text("COMMENT"),
            synonyms: one.names("SYNONYMS"),
            private: one.text("ACCESS_MODIFIER").as_deref() == Some("PRIVATE"),
        })
    }

    /// Whether its values are moments in time, as far as its type is known.
    pub(in crate::mcp::tools) fn is_time(&self) -> bool {
        let data_type = self.r#type.to_uppercase();
        // Without a type Snowflake decides, rather than a refusal here that may be wrong.
        data_type.is_empty() || data_type.starts_with("DATE") || data_type.starts_with("TIMESTAMP")
    }

    /// What it means: in its owner's words, or what it is made of.
    pub(in crate::mcp::tools) fn meaning(&self) -> String {
        let mut meaning = match &self.comment {
            Some(comment) => comment.clone(),
            None => self.expression.clone(),
        };
        if !self.synonyms.is_empty() {
            meaning.push_str(&format!(" (also {})", self.synonyms.join(", ")));
        }
        if self.private {
            meaning.push_str(" (cannot be queried)");
        }
        meaning.trim_start().to_owned()
    }
}
