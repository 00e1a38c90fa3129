//! Snowflake's own functions by name. Any other name without a schema is that of a function of the session's schema.

use std::collections::HashSet;
use std::sync::LazyLock;

static NAMES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    include_str!("builtins.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(str::split_whitespace)
        .collect()
});

/// Whether it is the name of one of Snowflake's own functions that reads nothing but its arguments. In upper case.
pub(super) fn is_builtin(name: &str) -> bool {
    NAMES.contains(name)
}

/// All of them, in no order.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    NAMES.iter().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_upper_case_and_there_once() {
        let text = include_str!("builtins.txt");
        let names = text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .flat_map(str::split_whitespace);
        let mut seen = HashSet::new();
        for name in names {
            assert_eq!(name, name.to_uppercase());
            assert!(seen.insert(name), "{name} twice");
        }
        assert!(is_builtin("COUNT") && !is_builtin("SYSTEM$WAIT") && !is_builtin("GET_DDL"));
    }
}
