"""What the tests share: the stub, and what was measured on the way."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

import prometheus
from stub import Stub, running_stub

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
def stub() -> Iterator[Stub]:
    with running_stub() as stub:
        yield stub


@pytest.fixture(scope="session")
def needs_prometheus() -> None:
    """Where none is installed the tests are skipped, aloud; CI says REQUIRE_PROMETHEUS and fails instead."""
    if not prometheus.installed():
        missing = "prometheus is not installed (Debian: apt-get install prometheus)"
        if os.environ.get("REQUIRE_PROMETHEUS"):
            pytest.fail(missing)
        pytest.skip(missing)
