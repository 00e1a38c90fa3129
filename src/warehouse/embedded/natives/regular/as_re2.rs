//! A pattern means what it means to RE2, which the engine's own functions use.

const TEXTS: &[&str] = &[
    "",
    "a",
    "ab",
    "aab abb",
    "A-Z a-z",
    "x=1, y=22;\n z=333",
    "äöü Ünï \u{212a}k",
    "[a[b]&&c]",
    "{2,3} a{,2}",
    "2024-01-31T00:00:00",
    "tab\tand\u{b}\u{c}\r",
    "a\nb\nc",
    "<b>bold</b>",
    "\\d \"q\" 'q' $1 ^x",
    "été naïve 東京",
];

/// With those at the end that neither takes.
const PATTERNS: &[&str] = &[
    "a",
    ".",
    "^.",
    ".$",
    "(?m)^.",
    "(?m).$",
    "(?s).+",
    "a*",
    "a+?",
    "a??b",
    "(a|ab)(b|)",
    "(?i)k",
    "(?i)[k]",
    "(?i)[^k]",
    "(?i)ü",
    "\\w+",
    "\\W+",
    "[\\w-]+",
    "[^\\w\\s]",
    "[\\W]",
    "\\d{2,}",
    "\\D+",
    "\\s",
    "\\S+",
    "[[:alpha:]]+",
    "[[:^alpha:]]",
    "[^[:space:]]+",
    "\\b",
    "\\Bb",
    "\\bb",
    "(?U)a+",
    "(?U)a+?",
    "[a[b]",
    "[]a]",
    "[^]a]",
    "[a&&b]",
    "[a~~b]",
    "[--a]",
    "[a-]",
    "[-a]",
    "a{,2}",
    "a{2}",
    "{2",
    "a{1,}b",
    "}",
    "]",
    "\\<",
    "\\.",
    "\\x41",
    "\\x{e4}",
    "\\101",
    "\\0",
    "\\n",
    "\\Qa.b\\E",
    "\\pL+",
    "\\p{Lu}",
    "\\PL",
    "\\p{Greek}",
    "[\\pL\\d]+",
    "(?P<n>a)b",
    "(?:a|b)+",
    "(a)(b)?",
    "x*",
    "",
    "|a",
    "a|",
    "()",
    "\\A.",
    ".\\z",
    "[é-ü]+",
    "東",
    "[^\\x00-\\x7F]+",
    "\\$\\d",
    "\\^",
    "\\/",
    "\"[^\"]*\"",
    "(\\d+)-(\\d+)",
    "<[^>]+>",
    "(?i:A)B?",
    "[a-c-e]",
    "\\\\",
    // What neither takes.
    "(",
    ")",
    "[",
    "*",
    "a**",
    "a{2}{3}",
    "a{3,2}",
    "a{1001}",
    "[b-a]",
    "[[:no:]]",
    "\\1",
    "\\y",
    "[\\b]",
    "(?=a)",
    "(?<=a)",
    "(?i",
    "(?x)a",
    "\\Z",
    "a\\",
    "(?P<>a)",
    "\\p{No_such}",
    "\\8",
    "[a",
    "x{2}*",
];

/// What the engine's own functions find, which are RE2's. Where they count an empty match twice we do not follow.
#[test]
fn a_pattern_means_what_it_means_to_re2() {
    let engine = duckdb::Connection::open_in_memory().unwrap();
    super::super::install(&engine).unwrap();
    let ours = "SELECT rs_rx_is('0', t, p, '-')::VARCHAR, rs_rx_replace('0', '9999', t, p, '- 1 0 0', '<\\0>'), rs_rx_count('0', t, \
                p, '- 1 1 0')::VARCHAR FROM (SELECT ?::VARCHAR t, ?::VARCHAR p)";
    let theirs = "SELECT regexp_full_match(t, p)::VARCHAR, regexp_replace(t, p, '<\\0>', 'g'), len(regexp_extract_all(t, p, \
                  0))::VARCHAR FROM (SELECT ?::VARCHAR t, ?::VARCHAR p)";
    let asked = |sql: &str, text: &str, pattern: &str| {
        engine.query_row(sql, [text, pattern], |row| {
            Ok([0, 1, 2].map(|at| row.get::<_, String>(at).unwrap_or_default()))
        })
    };
    let mut others = Vec::new();
    for pattern in PATTERNS {
        for text in TEXTS {
            match (asked(ours, text, pattern), asked(theirs, text, pattern)) {
                (Ok(mut ours), Ok(mut theirs)) => {
                    if theirs[1].contains("<>") {
                        ours[2].clear();
                        theirs[2].clear();
                    }
                    if ours != theirs {
                        others.push(format!("{pattern:?} in {text:?}: {ours:?}, not {theirs:?}"));
                    }
                }
                (Err(_), Err(_)) => {}
                (ours, theirs) => {
                    let (ours, theirs) = (ours.is_ok(), theirs.is_ok());
                    others.push(format!("{pattern:?} is one: {ours}, not {theirs}"));
                }
            }
        }
    }
    assert!(others.is_empty(), "{}", others.join("\n"));
}
