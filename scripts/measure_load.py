#!/usr/bin/env python3
"""What calls cost on a Snowflake account: CPU, share of the ideal throughput, sign-ins, memory. A table for the docs.

    scripts/measure_load.py [folder of the release binaries]

The account is the tests' stub, so that a statement takes exactly as long as it says and nothing is spent on computing
it. CPU is the server process's own, whatever its clients and the stub spend; throughput shares the machine with both:
run it on a quiet one. Needs nothing but Python, Linux and the two programs, which `make measure` builds.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench.account import Account, stub
from bench.wire import answer, body_of, cpu_seconds, memory_mb, post, rpc


def statement(account: Account, sql: str) -> Callable[[], bytes]:
    """Makes requests for a statement as a driver sends them, in a session of their own."""
    login = {"data": {"ACCOUNT_NAME": "MYACCOUNT", "LOGIN_NAME": "SERVICE", "PASSWORD": "x", "CLIENT_APP_ID": "x"}}
    answered = json.loads(account.ask("/session/v1/login-request?requestId=1", login))
    body = json.dumps({"sqlText": sql, "asyncExec": False, "sequenceId": 1}).encode()
    head = (
        f"Host: {account.address}\r\nContent-Type: application/json\r\nAccept: application/snowflake\r\n"
        f'Authorization: Snowflake Token="{answered["data"]["token"]}"\r\nContent-Length: {len(body)}\r\n\r\n'
    ).encode()
    return lambda: f"POST /queries/v1/query-request?requestId={uuid.uuid4()} HTTP/1.1\r\n".encode() + head + body


@dataclass
class Server:
    pid: int
    address: str
    listening_ms: float


@contextmanager
def server(folder: Path, account: Account, **settings: str) -> Iterator[Server]:
    host = urlsplit(account.url)
    environment = {
        "PATH": os.environ["PATH"],
        "SERVER_PORT": "0",
        "SERVER_WORKERS": "2",
        "SERVER_RELOAD": "false",
        "LOG_FORMAT": "json",
        "LOG_LEVEL": "INFO",
        "SNOWFLAKE_ACCOUNT": "myorg-myaccount",
        "SNOWFLAKE_USER": "SERVICE",
        "SNOWFLAKE_AUTH_TYPE": "password",
        "SNOWFLAKE_PASSWORD": "correct-horse-battery",
        "SNOWFLAKE_HOST": host.hostname or "",
        "SNOWFLAKE_PORT": str(host.port),
        "SNOWFLAKE_PROTOCOL": "http",
        **settings,
    }
    began = time.perf_counter()
    process = subprocess.Popen([folder / "snowflake-mcp"], env=environment, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        address, took = "", 0.0
        for text in process.stderr:
            line = json.loads(text)
            if line.get("event") == "listening":
                address, took = line["address"], (time.perf_counter() - began) * 1000
                break
        # Read on, or the pipe fills and the server waits.
        reader = subprocess.Popen(["cat"], stdin=process.stderr, stdout=subprocess.DEVNULL)
        yield Server(process.pid, address, took)
        process.terminate()
        process.wait()
        reader.wait()
    finally:
        process.kill()
        process.wait()


def request(address: str, path: str, body: object) -> bytes:
    return post(address, path, body, {"MCP-Protocol-Version": "2025-06-18"})


def query(address: str, sql: str, **arguments: object) -> bytes:
    return request(address, "/mcp", rpc("tools/call", name="execute_query", arguments={"sql": sql, **arguments}))


async def drive(address: str, message: bytes | Callable[[], bytes], clients: int, calls: int) -> float:
    """Sends the message so many times over so many connections. Seconds."""
    left = calls

    async def client() -> None:
        nonlocal left
        reader, writer = await asyncio.open_connection(*address.rsplit(":", 1), limit=1 << 24)
        while left > 0:
            left -= 1
            writer.write(message if isinstance(message, bytes) else message())
            body = await answer(reader)
            assert b'"isError":true' not in body, body[:500]
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return time.perf_counter() - began


def load(address: str, message: bytes | Callable[[], bytes], clients: int, calls: int) -> float:
    return asyncio.run(drive(address, message, clients, calls))


def cpu_per_call(pid: int, address: str, message: bytes, clients: int, calls: int) -> tuple[float, float]:
    """Milliseconds of the process's CPU for a call, and calls a second."""
    load(address, message, clients, max(calls // 10, clients))
    before = cpu_seconds(pid)
    took = load(address, message, clients, calls)
    return (cpu_seconds(pid) - before) * 1000 / calls, calls / took


def small_statements(folder: Path, account: Account) -> Iterator[tuple[str, str, str]]:
    with server(folder, account, SNOWFLAKE_POOL_MAX_SIZE="16", SNOWFLAKE_POOL_MIN_SIZE="16") as it:
        cost, rate = cpu_per_call(it.pid, it.address, query(it.address, "select 1"), 16, 8000)
        yield "`SELECT 1`, 16 clients", f"{cost:.2f} ms of CPU, {rate:,.0f} calls/s", "≤ 0.2 ms"
    with server(
        folder, account, SNOWFLAKE_POOL_MAX_SIZE="16", SNOWFLAKE_POOL_MIN_SIZE="16", SYNC_WAIT="5m", QUERY_TIMEOUT="5m"
    ) as it:
        cost, rate = cpu_per_call(it.pid, it.address, query(it.address, "select 1"), 16, 8000)
        what = "the same, nothing left running (`SYNC_WAIT` = `QUERY_TIMEOUT`)"
        yield what, f"{cost:.2f} ms of CPU, {rate:,.0f} calls/s", "≤ 0.2 ms"


def large_results(folder: Path, account: Account) -> Iterator[tuple[str, str, str]]:
    rows = "select * from stub.rows(n => 10000, chunk => 2000, columns => 10)"
    for form, goal in (("markdown", ""), ("csv", ""), ("json", "≤ 10 ms")):
        with server(folder, account, MAX_ROWS="10000", MAX_RESULT_BYTES="8MiB") as it:
            message = query(it.address, rows, limit=10000, format=form)
            cost, _ = cpu_per_call(it.pid, it.address, message, 1, 50)
            yield f"10,000 × 10 rows as {form}, download and unpacking included", f"{cost:.1f} ms of CPU", goal
    with server(folder, account, MAX_ROWS="10000", MAX_RESULT_BYTES="8MiB") as it:
        load(it.address, query(it.address, rows, limit=10000, format="json"), 4, 40)
        yield "peak memory, 4 × (10,000 × 10 rows) at once", f"{memory_mb(it.pid, 'VmHWM'):.0f} MB", "≤ 60 MB"


def shares_of_ideal(folder: Path, account: Account) -> Iterator[tuple[str, str, str]]:
    """Against the same clients talking to the account themselves: its timers are late by a millisecond or two."""
    for took, clients, calls in ((50, 64, 6400), (20, 16, 8000)):
        sql = f"select stub.sleep({took})"
        size = str(clients)
        direct = load(account.address, statement(account, sql), clients, calls)
        with server(folder, account, SNOWFLAKE_POOL_MAX_SIZE=size, SNOWFLAKE_POOL_MIN_SIZE=size) as it:
            message = query(it.address, sql)
            load(it.address, message, clients, 10 * clients)
            served = load(it.address, message, clients, calls)
        what = f"{took} ms statement, {clients} clients, pool of {clients}: calls/s against the account's own"
        yield what, f"{calls / served:,.0f} of {calls / direct:,.0f}, {direct / served:.0%}", "≥ 95 %"
    account.set(login_delay_ms=200)
    before = account.count("logins")
    with server(folder, account, SNOWFLAKE_POOL_MAX_SIZE="16", SNOWFLAKE_POOL_MIN_SIZE="1") as it:
        load(it.address, query(it.address, "select stub.sleep(20)"), 16, 1600)
        logins = account.count("logins") - before
        yield "200 ms sign-in, 16 clients, pool of 16, from cold", f"{logins} sign-ins", "≤ 16"
    account.set(login_delay_ms=0)


def lists(folder: Path, account: Account) -> Iterator[tuple[str, str, str]]:
    with server(folder, account) as it:
        message = request(it.address, "/mcp", rpc("tools/list"))
        body = body_of(it.address, message)
        first = it.listening_ms
        time.sleep(3)
        yield "exec → listening", f"{first:.0f} ms", "≤ 60 ms"
        yield "memory when idle", f"{memory_mb(it.pid, 'VmRSS'):.0f} MB", "≤ 25 MB"
        cost, rate = cpu_per_call(it.pid, it.address, message, 16, 20_000)
        account.set(page=body.decode())
        plain = request(account.address, "/stub/page", rpc("tools/list"))
        floor, most = cpu_per_call(account.pid, account.address, plain, 16, 20_000)
        yield (
            f"`tools/list` ({len(body) / 1000:.0f} kB) against a plain actix-web handler with the same body",
            f"{cost:.3f} against {floor:.3f} ms of CPU, {rate:,.0f} against {most:,.0f} calls/s",
            "≥ 0.6 of its calls/s",
        )


def main() -> None:
    target = Path(os.environ.get("CARGO_TARGET_DIR", "target"))
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else target / "release"
    print("| | seen | goal |")
    print("|---|---|---|")
    for part in (lists, small_statements, large_results, shares_of_ideal):
        with stub(folder / "examples" / "snowflake-stub") as account:
            for what, seen, goal in part(folder, account):
                print(f"| {what} | {seen} | {goal} |", flush=True)
    print(f"\nload average at the end: {os.getloadavg()[0]:.1f}", file=sys.stderr)


if __name__ == "__main__":
    main()
