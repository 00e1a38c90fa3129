"""How each agent is told of our server and of the scripted model.

Nothing of the user's is read: each has a home of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from support.server import REPOSITORY

PROGRAMS = Path(os.environ.get("AGENTS", REPOSITORY / ".build" / "agents")) / "node_modules"

PROMPT = "Go on."

TIMEOUT = 200.0
"""Seconds. Each needs about half a minute for all scenarios when nothing else runs."""


@dataclass(frozen=True)
class Agent:
    """A program, and what it is given to run with."""

    name: str
    program: Callable[[], Path]
    prepare: Callable[[Path, str, str], tuple[list[str], dict[str, str]]]
    """From a home, the address of our server and that of the model: its arguments and variables."""

    def __str__(self) -> str:
        return self.name

    def run(self, home: Path, server: str, model: str) -> str:
        """Runs to its end; what it printed."""
        arguments, variables = self.prepare(home, server, model)
        environment = {"PATH": os.environ["PATH"], "HOME": str(home), "TERM": "dumb", "LANG": "C.UTF-8"}
        environment |= {"NO_PROXY": "127.0.0.1,localhost"} | variables
        try:
            ended = subprocess.run(
                [self.program(), *arguments],
                env=environment,
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            said = late.output.decode(errors="replace") if isinstance(late.output, bytes) else late.output
            return f"did not end within {TIMEOUT:.0f} s\n{said}"
        return ended.stdout


def _write(path: Path, content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content, indent=1))
    return path


def _claude(home: Path, server: str, model: str) -> tuple[list[str], dict[str, str]]:
    servers = {"mcpServers": {"snowflake": {"type": "http", "url": server}}}
    settings = _write(home / "mcp.json", servers)
    arguments = ["-p", PROMPT, "--mcp-config", str(settings), "--strict-mcp-config"]
    arguments += ["--allowedTools", "mcp__snowflake", "--output-format", "stream-json", "--verbose"]
    return arguments, {
        "ANTHROPIC_BASE_URL": model,
        "ANTHROPIC_API_KEY": "none-needed",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
        "DISABLE_TELEMETRY": "1",
        # The tools are there from the first turn, rather than to be searched for.
        "ENABLE_TOOL_SEARCH": "false",
        "MCP_CONNECTION_NONBLOCKING": "0",
        "IS_SANDBOX": "1",
    }


def _codex(home: Path, server: str, model: str) -> tuple[list[str], dict[str, str]]:
    _write(
        home / ".codex" / "config.toml",
        f"""
model = "scripted"
model_provider = "scripted"
approval_policy = "never"
sandbox_mode = "danger-full-access"
check_for_update_on_startup = false
[features]
enable_request_compression = false
[model_providers.scripted]
name = "scripted"
base_url = "{model}/v1"
wire_api = "responses"
env_key = "SCRIPTED_KEY"
request_max_retries = 0
stream_max_retries = 0
[mcp_servers.snowflake]
url = "{server}"
""",
    )
    variables = {"SCRIPTED_KEY": "none-needed", "CODEX_HOME": str(home / ".codex")}
    return ["exec", "--skip-git-repo-check", "--json", PROMPT], variables


def _opencode(home: Path, server: str, model: str) -> tuple[list[str], dict[str, str]]:
    limits = {"context": 1_000_000, "output": 8_000}
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "options": {"baseURL": f"{model}/v1", "apiKey": "none-needed"},
        "models": {"scripted": {"name": "scripted", "tool_call": True, "limit": limits}},
    }
    settings = {
        "autoupdate": False,
        "share": "disabled",
        "provider": {"scripted": provider},
        "model": "scripted/scripted",
        "mcp": {"snowflake": {"type": "remote", "url": server, "enabled": True, "oauth": False}},
    }
    _write(home / "opencode.json", settings)
    variables = {"OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_MODELS_FETCH": "1"}
    return ["run", "-m", "scripted/scripted", PROMPT], variables


def _gemini(home: Path, server: str, model: str) -> tuple[list[str], dict[str, str]]:
    settings = {
        "mcpServers": {"snowflake": {"httpUrl": server, "trust": True}},
        "security": {"auth": {"selectedType": "gemini-api-key"}},
        "telemetry": {"enabled": False},
        "privacy": {"usageStatisticsEnabled": False},
        "general": {"disableAutoUpdate": True},
        # After thirty turns it asks a model whether it goes round in circles, which a script cannot answer.
        "model": {"disableLoopDetection": True},
    }
    _write(home / ".gemini" / "settings.json", settings)
    variables = {
        "GEMINI_API_KEY": "none-needed",
        "GOOGLE_GEMINI_BASE_URL": model,
        "GEMINI_CLI_TRUST_WORKSPACE": "true",
    }
    return ["-p", PROMPT, "--yolo", "-m", "gemini-2.5-flash"], variables


def _command(name: str) -> Callable[[], Path]:
    return lambda: PROGRAMS / ".bin" / name


def _packed(pattern: str) -> Callable[[], Path]:
    """The program in the package for this platform, which an install script would link: we run none."""

    def find() -> Path:
        found = [path for path in sorted(PROGRAMS.glob(pattern)) if path.is_file()]
        assert found, f"there is no {pattern} in {PROGRAMS}: run the tests with `make agents`"
        return found[0]

    return find


ALL = (
    Agent("claude-code", _packed("@anthropic-ai/claude-code-*/claude*"), _claude),
    Agent("codex", _command("codex"), _codex),
    Agent("opencode", _packed("opencode-*-*/bin/opencode*"), _opencode),
    Agent("gemini-cli", _command("gemini"), _gemini),
)
