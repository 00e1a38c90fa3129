"""Requests that cost more than they weigh: bodies that are large, deep, many or never whole."""

from __future__ import annotations

import asyncio
from collections import Counter

from callers import Polite, call, head, many, message, p95, run, send
from limited import KEYS
from seen import ACCOUNT, ENGINE, Part, Place, Seen, in_words, only, waited

# How much of the largest body a request may take, with what reading from a socket takes in any case.
TIMES_ITS_BODY = 3
SLACK_KIB = 1024

# What a hundred bodies at once may take.
MORE_MIB = 256


def full(item: str, size: int = 1_900_000) -> str:
    return ",".join([item] * (size // (len(item) + 1)))


def costly() -> dict[str, str]:
    params = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":'
    arguments = params + '{"name":"execute_query","arguments":{"sql":"SELECT 1",%s}}}'
    ping = '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":[%s]}}'
    return {
        "1,900,001 parameters, over MAX_REQUEST_BYTES": arguments % f'"parameters":[{full("1", 3_800_002)}]',
        "a ping with 1,900,001 ones, over MAX_REQUEST_BYTES": ping % full("1", 3_800_002),
        "an unknown argument of 1.3 M [], over MAX_REQUEST_BYTES": arguments % f'"x":[{full("[]", 3_900_000)}]',
        "950,000 parameters": arguments % f'"parameters":[{full("1")}]',
        "a ping with 950,000 ones": ping % full("1"),
        "an unknown argument of 630,000 []": arguments % f'"x":[{full("[]")}]',
        "an id of 630,000 {}": f'{{"jsonrpc":"2.0","id":[{full("{}")}],"method":"ping"}}',
        "a batch of 630,000 {}": f"[{full('{}')}]",
        "1,900,000 brackets": "[" * 1_900_000,
        "an object of 170,000 fields": "{" + ",".join(f'"{n}":1' for n in range(170_000)) + "}",
        "a progress token of 1.9 MB": params
        + '{"name":"list_databases","_meta":{"progressToken":"%s"}}}' % ("x" * 1_900_000),
        "1.9 MB of words to search for": params
        + '{"name":"search_objects","arguments":{"query":"%s"}}}' % ("x" * 1_900_000),
        "120,000 parameters in 240 KB": arguments % f'"parameters":[{full("1", 240_000)}]',
        "a field twice": '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/list"}',
    }


REFUSED = ("400", "413", "429", "503", "0")


def of_bodies(part: Part) -> None:
    """Those that what stands behind the door might make a difference to."""

    @part.attack("each costly body alone, on a fresh server")
    async def one_by_one(place: Place) -> Seen:
        answers, worst, wrong = Counter(), (0.0, ""), ""
        for name, body in costly().items():
            server = place.begin()
            try:
                await send(server, message("ping"), "polite")
                server.forget_peak()
                before = server.memory_kib("VmRSS")
                status, _ = await send(server, body)
                more = server.memory_kib("VmHWM") - before
                answers[str(status)] += 1
                times = more * 1024 / len(body)
                if len(body) > 100_000:
                    worst = max(worst, (times, name))
                if more > SLACK_KIB + TIMES_ITS_BODY * len(body) / 1024:
                    wrong = f"{name}: {more} KiB for {len(body) // 1024} KiB"
                if not server.alive:
                    wrong = f"{name}: the process ended"
            finally:
                server.end()
        return Seen(answers, wrong or only(answers, *REFUSED), f"at most {worst[0]:.1f} × the body ({worst[1]})")

    for body_name, costly_body in costly().items():

        @part.attack(f"100 at once: {body_name}", MORE_MIB)
        async def at_once(place: Place, body: str = costly_body) -> Seen:
            polite = Polite(place.server)
            alone = await polite.alone()
            answers = await polite.during(rounds(10, lambda: many(100, lambda _: send(place.server, body))))
            wrong, told = waited(polite, alone)
            return Seen(answers, only(answers, *REFUSED) or wrong, told)

    @part.attack("40 at once of 240 KB, answered one after another for 5 s", MORE_MIB)
    async def forty(place: Place) -> Seen:
        body = costly()["120,000 parameters in 240 KB"]
        polite = Polite(place.server)
        alone = await polite.alone()
        answers = await polite.during(rounds(5, lambda: many(40, lambda _: send(place.server, body))))
        wrong, told = waited(polite, alone)
        return Seen(answers, only(answers, *REFUSED) or wrong, told)


async def rounds(most: int, one: object) -> Counter:
    """The same again, for as long as a polite caller needs to be measured, but no longer than some seconds."""
    seen, end = Counter(), asyncio.get_running_loop().time() + 4
    for _ in range(most):
        seen += await one()
        if asyncio.get_running_loop().time() > end:
            break
    return seen


of_bodies(ACCOUNT)
of_bodies(ENGINE)


@ACCOUNT.attack("100 statements of 900 KB at once", MORE_MIB)
async def long_statements(place: Place) -> Seen:
    body = call("SELECT '" + "x\\n" * 300_000 + "'")
    polite = Polite(place.server)
    answers = await polite.during(many(100, lambda _: send(place.server, body)))
    wrong = only(answers, "200", "429", "503", "0") or (f"{polite.failed} polite calls failed" if polite.failed else "")
    return Seen(answers, wrong, f"polite p95 {p95(polite.times):.0f} ms")


@ENGINE.attack("a flood of bodies: 60 callers at once, 1.9 MB each, for 10 s")
async def flood(place: Place) -> Seen:
    body, answers = costly()["950,000 parameters"], Counter()
    end = asyncio.get_running_loop().time() + 10
    names = [name for name in KEYS if name != "polite"]

    async def again_and_again(number: int) -> str:
        while asyncio.get_running_loop().time() < end:
            answers[str((await send(place.server, body, names[number % len(names)]))[0])] += 1
        return "done"

    polite = Polite(place.server)
    alone = await polite.alone()
    await polite.during(many(60, again_and_again))
    wrong, told = waited(polite, alone)
    return Seen(answers, only(answers, *REFUSED) or wrong, told)


@ACCOUNT.attack("200 bodies of 1.9 MB that stop on their way, of one caller", MORE_MIB)
async def stopped(place: Place) -> Seen:
    streams = []

    async def begin(_: int) -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", place.server.port)
        streams.append((reader, writer))
        try:
            writer.write(head("greedy", 2_000_000) + b"x" * 1_900_000)
            await asyncio.wait_for(writer.drain(), 3)
            return "held"
        except (ConnectionError, TimeoutError):
            return "refused"

    began = await many(200, begin)
    outcome, _ = await run(place.server, "SELECT '" + "y" * 900_000 + "' AS a", "polite")
    for _, writer in streams:
        writer.close()
    wrong = "" if outcome == "ok" else f"another caller's statement of 900 KB: {outcome}"
    return Seen(began, wrong, in_words({"another's statement of 900 KB": outcome}))
