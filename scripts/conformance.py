#!/usr/bin/env python3
"""Runs the official conformance suite of MCP: `make conformance`.

The suite asks for tools, resources and prompts of its own sample server. What of these an operator can add is in
`tests/conformance/tools.yaml`. The rest is in a build with the feature `conformance-fixtures`, which nobody installs;
on the production binary it is left out, as is what no server without sessions can pass, each with the reason.

    scripts/conformance.py FOLDER BINARY [--fixtures]   (FOLDER has the installed suite)
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]

REVISIONS = ("2025-11-25", "2026-07-28")

FIXTURES = "its sample server alone has it: images, audio, addresses of test://, tools that ask the client back"
STATE = "this server keeps no session, so it can neither ask the client back nor tell it that something changed"
LOGGING = "this server sends no log messages to clients"

LEFT_OUT = {
    "logging-set-level": LOGGING,
    "tools-call-with-logging": LOGGING,
    "tools-call-sampling": STATE,
    "tools-call-elicitation": STATE,
    "elicitation-sep1034-defaults": STATE,
    "elicitation-sep1330-enums": STATE,
    "server-session-lifecycle": STATE,
    "server-sse-polling": STATE,
    "server-sse-multiple-streams": STATE,
    "resources-subscribe": STATE,
    "resources-unsubscribe": STATE,
}
"""Scenarios that cannot pass here, and why. Extensions (tasks, skills) are in the list of no revision."""

NEED_FIXTURES = {
    "server-stateless": "a part of it calls tools that only its sample server has",
    "tools-call-image": FIXTURES,
    "tools-call-audio": FIXTURES,
    "tools-call-embedded-resource": FIXTURES,
    "tools-call-mixed-content": FIXTURES,
    "tools-call-with-progress": FIXTURES,
    "json-schema-2020-12": FIXTURES,
    "http-custom-header-server-validation": FIXTURES,
    "resources-read-text": FIXTURES,
    "resources-read-binary": FIXTURES,
    "resources-templates-read": FIXTURES,
    "prompts-get-embedded-resource": FIXTURES,
    "prompts-get-with-image": FIXTURES,
}
"""Those that the production binary cannot pass besides, with those that ask the client back."""

ASKS_BACK = "input-required-result-"


def scenarios(suite: Path) -> dict[str, set[str]]:
    """All scenarios for servers, with their revisions."""
    listed = subprocess.run([*suite_command(suite), "list"], capture_output=True, text=True, check=True).stdout
    servers = listed.partition("Server scenarios")[2].partition("Client scenarios")[0]
    found = re.findall(r"^\s+- (\S+) \[([^\]]*)\]", servers, re.MULTILINE)
    return {name: set(revisions.split(",")) for name, revisions in found}


def suite_command(suite: Path) -> list[str]:
    # The suite wants a newer Node.js than many systems have; the clients of the tests come with one.
    brought = sorted(REPOSITORY.glob(".build/node/node_modules/node-*/bin/node"))
    node = brought[-1] if brought else "node"
    return [str(node), str(suite / "node_modules" / "@modelcontextprotocol" / "conformance" / "dist" / "index.js")]


def reason(name: str, has_fixtures: bool) -> str | None:
    """Why a scenario is left out."""
    if has_fixtures or name in LEFT_OUT:
        return LEFT_OUT.get(name)
    return FIXTURES if name.startswith(ASKS_BACK) else NEED_FIXTURES.get(name)


def main() -> int:
    suite, binary = Path(sys.argv[1]), Path(sys.argv[2])
    has_fixtures = "--fixtures" in sys.argv
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "LOG_FORMAT": "json", "SERVER_PORT": "0"}
    environment |= {"SERVER_HOST": "127.0.0.1", "SERVER_RELOAD": "false"}
    environment |= {"CUSTOM_TOOLS_FILE": str(REPOSITORY / "tests" / "conformance" / "tools.yaml")}
    server = subprocess.Popen([binary], env=environment, stderr=subprocess.PIPE, text=True)
    failed = passed = 0
    left_out = 0
    try:
        assert server.stderr is not None
        url = ""
        for line in server.stderr:
            event = json.loads(line) if line.startswith("{") else {}
            if event.get("event") == "listening":
                url = f"http://{event['address']}/mcp"
            if event.get("event") == "ready":
                break
        for revision in REVISIONS:
            for name, revisions in scenarios(suite).items():
                if revision not in revisions:
                    continue
                if why := reason(name, has_fixtures):
                    left_out += 1
                    print(f"left out  {revision}  {name}: {why}")
                    continue
                with tempfile.TemporaryDirectory() as folder:
                    command = [*suite_command(suite), "server", "--url", url, "--scenario", name]
                    command += ["--spec-version", revision]
                    run = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=120)
                is_right = run.returncode == 0
                passed += is_right
                failed += not is_right
                print(f"{'passed' if is_right else 'FAILED':8}  {revision}  {name}")
                if not is_right:
                    print(run.stdout[-3000:], run.stderr[-1000:])
    finally:
        server.terminate()
        server.wait()
    print(f"{'with fixtures' if has_fixtures else 'production'}: {passed} passed, {failed} failed, {left_out} left out")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
