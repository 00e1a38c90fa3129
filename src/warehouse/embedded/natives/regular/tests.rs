//! Each function, on a few texts.

use super::*;

fn counted(text: &str, pattern: &str, how: &str) -> i64 {
    count(&[text, pattern, how].map(Some), "REGEXP_COUNT")
        .unwrap()
        .unwrap()
}

fn all(text: &str, pattern: &str, how: &str) -> String {
    parts(&[text, pattern, how].map(Some), "REGEXP_SUBSTR_ALL")
        .unwrap()
        .unwrap()
}

fn replaced(text: &str, pattern: &str, how: &str, with: &str) -> Result<String, String> {
    replace(
        &["1000", text, pattern, how, with].map(Some),
        "REGEXP_REPLACE",
    )
    .map(Option::unwrap)
}

#[test]
fn matches_follow_one_another() {
    assert_eq!(counted("banana", "an", "- 1 1 0"), 2);
    assert_eq!(counted("aAa", "a", "i 2 1 0"), 2);
    assert_eq!(all("aab", "a*", "- 1 1 0"), r#"["aa","",""]"#);
    assert_eq!(all("äöü", "", "- 1 2 0"), r#"["","",""]"#);
    assert_eq!(counted("a b", "\\b", "- 1 1 0"), 4);
    assert_eq!(all("a1b2", "([a-z])([0-9])|x", "- 1 1 2"), r#"["1","2"]"#);
    assert_eq!(all("ab", "a|(b)", "- 1 1 e"), r#"[null,"b"]"#);
    assert_eq!(all("ab", "a|b", "- 1 1 e"), r#"["a","b"]"#);
    assert!(parts(&["a", "a", "- 1 1 1"].map(Some), "f").is_err());
    assert_eq!(part(&[Some("a"), None, Some("- 1 1 0")], "f"), Ok(None));
}

#[test]
fn a_match_has_its_place_among_letters() {
    let at = |how| {
        place(&["äbcäbb", "b+", how].map(Some), "REGEXP_INSTR")
            .unwrap()
            .unwrap()
    };
    assert_eq!([at("- 1 1 0"), at("- 1 1 1"), at("- 1 2 0")], [2, 3, 5]);
    assert_eq!([at("- 1 2 1"), at("- 1 3 0"), at("- 3 1 0")], [7, 0, 5]);
    assert_eq!(at("- 99 1 0"), 0);
    for how in ["- 0 1 0", "- 1 0 0", "- -1 1 0", "- 1 -1 0"] {
        assert!(place(&["a", "a", how].map(Some), "REGEXP_INSTR").is_err());
    }
}

#[test]
fn groups_and_backslashes_stand_in_a_replacement_and_dollars_do_not() {
    let all = |text, pattern, with| replaced(text, pattern, "- 1 0 0", with);
    assert_eq!(all("k=v", "(k)=(v)", "\\2=\\1\\0"), Ok("v=kk=v".into()));
    assert_eq!(all("a.b", "\\.", "\\\\$1"), Ok("a\\$1b".into()));
    assert_eq!(all("aab", "a*", "X"), Ok("XbX".into()));
    assert_eq!(all("ab", "(a)|b", "<\\1>"), Ok("<a><>".into()));
    assert!(all("a", "a", "\\1").is_err() && all("a", "a", "\\x").is_err());
    assert!(all("a", "a", "\\").is_err());
    assert!(all(&"a".repeat(400), "a", "bcd").is_err());
    assert_eq!(replaced("aaa", "a", "- 2 2 0", "b"), Ok("aab".into()));
    assert_eq!(replaced("aaa", "a", "- 1 9 0", "b"), Ok("aaa".into()));
}

#[test]
fn a_search_from_the_middle_needs_a_pattern_that_does_not_look_back() {
    for pattern in ["^b", "\\bb", "(?m)^b", "\\Bb"] {
        assert!(checked(pattern, "f", true).is_err(), "{pattern}");
        assert!(checked(pattern, "f", false).is_ok(), "{pattern}");
    }
    assert!(checked("[^b]$\\z", "f", true).is_ok());
}

#[test]
fn what_would_take_long_to_read_is_refused() {
    for pattern in [
        "(?:a{1000}){1000}".to_owned(),
        "ab".repeat(40_000),
        "(?i)\\pL".repeat(9_000),
        "(.*)".repeat(16_000),
    ] {
        let given = ["a", pattern.as_str(), "- 1 1 0"];
        let why = count(&given.map(Some), "REGEXP_COUNT").unwrap_err();
        assert!(why.starts_with("the embedded engine accepts"), "{why}");
    }
}

/// Long texts and large patterns go another way than short ones, to the same end.
#[test]
fn long_texts_are_searched_as_short_ones_are() {
    let line = "one two, three; ";
    let text = line.repeat(200_000);
    let pattern = "(?:[a-z]{3,40}|[0-9]{1,50}) ?([a-z]*)";
    let times = |text: &str| counted(text, pattern, "- 1 1 0");
    assert_eq!(times(&text), 200_000 * times(line));
    let whole = |text: &str| is(&[text, "(?:[a-z]+[,; ]+)*", "-"].map(Some), "f").unwrap();
    assert_eq!([whole(line), whole(&text)], [Some(true); 2]);
    let found = part(&[&text, "e(;) o", "- 1 199999 e"].map(Some), "f").unwrap();
    assert_eq!(found.as_deref(), Some(";"));
}
