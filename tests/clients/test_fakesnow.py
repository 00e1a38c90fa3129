"""The tools on another engine that speaks Snowflake's protocol: fakesnow, filled by Snowflake's own connector.

What it cannot do of the embedded engine's suite is listed with the reason in `fakesnow.json`, and a statement on the
list that begins to work fails this test. What it has not at all (long statements, chunks, aborts, NULL timestamps, for
which its Arrow breaks its own schema and which the official connector reads as 1970) the stub of `tests/stub` has.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from support.answers import TABLES, Oracle
from support.server import REPOSITORY, Server

VENV = REPOSITORY / ".build" / "connector4" / "bin"

CONNECT = """
import json, sys
import snowflake.connector

connection = snowflake.connector.connect(
    user="loader", password="any", account="fake", host="127.0.0.1", port=int(sys.argv[1]), protocol="http",
    session_parameters={"QUERY_TAG": "loader"},
)
cursor = connection.cursor()
"""

LOAD = (
    CONNECT
    + """
for statement in sys.argv[2:]:
    cursor.execute(statement)
"""
)

READ = (
    CONNECT
    + """
rows = cursor.execute(sys.argv[2]).fetchall()
print(json.dumps([[None if cell is None else str(cell) for cell in row] for row in rows]))
"""
)

SHOP = (
    "CREATE DATABASE shop",
    "CREATE SCHEMA IF NOT EXISTS shop.public",
    "CREATE TABLE shop.public.items (id INT, name VARCHAR, price NUMBER(10,2), sold TIMESTAMP_NTZ, doc VARIANT)",
    "INSERT INTO shop.public.items SELECT 9007199254740993, 'Ä|b', 1.50, '2026-01-02 03:04:05', PARSE_JSON('[1]')",
    "INSERT INTO shop.public.items SELECT 2, NULL, -2.25, '1969-12-31 23:59:59', NULL",
)

SUITE = json.loads((REPOSITORY / "tests" / "data" / "dialect.json").read_text())
"""Statements with Snowflake's answers, as the embedded engine is held to them."""

CANNOT: dict[str, list[str]] = json.loads(Path(__file__).with_name("fakesnow.json").read_text())
"""What fakesnow answers otherwise or not at all: reasons, and the statements that fail for each."""

BINDS = [7, "it's", None]
"""What the suite's placeholders stand for."""


@pytest.fixture(scope="module")
def fakesnow(oracle: Oracle) -> Iterator[int]:
    """The port of a fakesnow with a shop and the sample data in it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [VENV / "fakesnow", "-s", "--host", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(port)
            statements = (*SHOP, *sample_data(oracle))
            connector(port, LOAD, *statements)
            yield port
        finally:
            process.terminate()


def connector(port: int, script: str, *arguments: str) -> str:
    """What a script with Snowflake's own connector prints."""
    command = [VENV / "python", "-W", "ignore", "-c", script, str(port), *arguments]
    return subprocess.run(command, check=True, timeout=100, stdout=subprocess.PIPE, text=True).stdout


def sample_data(oracle: Oracle) -> Iterator[str]:
    """The statements that make the tables of TPC-H, from the same generator as the embedded engine's."""
    yield "CREATE DATABASE snowflake_sample_data"
    yield "CREATE SCHEMA IF NOT EXISTS snowflake_sample_data.tpch_sf1"
    for table in TABLES:
        schema = oracle.table(table).schema
        columns = ", ".join(f"{field.name} {snowflake_type(field.type)} NOT NULL" for field in schema)
        name = f"snowflake_sample_data.tpch_sf1.{table}"
        yield f"CREATE TABLE {name} ({columns})"
        # Its engine is DuckDB, which reads files by itself: sixty thousand rows as text would take minutes.
        yield f"INSERT INTO {name} SELECT * FROM read_parquet('{oracle.parquet(table)}')"


def snowflake_type(kind: pa.DataType) -> str:
    if pa.types.is_decimal(kind):
        return "NUMBER(12,2)"
    if pa.types.is_integer(kind):
        return "NUMBER(38,0)"
    return "DATE" if pa.types.is_date(kind) else "VARCHAR"


def serve(port: int, database: str, schema: str) -> Server:
    return Server(
        SNOWFLAKE_ACCOUNT="fake",
        SNOWFLAKE_USER="reader",
        SNOWFLAKE_AUTH_TYPE="password",
        SNOWFLAKE_PASSWORD="any-password",
        SNOWFLAKE_HOST="127.0.0.1",
        SNOWFLAKE_PORT=str(port),
        SNOWFLAKE_PROTOCOL="http",
        SNOWFLAKE_DATABASE=database,
        SNOWFLAKE_SCHEMA=schema,
        # It answers what it cannot do with 500, which asking again does not mend.
        SNOWFLAKE_POOL_RETRY_ATTEMPTS="0",
    )


