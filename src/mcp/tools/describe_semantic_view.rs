//! `describe_semantic_view`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::describe_table::run;
use super::semantic_view::{self, Item, SemanticView, refused};
use super::{CallContext, Failure, Reply, Tool, Toolset};
use crate::mcp::arguments::{self, DatabaseName, ObjectName, ResultFormat, SchemaName};
use crate::query::{Format, render};
use crate::sql::show::Show;
use crate::sql::{Identifier, QualifiedName, literal};
use crate::warehouse::SessionContext;

/// What a semantic view defines.
pub(super) struct DescribeSemanticView;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The semantic view, best as database.schema.name.
    view: ObjectName,
    /// The database, where the name is not written in full.
    database: Option<DatabaseName>,
    /// The schema, where the name is not written in full.
    schema: Option<SchemaName>,
    /// A metric, TABLE.NAME: adds which dimensions go with it.
    metric: Option<String>,
    /// none unless said otherwise; adds the text that makes the view.
    definition: Option<Definition>,
    /// Default: markdown.
    format: Option<ResultFormat>,
}

/// The forms in which a view's definition can be had.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum Definition {
    None,
    Sql,
    Yaml,
}

/// A semantic view, and what else was asked for.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SemanticViewOutput {
    #[serde(flatten)]
    model: SemanticView,
    /// The dimensions that go with the metric that was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    for_metric: Option<Vec<Fitting>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    definition: Option<String>,
    /// Why it is not here although it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_definition: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Fitting {
    dimension: String,
    /// Whether it must be asked for with the metric.
    required: bool,
}

impl Tool for DescribeSemanticView {
    const NAME: &'static str = "describe_semantic_view";
    const TITLE: &'static str = "Describe a semantic view";
    const DESCRIPTION: &'static str = "Shows the metrics, dimensions and facts of a semantic view with types and meanings, its tables, and questions answered before. \
         Call it before query_semantic_view.";
    const TOOLSET: Toolset = Toolset::Semantic;
    const IS_CACHEABLE: bool = true;
    type Arguments = Arguments;
    type Output = SemanticViewOutput;

    async fn call(arguments: Arguments, context: CallContext) -> Result<Reply, Failure> {
        let (name, session) =
            arguments::within(arguments.view, arguments.database, arguments.schema)?;
        let model = semantic_view::read(&context, &name, &session).await?;
        let fitting = async {
            match &arguments.metric {
                None => Ok(None),
                Some(metric) => {
                    let metric = model.find(metric).map_err(|problem| refused(&problem))?;
                    fitting(&context, &name, metric, &session).await.map(Some)
                }
            }
        };
        let definition = async {
            let function = match arguments.definition? {
                Definition::None => return None,
                Definition::Sql => format!("GET_DDL('SEMANTIC_VIEW', {}, TRUE)", quoted(&name)),
                Definition::Yaml => {
                    format!("SYSTEM$READ_YAML_FROM_SEMANTIC_VIEW({})", quoted(&name))
                }
            };
            let table = run(&context, format!("SELECT {function}"), &session).await;
            // A caller who may not read the definition still sees the rest.
            Some(match table {
                Ok(table) => Ok(table.first_value().unwrap_or_default().to_owned()),
                Err(error) => Err(Failure::from(error).message),
            })
        };
        // Both at once, since each is a round trip.
        let (fitting, definition) = futures::join!(fitting, definition);
        let (definition, no_definition) = match definition {
            None => (None, None),
            Some(Ok(text)) => (Some(text), None),
            Some(Err(why)) => (None, Some(why)),
        };
        let output = SemanticViewOutput {
            for_metric: fitting?,
            definition,
            no_definition,
            model,
        };
        let form = context.form(arguments.format.map(Into::into));
        let model = &output.model;
        let count = (model.metrics.len() + model.dimensions.len() + model.facts.len()) as u64;
        let query_id = Some(model.query_id.clone());
        let (text, closing) = (in_words(&output, form.format), closing(&output));
        Ok(Reply::new(form, text, closing, &output, count, query_id))
    }
}

