"""The audit log of a day: a record for each call, as its schema says, and no value of a statement in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker, ValidationError

from stub import Stub
from support.server import REPOSITORY, Server
from workload import Caller, embedded, snowflake

SCHEMA = json.loads((REPOSITORY / "docs" / "audit-record.schema.json").read_text())

VALIDATOR = Draft202012Validator(SCHEMA, format_checker=FormatChecker())


def records_of(server: Server, audit: Path) -> list[dict[str, Any]]:
    server.terminate()
    assert server.wait(timeout=20) == 0
    return [json.loads(line) for line in audit.read_text().splitlines()]


def test_every_record_is_as_the_schema_says(stub: Stub, tmp_path: Path) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    local, remote = tmp_path / "embedded.jsonl", tmp_path / "snowflake.jsonl"
    with Server(WAREHOUSE_BACKEND="embedded", AUDIT_LOG_FILE=str(local)) as server:
        embedded(Caller(server.address))
        Caller(server.address).call("execute_query", sql="SELECT 'a value' -- 'a comment'")
        counted = server.metric("snowflake_mcp_tool_calls_total")
        records = records_of(server, local)
        assert len(records) == counted
    with Server(**stub.settings, SNOWFLAKE_POOL_MAX_SIZE="2", AUDIT_LOG_FILE=str(remote)) as server:
        snowflake(Caller(server.address), stub)
        records += records_of(server, remote)
    for record in records:
        VALIDATOR.validate(record)
    assert {"ok", "statement_not_allowed", "sql_invalid", "query_timeout", "query_cancelled"} <= {
        record["outcome"] for record in records
    }
    # Snowflake names a statement with its answer, so one given up before has no id. Its trace is in its QUERY_TAG.
    given_up = [record for record in records if record["outcome"] == "query_cancelled"]
    assert len(given_up) == 4
    assert all(record["trace_id"] for record in given_up)
    written = local.read_text() + remote.read_text()
    assert "a value" not in written
    assert "a comment" not in written
    assert local.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "changed",
    [
        {"outcome": "perhaps"},
        {"verdict": 3},
        {"trace_id": "short"},
        {"rows": -1},
        {"password": "no such field"},
        {"statements": [{"sql": "select ?"}]},
    ],
    ids=str,
)
def test_the_schema_refuses_what_is_no_record(changed: dict[str, Any]) -> None:
    record = {
        "time": "2026-01-02T03:04:05Z",
        "caller": "local",
        "tool": "list_databases",
        "outcome": "ok",
        "verdict": "none",
        "statements": [],
        "query_id": None,
        "rows": 0,
        "bytes": 0,
        "duration_ms": 0.5,
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    }
    VALIDATOR.validate(record)
    with pytest.raises(ValidationError):
        VALIDATOR.validate(record | changed)
