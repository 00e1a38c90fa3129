//! Names of tables: completed from the context, unless a common table expression has the name.

use crate::sql::ast::{Expr, FunctionArg, FunctionArgExpr, Ident, ObjectName, ObjectNamePart};
use crate::sql::{Identifier, QualifiedName, qualified_name};
use crate::warehouse::Error;

use super::context::Found;
use super::functions::find;
use super::writer::{Fault, Writer, Written, folded, limit, name, quote_name, refuse};

/// Where the engine keeps the views behind `INFORMATION_SCHEMA`: DuckDB has a schema of that name itself, with other columns.
const INFORMATION_SCHEMA: &str = "_INFORMATION_SCHEMA";

/// DuckDB's own databases, which tell about DuckDB.
const OWN_DATABASES: [&str; 3] = ["system", "temp", "memory"];

impl Writer<'_> {
    /// A table in FROM: all three parts, or the plain name of a common table expression.
    pub(super) fn table_name(&mut self, table: &ObjectName) -> Written {
        let table = &plain_name(table)?;
        // A text in the place of a table is a file to DuckDB, and a stage to Snowflake.
        let is_text = |part: &ObjectNamePart| {
            part.as_ident()
                .is_some_and(|ident| ident.quote_style == Some('\''))
        };
        if table.to_string().starts_with('@') {
            return limit("has no stages, so there are no files to read");
        }
        if table.0.iter().any(is_text) {
            return limit("reads its own tables only, no files and no stages");
        }
        let read = match qualified_name(table) {
            Ok(read) => read,
            Err(error) => {
                return refuse(format!("the table name {table} could not be read: {error}"));
            }
        };
        let object = read.object.as_str();
        if read.schema.is_none() && self.with_names.iter().any(|with| with == object) {
            return Ok(quote_name(object));
        }
        let database = read.database.as_ref().unwrap_or(&self.context.database);
        if database.as_str() == "SNOWFLAKE" {
            return limit("has no account usage, so there is no database SNOWFLAKE");
        }
        let schema = read.schema.as_ref().unwrap_or(&self.context.schema);
        let is = |name: &Identifier, own: &str| name.as_str().eq_ignore_ascii_case(own);
        if OWN_DATABASES.iter().any(|own| is(database, own)) || is(schema, "pg_catalog") {
            return Err(Box::new(Error::ObjectNotFound {
                message: format!("Object '{read}' does not exist or not authorized."),
                query_id: None,
            }));
        }
        let schema = if is(schema, "INFORMATION_SCHEMA") {
            quote_name(INFORMATION_SCHEMA)
        } else {
            schema.quoted()
        };
        let written = format!("{}.{schema}.{}", database.quoted(), read.object.quoted());
        let full = QualifiedName {
            database: Some(database.clone()),
            schema: read.schema.clone().or(Some(self.context.schema.clone())),
            object: read.object.clone(),
        };
        if let Found::Columns { binaries, .. } = self.context.tables.find(&full) {
            self.binaries.extend(binaries);
        }
        Ok(written)
    }

    /// Whether a table belongs to the sample data, which never changes.
    pub(super) fn is_unchanging(&self, table: &ObjectName) -> bool {
        qualified_name(table).is_ok_and(|read| {
            let database = read.database.as_ref().unwrap_or(&self.context.database);
            matches!(database.as_str(), "SNOWFLAKE_SAMPLE_DATA" | "DEMO")
        })
    }

    /// A column, with up to three parts of its table before it.
    pub(super) fn column(&mut self, parts: &[Ident]) -> Written {
        let column = parts.last().map(folded).unwrap_or_default();
        // DuckDB answers to this name for every table; no table of Snowflake has it.
        if column.eq_ignore_ascii_case("ROWID") {
            return refuse(format!("invalid identifier '{column}'"));
        }
        if let [_] = parts
            && let Some(expr) = self
                .aliases
                .last()
                .and_then(|aliases| aliases.get(&column).cloned())
        {
            // An expression may name the column it hides.
            let hidden = self
                .aliases
                .last_mut()
                .and_then(|aliases| aliases.remove(&column));
            let written = self.expression(&expr);
            if let (Some(hidden), Some(aliases)) = (hidden, self.aliases.last_mut()) {
                aliases.insert(column, hidden);
            }
            return Ok(format!("({})", written?));
        }
        // DuckDB answers to names like CURRENT_USER, in quotes or not, with words of its own.
        if let [part] = parts
            && part.quote_style.is_none()
            && column.starts_with("CURRENT_")
            && find(&column).is_some()
        {
            return self.call_without_arguments(&column);
        }
        if column == "SEQ" && self.froms.iter().any(|from| from.has_lateral_flatten) {
            return limit("does not support the column SEQ of a lateral FLATTEN");
        }
        let mut names: Vec<String> = parts.iter().map(name).collect();
        // `t.$1` is the first column of VALUES.
        if let (Some(digits), Some(last)) = (column.strip_prefix('$'), names.last_mut())
            && digits.parse::<u16>().is_ok()
            && self.froms.last().is_some_and(|from| from.is_values)
        {
            *last = quote_name(&format!("COLUMN{digits}"));
        }
        Ok(names.join("."))
    }
}

/// `IDENTIFIER('a.b')` names a table by a text; everything else is its own name.
fn plain_name(table: &ObjectName) -> Result<ObjectName, Fault> {
    let [part] = table.0.as_slice() else {
        return Ok(table.clone());
    };
    let ObjectNamePart::Function(function) = part else {
        return Ok(table.clone());
    };
    if !function.name.value.eq_ignore_ascii_case("IDENTIFIER") {
        return limit(format!("does not read a table from {function}"));
    }
    let [FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))] = function.args.as_slice() else {
        return limit("accepts only a literal text in IDENTIFIER()");
    };
    identifier_of(argument)
}

/// The name in the argument of IDENTIFIER.
pub(super) fn identifier_of(argument: &Expr) -> Result<ObjectName, Fault> {
    let text = match argument {
        Expr::Identifier(ident) => return Ok(ObjectName::from(vec![ident.clone()])),
        Expr::CompoundIdentifier(parts) => return Ok(ObjectName::from(parts.clone())),
        Expr::Value(value) => value.value.clone().into_string(),
        _ => None,
    };
    let read = text.and_then(|text| crate::sql::QualifiedName::parse(&text, 3).ok());
    match read {
        Some(read) => Ok(ObjectName::from(
            read.parts()
                .map(|part| Ident::with_quote('"', part.as_str()))
                .collect::<Vec<_>>(),
        )),
        None => limit("accepts only a literal text in IDENTIFIER()"),
    }
}
