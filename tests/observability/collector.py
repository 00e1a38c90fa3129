"""Rotel, a collector that nobody here has written: takes traces over gRPC and HTTP and prints what it understood."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from prometheus import free_port


def program() -> Path | None:
    """In the package of that name, which there is for Linux on x86-64."""
    package = importlib.util.find_spec("rotel")
    return Path(package.origin).with_name("rotel-agent") if package and package.origin else None


def what_is_missing() -> str | None:
    """Why the collector cannot run on this machine."""
    agent = program()
    if agent is None:
        return "the package rotel has no collector for this machine"
    tried = subprocess.run([agent, "--version"], capture_output=True, text=True, env={"PATH": os.environ["PATH"]})
    # It is linked with Python's library, which Debian's python3 does without.
    if library := re.search(r"libpython[\d.]+(?=\.so)", tried.stderr):
        return f"the package rotel needs {library[0]} (Debian: apt-get install {library[0]})"
    return None


@dataclass
class Span:
    """A span as the collector printed it."""

    trace: str = ""
    parent: str = ""
    id: str = ""
    name: str = ""
    kind: str = ""
    status: str = ""
    resource: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)


class Collector:
    """Listens on two free ports."""

    def __init__(self, folder: Path) -> None:
        self._output = folder / "rotel.log"
        self._pid = folder / "rotel.pid"
        self._grpc, self._http = free_port(), free_port()

    def __enter__(self) -> Self:
        agent = program()
        assert agent, "rotel is not installed"
        self._file = self._output.open("wb")
        self._process = subprocess.Popen(
            [
                agent,
                "start",
                "--exporter=blackhole",
                "--debug-log=traces",
                "--debug-log-verbosity=detailed",
                f"--otlp-grpc-endpoint=127.0.0.1:{self._grpc}",
                f"--otlp-http-endpoint=127.0.0.1:{self._http}",
                f"--pid-file={self._pid}",
            ],
            env={"PATH": os.environ["PATH"]},
            stdin=subprocess.DEVNULL,
            stdout=self._file,
            stderr=self._file,
        )
        deadline = time.monotonic() + 20
        while not self._is_up():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise RuntimeError(self.output())
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._file.close()

    def _is_up(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._http}/", timeout=2):
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

    def settings(self, protocol: str) -> dict[str, str]:
        """What sends a server's spans here."""
        port = self._grpc if protocol == "grpc" else self._http
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}",
            "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }

    def output(self) -> str:
        return self._output.read_text()

    def spans(self) -> list[Span]:
        return parsed(self.output())

    def until(self, what: str, are_they: Callable[[list[Span]], bool]) -> list[Span]:
        """The spans, as soon as they are like this."""
        deadline = time.monotonic() + 20
        while True:
            spans = self.spans()
            if are_they(spans):
                return spans
            assert time.monotonic() < deadline, f"never {what}: {[(span.name, span.trace[:4]) for span in spans]}"
            time.sleep(0.1)


HEADS = {
    "Trace ID": "trace",
    "Parent ID": "parent",
    "ID": "id",
    "Name": "name",
    "Kind": "kind",
    "Status code": "status",
}


def parsed(text: str) -> list[Span]:
    """The spans of what the collector prints: a head of `name : value` lines, then lists of `-> name: Kind(value)`."""
    spans: list[Span] = []
    resource: dict[str, str] = {}
    filling: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("Resource attributes:"):
            resource = filling = {}
        elif re.match(r"Span #\d+", line):
            spans.append(Span(resource=resource))
        elif line.startswith("Attributes:"):
            filling = spans[-1].attributes
        elif line.startswith("SpanLink #"):
            filling = {}
        elif found := re.match(r"\s+-> ID: (\w+)$", line):
            spans[-1].links.append(found[1])
        elif found := re.match(r"\s+-> ([\w.]+): \w+\((.*)\)$", line):
            filling[found[1]] = found[2]
        elif (found := re.match(r"\s+([A-Z][\w ]+?)\s*: (.*)$", line)) and found[1] in HEADS and spans:
            setattr(spans[-1], HEADS[found[1]], found[2])
    return spans
