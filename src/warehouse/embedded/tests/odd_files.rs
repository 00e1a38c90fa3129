//! Own data in files that are not as one would like them: right, or left out, or an error with the name of the file.

use std::fs;

use super::local::{ask, over, parquet, rows, until};

#[tokio::test]
async fn no_line_and_no_key_of_a_file_is_lost_without_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    // The engine would read the last line alone, and call it the only one.
    fs::write(at("ragged.csv"), "a,b,c\n1,2,3\n4,5\n6,7,8,9\n").unwrap();
    // And take the second key for one named A_1, which is not there.
    fs::write(at("twins.jsonl"), "{\"a\":1,\"A\":2}\n").unwrap();
    fs::write(at("alike.jsonl"), "{\"a\":1,\"a_1\":2}\n").unwrap();
    fs::write(at("title.csv"), "Sales of the year\n\na,b\n1,2\n3,4\n").unwrap();
    fs::write(
        at("quoted.csv"),
        "\u{FEFF}id;text\r\n1;\"one\nline \"\"two\"\"\"\r\n2;\"a;b\"\r\n",
    )
    .unwrap();
    fs::write(at("header.csv"), "id,name\n").unwrap();
    fs::write(at("same.csv"), "id,id,name,NAME\n1,2,x,y\n").unwrap();
    let wide: Vec<String> = (0..1000).map(|n| n.to_string()).collect();
    let names: Vec<String> = wide.iter().map(|n| format!("c{n}")).collect();
    let text = format!("{}\n{}\n", names.join(","), wide.join(","));
    fs::write(at("wide.csv"), text).unwrap();
    let engine = over(folder.path());
    for left_out in ["ragged", "twins"] {
        let answer = ask(&engine, &format!("SELECT * FROM local.public.{left_out}")).await;
        let error = answer.unwrap_err().to_string();
        assert!(error.contains("does not exist"), "{left_out}: {error}");
    }
    for (statement, expected) in [
        ("SELECT a, a_1 FROM local.public.alike", vec!["1", "2"]),
        (
            "SELECT SUM(a), SUM(b) FROM local.public.title",
            vec!["4", "6"],
        ),
        (
            "SELECT text FROM local.public.quoted WHERE id = 1",
            vec!["one\nline \"two\""],
        ),
        ("SELECT COUNT(*) FROM local.public.header", vec!["0"]),
        (
            "SELECT id, id_1, name, name_1 FROM local.public.same",
            vec!["1", "2", "x", "y"],
        ),
        ("SELECT c0, c999 FROM local.public.wide", vec!["0", "999"]),
    ] {
        assert_eq!(rows(&engine, statement).await, [expected], "{statement}");
    }
}

#[tokio::test]
async fn whole_numbers_of_any_width_are_computed_with_like_all_others() {
    let folder = tempfile::tempdir().unwrap();
    parquet(
        &folder.path().join("ints.parquet"),
        "SELECT 127::TINYINT AS t, 2147483647::INTEGER AS i, 4294967295::UINTEGER AS u",
    );
    let engine = over(folder.path());
    assert_eq!(
        rows(
            &engine,
            "SELECT t + t, t * t * t, i + i, i * i * i, u * u FROM local.public.ints"
        )
        .await,
        [[
            "254",
            "2048383",
            "4294967294",
            "9903520300447984150353281023",
            "18446744065119617025"
        ]]
    );
}

#[tokio::test]
async fn an_error_names_the_file_that_has_changed_or_is_broken() {
    let folder = tempfile::tempdir().unwrap();
    let numbers = folder.path().join("numbers.csv");
    fs::write(&numbers, "a\n1\n2\n").unwrap();
    fs::write(folder.path().join("twice.jsonl"), "{\"a\":1,\"a\":2}\n").unwrap();
    let engine = over(folder.path());
    let told = |error: crate::warehouse::Error| error.to_string();
    assert_eq!(
        rows(&engine, "SELECT SUM(a) FROM local.public.numbers").await,
        [["3"]]
    );
    // Within the two seconds before the folder is looked at again.
    fs::write(&numbers, "a\n1\nx\n").unwrap();
    if let Err(error) = ask(&engine, "SELECT SUM(a) FROM local.public.numbers").await {
        let error = told(error);
        // Or it has been looked at already, and is a text.
        let is_text = error.contains("'x' is not recognized");
        assert!(
            error.contains("numbers.csv has changed") || is_text,
            "{error}"
        );
    }
    until(&engine, "SELECT MAX(a) FROM local.public.numbers", |read| {
        read.as_ref().is_ok_and(|read| read.rows == [["x"]])
    })
    .await;
    if let Err(error) = ask(&engine, "SELECT * FROM local.public.twice").await {
        let error = told(error);
        let folder = folder.path().display().to_string();
        assert!(!error.contains(&folder), "{error}");
        assert!(
            error.contains("twice.jsonl") || error.contains("does not exist"),
            "{error}"
        );
    }
}
