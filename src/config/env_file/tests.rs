use proptest::prelude::*;

use super::*;

fn read_as(path: &str, text: &str, environment: &[(&str, &str)]) -> Contents {
    let environment = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    read(Path::new(path), path, text, &environment)
}

/// The entries of a file that must have no problems.
fn entries(path: &str, text: &str, environment: &[(&str, &str)]) -> Vec<(String, String)> {
    let contents = read_as(path, text, environment);
    assert!(contents.problems.is_empty(), "{}", contents.problems);
    let entries = contents.entries.into_iter();
    entries.map(|entry| (entry.name, entry.value)).collect()
}

fn value(text: &str) -> String {
    entries(".env", text, &[("SET", "set"), ("BLANK", "")])
        .pop()
        .unwrap()
        .1
}

fn problems(path: &str, text: &str) -> Vec<String> {
    let contents = read_as(path, text, &[]);
    contents.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn values_may_stand_bare_or_in_quotes_with_comments_behind() {
    for (text, expected) in [
        ("A=b", "b"),
        ("export A=b", "b"),
        ("  A =  b c  # comment", "b c"),
        ("A=b#c", "b#c"),
        ("A=#b", "#b"),
        ("A= # comment", ""),
        ("A=", ""),
        ("A=pa$$word\\n", "pa$$word\\n"),
        ("A='b # ${SET} \\n'", "b # ${SET} \\n"),
        ("A=\"b # \\\"c\\\"\\n\" # comment", "b # \"c\"\n"),
        ("A=b\r\n", "b"),
        ("\u{feff}A=b", "b"),
        ("A=b=c==", "b=c=="),
    ] {
        assert_eq!(value(text), expected, "{text:?}");
    }
}

#[test]
fn a_pem_in_quotes_spans_lines_and_the_lines_behind_it_keep_their_numbers() {
    let text = "# key\nKEY=\"-----BEGIN-----\r\nabc=\n-----END-----\n\"\n\nB=2\n";
    let contents = read_as(".env", text, &[]);
    assert_eq!(
        contents.entries[0].value,
        "-----BEGIN-----\nabc=\n-----END-----\n"
    );
    assert_eq!(contents.entries[0].line, 2);
    assert_eq!(contents.entries[1].line, 7);
}

#[test]
fn references_look_at_the_environment_and_then_at_earlier_lines() {
    assert_eq!(value("A=${SET}"), "set");
    assert_eq!(value("A=x-${SET}-${SET}-x"), "x-set-set-x");
    assert_eq!(value("SET=file\nA=${SET}"), "set");
    assert_eq!(value("B=file\nA=${B}"), "file");
    assert_eq!(value("A=${UNSET:-default}"), "default");
    assert_eq!(value("A=${UNSET:-}"), "");
    assert_eq!(value("A=${BLANK:-default}"), "default");
    assert_eq!(value("A=${BLANK}"), "");
    assert_eq!(value("A=\"${SET}\""), "set");
}

#[test]
fn a_reference_to_nothing_is_a_problem_that_names_both() {
    let lines = problems(
        ".env",
        "\nA=${UNSET}\nB=${A\nC=${1}\nD=${A:-${B}}\nE=${A:?no}",
    );
    assert_eq!(lines.len(), 5, "{lines:#?}");
    assert!(lines[0].contains("`${NAME:-default}`"));
    assert_eq!(
        lines[4],
        "UNSET (.env:2): expected to be set, because A refers to it (`${UNSET:-}` makes it optional)"
    );
}

#[test]
fn what_nothing_sets_is_named_once_however_many_refer_to_it() {
    let lines = problems(".env", "A=${NONE}\nB=x${NONE}\nC=${OTHER}\n");
    assert_eq!(
        lines,
        [
            "NONE (.env:1, 2): expected to be set, because A, B refer to it (`${NONE:-}` makes it optional)",
            "OTHER (.env:3): expected to be set, because C refers to it (`${OTHER:-}` makes it optional)",
        ]
    );
}

#[test]
fn every_bad_line_is_reported_by_number_and_never_by_its_text() {
    let text =
        "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n1A=x\nA='open\nB=\"x\" y\nabc+/d==\nOK=1\nC=\"open";
    let lines = problems(".env", text);
    assert_eq!(lines.len(), 6, "{lines:#?}");
    assert!(lines[0].starts_with(".env (line 1): expected NAME=value"));
    let all = lines.concat();
    assert!(!all.contains("MIIE") && !all.contains("abc+"));
    assert_eq!(
        read_as(".env", text, &[]).entries.len(),
        1,
        "the good line is read"
    );
}

#[test]
fn a_name_written_twice_is_a_problem() {
    let lines = problems(".env", "A=1\nB=2\nA=3\n");
    assert_eq!(
        lines,
        ["A (.env:3): expected to be written once (also on line 1)"]
    );
    assert!(problems("f.yaml", "A: 1\nA: 2\n")[0].contains("line 2"));
}

#[test]
fn json_and_yaml_are_flat_maps_whose_scalars_are_taken_as_written() {
    let yaml =
        "# c\nPORT: 8000\nT: 30.0\nON: yes\nZ: 0123\nNONE:\nREF: '${SET}'\nPEM: |\n  a\n  b\n";
    let expected = [
        ("PORT", "8000"),
        ("T", "30.0"),
        ("ON", "yes"),
        ("Z", "0123"),
        ("NONE", ""),
        ("REF", "set"),
        ("PEM", "a\nb\n"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(entries("f.yml", yaml, &[("SET", "set")]), expected);
    assert_eq!(entries("settings", yaml, &[("SET", "set")]), expected);

    let json = "{\n\t\"PORT\": 8000,\n\t\"ON\": true,\n\t\"NONE\": null,\n\t\"S\": \"a\\nb\\u00e9\\\"\"\n}";
    let expected = [
        ("PORT", "8000"),
        ("ON", "true"),
        ("NONE", ""),
        ("S", "a\nb\u{e9}\""),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(entries("f.json", json, &[]), expected);
    assert_eq!(entries("settings", json, &[]), expected);
}

#[test]
fn a_nested_or_broken_map_is_a_problem_with_its_line_and_without_its_text() {
    for text in [
        "A: 1\nB: [hunter2]\n",
        "A: 1\nB: {x: hunter2}\n",
        "A: 1\nB: 'hunter2\n",
        "A: 1\nhunter 2: x\n",
        "{\"A\": 1,\n\"B\": hunter2 2: 3}",
    ] {
        let lines = problems("f.yaml", text);
        assert_eq!(lines.len(), 1, "{text}: {lines:?}");
        assert!(
            lines[0].starts_with("f.yaml (line 2): expected"),
            "{lines:?}"
        );
        assert!(!lines[0].contains("hunter"));
    }
    assert_eq!(problems("f.json", "[1]").len(), 1);
}

#[test]
fn an_empty_file_says_nothing() {
    for path in [".env", "f.json", "f.yaml"] {
        assert!(entries(path, "", &[]).is_empty());
        assert!(entries(path, "# nothing\n", &[]).is_empty());
    }
}

#[test]
fn only_whole_references_count_as_left_over() {
    assert!(has_reference("x${NAME}"));
    assert!(has_reference("${NAME:-default}"));
    for text in ["$NAME", "${", "${}", "a${b", "${1}", "${A B}", "100%{NAME}"] {
        assert!(!has_reference(text), "{text}");
    }
}

proptest! {
    #[test]
    fn a_value_in_double_quotes_comes_back(value in "[^\r]{0,40}") {
        let quoted = value.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$");
        let text = format!("A=\"{quoted}\"\n");
        let contents = read_as(".env", &text, &[]);
        // `\${` is `${` by the time references are looked for.
        if !value.contains("${") {
            prop_assert!(contents.problems.is_empty());
            prop_assert_eq!(&contents.entries[0].value, &value);
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "[A-Z=\"'#$\\{\\}:\\\\ \n\té-]{0,60}") {
        for path in [".env", "f.yaml", "f.json", "settings"] {
            read_as(path, &text, &[]);
        }
    }
}
