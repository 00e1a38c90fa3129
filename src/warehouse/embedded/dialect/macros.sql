-- What Snowflake's functions do with a value depends on its type, which the translation does not know. DuckDB does:
-- `typeof` is known when a statement is prepared, so branches that do not apply cost nothing at run time, and
-- `cast_to_type` gives a result the type of an argument.
--
-- DuckDB also lets a macro have a body for each type of its arguments. That is of no use here: it cannot choose between
-- them for an aggregate, a column of an outer query or an alias, and it takes every text for JSON.

-- The translation names an argument once, however often a macro does: see `bound` in writer.rs.

-- Ends the statement with a message. `error()` would do, but counts as a side effect: an alias of such an expression
-- cannot be used again, and nothing with it is computed ahead. error.rs takes the message out of the failed cast.
CREATE MACRO sf_fail(message) AS list_extract([], CAST('sf_fail:' || message AS INTEGER));

-- Bytes, where a value of any type may stand: DuckDB's text of a BLOB says each byte.
CREATE MACRO sf_blob(a) AS TRY_CAST(CAST(a AS VARCHAR) AS BLOB);

-- Any value as the text Snowflake makes of it, where it stands for a text by itself. BINARY does not.
CREATE MACRO sf_text(a) AS CASE typeof(a)
  WHEN 'VARCHAR' THEN CAST(a AS VARCHAR)
  WHEN 'JSON' THEN rs_json_text(CAST(a AS VARCHAR))
  WHEN 'DOUBLE' THEN regexp_replace(CAST(a AS VARCHAR), '\.0$', '')
  WHEN 'TIME' THEN left(CAST(a AS VARCHAR), 8)
  WHEN 'TIMESTAMP' THEN strftime(TRY_CAST(CAST(a AS VARCHAR) AS TIMESTAMP), '%Y-%m-%d %H:%M:%S.%g')
  WHEN 'TIMESTAMP WITH TIME ZONE' THEN strftime(TRY_CAST(CAST(a AS VARCHAR) AS TIMESTAMPTZ), '%Y-%m-%d %H:%M:%S.%g +0000')
  WHEN 'BLOB' THEN memory.main.sf_fail('the embedded engine does not accept BINARY in this function; convert it with TO_CHAR')
  WHEN 'INTERVAL' THEN memory.main.sf_fail('the embedded engine does not subtract one timestamp from another; use DATEDIFF')
  ELSE CAST(a AS VARCHAR) END;
-- The same where the cast is written.
CREATE MACRO sf_cast_text(a) AS CASE WHEN typeof(a) = 'BLOB' THEN hex(memory.main.sf_blob(a)) ELSE memory.main.sf_text(a) END;

-- A value of BINARY by its form.
CREATE MACRO sf_bytes(a) AS CASE WHEN typeof(a) IN ('BLOB', '"NULL"') THEN memory.main.sf_blob(a) ELSE memory.main.sf_fail('the embedded engine expected BINARY') END;
CREATE MACRO sf_length(a) AS CASE WHEN typeof(a) = 'BLOB' THEN octet_length(memory.main.sf_blob(a)) ELSE length(memory.main.sf_text(a)) END;
CREATE MACRO sf_octets(a) AS CASE WHEN typeof(a) = 'BLOB' THEN octet_length(memory.main.sf_blob(a)) ELSE strlen(memory.main.sf_text(a)) END;
CREATE MACRO sf_hex(a) AS CASE WHEN typeof(a) = 'BLOB' THEN hex(memory.main.sf_blob(a)) ELSE rs_to_hex(memory.main.sf_text(a), getvariable('sf_longest')) END;
CREATE MACRO sf_base64(a) AS CASE WHEN typeof(a) = 'BLOB' THEN base64(memory.main.sf_blob(a)) ELSE rs_to_base64(memory.main.sf_text(a), getvariable('sf_longest')) END;
-- Before its beginning a value has nothing, not what follows.
CREATE MACRO sf_bytes_start(a, p) AS CASE
  WHEN p = 0 THEN 1 WHEN p > 0 THEN 2 * CAST(p AS BIGINT) - 1
  WHEN -p > octet_length(memory.main.sf_bytes(a)) THEN 2 * octet_length(memory.main.sf_bytes(a)) + 1 ELSE 2 * CAST(p AS BIGINT) END;
