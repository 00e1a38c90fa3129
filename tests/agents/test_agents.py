"""The agents people use, each against our server and a model by script: is the model given the whole answer?"""

from __future__ import annotations

from collections.abc import Iterator

import agents
import pytest
from agents import Agent
from model import Model

from support.account_scenarios import ACCOUNT_SCENARIOS, on_an_account
from support.scenarios import SCENARIOS, Scenario
from support.server import FOR_AGENTS, Server

Run = tuple[Agent, Model, str]


def once(agent: Agent, script: tuple[Scenario, ...], server: Server, factory: pytest.TempPathFactory) -> Run:
    """One run of one agent through all scenarios."""
    with Model(script) as model:
        said = agent.run(factory.mktemp(agent.name), server.url, model.url)
    return agent, model, said


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with Server(**FOR_AGENTS) as server:
        yield server


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server in front of the stub of an account, which has tools that the embedded engine has not."""
    with on_an_account(tmp_path_factory.mktemp("account")) as settings, Server(**settings) as server:
        yield server


@pytest.fixture(scope="session", params=agents.ALL, ids=str)
def run(request: pytest.FixtureRequest, server: Server, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return once(request.param, SCENARIOS, server, tmp_path_factory)


@pytest.fixture(scope="session", params=agents.ALL, ids=str)
def run_on_account(request: pytest.FixtureRequest, account: Server, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return once(request.param, ACCOUNT_SCENARIOS, account, tmp_path_factory)


def is_given_all(run: Run, number: int, name: str, scenario: Scenario, table: dict[tuple[str, str], str]) -> None:
    agent, model, said = run
    place = (name, agent.name)
    table[place] = "not reached"
    seen = model.seen.get(number)
    assert seen is not None, f"{agent} stopped after {len(model.seen)} calls ({model.paths[-3:]}):\n{said[-3000:]}"
    table[place] = "PART"
    assert not scenario.missing(seen), seen
    table[place] = "whole"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_model_is_given_the_whole_answer(run: Run, scenario: Scenario, table: dict[tuple[str, str], str]) -> None:
    is_given_all(run, SCENARIOS.index(scenario), scenario.name, scenario, table)


@pytest.mark.parametrize("scenario", ACCOUNT_SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_model_is_given_the_whole_answer_of_an_account(
    run_on_account: Run, scenario: Scenario, table: dict[tuple[str, str], str]
) -> None:
    number = ACCOUNT_SCENARIOS.index(scenario)
    is_given_all(run_on_account, number, f"account: {scenario.name}", scenario, table)
