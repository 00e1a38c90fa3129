//! Converts the arguments of a call, as agents send them, to what the tool's input schema asks for.
//!
//! Models and the programs around them write null, an empty text or 0 for what they leave out, numbers and lists as texts, and
//! add fields of their own. All of that is handled here, before the tool's own types are read.
//! Nothing is guessed: a misspelt argument of ours is refused with the name it should have, see [`super::names`].

use rmcp::model::JsonObject;
use serde_json::{Number, Value};

use super::json_text::{self, MAX_VALUES};
use super::names::{self, Meant};
use crate::mcp::failure::{Code, Failure};

/// Most fields in a call. No tool has more than a dozen; programs around models add a few.
const MAX_FIELDS: usize = 64;

/// Fields that an answer names.
const MAX_NAMED: usize = 8;

/// The arguments of a call, ready for the tool's types.
#[derive(Debug)]
pub(in crate::mcp) struct Arguments {
    /// The tool's own arguments.
    pub(in crate::mcp) known: JsonObject,
    /// A sentence about fields that are not the tool's, if there were any.
    pub(in crate::mcp) note: Option<String>,
}

/// Reads the arguments of a call against the tool's input schema.
///
/// # Errors
///
/// An argument is missing, misspelt, or a list that could not be read.
pub(in crate::mcp) fn read(
    tool: &str,
    schema: &JsonObject,
    given: JsonObject,
) -> Result<Arguments, Failure> {
    let empty = JsonObject::new();
    let properties = schema
        .get("properties")
        .and_then(Value::as_object)
        .unwrap_or(&empty);
    let required = schema.get("required").and_then(Value::as_array);
    let required: Vec<&str> = required
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let takes = || takes(tool, properties, &required);
    // Before anything else: below, every unknown field is compared with the names of all arguments.
    if given.len() > MAX_FIELDS {
        let message = format!(
            "the call has {} arguments; at most {MAX_FIELDS} are read",
            given.len()
        );
        return Err(Failure::new(Code::InvalidArgument, message, takes()));
    }
    let (ours, others): (Vec<_>, Vec<_>) = given
        .into_iter()
        // A field of the right name is always that argument, even if it looks like a misspelling of
        // another.
        .partition(|(name, _)| properties.contains_key(name));
    let mut known = JsonObject::new();
    for (name, value) in ours {
        let is_required = required.contains(&name.as_str());
        let property = Property::of(properties.get(&name).unwrap_or(&Value::Null));
        let read = property.read(&name, value, is_required);
        let read = read.map_err(|problem| {
            let message = format!("argument {name}: {problem}");
            Failure::new(Code::InvalidArgument, message, takes())
        })?;
        if let Some(value) = read {
            known.insert(name, value);
        }
    }
    // After the arguments: what an unknown field means depends on which arguments the call already has.
    let (mut misspelt, foreign) = unknown(tool, &others, properties, &known);
    if !misspelt.is_empty() {
        // Several at once, so that the model can correct all of them in its next call.
        misspelt.truncate(MAX_NAMED);
        let message = misspelt.join("; ");
        return Err(Failure::new(Code::InvalidArgument, message, takes()));
    }
    if let Some(missing) = required.iter().find(|name| !known.contains_key(**name)) {
        let mut message = format!("the argument `{missing}` is missing");
        if !foreign.is_empty() {
            // One of them may be the missing argument under another name.
            message.push_str("; not arguments of this tool: ");
            message.push_str(&listed(&foreign));
        }
        return Err(Failure::new(Code::InvalidArgument, message, takes()));
    }
    let note = (!foreign.is_empty()).then(|| {
        format!(
            "Ignored, because this tool has no such arguments: {}.",
            listed(&foreign)
        )
    });
    Ok(Arguments { known, note })
}

