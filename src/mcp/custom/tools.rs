//! Reads the tools of a file, has the policy judge them, and makes them entries of the registry.

use std::sync::Arc;

use super::custom_tool::{CustomTool, Limits, call, description, schema};
use super::document::Document;
use super::format::ToolSpec;
use super::rules::Rules;
use super::statement::Runs;
use super::values::Declared;
use crate::config::types::{ByteSize, Span};
use crate::mcp::tools::Entry;
use crate::policy::Policy;
use crate::sql::{Class, Identifier, Piece, QualifiedName, Template};
use crate::warehouse::SessionContext;

/// More descriptions than a model reads well.
const MANY: usize = 50;

/// A shorter description tells a model nothing.
const SHORTEST: usize = 20;

/// Clients cut longer descriptions.
const LONGEST: usize = 2000;

/// Reads all tools. Mistakes are noted in the document; the tools without mistakes are returned.
pub(super) fn tools(document: &mut Document, rules: &Rules<'_>) -> Vec<Entry> {
    let items = document.items("tools");
    if items.len() > MANY {
        let message = format!(
            "{} tools: models choose badly if there are more than {MANY}",
            items.len()
        );
        document.warning("tools", message);
    }
    let mut names: Vec<String> = Vec::new();
    let mut entries = Vec::new();
    for (path, item) in items {
        let Some(spec) = document.part::<ToolSpec>(&path, item) else {
            continue;
        };
        if rules.taken.contains(&spec.name) {
            document.problem(
                &format!("{path}.name"),
                format!("{} is a tool of this server's own", spec.name),
            );
        } else if names.contains(&spec.name) {
            document.problem(
                &format!("{path}.name"),
                format!("there are two tools named {}", spec.name),
            );
        }
        // Also when it is wrong, so that a third tool of the name is reported too.
        names.push(spec.name.clone());
        // Parts report their problems to the document; the count tells whether this tool had any.
        let before = document.problems.iter().filter(|it| !it.is_warning).count();
        let entry = entry(document, &path, spec, rules);
        let after = document.problems.iter().filter(|it| !it.is_warning).count();
        entries.extend(entry.filter(|_| before == after));
    }
    entries
}

/// Whether all kinds of clients accept a name.
pub(super) fn is_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|c| c.is_ascii_lowercase())
        && letters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && name.len() <= 64
}

fn entry(document: &mut Document, path: &str, spec: ToolSpec, rules: &Rules<'_>) -> Option<Entry> {
    if !is_name(&spec.name) {
        let message = "expected small letters, digits and _, beginning with a letter, at most 64";
        document.problem(&format!("{path}.name"), message);
    }
    let letters = spec.description.chars().count();
    if letters < SHORTEST {
        let message =
            "say what the tool is for and when to use it: a model knows nothing else of it";
        document.warning(&format!("{path}.description"), message);
    } else if letters > LONGEST {
        let message = format!("some clients truncate descriptions at {LONGEST} characters");
        document.warning(&format!("{path}.description"), message);
    }
    let declared = parameters(document, path, &spec);
    let runs = runs(document, path, &spec, &declared);
    let session = session(document, path, &spec, rules.policy);
    let limits = limits(document, path, &spec);
    // Only now: each of the four has reported its own problems first.
    let (runs, session) = (runs?, session?);
    let class = judge(document, path, &runs, &declared, &session, rules)?;
    let is_read = class == Class::Read;
    // Clients run what is said to be read-only without asking the person.
    if spec.annotations.read_only == Some(true) && !is_read {
        let message = format!("the tool may do more than read: it runs {class}");
        document.problem(&format!("{path}.annotations.read_only"), message);
        return None;
    }
    let description = description(&spec, &declared, is_read);
    let reading = schema(&declared, Declared::reading_schema);
    let tool = Arc::new(CustomTool {
        runs,
        declared,
        session,
        limits,
    });
    Some(Entry::custom(
        description,
        reading,
        !is_read,
        move |arguments, context| call(Arc::clone(&tool), arguments, context),
    ))
}

fn parameters(document: &mut Document, path: &str, spec: &ToolSpec) -> Vec<Declared> {
    let mut declared: Vec<Declared> = Vec::new();
    for (at, parameter) in spec.parameters.iter().enumerate() {
        let path = format!("{path}.parameters[{at}]");
        let name = parameter.name.clone();
        let read = Declared::read(parameter.clone(), |field, message| {
            document.problem(&format!("{path}.{field}"), message)
        });
        if declared.iter().any(|other| other.name() == name) {
            document.problem(
                &format!("{path}.name"),
                format!("there are two parameters named {name}"),
            );
        }
        declared.push(read);
    }
    declared
}

/// The SQL that the tool runs, if the file names it without contradiction.
fn runs(
    document: &mut Document,
    path: &str,
    spec: &ToolSpec,
    declared: &[Declared],
) -> Option<Runs> {
    let named = |document: &mut Document, field: &str, text: &str| {
        let name = QualifiedName::parse(text, 3);
        let name =
            name.map_err(|error| document.problem(&format!("{path}.{field}"), error.to_string()));
        name.ok()
    };
    match (
        &spec.statement,
        &spec.function,
        &spec.table_function,
        &spec.procedure,
    ) {
        (Some(text), None, None, None) => statement(document, path, text, declared),
        (None, Some(name), None, None) => named(document, "function", name).map(Runs::Function),
        (None, None, Some(name), None) => {
            named(document, "table_function", name).map(Runs::TableFunction)
        }
        (None, None, None, Some(name)) => named(document, "procedure", name).map(Runs::Procedure),
        _ => {
            document.problem(
                path,
                "expected exactly one of statement, function, table_function and procedure",
            );
            None
        }
    }
}

