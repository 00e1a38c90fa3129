"""Telemetry that nobody takes: calls are answered, what was lost is counted, the end is not held up."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stub import Stub
from support.server import Server
from workload import Caller


@pytest.fixture
def hung() -> Iterator[str]:
    """A collector that takes every connection and never says a word."""
    kept = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def take() -> None:
            while True:
                try:
                    kept.append(listener.accept()[0])
                except OSError:
                    return

        threading.Thread(target=take, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    for connection in kept:
        connection.close()


def exporting(endpoint: str, protocol: str) -> dict[str, str]:
    return {
        "WAREHOUSE_BACKEND": "embedded",
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
        "OTEL_BSP_SCHEDULE_DELAY": "50",
    }


def seconds_of(caller: Caller, calls: int) -> list[float]:
    took = []
    for _ in range(calls):
        started = time.monotonic()
        assert caller.code("execute_query", sql="SELECT 1") == "ok"
        took.append(time.monotonic() - started)
    return sorted(took)


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
def test_a_full_queue_drops_spans_and_slows_no_call(hung: str, protocol: str, measured: dict[str, str]) -> None:
    small = {"OTEL_BSP_MAX_QUEUE_SIZE": "8", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "4"}
    with Server(**exporting(hung, protocol), **small) as server, Server(WAREHOUSE_BACKEND="embedded") as other:
        with_it, without = seconds_of(Caller(server.address), 40), seconds_of(Caller(other.address), 40)
        dropped = server.metric('snowflake_mcp_trace_spans_total{outcome="dropped"}')
    # Five spans a call; the queue and the batch that hangs hold a dozen.
    assert dropped > 40 * 5 - 20
    # An export hangs for ten seconds here. A call that waits for one waits as long.
    assert with_it[-1] < 5
    measured[f"a call while {protocol} hangs"] = (
        f"{with_it[20] * 1000:.1f} ms in the middle of 40, {without[20] * 1000:.1f} ms without traces"
    )


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
def test_a_collector_that_hangs_does_not_hold_up_the_end(hung: str, protocol: str) -> None:
    with Server(**exporting(hung, protocol), SHUTDOWN_TIMEOUT="2s") as server:
        seconds_of(Caller(server.address), 3)
        time.sleep(0.2)
        started = time.monotonic()
        server.terminate()
        assert server.wait(timeout=20) == 0
        assert time.monotonic() - started < 5
        server.wait_for(lambda line: "last spans" in line.get("message", ""), "word of the spans that are lost", 5)


def test_a_full_disk_sends_audit_records_to_the_log() -> None:
    with Server(WAREHOUSE_BACKEND="embedded", AUDIT_LOG_FILE="/dev/full", LOG_LEVEL="ERROR") as server:
        seconds_of(Caller(server.address), 5)
        server.terminate()
        assert server.wait(timeout=20) == 0
        server.wait_for_event("stopped")
    records = [line for line in server.log if line.get("target") == "audit"]
    assert [(record["tool"], record["outcome"]) for record in records] == [("execute_query", "ok")] * 5
    told = [line for line in server.log if "AUDIT_LOG_FILE" in line.get("message", "")]
    assert len(told) == 1, "once, not for every call"
    assert "No space left" in told[0]["message"]


def test_failed_records_are_counted_and_the_file_goes_on_when_there_is_room(tmp_path: Path) -> None:
    audit = tmp_path / "audit.jsonl"
    with Server(WAREHOUSE_BACKEND="embedded", AUDIT_LOG_FILE="/dev/full") as server:
        seconds_of(Caller(server.address), 2)
        assert server.metric('snowflake_mcp_audit_records_total{outcome="failed"}') == 2
    with Server(WAREHOUSE_BACKEND="embedded", AUDIT_LOG_FILE=str(audit)) as server:
        seconds_of(Caller(server.address), 2)
        server.terminate()
        assert server.wait(timeout=20) == 0
    assert len([json.loads(line) for line in audit.read_text().splitlines()]) == 2


def test_a_client_that_leaves_wakes_nobody(stub: Stub) -> None:
    with Server(**stub.settings) as server:
        caller = Caller(server.address)
        caller.leave(0.5, "execute_query", sql="select stub.sleep(60000)")
        # The same where the answer has begun: a caller that hears of progress.
        caller.leave(1.5, "execute_query", sql="select stub.sleep(60000)", wants_progress=True)
        lines = [
            server.wait_for(lambda line: line.get("status") == 499, "the line of a request that was left", 10)
            for _ in range(2)
        ]
        assert server.metric('snowflake_mcp_http_requests_total{method="POST",route="/mcp",status="499"}') == 2
        server.terminate()
        assert server.wait(timeout=20) == 0
        server.wait_for_event("stopped")
    for line in lines:
        assert line["level"] == "INFO"
        assert line["tool"] == "execute_query"
        # Who left is found in Snowflake's history and in the trace.
        assert line["trace_id"]
    stopped = [line for line in server.log if line.get("message") == "stopped a statement"]
    assert all(line["query_id"] for line in stopped)
    assert {line["span"]["trace_id"] for line in stopped} == {line["trace_id"] for line in lines}
    loud = [line for line in server.log if line.get("level") not in {"INFO", "DEBUG"} and "CORS" not in line["message"]]
    assert not loud
    calls = [line for line in server.log if line.get("message") == "call failed"]
    assert [call["outcome"] for call in calls] == ["query_cancelled"] * 2
