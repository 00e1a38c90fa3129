"""Statements that are built to take an engine's memory and time."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

from callers import Polite, many, p95, run
from limited import LIMIT
from seen import ENGINE, Place, Seen, only, waited

RECURSION = "WITH RECURSIVE r AS (SELECT 1 n UNION ALL SELECT n+1 FROM r) SELECT * FROM r"
DOUBLING = (
    "WITH RECURSIVE r AS (SELECT 1 n, 'xxxxxxxxxxxxxxxx' t UNION ALL SELECT n+1, t||t FROM r WHERE n < 40) "
    "SELECT MAX(LENGTH(t)) FROM r"
)
LINES = "SNOWFLAKE_SAMPLE_DATA.TPCH_SF1.LINEITEM"
NATIONS = "SNOWFLAKE_SAMPLE_DATA.TPCH_SF1.NATION"
PAIRS = f"SELECT COUNT(*) FROM {LINES} a, {NATIONS} b WHERE a.L_TAX > b.N_NATIONKEY"
HALF_MINUTE = 30

# Seconds of processor in the three after an answer: what is still at work then has not been stopped.
BUSY_AFTER = 1.0


def chain(tables: int) -> str:
    joins = " ".join(f"JOIN {NATIONS} t{n} ON t{n}.N_NATIONKEY = t{n - 1}.N_NATIONKEY" for n in range(1, tables))
    return f"SELECT COUNT(*) FROM {NATIONS} t0 {joins}"


def star(tables: int) -> str:
    joins = " ".join(f"JOIN {NATIONS} t{n} ON t{n}.N_NATIONKEY = t0.N_NATIONKEY" for n in range(1, tables))
    return f"SELECT COUNT(*) FROM {NATIONS} t0 {joins}"


def nested(opening: str, closing: str, times: int) -> str:
    return f"SELECT {opening * times}N_COMMENT{closing * times} FROM {NATIONS}"


# What takes long before any row is read, which an engine does not let be interrupted.
PLANNED = {
    "28 tables in a chain": chain(28),
    "28 tables in a star": star(28),
    "100 tables": chain(100),
    "50 nested NULLIF": nested("NULLIF(", ", NULL)", 50),
    "24 nested TRY_BASE64_DECODE_STRING": nested("TRY_BASE64_DECODE_STRING(", ")", 24),
    "12 nested REPLACE": nested("REPLACE(", ", 'a', 'aaaa')", 12),
    "aliases of aliases, doubled 12 times": "SELECT N_COMMENT a0, "
    + ", ".join(f"a{n}||a{n} a{n + 1}" for n in range(12))
    + f" FROM {NATIONS}",
    "SPLIT of a REPEAT": f"SELECT SPLIT(REPEAT(L_COMMENT, 800), '') FROM {LINES}",
}


async def busy_after(place: Place, seconds: float = 3) -> float:
    before = place.server.processor()
    await asyncio.sleep(seconds)
    return place.server.processor() - before


ENDED = (
    "ok",
    "engine_limit",
    "result_too_large",
    "query_timeout",
    "warehouse_busy",
    "rate_limited",
    "sql_invalid",
)


async def hungry(place: Place, sql: str, count: int) -> Seen:
    polite = Polite(place.server)
    began = time.monotonic()
    answers = await polite.during(many(count, lambda _: run(place.server, sql, timeout_seconds=HALF_MINUTE)))
    took = time.monotonic() - began
    after = await busy_after(place)
    wrong = only(answers, *ENDED) or (f"{polite.failed} polite calls failed" if polite.failed else "")
    wrong = wrong or (f"still at work afterwards: {after:.1f} CPU-s in 3 s" if after > BUSY_AFTER else "")
    told = f"{took:.0f} s; {after:.1f} CPU-s in the 3 s after; polite p95 {p95(polite.times):.0f} ms"
    return Seen(answers, wrong, told)


for times in (1, 8):

    @ENGINE.attack(f"recursion without end, {times} at once")
    async def recursion(place: Place, count: int = times) -> Seen:
        return await hungry(place, RECURSION, count)


@ENGINE.attack("a text that doubles, 8 at once")
async def doubling(place: Place) -> Seen:
    return await hungry(place, DOUBLING, 8)


# The engine makes texts for 2,048 rows at a time and stops for nothing meanwhile, so long ones must not come about.
ALL_LINES = f"WITH b AS (SELECT LISTAGG(L_COMMENT) t FROM {LINES}) "
LONG = "x" * 60_000
TEXTS = {
    "a text of all rows joined to each row": f"{ALL_LINES}SELECT MAX(LENGTH(b.t || L_COMMENT)) FROM b, {LINES}",
    "a text of all rows reversed for each row": f"{ALL_LINES}SELECT MAX(REVERSE(b.t)) FROM b, {LINES}",
    "all rows gathered for each row": f"SELECT LISTAGG(L_COMMENT) OVER (PARTITION BY L_RETURNFLAG) FROM {LINES}",
    "a long literal joined to each row": f"SELECT MAX(REVERSE('{LONG}' || L_COMMENT)) FROM {LINES}",
    "60 copies of a long text": "SELECT "
    + ", ".join(f"MAX(UPPER(SUBSTR(x, {n} + L_TAX)))" for n in range(60))
    + f" FROM (SELECT REPEAT(L_COMMENT, 400) x, L_TAX FROM {LINES})",
    "a list of a million for each row": f"SELECT MAX(ARRAY_SIZE(ARRAY_GENERATE_RANGE(L_TAX, 1000000))) FROM {LINES}",
    "a long list beside each row": f"SELECT ARRAY_GENERATE_RANGE(0, 1000000), L_COMMENT FROM {LINES}",
    "quotes in quotes": "SELECT LENGTH("
    + "TO_JSON(TO_VARIANT(" * 22
    + "N_NAME || '\"'"
    + "))" * 22
    + f") FROM {NATIONS}",
    "joined in 21 queries, one in another": "WITH c0 AS (SELECT N_COMMENT t FROM "
    + NATIONS
    + ")"
    + "".join(f", c{n + 1} AS (SELECT t || t t FROM c{n})" for n in range(21))
    + " SELECT MAX(LENGTH(t)) FROM c21",
}


@ENGINE.attack("texts of megabytes for every row, 9 kinds, one and 8 at once")
async def long_texts(place: Place) -> Seen:
    answers, wrong, peak = Counter(), "", (0, "")
    for what, sql in TEXTS.items():
        for count in (1, 8):
            server = place.begin()
            try:
                seen = await many(count, lambda _, sql=sql, server=server: run(server, sql, timeout_seconds=10))
                # What is still being made is larger than what was there at the answer.
                await asyncio.sleep(2)
                answers += seen
                peak = max(peak, (server.memory("VmHWM"), what))
                wrong = wrong or (only(seen, *ENDED) and f"{what}: {only(seen, *ENDED)}")
                wrong = wrong or ("" if server.alive else f"{what}, {count} at once: the process ended")
            finally:
                server.end()
    return Seen(answers, wrong, f"at most {peak[0]} MiB ({peak[1]})")


@ENGINE.attack("planning beyond its time, 8 kinds with timeout_seconds 1")
async def planning(place: Place) -> Seen:
    answers, worst, longest, wrong = Counter(), (0.0, "nothing"), (0.0, "nothing"), ""
    for what, sql in PLANNED.items():
        began = time.monotonic()
        outcome, text = await run(place.server, sql, timeout_seconds=1)
        longest = max(longest, (time.monotonic() - began, what))
        answers[outcome] += 1
        wrong = wrong or (only({outcome: 1}, *ENDED) and f"{what}: {text[:80]}")
        after = await busy_after(place)
        worst = max(worst, (after, what))
    if worst[0] > BUSY_AFTER:
        wrong = wrong or "still at work afterwards"
    told = (
        f"slowest answer {longest[0]:.1f} s ({longest[1]}); at most {worst[0]:.1f} CPU-s in the 3 s after ({worst[1]})"
    )
    return Seen(answers, wrong, told)


# One step of the engine's over such values would take minutes, and nothing interrupts a step.
LETTERS, OTHERS = "a" * 2000, "b" * 2000
MANY_PERCENTS = "%a" * 25 + "b"
LONG_STEPS: dict[str, tuple[str, list[str]]] = {
    "LIKE with 200,000 percents": ("SELECT ? LIKE ?", ["a" * 400_000, "%a" * 200_000 + "b"]),
    "LIKE with underscores for each row": (
        f"SELECT COUNT(*) FROM {LINES} WHERE '{LETTERS}' || L_COMMENT LIKE '%_{LETTERS[:1000]}b_%_b%'",
        [],
    ),
    "ILIKE ANY with 25 percents": (f"SELECT '{LONG}' ILIKE ANY ('{MANY_PERCENTS}', '_{MANY_PERCENTS}')", []),
    "* ILIKE with 25 percents": (f"SELECT * ILIKE '{MANY_PERCENTS}' FROM {NATIONS}", []),
    "EDITDISTANCE for each row": (f"SELECT MAX(EDITDISTANCE('{LETTERS}', '{OTHERS}' || L_COMMENT)) FROM {LINES}", []),
    "JAROWINKLER_SIMILARITY for each row": (
        f"SELECT MAX(JAROWINKLER_SIMILARITY('{LETTERS}', '{OTHERS}' || L_COMMENT)) FROM {LINES}",
        [],
    ),
    **{
        f"{function} of 300,000 elements": (
            f"SELECT ARRAY_SIZE({function}(ARRAY_GENERATE_RANGE(0, 300000), ARRAY_GENERATE_RANGE(299999, 599999)))",
            [],
        )
        for function in ("ARRAY_INTERSECTION", "ARRAY_EXCEPT")
    },
    "ARRAY_DISTINCT of 900,000 elements": ("SELECT ARRAY_SIZE(ARRAY_DISTINCT(ARRAY_GENERATE_RANGE(0, 900000)))", []),
    "FLATTEN of 2,000 members": (
        "SELECT COUNT(value) FROM TABLE(FLATTEN(PARSE_JSON(?)))",
        ["{" + ",".join(f'"k{n}":{n}' for n in range(2_000)) + "}"],
    ),
}
# Lambdas, which are called for each element of each element.
RANGE, LONG_ARRAY = "ARRAY_GENERATE_RANGE(0, 800)", "[" + "1," * 200_000 + "1]"
LONG_STEPS |= {
    "TRANSFORM in TRANSFORM in TRANSFORM": (
        f"SELECT TRANSFORM({RANGE}, x -> TRANSFORM({RANGE}, y -> ARRAY_SIZE(FILTER({RANGE}, z -> x + y = z))))",
        [],
    ),
    "TRANSFORM for each row": (f"SELECT COUNT(TRANSFORM({RANGE}, x -> x + L_TAX)) FROM {LINES}", []),
    "a long array for each element of a long array": (
        "SELECT TRANSFORM(PARSE_JSON(?), x -> TRANSFORM(PARSE_JSON(?), y -> x + y))",
        [LONG_ARRAY] * 2,
    ),
}
# Regular expressions that look at all of the rest for each match, or are in hundreds of states at once.
AGAIN = ".*[^A-Z]|[A-Z]"
CAPITALS, MANY_STATES = "A" * 1_900_000, "(?:[ab]*a[ab]{900}c)*"
LONG_STEPS |= {
    f"{call}, of 1.9 MB": (f"SELECT {call}", [CAPITALS, AGAIN])
    for call in (
        "REGEXP_COUNT(?, ?)",
        "REGEXP_INSTR(?, ?, 1, 1900000)",
        "LENGTH(REGEXP_SUBSTR(?, ?, 1, 1900000))",
        "ARRAY_SIZE(REGEXP_SUBSTR_ALL(?, ?))",
        "LENGTH(REGEXP_REPLACE(?, ?, ''))",
    )
}
LONG_STEPS |= {
    "RLIKE through 900 states": ("SELECT ? RLIKE ?", ["abb" * 600_000, MANY_STATES]),
    "REGEXP_COUNT for each row": (
        f"SELECT MAX(REGEXP_COUNT(REPEAT(L_COMMENT, 300), '[a-z ]*[^a-z ]|[a-z]')) FROM {LINES}",
        [],
    ),
    **{
        f"{call} of a text that is nearly there": (f"SELECT {call}", texts)
        for call, texts in {
            "CONTAINS(?, ?)": ["a" * 1_200_000, "a" * 600_000 + "b"],
            "POSITION(?, ?)": ["a" * 600_000 + "b", "a" * 1_200_000],
            "SPLIT(?, ?)": ["a" * 1_200_000, "a" * 300_000 + "b" + "a" * 300_000],
        }.items()
    },
    "a pattern for each row": (
        f"SELECT MAX(REGEXP_COUNT(L_COMMENT, '(?:[^x]{{900}}|' || L_ORDERKEY || L_LINENUMBER || ')')) FROM {LINES}",
        [],
    ),
}
# EMBEDDED_MEMORY_LIMIT, and what an answer takes; MiB.
FLATTENED_MORE = 640
FLATTENED = {
    "wide": "ARRAY_GENERATE_RANGE(0, 900000)",
    "wide, and beside each what it lies in": "ARRAY_GENERATE_RANGE(0, 100000)",
    "deep": "PARSE_JSON('" + "[" * 190 + '"' + "x" * 30_000 + '"' + "]" * 190 + "')",
    "of long keys": f"OBJECT_CONSTRUCT('{'k' * 30_000}', ARRAY_GENERATE_RANGE(0, 20000))",
}


@ENGINE.attack(f"functions whose steps take minutes, {len(LONG_STEPS)} kinds with timeout_seconds 2")
async def long_steps(place: Place) -> Seen:
    answers, worst, longest, wrong = Counter(), (0.0, "nothing"), (0.0, "nothing"), ""
    for what, (sql, parameters) in LONG_STEPS.items():
        began = time.monotonic()
        given = {"parameters": parameters} if parameters else {}
        outcome, text = await run(place.server, sql, timeout_seconds=2, **given)
        longest = max(longest, (time.monotonic() - began, what))
        answers[outcome] += 1
        wrong = wrong or (only({outcome: 1}, *ENDED) and f"{what}: {text[:80]}")
        worst = max(worst, (await busy_after(place), what))
    if worst[0] > BUSY_AFTER:
        wrong = wrong or "still at work afterwards"
    told = (
        f"slowest answer {longest[0]:.1f} s ({longest[1]}); at most {worst[0]:.1f} CPU-s in the 3 s after ({worst[1]})"
    )
    return Seen(answers, wrong, told)


@ENGINE.attack("FLATTEN with RECURSIVE of wide and deep values, one and 4 at once")
async def flattened(place: Place) -> Seen:
    answers, wrong, peak = Counter(), "", (0, "")
    for what, value in FLATTENED.items():
        columns = "COUNT(*), MAX(LENGTH(path))" + (", MAX(this)" if "beside" in what else "")
        sql = f"SELECT {columns} FROM TABLE(FLATTEN(INPUT => {value}, RECURSIVE => TRUE))"
        for count in (1, 4):
            server = place.begin()
            try:
                await run(server, "SELECT 1")
                before = server.memory("VmRSS")
                seen = await many(count, lambda _, server=server, sql=sql: run(server, sql, timeout_seconds=10))
                answers += seen
                peak = max(peak, (server.memory("VmHWM") - before, what))
                wrong = wrong or (only(seen, *ENDED) and f"{what}: {only(seen, *ENDED)}")
                wrong = wrong or ("" if server.alive else f"{what}, {count} at once: the process ended")
            finally:
                server.end()
    wrong = wrong or (f"{peak[0]} MiB more" if peak[0] > FLATTENED_MORE else "")
    return Seen(answers, wrong, f"at most {peak[0]} MiB more than at rest ({peak[1]})")


@ENGINE.attack("EMBEDDED_MEMORY_LIMIT=256MiB: recursion, doubling and splitting, 8 at once", LIMIT >> 21)
async def small(place: Place) -> Seen:
    server = place.begin(EMBEDDED_MEMORY_LIMIT="256MiB")
    try:
        await run(server, "SELECT 1")
        before = server.memory("VmRSS")
        statements = [RECURSION, DOUBLING, PLANNED["SPLIT of a REPEAT"], PLANNED["12 nested REPLACE"]]
        answers = await many(8, lambda n: run(server, statements[n % 4], timeout_seconds=HALF_MINUTE))
        more = server.memory("VmHWM") - before
        wrong = only(answers, *ENDED) or ("" if server.alive else "the process ended")
        wrong = wrong or (f"{more} MiB more" if more > LIMIT >> 21 else "")
        return Seen(answers, wrong, f"{more} MiB more than at rest")
    finally:
        server.end()


@ENGINE.attack("one key with 200 statements")
async def greedy(place: Place) -> Seen:
    polite = Polite(place.server, "SELECT 1")
    alone = await polite.alone()
    answers = await polite.during(many(200, lambda _: run(place.server, PAIRS, within=120)))
    wrong, told = waited(polite, alone)
    return Seen(
        answers, only(answers, "ok", "warehouse_busy", "query_timeout", "rate_limited", "HTTP 429") or wrong, told
    )
