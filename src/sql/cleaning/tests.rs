use crate::sql::{Class, Error, parse};

fn text(sql: &str) -> String {
    match parse(sql) {
        Ok(parsed) => parsed.text().to_owned(),
        Err(error) => panic!("{sql:?}: {error}"),
    }
}

fn refused(sql: &str) -> String {
    match parse(sql) {
        Ok(parsed) => panic!("{sql:?} was read as {:?}", parsed.text()),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_fence_around_a_statement_goes() {
    for sql in [
        "```sql\nSELECT 1\n```",
        "```SQL\r\nSELECT 1;\r\n```\r\n",
        "```\nSELECT 1\n```",
        "```snowflake SELECT 1```",
        "```SELECT 1```",
        "```sql\nSELECT 1",
        "\u{feff}```sql\n\u{feff}SELECT 1\n```;",
        "`SELECT 1`",
    ] {
        assert_eq!(text(sql), "SELECT 1", "{sql:?}");
    }
    // The first word is the statement's own unless it names a language.
    assert_eq!(text("```DELETE\nFROM t```"), "DELETE\nFROM t");
    assert_eq!(parse("```DELETE\nFROM t```").unwrap().class(), Class::Write);
    assert_eq!(text("SELECT '```', 1"), "SELECT '```', 1");
    for beside in [
        "Here it is:\n```sql\nSELECT 1\n```",
        "```sql\nSELECT 1\n```\nthat is all",
        "```sql\nSELECT 1\n```\n```sql\nSELECT 2\n```",
    ] {
        assert!(refused(beside).contains("send the SQL alone"), "{beside:?}");
    }
}

#[test]
fn marks_and_semicolons_around_a_statement_go() {
    for sql in [
        "\u{feff}SELECT 1",
        " \u{feff} SELECT 1;;",
        "SELECT 1 ; ;\n;",
        "SELECT 1; -- done ;\n ; /* really */",
        ";SELECT 1",
        "; ; SELECT 1 ;",
    ] {
        assert_eq!(text(sql), "SELECT 1", "{sql:?}");
    }
    // What is no end of the statement stays.
    assert_eq!(text("SELECT ';;' -- ;"), "SELECT ';;' -- ;");
    assert_eq!(text("-- why\r\nSELECT 1"), "-- why\r\nSELECT 1");
    assert!(matches!(
        parse("SELECT 1;; SELECT 2;;"),
        Err(Error::SeveralStatements)
    ));
    assert!(matches!(parse("```sql\n;;\n```"), Err(Error::Empty)));
    // Inside the statement a byte order mark hides something.
    assert!(refused("SELECT\u{feff}1").contains("invisible"));
}

#[test]
fn typographic_quotes_that_can_only_be_a_pair_become_straight() {
    for (sql, expected) in [
        ("SELECT ‘a’", "SELECT 'a'"),
        ("SELECT ’a’, ’b’", "SELECT 'a', 'b'"),
        ("SELECT “a” FROM t", "SELECT \"a\" FROM t"),
        ("SELECT „a“ FROM t", "SELECT \"a\" FROM t"),
        (
            "SELECT ‘say \"hi\"; then\u{a0}go’",
            "SELECT 'say \"hi\"; then\u{a0}go'",
        ),
        ("SELECT ‘DELETE FROM t’", "SELECT 'DELETE FROM t'"),
        // In a text, a name or a comment they are what they are.
        (
            "SELECT 'it’s', \"d’or\" -- that’s",
            "SELECT 'it’s', \"d’or\" -- that’s",
        ),
        ("SELECT $$it’s$$", "SELECT $$it’s$$"),
    ] {
        assert_eq!(text(sql), expected);
    }
    for doubtful in [
        "SELECT ‘O’Brien’",
        "SELECT ‘it’s’, ‘it’s’",
        "SELECT ’it’s’ OR ’b’s’",
        "SELECT ‘it's’",
        "SELECT ‘a’’b’",
        "SELECT ‘a’'b'",
        "SELECT ‘a",
        "SELECT ‘a”",
        "SELECT ‘a\\’",
        "SELECT ‘a -- b’\n, ‘c’",
        "SELECT ’a -- b’\n, ’c’",
        "SELECT ‘a' OR 'b’",
        "SELECT x‘0F’",
        "SELECT “a‘b”c’",
    ] {
        assert!(refused(doubtful).contains("‘ ’ “ ”"), "{doubtful:?}");
    }
}

#[test]
fn a_place_in_an_error_is_the_place_in_the_statement() {
    for sql in [
        "SELECT 1\nFROM t)",
        "```sql\nSELECT 1\nFROM t)\n```",
        "\u{feff}SELECT\u{a0}1\nFROM t);;",
    ] {
        let error = refused(sql);
        assert!(error.contains("Line: 2"), "{error}");
    }
}

#[test]
fn spaces_of_web_pages_are_spaces() {
    assert_eq!(
        text("SELECT\u{a0}1,\u{2009}'a\u{a0}b'"),
        "SELECT 1, 'a\u{a0}b'"
    );
    assert_eq!(text("SELECT 1 AS \"a\u{a0}b\""), "SELECT 1 AS \"a\u{a0}b\"");
    assert_eq!(text("\u{3000}SELECT 1\u{202f}"), "SELECT 1");
}

#[test]
fn what_begins_a_comment_or_a_text_inside_the_path_of_a_stage_is_doubtful() {
    for sql in [
        "SELECT $1 FROM @s//x, TABLE(f())",
        "SELECT $1 FROM @s/a//x, TABLE(f())\n",
        "SELECT $1 FROM @s--x\n",
        "SELECT $1 FROM @s/a/*x*/b",
        "SELECT $1 FROM @~/a--b",
        "SELECT $1 FROM @%t//b",
        "SELECT $1 FROM @\"a b\".s/c--d",
        "SELECT $1 FROM (SELECT $1 FROM @s)--x\n",
        "SELECT $1 FROM @s,--x\n t",
        "LIST @s/a--b; DROP TABLE t",
        "LIST @s/a/*; DROP TABLE t */",
        "LS @s//b",
        "COPY INTO t FROM @s/a//b",
    ] {
        assert!(refused(sql).contains("glued to the path"), "{sql}");
    }
    for sql in [
        "SELECT $1 FROM @s/it's, TABLE(f()), 'x",
        "SELECT $1 FROM @s/$$a, TABLE(f()), $$",
        "SELECT $1 FROM @s/a\"b c\"",
    ] {
        assert!(refused(sql).contains("quote inside the path"), "{sql}");
    }
    for sql in [
        "SELECT $1 FROM @s/a/b.csv -- x",
        "SELECT $1 FROM @\"a b\".\"S\"/c/d.csv /* x */ WHERE TRUE",
        "SELECT $1 FROM (SELECT $1 FROM @~/a) -- x",
        "SELECT GET_PRESIGNED_URL(@s,'a--b//c')",
        "SELECT $1 FROM @s/a (FILE_FORMAT => 'f') // x",
        "SELECT $1 FROM @s(FILE_FORMAT=>'f')",
        "SELECT $1 FROM '@s/a--b' -- x",
        "LIST @s/a PATTERN='.*--.*' -- x",
        "SELECT a/*x*/, b--y\n FROM t",
    ] {
        assert_eq!(text(sql), sql);
    }
}

#[test]
fn what_shows_nothing_is_read_where_it_hides_nothing() {
    for sql in [
        "SELECT * FROM T WHERE MOOD = '❤\u{fe0f}' OR NAME = 'می\u{200c}خواهم'",
        "SELECT '👨\u{200d}👩', 'a\u{ad}b', '\u{200e}x\u{200f}', '\u{2067}א\u{2069}', $$\u{200b}$$",
        "SELECT 1 -- می\u{200c}خواهم\n/* ❤\u{fe0f} */",
        "SELECT 'a\u{2028}b\u{85}'",
        "SELECT * FROM T WHERE WORD = 'क्\u{200d}ष' AND NAME LIKE '%\u{200f}שלום\u{200e}%' -- 👩\u{200d}💻",
        "SELECT $$❤\u{fe0f} می\u{200c}خواهم$$ AS a",
    ] {
        assert_eq!(text(sql), sql);
    }
    for hidden in [
        "SELECT \u{200c}1",
        "SEL\u{200d}ECT 1",
        "SELECT a\u{fe0f}",
        "SELECT \"a\u{200c}\"",
        "SELECT '\u{200c}' \u{200c}",
        "SELECT * FROM t\u{ad}",
        "SELECT X'0\u{200c}F'",
    ] {
        assert!(refused(hidden).contains("invisible"), "{hidden:?}");
    }
    // It would turn round what follows it on the line.
    for turned in [
        "SELECT '\u{202e}'",
        "SELECT 1 /* \u{2066}x */",
        "SELECT '\u{2067}\u{202c}' -- \u{2069}",
    ] {
        assert!(refused(turned).contains("turns round"), "{turned:?}");
    }
    // One reader may end the comment here.
    assert!(refused("SELECT 1 -- a\u{2028}, 2").contains("line separator"));
}