fn statement(
    document: &mut Document,
    path: &str,
    text: &str,
    declared: &[Declared],
) -> Option<Runs> {
    let at = format!("{path}.statement");
    let template = match Template::parse(text) {
        Ok(template) => template,
        Err(error) => {
            document.problem(&at, error.to_string());
            return None;
        }
    };
    for piece in &template.pieces {
        let (name, is_object) = match piece {
            Piece::Text(_) => continue,
            Piece::Value { name, .. } => (name, false),
            Piece::Name(name) => (name, true),
        };
        let Some(found) = declared.iter().find(|it| it.name() == name) else {
            let names = declared.iter().map(Declared::name);
            let near = crate::sql::nearest(name, names, 1);
            let near = near
                .first()
                .map(|near| format!("; did you mean {near}?"))
                .unwrap_or_default();
            document.problem(
                &at,
                format!("{name} is not declared among the parameters{near}"),
            );
            continue;
        };
        if is_object {
            match found.object_names() {
                None => document.problem(
                    &at,
                    format!("{{{{{name}}}}} is the name of an object: the parameter needs enum"),
                ),
                Some(Err(problem)) => document.problem(&at, format!("{{{{{name}}}}}: {problem}")),
                Some(Ok(_)) => {}
            }
        }
    }
    for (number, parameter) in declared.iter().enumerate() {
        // A model would fill it in for nothing, and believe that it mattered.
        if !template.names().any(|name| name == parameter.name()) {
            let message = format!(
                "the statement does not use {}: write :{0} where its value belongs",
                parameter.name()
            );
            document.problem(&format!("{path}.parameters[{number}].name"), message);
        }
    }
    Some(Runs::Statement(template))
}

fn session(
    document: &mut Document,
    path: &str,
    spec: &ToolSpec,
    policy: &Policy,
) -> Option<SessionContext> {
    let mut is_right = true;
    let mut name = |field: &str, text: &Option<String>, admits: &dyn Fn(&Identifier) -> bool| {
        let text = text.as_ref()?;
        let problem = match text.parse::<Identifier>() {
            Ok(name) if admits(&name) => return Some(name),
            Ok(name) => format!("{name} is not allowed here"),
            Err(error) => error.to_string(),
        };
        is_right = false;
        document.problem(&format!("{path}.run_as.{field}"), problem);
        None
    };
    let session = SessionContext {
        role: name("role", &spec.run_as.role, &|role| policy.admits_role(role)),
        warehouse: name("warehouse", &spec.run_as.warehouse, &|it| {
            policy.admits_warehouse(it)
        }),
        ..SessionContext::default()
    };
    is_right.then_some(session)
}

/// The tool's own limits.
fn limits(document: &mut Document, path: &str, spec: &ToolSpec) -> Limits {
    let asked = &spec.limits;
    let timeout = measure::<Span>(
        document,
        path,
        "timeout",
        asked.timeout.as_deref(),
        "a time such as 30s",
    );
    let bytes = measure::<ByteSize>(
        document,
        path,
        "bytes",
        asked.bytes.as_deref(),
        "a size such as 64KiB",
    );
    for (field, is_nothing) in [
        ("rows", asked.rows == Some(0)),
        (
            "timeout",
            timeout.as_ref().is_some_and(|time| time.is_zero()),
        ),
        ("bytes", bytes.is_some_and(|bytes| bytes.as_usize() == 0)),
    ] {
        if is_nothing {
            let message = "0 would leave nothing of any answer: expected more, or no limit";
            document.problem(&format!("{path}.limits.{field}"), message);
        }
    }
    Limits {
        rows: asked.rows,
        bytes: bytes.map(ByteSize::as_usize),
        timeout: timeout.map(|time| *time),
    }
}

fn measure<T: std::str::FromStr>(
    document: &mut Document,
    path: &str,
    field: &str,
    text: Option<&str>,
    expected: &str,
) -> Option<T> {
    let read = text?.parse();
    if read.is_err() {
        document.problem(
            &format!("{path}.limits.{field}"),
            format!("expected {expected}"),
        );
    }
    read.ok()
}

/// Asks the policy about the tool when the file is read, before any call.
fn judge(
    document: &mut Document,
    path: &str,
    runs: &Runs,
    declared: &[Declared],
    session: &SessionContext,
    rules: &Rules<'_>,
) -> Option<Class> {
    let field = match runs {
        Runs::Statement(_) => "statement",
        Runs::Function(_) => "function",
        Runs::TableFunction(_) => "table_function",
        Runs::Procedure(_) => "procedure",
    };
    let mut class = Class::Read;
    for sql in runs.samples(declared) {
        match rules.class_of(&sql, session) {
            Ok(Class::Read) => {}
            // One sample that does more than read makes the whole tool do more.
            Ok(found) => class = found,
            Err(error) => {
                document.problem(&format!("{path}.{field}"), error);
                return None;
            }
        }
    }
    Some(class)
}
