"""The agents people use, each against our server and a model by script: is the model given the whole answer?"""

from __future__ import annotations

from collections.abc import Iterator

import agents
import pytest
from agents import Agent
from model import Model

from support.scenarios import SCENARIOS, Scenario
from support.server import FOR_AGENTS, Server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with Server(**FOR_AGENTS) as server:
        yield server


@pytest.fixture(scope="session", params=agents.ALL, ids=str)
def run(
    request: pytest.FixtureRequest, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Agent, Model, str]:
    """One run of one agent through all scenarios."""
    agent: Agent = request.param
    with Model(SCENARIOS) as model:
        said = agent.run(tmp_path_factory.mktemp(agent.name), server.url, model.url)
    return agent, model, said


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_model_is_given_the_whole_answer(
    run: tuple[Agent, Model, str], scenario: Scenario, table: dict[tuple[str, str], str]
) -> None:
    agent, model, said = run
    place = (scenario.name, agent.name)
    table[place] = "not reached"
    seen = model.seen.get(SCENARIOS.index(scenario))
    assert seen is not None, f"{agent} stopped after {len(model.seen)} calls ({model.paths[-3:]}):\n{said[-3000:]}"
    table[place] = "PART"
    assert not scenario.missing(seen), seen
    table[place] = "whole"
