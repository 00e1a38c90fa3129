"""Time, bytes and memory of lists and searches on a generated account: 64,000 tables, a million columns.

usage: measure_lists.py PROGRAM STUB

STUB is the example snowflake-stub, which makes that account up. Prints for each call the seconds it took, those that
the server and the stub computed, the bytes of the text, and the memory of the server after it. A call that computes
for more than two seconds in the server, or whose text is longer than 8 KiB, is marked, and the exit code is 1.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "clients"))

from support import stub
from support.server import FOR_AGENTS, Server

CALLS: list[tuple[str, dict[str, Any]]] = [
    ("list_databases", {}),
    ("list_schemas", {"database": "LAKE"}),
    ("list_tables", {"schema": "EVENTS.RAW"}),
    ("list_tables", {}),
    ("search_objects", {"query": "customer email", "database": "SALES"}),
    ("search_objects", {"query": "invoice", "database": "SALES"}),
    ("search_objects", {"query": "order amount"}),
    ("search_objects", {"query": "customer email phone"}),
    ("search_objects", {"query": "name"}),
]


def call(url: str, tool: str, arguments: dict[str, Any]) -> str:
    params = {"name": tool, "arguments": arguments}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode()
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=120) as answer:
        text = answer.read().decode()
    lines = [line.removeprefix("data:") for line in text.splitlines() if line.startswith("data:")]
    return json.loads(lines[-1] if lines else text)["result"]["content"][0]["text"]


def memory(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024


MOST_SECONDS, MOST_BYTES = 2.0, 8 << 10


def process_of(address: str) -> int:
    """The id of the process that listens there."""
    port = f":{int(address.rpartition(':')[2]):04X}"
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    sockets = {f"socket:[{fields[9]}]" for fields in lines if fields[1].endswith(port) and fields[3] == "0A"}
    for folder in Path("/proc").glob("[0-9]*/fd"):
        try:
            if any(os.readlink(link) in sockets for link in folder.iterdir()):
                return int(folder.parent.name)
        except OSError:
            continue
    raise LookupError(f"nothing listens at {address}")


def processor(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    os.environ["SNOWFLAKE_MCP"], os.environ["STUB"] = sys.argv[1:3]
    over = 0
    with stub.running() as address:
        stub.ask("POST", f"{address}/stub/settings", {"generated_account": True})
        settings = stub.account(address) | FOR_AGENTS | {"CATALOG_CACHE_TTL": "0s"}
        with Server(**settings) as server:
            call(server.url, "list_databases", {})
            other = process_of(address)
            print(f"{memory(server.pid)} MB at first")
            print("| call | seconds | CPU of the server | CPU of the stub | bytes | MB |\n|---|---|---|---|---|---|")
            for turn in range(3):
                for tool, arguments in CALLS:
                    begun, used, beside = time.monotonic(), processor(server.pid), processor(other)
                    text = call(server.url, tool, arguments)
                    took, used = time.monotonic() - begun, processor(server.pid) - used
                    beside = processor(other) - beside
                    if turn < 2:
                        continue
                    size = len(text.encode())
                    is_over = used > MOST_SECONDS or size > MOST_BYTES
                    over += is_over
                    said = f"| `{tool}` {json.dumps(arguments)} | {took:.2f} | {used:.2f} | {beside:.2f}"
                    print(f"{said} | {size} | {memory(server.pid)} |{' TOO MUCH' if is_over else ''}")
            begun, cursor, pages = time.monotonic(), None, 0
            arguments = {"schema": "EVENTS.RAW", "limit": 2000}
            text = call(server.url, "list_tables", arguments)
            while "next_cursor: " in text:
                cursor = text.rpartition("next_cursor: ")[2].split()[0]
                text = call(server.url, "fetch_results", {"cursor": cursor})
                pages += 1
            print(f"25,000 tables in {pages + 1} pages: {time.monotonic() - begun:.1f} s, {memory(server.pid)} MB")
    if over:
        sys.exit(f"{over} calls are over {MOST_SECONDS} s or {MOST_BYTES} bytes")


if __name__ == "__main__":
    main()
