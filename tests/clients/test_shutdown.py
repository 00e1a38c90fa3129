"""SIGTERM with calls in flight: what ends in time is answered, what does not is stopped; the process leaves with 0."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from support import clients
from support.clients import Answer
from support.lasting import lasting, statement_of
from support.server import Server

pytestmark = pytest.mark.anyio

IN_FLIGHT = "snowflake_mcp_http_requests_in_flight"


async def in_flight(server: Server, call: asyncio.Task[Answer]) -> None:
    """Returns when the call is being worked on. The question itself is one request in flight."""
    while await asyncio.to_thread(server.metric, IN_FLIGHT) < 2:
        assert not call.done(), call.result().text
        await asyncio.sleep(0.02)


async def test_a_call_that_ends_in_time_is_answered(log: Path, measured: dict[str, str]) -> None:
    with Server(SHUTDOWN_TIMEOUT="30s") as server:
        async with clients.PYTHON_AUTO.connect(server, log) as session:
            sql = await statement_of(session, seconds=1.0)
            call = asyncio.create_task(session.call("execute_query", sql=sql, format="json"))
            await in_flight(server, call)
            server.terminate()
            terminated = time.monotonic()
            answer = await call
            assert len(answer.rows) == 1
        assert await asyncio.to_thread(server.wait, 35) == 0
        measured["SIGTERM with a call that ends in time"] = f"exit 0 after {time.monotonic() - terminated:.1f} s"


async def test_a_call_that_does_not_end_is_stopped_and_told_so(log: Path, measured: dict[str, str]) -> None:
    shutdown_timeout = 2
    with Server(SHUTDOWN_TIMEOUT=f"{shutdown_timeout}s") as server:
        async with clients.PYTHON_AUTO.connect(server, log) as session:
            call = asyncio.create_task(session.call("execute_query", sql=lasting(1_000_000_000)))
            await in_flight(server, call)
            server.terminate()
            terminated = time.monotonic()
            answer = await call
            assert answer.is_error
            assert answer.structured["code"] == "query_cancelled", answer.text
            assert answer.structured["retryable"] is True
        assert await asyncio.to_thread(server.wait, shutdown_timeout + 5) == 0
        measured["SIGTERM with a call that does not end"] = (
            f"exit 0 after {time.monotonic() - terminated:.1f} s (SHUTDOWN_TIMEOUT {shutdown_timeout} s)"
        )
