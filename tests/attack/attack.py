"""Every attack of SECURITY.md against the running program, in a memory cgroup of 1 GiB; `make attack`.

SNOWFLAKE_MCP and STUB name the programs. What a line must show stands behind it; the process must be alive at the end.
Without arguments all of them; else those whose name has one of the words.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import browser
from callers import Polite, call, head, many, message, p95, run, send
from limited import KEYS, LIMIT, ROOT, Cgroup, Server, Stub, more_files

ALL_KEYS = ",".join(KEYS.values())
EMBEDDED = {"WAREHOUSE_BACKEND": "embedded", "API_KEYS": ALL_KEYS, "MAX_CONNECTIONS": "4000"}
RECURSION = "WITH RECURSIVE r AS (SELECT 1 n UNION ALL SELECT n+1 FROM r) SELECT * FROM r"
DOUBLING = (
    "WITH RECURSIVE r AS (SELECT 1 n, 'xxxxxxxxxxxxxxxx' t UNION ALL SELECT n+1, t||t FROM r WHERE n < 40) "
    "SELECT MAX(LENGTH(t)) FROM r"
)
PAIRS = (
    "SELECT COUNT(*) FROM SNOWFLAKE_SAMPLE_DATA.TPCH_SF1.LINEITEM a, SNOWFLAKE_SAMPLE_DATA.TPCH_SF1.NATION b "
    "WHERE a.L_TAX > b.N_NATIONKEY"
)
HALF_MINUTE = 30


@dataclass
class Seen:
    """What came of an attack: what was answered, what is wrong with it if anything, and what else to tell."""

    answers: object
    wrong: str = ""
    told: str = ""


Attack = Callable[[Server, "Stub | None"], Awaitable[Seen]]
OURS: list[tuple[str, Attack]] = []
ACCOUNTS: list[tuple[str, Attack]] = []


def attack(name: str, where: list[tuple[str, Attack]] = OURS) -> Callable[[Attack], Attack]:
    def add(function: Attack) -> Attack:
        where.append((name, function))
        return function

    return add


def only(answers: Counter, *allowed: str) -> str:
    other = {answer: times for answer, times in answers.items() if answer not in allowed}
    return f"unexpected: {other}" if other else ""


def full(item: str, size: int = 1_900_000) -> str:
    return ",".join([item] * (size // (len(item) + 1)))


def costly() -> dict[str, str]:
    params = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":'
    arguments = params + '{"name":"execute_query","arguments":{"sql":"SELECT 1",%s}}}'
    return {
        "950,000 parameters": arguments % f'"parameters":[{full("1")}]',
        "an unknown argument of 630,000 []": arguments % f'"x":[{full("[]")}]',
        "params of a ping": f'{{"jsonrpc":"2.0","id":1,"method":"ping","params":{{"x":[{full("1")}]}}}}',
        "an id of 630,000 {}": f'{{"jsonrpc":"2.0","id":[{full("{}")}],"method":"ping"}}',
        "a batch of 630,000 {}": f"[{full('{}')}]",
        "1,900,000 brackets": "[" * 1_900_000,
        "an object of 200,000 fields": "{" + ",".join(f'"{n}":1' for n in range(170_000)) + "}",
        "a progress token of 1.9 MB": params
        + '{"name":"list_databases","_meta":{"progressToken":"%s"}}}' % ("x" * 1_900_000),
        "parameters, 240 KB": arguments % f'"parameters":[{full("1", 240_000)}]',
        "a field twice": '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/list"}',
    }


for body_name, costly_body in costly().items():

    @attack(f"100 at once: {body_name}")
    async def bodies(server: Server, _: Stub | None, body: str = costly_body) -> Seen:
        polite = Polite(server)
        alone = await polite.alone()
        answers = await polite.during(many(100, lambda _: send(server, body)))
        told = f"polite p95 {p95(polite.times):.0f} ms, alone {alone:.0f}"
        return Seen(
            dict(answers),
            only(answers, "400", "429", "503", "0") or ("a polite call failed" if polite.failed else ""),
            told,
        )


@attack("statements of 900 KB, 100 at once")
async def long_statements(server: Server, _: Stub | None) -> Seen:
    body = call("SELECT '" + "x\\n" * 300_000 + "'")
    polite = Polite(server)
    answers = await polite.during(many(100, lambda _: send(server, body)))
    told = f"polite p95 {p95(polite.times):.0f} ms"
    return Seen(
        dict(answers),
        only(answers, "200", "429", "503", "0") or ("a polite call failed" if polite.failed else ""),
        told,
    )


@attack("10,000 idle connections")
async def idle(server: Server, _: Stub | None) -> Seen:
    held = []

    async def open_one(_: int) -> str:
        held.append(await asyncio.open_connection("127.0.0.1", server.port))
        return "open"

    answers: Counter = Counter()
    for _ in range(20):
        answers += await many(500, open_one)
    polite = Polite(server)
    await polite.during(asyncio.sleep(4))
    probe = server.probe("/livez")
    resident = server.memory("VmRSS")
    for _, writer in held:
        writer.close()
    wrong = "" if probe == 200 and not polite.failed and p95(polite.times) < 1000 else "others had to wait"
    return Seen(dict(answers), wrong, f"{resident} MiB resident, polite p95 {p95(polite.times):.0f} ms, /livez {probe}")


async def slow(server: Server, text: str, count: int, seconds: float) -> Seen:
    """So many that send a byte a second."""

    async def drip(_: int) -> str:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        try:
            for byte in text.encode():
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(1)
            return "finished"
        except ConnectionError:
            return "closed"
        finally:
            writer.close()

    polite = Polite(server)
    attack = asyncio.ensure_future(many(count, drip))
    await polite.during(asyncio.sleep(seconds))
    probe = server.probe("/livez")
    attack.cancel()
    await asyncio.gather(attack, return_exceptions=True)
    wrong = "" if probe == 200 and not polite.failed and p95(polite.times) < 1000 else "others had to wait"
    return Seen(f"{count} connections", wrong, f"polite p95 {p95(polite.times):.0f} ms, /livez {probe}")


@attack("1,000 slow heads")
async def slow_heads(server: Server, _: Stub | None) -> Seen:
    return await slow(server, "POST /mcp HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + "x" * 60, 1000, 8)


@attack("1,000 slow bodies")
async def slow_bodies(server: Server, _: Stub | None) -> Seen:
    begun = head("greedy", 100_000) + b"x" * 10_000
    streams = []

    async def begin(_: int) -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(begun)
        streams.append((reader, writer))
        return "begun"

    began = await many(1000, begin)
    polite = Polite(server)
    await polite.during(asyncio.sleep(7))
    ended = await many(len(streams), lambda number: asyncio.wait_for(streams[number][0].read(12), 10))
    for _, writer in streams:
        writer.close()
    closed = sum(times for answer, times in ended.items() if "408" in answer or answer.isdigit())
    wrong = "" if not polite.failed and p95(polite.times) < 1000 and closed > 990 else f"{closed} were ended after 5 s"
    return Seen(
        dict(began),
        wrong,
        f"{closed} of them ended with 408 after 5 s of silence, polite p95 {p95(polite.times):.0f} ms",
    )


@attack("bodies of 1.9 MB that stop on their way, 200 of one caller")
async def stopped(server: Server, _: Stub | None) -> Seen:
    streams = []

    async def begin(_: int) -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        streams.append((reader, writer))
        try:
            writer.write(head("greedy", 2_000_000) + b"x" * 1_900_000)
            await asyncio.wait_for(writer.drain(), 3)
            return "held"
        except (ConnectionError, TimeoutError):
            return "refused"

    began = await many(200, begin)
    large = await send(server, call("SELECT '" + "y" * 900_000 + "' AS a"), "polite")
    for _, writer in streams:
        writer.close()
    return Seen(
        dict(began),
        "" if large[0] == 200 else f"another caller's large statement: {large[0]}",
        "another's of 900 KB was read",
    )


@attack("a thousand guesses at a key")
async def guesses(server: Server, _: Stub | None) -> Seen:
    polite = Polite(server)

    async def ten_times() -> Counter:
        return sum([await many(100, guess) for _ in range(10)], Counter())

    async def guess(number: int) -> tuple[int, bytes]:
        return await send(server, message("ping"), f"guess-0123456789-{number}")

    answers = await polite.during(ten_times())
    lines = server.log.read_text().count("without a known key")
    wrong = only(answers, "401") or ("a right key waited" if p95(polite.times) > 2000 else "")
    wrong = wrong or ("" if 0 < lines < 20 else f"{lines} lines in the log")
    return Seen(dict(answers), wrong, f"{lines} lines in the log, polite p95 {p95(polite.times):.0f} ms")


@attack("credentials, paths and pages that are doubtful")
async def doubtful(server: Server, _: Stub | None) -> Seen:
    ping = message("ping")
    seen = {
        "two keys": (await send(server, ping, "polite", "X-API-Key: another-key-0123456789\r\n"))[0],
        "two Authorization": (await send(server, ping, "polite", "Authorization: Bearer x\r\n"))[0],
        "a foreign page with a key": (
            await send(server, ping.replace("1", "2"), "polite", "Origin: https://evil.example\r\n")
        )[0],
        "/%6dcp": (await send(server, ping, "polite", path="/%6dcp"))[0],
    }
    wrong = "" if list(seen.values())[:2] == [400, 400] and seen["/%6dcp"] == 404 else "not refused"
    return Seen(seen, wrong)


async def hungry(server: Server, sql: str, count: int) -> Seen:
    polite = Polite(server)
    began = time.monotonic()
    answers = await polite.during(many(count, lambda _: run(server, sql, timeout_seconds=HALF_MINUTE)))
    took = time.monotonic() - began
    before = server.processor()
    await asyncio.sleep(3)
    after = server.processor() - before
    wrong = only(
        answers,
        "engine_limit",
        "result_too_large",
        "query_timeout",
        "warehouse_busy",
        "ok",
        "sql_invalid",
        "rate_limited",
    )
    wrong = wrong or (f"{after:.1f} s of processor in the 3 s after its answer" if after > 1 else "")
    return Seen(dict(answers), wrong, f"{took:.0f} s; polite p95 {p95(polite.times):.0f} ms")


@attack("embedded: recursion without end")
async def recursion(server: Server, _: Stub | None) -> Seen:
    return await hungry(server, RECURSION, 1)


@attack("embedded: recursion without end, 8 at once")
async def recursions(server: Server, _: Stub | None) -> Seen:
    return await hungry(server, RECURSION, 8)


@attack("embedded: a text that doubles, 8 at once")
async def doubling(server: Server, _: Stub | None) -> Seen:
    return await hungry(server, DOUBLING, 8)


async def greed(server: Server, slow_sql: str, quick_sql: str, count: int) -> Seen:
    polite = Polite(server, quick_sql)
    alone = await polite.alone()
    answers = await polite.during(many(count, lambda _: run(server, slow_sql, within=120)))
    busy = p95(polite.times)
    wrong = (
        "a polite call failed"
        if polite.failed
        else ("" if busy <= max(2 * alone, alone + 50) else "the polite caller waits")
    )
    return Seen(dict(answers), wrong, f"polite p95 {busy:.0f} ms, alone {alone:.0f}")


@attack("embedded: one key with 200 statements")
async def greedy_embedded(server: Server, _: Stub | None) -> Seen:
    return await greed(server, PAIRS, "SELECT 1", 200)


@attack("account: one key with 200 statements of 1 s", ACCOUNTS)
async def greedy_account(server: Server, _: Stub | None) -> Seen:
    return await greed(server, "select stub.sleep(1000)", "SELECT 1", 200)


@attack("account: results of others", ACCOUNTS)
async def results_of_others(server: Server, _: Stub | None) -> Seen:
    await run(server, "SELECT 'a secret' AS s", "polite")
    seen = {}
    for sql in (
        "SELECT * FROM TABLE(RESULT_SCAN(LAST_QUERY_ID()))",
        "SELECT * FROM TABLE(RESULT_SCAN('01b2c3d4-0000-0000-0000-000000000001'))",
        "SELECT LAST_QUERY_ID()",
        "DESC RESULT LAST_QUERY_ID()",
        "SELECT * FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY())",
    ):
        seen[sql] = (await run(server, sql, "greedy"))[0]
    return Seen(dict(Counter(seen.values())), only(Counter(seen.values()), "statement_not_allowed"), "asked in 5 ways")


for fault_kind in ("endless", "bomb"):
    for endpoint, asked in (
        ("query", "select 1"),
        ("result", "select stub.sleep(1500)"),
        ("chunk", "select * from stub.rows(n => 5000, chunk => 100)"),
    ):

        @attack(f"account: 20 answers of {endpoint}, {fault_kind}", ACCOUNTS)
        async def without_end(
            server: Server, stub: Stub | None, kind: str = fault_kind, what: str = endpoint, sql: str = asked
        ) -> Seen:
            stub.ask("POST", "/stub/settings", {"sync_window_ms": 300})
            stub.fault({"endpoint": what, "kind": kind})
            answers = await many(20, lambda _: run(server, sql, timeout_seconds=20))
            stub.heal()
            after = await run(server, "select 1", "polite")
            wrong = only(answers, "warehouse_unreachable", "warehouse_busy", "query_timeout", "rate_limited")
            return Seen(dict(answers), wrong or ("" if after[0] == "ok" else f"afterwards: {after[1][:100]}"))


@attack("account: a piece that falls silent", ACCOUNTS)
async def silent(server: Server, stub: Stub | None) -> Seen:
    stub.fault({"endpoint": "chunk", "kind": "silent", "times": 1})
    began = time.monotonic()
    # In one piece: of several, the one that is struck might be read by nobody.
    outcome, _ = await run(server, "select * from stub.rows(n => 1000, chunk => 1000, inline => 0)")
    took = time.monotonic() - began
    stub.heal()
    wrong = "" if outcome == "ok" and 19 < took < 40 else "not asked for again after 20 s"
    return Seen(outcome, wrong, f"{took:.1f} s")


async def rounds(
    start: Callable[[], Server], stub: Stub | None, attacks: list[tuple[str, Attack]], words: list[str]
) -> int:
    server = start()
    print(f"  at the start: {server.memory('VmRSS')} MiB", flush=True)
    wrong = 0
    try:
        for name, function in attacks:
            if words and not any(word in name for word in words):
                continue
            if not server.alive:
                server.end()
                server = start()
            server.forget_peak()
            before = server.memory("VmRSS")
            try:
                seen = await function(server, stub)
            except (OSError, ValueError) as error:
                seen = Seen("none", f"the attack broke off: {error!r}")
            peak = server.memory("VmHWM")
            verdict = seen.wrong if server.alive else f"the process was killed at {LIMIT >> 20} MiB"
            if not verdict and peak > LIMIT >> 20:
                verdict = "more than the limit"
            wrong += bool(verdict)
            memory = f"peak {peak} MiB, {peak - before} more" if server.alive else "-"
            print(f"  {name}: {seen.answers}; {memory}; {seen.told or '-'} -> {verdict or 'held'}", flush=True)
        status, _ = await send(server, message("ping"), "third")
        end = f"alive {server.alive}, ping {status}, /livez {server.probe('/livez')}, {server.memory('VmRSS')} MiB"
        print(f"  at the end: {end}", flush=True)
        return wrong + (status != 200)
    finally:
        server.end()


def pages(program: Path, cgroup: Cgroup) -> int:
    """Pages in a browser, on servers that ask for no key."""
    found = browser.chromium()
    if not found:
        print("pages in a browser: there is no Chromium here; tests/it/doors.rs sends what one would")
        return 0
    print("pages in a Chromium, no key asked for")
    wrong = 0
    for site, more, can_read in (
        ("evil.example", {}, False),
        ("localhost", {}, True),
        ("evil.example", {"ALLOW_ANY_ORIGIN": "true"}, True),
    ):
        server = Server(program, cgroup, WAREHOUSE_BACKEND="embedded", CORS_ORIGINS="*", **more)
        try:
            seen = browser.look(found, site, server.port)
        finally:
            server.end()
        # JSON must be asked for beforehand, and what need not be asked for is no JSON.
        held = ("json=200:" in seen) == can_read and "text=200:" not in seen
        wrong += not held
        print(f"  a page of {site} {more or ''}: {seen} -> {'held' if held else 'did not hold'}", flush=True)
    return wrong


def main() -> int:
    more_files()
    built = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "release"
    program = Path(os.environ.get("SNOWFLAKE_MCP", built / "snowflake-mcp")).resolve()
    stub_program = Path(os.environ.get("STUB", built / "examples" / "snowflake-stub")).resolve()
    words = sys.argv[1:]
    cgroup = Cgroup()
    print(f"{program.name} ({program.parent.name}), {cgroup.how}")
    wrong = 0
    stub = Stub(stub_program)
    try:
        for title, settings, attacks in (
            ("embedded engine, production's four workers", EMBEDDED, OURS),
            ("an account", stub.settings | {"API_KEYS": ALL_KEYS, "SNOWFLAKE_POOL_MAX_SIZE": "20"}, ACCOUNTS),
        ):
            if words and not any(word in name for name, _ in attacks for word in words):
                continue
            print(title)
            begin = partial(Server, program, cgroup, **settings)
            wrong += asyncio.run(rounds(begin, stub, attacks, words))
        if not words or any(word in "pages in a browser" for word in words):
            wrong += pages(program, cgroup)
    finally:
        stub.end()
        cgroup.remove()
    print("held" if not wrong else f"{wrong} did not hold")
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
