"""Every tool with every client, on the embedded engine and on the stub of an account: the answer is whole."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import scenarios
from support.account_scenarios import ACCOUNT_SCENARIOS, ACCOUNT_TOOLS, on_an_account
from support.clients import Kind
from support.folders import NODE_FOLDER, node
from support.scenarios import SCENARIOS, Scenario
from support.server import FOR_AGENTS, Server

World = tuple[Server, dict[str, str], tuple[Scenario, ...]]


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A server in front of an account, its settings, and what is asked of it."""
    with on_an_account(tmp_path_factory.mktemp("account")) as settings, Server(**settings) as server:
        yield server, settings, ACCOUNT_SCENARIOS


@pytest.fixture(params=["embedded", "account"])
def world(request: pytest.FixtureRequest, agents_server: Server) -> World:
    if request.param == "embedded":
        return agents_server, FOR_AGENTS, SCENARIOS
    return request.getfixturevalue("account")


@pytest.mark.anyio
async def test_a_client_is_given_the_whole_answer_of_every_tool(client: Kind, world: World, log: Path) -> None:
    server, settings, script = world
    async with client.connect(server, log, **settings) as session:
        assert session.protocol == client.protocol
        # Clients check results against the schemas they have seen.
        assert {tool["name"] for tool in await session.tools()} == {scenario.tool for scenario in script}
        before, wrong = "", []
        for scenario in script:
            answer = await session.call(scenario.tool, **scenarios.arguments(scenario, before))
            before = answer.text
            seen = json.dumps(answer.structured, ensure_ascii=False) if answer.structured else answer.text
            wrong += [f"{scenario.name}: {lost}: {seen}" for lost in scenario.missing(seen)]
            if answer.is_error != scenario.is_error:
                wrong.append(f"{scenario.name}: {answer.text}")
        assert not wrong, "\n".join(wrong)


def test_the_account_has_every_tool(account: World) -> None:
    """What is on the embedded engine, what an account has besides, and the operator's own."""
    on_accounts_only = {"query_history", "query_profile", "orders_of"}
    assert scenarios.TOOLS | on_accounts_only == ACCOUNT_TOOLS


def first_of_each_tool(script: tuple[Scenario, ...]) -> list[Scenario]:
    """A call of each tool that needs no cursor of another. Each costs the Inspector a process."""
    found: dict[str, Scenario] = {}
    for scenario in script:
        if scenarios.CURSOR not in scenario.arguments.values():
            found.setdefault(scenario.tool, scenario)
    return list(found.values())


# Some twenty processes, each of which takes seconds to start on a busy machine.
@pytest.mark.timeout(600)
@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_the_inspector_is_given_the_whole_answer_of_every_tool(era: str, world: World, tmp_path: Path) -> None:
    server, _, script = world
    launcher = (NODE_FOLDER / "node_modules" / ".bin" / "mcp-inspector").resolve()
    home = {"HOME": str(tmp_path), "PATH": f"{node().parent}{os.pathsep}{os.environ['PATH']}"}

    def call(tool: str, arguments: dict[str, object]) -> dict[str, object]:
        done = subprocess.run(
            [node(), launcher, "--cli", server.url, "--connect-timeout", "60000", "--protocol-era", era,
             "--method", "tools/call",
             "--tool-name", tool, "--tool-args-json", json.dumps(arguments)],
            env=home, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert "{" in done.stdout, done.stderr
        return json.loads(done.stdout[done.stdout.index("{") :])

    for scenario in first_of_each_tool(script):
        result = call(scenario.tool, scenario.arguments)
        seen = scenarios.by_structure_first(result)
        assert bool(result.get("isError")) == scenario.is_error, seen
        assert not scenario.missing(seen), seen
        if (cursor := scenarios.cursor(seen)).startswith("A"):
            for tool in ("query_status", "fetch_results", "cancel_query"):
                result = call(tool, {"cursor": cursor})
                assert not result.get("isError"), result
