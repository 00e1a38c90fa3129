//! Problems with the settings: all of them at once, by name, with what was expected, and never with the value.

use std::collections::BTreeMap;
use std::fmt;

/// One thing to correct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The variable as it was written (`PRODUCTION_SNOWFLAKE_ACCOUNT`), or the file.
    pub name: String,
    /// File and line, where it came from a file.
    pub place: Option<String>,
    /// Completes "expected …".
    pub expected: String,
    /// What to do, if that is not obvious.
    pub hint: Option<String>,
    /// A sentence in place of "expected …", from the room that cannot work with the setting.
    pub sentence: Option<String>,
}

/// All problems. As an error it is never empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems {
    problems: Vec<Problem>,
    warnings: Vec<String>,
}

impl Problem {
    /// A problem with a variable.
    pub fn new(name: impl Into<String>, expected: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            place: None,
            expected: expected.into(),
            hint: None,
            sentence: None,
        }
    }

    /// A problem that a room found, as a sentence that names the setting.
    pub fn of_room(name: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self {
            sentence: Some(sentence.into()),
            ..Self::new(name, "")
        }
    }

    /// The same with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with the place where it was found.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }
}

impl Problems {
    /// The exit code for bad settings: `EX_USAGE` of sysexits, so that a restart loop shows it is not a crash.
    pub const EXIT_CODE: u8 = 64;

    pub(super) fn push(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    pub(super) fn append(&mut self, mut more: Self) {
        self.problems.append(&mut more.problems);
        self.warnings.append(&mut more.warnings);
    }

    /// Leaves out the problems with these names.
    pub(super) fn without(&mut self, names: &[&str]) {
        self.problems
            .retain(|problem| !names.contains(&problem.name.as_str()));
    }

    /// Whether there is nothing to correct.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.problems.len()
    }

    /// One by one.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.problems.iter()
    }

    /// Warnings, one line each: a misspelt name is often why another one is missing.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    pub(super) fn warn(&mut self, warnings: Vec<String>) {
        self.warnings.extend(warnings);
    }

    /// Adds the place where each name was written, for names from a file.
    pub(super) fn locate(&mut self, places: &BTreeMap<String, String>) {
        for problem in &mut self.problems {
            if problem.place.is_none() {
                problem.place = places.get(&problem.name).cloned();
            }
        }
    }

    pub(super) fn or<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() {
            Ok(value)
        } else {
            Err(self)
        }
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.problems.iter()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place.as_ref().map(|place| format!(" ({place})"));
        let place = place.unwrap_or_default();
        match &self.sentence {
            Some(sentence) => write!(f, "{sentence}{place}")?,
            None => write!(f, "{}{place}: expected {}", self.name, self.expected)?,
        }
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

/// One line per problem.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
