"""The server as a process: the real binary, started with settings of the test's own and ended by its process id."""

from __future__ import annotations

import asyncio
import json
import os
import queue
import signal
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

REPOSITORY = Path(__file__).resolve().parents[3]

START_TIMEOUT = 60.0
"""A debug build on a busy machine takes seconds to load its sample data; a minute means it hangs."""


def binary() -> Path:
    """The program under test: `SNOWFLAKE_MCP`, which the Makefile sets, or a debug build in the usual place."""
    named = os.environ.get("SNOWFLAKE_MCP")
    target = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
    path = Path(named) if named else target / "debug" / "snowflake-mcp"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not there: run the tests with `make test`, or build first")
    return path


FOR_AGENTS = {"STRUCTURED_OUTPUT": "false", "MAX_RESULT_BYTES": "32KiB", "TOOLSETS": "catalog,query,semantic"}
"""What the server answers with out of the box, where a test looks at what an agent is given, and all its tools."""


def environment(**settings: str) -> dict[str, str]:
    """An environment of only these settings, so that no variable of the caller's shell changes a test."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    # Tests are programs: they look at values, and at many of them. What agents are given is tested by itself.
    program = {"STRUCTURED_OUTPUT": "true", "MAX_RESULT_BYTES": "1MiB"}
    return inherited | {"LOG_FORMAT": "json", "LOG_LEVEL": "INFO", "SERVER_RELOAD": "false"} | program | settings


class Server:
    """`snowflake-mcp serve` on a free port of the loopback address."""

    awaited = "ready"
    """The event a start is over with."""

    def __init__(self, **settings: str) -> None:
        self._settings = {"SERVER_HOST": "127.0.0.1", "SERVER_PORT": "0"} | settings
        self._lines: queue.Queue[str | None] = queue.Queue()
        self.log: list[dict[str, Any]] = []
        self.listening_ms = 0.0
        self.ready_ms = 0.0

    def __enter__(self) -> Self:
        self._started = time.monotonic()
        self._process = subprocess.Popen(
            [binary(), "serve"],
            env=environment(**self._settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        threading.Thread(target=self._read_log, daemon=True).start()
        try:
            listening = self.wait_for_event("listening")
            self.listening_ms = self._age_ms()
            self.address = str(listening["address"])
            # A warehouse that is quicker than the port is ready before that.
            if not any(line.get("event") == self.awaited for line in self.log):
                self.wait_for_event(self.awaited)
            self.ready_ms = self._age_ms()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def url(self) -> str:
        """Where MCP is spoken."""
        return f"http://{self.address}/mcp"

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    @property
    def pid(self) -> int:
        return self._process.pid

    def skip_log(self) -> None:
        """Takes the lines there are, so that `wait_for` finds later ones only."""
        while not self._lines.empty():
            self.log.append(_parse(self._lines.get() or ""))

    def wait_for_event(self, name: str, timeout: float = START_TIMEOUT) -> dict[str, Any]:
        """The next log line with this `event`."""
        return self.wait_for(lambda line: line.get("event") == name, f"the event {name!r}", timeout)

    def wait_for(self, matches: Callable[[dict[str, Any]], bool], what: str, timeout: float) -> dict[str, Any]:
        """The next log line that matches. Lines before it are kept in `log` and not looked at again."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                text = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(f"no {what} within {timeout:.0f} s; the log says:\n{self._tail()}") from None
            if text is None:
                code = self._process.wait(timeout=5)
                raise RuntimeError(f"the server ended with {code} before {what}; the log says:\n{self._tail()}")
            line = _parse(text)
            self.log.append(line)
            if matches(line):
                return line

    def resident_mb(self) -> float:
        """Memory in use, in MB (10^6 bytes); 0 where the system does not tell in this way."""
        try:
            status = Path(f"/proc/{self.pid}/status").read_text()
        except FileNotFoundError:
            return 0.0
        resident = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(resident.split()[1]) * 1024 / 1e6

    async def idle(self, timeout: float = 10) -> None:
        """Returns when the process no longer computes: less than a tenth of a core over a fifth of a second."""
        deadline = time.monotonic() + timeout
        before = self.cpu_seconds()
        while True:
            await asyncio.sleep(0.2)
            now = self.cpu_seconds()
            if now - before < 0.02:
                return
            assert time.monotonic() < deadline, f"the server still computes after {timeout:.0f} s"
            before = now

    def cpu_seconds(self) -> float:
        """User and system time so far; none where the system does not tell in this way."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except FileNotFoundError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def metric(self, name: str) -> float:
        """The sum of a metric over its labels."""
        with urllib.request.urlopen(f"http://{self.address}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        samples = (line for line in lines if line.startswith((f"{name} ", f"{name}{{")))
        return sum(float(line.rpartition(" ")[2]) for line in samples)

    def terminate(self) -> None:
        """SIGTERM, as Kubernetes and Compose send it."""
        self._process.send_signal(signal.SIGTERM)

    def wait(self, timeout: float) -> int:
        """The exit code."""
        return self._process.wait(timeout=timeout)

    def kill(self) -> None:
        """Ends the process, whatever it is doing."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    def _age_ms(self) -> float:
        return (time.monotonic() - self._started) * 1000

    def _read_log(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def _tail(self) -> str:
        return "\n".join(json.dumps(line, ensure_ascii=False) for line in self.log[-20:])


def _parse(text: str) -> dict[str, Any]:
    try:
        line = json.loads(text)
    except ValueError:
        return {"text": text}
    return line if isinstance(line, dict) else {"text": text}
