//! The session, the account, generators.

use super::How::{Refused, Rewrite as R, Scalar as S};
use super::Row;
use crate::warehouse::embedded::dialect::writer::quote_text;

pub(super) const ROWS: &[Row] = &[
    (
        "CURRENT_DATABASE",
        0,
        0,
        R(|w, _| Ok(quote_text(w.context.database.as_str()))),
    ),
    (
        "CURRENT_SCHEMA",
        0,
        0,
        R(|w, _| Ok(quote_text(w.context.schema.as_str()))),
    ),
    (
        "CURRENT_ROLE",
        0,
        0,
        R(|w, _| Ok(quote_text(w.context.role.as_str()))),
    ),
    (
        "CURRENT_WAREHOUSE",
        0,
        0,
        R(|w, _| Ok(quote_text(w.context.warehouse.as_str()))),
    ),
    (
        "CURRENT_USER",
        0,
        0,
        R(|w, _| Ok(quote_text(w.context.user.as_str()))),
    ),
    (
        "CURRENT_STATEMENT",
        0,
        0,
        Refused {
            what: "does not support CURRENT_STATEMENT",
            hint: "the statement is the one you sent",
        },
    ),
    (
        "CURRENT_SCHEMAS",
        0,
        0,
        R(|w, _| {
            let path = format!("[\"{}.{}\"]", w.context.database, w.context.schema);
            Ok(quote_text(&path))
        }),
    ),
    ("CURRENT_ACCOUNT", 0, 0, S("'EMBEDDED'")),
    ("CURRENT_ACCOUNT_NAME", 0, 0, S("'EMBEDDED'")),
    ("CURRENT_ORGANIZATION_NAME", 0, 0, S("'LOCAL'")),
    ("CURRENT_REGION", 0, 0, S("'LOCAL'")),
    ("CURRENT_CLIENT", 0, 0, S("'snowflake-mcp'")),
    (
        "CURRENT_SECONDARY_ROLES",
        0,
        0,
        R(|_, _| Ok(quote_text("{\"roles\":\"\",\"value\":\"\"}"))),
    ),
    (
        "CURRENT_AVAILABLE_ROLES",
        0,
        0,
        R(|w, _| Ok(quote_text(&format!("[\"{}\"]", w.context.role)))),
    ),
    (
        "CURRENT_VERSION",
        0,
        0,
        R(|_, _| Ok(quote_text(concat!("embedded ", env!("CARGO_PKG_VERSION"))))),
    ),
    ("CURRENT_SESSION", 0, 0, S("'0'")),
    // No statement belongs to a transaction of the caller's.
    ("CURRENT_TRANSACTION", 0, 0, S("CAST(NULL AS VARCHAR)")),
    ("CURRENT_ROLE_TYPE", 0, 0, S("'ROLE'")),
    (
        "LAST_QUERY_ID",
        0,
        1,
        Refused {
            what: "keeps nothing from one call to the next, so there is no last query",
            hint: "put the first query into a WITH clause of the second",
        },
    ),
    ("GET_DDL", 2, 3, R(|w, c| w.get_ddl(c))),
];
