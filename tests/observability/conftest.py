"""What the tests share: the stub, and readings that are printed at the end."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

import prometheus
from stub import Stub, running_stub

pytest_plugins = ["support.readings"]


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
