#!/usr/bin/env python3
"""Start-up time, memory and size of a binary, as a table for the README. Needs nothing but Python and Linux.

    scripts/measure.py [path of the binary] [rounds]

Cold means that the system was asked to forget the cached binary and library; warm means that it was not. Every
figure is the median of the rounds. Run it on a quiet machine.
"""

from __future__ import annotations

import http.client
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.wire import memory_mb

LIST_TOOLS = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/list",
    "params": {
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        }
    },
}
HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json, text/event-stream",
    "MCP-Protocol-Version": "2026-07-28",
    "Mcp-Method": "tools/list",
}


def forget(path: Path) -> None:
    """Asks the system to drop a file from its cache."""
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def events(process: subprocess.Popen[str], began: float) -> Iterator[tuple[str, float, dict[str, object]]]:
    """The named events of the log, each with its milliseconds since the start."""
    assert process.stderr is not None
    for text in process.stderr:
        line = json.loads(text)
        if "event" in line:
            yield line["event"], (time.perf_counter() - began) * 1000, line
    raise SystemExit(f"the server ended with {process.wait()}")


@contextmanager
def started(binary: Path) -> Iterator[tuple[subprocess.Popen[str], float]]:
    environment = {
        "PATH": os.environ["PATH"],
        "ENVIRONMENT": "development",
        "WAREHOUSE_BACKEND": "embedded",
        "SERVER_HOST": "127.0.0.1",
        "SERVER_PORT": "0",
        "SERVER_RELOAD": "false",
        "LOG_FORMAT": "json",
        "LOG_LEVEL": "INFO",
    }
    began = time.perf_counter()
    process = subprocess.Popen([binary], env=environment, stderr=subprocess.PIPE, text=True)
    try:
        yield process, began
    finally:
        process.kill()
        process.wait()


def first_list(address: str, began: float) -> float:
    """Milliseconds from the start to the answer of `tools/list`."""
    connection = http.client.HTTPConnection(address, timeout=10)
    connection.request("POST", "/mcp", json.dumps(LIST_TOOLS), HEADERS)
    answer = connection.getresponse()
    tools = json.loads(answer.read())["result"]["tools"]
    connection.close()
    assert tools
    return (time.perf_counter() - began) * 1000


def start_once(binary: Path) -> dict[str, float]:
    with started(binary) as (process, began):
        log = events(process, began)
        listening = next(line for name, _, line in log if name == "listening")
        listed = first_list(str(listening["address"]), began)
        ready = next(at for name, at, _ in log if name == "ready")
        time.sleep(2)  # What start-up freed is given back by now: this is what an idle server keeps.
        return {"listed": listed, "ready": ready, "resident": memory_mb(process.pid, "VmRSS")}


def main() -> None:
    target = Path(os.environ.get("CARGO_TARGET_DIR", "target"))
    binary = Path(sys.argv[1]) if len(sys.argv) > 1 else target / "release" / "snowflake-mcp"
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    libraries = [path for path in binary.parent.glob("libduckdb.*") if path.is_file()]

    start_once(binary)
    warm = [start_once(binary) for _ in range(rounds)]
    cold = []
    for _ in range(rounds):
        for file in (binary, *libraries):
            forget(file)
        cold.append(start_once(binary))

    def middle(readings: list[dict[str, float]], what: str) -> float:
        return statistics.median(reading[what] for reading in readings)

    print("| | warm | cold |")
    print("|---|---:|---:|")
    print(f"| exec → first `tools/list` answered | {middle(warm, 'listed'):.0f} ms | {middle(cold, 'listed'):.0f} ms |")
    print(f"| exec → ready, sample data loaded | {middle(warm, 'ready'):.0f} ms | {middle(cold, 'ready'):.0f} ms |")
    print(f"| memory when idle | {middle(warm, 'resident'):.0f} MB | |")
    print(f"| binary | {binary.stat().st_size / 1e6:.1f} MB | |")
    for library in libraries:
        print(f"| {library.name} | {library.stat().st_size / 1e6:.1f} MB | |")
    print(f"\nload average while measuring: {os.getloadavg()[0]:.1f}", file=sys.stderr)


if __name__ == "__main__":
    main()
