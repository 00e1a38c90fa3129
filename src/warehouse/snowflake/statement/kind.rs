//! The kinds of statements that Snowflake's replies name by numbers.

use crate::sql::Class;

/// Kinds of statements that leave a session as it was: SELECT, EXPLAIN, DML, SHOW, DESCRIBE, LIST.
///
/// Snowflake's documentation does not list the numbers; the official drivers have them.
pub(super) const fn leaves_session_alone(kind: i64) -> bool {
    matches!(kind & 0xF000, 0x1000 | 0x2000 | 0x3000)
        || matches!(kind & 0xFF00, 0x4400 | 0x4500 | 0x4700)
}

/// USE: what it changed is in the reply, and known.
pub(super) const fn is_use(kind: i64) -> bool {
    kind & 0xFF00 == 0x4300
}

/// Whether Snowflake's kind of a statement is SHOW.
pub(in crate::warehouse::snowflake) const fn is_show(kind: i64) -> bool {
    kind & 0xFF00 == 0x4400
}

/// Whether Snowflake's kind of a statement is what the class lets expect. What Snowflake does not say is not as expected.
pub(super) fn is_of_class(kind: Option<i64>, class: Class) -> bool {
    const READS: [i64; 2] = [0x1000, 0x2000];
    const CHANGES_OF_ROWS: i64 = 0x3000;
    let Some(kind) = kind else { return false };
    let reads = READS.contains(&(kind & 0xFFFF))
        || is_show(kind)
        || matches!(kind & 0xFF00, 0x4500 | 0x4700);
    match class {
        Class::Read => reads,
        Class::Write => reads || kind & 0xF000 == CHANGES_OF_ROWS,
        // The others are approved only where everything is.
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snowflakes_kind_must_be_what_was_approved() {
        for (kind, class, is_expected) in [
            (Some(0x1000), Class::Read, true),
            (Some(0x4701), Class::Read, true),
            (Some(0x3100), Class::Read, false),
            (Some(0x3100), Class::Write, true),
            (Some(0x6000), Class::Write, false),
            (Some(0x4300), Class::Read, false),
            (Some(0), Class::Read, false),
            (None, Class::Read, false),
            (Some(0x6000), Class::Ddl, true),
        ] {
            assert_eq!(is_of_class(kind, class), is_expected, "{kind:x?} {class}");
        }
    }
}
