//! The JSON Schemas of what tools take and give, as clients' many dialects can read them.

use rmcp::model::JsonObject;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::reply::AGE;
use crate::mcp::failure::Failure;

/// What a tool takes.
pub(super) fn input_schema<A: JsonSchema>() -> JsonObject {
    let mut schema = schema_of::<A>(&SchemaSettings::draft2020_12().for_deserialize());
    // Some clients insist on the field `properties`, even if a tool has no arguments.
    schema.entry("properties").or_insert_with(|| json!({}));
    // Clients' converters accept only types, words and descriptions. Other checks are made here, when a call is read.
    for (name, _) in LEFT_OUT {
        schema.remove(*name);
    }
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(plain);
    }
    schema
}

/// Keywords that are left out of input schemas, and which clients fail on them.
const LEFT_OUT: &[(&str, &str)] = &[
    ("additionalProperties", "google-genai's converter"),
    ("default", "OpenAI's strict mode"),
];

fn plain(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            for (name, _) in LEFT_OUT {
                object.remove(*name);
            }
            object.values_mut().for_each(plain);
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        _ => {}
    }
}

/// The tool's own output or a failure: some clients check failed results against the schema too.
pub(super) fn output_schema<O: JsonSchema>(is_cacheable: bool) -> JsonObject {
    // Fields that may be left out are not required.
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = JsonObject::new();
    let mut output = schema_of::<O>(&settings);
    if is_cacheable && let Some(Value::Object(properties)) = output.get_mut("properties") {
        properties.insert(AGE.into(), json!({ "type": "integer", "description": "Milliseconds since the warehouse gave this answer; only when it was kept in memory." }));
    }
    schema.insert("type".into(), json!("object"));
    schema.insert(
        "anyOf".into(),
        json!([output, schema_of::<Failure>(&settings)]),
    );
    schema
}

fn schema_of<T: JsonSchema>(settings: &SchemaSettings) -> JsonObject {
    let mut generator = settings
        .clone()
        .with(|settings| {
            // Several clients do not follow `$ref`.
            settings.inline_subschemas = true;
            settings.meta_schema = None;
        })
        .into_generator();
    let schema = generator.root_schema_for::<T>();
    let mut value = schema.to_value();
    strip(&mut value);
    match value {
        Value::Object(mut object) => {
            object.remove("title");
            object
        }
        _ => JsonObject::new(),
    }
}

/// Removes what only Rust cares about: number formats like `uint64`, which make TypeScript clients print warnings, and
/// empty descriptions. Rewrites what some clients' dialects of JSON Schema cannot say: `true` for any value, and a second
/// type `null` for what may as well be left out. The Inspector's `--strict` is the test.
fn strip(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if object
                .get("format")
                .is_some_and(|format| format.as_str().is_some_and(is_number_format))
            {
                object.remove("format");
            }
            if object.get("description").is_some_and(|text| text == "") {
                object.remove("description");
            }
            if let Some(items) = object.get_mut("items").filter(|items| **items == true) {
                *items = json!({});
            }
            let required = object.get("required").cloned().unwrap_or_default();
            let is_required = |name: &str| {
                required
                    .as_array()
                    .is_some_and(|all| all.iter().any(|one| one == name))
            };
            if let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) {
                for (name, property) in properties {
                    if !is_required(name) {
                        drop_null(property);
                    }
                }
            }
            // Inner schemas first, because the folding below looks at what they have become.
            object.values_mut().for_each(strip);
            fold_words(object);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

/// One of several words becomes an `enum`, a quarter as long: the codes of failures are in every tool's schema, and some
/// clients give schemas to their model.
fn fold_words(schema: &mut JsonObject) {
    let Some(Value::Array(choices)) = schema.get("oneOf") else {
        return;
    };
    let word = |choice: &Value| match choice.as_object()? {
        choice if choice.len() == 2 && choice.get("type")? == "string" => {
            choice.get("const").cloned()
        }
        _ => None,
    };
    if let Some(words) = choices.iter().map(word).collect::<Option<Vec<_>>>() {
        schema.remove("oneOf");
        schema.insert("type".into(), json!("string"));
        schema.insert("enum".into(), Value::Array(words));
    }
}

/// `["string", "null"]` becomes `"string"`, and its words lose `null`: Gemini takes words of one type only.
fn drop_null(schema: &mut Value) {
    if let Some(words) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        words.retain(|word| !word.is_null());
    }
    if let Some(choices) = schema.get_mut("anyOf").and_then(Value::as_array_mut) {
        choices.retain(|choice| choice.get("type").is_none_or(|name| name != "null"));
        if let [Value::Object(only)] = &choices[..] {
            let mut only = only.clone();
            if let Value::Object(object) = &mut *schema {
                object.remove("anyOf");
                // The description outside says more than the one of the type inside, so it wins.
                only.extend(std::mem::take(object));
                *object = only;
            }
        }
    }
    let Some(types) = schema.get_mut("type") else {
        return;
    };
    if let Some([one, null]) = types.as_array().map(Vec::as_slice)
        && null == "null"
    {
        *types = one.clone();
    }
}

fn is_number_format(format: &str) -> bool {
    let digits = format.trim_start_matches("uint").trim_start_matches("int");
    format == "double"
        || format == "float"
        || (digits != format && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_listed_and_other_choices_left_alone() {
        let mut schema = json!({"code": {"oneOf": [
            {"type": "string", "const": "one"}, {"type": "string", "const": "two", "description": ""},
        ]}});
        strip(&mut schema);
        let folded = json!({"code": {"type": "string", "enum": ["one", "two"]}});
        assert_eq!(schema, folded);
        let mut other = json!({"oneOf": [{"type": "string", "const": "one"}, {"type": "integer"}]});
        let before = other.clone();
        strip(&mut other);
        assert_eq!(other, before);
    }
}
