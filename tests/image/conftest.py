"""What the tests of the image share. They are run by scripts/image-test.sh, which builds what they run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import engine

pytest_plugins = ["support.readings"]


@pytest.fixture(scope="module")
def server() -> Iterator[engine.Container]:
    """The full image as a person would run it, hardened: the embedded engine, anybody may call."""
    with engine.run(engine.FULL, ALLOW_ANONYMOUS="true", MANAGEMENT_PORT="9090") as container:
        container.wait_ready()
        yield container
