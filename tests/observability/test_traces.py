"""A call's trace, as a collector of somebody else's understands it, over both of OTLP's protocols."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

import collector
from collector import Collector, Span
from stub import Stub
from support.server import Server
from workload import PARENT, SAMPLE, Caller

_, TRACE, CLIENT, _ = PARENT.split("-")


@pytest.fixture
def rotel(tmp_path: Path) -> Iterator[Collector]:
    if missing := collector.what_is_missing():
        if os.environ.get("REQUIRE_ROTEL"):
            pytest.fail(missing)
        pytest.skip(missing)
    with Collector(tmp_path) as rotel:
        yield rotel


def below(spans: list[Span], parent: Span) -> list[Span]:
    """What belongs to a span, at any depth."""
    children = [span for span in spans if span.parent == parent.id]
    return children + [span for child in children for span in below(spans, child)]


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
def test_a_call_is_one_trace(rotel: Collector, stub: Stub, tmp_path: Path, protocol: str) -> None:
    audit = tmp_path / "audit.jsonl"
    settings = {
        "AUDIT_LOG_FILE": str(audit),
        "SNOWFLAKE_POOL_MAX_SIZE": "2",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test",
    }
    with Server(**stub.settings, **rotel.settings(protocol), **settings) as server:
        stub.order("faults", [{"endpoint": "query", "kind": "status", "code": 503, "times": 1}])
        sql = "select * from stub.rows(n => 500, chunk => 100)"
        answer = Caller(server.address, PARENT).call("execute_query", sql=sql, limit=500)
        assert answer["structuredContent"]["row_count"] == 500, answer
        spans = rotel.until("the call", lambda spans: any(span.name == "tools/call execute_query" for span in spans))
        server.skip_log()
    (call,) = [span for span in spans if span.name == "tools/call execute_query"]
    assert (call.trace, call.parent, call.kind) == (TRACE, CLIENT, "SPAN_KIND_SERVER")
    assert call.resource["service.name"] == "snowflake-mcp"
    assert call.resource["deployment.environment.name"] == "test"
    steps = below(spans, call)
    assert {span.trace for span in steps} == {TRACE}
    assert {"policy", "wait", "render"} <= {span.name for span in steps}
    (execute,) = [span for span in steps if span.attributes.get("db.system.name") == "snowflake"]
    assert (execute.name, execute.kind) == ("SELECT", "SPAN_KIND_CLIENT")
    # Each request is a span: the statement's with its repetition, the pieces that were fetched.
    requests = [span for span in steps if "http.request.method" in span.attributes]
    assert all(span.kind == "SPAN_KIND_CLIENT" for span in requests)
    purposes = [span.attributes["snowflake.endpoint"] for span in requests]
    assert purposes.count("query") == 2, purposes
    assert purposes.count("chunk") == 4, purposes
    busy, again = [span for span in requests if span.attributes["snowflake.endpoint"] == "query"]
    assert (busy.attributes["http.response.status_code"], busy.attributes["error.type"]) == ("503", "503")
    assert (again.attributes["http.response.status_code"], again.attributes["http.request.resend_count"]) == (
        "200",
        "1",
    )
    assert again.attributes["url.full"] == f"{stub.url}/queries/v1/query-request"
    # Addresses in cloud storage are signed.
    pieces = {span.attributes["url.full"] for span in requests if span.attributes["snowflake.endpoint"] == "chunk"}
    assert pieces == {f"{stub.url}/REDACTED"}
    # The same trace in Snowflake's history, in the log and in the audit record.
    assert TRACE in json.dumps(stub.counters()["queries_by_tag"])
    assert any(line.get("trace_id") == TRACE and line.get("tool") == "execute_query" for line in server.log)
    (record,) = [json.loads(line) for line in audit.read_text().splitlines()]
    assert (record["trace_id"], record["query_id"]) == (TRACE, call.attributes["snowflake.query_id"])


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
def test_the_embedded_engines_steps_are_in_the_trace_too(rotel: Collector, protocol: str) -> None:
    with Server(WAREHOUSE_BACKEND="embedded", **rotel.settings(protocol)) as server:
        caller = Caller(server.address, PARENT)
        caller.call("execute_query", sql=f"SELECT COUNT(*) FROM {SAMPLE}.ORDERS")
        spans = rotel.until("the call", lambda spans: any(span.name.startswith("tools/call") for span in spans))
    (call,) = [span for span in spans if span.name.startswith("tools/call")]
    steps = below(spans, call)
    assert {"policy", "wait", "render"} <= {span.name for span in steps}, steps
    assert [span for span in steps if span.attributes.get("db.system.name") == "duckdb"], steps


def test_a_statement_that_is_given_up_is_aborted_within_its_trace(rotel: Collector, stub: Stub) -> None:
    with Server(**stub.settings, **rotel.settings("grpc")) as server:
        Caller(server.address, PARENT).leave(1, "execute_query", sql="select stub.sleep(60000)")

        def purposes(spans: list[Span]) -> list[str]:
            return [span.attributes.get("snowflake.endpoint", "") for span in spans if span.trace == TRACE]

        spans = rotel.until("an abort", lambda spans: "abort" in purposes(spans))
    (call,) = [span for span in spans if span.name == "tools/call execute_query"]
    assert (call.status, call.attributes["error.type"]) == ("STATUS_CODE_ERROR", "tool_error")
    assert "abort" in purposes(below(spans, call))


def test_calls_without_a_parent_are_traces_of_their_own(rotel: Collector) -> None:
    with Server(WAREHOUSE_BACKEND="embedded", **rotel.settings("http/protobuf")) as server:
        caller = Caller(server.address)
        for _ in range(3):
            caller.call("list_databases")
        # A header is a parent as well, where the message names none.
        Caller(server.address, traceparent=None, Traceparent=PARENT).call("list_databases")
        spans = rotel.until("four calls", lambda spans: sum(span.name.startswith("tools/call") for span in spans) == 4)
        with urllib.request.urlopen(f"http://{server.address}/metrics", timeout=10) as answer:
            metrics = answer.read().decode()
    calls = [span for span in spans if span.name.startswith("tools/call")]
    assert len({span.trace for span in calls}) == 4
    http = {span.id: span for span in spans if span.name == "POST /mcp"}
    assert all(call.parent in http for call in calls)
    assert [http[call.parent].parent for call in calls if call.trace == TRACE] == [CLIENT]
    assert 'snowflake_mcp_trace_spans_total{outcome="failed"} 0' in metrics
    assert 'snowflake_mcp_trace_spans_total{outcome="dropped"} 0' in metrics
