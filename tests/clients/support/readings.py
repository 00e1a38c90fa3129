"""What every suite that runs these clients shares: readings that are printed at the end, and how its tests are async.

A plugin of pytest: a suite's conftest.py names it in `pytest_plugins`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

MEASURED = pytest.StashKey[dict[str, str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[MEASURED] = {}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for what, reading in config.stash[MEASURED].items():
        terminalreporter.write_line(f"{what}: {reading}")


@pytest.fixture(scope="session")
def measured(request: pytest.FixtureRequest) -> dict[str, str]:
    """Readings that are printed at the end. No test depends on one: this may be a busy machine."""
    return request.config.stash[MEASURED]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where a server over stdio writes its log; over HTTP nothing does."""
    return tmp_path / "stdio.log"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
