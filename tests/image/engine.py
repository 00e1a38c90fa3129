"""Docker as the tests use it: containers by `docker run`, stacks by `docker compose`, and what both tell."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
FULL = "snowflake-mcp:test-full"
SLIM = "snowflake-mcp:test-slim"
MANAGEMENT_PORT = 9090

HARDENED = ("--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges:true")
"""What compose.yaml and the chart ask for as well."""


def docker(
    *arguments: str, check: bool = True, stdin: str = "", program: str = "docker", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Runs the client, or a script that calls it; a failure shows what it said."""
    done = subprocess.run(
        [program, *arguments],
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        input=stdin,
        text=True,
        capture_output=True,
        check=False,
    )
    assert not check or done.returncode == 0, f"{program} {' '.join(arguments)}: {done.stdout}{done.stderr}"
    return done


def image(name: str) -> dict[str, Any]:
    return json.loads(docker("image", "inspect", name).stdout)[0]


def until(what: str, seconds: float, ask: Callable[[], bool]) -> None:
    """Returns when it is so."""
    end = time.monotonic() + seconds
    while True:
        if ask():
            return
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.2)


def get(url: str, body: bytes | None = None, timeout: float = 5, **headers: str) -> tuple[int, str]:
    """Status and body; 0 where nobody answers. With a body it is a POST."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=timeout) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


@dataclass(frozen=True)
class Container:
    """A container, by its id."""

    id: str

    def inspect(self) -> dict[str, Any]:
        return json.loads(docker("inspect", self.id).stdout)[0]

    @property
    def state(self) -> dict[str, Any]:
        return self.inspect()["State"]

    @property
    def url(self) -> str:
        """Where a client on this machine finds `/mcp`."""
        port = self.inspect()["NetworkSettings"]["Ports"]["8000/tcp"][0]["HostPort"]
        return f"http://127.0.0.1:{port}/mcp"

    @property
    def address(self) -> str:
        """In the containers' own network."""
        networks = self.inspect()["NetworkSettings"]["Networks"].values()
        return next(network["IPAddress"] for network in networks)

    def manage(self, path: str) -> tuple[int, str]:
        """Asks the management port, which is not published."""
        return get(f"http://{self.address}:{MANAGEMENT_PORT}{path}")

    def ask(self, tool: str, arguments: dict[str, Any] | None = None, **headers: str) -> tuple[int, str]:
        """One call of a tool, without a client in between."""
        params = {"name": tool, "arguments": arguments or {}}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": "2025-06-18",
            **headers,
        }
        return get(self.url, json.dumps(body).encode(), **headers)

    def metric(self, name: str) -> float:
        """The sum over its labels."""
        status, text = self.manage("/metrics")
        assert status == 200, text
        lines = [line for line in text.splitlines() if line.startswith((f"{name} ", f"{name}{{"))]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)

    def logs(self) -> list[str]:
        done = docker("logs", self.id)
        return (done.stdout + done.stderr).splitlines()

    def wait_healthy(self, seconds: float = 60) -> None:
        until(f"{self.id[:12]} is healthy", seconds, lambda: self.state.get("Health", {}).get("Status") == "healthy")

    def wait_ready(self, seconds: float = 60) -> None:
        until(f"{self.id[:12]} is ready", seconds, lambda: self.manage("/readyz")[0] == 200)

    def wait_exit(self, seconds: float) -> int:
        until(f"{self.id[:12]} has ended", seconds, lambda: self.state["Status"] == "exited")
        return self.state["ExitCode"]


def nobody_in_particular(container: Container, user: int | None = 65532) -> None:
    """What the kernel says of the process: this user (none: any but root), no capability, a read-only root."""
    process = Path(f"/proc/{container.state['Pid']}")
    fields = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines() if ":\t" in line)
    for which in ("Uid", "Gid"):
        ids = set(fields[which].split())
        assert "0" not in ids if user is None else ids == {str(user)}, f"{which}: {ids}"
    assert int(fields["CapEff"], 16) == 0
    assert fields["NoNewPrivs"] == "1"
    assert fields["Seccomp"] == "2"
    mounts = (process / "mounts").read_text().splitlines()
    root = next(line.split() for line in mounts if line.split()[1] == "/")
    assert root[3].split(",")[0] == "ro"


@contextmanager
def started(*arguments: str) -> Iterator[Container]:
    """`docker run` of these, in the background, removed at the end."""
    container = Container(docker("run", "--detach", *arguments).stdout.strip())
    try:
        yield container
    finally:
        docker("rm", "--force", "--volumes", container.id)


@contextmanager
def run(name: str, *options: str, command: tuple[str, ...] = (), **settings: str) -> Iterator[Container]:
    """A container of the image with these variables, removed at the end."""
    variables = [f"--env={key}={value}" for key, value in settings.items()]
    with started("--publish=127.0.0.1::8000", *HARDENED, *options, *variables, name, *command) as container:
        yield container


class Stack:
    """`docker compose` under a project name and on ports of its own."""

    def __init__(self, project: str, *profiles: str, **environment: str) -> None:
        self.project = project
        self._arguments = ["compose", "--project-name", project, *(f"--profile={name}" for name in profiles)]
        self.environment = {
            "IMAGE": FULL,
            "HOST_PORTS": "18001-18009",
            "MANAGEMENT_PORTS": "19101-19109",
            "PROXY_PORT": "18080",
            "PROMETHEUS_PORT": "19091",
            "FAKESNOW_PORT": "18010",
            "COMPOSE_PROJECT_NAME": project,
            **environment,
        }

    def __call__(self, *arguments: str, check: bool = True) -> str:
        done = docker(*self._arguments, *arguments, check=check, **self.environment)
        return done.stdout + done.stderr

    def containers(self, service: str) -> list[Container]:
        done = docker(*self._arguments, "ps", "--all", "--quiet", service, **self.environment)
        return [Container(id) for id in done.stdout.split()]

    @contextmanager
    def up(self, *arguments: str) -> Iterator[Stack]:
        """Up and healthy; what a failure leaves behind is shown and removed."""
        try:
            try:
                self("up", "--no-build", "--detach", "--wait", "--wait-timeout=180", *arguments)
            except AssertionError:
                print(self("logs", "--tail=50", check=False))
                raise
            yield self
        finally:
            self("down", "--volumes", "--timeout=5", "--remove-orphans", check=False)
