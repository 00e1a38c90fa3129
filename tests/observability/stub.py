"""The Snowflake of tests/stub as a process."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import prometheus
from support.server import REPOSITORY
from workload import ask


class Stub:
    """One that can be stopped and started again where it was."""

    def __init__(self) -> None:
        self._port = prometheus.free_port()
        self.url = f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        target = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
        program = Path(os.environ.get("STUB", target / "debug" / "examples" / "snowflake-stub"))
        if not program.is_file():
            raise FileNotFoundError(
                f"{program} is not there: run the tests with `make test`, or build the example first"
            )
        self._process = subprocess.Popen(
            [program, f"--port={self._port}"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
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
        return {
            "SNOWFLAKE_ACCOUNT": "myorg-myaccount",
            "SNOWFLAKE_USER": "reader",
            "SNOWFLAKE_AUTH_TYPE": "password",
            "SNOWFLAKE_PASSWORD": "any-password",
            "SNOWFLAKE_HOST": "127.0.0.1",
            "SNOWFLAKE_PORT": str(self._port),
            "SNOWFLAKE_PROTOCOL": "http",
        }


@contextmanager
def running_stub() -> Iterator[Stub]:
    stub = Stub()
    stub.start()
    try:
        yield stub
    finally:
        stub.stop()
