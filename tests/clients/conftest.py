"""The server that most tests share, the clients they run with, and what was measured on the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support import clients
from support.answers import Oracle
from support.server import Server

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


@pytest.fixture(scope="session")
def server(measured: dict[str, str]) -> Iterator[Server]:
    """The server as it is out of the box: the embedded engine, reads only."""
    with Server() as server:
        measured["start-up"] = f"listening after {server.listening_ms:.0f} ms, ready after {server.ready_ms:.0f} ms"
        measured["memory when ready"] = f"{server.resident_mb():.0f} MB"
        yield server
        measured["memory at the end"] = f"{server.resident_mb():.0f} MB"


@pytest.fixture(scope="session")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Oracle:
    """The same data from another generator in another engine."""
    return Oracle(tmp_path_factory.mktemp("tpch"))


@pytest.fixture(params=clients.ALL, ids=str)
def client(request: pytest.FixtureRequest) -> clients.Kind:
    """Every client, one after the other."""
    return request.param


@pytest.fixture(params=clients.OVER_HTTP, ids=str)
def http_client(request: pytest.FixtureRequest) -> clients.Kind:
    """Every client that speaks HTTP, one after the other."""
    return request.param


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where a server over stdio writes its log."""
    return tmp_path / "stdio.log"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
