"""The service on a real Snowflake account, when there is one: SNOWFLAKE_LIVE_TEST=1 and the settings of the service.

The same tests run on the stub of `tests/stub`, so that they are known to work when somebody has an account at hand:
what differs between the two is in `Peer`. Nothing is written in the account; a role that can only read is enough.
"""

from __future__ import annotations

import json
import os
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from support.server import Server
from support.stub import account, ask, running

LIVE = os.environ.get("SNOWFLAKE_LIVE_TEST") == "1"


@dataclass
class Peer:
    """Whom the service talks to, and how it is asked for things that no SQL says the same way to both."""

    name: str
    settings: dict[str, str]
    sleep: str
    """A statement that takes so many seconds."""
    rows: str
    """A statement with so many rows, numbered from 0."""
    types: dict[str, Any] = field(default_factory=dict)
    """Expressions and what their value is in JSON."""


TYPES: dict[str, Any] = {
    "9007199254740993": "9007199254740993",
    "'12345678901234567890123456789012345678'::NUMBER(38,0)": "12345678901234567890123456789012345678",
    "1.50::NUMBER(10,2)": 1.5,
    "0.1::FLOAT": 0.1,
    "TRUE": True,
    "NULL::VARCHAR": None,
    "'Ä|b\"'": 'Ä|b"',
    "TO_BINARY('00FF', 'HEX')": "00FF",
    "'2024-02-29'::DATE": "2024-02-29",
    "'23:59:59.123456789'::TIME(9)": "23:59:59.123456789",
    "'1969-12-31 23:59:59.5'::TIMESTAMP_NTZ(3)": "1969-12-31 23:59:59.500",
    "'2024-01-02 03:04:05 +02:00'::TIMESTAMP_TZ(0)": "2024-01-02 03:04:05 +02:00",
    "PARSE_JSON('{\"a\": [1, null]}')": {"a": [1, None]},
    "ARRAY_CONSTRUCT(1, 'x')": [1, "x"],
    "[1, 2]::VECTOR(INT, 2)": [1, 2],
}


@pytest.fixture(scope="module", params=["stub", "account"])
def peer(request: pytest.FixtureRequest) -> Iterator[Peer]:
    if request.param == "account":
        if not LIVE:
            pytest.skip("SNOWFLAKE_LIVE_TEST is not 1: no account is asked")
        yield Peer(
            name="account",
            settings={name: value for name, value in os.environ.items() if name.startswith("SNOWFLAKE_")},
            sleep="SELECT SYSTEM$WAIT({})",
            rows="SELECT SEQ8() AS id, RANDSTR(100, RANDOM()) AS name FROM TABLE(GENERATOR(ROWCOUNT => {})) ORDER BY 1",
            types=TYPES,
        )
        return
    with running() as url:
        yield Peer(
            name="stub",
            settings=account(url),
            # It counts milliseconds.
            sleep="SELECT stub.sleep({}000)",
            rows="SELECT * FROM stub.rows(n => {}, chunk => 1000)",
        )
        counters = ask("GET", url + "/stub/counters")
        assert counters["sessions_open"] == 0
        assert counters["running"] == 0
        assert counters["unknown_requests"] == []


@pytest.fixture(scope="module")
def service(peer: Peer) -> Iterator[Server]:
    """The server, ended as it should be, so that it signs out."""
    settings = {"SYNC_WAIT": "3s", "CURSOR_SECRET": "only-for-this-test-0123456789abcdef", "LOG_LEVEL": "INFO"}
    with Server(**(peer.settings | settings)) as server:
        yield server
        server.terminate()
        assert server.wait(timeout=60) == 0


def call(service: Server, tool: str, **arguments: Any) -> dict[str, Any]:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": "2025-06-18",
    }
    request = urllib.request.Request(service.url, json.dumps(message).encode(), headers)
    with urllib.request.urlopen(request, timeout=100) as answer:
        return json.loads(answer.read())["result"]


def answered(service: Server, tool: str, **arguments: Any) -> dict[str, Any]:
    result = call(service, tool, **arguments)
    assert not result.get("isError"), result
    return result["structuredContent"]


