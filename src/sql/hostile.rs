//! Texts made to get a write past the reader, or to make it fall over.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{Class, Error, MAX_STATEMENT_BYTES, parse};

fn is_read(sql: &str) -> bool {
    parse(sql).is_ok_and(|parsed| parsed.class() == Class::Read)
}

/// What begins a statement that is no read.
const VERBS: [&str; 34] = [
    "INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE", "CREATE", "ALTER", "DROP", "UNDROP",
    "COMMENT", "GRANT", "REVOKE", "COPY", "PUT", "GET", "REMOVE", "RM", "USE", "SET", "UNSET",
    "BEGIN", "START", "COMMIT", "ROLLBACK", "CALL", "EXECUTE", "DECLARE", "LET", "RETURN", "IF",
    "FOR", "WHILE", "LOOP", "ASYNC",
];

const WRITES: [&str; 14] = [
    "INSERT INTO t VALUES (1)",
    "INSERT ALL INTO t VALUES (1) SELECT 1",
    "UPDATE t SET a = 1",
    "DELETE FROM t",
    "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE",
    "TRUNCATE TABLE t",
    "DROP TABLE t",
    "CREATE TABLE t AS SELECT 1",
    "GRANT ROLE r TO USER u",
    "CALL p()",
    "EXECUTE IMMEDIATE 'DROP TABLE t'",
    "SELECT 1 INTO t",
    "SELECT SYSTEM$WAIT(1)",
    "SELECT s.NEXTVAL",
];

/// Ways to wrap a statement into a query. `@` stands for it.
const WRAPPERS: [&str; 25] = [
    "(@)",
    "SELECT * FROM (@)",
    "SELECT (@)",
    "SELECT 1 WHERE EXISTS (@)",
    "SELECT 1 WHERE 1 IN (@)",
    "WITH a AS (@) SELECT * FROM a",
    "WITH a AS (SELECT 1) @",
    "WITH a AS (SELECT 1), b AS (@) SELECT 1",
    "SELECT 1 UNION ALL @",
    "(@) UNION SELECT 1",
    "SELECT * FROM a JOIN (@) b ON a.x = b.x",
    "SELECT f(@)",
    "SELECT {'a': (@)}",
    "SELECT m!PREDICT((@))",
    "EXPLAIN @",
    "EXPLAIN USING TEXT @",
    "SHOW TABLES ->> @",
    "@ ->> SELECT * FROM $1",
    "SELECT 1; @",
    "SELECT 1 /* x */ -- y\n @",
    "```sql\n@\n```",
    "```@```",
    "`@`",
    "; ;@;;",
    "SELECT ‘a’; @",
];

fn spaces() -> impl Strategy<Value = String> {
    let one = prop_oneof![
        Just(" "),
        Just("\n"),
        Just("\t"),
        Just("\r\n"),
        Just("/* SELECT */"),
        Just("-- SELECT\n"),
        Just("// SELECT\n"),
        Just("\u{a0}"),
        Just("/*;*/"),
    ];
    prop::collection::vec(one, 0..4).prop_map(|pieces| pieces.concat())
}

fn any_case(word: &str, upper: &[bool]) -> String {
    let mut upper = upper.iter().cycle();
    word.chars()
        .map(|c| match upper.next() {
            Some(false) => c.to_ascii_lowercase(),
            _ => c.to_ascii_uppercase(),
        })
        .collect()
}

