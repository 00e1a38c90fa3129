//! SHOW on the generated account, as Snowflake's pages describe it: what is listed at most, what fails beyond that and what is
//! cut without a word, and that FROM goes by names.

use super::{
    account::all,
    columns::{Column, Table},
    replies,
    script::Failed,
    statements::Finished,
};

/// Rows of one SHOW.
const LONGEST: usize = 10_000;

/// What a SHOW asks for.
#[derive(Default)]
struct Asked {
    kind: String,
    like: Option<String>,
    scope: Vec<String>,
    starts_with: Option<String>,
    limit: Option<usize>,
    from: Option<String>,
}

/// Answers it.
pub fn answer(type_id: u32, text: &str) -> Result<Finished, Failed> {
    let asked = read(text).ok_or_else(syntax)?;
    if asked.limit.is_some_and(|limit| limit > LONGEST) {
        return Err(Failed::new(
            "001003",
            "42000",
            "SQL compilation error:\nLIMIT may not exceed 10000",
        ));
    }
    let has_limit = asked.kind != "COLUMNS";
    if asked.limit.is_some() && !has_limit {
        return Err(syntax());
    }
    // One more than is listed shows that there are more.
    let rows = walk(&asked, asked.limit.unwrap_or(LONGEST + 1));
    let is_cut = ["COLUMNS", "OBJECTS"].contains(&asked.kind.as_str());
    if rows.len() > LONGEST && !is_cut {
        let message = "The result set size exceeded the max number of rows(10000) supported for SHOW statements. \
                       Use LIMIT option to limit result set to a smaller number.";
        return Err(Failed::new("090153", "22000", message));
    }
    let count = rows.len().min(LONGEST);
    let columns = [
        "created_on",
        "name",
        "database_name",
        "schema_name",
        "table_name",
        "column_name",
        "kind",
        "comment",
    ];
    let table = columns.iter().enumerate().map(|(place, name)| {
        let cells = rows[..count].iter().map(|row| Some(row[place].clone()));
        Column::text(name, cells.collect())
    });
    let mut finished = replies::in_json(type_id, Table(table.collect()));
    (finished.results.inline, finished.results.chunk) = (500, 3_000);
    Ok(finished)
}

fn syntax() -> Failed {
    Failed::new(
        "001003",
        "42000",
        "SQL compilation error:\nsyntax error in a SHOW",
    )
}

fn walk(asked: &Asked, most: usize) -> Vec<[String; 8]> {
    let mut rows = Vec::new();
    let narrowed =
        |place: usize, name: &str| asked.scope.get(place).is_none_or(|wanted| wanted == name);
    let wanted = |name: &str| {
        asked
            .like
            .as_deref()
            .is_none_or(|pattern| is_like(name, pattern))
            && asked
                .starts_with
                .as_deref()
                .is_none_or(|start| name.starts_with(start))
            && asked.from.as_deref().is_none_or(|from| name > from)
    };
    let row = |parts: [&str; 4], kind: &str| {
        let [database, schema, table, column] = parts;
        let name = parts
            .into_iter()
            .rev()
            .find(|part| !part.is_empty())
            .unwrap_or_default();
        let all = [
            "2026-01-01 00:00:00",
            name,
            database,
            schema,
            table,
            column,
            kind,
            "",
        ];
        all.map(str::to_owned)
    };
    // The few names that columns have are compared once each.
    let mut known = std::collections::HashMap::new();
    for (database, schemas) in all().iter().filter(|(name, _)| narrowed(0, name)) {
        if asked.kind == "DATABASES" {
            if wanted(database) {
                rows.push(row([database, "", "", ""], "STANDARD"));
            }
            continue;
        }
        for (schema, tables) in schemas.iter().filter(|(name, _)| narrowed(1, name)) {
            if rows.len() >= most {
                rows.truncate(most);
                return rows;
            }
            if asked.kind == "SCHEMAS" {
                if wanted(schema) {
                    rows.push(row([database, schema, "", ""], ""));
                }
                continue;
            }
            for table in tables {
                if ["TABLES", "OBJECTS"].contains(&asked.kind.as_str()) && wanted(&table.name) {
                    let mut row = row([database, schema, &table.name, ""], "TABLE");
                    row[4].clear();
                    rows.push(row);
                }
                if asked.kind == "COLUMNS" && narrowed(2, &table.name) {
                    let columns = table
                        .columns()
                        .filter(|name| *known.entry(*name).or_insert_with(|| wanted(name)));
                    rows.extend(
                        columns.map(|name| row([database, schema, &table.name, name], "COLUMN")),
                    );
                }
            }
        }
    }
    rows.truncate(most);
    rows
}