CREATE MACRO sf_bytes_substr
  (a, p) AS unhex(substr(hex(memory.main.sf_bytes(a)), memory.main.sf_bytes_start(a, p))),
  (a, p, n) AS unhex(CASE WHEN a IS NULL OR p IS NULL THEN NULL WHEN n <= 0 THEN '' ELSE substr(hex(memory.main.sf_bytes(a)), memory.main.sf_bytes_start(a, p), 2 * CAST(n AS BIGINT)) END);
-- Not greatest, which passes over NULL.
CREATE MACRO sf_bytes_left(a, n) AS unhex(left(hex(memory.main.sf_bytes(a)), CASE WHEN n < 0 THEN 0 ELSE 2 * CAST(n AS BIGINT) END));
CREATE MACRO sf_bytes_right(a, n) AS unhex(right(hex(memory.main.sf_bytes(a)), CASE WHEN n < 0 THEN 0 ELSE 2 * CAST(n AS BIGINT) END));
CREATE MACRO sf_left(t, n) AS left(t, CASE WHEN n < 0 THEN 0 ELSE CAST(n AS BIGINT) END);
CREATE MACRO sf_right(t, n) AS right(t, CASE WHEN n < 0 THEN 0 ELSE CAST(n AS BIGINT) END);
CREATE MACRO sf_bytes_reverse(a) AS unhex(rs_reverse_bytes(hex(memory.main.sf_bytes(a))));
CREATE MACRO sf_bytes_insert(a, p, n, r) AS unhex(substr(hex(memory.main.sf_bytes(a)), 1, 2 * (CAST(p AS BIGINT) - 1)) || hex(memory.main.sf_bytes(r)) || substr(hex(memory.main.sf_bytes(a)), 2 * (CAST(p AS BIGINT) + CAST(n AS BIGINT)) - 1));
CREATE MACRO sf_bytes_position(needle, a, p) AS rs_hex_position(hex(memory.main.sf_bytes(needle)), hex(memory.main.sf_bytes(a)), CAST(p AS VARCHAR));
CREATE MACRO sf_bytes_starts(a, b) AS starts_with(hex(memory.main.sf_bytes(a)), hex(memory.main.sf_bytes(b)));
CREATE MACRO sf_bytes_ends(a, b) AS ends_with(hex(memory.main.sf_bytes(a)), hex(memory.main.sf_bytes(b)));
-- TRY would compute again, row by row, what fails inside of it: nested, twice as often at each level.
CREATE MACRO sf_from_base64(t) AS unhex(rs_base64(t));

CREATE MACRO sf_text_of_length(a, n) AS CASE
  WHEN length(memory.main.sf_cast_text(a)) > n THEN memory.main.sf_fail('the text is longer than the VARCHAR it is cast to; use LEFT')
  ELSE memory.main.sf_cast_text(a) END;

CREATE MACRO sf_boolean(a) AS CASE
  WHEN a IS NULL THEN NULL
  WHEN typeof(a) = 'BOOLEAN' THEN TRY_CAST(CAST(a AS VARCHAR) AS BOOLEAN)
  WHEN typeof(a) IN ('DATE', 'TIME', 'TIMESTAMP', 'TIMESTAMP WITH TIME ZONE', 'BLOB') THEN memory.main.sf_fail('a value of this type cannot be cast to BOOLEAN')
  WHEN typeof(a) NOT IN ('VARCHAR', 'JSON') THEN TRY_CAST(CAST(a AS VARCHAR) AS DOUBLE) <> 0
  ELSE rs_boolean(memory.main.sf_text(a)) END;

-- Timestamps without zone keep the wall clock: an offset at the end is dropped, not applied.
CREATE MACRO sf_wall_clock(t) AS CAST(rs_timestamp(t) AS TIMESTAMP);

CREATE MACRO sf_seconds(a) AS make_timestamp(CAST(TRY_CAST(CAST(a AS VARCHAR) AS DECIMAL(38, 6)) * 1000000 AS BIGINT));

