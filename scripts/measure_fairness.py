#!/usr/bin/env python3
"""What one caller waits while another has far too much: the figures of "Many callers" in docs/operating.md.

    scripts/measure_fairness.py [folder of the programs] [seconds of each run]

The account is the tests' stub, so that a statement takes exactly as long as it says. A polite key sends one statement
of a second after another; a greedy one keeps 200 requests open, and sends each again when it is told to. Needs nothing
but Python, Linux and the two programs.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from pathlib import Path

from bench.account import stub
from bench.wire import answer
from measure_load import Server, query, server

GREEDY, POLITE = "greedy-key-0123456789abcdef", "polite-key-0123456789abcdef"
POOL = 20
SLEEP = "select stub.sleep({ms})"


def with_key(message: bytes, key: str) -> bytes:
    return message.replace(b"\r\n", f"\r\nAuthorization: Bearer {key}\r\n".encode(), 1)


async def call(it: Server, message: bytes) -> dict[str, object]:
    reader, writer = await asyncio.open_connection(*it.address.rsplit(":", 1), limit=1 << 24)
    try:
        writer.write(message)
        return json.loads(await answer(reader))["result"]
    finally:
        writer.close()


async def greedy(it: Server, ms: int, outcomes: Counter[str], refusals: list[float]) -> None:
    """One of the 200: sends its statement for ever, and waits as long as it is told."""
    message = with_key(query(it.address, SLEEP.format(ms=ms)), GREEDY)
    while True:
        asked = time.perf_counter()
        result = await call(it, message)
        facts = result.get("_meta") or {}
        code = facts.get("code", "ok")
        outcomes[code] += 1
        if code != "ok":
            refusals.append(time.perf_counter() - asked)
            await asyncio.sleep(facts.get("retry_after_seconds", 5))


async def polite(it: Server, seconds: float) -> list[float]:
    message = with_key(query(it.address, SLEEP.format(ms=1000)), POLITE)
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        asked = time.perf_counter()
        result = await call(it, message)
        times.append(time.perf_counter() - asked)
        assert not result.get("isError"), result
        await asyncio.sleep(0.2)
    return times


def p95(times: list[float]) -> float:
    return sorted(times)[min(len(times) - 1, len(times) * 95 // 100)]


async def beside(it: Server, ms: int | None, seconds: float) -> str:
    outcomes: Counter[str] = Counter()
    refusals: list[float] = []
    crowd = [asyncio.create_task(greedy(it, ms, outcomes, refusals)) for _ in range(200)] if ms else []
    await asyncio.sleep(2)
    times = await polite(it, seconds)
    for task in crowd:
        task.cancel()
    await asyncio.gather(*crowd, return_exceptions=True)
    line = f"{len(times)} calls, p95 {p95(times):.2f} s, longest {max(times):.2f} s"
    if refusals:
        line += f"; of the others {dict(outcomes)}, refused within {p95(refusals) * 1000:.0f} ms (p95)"
    return line


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "target/release")
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 60
    sizes = {"SNOWFLAKE_POOL_MAX_SIZE": str(POOL), "SNOWFLAKE_POOL_MIN_SIZE": str(POOL)}
    keys = f"{GREEDY}, {POLITE}"
    with stub(folder / "examples" / "snowflake-stub") as account:
        for what, ms in (("alone", None), ("beside statements of 1 s", 1000), ("beside statements of 30 s", 30_000)):
            with server(folder, account, API_KEYS=keys, MAX_IN_FLIGHT_PER_CALLER="1000", **sizes) as it:
                time.sleep(2)
                print(f"{what}: {asyncio.run(beside(it, ms, seconds))}", flush=True)


if __name__ == "__main__":
    main()
