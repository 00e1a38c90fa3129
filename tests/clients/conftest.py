"""The server that most tests share and the clients they run with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support import clients
from support.answers import Oracle
from support.server import FOR_AGENTS, Server

pytest_plugins = ["support.readings"]


@pytest.fixture(scope="session")
def agents_server() -> Iterator[Server]:
    """A server that answers as it does for agents."""
    with Server(**FOR_AGENTS) as server:
        yield server


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
