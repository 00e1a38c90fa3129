//! Dates and times: parts, distances, truncation, formats.

use super::How::{Rewrite as R, Scalar as S};
use super::Row;
use crate::warehouse::embedded::dialect::dates::unit_name;
use crate::warehouse::embedded::dialect::writer::macro_call;

pub(super) const ROWS: &[Row] = &[
    ("DATEADD", 3, 3, R(|w, c| w.date_add(c))),
    ("TIMEADD", 3, 3, R(|w, c| w.date_add(c))),
    ("TIMESTAMPADD", 3, 3, R(|w, c| w.date_add(c))),
    ("DATEDIFF", 3, 3, R(|w, c| w.date_diff(c))),
    ("TIMEDIFF", 3, 3, R(|w, c| w.date_diff(c))),
    ("TIMESTAMPDIFF", 3, 3, R(|w, c| w.date_diff(c))),
    ("DATE_TRUNC", 2, 2, R(|w, c| w.date_trunc(c))),
    (
        "DATE_PART",
        2,
        2,
        R(|w, c| w.date_part(&unit_name(c.argument(0)?)?, c.argument(1)?)),
    ),
    ("LAST_DAY", 1, 2, R(|w, c| w.last_day(c))),
    ("NEXT_DAY", 2, 2, R(|w, c| w.neighbour_day(c, true))),
    ("PREVIOUS_DAY", 2, 2, R(|w, c| w.neighbour_day(c, false))),
    (
        "MONTHS_BETWEEN",
        2,
        2,
        S("memory.main.sf_months_between({m0}, {m1})"),
    ),
    (
        "ADD_MONTHS",
        2,
        2,
        R(|w, c| {
            let date = w.moment(c.argument(0)?)?;
            let months = w.number(c.argument(1)?)?;
            Ok(macro_call("add_months", &[&date, &months]))
        }),
    ),
    ("TIME_SLICE", 3, 4, R(|w, c| w.time_slice(c))),
    ("CONVERT_TIMEZONE", 2, 3, R(|w, c| w.convert_timezone(c))),
    ("DAYNAME", 1, 1, S("strftime({m0}, '%a')")),
    ("MONTHNAME", 1, 1, S("strftime({m0}, '%b')")),
    ("YEAR", 1, 1, S("date_part('year', {m0})")),
    ("YEAROFWEEK", 1, 1, S("date_part('isoyear', {m0})")),
    ("YEAROFWEEKISO", 1, 1, S("date_part('isoyear', {m0})")),
    ("QUARTER", 1, 1, S("date_part('quarter', {m0})")),
    ("MONTH", 1, 1, S("date_part('month', {m0})")),
    ("WEEK", 1, 1, S("date_part('week', {m0})")),
    ("WEEKOFYEAR", 1, 1, S("date_part('week', {m0})")),
    ("WEEKISO", 1, 1, S("date_part('week', {m0})")),
    ("DAY", 1, 1, S("date_part('day', {m0})")),
    ("DAYOFMONTH", 1, 1, S("date_part('day', {m0})")),
    ("DAYOFWEEK", 1, 1, S("date_part('dow', {m0})")),
    ("DAYOFWEEKISO", 1, 1, S("date_part('isodow', {m0})")),
    ("DAYOFYEAR", 1, 1, S("date_part('doy', {m0})")),
    ("HOUR", 1, 1, S("date_part('hour', {m0})")),
    ("MINUTE", 1, 1, S("date_part('minute', {m0})")),
    ("SECOND", 1, 1, S("date_part('second', {m0})")),
    (
        "DATE_FROM_PARTS",
        3,
        3,
        S("memory.main.sf_date_of_parts({0}, {1}, {2})"),
    ),
    (
        "DATEFROMPARTS",
        3,
        3,
        S("memory.main.sf_date_of_parts({0}, {1}, {2})"),
    ),
    ("TIME_FROM_PARTS", 3, 4, R(|w, c| w.time_of_parts(c))),
    ("TIMEFROMPARTS", 3, 4, R(|w, c| w.time_of_parts(c))),
    (
        "TIMESTAMP_FROM_PARTS",
        2,
        8,
        R(|w, c| w.timestamp_of_parts(c)),
    ),
    (
        "TIMESTAMPFROMPARTS",
        2,
        8,
        R(|w, c| w.timestamp_of_parts(c)),
    ),
    (
        "TIMESTAMP_NTZ_FROM_PARTS",
        2,
        8,
        R(|w, c| w.timestamp_of_parts(c)),
    ),
    (
        "TIMESTAMPNTZFROMPARTS",
        2,
        8,
        R(|w, c| w.timestamp_of_parts(c)),
    ),
    (
        "TIMESTAMP_LTZ_FROM_PARTS",
        6,
        7,
        R(|w, c| w.timestamp_of_parts(c)),
    ),
    (
        "TIMESTAMPLTZFROMPARTS",
        6,
        7,
        R(|w, c| w.timestamp_of_parts(c)),
    ),
    (
        "TIMESTAMP_TZ_FROM_PARTS",
        6,
        8,
        R(|w, c| w.timestamp_of_parts(c)),
    ),
    (
        "TIMESTAMPTZFROMPARTS",
        6,
        8,
        R(|w, c| w.timestamp_of_parts(c)),
    ),
    // Not current_date: DuckDB takes that for the column of the same name that the statement makes.
    ("CURRENT_DATE", 0, 0, S("today()")),
    ("CURRENT_TIMESTAMP", 0, 1, R(|_, _| Ok("now()".into()))),
    ("LOCALTIMESTAMP", 0, 1, R(|_, _| Ok("now()".into()))),
    ("GETDATE", 0, 0, S("now()")),
    ("SYSTIMESTAMP", 0, 0, S("now()")),
    ("SYSDATE", 0, 0, S("make_timestamp(epoch_us(now()))")),
    (
        "CURRENT_TIME",
        0,
        1,
        R(|_, _| Ok("CAST(CAST(now() AS TIMESTAMP) AS TIME)".into())),
    ),
    (
        "LOCALTIME",
        0,
        1,
        R(|_, _| Ok("CAST(CAST(now() AS TIMESTAMP) AS TIME)".into())),
    ),
];
