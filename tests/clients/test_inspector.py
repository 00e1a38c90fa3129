"""The MCP Inspector's command line, as in the README."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.folders import NODE_FOLDER, node
from support.server import Server, binary


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """The Inspector keeps a catalogue in the home folder: not in the user's own."""
    return {"HOME": str(tmp_path), "PATH": f"{node().parent}{os.pathsep}{os.environ['PATH']}"}


def inspect(home: dict[str, str], *arguments: str | Path) -> Any:
    launcher = NODE_FOLDER / "node_modules" / ".bin" / "mcp-inspector"
    done = subprocess.run(
        [node(), launcher.resolve(), "--cli", *arguments], env=home, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


def test_the_inspector_lists_the_tools(home: dict[str, str], server: Server) -> None:
    tools = inspect(home, server.url, "--method", "tools/list")["tools"]
    assert "execute_query" in {tool["name"] for tool in tools}


def test_the_inspector_finds_nothing_wrong_with_the_schemas(home: dict[str, str], server: Server) -> None:
    tools = inspect(home, server.url, "--method", "tools/list", "--strict")["tools"]
    assert len(tools) >= 10


def test_the_inspector_runs_a_query(home: dict[str, str], server: Server) -> None:
    result = inspect(
        home, server.url,
        "--method", "tools/call", "--tool-name", "execute_query",
        "--tool-arg", "sql=SELECT COUNT(*) AS n FROM customer", "format=json",
    )  # fmt: skip
    assert result["structuredContent"]["rows"] == [[1500]]


def test_the_inspector_starts_the_server_over_stdio(home: dict[str, str]) -> None:
    tools = inspect(home, binary(), "stdio", "--transport", "stdio", "--method", "tools/list")["tools"]
    assert "execute_query" in {tool["name"] for tool in tools}
