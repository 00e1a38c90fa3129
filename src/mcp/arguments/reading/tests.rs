use serde_json::{Value, json};

use super::*;

fn schema() -> JsonObject {
    let schema = json!({
        "type": "object",
        "properties": {
            "sql": {"type": "string"},
            "parameters": {"type": "array", "items": {"type": ["string", "number", "boolean", "null"]}},
            "columns": {"type": "array", "items": {"type": "string"}},
            "database": {"type": ["string", "null"]},
            "limit": {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]},
            "wait_seconds": {"type": "integer", "minimum": 0},
            "format": {"type": "string", "enum": ["markdown", "csv", "json"]},
            "dry": {"type": "boolean"},
            "options": {"type": "object"},
        },
        "required": ["sql"],
    });
    match schema {
        Value::Object(schema) => schema,
        _ => JsonObject::new(),
    }
}

/// What is read of some arguments beside a statement.
fn read_of(arguments: Value) -> Result<(Value, Option<String>), Failure> {
    let mut given = arguments.as_object().unwrap().clone();
    given.entry("sql").or_insert_with(|| json!("SELECT 1"));
    let Arguments { mut known, note } = read("run", &schema(), given)?;
    known.remove("sql");
    Ok((Value::Object(known), note))
}

fn known(arguments: Value) -> Value {
    let (known, note) = read_of(arguments).unwrap();
    assert_eq!(note, None);
    known
}

fn refused(arguments: Value) -> String {
    let failure = read_of(arguments).unwrap_err();
    assert_eq!(failure.code, Code::InvalidArgument);
    assert!(failure.hint.starts_with("run takes sql, "), "{failure:?}");
    failure.message
}

#[test]
fn what_says_that_there_is_nothing_is_left_out() {
    for nothing in [json!(null), json!(""), json!("  ")] {
        for name in [
            "parameters",
            "columns",
            "database",
            "limit",
            "wait_seconds",
            "format",
            "dry",
        ] {
            assert_eq!(known(json!({ name: nothing })), json!({}), "{name}");
        }
    }
    for name in ["limit", "database", "columns", "format"] {
        assert_eq!(known(json!({ name: 0 })), json!({}), "{name}");
        assert_eq!(known(json!({ name: {} })), json!({}), "{name}");
    }
    for zero in [json!("0"), json!(0.0), json!("null"), json!("None")] {
        assert_eq!(known(json!({ "limit": zero })), json!({}), "{zero}");
    }
    assert_eq!(known(json!({"columns": ["", null]})), json!({}));
    // Where 0 means something it is kept, and a name may be any word.
    assert_eq!(
        known(json!({"wait_seconds": "0"})),
        json!({"wait_seconds": 0})
    );
    assert_eq!(known(json!({"dry": false})), json!({"dry": false}));
    assert_eq!(
        known(json!({"database": "null"})),
        json!({"database": "null"})
    );
}

#[test]
fn what_was_sent_as_a_text_is_what_the_text_says() {
    for (given, expected) in [
        (json!({"limit": "10"}), json!({"limit": 10})),
        (json!({"limit": " 10.0 "}), json!({"limit": 10})),
        (json!({"limit": 1e3}), json!({"limit": 1000})),
        (json!({"dry": "True"}), json!({"dry": true})),
        (json!({"format": " JSON"}), json!({"format": "json"})),
        (json!({"database": 2024}), json!({"database": "2024"})),
        (json!({"database": 2024.0}), json!({"database": "2024"})),
        (
            json!({"columns": "[\"A\", 1]"}),
            json!({"columns": ["A", "1"]}),
        ),
        (
            json!({"columns": "A, \"b,c\""}),
            json!({"columns": ["A", "\"b,c\""]}),
        ),
        (
            json!({"columns": "['A','B']"}),
            json!({"columns": ["'A'", "'B'"]}),
        ),
        (json!({"columns": "A"}), json!({"columns": ["A"]})),
        (
            json!({"options": "{\"a\": 1}"}),
            json!({"options": {"a": 1}}),
        ),
    ] {
        assert_eq!(known(given.clone()), expected, "{given}");
    }
    // What cannot be read stays for the argument's own type to refuse.
    for kept in [
        json!({"limit": "ten"}),
        json!({"limit": -1}),
        json!({"format": "xml"}),
        json!({"dry": "maybe"}),
    ] {
        assert_eq!(known(kept.clone()), kept);
    }
}