/// Fields that are no argument of the tool: what is to be said of those that were meant as one, and the names of the others.
fn unknown(
    tool: &str,
    others: &[(String, Value)],
    properties: &JsonObject,
    known: &JsonObject,
) -> (Vec<String>, Vec<String>) {
    let mut misspelt = Vec::new();
    let mut foreign = Vec::new();
    for (name, value) in others {
        let meant = names::meant(name, properties, known);
        // An empty field of any name changes nothing, so it is no reason to refuse.
        match meant.filter(|_| !is_nothing(value)) {
            Some(Meant::Ours(right)) => {
                let name = names::shown(name);
                misspelt.push(format!(
                    "argument {name}: {tool} has none of this name; did you mean {right}?"
                ));
            }
            Some(Meant::OfOtherTools) => {
                let name = names::shown(name);
                misspelt.push(format!("argument {name}: {tool} does not take it"));
            }
            None => foreign.push(names::shown(name)),
        }
    }
    (misspelt, foreign)
}

/// The arguments of a tool, in one sentence.
fn takes(tool: &str, properties: &JsonObject, required: &[&str]) -> String {
    let (mut names, optional): (Vec<&str>, Vec<&str>) = properties
        .keys()
        .map(String::as_str)
        .partition(|name| required.contains(name));
    if names.is_empty() && optional.is_empty() {
        return format!("{tool} takes no arguments");
    }
    names.extend(optional);
    format!("{tool} takes {}", names.join(", "))
}

fn listed(names: &[String]) -> String {
    let (first, rest) = names.split_at(names.len().min(MAX_NAMED));
    match rest.len() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// Whether a value is one that programs send for "none".
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether a text means null. Not for arguments that take any text: it may be meant.
fn says_nothing(text: &str) -> bool {
    ["null", "none", "undefined"]
        .iter()
        .any(|word| word.eq_ignore_ascii_case(text.trim()))
}

/// What an input schema says of one argument.
#[derive(Debug, Default)]
struct Property<'s> {
    types: Vec<&'s str>,
    words: Vec<&'s str>,
    takes_zero: bool,
    holds_texts: bool,
    holds_objects: bool,
}

impl<'s> Property<'s> {
    fn of(schema: &'s Value) -> Self {
        let mut property = Self::default();
        property.add(schema);
        property
    }

    fn add(&mut self, schema: &'s Value) {
        match schema.get("type") {
            Some(Value::String(name)) => self.types.push(name),
            Some(Value::Array(names)) => {
                self.types.extend(names.iter().filter_map(Value::as_str));
            }
            _ => {}
        }
        let words = schema.get("enum").and_then(Value::as_array);
        self.words
            .extend(words.into_iter().flatten().filter_map(Value::as_str));
        // Where 0 is allowed it is a value; elsewhere clients mean "not given" by it.
        let minimum = schema.get("minimum").and_then(Value::as_f64);
        self.takes_zero |= minimum.is_some_and(|minimum| minimum <= 0.0);
        let items = schema.get("items");
        self.holds_texts |= items.is_some_and(holds_names);
        self.holds_objects |=
            items.is_some_and(|items| items.get("type").is_some_and(|it| it == "object"));
        // What is optional, or one of several types, has its types inside these.
        for choices in ["anyOf", "oneOf"] {
            let choices = schema.get(choices).and_then(Value::as_array);
            for choice in choices.into_iter().flatten() {
                self.add(choice);
            }
        }
    }

    fn is(&self, name: &str) -> bool {
        self.types.contains(&name)
    }

    fn is_number(&self) -> bool {
        self.is("integer") || self.is("number")
    }

