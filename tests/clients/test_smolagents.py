"""smolagents with a model by script: what its model is given of every scenario, and what is left when it gives up."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest

from support.scenarios import SCENARIOS
from support.server import REPOSITORY, Server
from support.stub import account, ask, running

# Not beside the other clients: it wants an mcp of before 2.
PYTHON = REPOSITORY / ".build" / "smolagents" / "bin" / "python"
SCRIPT = Path(__file__).with_name("smolagents_script.py")

ITS_OWN_WORDS = {
    "no such argument": "Argument lik is not in the tool's input schema",
    "no such argument of the context": "Argument formt is not in the tool's input schema",
}
"""What it refuses without asking us."""


@pytest.mark.parametrize("how", ["texts", "documents"])
def test_smolagents_gives_its_model_the_whole_answer(agents_server: Server, how: str) -> None:
    script = subprocess.run(
        [PYTHON, "-W", "ignore", SCRIPT, agents_server.url, how],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert script.returncode == 0, script.stdout + script.stderr
    seen = dict(zip((one.name for one in SCENARIOS), json.loads(script.stdout.splitlines()[-1]), strict=True))
    for name, words in ITS_OWN_WORDS.items():
        assert words in seen.pop(name)
    lost = {one.name: one.missing(seen[one.name]) for one in SCENARIOS if one.name in seen}
    assert not {name: missing for name, missing in lost.items() if missing}, seen


def test_a_client_that_tells_nobody_has_its_statement_stopped_when_it_leaves() -> None:
    """Python's mcp 1 sends nothing when a call takes too long, and keeps the connection (docs/agents.md)."""
    with running() as stub, Server(**account(stub)) as server:
        command = [PYTHON, "-W", "ignore", SCRIPT, server.url, "gives-up"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as script:
            assert script.stdout is not None
            assert script.stdin is not None
            told = [script.stdout.readline(), script.stdout.readline()]
            assert [line.partition(":")[0] for line in told] == ["given up", "after it"], told
            # Nothing has told us: it runs until its time is over, or the client goes.
            counters = ask("GET", stub + "/stub/counters")
            assert (counters["running"], counters["aborted"]) == (1, 0)
            script.stdin.write("\n")
            script.stdin.close()
            assert script.wait(timeout=30) == 0
        deadline = time.monotonic() + 20
        while ask("GET", stub + "/stub/counters")["running"]:
            assert time.monotonic() < deadline, "the statement runs on after its client has gone"
            time.sleep(0.05)
        assert ask("GET", stub + "/stub/counters")["aborted"] == 1
