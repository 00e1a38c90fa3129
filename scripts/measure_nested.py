"""How long fifty calls of each function of the embedded engine take, put into one another, over NATION.

usage: measure_nested.py PROGRAM [--all] [--ways FILE]

Names come from docs/embedded-functions.md. For each, values for its arguments are tried until two levels are answered,
with a cast between the levels where it takes another type than it gives. Prints what takes longer than 50 ms, or
everything, the slowest first: the processor's time for one of five, which a busy machine does not change, and the best
of the five as the caller sees it. Texts that grow are refused with `engine_limit`, which counts as an answer. With
--ways, what was found to nest is kept in a file, so that a second program is asked the same and sooner.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "clients"))

from support.server import Server  # noqa: E402

LEVELS = 50
MOST_TRIES = 400
TIMES = 5
GOAL = 0.050
OTHERS = ("2", "'A'", "'DAY'", "MONTH", "'YYYY-MM-DD'", "'2024-01-31'::DATE", "PARSE_JSON('[1]')")
SEEDS = ("N_NAME", "N_NATIONKEY", "'2024-01-31'::DATE", "N_NATIONKEY > 3", "ARRAY_CONSTRUCT(1, 2)", "X'41'")
CASTS = (
    ("", ""),
    ("(", ")::VARCHAR"),
    ("(", ")::NUMBER"),
    ("DATEADD(DAY, LENGTH((", ")::VARCHAR), '2024-01-01'::DATE)"),
)


def ask(url: str, sql: str) -> tuple[str, float, str]:
    """Sends a statement: "rows" or the error code, the seconds to the answer, and the message of an error."""
    params = {"name": "execute_query", "arguments": {"sql": sql, "format": "json", "limit": 1}}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode()
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    begun = time.perf_counter()
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=120) as answer:
        text = answer.read().decode()
    took = time.perf_counter() - begun
    lines = [line.removeprefix("data:") for line in text.splitlines() if line.startswith("data:")]
    result = json.loads(lines[-1] if lines else text).get("result") or {}
    content = result.get("structuredContent") or {}
    code = content.get("code", "no answer") if result.get("isError") or not result else "rows"
    return code, took, str(content.get("message", ""))


def nested(open_: str, seed: str, close: str, levels: int) -> str:
    return f"SELECT {open_ * levels}{seed}{close * levels} AS X FROM NATION"


def way(url: str, name: str) -> tuple[str, str, str] | None:
    """What stands before, innermost and behind, so that two levels are answered."""
    tries = 0
    for count in (1, 2, 3, 4):
        said = ask(url, f"SELECT {name}({', '.join(['2'] * count)})")[2]
        if "arguments for function" in said:
            continue
        for place, other, (before, behind) in itertools.product(range(count), OTHERS, CASTS):
            if count == 1 and other != OTHERS[0]:
                continue
            open_ = f"{name}(" + f"{other}, " * place + before
            close = behind + f", {other}" * (count - place - 1) + ")"
            for seed in SEEDS:
                tries += 1
                if tries > MOST_TRIES:
                    return None
                if ask(url, nested(open_, seed, close, 2))[0] == "rows":
                    return open_, seed, close
    return None


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    os.environ["SNOWFLAKE_MCP"] = sys.argv[1]
    # What comes after has many rows, or no arguments.
    reference = (ROOT / "docs" / "embedded-functions.md").read_text().partition("## Aggregates and windows")[0]
    names = list(dict.fromkeys(re.findall(r"`([A-Z0-9_$]+)`", reference)))
    times: list[tuple[float, float, str, str]] = []
    alone = []
    kept = Path(sys.argv[sys.argv.index("--ways") + 1]) if "--ways" in sys.argv else None
    ways = json.loads(kept.read_text()) if kept and kept.exists() else {}
    with Server(QUERY_TIMEOUT="10s", SYNC_WAIT="10s", EMBEDDED_SCALE_FACTOR="0.001") as server:
        for name in names:
            if name not in ways:
                ways[name] = way(server.url, name)
                if kept:
                    kept.write_text(json.dumps(ways))
            found = ways[name]
            if found is None:
                alone.append(name)
                continue
            open_, seed, close = found
            statement = nested(open_, seed, close, LEVELS)
            before = server.cpu_seconds()
            outcomes = [ask(server.url, statement) for _ in range(TIMES)]
            busy = (server.cpu_seconds() - before) / TIMES
            seen = min(took for _, took, _ in outcomes)
            times.append((busy, seen, outcomes[0][0], f"{open_}{seed}{close}"))
            print(".", end="", file=sys.stderr, flush=True)
    times.sort(reverse=True)
    print("| call | answer | ms of the processor | ms |\n|---|---|---|---|")
    for busy, seen, outcome, call in times:
        if busy > GOAL or "--all" in sys.argv:
            print(f"| `{call}` | {outcome} | {busy * 1000:.0f} | {seen * 1000:.0f} |")
    late = sum(busy > GOAL for busy, *_ in times)
    middle = times[len(times) // 2][0] * 1000
    print(f"\n{len(times)} functions; {late} take longer than {GOAL * 1000:.0f} ms; the middle one {middle:.1f} ms")
    print(f"not nested, since nothing fits into itself: {' '.join(alone)}")


if __name__ == "__main__":
    main()
