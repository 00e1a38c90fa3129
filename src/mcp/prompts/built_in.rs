//! This server's own prompts.

use super::{Argument, Offers, Prompt};

/// All of them.
#[must_use]
pub fn built_in() -> Vec<Prompt> {
    vec![
        prompt(
            "explore_database",
            "Explore a database",
            "What is in a database, and how its tables belong together.",
            vec![required("database", "The database.", Offers::Databases)],
            "Find out what is in the database {{database}} and tell me.\n\
             1. list_schemas and list_tables show its schemas and tables; a list that is cut ends in a cursor.\n\
             2. describe_table for the tables that look most important (at most eight): their columns, comments and foreign keys.\n\
             3. Tell me what the data is about, the main tables with one sentence each, how they are joined, and three questions \
             that it could answer. Name tables in full. Say what you did not look at.",
            &["list_schemas", "list_tables", "describe_table"],
        ),
        prompt(
            "profile_table",
            "Profile a table",
            "What the values of a table are like, and what looks wrong in them.",
            vec![
                required(
                    "table",
                    "The table, as database.schema.name.",
                    Offers::Tables,
                ),
                optional(
                    "columns",
                    "Only these columns, with commas between them.",
                    Offers::Columns,
                ),
            ],
            "Look at the values of {{table}}. Columns: {{columns}}; all of them where none are given.\n\
             1. describe_table for the columns, their types and comments.\n\
             2. profile_table for nulls, distinct values, extremes and frequent values.\n\
             3. Tell me what stands out: columns that are empty or constant, likely keys, values that contradict a column's name or \
             comment, dates that cannot be. Give numbers. Say whether they come from a sample.",
            &["describe_table", "profile_table"],
        ),
        prompt(
            "answer_question",
            "Answer a question",
            "Answers a question from the data, and shows how.",
            vec![
                required("question", "What you want to know.", Offers::Nothing),
                optional("database", "Where to look.", Offers::Databases),
            ],
            "Answer this question from the data: {{question}}\n\
             Database: {{database}}; find the right one where none is given.\n\
             1. search_objects for the nouns of the question, then describe_table for what you mean to use. Do not guess names.\n\
             2. execute_query with one statement that filters and aggregates; look at the answer's last line: is it whole?\n\
             3. Answer in a sentence or two, with the numbers, then show the SQL and say what you assumed. If the data cannot answer \
             it, say what is missing.",
            &["search_objects", "describe_table", "execute_query"],
        ),
        prompt(
            "explain_slow_query",
            "Explain a slow query",
            "Why a statement took long, and what would help.",
            vec![required(
                "query_id",
                "The query_id of the statement; query_history lists yours.",
                Offers::Nothing,
            )],
            "Find out why the statement {{query_id}} was slow.\n\
             1. query_profile with this query_id: waiting, compiling, the slowest steps, spilling, pruning, joins.\n\
             2. describe_table for the tables it reads, where a filter or a join may be wrong.\n\
             3. Tell me the cause with its numbers, then a better statement. Compare both with explain_query before you propose it; do \
             not run it.",
            &["query_profile", "describe_table", "explain_query"],
        ),
        prompt(
            "document_schema",
            "Document a schema",
            "A page about the tables of a schema for people who come new.",
            vec![required(
                "schema",
                "The schema, as database.schema.",
                Offers::Schemas,
            )],
            "Write a page about the schema {{schema}} for somebody who has never seen it.\n\
             1. list_tables and list_views for what there is.\n\
             2. describe_table for each of them (the twenty largest where there are more).\n\
             3. Write Markdown: a paragraph about the whole, a table of the tables with one sentence and the number of rows each, then \
             for each table its key, its joins, and the columns that need explaining. Use the comments; where you guess, say so.",
            &["list_tables", "list_views", "describe_table"],
        ),
        prompt(
            "review_query",
            "Review a query",
            "Whether a statement says what it should, and what it would cost.",
            vec![required("sql", "The statement.", Offers::Nothing)],
            "Review this statement; do not run it:\n\n{{sql}}\n\n\
             1. explain_query for its plan and what it would scan.\n\
             2. describe_table for its tables: types, keys, NULLs.\n\
             3. Tell me about mistakes first (joins that multiply rows, NULL in NOT IN, wrong types, time zones), then cost, then \
             style. Give a corrected statement where one is needed.",
            &["explain_query", "describe_table"],
        ),
    ]
}

fn prompt(
    name: &str,
    title: &str,
    description: &str,
    arguments: Vec<Argument>,
    text: &str,
    needs: &'static [&'static str],
) -> Prompt {
    Prompt {
        name: name.to_owned(),
        title: title.to_owned(),
        description: description.to_owned(),
        arguments,
        text: text.to_owned(),
        needs,
    }
}

fn required(name: &str, description: &str, offers: Offers) -> Argument {
    Argument {
        is_required: true,
        ..optional(name, description, offers)
    }
}

fn optional(name: &str, description: &str, offers: Offers) -> Argument {
    Argument {
        name: name.to_owned(),
        description: description.to_owned(),
        is_required: false,
        offers,
    }
}
