"""Three servers behind the proxy are replaced by another image while clients call without a pause: no call fails."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

import engine
from engine import FULL, Stack, docker, until
from support import clients

pytestmark = pytest.mark.anyio

CLIENTS = 4
NEXT = "snowflake-mcp:test-next"
PROXY = "http://127.0.0.1:18080/mcp"


async def test_no_call_fails_while_three_servers_are_replaced(log: Path, measured: dict[str, str]) -> None:
    # The same program with another label is another image to Docker.
    docker("build", "--quiet", f"--tag={NEXT}", "--label=next=true", "-", check=True, stdin=f"FROM {FULL}\n")
    stack = Stack("mcp-test-rolling", "proxy")
    with stack.up("--scale=server=3"):
        before = {server.id for server in stack.containers("server")}
        assert len(before) == 3
        (proxy,) = stack.containers("proxy")
        # The public image has a number of its own for this user.
        engine.nobody_in_particular(proxy, None)
        # It has no health check of its own, and on a busy machine it is started before it listens.
        until("the proxy passes calls on", 30, lambda: engine.get(PROXY)[0] not in (0, 503))
        done = asyncio.Event()
        answered, failed = Counter[str](), list[str]()

        async def call_on(number: int) -> None:
            async with clients.PYTHON_AUTO.connect(PROXY, log) as session:
                while not done.is_set():
                    answered["calls"] += 1
                    try:
                        answer = await session.call("execute_query", sql=f"SELECT {number} AS n", format="json")
                        assert answer.rows == [[number]]
                    except Exception as error:  # whatever goes wrong is a failed call
                        failed.append(repr(error))

        def all_called() -> bool:
            return all(server.metric("snowflake_mcp_tool_calls_total") > 0 for server in stack.containers("server"))

        async def replace() -> None:
            try:
                await asyncio.sleep(2)
                environment = {**stack.environment, "IMAGE": NEXT}
                await asyncio.to_thread(docker, program="compose/rolling-update.sh", **environment)
                await asyncio.to_thread(until, "each of the new ones had its share", 60, all_called)
            finally:
                done.set()

        async with asyncio.TaskGroup() as group:
            group.create_task(replace())
            for number in range(CLIENTS):
                group.create_task(call_on(number))

        after = stack.containers("server")
        assert len(after) == 3
        assert not before & {server.id for server in after}
        assert {server.inspect()["Config"]["Labels"].get("next") for server in after} == {"true"}
    measured["rolling update of 3 servers"] = f"{answered['calls']} calls by {CLIENTS} clients, {len(failed)} failed"
    assert not failed, failed[:5]
