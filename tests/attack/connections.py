"""Connections that cost the server more than whoever opens them, and requests of strangers."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter

from callers import Polite, call, head, many, message, p95, send
from limited import Server
from seen import ENGINE, Place, Seen, only, soon

# How long the server waits for a request's head.
HEAD_SECONDS = 5


async def hold(server: Server, count: int) -> tuple[Counter, list]:
    held = []

    async def open_one(_: int) -> str:
        held.append(await asyncio.open_connection("127.0.0.1", server.port))
        return "open"

    answers: Counter = Counter()
    for _ in range(count // 500):
        answers += await many(500, open_one)
    return answers, held


@ENGINE.attack("10,000 idle connections")
async def idle(place: Place) -> Seen:
    answers, held = await hold(place.server, 10_000)
    polite = Polite(place.server)
    await polite.during(asyncio.sleep(4))
    wrong, told = soon(polite, place.server)
    resident = place.server.memory("VmRSS")
    for _, writer in held:
        writer.close()
    return Seen(answers, wrong, f"{resident} MiB resident, {told}")


@ENGINE.attack("5,000 idle connections, 4,000 places for connections as by default")
async def idle_by_default(place: Place) -> Seen:
    """They take all places until the time for a head is over. Who keeps doing so is for the proxy in front."""
    server = place.begin(MAX_CONNECTIONS="1000")
    try:
        answers, held = await hold(server, 5_000)
        polite = Polite(server)
        await polite.during(asyncio.sleep(12))
        probe = server.probe("/livez")
        for _, writer in held:
            writer.close()
        longest = max(polite.times, default=float("inf"))
        is_well = probe == 200 and not polite.failed and longest < HEAD_SECONDS + 2
        told = f"longest polite call {longest:.1f} s, p95 {p95(polite.times):.0f} ms, /livez {probe}"
        return Seen(answers, "" if is_well else f"others had to wait ({polite.failed} polite calls failed)", told)
    finally:
        server.end()


@ENGINE.attack("1,000 slow heads, a byte a second")
async def slow_heads(place: Place) -> Seen:
    text = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + "x" * 60
    ends = Counter()

    async def drip(_: int) -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", place.server.port)
        try:
            for byte in text.encode():
                writer.write(bytes([byte]))
                await writer.drain()
                if reader.at_eof():
                    break
                await asyncio.sleep(1)
        except ConnectionError:
            pass
        finally:
            ends["closed by the server"] += 1
            writer.close()
        return "closed"

    polite = Polite(place.server)
    attack = asyncio.ensure_future(many(1000, drip))
    await polite.during(asyncio.sleep(8))
    wrong, told = soon(polite, place.server)
    seen = dict(ends) or {"closed by the server": 0}
    attack.cancel()
    await asyncio.gather(attack, return_exceptions=True)
    return Seen(f"{seen['closed by the server']} of 1,000 closed within 8 s", wrong, told)


@ENGINE.attack("1,000 slow bodies", 256)
async def slow_bodies(place: Place) -> Seen:
    begun = head("greedy", 100_000) + b"x" * 10_000
    streams = []

    async def begin(_: int) -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", place.server.port)
        writer.write(begun)
        streams.append((reader, writer))
        return "begun"

    await many(1000, begin)
    polite = Polite(place.server)
    await polite.during(asyncio.sleep(7))
    wrong, told = soon(polite, place.server)
    ended = await many(len(streams), lambda number: asyncio.wait_for(streams[number][0].read(12), 10))
    for _, writer in streams:
        writer.close()
    answers = Counter({status(answer): 0 for answer in ended})
    for answer, times in ended.items():
        answers[status(answer)] += times
    wrong = wrong or only(answers, "408", "429")
    return Seen(answers, wrong, f"ended after 5 s of silence; {told}")


def status(answer: str) -> str:
    """Of the first bytes of an answer, as they print."""
    return next((number for number in ("408", "429", "503") if number in answer), answer[:40] or "nothing")


@ENGINE.attack("300 calls at once of one caller that wait")
async def in_flight(place: Place) -> Seen:
    """More than MAX_IN_FLIGHT_PER_CALLER are told to come back, before their bodies are read."""
    streams = []

    async def begin(_: int) -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", place.server.port)
        writer.write(head("greedy", 100) + b" ")
        streams.append(writer)
        answer = await asyncio.wait_for(reader.read(), 20)
        return answer[9:12].decode() + (" with Retry-After" if b"retry-after: 1\r\n" in answer.lower() else "")

    polite = Polite(place.server)
    answers = await polite.during(many(300, begin))
    for writer in streams:
        writer.close()
    wrong, told = soon(polite, place.server)
    if answers["429 with Retry-After"] != 300 - 128:
        wrong = wrong or "not 172 of 300 were told to come back"
    return Seen(answers, wrong, told)


PING = message("ping").encode()
AHEAD = {
    "without a key": b"GET /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "with a key": head("greedy", len(PING)).replace(b"Connection: close\r\n", b"") + PING,
}


@ENGINE.attack("50 connections full of requests sent ahead, without reading")
async def sent_ahead(place: Place) -> Seen:
    """The HTTP library alone would make requests of all it reads: 20 MiB for each connection."""
    server, told, wrong = place.begin(), [], ""
    try:
        for who, one in AHEAD.items():
            before, held = server.memory("VmRSS"), []
            server.forget_peak()

            async def fill(_: int, one: bytes = one, held: list = held) -> str:
                _, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
                held.append(writer)
                writer.write(one * 10_000)
                with contextlib.suppress(ConnectionError, TimeoutError):
                    await asyncio.wait_for(writer.drain(), 3)
                return "held"

            answers = await many(50, fill)
            polite = Polite(server)
            await polite.during(asyncio.sleep(3))
            late, how_soon = soon(polite, server)
            each = 1024 * (server.memory("VmHWM") - before) / 50
            wrong = wrong or late or ("" if each < 512 else f"{each:.0f} KiB for each connection")
            told.append(f"{who} {each:.0f} KiB each, {how_soon}")
            for writer in held:
                writer.close()
        return Seen(answers, wrong, "; ".join(told))
    finally:
        server.end()


@ENGINE.attack("60 answers of a large result that nobody reads")
async def unread(place: Place) -> Seen:
    """They take what their statements take, as if they were read; what stays is as long as the answers."""
    body = call("SELECT * FROM SNOWFLAKE_SAMPLE_DATA.TPCH_SF1.LINEITEM", limit=10_000).encode()
    before, held = place.server.memory("VmRSS"), []

    async def ask(_: int) -> str:
        # Not more than the head of the answer is taken from the system.
        _reader, writer = await asyncio.open_connection("127.0.0.1", place.server.port, limit=256)
        held.append(writer)
        writer.write(head("greedy", len(body)) + body)
        return "asked"

    answers = await many(60, ask)
    polite = Polite(place.server)
    await polite.during(asyncio.sleep(20))
    wrong, told = soon(polite, place.server)
    more = place.server.memory("VmRSS") - before
    for writer in held:
        writer.close()
    wrong = wrong or (f"{more} MiB stay" if more > 256 else "")
    return Seen(answers, wrong, f"{more} MiB more after 20 s; {told}")


@ENGINE.attack("1,000 guesses at a key")
async def guesses(place: Place) -> Seen:
    polite = Polite(place.server)

    async def guess(number: int) -> tuple[int, bytes]:
        return await send(place.server, message("ping"), f"guess-0123456789-{number}")

    async def ten_times() -> Counter:
        return sum([await many(100, guess) for _ in range(10)], Counter())

    answers = await polite.during(ten_times())
    lines = place.server.log.read_text().count("without a known key")
    wrong = only(answers, "401") or ("a right key waited" if p95(polite.times) > 2000 else "")
    wrong = wrong or ("" if 0 < lines < 20 else f"{lines} lines in the log")
    return Seen(answers, wrong, f"{lines} lines in the log, polite p95 {p95(polite.times):.0f} ms")


@ENGINE.attack("credentials, paths and pages that are doubtful")
async def doubtful(place: Place) -> Seen:
    ping = message("ping")
    seen = {
        "two keys": (await send(place.server, ping, "polite", "X-API-Key: another-key-0123456789\r\n"))[0],
        "two Authorization": (await send(place.server, ping, "polite", "Authorization: Bearer x\r\n"))[0],
        "a foreign page with a key": (
            await send(place.server, ping.replace("1", "2"), "polite", "Origin: https://evil.example\r\n")
        )[0],
        "/%6dcp": (await send(place.server, ping, "polite", path="/%6dcp"))[0],
    }
    wrong = "" if list(seen.values())[:2] == [400, 400] and seen["/%6dcp"] == 404 else "not refused"
    return Seen(", ".join(f"{what}: {answer}" for what, answer in seen.items()), wrong)
