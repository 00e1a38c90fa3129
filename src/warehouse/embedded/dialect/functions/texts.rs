//! Texts: searching, cutting, changing, regular expressions, hashes.

use super::How::{Refused, Rewrite as R, Scalar as S};
use super::{MANY, Row};
use crate::warehouse::embedded::dialect::lengths::{LONGEST, digits_of};
use crate::warehouse::embedded::dialect::writer::{macro_call, refuse};

pub(super) const ROWS: &[Row] = &[
    ("LENGTH", 1, 1, R(|w, c| w.length(c))),
    ("LEN", 1, 1, R(|w, c| w.length(c))),
    ("CHAR_LENGTH", 1, 1, R(|w, c| w.length(c))),
    ("CHARACTER_LENGTH", 1, 1, R(|w, c| w.length(c))),
    ("OCTET_LENGTH", 1, 1, R(|w, c| w.octets(c))),
    (
        "BIT_LENGTH",
        1,
        1,
        R(|w, c| Ok(format!("({} * 8)", w.octets(c)?))),
    ),
    ("UPPER", 1, 1, S("rs_upper({t0})")),
    ("LOWER", 1, 1, S("rs_lower({t0})")),
    ("INITCAP", 1, 2, R(|w, c| w.initcap(c))),
    ("REVERSE", 1, 1, R(|w, c| w.reverse(c))),
    ("CONCAT", 1, MANY, R(|w, c| w.concat(c))),
    ("CONCAT_WS", 2, MANY, R(|w, c| w.concat_ws(c))),
    ("LEFT", 2, 2, R(|w, c| w.side_of_text(c))),
    ("RIGHT", 2, 2, R(|w, c| w.side_of_text(c))),
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
            Ok(format!("rs_replace({LONGEST}, {text}, {from}, {to})"))
        }),
    ),
    ("TRANSLATE", 3, 3, S("rs_translate({s}, {t0}, {t1}, {t2})")),
    ("INSERT", 4, 4, R(|w, c| w.insert(c))),
    (
        "REPEAT",
        2,
        2,
        R(|w, c| {
            let (text, times) = (w.text(c.argument(0)?)?, w.expression(c.argument(1)?)?);
            Ok(repeated(&text, &times))
        }),
    ),
    (
        "SPACE",
        1,
        1,
        R(|w, c| Ok(repeated("' '", &w.expression(c.argument(0)?)?))),
    ),
    ("SPLIT_PART", 3, 3, S("rs_split_part({t0}, {t1}, {i2})")),
    ("STRTOK", 1, 3, R(|w, c| w.strtok(c))),
    ("CHARINDEX", 2, 3, R(|w, c| w.charindex(c))),
    ("POSITION", 2, 3, R(|w, c| w.charindex(c))),
    ("CONTAINS", 2, 2, R(|w, c| w.contains(c))),
    ("STARTSWITH", 2, 2, R(|w, c| w.contains(c))),
    ("ENDSWITH", 2, 2, R(|w, c| w.contains(c))),
    ("ASCII", 1, 1, S("rs_ascii({t0})")),
    ("UNICODE", 1, 1, S("rs_unicode({t0})")),
    ("CHR", 1, 1, S("chr(CAST({0} AS INTEGER))")),
    ("CHAR", 1, 1, S("chr(CAST({0} AS INTEGER))")),
    (
        "MD5",
        1,
        1,
        R(|w, c| Ok(format!("md5({})", w.hashed(c.argument(0)?)?))),
    ),
    (
        "MD5_HEX",
        1,
        1,
        R(|w, c| Ok(format!("md5({})", w.hashed(c.argument(0)?)?))),
    ),
    (
        "SHA1",
        1,
        1,
        R(|w, c| Ok(format!("sha1({})", w.hashed(c.argument(0)?)?))),
    ),
    (
        "SHA1_HEX",
        1,
        1,
        R(|w, c| Ok(format!("sha1({})", w.hashed(c.argument(0)?)?))),
    ),
    ("SHA2", 1, 2, R(|w, c| w.sha2(c))),
    ("SHA2_HEX", 1, 2, R(|w, c| w.sha2(c))),
    ("BASE64_ENCODE", 1, 3, R(|w, c| w.base64_encode(c))),
    (
        "BASE64_DECODE_STRING",
        1,
        2,
        R(|w, c| {
            Ok(format!(
                "decode({})",
                macro_call("from_base64", &[&w.base64_text(c)?])
            ))
        }),
    ),
    (
        "BASE64_DECODE_BINARY",
        1,
        2,
        R(|w, c| Ok(macro_call("from_base64", &[&w.base64_text(c)?]))),
    ),
    (
        "TRY_BASE64_DECODE_BINARY",
        1,
        2,
        R(|w, c| Ok(format!("unhex(rs_try_base64({}))", w.base64_text(c)?))),
    ),
    ("HEX_DECODE_BINARY", 1, 1, S("unhex(rs_hex({t0}))")),
    ("TRY_HEX_DECODE_BINARY", 1, 1, S("unhex(rs_try_hex({t0}))")),
    ("TRY_HEX_DECODE_STRING", 1, 1, S("rs_try_from_hex({t0})")),
    (
        "MD5_NUMBER_LOWER64",
        1,
        1,
        R(|w, c| w.md5_number(c, "right")),
    ),
    (
        "MD5_NUMBER_UPPER64",
        1,
        1,
        R(|w, c| w.md5_number(c, "left")),
    ),
    (
        "MD5_BINARY",
        1,
        1,
        R(|w, c| Ok(format!("unhex(md5({}))", w.hashed(c.argument(0)?)?))),
    ),
    (
        "SHA1_BINARY",
        1,
        1,
        R(|w, c| Ok(format!("unhex(sha1({}))", w.hashed(c.argument(0)?)?))),
    ),
    (
        "SHA2_BINARY",
        1,
        2,
        R(|w, c| Ok(format!("unhex({})", w.sha2(c)?))),
    ),
    (
        "TRY_BASE64_DECODE_STRING",
        1,
        2,
        R(|w, c| {
            Ok(format!(
                "rs_try_from_hex(rs_try_base64({}))",
                w.base64_text(c)?
            ))
        }),
    ),
    ("HEX_ENCODE", 1, 2, R(|w, c| w.hex_encode(c))),
    ("HEX_DECODE_STRING", 1, 1, S("rs_from_hex({t0})")),
    ("EDITDISTANCE", 2, 3, R(|w, c| w.edit_distance(c))),
    (
        "JAROWINKLER_SIMILARITY",
        2,
        2,
        S("rs_jarowinkler({s}, {t0}, {t1})"),
    ),
    (
        "UUID_STRING",
        0,
        2,
        R(|w, c| match c.arguments() {
            [] => Ok("CAST(uuid() AS VARCHAR)".into()),
            [space, name] => {
                let (space, name) = (w.text(space)?, w.text(name)?);
                Ok(format!("rs_uuid5({space}, {name})"))
            }
            _ => refuse("UUID_STRING takes a name space and a name, or nothing"),
        }),
    ),
    ("LIKE", 2, 3, R(|w, c| w.like_call(c))),
    ("ILIKE", 2, 3, R(|w, c| w.like_call(c))),
    ("RTRIMMED_LENGTH", 1, 1, S("length(rtrim({t0}, ' '))")),
    ("SOUNDEX", 1, 1, S("rs_soundex({t0})")),
    ("SEARCH", 2, 4, R(|w, c| w.search(c))),
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
    ("REGEXP_INSTR", 2, 7, R(|w, c| w.regexp_instr(c))),
];

/// A text several times, no longer than allowed.
fn repeated(text: &str, times: &str) -> String {
    format!("rs_repeat({LONGEST}, {text}, {})", digits_of(times))
}
