"""The 22 queries of TPC-H through `execute_query`, against another engine on data from another program.

The server is asked in Snowflake's SQL (tests/data/tpch), DataFusion in standard SQL (tests/clients/tpch).
"""

from __future__ import annotations

import datetime
import math
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from support.answers import TABLES, Oracle
from support.clients import PYTHON_AUTO, Session
from support.server import REPOSITORY, Server

pytestmark = pytest.mark.anyio

ASKED = REPOSITORY / "tests" / "data" / "tpch"
ANSWERED = Path(__file__).with_name("tpch")

QUOTIENTS = {1: {6, 7, 8}, 8: {1}, 14: {0}, 17: {0}}
"""Columns, by query, that divide: the engines keep a different number of digits there. They are compared to one in a
million, all else exactly."""

OTHER_PARAMETERS = {17: ("MED BOX", "LG BOX")}
"""What is put in place of the specification's own parameter where that finds nothing at this scale."""

COMMENTS = {"supplier": "s_suppkey", "customer": "c_custkey", "orders": "o_orderkey"}
"""Tables whose comments the queries look at, with their keys. The server's comments are worded differently from the
generator's (it makes them from a smaller pool of words, to start faster), so the oracle is given the server's."""


@pytest.fixture(scope="module")
def roomy() -> Iterator[Server]:
    """A server that returns whole tables."""
    with Server(MAX_ROWS="100000", MAX_RESULT_BYTES="64MiB") as server:
        yield server


@pytest.fixture
async def session(roomy: Server, log: Path) -> AsyncIterator[Session]:
    async with PYTHON_AUTO.connect(roomy, log) as session:
        yield session


async def rows(session: Session, sql: str) -> list[list[Any]]:
    answer = await session.call("execute_query", sql=sql, limit=100_000, format="json")
    assert not answer.is_error, answer.text
    assert not answer.structured["truncated"]
    return answer.rows


@pytest.fixture
async def informed(oracle: Oracle, session: Session, request: pytest.FixtureRequest) -> Oracle:
    """The oracle with the server's comments."""
    if not hasattr(oracle, "has_comments"):
        for table, key in COMMENTS.items():
            column = f"{key[0]}_comment"
            comments = await rows(session, f"SELECT {key}, {column} FROM {table}")
            oracle.replace_column(table, column, key, dict(comments))
        oracle.has_comments = True
    return oracle


@pytest.mark.parametrize("table", TABLES)
async def test_the_sample_data_is_that_of_the_generator(table: str, session: Session, oracle: Oracle) -> None:
    generated = oracle.table(table)
    columns = [name for name in generated.column_names if not name.endswith("_comment")]
    found = await rows(session, f"SELECT {', '.join(columns)} FROM {table}")
    wanted = zip(*(generated[name].to_pylist() for name in columns), strict=True)
    assert sorted(map(comparable, found)) == sorted(map(comparable, wanted))


@pytest.mark.parametrize("number", range(1, 23), ids="q{:02}".format)
async def test_tpch_query_is_answered_as_another_engine_does(
    number: int, session: Session, informed: Oracle, measured: dict[str, str]
) -> None:
    name = f"q{number:02}.sql"
    asked, answered = (ASKED / name).read_text(), (ANSWERED / name).read_text()
    if number in OTHER_PARAMETERS:
        old, new = OTHER_PARAMETERS[number]
        assert old in asked
        assert old in answered
        asked, answered = asked.replace(old, new), answered.replace(old, new)
    found, wanted = await rows(session, asked), informed.answer(answered)

    assert len(found) == len(wanted)
    assert any(value is not None for row in wanted for value in row), "an empty answer proves nothing"
    quotients = QUOTIENTS.get(number, set())
    for line, (have, want) in enumerate(zip(found, wanted, strict=True)):
        assert len(have) == len(want), f"row {line}"
        for column, (one, other) in enumerate(zip(have, want, strict=True)):
            assert agree(one, other, exactly=column not in quotients), f"row {line}, column {column}: {one} ≠ {other}"
    done = int(measured.get("tpch", "0/22").partition("/")[0])
    measured["tpch"] = f"{done + 1}/22"


def comparable(row: Any) -> tuple[Any, ...]:
    return tuple(plain(value) for value in row)


def plain(value: Any) -> Any:
    """A value of either side in the one form: numbers as exact decimals, dates as ISO texts."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | Decimal):
        return Decimal(value)
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value


def agree(one: Any, other: Any, *, exactly: bool) -> bool:
    one, other = plain(one), plain(other)
    if isinstance(other, Decimal) and isinstance(one, str):
        one = Decimal(one)  # Numbers that a double cannot hold exactly travel as texts.
    if exactly or one is None or other is None:
        return one == other
    return math.isclose(one, other, rel_tol=1e-6)
