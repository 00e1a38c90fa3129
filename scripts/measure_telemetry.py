#!/usr/bin/env python3
"""What telemetry costs: CPU of a call with it and without, in one run, and CPU of a scrape. A table for the docs.

    scripts/measure_telemetry.py [folder of the release binaries]

Four servers live side by side on the tests' stub and are called in turns, so that a machine that gets slower gets
slower for all of them: one without log lines, traces and audit log, one with 1 % of the traces only, one as in
production (warnings, 1 % of the traces to a collector, audit log in a file, a scrape every second), one with
everything. Metrics are always counted: there is no switch.
"""

from __future__ import annotations

import http.server
import json
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.account import stub
from bench.wire import body_of, cpu_seconds, rpc
from measure_load import Server, load, query, request, server

ROUNDS = 15
CALLS = 1000
CLIENTS = 16
SCRAPES = 300

POOL = {"SNOWFLAKE_POOL_MAX_SIZE": "16", "SNOWFLAKE_POOL_MIN_SIZE": "16"}


class Collector(http.server.BaseHTTPRequestHandler):
    """Takes every export."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Silent."""


@contextmanager
def collector() -> Iterator[str]:
    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{listening.server_port}"
    listening.shutdown()


def scrape(address: str) -> int:
    with urllib.request.urlopen(f"http://{address}/metrics") as answer:
        return len(answer.read().splitlines())


@contextmanager
def scraped(address: str) -> Iterator[None]:
    """By somebody, every second."""
    over = threading.Event()

    def every_second() -> None:
        while not over.wait(1):
            scrape(address)

    thread = threading.Thread(target=every_second)
    thread.start()
    yield
    over.set()
    thread.join()


def measured(it: Server) -> tuple[float, float]:
    """Milliseconds of CPU for a call, and calls a second."""
    before = cpu_seconds(it.pid)
    took = load(it.address, query(it.address, "select 1"), CLIENTS, CALLS)
    return (cpu_seconds(it.pid) - before) * 1000 / CALLS, CALLS / took


def populated(address: str) -> None:
    """Sees to it that most series are there: tools that are asked wrongly, routes and methods nobody has."""
    listed = json.loads(body_of(address, request(address, "/mcp", rpc("tools/list"))))
    for tool in (tool["name"] for tool in listed["result"]["tools"]):
        for arguments in ({}, {"no": "such argument"}, {"sql": "drop table x"}, {"view": "a.b.c"}, {"table": "a.b.c"}):
            body_of(address, request(address, "/mcp", rpc("tools/call", name=tool, arguments=arguments)))
    for path in ("livez", "healthz", "readyz", "startupz", "metrics", "version"):
        for method in ("GET", "HEAD"):
            urllib.request.urlopen(urllib.request.Request(f"http://{address}/{path}", method=method)).close()


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "target/release")
    with ExitStack() as stack:
        account = stack.enter_context(stub(folder / "examples" / "snowflake-stub"))
        endpoint = stack.enter_context(collector())
        audit = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "audit.jsonl"
        exporting = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "AUDIT_LOG_FILE": str(audit)}
        off = {"LOG_LEVEL": "error,audit=off"}
        sampled = {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.01"}
        traces = off | sampled | {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}
        production = exporting | sampled | {"LOG_LEVEL": "WARNING"}
        servers = {
            "off (no traces, no log lines)": stack.enter_context(server(folder, account, **POOL, **off)),
            "1 % of the traces, nothing else": stack.enter_context(server(folder, account, **POOL, **traces)),
            "as in production": stack.enter_context(server(folder, account, **POOL, **production)),
            "every trace, a line for every call": stack.enter_context(server(folder, account, **POOL, **exporting)),
        }
        for it in list(servers.values())[2:]:
            stack.enter_context(scraped(it.address))
        time.sleep(2)
        for it in servers.values():
            load(it.address, query(it.address, "select 1"), CLIENTS, CALLS)
        seen: dict[str, list[tuple[float, float]]] = {what: [] for what in servers}
        for _ in range(ROUNDS):
            for what, it in servers.items():
                seen[what].append(measured(it))
        print("| telemetry | CPU of a call | calls a second | CPU more than off |")
        print("|---|---:|---:|---:|")
        base = statistics.median(cost for cost, _ in next(iter(seen.values())))
        for what, rounds in seen.items():
            cost, rate = (statistics.median(column) for column in zip(*rounds, strict=True))
            print(f"| {what} | {cost:.3f} ms | {rate:,.0f} | {(cost / base - 1) * 100:+.1f} % |")
        print(f"\nmedians of {ROUNDS} rounds of {CALLS} calls, {CLIENTS} clients")

        it = servers["as in production"]
        populated(it.address)
        lines = scrape(it.address)
        before, began = cpu_seconds(it.pid), time.perf_counter()
        for _ in range(SCRAPES):
            scrape(it.address)
        took = (time.perf_counter() - began) * 1000 / SCRAPES
        cost = (cpu_seconds(it.pid) - before) * 1000 / SCRAPES
        print(f"a scrape: {cost:.2f} ms of CPU, {took:.2f} ms until it is read, {lines} lines")


if __name__ == "__main__":
    main()