@pytest.fixture(scope="module")
def on_fakesnow(fakesnow: int) -> Iterator[Server]:
    """The server on the shop."""
    with serve(fakesnow, "SHOP", "PUBLIC") as server:
        yield server


@pytest.fixture(scope="module")
def on_sample_data(fakesnow: int) -> Iterator[Server]:
    """The server on the sample data, as the embedded engine has it."""
    with serve(fakesnow, "SNOWFLAKE_SAMPLE_DATA", "TPCH_SF1") as server:
        yield server


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("fakesnow did not start")


def call(server: Server, tool: str, **arguments: Any) -> dict[str, Any]:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": "2025-06-18",
    }
    request = urllib.request.Request(server.url, json.dumps(message).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())["result"]


def text(result: dict[str, Any]) -> str:
    assert not result.get("isError"), result
    return result["content"][0]["text"]


def test_the_catalog_tools_find_what_was_made(on_fakesnow: Server) -> None:
    assert "SHOP" in text(call(on_fakesnow, "list_databases"))
    assert "PUBLIC" in text(call(on_fakesnow, "list_schemas", database="SHOP"))
    assert "ITEMS" in text(call(on_fakesnow, "list_tables", database="SHOP"))
    described = text(call(on_fakesnow, "describe_table", table="SHOP.PUBLIC.ITEMS"))
    assert "NUMBER(10,2)" in described
    assert "TIMESTAMP_NTZ" in described
    assert "SHOP.PUBLIC.ITEMS" in text(call(on_fakesnow, "search_objects", query="item"))


def test_rows_come_back_as_the_connector_wrote_them(on_fakesnow: Server) -> None:
    result = call(on_fakesnow, "execute_query", sql="SELECT * FROM items ORDER BY id DESC", format="json")
    rows = result["structuredContent"]["rows"]
    assert str(rows[0][0]) == "9007199254740993"
    assert rows[0][1] == "Ä|b"
    assert float(rows[0][2]) == 1.5
    assert rows[0][3].startswith("2026-01-02 03:04:05")
    assert rows[1][1] is None
    assert float(rows[1][2]) == -2.25
    assert rows[1][3].startswith("1969-12-31 23:59:59")


def test_values_are_bound(on_fakesnow: Server) -> None:
    result = call(on_fakesnow, "execute_query", sql="SELECT ? + 1 AS x", parameters=[41], format="csv")
    assert "42" in text(result)


def test_what_is_not_there_is_named(on_fakesnow: Server) -> None:
    result = call(on_fakesnow, "execute_query", sql="SELECT * FROM nowhere")
    assert result["isError"]
    assert result["structuredContent"]["code"] == "object_not_found"


def asked(server: Server, entry: dict[str, Any]) -> str | None:
    """What is wrong with the answer to a statement of the suite, if anything."""
    binds = BINDS if re.search(r"\?|:\d", re.sub(r"'[^']*'", "''", entry["sql"])) else []
    arguments = {"sql": entry["sql"], "format": "json", "limit": 10_000} | ({"parameters": binds} if binds else {})
    result = call(server, "execute_query", **arguments)
    if result.get("isError"):
        return result["structuredContent"]["message"]
    found = result["structuredContent"]
    columns = [column["name"] for column in found["columns"]]
    # An engine calls an expression without a name what it likes.
    named = [name for name in entry.get("columns", columns) if re.fullmatch(r"[A-Z_][A-Z0-9_]*", name)]
    if not set(named) <= set(columns) or len(columns) != len(entry.get("columns", columns)):
        return f"columns {columns} in place of {entry['columns']}"
    if "rows" not in entry:
        return None
    expected, rows = entry["rows"], [[as_text(cell) for cell in row] for row in found["rows"]]
    if not entry.get("ordered"):
        expected, rows = (sorted(rows, key=lambda row: [comparable(cell) for cell in row]) for rows in (expected, rows))
    same = len(rows) == len(expected) and all(
        len(row) == len(wanted) and all(map(is_same, wanted, row)) for wanted, row in zip(expected, rows, strict=True)
    )
    return None if same else f"rows {rows[:3]} in place of {expected[:3]}"


def as_text(cell: Any) -> str | None:
    return cell if cell is None or isinstance(cell, str) else json.dumps(cell)


def comparable(cell: str | None) -> str:
    """For bringing rows into one order: digits behind the point that say nothing do not count."""
    number = as_number(cell or "")
    return str(cell) if number is None else f"{number:.6f}"


