"""Giving up a call reaches Snowflake: every client, both eras of the protocol, HTTP and stdio, counted at the stub."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support import clients
from support.clients import Kind
from support.server import Server
from support.stub import account, ask, running

pytestmark = pytest.mark.anyio

SLEEP = "select stub.sleep(60000)"


@pytest.fixture(params=(*clients.ALL, clients.PYTHON_MCP_REMOTE), ids=str)
def client(request: pytest.FixtureRequest) -> Kind:
    return request.param


@pytest.fixture(scope="module")
def stub() -> Iterator[str]:
    with running() as url:
        yield url


@pytest.fixture(scope="module")
def settings(stub: str) -> dict[str, str]:
    return account(stub)


@pytest.fixture(scope="module")
def service(settings: dict[str, str]) -> Iterator[Server]:
    with Server(**settings) as server:
        yield server


async def until(stub: str, what: str, **wanted: int) -> dict[str, Any]:
    """Waits until the stub has counted so much."""
    deadline = time.monotonic() + 20
    while True:
        counters = await asyncio.to_thread(ask, "GET", stub + "/stub/counters")
        if all(counters[name] == count for name, count in wanted.items()):
            return counters
        assert time.monotonic() < deadline, f"never {what}: {counters}"
        await asyncio.sleep(0.05)


async def test_a_call_that_is_given_up_is_aborted_in_snowflake(
    client: Kind, service: Server, settings: dict[str, str], stub: str, log: Path
) -> None:
    before = await until(stub, "idle", running=0)
    aborted = {"running": 0, "aborted": before["aborted"] + 1}
    async with client.connect(service, log, **settings) as session:
        await session.tools()
        await session.give_up(1, "execute_query", sql=SLEEP)
        # The next call proves that the connection is still good.
        answer = await session.call("execute_query", sql="select 1", format="json")
        assert answer.rows == [[1]]
        # Also by clients that keep the connection and send `notifications/cancelled`.
        await until(stub, "aborted while the client is there", **aborted)
    after = await until(stub, "aborted", **aborted)
    assert after["timed_out"] == before["timed_out"]


async def test_a_client_that_leaves_has_its_statement_aborted(
    client: Kind, service: Server, settings: dict[str, str], stub: str, log: Path
) -> None:
    before = await until(stub, "idle", running=0)

    async def ask_and_wait() -> None:
        async with client.connect(service, log, **settings) as session:
            await session.tools()
            await session.call("execute_query", sql=SLEEP)

    asking = asyncio.create_task(ask_and_wait())
    await until(stub, "started", running=1)
    asking.cancel()
    with contextlib.suppress(asyncio.CancelledError, RuntimeError, ExceptionGroup):
        await asking
    await until(stub, "aborted", running=0, aborted=before["aborted"] + 1)