/// The words of a statement with other white space between them. No text in [`WRITES`] holds a quoted space but one.
fn respaced(sql: &str, space: &str) -> String {
    sql.split(' ')
        .collect::<Vec<_>>()
        .join(&format!(" {space}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_begins_with_the_verb_of_a_write_is_never_a_read(
        before in spaces(),
        verb in prop::sample::select(&VERBS[..]),
        upper in prop::collection::vec(any::<bool>(), 8),
        after in spaces(),
        tail in prop_oneof![
            "[ -~\\n]{0,80}",
            Just("SELECT 1".to_owned()),
            Just("(SELECT 1)".to_owned()),
            "\\PC{0,40}",
        ],
    ) {
        let text = format!("{before}{}{after} {tail}", any_case(verb, &upper));
        prop_assert!(!is_read(&text), "{text:?}");
    }

    #[test]
    fn a_write_wrapped_into_queries_is_never_a_read(
        write in prop::sample::select(&WRITES[..]),
        wrappers in prop::collection::vec(prop::sample::select(&WRAPPERS[..]), 0..4),
        space in spaces(),
        upper in prop::collection::vec(any::<bool>(), 64),
    ) {
        let mut text = any_case(&respaced(write, &space), &upper);
        for wrapper in wrappers {
            text = wrapper.replace('@', &text);
        }
        prop_assert!(!is_read(&text), "{text:?}");
    }

    #[test]
    fn words_in_any_order_are_no_read_when_a_verb_is_among_them(
        before in prop::collection::vec(prop::sample::select(&SOUP[..]), 0..12),
        verb in prop::sample::select(&["DELETE", "UPDATE", "INTO", "CREATE", "DROP", "GRANT"][..]),
        after in prop::collection::vec(prop::sample::select(&SOUP[..]), 0..12),
    ) {
        let text = format!("SELECT {} {verb} {}", before.join(" "), after.join(" "));
        prop_assert!(!is_read(&text), "{text:?}");
    }

    /// What is judged is what is sent: read again, it is the same statement.
    #[test]
    fn a_text_that_was_cleaned_is_read_as_itself(
        pieces in prop::collection::vec(prop::sample::select(&UNCLEAN[..]), 0..14),
        end in prop::sample::select(&["", ";", "; ;", "\n```", ";\n```\n", " -- x", "; -- ;\n;"][..]),
    ) {
        let text = format!("{}{end}", pieces.concat());
        if let Ok(parsed) = parse(&text) {
            let again = parse(parsed.text());
            let same = again.is_ok_and(|again| {
                again.text() == parsed.text()
                    && again.class() == parsed.class()
                    && again.kinds() == parsed.kinds()
                    && again.calls() == parsed.calls()
            });
            prop_assert!(same, "{text:?} became {:?}", parsed.text());
            prop_assert!(parsed.text().len() <= text.len());
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,200}", sql in "[ -~\\n]{0,200}") {
        let _ = parse(&text);
        let _ = parse(&sql);
        let _ = parse(&format!("SELECT {sql}"));
    }
}

/// What models write into and around statements.
const UNCLEAN: [&str; 34] = [
    "```",
    "```sql\n",
    "`",
    "\u{feff}",
    ";",
    " ",
    "\n",
    "\r\n",
    "\u{a0}",
    "\u{2009}",
    "‘",
    "’",
    "“",
    "”",
    "„",
    "'",
    "\"",
    "\\",
    "$$",
    "--",
    "/*",
    "*/",
    "\u{200c}",
    "\u{202e}",
    "\u{202c}",
    "\u{2028}",
    "SELECT 1",
    "SELECT ",
    "a",
    ",",
    "'x'",
    "\"y\"",
    "DROP TABLE t",
    "‘z’",
];

const SOUP: [&str; 24] = [
    "a", "1", "'x'", "(", ")", ",", "FROM", "t", "WHERE", "AS", "WITH", "SELECT", "UNION", "ALL",
    "JOIN", "ON", "=", "{", "}", "[", "]", "::", "INT", "->>",
];

/// One unit of nesting or of a chain, what begins it and what ends it.
const DEEP: [(&str, &str, &str); 36] = [
    ("", "(", ""),
    ("SELECT ", "(", ""),
    ("SELECT ", "(a+", "1"),
    ("SELECT ", "[", ""),
    ("SELECT ", "{'a':", "1"),
    ("SELECT ", "NOT ", "a"),
    ("SELECT ", "- ", "1"),
    ("SELECT ", "CASE WHEN ", "1"),
    ("SELECT ", "f(", "1"),
    ("SELECT ", "CAST(", "1"),
    ("SELECT ", "EXISTS(SELECT ", "1"),
    ("SELECT ", "(SELECT ", "1"),
    ("SELECT ", "a OR ", "a"),
    ("SELECT ", "a AND NOT ", "a"),
    ("SELECT ", "a||", "a"),
    ("SELECT ", "a->", "a"),
    ("SELECT ", "a IN (", "1"),
    ("SELECT a", "::INT", ""),
    ("SELECT a", "[0]", ""),
    ("SELECT a", ":b", ""),
    ("SELECT a", ".b", ""),
    ("SELECT a", " IS NULL", ""),
    ("SELECT a", " COLLATE b", ""),
    ("SELECT a", ",a", ""),
    ("", "SELECT * FROM (", "t"),
    ("SELECT * FROM ", "(", "t"),
    ("SELECT * FROM ", "((SELECT 1),", "t"),
    ("SELECT * FROM t", " JOIN t", ""),
    ("SELECT 1", " UNION ALL SELECT 1", ""),
    ("", "(SELECT 1 UNION ", "SELECT 1"),
    ("", "WITH a AS (", "SELECT 1"),
    ("", "EXPLAIN ", "SELECT 1"),
    ("SELECT 1", " ->> SELECT 1", ""),
    ("SELECT a::", "ARRAY(", "INT"),
    ("SHOW TABLES ", "LIKE 'a' ", ""),
    ("/*", "/* ", ""),
];

fn repeated((start, unit, end): (&str, &str, &str), bytes: usize) -> String {
    format!("{start}{}{end}", unit.repeat(bytes / unit.len()))
}

/// The stack of a thread that nobody gave more, as in tests and in most runtimes.
fn on_a_small_stack(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(test);
    thread.unwrap().join().unwrap();
}

/// The processor's time of this thread, which a busy machine does not change; where that is not told, the time since it
/// was first asked for.
fn busy() -> Duration {
    static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|told| told.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| BEGUN.elapsed(), Duration::from_nanos)
}

