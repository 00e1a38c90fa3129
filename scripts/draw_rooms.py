#!/usr/bin/env python3
"""Draws the rooms of src/ and the arrows between them, as they are in the code, into docs/rooms.md.

scripts/draw_rooms.py          rewrites the file (`make docs`)
scripts/draw_rooms.py --check  fails when it is stale (`make check`)
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs/rooms.md"

# Everybody uses them: arrows to them would hide all others.
LEAVES = ("config", "telemetry")

TOP = """<!-- Drawn by scripts/draw_rooms.py (`make docs`) from the `use`s in src/. -->
# The rooms and who uses whom

An arrow is a `use`. `config` and `telemetry` are used by every room and use none (`telemetry` reads its own settings):
arrows to them are left out. ARCHITECTURE.md says what each room is for; `tests/it/architecture.rs` keeps the arrows
going one way.

"""


def code(path: Path) -> str:
    """The file without its comments."""
    return re.sub(r"^\s*//.*$", "", path.read_text(), flags=re.MULTILINE)


def room(path: Path) -> str:
    return path.relative_to(ROOT / "src").parts[0].removesuffix(".rs")


def arrows(sources: list[Path]) -> set[tuple[str, str]]:
    rooms = {room(path) for path in sources}
    found: set[tuple[str, str]] = set()
    for path in sources:
        tail = room(path)
        library = "snowflake_mcp" if tail == "main" else "crate"
        text = code(path)
        named = set(re.findall(rf"\b{library}::(\w+)", text))
        for group in re.findall(rf"\b{library}::\{{([^}}]*)\}}", text):
            named |= set(re.findall(r"\w+", group))
        found |= {(tail, head) for head in named & rooms if head != tail}
    return found


def picture() -> str:
    sources = [
        path
        for path in sorted((ROOT / "src").rglob("*.rs"))
        if path.name not in ("lib.rs", "tests.rs") and "tests" not in path.parts
    ]
    rooms = sorted({room(path) for path in sources})
    nodes = [f"    {name}([{name}])" if name in LEAVES else f"    {name}[{name}]" for name in rooms]
    drawn = [f"    {tail} --> {head}" for tail, head in sorted(arrows(sources)) if head not in LEAVES]
    return TOP + "\n".join(["```mermaid", "flowchart TD", *nodes, *drawn, "```", ""])


def main() -> None:
    if "--check" not in sys.argv[1:]:
        PICTURE.write_text(picture())
    elif not PICTURE.exists() or PICTURE.read_text() != picture():
        sys.exit("docs/rooms.md is stale: run scripts/draw_rooms.py, look at the difference, commit it")


if __name__ == "__main__":
    main()
