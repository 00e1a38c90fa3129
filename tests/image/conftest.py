"""What the tests of the image share. They are run by scripts/image-test.sh, which builds what they run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import engine

MEASURED = pytest.StashKey[dict[str, str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[MEASURED] = {}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for what, reading in config.stash[MEASURED].items():
        terminalreporter.write_line(f"{what}: {reading}")


@pytest.fixture(scope="session")
def measured(request: pytest.FixtureRequest) -> dict[str, str]:
    """Readings that are printed at the end."""
    return request.config.stash[MEASURED]


@pytest.fixture(scope="module")
def server() -> Iterator[engine.Container]:
    """The full image as a person would run it, hardened: the embedded engine, anybody may call."""
    with engine.run(engine.FULL, ALLOW_ANONYMOUS="true", MANAGEMENT_PORT="9090") as container:
        container.wait_ready()
        yield container


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Clients over stdio would write here; over HTTP nothing does."""
    return tmp_path / "client.log"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
