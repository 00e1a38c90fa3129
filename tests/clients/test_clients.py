"""What every client can do: see the tools, read data, be refused, give up."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import anyio
import pytest

from support.answers import Oracle
from support.clients import Kind
from support.server import Server

pytestmark = pytest.mark.anyio

CUSTOMERS_PER_NATION = """
    SELECT n_name, COUNT(*) AS customers
    FROM nation JOIN customer ON c_nationkey = n_nationkey
    GROUP BY n_name
    ORDER BY n_name
"""

NEVER_ENDS = "SELECT COUNT(*) FROM lineitem a, lineitem b, lineitem c WHERE a.l_comment || b.l_comment > c.l_comment"
"""60,175³ pairs of texts: years."""


async def test_a_client_speaks_the_protocol_revision_it_was_built_for(client: Kind, server: Server, log: Path) -> None:
    async with client.connect(server, log) as session:
        assert session.protocol == client.protocol


async def test_a_client_sees_the_tools_with_schemas_and_hints(client: Kind, server: Server, log: Path) -> None:
    async with client.connect(server, log) as session:
        tools = {tool["name"]: tool for tool in await session.tools()}
    assert {
        "list_databases",
        "list_schemas",
        "list_tables",
        "list_views",
        "describe_table",
        "describe_view",
        "search_objects",
        "query_view",
        "execute_query",
        "explain_query",
    } <= set(tools)
    for name, tool in tools.items():
        assert tool["description"], name
        assert tool["inputSchema"]["type"] == "object", name
        assert "additionalProperties" not in tool["inputSchema"], f"{name}: google-genai stumbles over it"
        assert tool["outputSchema"]["type"] == "object", name
        assert tool["annotations"]["readOnlyHint"] is True, name


async def test_a_query_gives_the_rows_another_engine_gives(
    client: Kind, server: Server, log: Path, oracle: Oracle
) -> None:
    async with client.connect(server, log) as session:
        await session.tools()  # Clients check results against the schemas they have seen.
        answer = await session.call("execute_query", sql=CUSTOMERS_PER_NATION, format="json")
    assert answer.rows == oracle.answer(CUSTOMERS_PER_NATION)
    assert len(answer.rows) == answer.structured["row_count"] == 25
    assert answer.structured["truncated"] is False
    assert [column["name"] for column in answer.structured["columns"]] == ["N_NAME", "CUSTOMERS"]
    assert json.loads(answer.text)["rows"] == answer.rows


async def test_a_result_that_is_cut_says_so_in_every_format(client: Kind, server: Server, log: Path) -> None:
    async with client.connect(server, log) as session:
        await session.tools()
        for shape in ("markdown", "csv", "json"):
            answer = await session.call(
                "execute_query", sql="SELECT n_name FROM nation ORDER BY 1", limit=3, format=shape
            )
            assert not answer.is_error, answer.text
            assert answer.structured["row_count"] == 3
            assert answer.structured["truncated"] is True
            assert "ARGENTINA" in answer.text
            assert "CANADA" not in answer.text
            if shape == "json":
                assert json.loads(answer.text) == answer.structured


async def test_values_are_bound_rather_than_written_into_the_statement(client: Kind, server: Server, log: Path) -> None:
    awkward = 'O\'Brien "x" ; -- ünï\u2028code'
    async with client.connect(server, log) as session:
        await session.tools()
        answer = await session.call(
            "execute_query",
            sql="SELECT ? AS a, ? + 1 AS b, ? AS c",
            parameters=[awkward, 41, None],
            format="json",
        )
    [[text, number, nothing]] = answer.rows
    assert (text, number, nothing) == (awkward, 42, None)


async def test_the_catalog_leads_from_a_word_to_the_rows(client: Kind, server: Server, log: Path) -> None:
    async with client.connect(server, log) as session:
        await session.tools()
        found = await session.call("search_objects", query="cust")
        table = next(match["name"] for match in found.structured["matches"] if match["name"].endswith(".CUSTOMER"))
        assert table == "SNOWFLAKE_SAMPLE_DATA.TPCH_SF1.CUSTOMER"

        described = await session.call("describe_table", table=table)
        assert described.structured["row_count"] == 1500
        columns = {column["name"]: column["type"] for column in described.structured["columns"]}
        assert columns["C_CUSTKEY"] == "NUMBER(38,0)"
        assert columns["C_ACCTBAL"] == "NUMBER(12,2)"

        sample = await session.call("query_view", view=table, columns=["C_CUSTKEY", "C_NAME"], limit=5, format="json")
        assert len(sample.rows) == 5
        assert all(name == f"Customer#{key:09}" for key, name in sample.rows)


async def test_a_write_is_refused_with_a_reason(client: Kind, server: Server, log: Path) -> None:
    writes = (
        "DELETE FROM customer",
        "CREATE TABLE t (i INT)",
        "WITH c AS (SELECT 1 AS i) SELECT i INTO t FROM c",
        "SELECT 1; DROP TABLE customer",
    )
    async with client.connect(server, log) as session:
        await session.tools()
        for sql in writes:
            # The clients hold failed results against the output schema as well.
            answer = await session.call("execute_query", sql=sql)
            assert answer.is_error, sql
            assert answer.structured["code"] in {"statement_not_allowed", "sql_invalid"}, (sql, answer.text)
            assert answer.structured["retryable"] is False
            assert answer.structured["message"] in answer.text
            assert answer.structured["hint"] in answer.text
        answer = await session.call("execute_query", sql="SELECT COUNT(*) AS n FROM customer", format="json")
        assert answer.rows == [[1500]]


@pytest.mark.parametrize(
    ("tool", "arguments", "code"),
    [
        ("execute_query", {"sql": "SELECT * FROM no_such_table"}, "object_not_found"),
        ("execute_query", {"sql": "SELEC 1"}, "sql_invalid"),
        ("execute_query", {"sql": "SELECT 1 / 0"}, "sql_invalid"),
        ("execute_query", {"sql": "SELECT 1", "limit": -1}, "invalid_argument"),
        ("execute_query", {"sql": "SELECT 1", "maxRows": 1}, "invalid_argument"),
        ("describe_table", {"table": "a.b.c.d"}, "invalid_argument"),
        ("describe_table", {"table": "SNOWFLAKE_SAMPLE_DATA.TPCH_SF1.NOPE"}, "object_not_found"),
        ("query_view", {}, "invalid_argument"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_mistake_is_explained_in_the_one_shape(
    client: Kind, server: Server, log: Path, tool: str, arguments: dict[str, object], code: str
) -> None:
    async with client.connect(server, log) as session:
        await session.tools()
        answer = await session.call(tool, **arguments)
    assert answer.is_error
    assert answer.structured["code"] == code, answer.text
    assert set(answer.structured) <= {"code", "message", "hint", "retryable", "query_id", "trace_id"}


async def test_giving_up_stops_the_query_and_the_next_call_is_answered(client: Kind, server: Server, log: Path) -> None:
    server.skip_log()
    async with client.connect(server, log) as session:
        await session.tools()
        await session.give_up(0.5, "execute_query", sql=NEVER_ENDS)
        answer = await session.call("execute_query", sql="SELECT 1 AS one", format="json")
        assert answer.rows == [[1]]
        if client.transport == "http":
            server.wait_for(_is_cancelled, "cancelled call in the log", timeout=3)
            await server.idle()
        else:
            await _has_line(log, '"query_cancelled"')


async def test_a_client_that_leaves_stops_its_query(http_client: Kind, server: Server, log: Path) -> None:
    server.skip_log()
    # The SDK may still read the answer to the call it cancels while it closes its streams, and raises that.
    try:
        async with asyncio.timeout(3), http_client.connect(server, log) as session:
            await session.tools()
            await session.call("execute_query", sql=NEVER_ENDS)
    except* (TimeoutError, anyio.BrokenResourceError, anyio.ClosedResourceError):
        pass
    server.wait_for(_is_cancelled, "cancelled call in the log", timeout=10)
    await server.idle()


def _is_cancelled(line: dict[str, object]) -> bool:
    return line.get("outcome") == "query_cancelled"


async def _has_line(log: Path, text: str, timeout: float = 10) -> None:
    deadline = time.monotonic() + timeout
    while text not in log.read_text():
        assert time.monotonic() < deadline, f"no {text} in the log within {timeout} s:\n{log.read_text()}"
        await asyncio.sleep(0.05)
