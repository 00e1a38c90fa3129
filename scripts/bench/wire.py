"""HTTP as the load sends it: requests as bytes, and as many connections as there are clients."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

# Seconds. A server that is silent for so long is asked no more.
PATIENCE = 120

TICK = 1 / os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    """Something that the report tells in place of a figure."""


def rpc(method: str, **params: object) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


def post(address: str, path: str, body: object, headers: dict[str, str]) -> bytes:
    text = json.dumps(body).encode()
    more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n"
        f"Accept: application/json, text/event-stream\r\n{more}Content-Length: {len(text)}\r\n\r\n"
    )
    return head.encode() + text


async def answer(reader: asyncio.StreamReader, heads: dict[str, str] | None = None) -> bytes:
    """The body of an answer with a success's status."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    lines = head.lower().split("\r\n")
    if not lines[0].startswith("http/1.1 2"):
        raise Failed(lines[0])
    fields = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
    if heads is not None:
        heads.update(fields)
    if "content-length" in fields:
        return await reader.readexactly(int(fields["content-length"]))
    if "transfer-encoding" not in fields:
        return b""
    whole = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        whole += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return whole


def body_of(address: str, message: bytes, heads: dict[str, str] | None = None) -> bytes:
    async def once() -> bytes:
        reader, writer = await asyncio.open_connection(*address.rsplit(":", 1), limit=1 << 26)
        try:
            writer.write(message)
            return await answer(reader, heads)
        finally:
            writer.close()

    return asyncio.run(once())


@dataclass
class Load:
    """What so many calls took."""

    seconds: float = 0.0
    #: Milliseconds of each call.
    times: list[float] = field(default_factory=list)
    failed: int = 0
    #: What was said of the first that failed.
    why: str = ""
    #: Bytes of the last answer.
    size: int = 0

    def percentile(self, share: float) -> float:
        ordered = sorted(self.times)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else float("nan")

    @property
    def rate(self) -> float:
        return len(self.times) / self.seconds if self.seconds else 0.0


def load(address: str, message: bytes | Callable[[], bytes], clients: int, calls: int, seconds: float = 1e9) -> Load:
    """Sends the message so many times, or for so long, over so many connections."""
    done = Load()

    async def client() -> None:
        nonlocal left
        connection = None
        while left > 0 and time.perf_counter() - began < seconds:
            left -= 1
            sent = time.perf_counter()
            try:
                if connection is None:
                    connection = await asyncio.open_connection(*address.rsplit(":", 1), limit=1 << 26)
                reader, writer = connection
                writer.write(message if isinstance(message, bytes) else message())
                body = await asyncio.wait_for(answer(reader), PATIENCE)
                done.size = len(body)
                if b'"isError":true' in body or b'"error":{' in body:
                    raise Failed(body[:300].decode(errors="replace"))
                done.times.append((time.perf_counter() - sent) * 1000)
            except (Failed, OSError, EOFError, asyncio.IncompleteReadError) as error:
                done.failed += 1
                if isinstance(error, TimeoutError):
                    left = 0
                    error = TimeoutError(f"no answer within {PATIENCE} s")
                done.why = done.why or str(error)
                if not isinstance(error, Failed) and connection is not None:
                    connection[1].close()
                    connection = None
        if connection is not None:
            connection[1].close()

    async def all_clients() -> None:
        await asyncio.gather(*(client() for _ in range(clients)))

    left = calls
    began = time.perf_counter()
    asyncio.run(all_clients())
    done.seconds = time.perf_counter() - began
    return done


def leave(address: str, message: bytes, clients: int, begun: Callable[[], bool]) -> None:
    """So many clients send a call, and close their connections once it has begun, or after ten seconds."""

    async def all_clients() -> None:
        writers = []
        for _ in range(clients):
            _, writer = await asyncio.open_connection(*address.rsplit(":", 1))
            writer.write(message)
            writers.append(writer)
        for _ in range(100):
            await asyncio.sleep(0.1)
            if begun():
                break
        for writer in writers:
            writer.close()

    asyncio.run(all_clients())


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK


def memory_mb(pid: int, what: str) -> float:
    """`VmRSS`, what a process has, or `VmHWM`, the most it had."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in status if line.startswith(f"{what}:")).split()[1]) * 1024 / 1e6