CREATE MACRO sf_timestamp(a) AS CASE
  WHEN typeof(a) IN ('VARCHAR', 'JSON', '"NULL"') THEN memory.main.sf_wall_clock(memory.main.sf_text(a))
  WHEN typeof(a) IN ('DATE', 'TIMESTAMP', 'TIMESTAMP WITH TIME ZONE') THEN TRY_CAST(a AS TIMESTAMP)
  WHEN typeof(a) IN ('TIME', 'BOOLEAN', 'BLOB') THEN memory.main.sf_fail('a value of this type cannot be cast to TIMESTAMP')
  ELSE memory.main.sf_seconds(a) END;

-- A date or time as a point in time; a time of day is one of the first day of 1970.
CREATE MACRO sf_moment(a) AS CASE
  WHEN typeof(a) IN ('VARCHAR', 'JSON', '"NULL"') THEN memory.main.sf_wall_clock(memory.main.sf_text(a))
  WHEN typeof(a) = 'TIME' THEN DATE '1970-01-01' + TRY_CAST(a AS TIME)
  WHEN typeof(a) IN ('DATE', 'TIMESTAMP', 'TIMESTAMP WITH TIME ZONE') THEN TRY_CAST(a AS TIMESTAMP)
  ELSE memory.main.sf_fail('a number is not a date or time; use TO_TIMESTAMP') END;
-- The same of what has a date, and of what has a time of day.
CREATE MACRO sf_day_moment(a) AS CASE WHEN typeof(a) = 'TIME' THEN memory.main.sf_fail('a TIME has no date: this takes a DATE or TIMESTAMP, or a part of the time') ELSE memory.main.sf_moment(a) END;
CREATE MACRO sf_clock_moment(a) AS CASE WHEN typeof(a) = 'DATE' THEN memory.main.sf_fail('EPOCH_MILLISECOND and shorter ones are no parts of a DATE; cast it to TIMESTAMP') ELSE memory.main.sf_moment(a) END;
-- A moment whose zone is known: that of UTC.
CREATE MACRO sf_in_utc(a) AS CASE
  WHEN typeof(a) = 'TIMESTAMP WITH TIME ZONE' THEN TRY_CAST(a AS TIMESTAMP)
  ELSE memory.main.sf_fail('the embedded engine takes a time zone (TZH, TZM) of a TIMESTAMP_LTZ or TIMESTAMP_TZ only') END;
-- What Snowflake makes of a part of a second before 1970 is not documented.
CREATE MACRO sf_epoch(m, size) AS CASE
  WHEN epoch_us(m) < 0 AND epoch_us(m) % size <> 0 THEN memory.main.sf_fail('the embedded engine does not count seconds of a time before 1970 that has a fraction of them')
  ELSE epoch_us(m) // size END;
-- A date or time in a format that is no literal.
CREATE MACRO sf_char_of(a, f) AS CASE
  WHEN typeof(a) NOT IN ('DATE', 'TIME', 'TIMESTAMP', 'TIMESTAMP WITH TIME ZONE') THEN memory.main.sf_fail('the embedded engine accepts a format that is no literal for dates and times only')
  WHEN typeof(a) <> 'TIMESTAMP WITH TIME ZONE' AND contains(upper(f), 'TZ') THEN memory.main.sf_fail('the embedded engine takes a time zone (TZH, TZM) of a TIMESTAMP_LTZ or TIMESTAMP_TZ only')
  ELSE rs_write_moment(strftime(memory.main.sf_moment(a), '%Y-%m-%d %H:%M:%S.%f'), f) END;
-- The same with the type it has: a text is a TIMESTAMP, and a number is none.
CREATE MACRO sf_when(a) AS CASE
  WHEN typeof(a) IN ('DATE', 'TIME', 'TIMESTAMP', 'TIMESTAMP WITH TIME ZONE', 'VARCHAR', 'JSON', '"NULL"') THEN rs_when(a)
  ELSE memory.main.sf_fail('a number is not a date or time; use TO_TIMESTAMP') END;

CREATE MACRO sf_zoned(a) AS CASE
  WHEN typeof(a) IN ('VARCHAR', 'JSON', '"NULL"') THEN CAST(rs_zoned(memory.main.sf_text(a)) AS TIMESTAMPTZ)
  WHEN typeof(a) IN ('DATE', 'TIMESTAMP', 'TIMESTAMP WITH TIME ZONE') THEN TRY_CAST(a AS TIMESTAMPTZ)
  WHEN typeof(a) IN ('TIME', 'BOOLEAN', 'BLOB') THEN memory.main.sf_fail('a value of this type cannot be cast to TIMESTAMP')
  ELSE to_timestamp(TRY_CAST(CAST(a AS VARCHAR) AS DOUBLE)) END;

