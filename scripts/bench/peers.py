"""The servers that are measured side by side: how each is installed, started and spoken to.

Peers are pinned and installed in a folder of their own. One that cannot be had is left out, and the report says why.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from wire import Failed, body_of, post, rpc

USER, PASSWORD = "SERVICE", "correct-horse-battery"


@dataclass
class Running:
    """A server that answers."""

    name: str
    pid: int
    address: str
    started_ms: float
    #: Headers of every request, a session's for those that have sessions.
    headers: dict[str, str] = field(default_factory=dict)
    tool: str = "execute_query"
    argument: str = "sql"
    #: Further arguments that a tool may take: a format, a limit.
    takes: bool = False

    def list(self) -> bytes:
        return post(self.address, "/mcp", rpc("tools/list"), self.headers)

    def query(self, sql: str, **arguments: object) -> bytes:
        more = arguments if self.takes else {}
        call = rpc("tools/call", name=self.tool, arguments={self.argument: sql, **more})
        return post(self.address, "/mcp", call, self.headers)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def process(command: list[str], environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        running = subprocess.Popen(command, env=environment, stdout=output, stderr=output, cwd=log.parent)
    try:
        yield running
    finally:
        running.terminate()
        try:
            running.wait(10)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def first_answer(running: subprocess.Popen[bytes], began: float, message: Callable[[], bytes], address: str) -> float:
    """Milliseconds from the start to the first answer."""
    while time.perf_counter() - began < 120:
        if running.poll() is not None:
            raise Failed(f"ended with {running.returncode} at its start")
        try:
            body_of(address, message())
            return (time.perf_counter() - began) * 1000
        except (OSError, EOFError, Failed):
            time.sleep(0.002)
    raise Failed("gave no answer in two minutes")


class Peer:
    """One of the servers."""

    name: str
    version = ""
    #: Formats that a result of rows may be asked for in.
    formats: tuple[str, ...] = ("",)
    #: What it was configured with, for the report.
    told: str = ""

    def install(self, folder: Path) -> None:
        """Makes it ready to be started, or raises Failed."""

    def start(self, folder: Path, account: str, pool: int) -> Iterator[Running]:
        raise NotImplementedError


class Ours(Peer):
    name = "snowflake-mcp"
    formats = ("markdown", "csv", "json")
    told = "`SNOWFLAKE_POOL_MAX_SIZE` as many as clients, `LOG_FORMAT=json`, `LOG_LEVEL=INFO`, two workers"

    def __init__(self, binary: Path) -> None:
        self.binary = binary
        said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True)
        self.version = said.stdout.split()[1]

    @contextmanager
    def start(self, folder: Path, account: str, pool: int, port: int = 0, **settings: str) -> Iterator[Running]:
        host, port = urlsplit(account), port or free_port()
        environment = {
            "PATH": os.environ["PATH"],
            "SERVER_PORT": str(port),
            "SERVER_HOST": "127.0.0.1",
            "SERVER_WORKERS": "2",
            "SERVER_RELOAD": "false",
            "LOG_FORMAT": "json",
            "LOG_LEVEL": "INFO",
            "MAX_ROWS": "10000",
            "MAX_RESULT_BYTES": "8MiB",
            "MAX_CALLER_SHARE": "1",
            "MAX_QUEUED_PER_CALLER": "1000",
            "SNOWFLAKE_ACCOUNT": "myorg-myaccount",
            "SNOWFLAKE_USER": USER,
            "SNOWFLAKE_AUTH_TYPE": "password",
            "SNOWFLAKE_PASSWORD": PASSWORD,
            "SNOWFLAKE_HOST": host.hostname or "",
            "SNOWFLAKE_PORT": str(host.port),
            "SNOWFLAKE_PROTOCOL": "http",
            "SNOWFLAKE_POOL_MAX_SIZE": str(pool),
            "SNOWFLAKE_POOL_MIN_SIZE": str(pool),
            **settings,
        }
        began = time.perf_counter()
        address = f"127.0.0.1:{port}"
        headers = {"MCP-Protocol-Version": "2025-06-18"}
        with process([str(self.binary)], environment, folder / f"ours-{port}.log") as it:
            message = post(address, "/mcp", rpc("tools/list"), headers)
            took = first_answer(it, began, lambda: message, address)
            yield Running(self.name, it.pid, address, took, headers, takes=True)


class Toolbox(Peer):
    name = "MCP Toolbox"
    version = "1.12.0"
    told = "one source, one tool `snowflake-execute-sql`; its pool is `database/sql`'s, without a limit"

    def install(self, folder: Path) -> None:
        place = folder / "toolbox"
        if not (place / "node_modules").exists():
            if shutil.which("npm") is None:
                raise Failed("npm is not installed")
            command = ["npm", "install", "--no-fund", "--no-audit", "--prefix", str(place)]
            done = subprocess.run([*command, f"@toolbox-sdk/server@{self.version}"], capture_output=True, text=True)
            if done.returncode:
                raise Failed(f"npm: {done.stderr.strip().splitlines()[-1:]}")
        # The package's own starter is JavaScript that waits for this.
        self.binary = next(place.glob("node_modules/@toolbox-sdk/server-*/bin/toolbox"), None)
        if self.binary is None:
            raise Failed("there is no build of it for this machine")

    @contextmanager
    def start(self, folder: Path, account: str, pool: int) -> Iterator[Running]:
        host, port = urlsplit(account), free_port()
        # It has no setting for a host, and writes its settings into the driver's address as they are.
        tools = {
            "sources": {
                "account": {
                    "kind": "snowflake",
                    "account": f"{host.hostname}:{host.port}",
                    "user": USER,
                    "password": PASSWORD,
                    "database": "D",
                    "schema": "S",
                    "warehouse": "W",
                    "role": "R&protocol=http&account=myaccount",
                }
            },
            "tools": {
                "execute_query": {
                    "kind": "snowflake-execute-sql",
                    "source": "account",
                    "description": "Runs a statement.",
                }
            },
        }
        configuration = folder / "tools.yaml"
        # JSON is YAML.
        configuration.write_text(json.dumps(tools))
        command = [str(self.binary), "--config", str(configuration), "--port", str(port), "--log-level", "INFO"]
        address = f"127.0.0.1:{port}"
        began = time.perf_counter()
        with process(command, {"PATH": os.environ["PATH"], "HOME": str(folder)}, folder / "toolbox.log") as it:
            message = post(address, "/mcp", rpc("tools/list"), {})
            took = first_answer(it, began, lambda: message, address)
            yield Running(self.name, it.pid, address, took)


class Labs(Peer):
    name = "snowflake-labs-mcp"
    version = "1.4.2"
    told = "one connection, as it has no more; `query_manager` only"

    def install(self, folder: Path) -> None:
        place = folder / "labs"
        self.binary = place / "bin" / "mcp-server-snowflake"
        if self.binary.exists():
            return
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        command = [str(place / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
        done = subprocess.run([*command, f"snowflake-labs-mcp=={self.version}"], capture_output=True, text=True)
        if done.returncode:
            raise Failed(f"pip: {done.stderr.strip().splitlines()[-1:]}")

    @contextmanager
    def start(self, folder: Path, account: str, pool: int) -> Iterator[Running]:
        host, port = urlsplit(account), free_port()
        home = folder / "home"
        home.mkdir(exist_ok=True)
        connections = home / "connections.toml"
        connections.touch(0o600)
        connections.write_text(
            f'[bench]\naccount = "myaccount"\nuser = "{USER}"\npassword = "{PASSWORD}"\n'
            f'host = "{host.hostname}"\nport = {host.port}\nprotocol = "http"\n'
        )
        services = folder / "services.yaml"
        permissions = [{"Select": True}, {"Describe": True}, {"Show": True}, {"Command": True}]
        services.write_text(
            json.dumps({"other_services": {"query_manager": True}, "sql_statement_permissions": permissions})
        )
        command = [str(self.binary), "--connection-name", "bench", "--service-config-file", str(services)]
        command += ["--transport", "streamable-http", "--server-host", "127.0.0.1", "--port", str(port)]
        environment = {"PATH": os.environ["PATH"], "HOME": str(home), "SNOWFLAKE_HOME": str(home)}
        address = f"127.0.0.1:{port}"
        began = time.perf_counter()
        with process(command, environment, folder / "labs.log") as it:
            hello = {
                "protocolVersion": "2025-06-18",
                "capabilities": {},
                "clientInfo": {"name": "bench", "version": "1"},
            }
            session: dict[str, str] = {}

            def opened() -> bytes:
                if not session:
                    heads: dict[str, str] = {}
                    body_of(address, post(address, "/mcp", rpc("initialize", **hello), {}), heads)
                    session["Mcp-Session-Id"] = heads["mcp-session-id"]
                    ready = {"jsonrpc": "2.0", "method": "notifications/initialized"}
                    body_of(address, post(address, "/mcp", ready, session))
                return post(address, "/mcp", rpc("tools/list"), session)

            took = first_answer(it, began, opened, address)
            yield Running(self.name, it.pid, address, took, session, "run_snowflake_query", "statement")
