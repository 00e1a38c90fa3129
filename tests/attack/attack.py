"""Every attack of SECURITY.md against the running program, in a memory cgroup of 1 GiB; `make attack`.

SNOWFLAKE_MCP and STUB name the programs, REPORT the file for the table (`.build/attack.md`). The process must be alive
at the end. Without arguments all attacks are made; else those whose name has one of the words.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import subprocess
import sys
from datetime import date
from functools import partial
from pathlib import Path

import browser
from callers import message, send
from limited import KEYS, LIMIT, ROOT, Cgroup, Server, Stub, more_files
from seen import ACCOUNT, ENGINE, Part, Place, Seen, Table

for chapter in ("account", "bodies", "connections", "engine"):
    importlib.import_module(chapter)

ALL_KEYS = ",".join(KEYS.values())


def is_wanted(name: str, words: list[str]) -> bool:
    return not words or any(word in name for word in words)


async def rounds(part: Part, begin: partial, stub: Stub, words: list[str], table: Table) -> None:
    attacks = [attack for attack in part.attacks if is_wanted(attack[0], words)]
    if not attacks:
        return
    server = begin()
    print(f"{part.title}, {server.memory('VmRSS')} MiB at the start", flush=True)
    try:
        for name, most_more, function in attacks:
            if not server.alive:
                server.end()
                server = begin()
            server.forget_peak()
            before = server.memory("VmRSS")
            try:
                seen = await function(Place(server, stub, begin))
            except (OSError, ValueError) as error:
                seen = Seen("none", f"the attack broke off: {error!r}")
            if not server.alive:
                table.add(part.title, name, seen, None, f"the process was killed at {LIMIT >> 20} MiB")
                continue
            peak = server.memory("VmHWM")
            more = peak - before
            verdict = seen.wrong or (f"more than {LIMIT >> 20} MiB" if peak > LIMIT >> 20 else "")
            verdict = verdict or (f"more than {most_more} MiB more" if most_more and more > most_more else "")
            table.add(part.title, name, seen, (peak, more), verdict)
        status, _ = await send(server, message("ping"), "third")
        livez = server.probe("/livez")
        is_well = server.alive and (status, livez) == (200, 200)
        seen = Seen(f"alive: {server.alive}", "", f"ping {status}, /livez {livez}, {server.memory('VmRSS')} MiB")
        table.add(part.title, "at the end of all of them", seen, None, "" if is_well else "the server does not answer")
    finally:
        server.end()


def pages(begin: partial, table: Table) -> None:
    """Pages in a browser, on servers that ask for no key."""
    found = browser.chromium()
    if not found:
        print("pages in a browser: there is no Chromium here; tests/it/doors.rs sends what one would")
        return
    print("pages in a Chromium, no key asked for")
    for site, more, can_read in (
        ("evil.example", {}, False),
        ("localhost", {}, True),
        ("evil.example", {"ALLOW_ANY_ORIGIN": "true"}, True),
    ):
        server = begin(WAREHOUSE_BACKEND="embedded", CORS_ORIGINS="*", **more)
        try:
            seen = browser.look(found, site, server.port)
        finally:
            server.end()
        # JSON must be asked for beforehand, and what need not be asked for is no JSON.
        held = ("json=200:" in seen) == can_read and "text=200:" not in seen
        said = "".join(f" with {name}={value}" for name, value in more.items())
        table.add(
            "no key asked for", f"a page of {site} in a Chromium{said}", Seen(seen), None, "" if held else "not so"
        )


def about(program: Path, cgroup: Cgroup) -> str:
    version = subprocess.run([program, "--version"], capture_output=True, text=True, env=libraries(program)).stdout
    size = f"{program.stat().st_size / 1e6:.1f} MB"
    return f"{version.strip() or program.name} ({size}), {os.cpu_count()} cores, {cgroup.how}, {date.today()}."


def libraries(program: Path) -> dict[str, str]:
    """Where the program finds its engine: beside it, or where the caller says."""
    return {"LD_LIBRARY_PATH": ":".join(filter(None, [str(program.parent), os.environ.get("LD_LIBRARY_PATH")]))}


def main() -> int:
    more_files()
    built = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "release"
    program = Path(os.environ.get("SNOWFLAKE_MCP", built / "snowflake-mcp")).resolve()
    stub_program = Path(os.environ.get("STUB", built / "examples" / "snowflake-stub")).resolve()
    report = Path(os.environ.get("REPORT", ROOT / ".build" / "attack.md"))
    words = sys.argv[1:]
    cgroup = Cgroup()
    table = Table(about(program, cgroup))
    print(table.about)
    stub = Stub(stub_program)
    keys = {"API_KEYS": ALL_KEYS} | libraries(program)
    try:
        for part, settings in (
            (ENGINE, {"WAREHOUSE_BACKEND": "embedded", "MAX_CONNECTIONS": "4000"}),
            (ACCOUNT, stub.settings | {"SNOWFLAKE_POOL_MAX_SIZE": "20"}),
        ):
            begin = partial(Server, program, cgroup, **keys | settings)
            asyncio.run(rounds(part, begin, stub, words, table))
        if is_wanted("a page in a browser, a Chromium", words):
            pages(partial(Server, program, cgroup, **libraries(program)), table)
    finally:
        stub.end()
        cgroup.remove()
        table.write(report)
        print(f"\n{table.markdown()}\nwritten to {report}")
    return min(table.failed, 1)


if __name__ == "__main__":
    sys.exit(main())