#[test]
fn values_for_placeholders_stay_what_they_are() {
    let values = json!({"parameters": [null, "", 0, "10", 1.0, false, "null", "[1]"]});
    assert_eq!(known(values.clone()), values);
    let as_text = json!({"parameters": values["parameters"].to_string()});
    assert_eq!(known(as_text), values);
    for broken in ["5", "A", "{\"a\": 1}", "[1, 2", "['A']", "[1,]"] {
        let message = refused(json!({ "parameters": broken }));
        assert!(message.starts_with("argument parameters: "), "{message}");
    }
}

#[test]
fn a_text_is_measured_before_anything_is_built_from_it() {
    let long = format!("[\"{}\"]", "x".repeat(300_000));
    assert!(refused(json!({"parameters": long})).contains("bytes"));
    let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    assert!(refused(json!({"parameters": deep})).contains("too deep"));
    let many = format!("[{}1]", "1,".repeat(MAX_VALUES));
    assert!(refused(json!({"parameters": many})).contains("more than"));
    let many: Vec<u8> = vec![1; MAX_VALUES + 1];
    assert!(refused(json!({"parameters": many})).contains("at most"));
    // Brackets in a text are none.
    let quoted = json!({"parameters": "[\"[[[[[[{{{{\\\"[[\"]"});
    assert_eq!(known(quoted), json!({"parameters": ["[[[[[[{{{{\"[["]}));
    let many: JsonObject = (0..100).map(|n| (format!("x{n}"), json!(1))).collect();
    assert!(refused(Value::Object(many)).contains("100 arguments") || MAX_FIELDS < 100);
}

#[test]
fn a_required_argument_is_named_when_it_is_missing_or_empty() {
    assert_eq!(refused(json!({"sql": ""})), "argument sql: it is empty");
    assert_eq!(
        refused(json!({"sql": null})),
        "the argument `sql` is missing"
    );
    let with_others = json!({"sql": null, "chatInput": "x"});
    assert_eq!(
        refused(with_others),
        "the argument `sql` is missing; not arguments of this tool: chatInput"
    );
    // A statement is a text and nothing else.
    let number = read(
        "run",
        &schema(),
        json!({"sql": 5}).as_object().unwrap().clone(),
    )
    .unwrap();
    assert_eq!(number.known["sql"], 5);
}

#[test]
fn a_misspelt_argument_is_refused_with_the_right_name() {
    for (given, right) in [
        ("formt", "format"),
        ("output_format", "format"),
        ("maxRows", "limit"),
        ("max_rows", "limit"),
        ("limits", "limit"),
        ("db", "database"),
        ("databaseName", "database"),
        ("DATABASE", "database"),
        ("waitSeconds", "wait_seconds"),
        ("params", "parameters"),
        ("paramters", "parameters"),
        ("column_names", "columns"),
    ] {
        let message = refused(json!({ given: 1 }));
        assert_eq!(
            message,
            format!("argument {given}: run has none of this name; did you mean {right}?")
        );
    }
    for given in ["query", "statement", "sql_query", "code"] {
        let message = refused(json!({ given: "SELECT 1", "sql": null }));
        assert!(message.ends_with("did you mean sql?"), "{message}");
    }
    for given in ["cursor", "role", "timeoutSeconds", "table_name"] {
        let message = refused(json!({ given: "x" }));
        assert_eq!(message, format!("argument {given}: run does not take it"));
    }
    // One that says nothing changes nothing.
    let (known, note) = read_of(json!({"maxRows": null})).unwrap();
    assert_eq!(known, json!({}));
    assert!(note.unwrap().contains("maxRows"));
}

#[test]
fn fields_of_others_are_passed_over_and_named_once() {
    for foreign in [
        "toolCallId",
        "sessionId",
        "chatInput",
        "action",
        "random_string",
        "task_progress",
        "_meta",
        "requestId",
        "tool",
        "thought",
        "reasoning",
        "explanation",
        "session_id",
        "user_id",
        "metadata",
        "source",
        "model",
        "language",
        "mode",
        "type",
        "task",
        "title",
        "id",
        "code",
        "name",
        "text",
        "security_risk",
        "intent",
    ] {
        let (known, note) = read_of(json!({ foreign: "x", "limit": 1 })).unwrap();
        assert_eq!(known, json!({"limit": 1}));
        assert_eq!(
            note.unwrap(),
            format!("Ignored, because this tool has no such arguments: {foreign}.")
        );
    }
    let mut many: JsonObject = (0..20).map(|n| (format!("x{n:02}"), json!(1))).collect();
    many.insert(format!("<b>\n{}", "é".repeat(500)), json!(1));
    let (_, note) = read_of(Value::Object(many)).unwrap();
    let note = note.unwrap();
    assert!(
        note.contains("?b??éé") && note.ends_with("… and 13 more.")
            || note.ends_with("and 13 more."),
        "{note}"
    );
    assert!(note.len() < 400 && !note.contains('\n'), "{note}");
}
