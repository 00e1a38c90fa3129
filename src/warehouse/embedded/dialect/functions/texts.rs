//! Texts: searching, cutting, changing, regular expressions, hashes.

use super::How::{Refused, Rewrite as R, Scalar as S};
use super::{MANY, Row};
use crate::warehouse::embedded::dialect::writer::macro_call;

pub(super) const ROWS: &[Row] = &[
    ("LENGTH", 1, 1, S("length({t0})")),
    ("LEN", 1, 1, S("length({t0})")),
    ("CHAR_LENGTH", 1, 1, S("length({t0})")),
    ("CHARACTER_LENGTH", 1, 1, S("length({t0})")),
    ("OCTET_LENGTH", 1, 1, S("strlen({t0})")),
    ("BIT_LENGTH", 1, 1, S("(strlen({t0}) * 8)")),
    ("UPPER", 1, 1, S("upper({t0})")),
    ("LOWER", 1, 1, S("lower({t0})")),
    ("INITCAP", 1, 1, S("memory.main.sf_initcap({t0})")),
    ("REVERSE", 1, 1, S("reverse({t0})")),
    ("CONCAT", 1, MANY, R(|w, c| w.concat(c))),
    ("CONCAT_WS", 2, MANY, R(|w, c| w.concat_ws(c))),
    (
        "LEFT",
        2,
        2,
        S("left({t0}, greatest(CAST({1} AS BIGINT), 0))"),
    ),
    (
        "RIGHT",
        2,
        2,
        S("right({t0}, greatest(CAST({1} AS BIGINT), 0))"),
    ),
    ("SUBSTR", 2, 3, R(|w, c| w.substring(c))),
    ("SUBSTRING", 2, 3, R(|w, c| w.substring(c))),
    ("LPAD", 2, 3, R(|w, c| w.pad(c))),
    ("RPAD", 2, 3, R(|w, c| w.pad(c))),
    ("TRIM", 1, 2, R(|w, c| w.trim(c))),
    ("LTRIM", 1, 2, R(|w, c| w.trim(c))),
    ("RTRIM", 1, 2, R(|w, c| w.trim(c))),
    (
        "REPLACE",
        2,
        3,
        R(|w, c| {
            let text = w.text(c.argument(0)?)?;
            let from = w.text(c.argument(1)?)?;
            let to = match c.arguments().get(2) {
                Some(to) => w.text(to)?,
                None => "''".into(),
            };
            Ok(macro_call("replace", &[&text, &from, &to]))
        }),
    ),
    ("TRANSLATE", 3, 3, S("translate({t0}, {t1}, {t2})")),
    (
        "INSERT",
        4,
        4,
        S("memory.main.sf_insert({t0}, {1}, {2}, {t3})"),
    ),
    (
        "REPEAT",
        2,
        2,
        S("memory.main.sf_repeat({t0}, CAST({1} AS BIGINT))"),
    ),
    (
        "SPACE",
        1,
        1,
        S("memory.main.sf_repeat(' ', CAST({0} AS BIGINT))"),
    ),
    (
        "SPLIT_PART",
        3,
        3,
        S("memory.main.sf_split_part({t0}, {t1}, {2})"),
    ),
    ("STRTOK", 1, 3, R(|w, c| w.strtok(c))),
    ("CHARINDEX", 2, 3, R(|w, c| w.charindex(c))),
    ("POSITION", 2, 3, R(|w, c| w.charindex(c))),
    ("CONTAINS", 2, 2, S("contains({t0}, {t1})")),
    ("STARTSWITH", 2, 2, S("starts_with({t0}, {t1})")),
    ("ENDSWITH", 2, 2, S("ends_with({t0}, {t1})")),
    (
        "ASCII",
        1,
        1,
        S("CASE WHEN {t0} = '' THEN 0 ELSE ascii({t0}) END"),
    ),
    (
        "UNICODE",
        1,
        1,
        S("CASE WHEN {t0} = '' THEN 0 ELSE unicode({t0}) END"),
    ),
    ("CHR", 1, 1, S("chr(CAST({0} AS INTEGER))")),
    ("CHAR", 1, 1, S("chr(CAST({0} AS INTEGER))")),
    ("MD5", 1, 1, S("md5({t0})")),
    ("MD5_HEX", 1, 1, S("md5({t0})")),
    ("SHA1", 1, 1, S("sha1({t0})")),
    ("SHA1_HEX", 1, 1, S("sha1({t0})")),
    ("SHA2", 1, 2, R(|w, c| w.sha2(c))),
    ("SHA2_HEX", 1, 2, R(|w, c| w.sha2(c))),
    ("BASE64_ENCODE", 1, 1, S("base64(encode({t0}))")),
    ("BASE64_DECODE_STRING", 1, 1, S("decode(from_base64({t0}))")),
    (
        "TRY_BASE64_DECODE_STRING",
        1,
        1,
        S("TRY(decode(from_base64({t0})))"),
    ),
    ("HEX_ENCODE", 1, 1, S("hex({t0})")),
    ("HEX_DECODE_STRING", 1, 1, S("decode(unhex({t0}))")),
    ("EDITDISTANCE", 2, 2, S("levenshtein({t0}, {t1})")),
    (
        "JAROWINKLER_SIMILARITY",
        2,
        2,
        S("CAST(floor(jaro_winkler_similarity(lower({t0}), lower({t1})) * 100) AS BIGINT)"),
    ),
    ("UUID_STRING", 0, 0, S("CAST(uuid() AS VARCHAR)")),
    (
        "SOUNDEX",
        1,
        1,
        Refused {
            what: "does not know the function SOUNDEX",
            hint: "EDITDISTANCE and JAROWINKLER_SIMILARITY compare words too",
        },
    ),
    (
        "HASH",
        1,
        MANY,
        Refused {
            what: "cannot reproduce the values of HASH",
            hint: "MD5 and SHA2 give the same values everywhere",
        },
    ),
    ("REGEXP_LIKE", 2, 3, R(|w, c| w.regexp_like(c))),
    ("RLIKE", 2, 3, R(|w, c| w.regexp_like(c))),
    ("REGEXP_REPLACE", 2, 6, R(|w, c| w.regexp_replace(c))),
    ("REGEXP_SUBSTR", 2, 6, R(|w, c| w.regexp_substr(c))),
    ("REGEXP_EXTRACT_ALL", 2, 6, R(|w, c| w.regexp_substr_all(c))),
    ("REGEXP_SUBSTR_ALL", 2, 6, R(|w, c| w.regexp_substr_all(c))),
    ("REGEXP_COUNT", 2, 4, R(|w, c| w.regexp_count(c))),
    (
        "REGEXP_INSTR",
        2,
        2,
        S(
            "CASE WHEN regexp_matches({t0}, {t1}) THEN length(string_split_regex({t0}, {t1})[1]) + 1 ELSE 0 END",
        ),
    ),
];