    /// The value in the argument's type; `None` if it means that there is none. A value that cannot be read goes on
    /// unchanged: the argument's own type then says what it expects.
    fn read(&self, name: &str, value: Value, is_required: bool) -> Result<Option<Value>, String> {
        if value.is_null() {
            return Ok(None);
        }
        // Clients fill every field of a form, and so send an empty one for each optional argument.
        if is_nothing(&value) && (!is_required || self.is("string")) {
            return if is_required {
                Err("it is empty".to_owned())
            } else {
                Ok(None)
            };
        }
        let is_free = self.is("string") && self.words.is_empty();
        let value = match value {
            Value::String(text) if !is_required && !is_free && says_nothing(&text) => {
                return Ok(None);
            }
            Value::String(text) if !self.words.is_empty() => self.word(text),
            // A free text may look like anything: a statement that begins with a bracket is no
            // list.
            Value::String(text) if is_free => Value::String(text),
            Value::String(text) if self.is("array") => {
                Value::Array(json_text::list(&text, self.holds_texts)?)
            }
            Value::String(text) if self.is("object") => json_text::object(text)?,
            Value::String(text) => self.scalar(text),
            // One where a list of them is wanted.
            Value::Object(fields) if self.holds_objects => {
                Value::Array(vec![Value::Object(fields)])
            }
            other => other,
        };
        Ok(match value {
            Value::Number(number) => {
                let number = if self.is("integer") {
                    whole(number)
                } else {
                    number
                };
                let is_zero = number.as_f64() == Some(0.0);
                if is_zero && !is_required && !self.takes_zero && !self.is("boolean") {
                    return Ok(None);
                }
                // A statement is a text. A number cannot be meant, so it is not converted.
                let is_name = self.is("string") && !self.is_number() && name != "sql";
                Some(if is_name {
                    Value::String(whole(number).to_string())
                } else {
                    Value::Number(number)
                })
            }
            Value::Array(items) if items.len() > MAX_VALUES => {
                return Err(format!(
                    "the list has {} values; at most {MAX_VALUES} are read",
                    items.len()
                ));
            }
            // Only names may be left out. In a list of values null, "" and 0 are values.
            Value::Array(items) if self.holds_texts => {
                let items: Vec<Value> = items.into_iter().filter_map(text_of_item).collect();
                if items.is_empty() && !is_required {
                    return Ok(None);
                }
                Some(Value::Array(items))
            }
            other => Some(other),
        })
    }

    /// One of the words that the argument takes, in upper or lower case.
    fn word(&self, text: String) -> Value {
        let known = self
            .words
            .iter()
            .find(|word| word.eq_ignore_ascii_case(text.trim()));
        Value::String(known.map_or(text, |word| (*word).to_owned()))
    }

    /// A number or a truth value that was sent as a text. A text that is neither is returned as it is.
    fn scalar(&self, text: String) -> Value {
        let trimmed = text.trim();
        if self.is("boolean") {
            for (word, value) in [("true", true), ("false", false)] {
                if word.eq_ignore_ascii_case(trimmed) {
                    return Value::Bool(value);
                }
            }
        }
        if self.is_number() {
            // Whole numbers first: as a double, a large one would lose digits.
            if let Ok(number) = trimmed.parse::<i64>() {
                return Value::Number(number.into());
            }
            let number = trimmed.parse::<f64>().ok().and_then(Number::from_f64);
            if let Some(number) = number {
                return Value::Number(number);
            }
        }
        Value::String(text)
    }
}

/// Whether the items of a list are names, or objects with a name. Otherwise they are texts or numbers.
fn holds_names(items: &Value) -> bool {
    let choices = items.get("anyOf").and_then(Value::as_array);
    let is = |item: &Value, name: &str| item.get("type").is_some_and(|it| it == name);
    match choices.map(Vec::as_slice) {
        Some([first, second]) => is(first, "string") && is(second, "object"),
        _ => is(items, "string"),
    }
}

/// A name in a list; `None` for an item that means there is none.
fn text_of_item(item: Value) -> Option<Value> {
    match item {
        Value::Number(number) => Some(Value::String(number.to_string())),
        nothing if is_nothing(&nothing) => None,
        other => Some(other),
    }
}

/// Programs whose numbers are all floating point write 10.0 for 10.
fn whole(number: Number) -> Number {
    /// Up to here floating point holds every whole number exactly.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() <= EXACT => {
            #[expect(clippy::cast_possible_truncation, reason = "whole, and far inside i64")]
            let whole = float as i64;
            whole.into()
        }
        _ => number,
    }
}

#[cfg(test)]
mod tests;
