"""The Snowflake stub of tests/stub, judged by those who know Snowflake best: its own connectors."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.server import REPOSITORY

SCRIPT = Path(__file__).with_name("stub_script.py")


def binary() -> Path:
    """The stub: `STUB`, which the Makefile sets, or a debug build in the usual place."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
    path = Path(os.environ.get("STUB", target / "debug" / "examples" / "snowflake-stub"))
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not there: run the tests with `make test`, or build the example first")
    return path


@pytest.fixture
def stub() -> Iterator[str]:
    """Where one listens."""
    with subprocess.Popen([binary()], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().removeprefix("listening on ").strip()
        finally:
            process.terminate()


@pytest.mark.parametrize("connector", ["connector4", "connector5"])
def test_a_connector_of_snowflakes_takes_it_for_snowflake(stub: str, connector: str) -> None:
    python = REPOSITORY / ".build" / connector / "bin" / "python"
    script = subprocess.run(
        [python, "-W", "ignore", SCRIPT, stub],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert script.returncode == 0, script.stdout + script.stderr
    with urllib.request.urlopen(stub + "/stub/counters", timeout=10) as answer:
        counters = json.load(answer)
    assert counters["sessions_open"] == 0
    assert counters["sessions_closed"] == counters["logins"]
    assert counters["running"] == 0
    assert counters["token_leaked_to_chunk"] == counters["bad_chunk_headers"] == 0
    assert counters["unknown_requests"] == []
