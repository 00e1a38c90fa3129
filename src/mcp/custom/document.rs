//! A YAML or JSON file as a value that knows the line and column of each of its parts, so that every problem is
//! reported with its place.

use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::Spanned;

use super::problem::Problem;

/// The longest file: more than anybody writes, and quickly read.
const MAX_BYTES: usize = 1 << 20;

/// Characters of a parser's message that are repeated.
const LONGEST: usize = 400;

/// A file that was parsed, and the mistakes found so far.
#[derive(Debug)]
pub(super) struct Document {
    file: String,
    /// The whole file as one value.
    pub(super) value: Value,
    places: HashMap<String, (u32, u32)>,
    /// The mistakes.
    pub(super) problems: Vec<Problem>,
}

impl Document {
    /// Parses a file's text.
    ///
    /// # Errors
    ///
    /// It is neither YAML nor JSON, or too long.
    pub(super) fn read(file: &str, text: &str) -> Result<Self, Problem> {
        let problem = |(line, column): (u32, u32), message: String| Problem {
            file: file.to_owned(),
            line,
            column,
            path: String::new(),
            message,
            is_warning: false,
        };
        // The place of every value is kept, which takes several times the memory of the text.
        if text.len() > MAX_BYTES {
            let message = format!(
                "the file has {} bytes; at most {MAX_BYTES} are read",
                text.len()
            );
            return Err(problem((0, 0), message));
        }
        let node: Node = serde_saphyr::from_str(text).map_err(|error| {
            let place = error.location();
            let place = place.map_or((0, 0), |it| (line(it.line()), line(it.column())));
            problem(place, shortened(&error.to_string()))
        })?;
        let mut places = HashMap::new();
        let value = node.placed(String::new(), &mut places);
        Ok(Self {
            file: file.to_owned(),
            value,
            places,
            problems: Vec::new(),
        })
    }

    /// Notes a mistake in the part at `path`.
    pub(super) fn problem(&mut self, path: &str, message: impl Into<String>) {
        self.note(path, message.into(), false);
    }

    /// Notes something that is allowed but looks wrong.
    pub(super) fn warning(&mut self, path: &str, message: impl Into<String>) {
        self.note(path, message.into(), true);
    }

    fn note(&mut self, path: &str, message: String, is_warning: bool) {
        let (line, column) = self.place(path);
        self.problems.push(Problem {
            file: self.file.clone(),
            line,
            column,
            path: path.to_owned(),
            message,
            is_warning,
        });
    }

    /// The line and column of a part. A missing part has those of what should contain it.
    fn place(&self, path: &str) -> (u32, u32) {
        let mut path = path;
        loop {
            if let Some(place) = self.places.get(path) {
                return *place;
            }
            match path.rfind(['.', '[']) {
                Some(at) => path = path.get(..at).unwrap_or_default(),
                None => return self.places.get("").copied().unwrap_or_default(),
            }
        }
    }

    /// The items of a list, each with its path. A value that is not a list is noted as a mistake.
    pub(super) fn items(&mut self, name: &str) -> Vec<(String, Value)> {
        match self.value.get(name) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(items)) => items
                .iter()
                .enumerate()
                .map(|(at, item)| (format!("{name}[{at}]"), item.clone()))
                .collect(),
            Some(_) => {
                self.problem(name, "expected a list");
                Vec::new()
            }
        }
    }

    /// A part, read as a type. If it does not fit, that is noted.
    pub(super) fn part<T: DeserializeOwned>(&mut self, path: &str, value: Value) -> Option<T> {
        match serde_path_to_error::deserialize::<_, T>(value) {
            Ok(part) => Some(part),
            Err(error) => {
                let inside = error.path().to_string();
                let path = match inside.as_str() {
                    "." => path.to_owned(),
                    inside => format!("{path}.{inside}"),
                };
                let message = shortened(&error.into_inner().to_string());
                self.problem(&path, message);
                None
            }
        }
    }
}

fn line(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The parser's message repeats the value that it could not read, however long it is.
fn shortened(text: &str) -> String {
    let first = text.lines().next().unwrap_or_default();
    first.chars().take(LONGEST).collect()
}

/// A part of a file and its position.
struct Node(Spanned<Part>);

enum Part {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    fn placed(self, path: String, places: &mut HashMap<String, (u32, u32)>) -> Value {
        let at = self.0.referenced;
        places.insert(path.clone(), (line(at.line()), line(at.column())));
        match self.0.value {
            Part::Null => Value::Null,
            Part::Bool(value) => Value::Bool(value),
            Part::Number(number) => Value::Number(number),
            Part::Text(text) => Value::String(text),
            Part::List(items) => Value::Array(
                items
                    .into_iter()
                    .enumerate()
                    .map(|(at, item)| item.placed(format!("{path}[{at}]"), places))
                    .collect(),
            ),
            Part::Map(fields) => {
                let mut map = Map::new();
                for (name, field) in fields {
                    let path = match path.as_str() {
                        "" => name.clone(),
                        path => format!("{path}.{name}"),
                    };
                    map.insert(name, field.placed(path, places));
                }
                Value::Object(map)
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::deserialize(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyPart)
    }
}

struct AnyPart;

impl<'de> Visitor<'de> for AnyPart {
    type Value = Part;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, a list or a map")
    }

    fn visit_unit<E>(self) -> Result<Part, E> {
        Ok(Part::Null)
    }

    fn visit_none<E>(self) -> Result<Part, E> {
        Ok(Part::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Part, D::Error> {
        Part::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Part, E> {
        Ok(Part::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Part, E> {
        Ok(Part::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Part, E> {
        Ok(Part::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Part, E> {
        // JSON has no infinity and no NaN.
        Ok(Number::from_f64(value).map_or_else(|| Part::Text(value.to_string()), Part::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Part, E> {
        Ok(Part::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Part, E> {
        Ok(Part::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Part, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Part::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Part, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = access.next_entry()? {
            fields.push(field);
        }
        Ok(Part::Map(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_found_at_its_place() {
        let text = "version: 1\ntools:\n  - name: a\n    parameters:\n      - {name: x, type: integer, default: 1.5}\n  - name: b\n";
        let mut document = Document::read("tools.yaml", text).unwrap();
        assert_eq!(document.value["tools"][0]["parameters"][0]["default"], 1.5);
        let items = document.items("tools");
        assert_eq!((items.len(), items[1].0.as_str()), (2, "tools[1]"));
        document.problem("tools[0].parameters[0].default", "expected a whole number");
        document.problem("tools[1].description", "is missing");
        let told: Vec<_> = document.problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            told[0],
            "tools.yaml:5:43: tools[0].parameters[0].default: expected a whole number"
        );
        // What is missing is told where its tool stands.
        assert!(told[1].starts_with("tools.yaml:6:"), "{told:?}");
    }

    #[test]
    fn what_is_no_document_says_where() {
        let broken = Document::read("tools.yaml", "tools: [\n  {a: 1\n").unwrap_err();
        assert!(broken.line >= 2, "{broken}");
        let long = "#".repeat(MAX_BYTES + 1);
        assert!(
            Document::read("tools.yaml", &long)
                .unwrap_err()
                .message
                .contains("bytes")
        );
        let twice = Document::read("tools.yaml", "a: 1\na: 2\n");
        assert!(twice.is_err(), "a key twice");
        let json = Document::read("tools.json", r#"{"version": 1, "tools": null}"#).unwrap();
        assert_eq!(json.value["version"], 1);
    }
}
