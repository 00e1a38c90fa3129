"""Nested expressions made of the functions of the embedded engine, sent to the program itself.

usage: nested.py PROGRAM [--seconds N | --runs N] [--seed N]

Names come from docs/embedded-functions.md. What each function takes is found first, by calling it with plain
values; then calls are put into one another, some levels deep and twice as many. A finding is

- the program ends, or answers `internal`;
- a statement runs into its time limit;
- twice the levels take far more than twice the time, again when tried once more;
- a number, date or text that is answered as another value when the same statement is sent again (unless it draws at
  random).

Each finding is printed and written to .build/fuzz/, and the exit code is 1. One seed gives the same statements each
time.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "clients"))

from support.server import Server  # noqa: E402

SEEDS = (
    "N_NAME",
    "N_NATIONKEY",
    "2",
    "1.5",
    "'2024-01-31'::DATE",
    "'2024-01-31 10:11:12'::TIMESTAMP",
    "'A'",
    "N_NATIONKEY > 3",
    "PARSE_JSON('{\"a\": [1]}')",
    "ARRAY_CONSTRUCT(1, 2)",
    "X'41'",
    "'DAY'",
    "'YYYY-MM-DD'",
    "NULL",
)
"""Values that calls are tried with, and that stand innermost."""

FORMS = (
    "({0} / 3)",
    "({0} || 'x')",
    "({0})::VARCHAR",
    "TRY_CAST(({0})::VARCHAR AS NUMBER(38, 2))",
    "CASE {0} WHEN '1' THEN '2' ELSE '3' END",
    "({0} IN ('1', '2'))",
    "{0}[0]",
)
"""What is no call."""

DRAWS = {"RANDOM", "UNIFORM", "NORMAL", "ZIPF", "RANDSTR", "UUID_STRING", "ANY_VALUE", "MODE"}
"""Functions whose value may change, as may that of the clock."""

MOST_BYTES = 4_000
LEVELS = 12
SHORT = 0.25
"""Seconds that are too few to be compared on a busy machine."""
GROWTH = 12


class Ended(Exception):
    """The program does not answer any more."""


class Fuzzer:
    def __init__(self, server: Server, random_numbers: random.Random) -> None:
        self.server = server
        self.random = random_numbers
        self.calls: list[str] = list(FORMS)
        self.findings = 0
        self.sent = 0
        self.outcomes: dict[str, int] = {}

    def ask(self, sql: str) -> tuple[str, str, float]:
        params = {"name": "execute_query", "arguments": {"sql": sql, "format": "json"}}
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode()
        headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        begun = time.monotonic()
        try:
            request = urllib.request.Request(self.server.url, body, headers)
            with urllib.request.urlopen(request, timeout=60) as answer:
                text = answer.read().decode()
        except (urllib.error.URLError, ConnectionError) as error:
            raise Ended(str(error)) from error
        took = time.monotonic() - begun
        self.sent += 1
        lines = [line.removeprefix("data:") for line in text.splitlines() if line.startswith("data:")]
        result = json.loads(lines[-1] if lines else text).get("result") or {}
        content = result.get("structuredContent") or {}
        if result.get("isError") or not result:
            return content.get("code", "no answer"), content.get("message", ""), took
        return "rows", json.dumps(content.get("rows")), took

    def learn(self, names: list[str]) -> None:
        """Calls that are answered, with `{0}` in one of their places."""
        for name in names:
            for count in range(1, 4):
                for _ in range(4):
                    values = [self.random.choice(SEEDS) for _ in range(count)]
                    outcome, _, _ = self.ask(f"SELECT {name}({', '.join(values)}) FROM NATION LIMIT 1")
                    if outcome == "rows":
                        for place in range(count):
                            inside = [*values[:place], "{0}", *values[place + 1 :]]
                            self.calls.append(f"{name}({', '.join(inside)})")
                        break

    def nested(self, calls: list[str], levels: int, seed: str) -> str:
        written = seed
        for level in range(levels):
            call = calls[level % len(calls)]
            written = call.replace("{0}", written)
        return f"SELECT {written} AS X FROM NATION"

    def found(self, what: str, sql: str) -> None:
        self.findings += 1
        folder = ROOT / ".build" / "fuzz"
        folder.mkdir(parents=True, exist_ok=True)
        name = folder / f"nested-{hashlib.sha256(sql.encode()).hexdigest()[:12]}.sql"
        name.write_text(f"-- {what}\n{sql}\n")
        print(f"{what}: {name}\n  {sql[:300]}", flush=True)

    def step(self) -> None:
        calls = self.random.sample(self.calls, self.random.randint(1, 3))
        seed = self.random.choice(SEEDS)
        levels = self.random.randint(2, LEVELS)
        one, two = self.nested(calls, levels, seed), self.nested(calls, 2 * levels, seed)
        if len(two) > MOST_BYTES:
            return
        outcome, said, took = self.ask(one)
        self.judge(outcome, said, one)
        later, said_later, took_later = self.ask(two)
        self.judge(later, said_later, two)
        if took_later > max(SHORT, took) * GROWTH:
            took_later = min(took_later, self.ask(two)[2])
            if took_later > max(SHORT, took) * GROWTH:
                self.found(f"{levels} levels took {took:.2f} s, {2 * levels} took {took_later:.2f} s", two)
        draws = any(re.search(rf"\b({'|'.join(DRAWS)}|CURRENT_\w+|SYSDATE|GETDATE|LOCAL\w+)\(", call) for call in calls)
        if outcome == "rows" and not draws:
            again, said_again, _ = self.ask(one)
            # Rows come in any order.
            if again != "rows" or in_order(said) != in_order(said_again):
                self.found("another answer the second time", one)

    def judge(self, outcome: str, said: str, sql: str) -> None:
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        if outcome in ("internal", "query_timeout", "no answer"):
            self.found(f"{outcome}: {said}", sql)


def in_order(rows: str) -> list[str]:
    return sorted(json.dumps(row) for row in json.loads(rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--runs", type=int)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    os.environ["SNOWFLAKE_MCP"] = chosen.program
    reference = (ROOT / "docs" / "embedded-functions.md").read_text().partition("## Known, and refused")[0]
    names = re.findall(r"`([A-Z][A-Z0-9_$]*)`", reference.partition("## ")[2])
    with Server(WAREHOUSE_BACKEND="embedded", QUERY_TIMEOUT="10s", LOG_LEVEL="warn,snowflake_mcp=info") as server:
        fuzzer = Fuzzer(server, random.Random(chosen.seed))
        try:
            fuzzer.learn(names)
            print(f"{len(fuzzer.calls)} calls of {len(names)} functions can be put into one another", flush=True)
            end = time.monotonic() + (chosen.seconds or 30)
            runs = 0
            while (runs < chosen.runs) if chosen.runs else (time.monotonic() < end):
                fuzzer.step()
                runs += 1
        except Ended as ended:
            fuzzer.found(f"the program ended: {ended}", "see the statements before")
        print(f"{fuzzer.sent} statements sent, {fuzzer.outcomes}, {fuzzer.findings} findings")
        sys.exit(1 if fuzzer.findings else 0)


if __name__ == "__main__":
    main()