-- TIMESTAMP_TZ keeps its offset, which the engine does not: a text may have that of UTC only.
CREATE MACRO sf_offset(a) AS CASE
  WHEN typeof(a) IN ('VARCHAR', 'JSON', '"NULL"') THEN CAST(rs_offset(memory.main.sf_text(a)) AS TIMESTAMPTZ)
  ELSE memory.main.sf_zoned(a) END;

CREATE MACRO sf_date(a) AS CASE
  WHEN typeof(a) IN ('VARCHAR', 'JSON', '"NULL"') THEN CAST(rs_date(memory.main.sf_text(a)) AS DATE)
  WHEN typeof(a) IN ('DATE', 'TIMESTAMP', 'TIMESTAMP WITH TIME ZONE') THEN TRY_CAST(a AS DATE)
  ELSE memory.main.sf_fail('a number cannot be cast to DATE; use TO_DATE with a text, or TO_TIMESTAMP') END;

CREATE MACRO sf_time(a) AS CASE
  WHEN typeof(a) IN ('VARCHAR', 'JSON', '"NULL"') THEN CAST(rs_time(memory.main.sf_text(a)) AS TIME)
  WHEN typeof(a) IN ('TIME', 'TIMESTAMP') THEN TRY_CAST(a AS TIME)
  WHEN typeof(a) = 'TIMESTAMP WITH TIME ZONE' THEN CAST(TRY_CAST(a AS TIMESTAMP) AS TIME)
  ELSE memory.main.sf_fail('a value of this type cannot be cast to TIME') END;

-- What TRY_CAST takes: Snowflake refuses values of other types.
CREATE MACRO sf_only_text(a, t) AS CASE WHEN typeof(a) IN ('VARCHAR', '"NULL"') THEN CAST(a AS VARCHAR) ELSE rs_no_text(typeof(a), t) END;

-- Conversions that give NULL where they cannot be made. These fail in no other way.
CREATE MACRO sf_try_text_of_length(a, n) AS CASE WHEN length(memory.main.sf_text(a)) <= n THEN memory.main.sf_text(a) END;
CREATE MACRO sf_try_boolean(a) AS rs_try_boolean(memory.main.sf_text(a));
CREATE MACRO sf_try_date(a) AS CAST(rs_try_date(memory.main.sf_text(a)) AS DATE);
CREATE MACRO sf_try_time(a) AS CAST(rs_try_time(CASE WHEN typeof(a) = 'TIME' THEN CAST(a AS VARCHAR) ELSE memory.main.sf_text(a) END) AS TIME);
CREATE MACRO sf_try_timestamp(a) AS CAST(rs_try_timestamp(memory.main.sf_text(a)) AS TIMESTAMP);
CREATE MACRO sf_try_offset(a) AS CAST(rs_try_offset(memory.main.sf_text(a)) AS TIMESTAMPTZ);
CREATE MACRO sf_try_zoned(a) AS CAST(rs_try_zoned(memory.main.sf_text(a)) AS TIMESTAMPTZ);

-- Dates stay dates when days or months are added, and become timestamps with hours, as they do in Snowflake.
CREATE MACRO sf_no_date_in_time() AS memory.main.sf_fail('a TIME has no date: this takes hours, minutes, seconds and parts of them only');
CREATE MACRO sf_add_months_to(d, n) AS CASE WHEN typeof(d) = 'TIME' THEN memory.main.sf_no_date_in_time() ELSE cast_to_type(d + to_months(CAST(n AS INTEGER)), d) END;
CREATE MACRO sf_add_days_to(d, n) AS CASE WHEN typeof(d) = 'TIME' THEN memory.main.sf_no_date_in_time() ELSE cast_to_type(d + to_days(CAST(n AS INTEGER)), d) END;
CREATE MACRO sf_add_time_to(d, n) AS d + to_microseconds(n);
CREATE MACRO sf_date_trunc(d, u) AS CASE
  WHEN typeof(d) = 'TIME' AND u IN ('day', 'week', 'month', 'quarter', 'year') THEN memory.main.sf_no_date_in_time()
  ELSE cast_to_type(date_trunc(u, memory.main.sf_moment(d)), d) END;
