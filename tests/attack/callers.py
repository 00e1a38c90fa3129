"""Callers: bytes on a socket, and one who only wants its small answers soon."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Awaitable, Callable

from limited import KEYS, Server


def head(key: str | None, length: int, more: str = "", path: str = "/mcp") -> bytes:
    """A request up to its body. A key by its name, or as it is."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json", "Connection: close"]
    if key:
        lines.append(f"Authorization: Bearer {KEYS.get(key, key)}")
    return ("\r\n".join([*lines, f"Content-Length: {length}", more]) + "\r\n").encode()


async def send(
    server: Server,
    body: bytes | str,
    key: str | None = "greedy",
    more: str = "",
    within: float = 90,
    path: str = "/mcp",
) -> tuple[int, bytes]:
    """One request on a connection of its own: status and body; status 0 where there is no answer."""
    body = body.encode() if isinstance(body, str) else body
    begun = head(key, len(body), more, path)

    async def whole() -> tuple[int, bytes]:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        try:
            writer.write(begun)
            try:
                writer.write(body)
                await writer.drain()
            except ConnectionError:
                pass  # refused before all of it was sent: the answer is there
            answer = await reader.read()
        finally:
            writer.close()
        head_end = answer.find(b"\r\n\r\n")
        return int(answer[9:12] or 0), answer[head_end + 4 :]

    try:
        return await asyncio.wait_for(whole(), within)
    except (OSError, ValueError, TimeoutError):
        return 0, b""


def message(method: str, params: object = None, number: int = 1) -> str:
    return json.dumps(
        {"jsonrpc": "2.0", "id": number, "method": method} | ({"params": params} if params is not None else {})
    )


def call(sql: str, **more: object) -> str:
    return message("tools/call", {"name": "execute_query", "arguments": {"sql": sql} | more})


async def run(server: Server, sql: str, key: str = "greedy", within: float = 90, **more: object) -> tuple[str, str]:
    """A statement's outcome, `ok` or the error's code, and its text."""
    status, body = await send(server, call(sql, **more), key, within=within)
    if status != 200:
        return f"HTTP {status}", body.decode(errors="replace")
    result = json.loads(body).get("result", {})
    text = result.get("content", [{}])[0].get("text", "")
    return (text.split(":", 1)[0] if result.get("isError") else "ok"), text


async def many(count: int, one: Callable[[int], Awaitable[object]]) -> Counter:
    """As many at once; how often each outcome was seen."""
    outcomes = await asyncio.gather(*(one(number) for number in range(count)), return_exceptions=True)
    return Counter(str(outcome[0] if isinstance(outcome, tuple) else outcome) for outcome in outcomes)


def p95(times: list[float]) -> float:
    """Milliseconds."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))] * 1000 if ordered else float("nan")


class Polite:
    """Calls one after the other beside an attack, from a process of its own, and how long each takes."""

    def __init__(self, server: Server, sql: str | None = None) -> None:
        self.server, self.body = server, call(sql) if sql else message("ping")
        self.times: list[float] = []
        self.failed = 0

    async def during(self, attack: Awaitable[object]) -> object:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            __file__,
            str(self.server.port),
            self.body,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            return await attack
        finally:
            told, _ = await process.communicate(b"enough\n")
            self.failed, *self.times = json.loads(told)

    async def alone(self) -> float:
        await self.during(asyncio.sleep(3))
        return p95(self.times)


async def be_polite(port: int, body: str) -> list[float]:
    """Until a line comes: how many calls failed, then how long each took."""
    server = Namespace(port=port)
    enough = asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    times, failed = [], 0
    while not enough.done():
        began = time.monotonic()
        status, answer = await send(server, body, "polite", within=30)
        times.append(time.monotonic() - began)
        failed += status != 200 or b'"isError":true' in answer.replace(b" ", b"")
        await asyncio.sleep(0.05)
    return [failed, *times]


if __name__ == "__main__":
    print(json.dumps(asyncio.run(be_polite(int(sys.argv[1]), sys.argv[2]))))