#[test]
fn more_than_a_megabyte_is_refused_at_once() {
    on_a_small_stack(|| {
        for pattern in DEEP {
            let text = repeated(pattern, MAX_STATEMENT_BYTES + 100);
            let before = busy();
            assert!(matches!(parse(&text), Err(Error::TooLong { .. })));
            assert!(busy() - before < Duration::from_millis(10), "{pattern:?}");
        }
    });
}

#[test]
fn the_longest_and_deepest_texts_end_soon_and_fit_into_a_small_stack() {
    on_a_small_stack(|| {
        for pattern in DEEP {
            // Short ones too: what the parser tries twice at every level grows with the depth, not with the length.
            for bytes in [50, 200, 400, 1_000, 4_000, 16_000, 64_000] {
                let text = repeated(pattern, bytes);
                let before = busy();
                let _ = parse(&text);
                let taken = busy() - before;
                // Unoptimised; optimised it is a twentieth.
                assert!(
                    taken < Duration::from_secs(2),
                    "{pattern:?}, {bytes} bytes: {taken:?}"
                );
            }
        }
    });
}

/// Flat, but long: what programs write. Each is read, in time that grows with the length alone.
fn flat(links: usize) -> Vec<String> {
    let joined = |unit: &dyn Fn(usize) -> String, by: &str| {
        let units: Vec<_> = (0..links).map(unit).collect();
        units.join(by)
    };
    vec![
        joined(&|n| format!("SELECT {n} AS a, 'x' AS b"), " UNION ALL "),
        format!(
            "SELECT 1 FROM t WHERE {}",
            joined(&|n| format!("a = {n}"), " OR ")
        ),
        format!(
            "SELECT 1 FROM t WHERE {}",
            joined(&|n| format!("(a = {n} AND b <> 'x')"), " OR ")
        ),
        format!(
            "SELECT CASE {} END FROM t",
            joined(
                &|n| format!("WHEN a = {n} AND b IS NOT NULL THEN 'x{n}'"),
                " "
            )
        ),
        format!(
            "SELECT CASE a {} ELSE 0 END FROM t",
            joined(&|n| format!("WHEN {n} THEN {n}"), " ")
        ),
        format!("SELECT {}", joined(&|n| format!("'x{n}'"), " || ")),
        format!(
            "SELECT {} FROM t",
            joined(&|n| format!("a + {n} AS a{n}"), ", ")
        ),
        format!(
            "SELECT 1 FROM t {}",
            joined(&|n| format!("JOIN u{n} ON t.a = u{n}.a"), " ")
        ),
        format!(
            "WITH {} SELECT 1",
            joined(&|n| format!("a{n} AS (SELECT {n} AS x)"), ", ")
        ),
        format!(
            "SELECT * FROM (VALUES {})",
            joined(&|n| format!("({n}, 'x')"), ", ")
        ),
    ]
}

