"""The table at the end: which agent gave its model what."""

from __future__ import annotations

import pytest

TABLE = pytest.StashKey[dict[tuple[str, str], str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TABLE] = {}


@pytest.fixture(scope="session")
def table(request: pytest.FixtureRequest) -> dict[tuple[str, str], str]:
    """What became of each scenario with each agent."""
    return request.config.stash[TABLE]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    table = config.stash[TABLE]
    agents = list(dict.fromkeys(agent for _, agent in table))
    scenarios = list(dict.fromkeys(scenario for scenario, _ in table))
    terminalreporter.section("what the model was given")
    terminalreporter.write_line(f"{'':24}" + "".join(f"{agent:14}" for agent in agents))
    for scenario in scenarios:
        cells = "".join(f"{table.get((scenario, agent), ''):14}" for agent in agents)
        terminalreporter.write_line(f"{scenario:24}{cells}")
