"""Attacks by way of an account: callers who take its sessions, and an account that answers without end."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

from callers import Polite, many, message, run, send
from limited import Server
from seen import ACCOUNT, Place, Seen, only, waited

# Answers of a caller that wants more than its share.
SHARED = ("ok", "warehouse_busy", "HTTP 429")


async def greed(place: Place, slow_sql: str, polite_sql: str) -> Seen:
    polite = Polite(place.server, polite_sql)
    alone = await polite.alone()
    answers = await polite.during(many(200, lambda _: run(place.server, slow_sql, within=180)))
    wrong, told = waited(polite, alone)
    return Seen(answers, only(answers, *SHARED) or wrong, told)


for seconds in (1, 30):
    for asked, polite_sql in (("SELECT 1", "SELECT 1"), ("a statement of 1 s", "select stub.sleep(1000)")):

        @ACCOUNT.attack(f"one key with 200 statements of {seconds} s, another with {asked}")
        async def greedy(place: Place, ms: int = seconds * 1000, sql: str = polite_sql) -> Seen:
            return await greed(place, f"select stub.sleep({ms})", sql)


@ACCOUNT.attack("results of others")
async def results_of_others(place: Place) -> Seen:
    await run(place.server, "SELECT 'a secret' AS s", "polite")
    seen = Counter()
    for sql in (
        "SELECT * FROM TABLE(RESULT_SCAN(LAST_QUERY_ID()))",
        "SELECT * FROM TABLE(RESULT_SCAN('01b2c3d4-0000-0000-0000-000000000001'))",
        "SELECT LAST_QUERY_ID()",
        "DESC RESULT LAST_QUERY_ID()",
        "SELECT * FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY())",
    ):
        outcome, text = await run(place.server, sql, "greedy")
        seen["a secret was read" if "a secret" in text else outcome] += 1
    return Seen(seen, only(seen, "statement_not_allowed"), "asked in 5 ways")


UNANSWERED = ("warehouse_unreachable", "warehouse_busy", "query_timeout", "rate_limited")

for kind in ("endless", "bomb"):
    for endpoint, sql in (
        ("query", "select 1"),
        ("result", "select stub.sleep(1500)"),
        ("chunk", "select * from stub.rows(n => 5000, chunk => 100)"),
    ):

        @ACCOUNT.attack(f"20 at once, the account's {endpoint} answer: {kind}", 256)
        async def without_end(place: Place, kind: str = kind, what: str = endpoint, sql: str = sql) -> Seen:
            place.stub.ask("POST", "/stub/settings", {"sync_window_ms": 300})
            place.stub.fault({"endpoint": what, "kind": kind})
            answers = await many(20, lambda _: run(place.server, sql, timeout_seconds=20))
            place.stub.heal()
            outcome, text = await run(place.server, "select 1", "polite")
            wrong = only(answers, *UNANSWERED) or ("" if outcome == "ok" else f"afterwards: {text[:100]}")
            return Seen(answers, wrong, f"afterwards: {outcome}")

    @ACCOUNT.attack(f"the account's sign-in answer: {kind}", 256)
    async def sign_in_without_end(place: Place, kind: str = kind) -> Seen:
        place.stub.fault({"endpoint": "login", "kind": kind})
        server = place.begin(is_ready=False, LOG_LEVEL="info")
        try:
            given_up = await told(server, "far beyond what such an answer has", 60)
            peak = server.memory("VmHWM")
            place.stub.heal()
            ready = await until_ready(server, 60)
            wrong = "" if given_up and ready == 200 else f"given up: {given_up}, ready afterwards: {ready}"
            wrong = wrong or (f"peak {peak} MiB" if peak > 256 else "")
            wrong = wrong if server.alive else "the process ended"
            return Seen("given up" if given_up else "none", wrong, f"peak {peak} MiB; ready afterwards: {ready}")
        finally:
            place.stub.heal()
            server.end()


async def told(server: Server, text: str, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.alive:
        if text in server.log.read_text(errors="replace"):
            return True
        await asyncio.sleep(0.2)
    return False


async def until_ready(server: Server, seconds: float) -> int:
    for _ in range(int(seconds / 0.2)):
        if server.probe("/readyz") == 200:
            break
        await asyncio.sleep(0.2)
    return server.probe("/readyz")


@ACCOUNT.attack("a chunk that falls silent")
async def silent(place: Place) -> Seen:
    place.stub.fault({"endpoint": "chunk", "kind": "silent", "times": 1})
    began = time.monotonic()
    # In one chunk: of several, the one that is struck might be read by nobody.
    outcome, _ = await run(place.server, "select * from stub.rows(n => 1000, chunk => 1000, inline => 0)")
    took = time.monotonic() - began
    place.stub.heal()
    wrong = "" if outcome == "ok" and 19 < took < 40 else "not asked for again after 20 s"
    return Seen(outcome, wrong, f"{took:.1f} s")


@ACCOUNT.attack("an account that hangs, 60 statements at once")
async def hangs(place: Place) -> Seen:
    place.stub.fault({"endpoint": "query", "kind": "hang"})
    began = time.monotonic()
    answers = await many(60, lambda _: run(place.server, "select 1", timeout_seconds=15))
    took = time.monotonic() - began
    place.stub.heal()
    outcome, _ = await run(place.server, "select 1", "polite", within=60)
    status, _ = await send(place.server, message("ping"), "polite")
    wrong = only(answers, *UNANSWERED) or ("" if (outcome, status) == ("ok", 200) else f"afterwards: {outcome}")
    return Seen(answers, wrong, f"{took:.0f} s; afterwards: {outcome}")