#[test]
fn flat_chains_are_read_however_long_programs_make_them() {
    on_a_small_stack(|| {
        for text in flat(2_000) {
            match parse(&text) {
                Ok(parsed) => {
                    assert_eq!(parsed.class(), Class::Read);
                    assert!(parsed.references().is_ok());
                    let _ = parsed.table_sources();
                }
                Err(error) => panic!("{}…: {error}", &text[..60]),
            }
        }
        let list: Vec<_> = (0..10_000).map(|n| n.to_string()).collect();
        for values in [list.join(","), format!("'{}'", list.join("', '"))] {
            let text = format!("SELECT 1 FROM t WHERE a IN ({values})");
            assert_eq!(
                parse(&text).map(|parsed| parsed.class()).ok(),
                Some(Class::Read)
            );
        }
    });
}

#[test]
fn what_has_too_many_words_is_refused_before_a_tree_is_made() {
    let list = |words: usize| format!("SELECT 1 WHERE a IN ({}1)", "1,".repeat(words / 2));
    assert!(parse(&list(190_000)).is_ok());
    assert!(matches!(
        parse(&list(210_000)),
        Err(Error::TooManyWords { .. })
    ));
}

#[test]
fn a_chain_that_is_too_long_is_called_so() {
    on_a_small_stack(|| {
        for (start, unit) in [
            ("SELECT a", " OR a"),
            ("SELECT a", "+a"),
            ("SELECT a", "::INT"),
            ("SELECT a", "[0]"),
            ("SELECT 1", " UNION SELECT 1"),
            ("SELECT 1, 2", " UNION ALL SELECT 1, 2"),
        ] {
            let text = format!("{start}{}", unit.repeat(30_000));
            assert!(matches!(parse(&text), Err(Error::ChainTooLong)), "{unit}");
        }
    });
}

/// Nothing takes the stack, or for ever: time grows with the length alone.
#[test]
fn what_is_long_ends_soon_and_fits_into_a_small_stack() {
    on_a_small_stack(|| {
        // In full length all of it takes a minute, unoptimised.
        let deep = DEEP.into_iter().map(|pattern| (pattern, 150_000));
        let long = LONG.into_iter().map(|pattern| (pattern, 500_000));
        for (pattern, bytes) in deep
            .chain(long)
            .chain([(DEEP[12], MAX_STATEMENT_BYTES - 100)])
        {
            let text = repeated(pattern, bytes);
            let before = busy();
            if let Ok(parsed) = parse(&text) {
                let _ = parsed.references();
            }
            let taken = busy() - before;
            assert!(taken < Duration::from_secs(20), "{pattern:?}: {taken:?}");
        }
    });
}

/// The same for what is long without being deep.
const LONG: [(&str, &str, &str); 10] = [
    ("SELECT a", ".NEXTVAL", ""),
    ("SELECT ", "a.b.c(1), ", "1"),
    ("SELECT 1 FROM t WHERE a IN (", "1,", "1)"),
    ("SELECT 1 FROM t WHERE a IN (", "'x',", "'x')"),
    ("WITH ", "a AS(SELECT 1 FROM b),", "c AS(SELECT 1) SELECT 1"),
    ("SELECT * FROM (VALUES ", "(1),", "(1))"),
    ("SELECT '", "x", "'"),
    ("SELECT '", "\u{200c}", "'"),
    ("SELECT 1 /*", "x", "*/"),
    ("SELECT CASE ", "WHEN a THEN b ", "END"),
];

#[test]
fn nesting_too_deep_is_an_error_and_not_a_read() {
    on_a_small_stack(|| {
        for (start, unit, end) in DEEP.into_iter().filter(|(_, unit, _)| unit.contains('(')) {
            let text = repeated((start, unit, end), 64_000);
            assert!(parse(&text).is_err(), "{start}{unit}…");
        }
    });
}