/// A view's name in a text, as functions take it.
fn quoted(name: &QualifiedName) -> String {
    literal(&name.quoted())
}

/// The dimensions that go with a metric.
async fn fitting(
    context: &CallContext,
    view: &QualifiedName,
    metric: &Item,
    session: &SessionContext,
) -> Result<Vec<Fitting>, Failure> {
    let sql = format!(
        "SHOW SEMANTIC DIMENSIONS IN {} FOR METRIC {} LIMIT {}",
        view.quoted(),
        metric.path.quoted(),
        Show::LONGEST
    );
    let shown = run(context, sql, session).await?;
    let exact = |name: &str| Identifier::exact(name).ok();
    let dimensions = shown.rows().filter_map(|row| {
        let path = QualifiedName {
            database: None,
            schema: row.get("table_name").and_then(exact),
            object: exact(row.get("name")?)?,
        };
        Some(Fitting {
            dimension: path.to_string(),
            required: row.get("required") == Some("true"),
        })
    });
    Ok(dimensions.collect())
}

/// Three short tables, and what else there is to know.
fn in_words(output: &SemanticViewOutput, format: Format) -> String {
    let model = &output.model;
    let mut parts = vec![format!("Semantic view {}", model.view)];
    parts.extend(model.comment.clone());
    if let Some(instructions) = &model.instructions {
        parts.push(format!("How its owner wants it used: {instructions}"));
    }
    for (title, items) in [
        ("Metrics", &model.metrics),
        ("Dimensions", &model.dimensions),
        ("Facts", &model.facts),
    ] {
        if !items.is_empty() {
            parts.push(format!("\n{title}:\n{}", table(items, format).trim_end()));
        }
    }
    if let Some(fitting) = &output.for_metric {
        let names: Vec<_> = fitting
            .iter()
            .map(|it| match it.required {
                true => format!("{} (required)", it.dimension),
                false => it.dimension.clone(),
            })
            .collect();
        parts.push(match names.is_empty() {
            true => "\nNo dimension goes with the metric.".to_owned(),
            false => format!("\nDimensions that go with the metric: {}", names.join(", ")),
        });
    }
    if !model.tables.is_empty() {
        parts.push("\nTables:".to_owned());
        parts.extend(model.tables.iter().map(|it| it.in_words()));
    }
    if !model.relationships.is_empty() {
        parts.push("\nJoined already:".to_owned());
        parts.extend(model.relationships.iter().map(|it| it.in_words()));
    }
    for query in &model.verified_queries {
        parts.push(format!(
            "\nAnswered before: {}\n{}",
            query.question, query.sql
        ));
    }
    if let Some(definition) = &output.definition {
        parts.push(format!("\nDefinition:\n```\n{definition}\n```"));
    }
    parts.push(String::new());
    parts.join("\n")
}

fn table(items: &[Item], format: Format) -> String {
    let meanings: Vec<String> = items.iter().map(Item::meaning).collect();
    let rows = items.iter().zip(&meanings).map(|(item, meaning)| {
        vec![
            Some(&*item.name),
            Some(&*item.r#type),
            Some(meaning.as_str()),
        ]
    });
    render::table(format, &["name", "type", "meaning"], rows)
}

fn closing(output: &SemanticViewOutput) -> String {
    let model = &output.model;
    let some = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    };
    let mut text = format!(
        "{}, {}, {}.",
        some(model.metrics.len(), "metric"),
        some(model.dimensions.len(), "dimension"),
        some(model.facts.len(), "fact")
    );
    if model.is_cut {
        text.push_str(" There are more: the description is longer than this server reads.");
    }
    if let Some(why) = &output.no_definition {
        text.push_str(&format!(" The definition could not be read: {why}"));
    }
    text
}
