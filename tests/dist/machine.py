"""A fresh machine without a network, with the packages in /dist, on which a command is run and spoken to."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from pathlib import Path
from typing import Any

DIST = Path(os.environ.get("DIST", ".build/dist")).resolve()
TOOLS = Path(os.environ["DIST_TOOLS"])
# Nothing of this machine but the packages; no network, no write but to /tmp, an ordinary user.
ALONE = ("--network=none", "--read-only", "--tmpfs=/tmp:exec", "--user=1000:1000", "--env=HOME=/tmp", "--workdir=/tmp")


def only(pattern: str) -> Path:
    found = sorted(DIST.glob(pattern))
    assert len(found) == 1, f"{pattern} in {DIST}: {[path.name for path in found]}"
    return found[0]


def command(image: str, script: str, *options: str) -> list[str]:
    packages = f"--volume={DIST}:/dist:ro"
    return ["docker", "run", "--rm", *ALONE, packages, *options, f"snowflake-mcp-dist:{image}", "sh", "-euc", script]


class Session:
    """One MCP session over the pipes of a container."""

    def __init__(self, image: str, script: str, *options: str) -> None:
        self.name = f"snowflake-mcp-dist-{uuid.uuid4().hex[:8]}"
        self.process = subprocess.Popen(
            command(image, script, "--interactive", "--name", self.name, *options),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.last = 0

    def say(self, method: str, **params: Any) -> None:
        self._write({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        self.last += 1
        self._write({"jsonrpc": "2.0", "id": self.last, "method": method, "params": params})
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, f"no answer to {method}: {self.end()}"
        answer = json.loads(line)
        assert answer["id"] == self.last, line
        return answer["result"]

    def _write(self, message: dict[str, Any]) -> None:
        assert self.process.stdin
        try:
            self.process.stdin.write(json.dumps(message) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise AssertionError(f"ended early: {self.end()}") from None

    def end(self) -> tuple[int, str]:
        """Closes its input, as a client does that has enough, and returns the exit code and what it said on stderr."""
        _, told = self.process.communicate(timeout=60)
        return self.process.returncode, told


def answers(image: str, script: str, *options: str) -> None:
    """Starts it, asks a question of the sample data, and sees it end when its input ends."""
    session = Session(image, script, *options)
    client = {"name": "tests/dist", "version": "1"}
    started = session.ask("initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo=client)
    assert started["serverInfo"]["name"] == "snowflake-mcp"
    session.say("notifications/initialized")
    tools = session.ask("tools/list")["tools"]
    assert "execute_query" in {tool["name"] for tool in tools}
    question = "select count(*) as n from snowflake_sample_data.tpch_sf1.nation"
    answer = session.ask("tools/call", name="execute_query", arguments={"sql": question})
    assert "| 25 |" in answer["content"][0]["text"], answer
    code, told = session.end()
    assert code == 0, told


def run(image: str, script: str, *options: str) -> tuple[int, str]:
    """Runs to the end, without input."""
    done = subprocess.run(
        command(image, script, *options),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr
