"""The Snowflake of tests/stub as a process."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import prometheus
from support.stub import account, binary
from workload import ask


class Stub:
    """One that can be stopped and started again where it was."""

    def __init__(self) -> None:
        self._port = prometheus.free_port()
        self.url = f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        self._process = subprocess.Popen(
            [binary(), f"--port={self._port}"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline().startswith("listening on ")

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def order(self, what: str, body: Any) -> None:
        """`faults`, `settings` or `lose`."""
        ask("POST", f"{self.url}/stub/{what}", body)

    def counters(self) -> dict[str, Any]:
        return ask("GET", f"{self.url}/stub/counters")

    @property
    def settings(self) -> dict[str, str]:
        """What a server has to be told to take it for Snowflake."""
        return account(self.url)


@contextmanager
def running_stub() -> Iterator[Stub]:
    stub = Stub()
    stub.start()
    try:
        yield stub
    finally:
        stub.stop()
