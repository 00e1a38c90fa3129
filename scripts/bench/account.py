"""The account that all servers speak to: the stub of the tests, and what it has counted."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Account:
    pid: int
    url: str

    def ask(self, path: str, body: object = None) -> bytes:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return answer.read()

    @property
    def address(self) -> str:
        return self.url.removeprefix("http://")

    def set(self, **settings: object) -> None:
        self.ask("/stub/settings", settings)

    def fail(self, *faults: dict[str, object]) -> None:
        self.ask("/stub/faults", list(faults))

    def lose(self, what: str) -> None:
        self.ask("/stub/lose", {"what": what})

    def counters(self) -> dict[str, object]:
        return json.loads(self.ask("/stub/counters"))

    def count(self, name: str) -> int:
        return int(str(self.counters()[name]))

    def requests(self) -> int:
        requests = self.counters()["requests"]
        assert isinstance(requests, dict)
        return sum(requests.values())


@contextmanager
def stub(binary: Path) -> Iterator[Account]:
    """A new one for each measurement: nothing is left of the one before."""
    process = subprocess.Popen([binary], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Account(process.pid, process.stdout.readline().split()[-1])
    finally:
        process.terminate()
        process.wait()