def test_it_signs_in_and_answers(service: Server) -> None:
    """That the fixture got here is the sign-in: it waits for `ready`."""
    found = answered(service, "execute_query", sql="SELECT 1 AS one", format="json")
    assert found["rows"] == [[1]]
    with urllib.request.urlopen(f"http://{service.address}/readyz", timeout=30) as ready:
        assert ready.status == 200


def test_what_a_session_is_set_to_is_what_was_asked_for(peer: Peer, service: Server) -> None:
    asked = {"ROLE", "WAREHOUSE", "DATABASE", "SCHEMA"}
    asked = {name for name in asked if f"SNOWFLAKE_{name}" in peer.settings}
    warned = [line for line in service.log if line.get("level") == "WARN" and "was given" in line.get("message", "")]
    assert warned == []
    if asked:
        columns = ", ".join(f"CURRENT_{name}()" for name in sorted(asked))
        row = answered(service, "execute_query", sql=f"SELECT {columns}", format="json")["rows"][0]
        assert None not in row


def test_every_type_is_read_as_it_is(peer: Peer, service: Server) -> None:
    if not peer.types:
        pytest.skip("the stub's types have tests of their own")
    for expression, expected in peer.types.items():
        found = answered(service, "execute_query", sql=f"SELECT {expression} AS x", format="json")
        assert found["rows"] == [[expected]], expression


def test_a_result_is_read_page_by_page_each_row_once(peer: Peer, service: Server) -> None:
    found = answered(service, "execute_query", sql=peer.rows.format(25_000), format="json", limit=9_000)
    ids = [row[0] for row in found["rows"]]
    while cursor := found.get("next_cursor"):
        found = answered(service, "fetch_results", cursor=cursor)
        ids += [row[0] for row in found["rows"]]
    assert ids == list(range(25_000))


def test_a_statement_longer_than_a_call_goes_on_and_is_fetched(peer: Peer, service: Server) -> None:
    cursor = answered(service, "execute_query", sql=peer.sleep.format(8), timeout_seconds=60)["cursor"]
    assert answered(service, "query_status", cursor=cursor)["status"] in {"queued", "running"}
    deadline = time.monotonic() + 60
    while (found := answered(service, "fetch_results", cursor=cursor)).get("row_count") is None:
        assert time.monotonic() < deadline, found
        cursor = found["cursor"]
    assert found["row_count"] == 1


def test_a_statement_is_cancelled(peer: Peer, service: Server) -> None:
    cursor = answered(service, "execute_query", sql=peer.sleep.format(55), timeout_seconds=58)["cursor"]
    answered(service, "cancel_query", cursor=cursor)
    deadline = time.monotonic() + 30
    while (status := answered(service, "query_status", cursor=cursor)["status"]) != "cancelled":
        assert time.monotonic() < deadline, status
        time.sleep(0.5)


def test_a_statement_that_takes_too_long_is_stopped(peer: Peer, service: Server) -> None:
    result = call(service, "execute_query", sql=peer.sleep.format(50), timeout_seconds=2)
    assert result["structuredContent"]["code"] == "query_timeout", result


def test_what_only_reads_cannot_write(service: Server) -> None:
    for statement in (
        "INSERT INTO t VALUES (1)",
        "CREATE TABLE t (a INT)",
        "PUT file:///etc/passwd @~",
        "GET @~ file:///tmp",
        "CALL p()",
        "SELECT 1; SELECT 2",
        "USE ROLE ACCOUNTADMIN",
    ):
        result = call(service, "execute_query", sql=statement)
        assert result["structuredContent"]["code"] == "statement_not_allowed", statement


def test_what_is_wrong_is_told_with_the_query_id(peer: Peer, service: Server) -> None:
    missing = "stub.fail('002003', 'Object NOWHERE does not exist')" if peer.name == "stub" else "x FROM nowhere_at_all"
    result = call(service, "execute_query", sql=f"SELECT {missing}")
    assert result["structuredContent"]["code"] == "object_not_found", result
    assert result["structuredContent"]["query_id"]