def as_number(text: str) -> Decimal | None:
    try:
        return Decimal(text.removeprefix("~"))
    except InvalidOperation:
        return None


def is_same(expected: str | None, found: str | None) -> bool:
    """Whether two cells are equal as texts, times, numbers or JSON.

    `~` marks a FLOAT, whose last digits may differ; fakesnow's sums of decimals are floats as well.
    """
    if expected is None or found is None or expected == found:
        return expected == found
    if re.sub(r"(:\d\d)\.0+", r"\1", expected) == re.sub(r"(:\d\d)\.0+", r"\1", found):
        return True
    one, other = as_number(expected), as_number(found)
    if one is not None and other is not None:
        return one == other or abs(one - other) <= Decimal("1e-9") * max(abs(one), Decimal(1))
    try:
        wanted = json.loads(expected)
        return bool(wanted == found or wanted == json.loads(found))
    except ValueError:
        return False


def reads() -> list[dict[str, Any]]:
    return [entry for entry in SUITE if entry["kind"] == "read"]


def test_the_suite_is_judged_as_the_embedded_engine_judges_itself(server: Server) -> None:
    wrong = {entry["id"]: problem for entry in reads() if (problem := asked(server, entry))}
    assert wrong == {}


def test_the_suite_is_answered_by_fakesnow_too_except_for_what_is_listed(
    on_sample_data: Server, measured: dict[str, str]
) -> None:
    problems = {entry["id"]: problem for entry in reads() if (problem := asked(on_sample_data, entry))}
    listed = {name for names in CANNOT.values() for name in names}
    unexpected = {name: problem for name, problem in problems.items() if name not in listed}
    assert unexpected == {}
    assert listed - problems.keys() == set(), "these work now: take them off the list in fakesnow.json"
    measured["fakesnow"] = f"{len(reads()) - len(problems)} of {len(reads())} statements answered as expected"


def test_the_readme_counts_what_fakesnow_cannot_do() -> None:
    readme = Path(__file__).with_name("README.md").read_text()
    for reason, names in CANNOT.items():
        assert f"| {reason} | {len(names)} |" in readme, reason


def test_the_catalog_tools_see_the_sample_data(on_sample_data: Server) -> None:
    listed = text(call(on_sample_data, "list_tables", database="SNOWFLAKE_SAMPLE_DATA", schema="TPCH_SF1"))
    for table in TABLES:
        assert table.upper() in listed
    described = text(call(on_sample_data, "describe_table", table="LINEITEM"))
    assert "L_EXTENDEDPRICE" in described
    assert "NUMBER(12,2)" in described
    assert "LINEITEM" in text(call(on_sample_data, "search_objects", query="extendedprice"))


def test_both_read_the_same_from_the_same_engine(fakesnow: int, on_sample_data: Server) -> None:
    """Snowflake's connector and we, cell by cell."""
    for table in TABLES:
        order = "l_orderkey, l_linenumber" if table == "lineitem" else "1, 2"
        sql = f"SELECT * FROM snowflake_sample_data.tpch_sf1.{table} ORDER BY {order} LIMIT 500"
        expected = json.loads(connector(fakesnow, READ, sql))
        result = call(on_sample_data, "execute_query", sql=sql, format="json", limit=500)
        rows = [[as_text(cell) for cell in row] for row in result["structuredContent"]["rows"]]
        assert len(rows) == len(expected) > 0
        for row, wanted in zip(rows, expected, strict=True):
            assert all(map(is_same, wanted, row)), (table, row, wanted)


def test_what_we_write_the_connector_reads(fakesnow: int) -> None:
    connector(fakesnow, LOAD, "CREATE TABLE shop.public.written (id INT, note VARCHAR, price NUMBER(10,2), day DATE)")
    settings = serve(fakesnow, "SHOP", "PUBLIC")
    settings._settings["SQL_POLICY"] = "read_write"
    with settings as server:
        sql = "INSERT INTO written SELECT ?, ?, ?, ?"
        for row in ([1, "Ä'|b", 1.25, "2026-01-02"], [2, None, None, None]):
            result = call(server, "execute_query", sql=sql, parameters=row)
            assert not result.get("isError"), result
        result = call(server, "execute_query", sql="UPDATE written SET note = 'two' WHERE id = 2")
        assert not result.get("isError"), result
    rows = json.loads(connector(fakesnow, READ, "SELECT * FROM shop.public.written ORDER BY id"))
    assert rows == [["1", "Ä'|b", "1.25", "2026-01-02"], ["2", "two", None, None]]
