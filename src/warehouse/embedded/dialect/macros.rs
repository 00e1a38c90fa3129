//! How often a macro names each of its arguments, read from the macros themselves.
//!
//! DuckDB puts an argument wherever the macro names it. One that is named once may stand in a call as it is; one that is
//! named more often has to be bound to a name first, which costs more to plan than most macros do.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The macros, as they are installed.
pub(super) const SOURCE: &str = include_str!("macros.sql");

const PREFIX: &str = "memory.main.sf_";

/// By name and number of arguments: whether each is named more than once.
static REPEATED: LazyLock<HashMap<(&'static str, usize), Vec<bool>>> = LazyLock::new(|| {
    let mut known = HashMap::new();
    // A macro calls only those that stand before it.
    for definition in SOURCE.split("CREATE MACRO sf_").skip(1) {
        let end = definition.find(['(', ' ', '\n']).unwrap_or(0);
        let (name, bodies) = definition.split_at(end);
        // Those with several bodies have each on lines of its own.
        let bodies: Vec<&str> = match bodies.strip_prefix("\n  (") {
            Some(several) => several.split("\n  (").collect(),
            None => vec![bodies.trim_start_matches('(')],
        };
        for body in bodies {
            let Some((parameters, body)) = body.split_once(") AS") else {
                continue;
            };
            let parameters: Vec<&str> = parameters
                .split(',')
                .map(str::trim)
                .filter(|name| !name.is_empty())
                .collect();
            let body = without_comments(body);
            let repeated = parameters
                .iter()
                .map(|parameter| times(&known, &body, parameter) > 1)
                .collect();
            known.insert((name, parameters.len()), repeated);
        }
    }
    known
});

/// Which arguments of a macro it names more than once. One that is not known names all of them as often as it likes.
pub(super) fn repeated(name: &str, arguments: usize) -> Vec<bool> {
    match REPEATED.get(&(name, arguments)) {
        Some(repeated) => repeated.clone(),
        None => vec![true; arguments],
    }
}

/// Whether a piece of SQL, with the macros in place, would name a word more than once.
pub(super) fn names_repeatedly(sql: &str, word: &str) -> bool {
    times(&REPEATED, sql, word) > 1
}

fn without_comments(body: &str) -> String {
    body.lines()
        .filter(|line| !line.trim_start().starts_with("--"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// How often a word stands in a piece of SQL. More than once is as good as two times.
fn times(known: &HashMap<(&str, usize), Vec<bool>>, sql: &str, word: &str) -> usize {
    let (mut found, mut weight) = (0, 1);
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        if first == '\'' {
            let end = rest.get(1..).and_then(|text| text.find('\''));
            rest = end.and_then(|end| rest.get(end + 2..)).unwrap_or_default();
        } else if let Some(call) = rest.strip_prefix(PREFIX) {
            let Some((name, inside)) = call.split_once('(') else {
                return 2;
            };
            let (arguments, behind) = arguments_of(inside);
            let repeated = known.get(&(name, arguments.len()));
            for (place, argument) in arguments.iter().enumerate() {
                let is_repeated = repeated.is_none_or(|all| all.get(place) != Some(&false));
                found += weight * times(known, argument, word) * if is_repeated { 2 } else { 1 };
            }
            rest = behind;
        } else if is_of_word(first) {
            let end = rest.find(|letter| !is_of_word(letter));
            let (this, behind) = rest.split_at(end.unwrap_or(rest.len()));
            // What stands in a lambda is computed for each element, and copied into it at each level.
            if this == "lambda" {
                weight = 2;
            }
            found += weight * usize::from(this == word);
            rest = behind;
        } else {
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    found
}

fn is_of_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// The arguments of a call, from behind its opening bracket, and what follows the closing one.
fn arguments_of(inside: &str) -> (Vec<&str>, &str) {
    let mut arguments = Vec::new();
    let (mut depth, mut start, mut is_quoted) = (0_usize, 0, false);
    for (at, letter) in inside.char_indices() {
        match letter {
            '\'' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' if depth == 0 => {
                let last = inside.get(start..at).unwrap_or_default();
                if !last.trim().is_empty() {
                    arguments.push(last);
                }
                return (arguments, inside.get(at + 1..).unwrap_or_default());
            }
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                arguments.push(inside.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    (arguments, "")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_macro_names_its_arguments_as_often_as_it_does() {
        let none: [bool; 0] = [];
        assert_eq!(repeated("too_long", 0), none);
        assert_eq!(repeated("array", 1), [true], "through sf_variant");
        assert_eq!(repeated("try_date", 1), [true], "through sf_text");
        assert_eq!(repeated("left", 2), [false, true]);
        assert_eq!(repeated("substr", 3), [true, true, true]);
        assert_eq!(repeated("member", 2), [false, true]);
        assert!(names_repeatedly("list_transform([1], lambda e: a)", "a"));
        assert_eq!(repeated("unheard_of", 2), [true, true]);
    }

    #[test]
    fn every_macro_is_read() {
        let defined = SOURCE.matches("CREATE MACRO sf_").count();
        let names: BTreeSet<&str> = REPEATED.keys().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), defined);
        assert!(REPEATED.contains_key(&("substr", 2)) && REPEATED.contains_key(&("substr", 3)));
        assert_eq!(repeated("months_between", 2), [true, true]);
    }

    #[test]
    fn a_word_in_quotes_is_no_argument() {
        assert!(!names_repeatedly("f('a, a', a)", "a"));
        assert!(names_repeatedly("f(a, 'x') || a", "a"));
        assert!(names_repeatedly("memory.main.sf_left(b, a + 1)", "a"));
        assert!(!names_repeatedly("memory.main.sf_left(a, b)", "a"));
    }
}