-- The last day of a month stays the last day.
CREATE MACRO sf_add_months(d, n) AS cast_to_type(CASE
  WHEN CAST(memory.main.sf_moment(d) AS DATE) = last_day(memory.main.sf_moment(d))
    THEN last_day(memory.main.sf_moment(d) + to_months(CAST(n AS INTEGER))) + CAST(memory.main.sf_moment(d) AS TIME)
  ELSE memory.main.sf_moment(d) + to_months(CAST(n AS INTEGER)) END, d);

-- Whole months, or the rest in 31sts of a month.
CREATE MACRO sf_months_between(a, b) AS CAST(
  (year(a) - year(b)) * 12 + month(a) - month(b)
  + CASE WHEN day(a) = day(b) OR (CAST(a AS DATE) = last_day(a) AND CAST(b AS DATE) = last_day(b)) THEN 0
    ELSE (day(a) - day(b) + (epoch(CAST(a AS TIME)) - epoch(CAST(b AS TIME))) / 86400.0) / 31.0 END AS DECIMAL(38, 6));

-- Text.
-- DuckDB makes these values outside its memory limit and does not look for an interruption meanwhile: two gigabytes were
-- seen from one call. So they have a limit of their own, which follows from the statement; see cost.rs.
CREATE MACRO sf_fits(bytes) AS bytes <= CAST(getvariable('sf_longest') AS BIGINT);
CREATE MACRO sf_too_long() AS memory.main.sf_fail('the embedded engine allows texts of at most ' || getvariable('sf_longest') || ' bytes in this statement; with fewer functions that make texts longer, the limit is higher');
CREATE MACRO sf_beside(d, t) AS CASE WHEN d IS NOT NULL THEN t END;
-- The rows of SPLIT_TO_TABLE. Each part costs the list 16 bytes and its text four. `d` is short: see is_short_literal.
CREATE MACRO sf_split(t, d) AS CASE
  WHEN d IS NULL THEN NULL
  WHEN NOT memory.main.sf_fits(strlen(t) * 20) AND NOT memory.main.sf_fits(strlen(t) + 20 * CASE WHEN d = '' THEN 1 ELSE (strlen(t) - strlen(replace(t, d, ''))) // strlen(d) END) THEN memory.main.sf_too_long()
  WHEN d = '' THEN [t]
  ELSE string_split(t, d) END;
-- A start of 0 counts as 1; DuckDB would take it as the place before the text. One before the beginning is outside.
CREATE MACRO sf_start(t, p) AS CASE
  WHEN p = 0 THEN 1 WHEN p < 0 AND -p > length(t) THEN length(t) + 1 ELSE CAST(p AS BIGINT) END;
CREATE MACRO sf_substr
  (t, p) AS substr(t, memory.main.sf_start(t, p)),
  (t, p, n) AS CASE WHEN t IS NULL OR p IS NULL THEN NULL WHEN n <= 0 THEN '' ELSE substr(t, memory.main.sf_start(t, p), CAST(n AS BIGINT)) END;
CREATE MACRO sf_binary(a) AS CASE WHEN typeof(a) = 'BLOB' THEN memory.main.sf_blob(a) ELSE unhex(rs_hex(memory.main.sf_text(a))) END;
CREATE MACRO sf_try_binary(a) AS unhex(rs_try_hex(memory.main.sf_text(a)));

-- Semi-structured values.
-- What a path may lead into. The engine would take a number for a document, and find nothing in it.
CREATE MACRO sf_document(v) AS CASE WHEN typeof(v) IN ('JSON', 'VARCHAR', '"NULL"') THEN CAST(v AS JSON)
  ELSE CAST(memory.main.sf_fail('Invalid argument types for function ''GET'': a path leads into a VARIANT, OBJECT or ARRAY') AS JSON) END;
-- A key by a pointer, where a star is a star; which counts in an ARRAY as well.
CREATE MACRO sf_get(v, k) AS json_extract(v, CASE
  WHEN typeof(k) IN ('VARCHAR', 'JSON') THEN CASE WHEN json_type(v) = 'OBJECT' THEN '/' || replace(replace(memory.main.sf_text(k), '~', '~0'), '/', '~1') END
  -- Counted from the end by DuckDB; outside of the array for Snowflake.
  WHEN TRY_CAST(CAST(k AS VARCHAR) AS DOUBLE) < 0 THEN NULL
  ELSE '$[' || CAST(k AS VARCHAR) || ']' END);
CREATE MACRO sf_json(t) AS CAST(t AS JSON);
-- The text of a VARIANT's JSON, for functions of our own.
CREATE MACRO sf_source(v) AS CASE WHEN typeof(v) = 'JSON' THEN CAST(v AS VARCHAR) ELSE CAST(to_json(v) AS VARCHAR) END;
-- Any value as a VARIANT: numbers keep their digits, times are written as Snowflake writes them.
CREATE MACRO sf_variant(a) AS CASE
  WHEN a IS NULL THEN NULL
  WHEN typeof(a) IN ('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT') OR typeof(a) LIKE 'DECIMAL%' THEN rs_json_digits(CAST(a AS VARCHAR))
  WHEN typeof(a) IN ('TIMESTAMP', 'TIMESTAMP WITH TIME ZONE') THEN to_json(memory.main.sf_text(a))
  WHEN typeof(a) = 'BLOB' THEN memory.main.sf_fail('the embedded engine cannot store BINARY in a VARIANT')
  ELSE to_json(a) END;
-- The values that an aggregate has gathered as an ARRAY.
CREATE MACRO sf_gathered(l) AS CASE WHEN typeof(l) LIKE 'TIMESTAMP%[]' THEN to_json(list_transform(l, lambda e: memory.main.sf_text(e))) ELSE to_json(l) END;
-- Where JSON null counts as SQL NULL.
CREATE MACRO sf_no_null(a) AS CASE WHEN typeof(a) = 'JSON' AND CAST(a AS VARCHAR) = 'null' THEN NULL ELSE a END;
-- The type of a value that was no VARIANT before.
CREATE MACRO sf_typeof_plain(a) AS rs_typeof(typeof(a), CAST(a AS VARCHAR));
CREATE MACRO sf_object(a) AS rs_object_of(memory.main.sf_variant(a));
CREATE MACRO sf_array(a) AS rs_array_of(memory.main.sf_variant(a));
CREATE MACRO sf_elements(a) AS json_extract(a, '$[*]');
-- The rows of FLATTEN: key, index and value of each element. All values of an OBJECT are read at once: asking for each by
-- its key would read the whole of it as often as it has keys.
CREATE MACRO sf_flatten(v) AS CASE json_type(v)
  WHEN 'ARRAY' THEN list_transform(json_extract(v, '$[*]'), lambda e, i: {'k': CAST(NULL AS VARCHAR), 'i': CAST(i - 1 AS BIGINT), 'v': e})
  WHEN 'OBJECT' THEN list_transform(list_zip(json_keys(v), json_extract(v, '$.*')), lambda e: {'k': e[1], 'i': CAST(NULL AS BIGINT), 'v': e[2]})
  ELSE [] END;
-- The middle of 1 and 2 is 1.5: three digits more than the argument has, which DuckDB would keep.
CREATE MACRO sf_finer(a) AS a * CAST(1 AS DECIMAL(4, 3));
CREATE MACRO sf_finest(a) AS a * CAST(1 AS DECIMAL(7, 6));
CREATE MACRO sf_system_typeof(a) AS rs_system_typeof(typeof(a));
-- The members of an OBJECT, as long as they are not NULL.
CREATE MACRO sf_member(k, v) AS {'k': k, 'v': memory.main.sf_variant(v)};
CREATE MACRO sf_try_object(v) AS rs_as_object(to_json(v));
CREATE MACRO sf_try_array(v) AS rs_as_array(to_json(v));
-- Every delimiter becomes the first one, and what lies between two of them is dropped if empty.
CREATE MACRO sf_tokens(t, d) AS CASE WHEN d = '' THEN list_filter([t], lambda e: e <> '')
  ELSE list_filter(string_split(translate(t, d, repeat(left(d, 1), length(d))), left(d, 1)), lambda e: e <> '') END;
CREATE MACRO sf_weekday(t) AS CASE left(lower(ltrim(t)), 2)
  WHEN 'mo' THEN 1 WHEN 'tu' THEN 2 WHEN 'we' THEN 3 WHEN 'th' THEN 4 WHEN 'fr' THEN 5 WHEN 'sa' THEN 6 WHEN 'su' THEN 7
  ELSE CASE WHEN t IS NOT NULL THEN memory.main.sf_fail(t || ' is not a day of the week') END END;
CREATE MACRO sf_next_day(m, weekday) AS CAST(m + to_days(CAST(((weekday - date_part('isodow', m) + 6) % 7) + 1 AS INTEGER)) AS DATE);
CREATE MACRO sf_previous_day(m, weekday) AS CAST(m - to_days(CAST(((date_part('isodow', m) - weekday + 6) % 7) + 1 AS INTEGER)) AS DATE);

-- The same seed gives the same number, though not the one Snowflake gives.
CREATE MACRO sf_seeded(seed) AS hash(CAST(seed AS VARCHAR)) / 18446744073709551616.0;
CREATE MACRO sf_seeded_whole(low, high, seed) AS CAST(low + hash(CAST(seed AS VARCHAR)) % CAST(high - low + 1 AS UBIGINT) AS DECIMAL(38, 0));
-- Of numbers from 1 on; how those below are counted is not documented.
CREATE MACRO sf_bitmap_bucket(n) AS CASE WHEN n < 1 THEN memory.main.sf_fail('the embedded engine supports BITMAP_BUCKET_NUMBER for positive numbers only') ELSE CAST((CAST(n AS BIGINT) - 1) // 32768 + 1 AS DECIMAL(38, 0)) END;
CREATE MACRO sf_bitmap_position(n) AS CASE WHEN n < 1 THEN memory.main.sf_fail('the embedded engine supports BITMAP_BIT_POSITION for positive numbers only') ELSE CAST((CAST(n AS BIGINT) - 1) % 32768 AS DECIMAL(38, 0)) END;
CREATE MACRO sf_changes(l) AS CASE
  WHEN len(list_filter(l, lambda e: e IS NULL)) > 0 THEN memory.main.sf_fail('the embedded engine does not support NULL in CONDITIONAL_CHANGE_EVENT')
  ELSE len(list_filter(range(1, len(l)), lambda i: l[i] <> l[i + 1])) END;
CREATE MACRO sf_date_of_parts(y, m, d) AS CAST(make_date(CAST(y AS BIGINT), 1, 1) + to_months(CAST(m AS INTEGER) - 1) + to_days(CAST(d AS INTEGER) - 1) AS DATE);
CREATE MACRO sf_time_of_parts(h, m, s) AS to_hours(CAST(h AS BIGINT)) + to_minutes(CAST(m AS BIGINT)) + to_seconds(CAST(s AS BIGINT));
CREATE MACRO sf_nanoseconds(n) AS CASE WHEN CAST(n AS BIGINT) % 1000 <> 0 THEN memory.main.sf_fail('the embedded engine supports times to the microsecond') ELSE to_microseconds(CAST(n AS BIGINT) // 1000) END;
CREATE MACRO sf_microseconds(n) AS CASE WHEN CAST(n AS BIGINT) % 1000 <> 0 THEN memory.main.sf_fail('the embedded engine supports times to the microsecond') ELSE CAST(n AS BIGINT) // 1000 END;
-- Days that are added to a date.
CREATE MACRO sf_days(n) AS CASE WHEN n <> round(n) THEN memory.main.sf_fail('the embedded engine adds whole days to a DATE only') ELSE CAST(n AS INTEGER) END;
CREATE MACRO sf_of_digits(a, size) AS CASE WHEN date_part('microsecond', a) % size <> 0 THEN memory.main.sf_fail('the embedded engine does not cast a time to fewer digits than it has') ELSE a END;
-- A moment of a zone by the clock on its wall. When clocks are put forward some are never shown, and when they are put
-- back some are shown twice; which moment Snowflake takes these for is not documented.
CREATE MACRO sf_from_zone(z, m) AS CASE
  WHEN timezone(z, timezone(z, m)) <> m OR timezone(z, timezone(z, m) + INTERVAL 1 HOUR) = m OR timezone(z, timezone(z, m) - INTERVAL 1 HOUR) = m
    OR timezone(z, timezone(z, m) + INTERVAL 30 MINUTE) = m OR timezone(z, timezone(z, m) - INTERVAL 30 MINUTE) = m
  THEN memory.main.sf_fail('the embedded engine does not convert a time that clocks skip or show twice when summer time begins or ends')
  ELSE timezone(z, m) END;
