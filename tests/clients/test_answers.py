"""Whatever a client gives its model of an answer is the whole answer.

MCP lets a server say things in texts and in a document, and clients differ in which they pass on (docs/agents.md).
Here are their rules, without the clients; `make agents` runs the real ones.
"""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest

from support import scenarios
from support.scenarios import SCENARIOS, Scenario
from support.server import Server


@pytest.fixture(scope="module")
def results(agents_server: Server) -> dict[str, dict[str, Any]]:
    """The results of all scenarios, as they come over the wire. Each cursor is the one in the text before it."""
    found: dict[str, dict[str, Any]] = {}
    before = ""
    for scenario in SCENARIOS:
        params = {"name": scenario.tool, "arguments": scenarios.arguments(scenario, before)}
        found[scenario.name] = request(agents_server, "tools/call", params)
        before = scenarios.by_text(found[scenario.name])
    return found


def request(agents_server: Server, method: str, params: dict[str, Any]) -> dict[str, Any]:
    """One request of revision 2025-06-18, without a client between."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": "2025-06-18",
    }
    with urllib.request.urlopen(urllib.request.Request(agents_server.url, body, headers), timeout=60) as answer:
        text = answer.read().decode()
    lines = [line.removeprefix("data:") for line in text.splitlines() if line.startswith("data:")]
    return json.loads(lines[-1] if lines else text)["result"]


def test_every_tool_is_tried(agents_server: Server) -> None:
    assert {tool["name"] for tool in request(agents_server, "tools/list", {})["tools"]} == scenarios.TOOLS


@pytest.mark.parametrize("rule", scenarios.RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_model_is_given_the_whole_answer(rule: Any, scenario: Scenario, results: dict[str, dict[str, Any]]) -> None:
    seen = rule(results[scenario.name])
    assert not scenario.missing(seen), seen


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_an_answer_is_one_text_and_a_document_only_where_asked_for(
    scenario: Scenario, results: dict[str, dict[str, Any]]
) -> None:
    result = results[scenario.name]
    assert [block["type"] for block in result["content"]] == ["text"]
    assert bool(result.get("isError")) == scenario.is_error, result
    if not scenario.is_json or scenario.is_error:
        assert "structuredContent" not in result
        return
    # Byte for byte: the order of the fields is kept by both.
    document = json.dumps(result["structuredContent"], ensure_ascii=False, separators=(",", ":"))
    assert json.loads(result["content"][0]["text"]) == result["structuredContent"]
    assert result["content"][0]["text"] == document


@pytest.mark.parametrize("scenario", [one for one in SCENARIOS if one.is_error], ids=lambda scenario: scenario.name)
def test_facts_about_a_failure_are_for_programs(scenario: Scenario, results: dict[str, dict[str, Any]]) -> None:
    facts = results[scenario.name]["_meta"]
    assert results[scenario.name]["content"][0]["text"].startswith(f"{facts['code']}: ")
    assert facts["retryable"] is False


def test_no_tool_declares_an_output_schema(agents_server: Server) -> None:
    """A declared schema obliges the server to give a document, and then half of the clients show nothing else."""
    declared = [tool["name"] for tool in request(agents_server, "tools/list", {})["tools"] if "outputSchema" in tool]
    assert not declared
