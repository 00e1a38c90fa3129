//! What a table or view is called, from the columns that SHOW has for it.

/// Columns that say yes or no, and what yes means.
pub(super) const FLAGS: [(&str, &str); 5] = [
    ("is_dynamic", "DYNAMIC TABLE"),
    ("is_external", "EXTERNAL TABLE"),
    ("is_iceberg", "ICEBERG TABLE"),
    ("is_hybrid", "HYBRID TABLE"),
    ("is_materialized", "MATERIALIZED VIEW"),
];

/// `DYNAMIC TABLE`, `TRANSIENT TABLE`, `VIEW` and so on. `usual` is what this SHOW lists; `of` reads a column by its name.
#[must_use]
pub fn object_kind<T: AsRef<str>>(usual: &str, of: impl Fn(&str) -> Option<T>) -> String {
    let says_yes = |flag: &str| of(flag).is_some_and(|value| is_yes(value.as_ref()));
    // Flags first: SHOW TABLES calls a dynamic table `TABLE` and marks it only by its flag.
    if let Some((_, kind)) = FLAGS.iter().find(|(flag, _)| says_yes(flag)) {
        return (*kind).to_owned();
    }
    match of("kind") {
        // Of ordinary tables, SHOW TABLES says how long they last.
        Some(kind) if matches!(kind.as_ref(), "TEMPORARY" | "TRANSIENT") => {
            format!("{} TABLE", kind.as_ref())
        }
        Some(kind) => kind.as_ref().replace('_', " "),
        None => usual.to_owned(),
    }
}

fn is_yes(value: &str) -> bool {
    value.eq_ignore_ascii_case("y") || value.eq_ignore_ascii_case("true")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_name() {
        for (columns, expected) in [
            (&[("kind", "TABLE")][..], "TABLE"),
            (&[("kind", "TABLE"), ("is_dynamic", "Y")], "DYNAMIC TABLE"),
            (&[("kind", "TABLE"), ("is_external", "N")], "TABLE"),
            (&[("kind", "TRANSIENT")], "TRANSIENT TABLE"),
            (&[("kind", "MATERIALIZED_VIEW")], "MATERIALIZED VIEW"),
            (&[("is_materialized", "true")], "MATERIALIZED VIEW"),
            (&[("is_materialized", "false")], "VIEW"),
        ] {
            let of = |name: &str| columns.iter().find(|(it, _)| *it == name).map(|it| it.1);
            assert_eq!(object_kind("VIEW", of), expected);
        }
    }
}