fn read(text: &str) -> Option<Asked> {
    let mut words = words(text)?.into_iter().skip(1).peekable();
    words.next_if(|word| word.is("TERSE"));
    let mut asked = Asked {
        kind: words.next()?.name()?,
        ..Asked::default()
    };
    while let Some(word) = words.next() {
        match word.name()?.as_str() {
            "LIKE" => asked.like = Some(words.next()?.text()?),
            "STARTS" => {
                words.next().filter(|word| word.is("WITH"))?;
                asked.starts_with = Some(words.next()?.text()?);
            }
            "LIMIT" => asked.limit = Some(words.next()?.name()?.parse().ok()?),
            "FROM" if asked.limit.is_some() => asked.from = Some(words.next()?.text()?),
            "IN" => {
                words.next_if(|word| {
                    ["ACCOUNT", "DATABASE", "SCHEMA", "TABLE", "VIEW"]
                        .iter()
                        .any(|kind| word.is(kind))
                });
                while let Some(word) = words.next_if(|word| !word.is_clause()) {
                    asked.scope.push(word.name()?);
                }
            }
            _ => return None,
        }
    }
    Some(asked)
}

/// A word or a name, in upper case or as its quotes have it; or a text.
enum Word {
    Plain(String),
    Quoted(String),
    Text(String),
}

impl Word {
    fn is(&self, wanted: &str) -> bool {
        matches!(self, Self::Plain(word) if word == wanted)
    }

    fn is_clause(&self) -> bool {
        ["LIKE", "STARTS", "LIMIT"].iter().any(|word| self.is(word))
    }

    fn name(self) -> Option<String> {
        match self {
            Self::Plain(name) | Self::Quoted(name) => Some(name),
            Self::Text(_) => None,
        }
    }

    fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

fn words(text: &str) -> Option<Vec<Word>> {
    let mut all = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            '\'' | '"' => {
                let mut inside = String::new();
                loop {
                    match rest.next()? {
                        '\\' if next == '\'' => inside.push(rest.next()?),
                        quote if quote == next && rest.next_if_eq(&next).is_none() => break,
                        other => inside.push(other),
                    }
                }
                all.push(if next == '"' {
                    Word::Quoted(inside)
                } else {
                    Word::Text(inside)
                });
            }
            '.' => {}
            space if space.is_whitespace() => {}
            first => {
                let mut word = first.to_string();
                while let Some(next) =
                    rest.next_if(|next| next.is_alphanumeric() || "_$".contains(*next))
                {
                    word.push(next);
                }
                all.push(Word::Plain(word.to_uppercase()));
            }
        }
    }
    Some(all)
}

/// LIKE without regard to case; the backslash makes `%` and `_` plain.
fn is_like(name: &str, pattern: &str) -> bool {
    let name: Vec<char> = name.to_uppercase().chars().collect();
    let pattern: Vec<char> = pattern.to_uppercase().chars().collect();
    fn from(name: &[char], pattern: &[char]) -> bool {
        match pattern {
            [] => name.is_empty(),
            ['%', rest @ ..] => (0..=name.len()).any(|start| from(&name[start..], rest)),
            ['_', rest @ ..] => !name.is_empty() && from(&name[1..], rest),
            ['\\', plain, rest @ ..] | [plain, rest @ ..] => {
                name.first() == Some(plain) && from(&name[1..], rest)
            }
        }
    }
    from(&name, &pattern)
}
