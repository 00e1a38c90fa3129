"""What is measured, one function for each table: the rows for one server."""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from account import Account, stub
from peers import Ours, Peer, Running, free_port, process
from wire import Failed, body_of, cpu_seconds, leave, load, memory_mb, post, rpc

ROWS = "select * from stub.rows(n => {rows}, chunk => 2000, columns => {columns})"


@dataclass
class Bench:
    """The folder of the peers, the stub, and how long to measure."""

    folder: Path
    stub: Path
    #: A tenth of the calls: to see that it runs.
    short: bool

    def calls(self, number: int) -> int:
        return max(number // 10, 20) if self.short else number

    @contextmanager
    def running(self, peer: Peer, pool: int = 16) -> Iterator[tuple[Account, Running]]:
        with stub(self.stub) as account, peer.start(self.folder, account.url, pool) as it:
            time.sleep(1)
            yield account, it


Row = dict[str, object]


def cost(pid: int, address: str, message: bytes, clients: int, calls: int) -> Row:
    """Milliseconds of the process's CPU for a call, calls a second, and how long they took."""
    load(address, message, clients, max(calls // 10, clients))
    before = cpu_seconds(pid)
    done = load(address, message, clients, calls)
    spent = cpu_seconds(pid) - before
    if not done.times:
        raise Failed(f"no call was answered: {done.why}")
    return {
        "CPU ms": round(spent * 1000 / calls, 3),
        "calls/s": round(done.rate),
        "p50 ms": round(done.percentile(0.5), 2),
        "p99 ms": round(done.percentile(0.99), 2),
        "failed": done.failed,
    }


def start(bench: Bench, peer: Peer) -> Iterator[Row]:
    # The first start reads the files from the disk, which is not the server's time.
    took = []
    for _ in range(6):
        with bench.running(peer, pool=2) as (_, it):
            took.append(it.started_ms)
            if len(took) == 6:
                time.sleep(3)
                memory = round(memory_mb(it.pid, "VmRSS"))
    yield {"start → first tools/list, ms": round(statistics.median(took[1:])), "idle, MB": memory}


def lists(bench: Bench, peer: Peer) -> Iterator[Row]:
    with bench.running(peer) as (account, it):
        body = body_of(it.address, it.list())
        yield {"answer": peer.name, "bytes": len(body), **cost(it.pid, it.address, it.list(), 16, bench.calls(20_000))}
        if isinstance(peer, Ours):
            account.set(page=body.decode())
            floor = post(account.address, "/stub/page", rpc("tools/list"), {})
            seen = cost(account.pid, account.address, floor, 16, bench.calls(20_000))
            yield {"answer": "the same body from an actix-web handler", "bytes": len(body), **seen}


def small(bench: Bench, peer: Peer) -> Iterator[Row]:
    for clients in (1, 16, 64):
        with bench.running(peer, clients) as (_, it):
            yield {"clients": clients, **cost(it.pid, it.address, it.query("select 1"), clients, bench.calls(8000))}


def far(bench: Bench, peer: Peer) -> Iterator[Row]:
    with bench.running(peer, 2) as (account, it):
        load(it.address, it.query("select 1"), 1, 5)
        for latency in (0, 5, 40, 150):
            account.set(latency_ms=latency)
            before, calls = account.requests(), bench.calls(200)
            done = load(it.address, it.query("select 1"), 1, calls)
            yield {
                "latency, ms": latency,
                "p50 ms": round(done.percentile(0.5), 1),
                "requests a call": round((account.requests() - before) / calls, 2),
                "failed": done.failed,
            }


def large(bench: Bench, peer: Peer) -> Iterator[Row]:
    sql = ROWS.format(rows=10_000, columns=10)
    for form in peer.formats:
        arguments = {"limit": 10_000, "format": form} if form else {}
        with bench.running(peer) as (_, it):
            idle = memory_mb(it.pid, "VmRSS")
            seen = cost(it.pid, it.address, it.query(sql, **arguments), 1, bench.calls(100))
            size = len(body_of(it.address, it.query(sql, **arguments)))
            done = load(it.address, it.query(sql, **arguments), 4, bench.calls(40))
            time.sleep(2)
            yield {
                "format": form or "its own",
                "MB": round(size / 1e6, 1),
                "CPU ms": seen["CPU ms"],
                "p50 ms": seen["p50 ms"],
                "idle, MB": round(idle),
                "peak of 4 at once, MB": round(memory_mb(it.pid, "VmHWM")),
                "2 s later, MB": round(memory_mb(it.pid, "VmRSS")),
                "failed": done.failed,
            }


def slow(bench: Bench, peer: Peer) -> Iterator[Row]:
    with bench.running(peer, 64) as (_, it):
        message = it.query("select stub.sleep(50)")
        load(it.address, message, 64, 640, seconds=10)
        done = load(it.address, message, 64, bench.calls(6400), seconds=30)
        yield {"calls/s": round(done.rate), "of 64 / 50 ms": f"{done.rate / 1280:.0%}", "failed": done.failed}


def signing_in(bench: Bench, peer: Peer) -> Iterator[Row]:
    with stub(bench.stub) as account:
        account.set(login_delay_ms=200)
        with peer.start(bench.folder, account.url, 16) as it:
            done = load(it.address, it.query("select stub.sleep(20)"), 16, bench.calls(1600), seconds=60)
            yield {
                "sign-ins": account.count("logins"),
                "calls/s": round(done.rate),
                "p99 ms": round(done.percentile(0.99)),
                "failed": done.failed,
            }


def faults(bench: Bench, peer: Peer) -> Iterator[Row]:
    def answered(what: str, prepare: Callable[[Account], None]) -> Row:
        with bench.running(peer) as (account, it):
            load(it.address, it.query("select 1"), 8, 80, seconds=20)
            prepare(account)
            calls = bench.calls(1000)
            done = load(it.address, it.query("select 1"), 8, calls, seconds=60)
            sent = len(done.times) + done.failed
            why = done.why.replace("|", "/")[:90]
            return {
                "fault": what,
                "calls": sent,
                "failed": done.failed,
                "p99 ms": round(done.percentile(0.99)),
                "first": why,
            }

    yield answered(
        "1 request in 20 is answered 503",
        lambda it: it.fail({"endpoint": "query", "kind": "status", "code": 503, "probability": 0.05}),
    )
    yield answered(
        "1 connection in 20 is closed", lambda it: it.fail({"endpoint": "query", "kind": "reset", "probability": 0.05})
    )
    yield answered("session tokens expire", lambda it: it.lose("session_tokens"))
    yield answered("master tokens expire", lambda it: it.lose("master_tokens"))


def leaving(bench: Bench, peer: Peer) -> Iterator[Row]:
    with bench.running(peer) as (account, it):
        most = 0

        def begun() -> bool:
            nonlocal most
            most = max(most, account.count("running"))
            return most == 8

        leave(it.address, it.query("select stub.sleep(60000)"), 8, begun)
        time.sleep(5)
        yield {"statements begun by 8 clients": most, "running 5 s after they left": account.count("running")}


def growth(bench: Bench, peer: Peer) -> Iterator[Row]:
    for rows, columns in ((10, 10), (100, 10), (1000, 10), (10_000, 10), (1000, 1), (1000, 50)):
        with bench.running(peer, 1) as (_, it):
            message = it.query(ROWS.format(rows=rows, columns=columns), limit=10_000)
            seen = cost(it.pid, it.address, message, 1, bench.calls(max(200_000 // (rows + 200), 50)))
            yield {"rows": rows, "columns": columns, "CPU ms": seen["CPU ms"], "p50 ms": seen["p50 ms"]}


def replicas(bench: Bench, peer: Peer) -> Iterator[Row]:
    """Behind HAProxy; of ours only, as the others keep sessions or state."""
    if not isinstance(peer, Ours):
        return
    haproxy = shutil.which("haproxy") or shutil.which("/usr/sbin/haproxy")
    if haproxy is None:
        raise Failed("haproxy is not installed")
    for number in (1, 2, 4):
        with stub(bench.stub) as account, ExitStack() as stack:
            servers = [
                stack.enter_context(peer.start(bench.folder, account.url, 16, CURSOR_SECRET="s" * 32))
                for _ in range(number)
            ]
            port = free_port()
            lines = ["defaults", " mode http", " timeout connect 5s", " timeout client 60s", " timeout server 60s"]
            lines += [
                "frontend all",
                f" bind 127.0.0.1:{port}",
                " default_backend ours",
                "backend ours",
                " balance leastconn",
            ]
            lines += [f" server s{at} {it.address}" for at, it in enumerate(servers)]
            configuration = bench.folder / "haproxy.cfg"
            configuration.write_text("\n".join(lines) + "\n")
            stack.enter_context(process([haproxy, "-db", "-f", str(configuration)], {}, bench.folder / "haproxy.log"))
            time.sleep(1)
            address = f"127.0.0.1:{port}"
            call = rpc("tools/call", name="execute_query", arguments={"sql": "select stub.sleep(50)"})
            done = load(address, post(address, "/mcp", call, servers[0].headers), 64, bench.calls(3200), seconds=30)
            yield {
                "replicas, pool of 16 each": number,
                "50 ms statements/s, 64 clients": round(done.rate),
                "p99 ms": round(done.percentile(0.99)),
                "failed": done.failed,
            }


#: The tables in the order of the report.
ALL: dict[str, Callable[[Bench, Peer], Iterator[Row]]] = {
    "start": start,
    "lists": lists,
    "small": small,
    "far": far,
    "large": large,
    "slow": slow,
    "signing_in": signing_in,
    "faults": faults,
    "leaving": leaving,
    "growth": growth,
    "replicas": replicas,
}
