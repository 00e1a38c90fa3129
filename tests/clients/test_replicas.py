"""Any replica can answer: two of them behind a balancer that sends every request to the other one."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.clients import Kind
from support.round_robin import RoundRobin
from support.server import Server

pytestmark = pytest.mark.anyio

CALLS = 10


async def test_two_replicas_answer_one_client_in_turn(
    http_client: Kind, server: Server, second_server: Server, log: Path
) -> None:
    with RoundRobin(server.address, second_server.address) as balancer:
        async with http_client.connect(balancer.url, log) as session:
            assert len(await session.tools()) >= 10
            for number in range(CALLS):
                answer = await session.call("execute_query", sql=f"SELECT {number} AS n", format="json")
                assert answer.rows == [[number]]
        first, second = balancer.calls.values()
    assert first + second == CALLS
    # A client may send something of its own in between, which takes a turn as well.
    assert abs(first - second) <= 2


@pytest.fixture(scope="module")
def second_server() -> Server:
    with Server() as server:
        yield server
