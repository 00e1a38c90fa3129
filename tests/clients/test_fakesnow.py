"""The tools on another engine that speaks Snowflake's protocol: fakesnow, filled by Snowflake's own connector.

What fakesnow cannot do is not asked of it: long statements, chunks, aborts, EXPLAIN, ALTER SESSION, NULL timestamps,
for which its Arrow breaks its own schema (the official connector reads them as 1970). The stub has all of those.
"""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from support.server import REPOSITORY, Server

VENV = REPOSITORY / ".build" / "connector4" / "bin"

LOAD = """
import sys
import snowflake.connector

connection = snowflake.connector.connect(
    user="loader", password="any", account="fake", host="127.0.0.1", port=int(sys.argv[1]), protocol="http",
    session_parameters={"QUERY_TAG": "loader"},
)
cursor = connection.cursor()
for statement in (
    "CREATE DATABASE shop",
    "CREATE SCHEMA IF NOT EXISTS shop.public",
    "CREATE TABLE shop.public.items (id INT, name VARCHAR, price NUMBER(10,2), sold TIMESTAMP_NTZ, doc VARIANT)",
    "INSERT INTO shop.public.items SELECT 9007199254740993, 'Ä|b', 1.50, '2026-01-02 03:04:05', PARSE_JSON('[1]')",
    "INSERT INTO shop.public.items SELECT 2, NULL, -2.25, '1969-12-31 23:59:59', NULL",
):
    cursor.execute(statement)
"""


@pytest.fixture(scope="module")
def on_fakesnow() -> Iterator[Server]:
    """The server on a fakesnow with one table in it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [VENV / "fakesnow", "-s", "--host", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as fakesnow:
        try:
            wait_for(port)
            subprocess.run([VENV / "python", "-c", LOAD, str(port)], check=True, timeout=60)
            with Server(
                SNOWFLAKE_ACCOUNT="fake",
                SNOWFLAKE_USER="reader",
                SNOWFLAKE_AUTH_TYPE="password",
                SNOWFLAKE_PASSWORD="any-password",
                SNOWFLAKE_HOST="127.0.0.1",
                SNOWFLAKE_PORT=str(port),
                SNOWFLAKE_PROTOCOL="http",
                SNOWFLAKE_DATABASE="SHOP",
                SNOWFLAKE_SCHEMA="PUBLIC",
            ) as server:
                yield server
        finally:
            fakesnow.terminate()


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
