"""Counts tests/data/functions.json by kind and by function, and writes both into docs/embedded-engine.md.

usage: count_examples.py [--check]

A value counts for the functions that its place in the select list calls; a statement that is refused counts for those
it calls anywhere. That the values are right is what the tests say, so there is no column for wrong ones that the build
would let pass.
"""

from __future__ import annotations

import collections
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "embedded-engine.md"
NOT_CALLS = {"IN", "VALUES", "AS", "AND", "OR", "NOT", "OVER", "FROM", "EXISTS", "TABLE", "WHEN", "USING", "ANY", "ALL"}


def items(sql: str) -> list[str]:
    """The select list, one text for each item; the whole statement where it cannot be told."""
    found = re.search(r"(?is)\bSELECT\b(.*)", sql)
    if not found:
        return [sql]
    parts, part, depth, quote = [], "", 0, ""
    for sign in found[1]:
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
        if sign == "," and depth == 0 and not quote:
            parts.append(part)
            part = ""
        else:
            part += sign
    return [*parts, part]


def calls(text: str) -> set[str]:
    without_texts = re.sub(r"'(?:[^'\\]|''|\\.)*'", "''", text)
    return set(re.findall(r"\b([A-Z][A-Z0-9_$]*)\s*\(", without_texts.upper())) - NOT_CALLS


def table() -> str:
    kinds = json.loads((ROOT / "tests" / "data" / "functions.json").read_text())
    by_function: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    lines = ["| kind | statements | values right | `engine_limit` by choice | refused as Snowflake does | wrong |"]
    lines.append("|---|---|---|---|---|---|")
    sums = collections.Counter()
    for kind, examples in kinds.items():
        count = collections.Counter(statements=len(examples))
        for sql, expected in examples:
            if isinstance(expected, str):
                count[expected] += 1
                for name in calls(sql):
                    by_function[name][expected] += 1
                continue
            count["right"] += len(expected) if expected else 1
            parts = items(sql)
            for place in range(len(expected) if expected else 1):
                names = calls(parts[place]) if expected and len(parts) == len(expected) else calls(sql)
                for name in names:
                    by_function[name]["right"] += 1
        sums += count
        lines.append(
            f"| {kind} | {count['statements']} | {count['right']} | {count['limit']} | {count['invalid']} | 0 |"
        )
    lines.append(f"| all | {sums['statements']} | {sums['right']} | {sums['limit']} | {sums['invalid']} | 0 |")
    reference = (ROOT / "docs" / "embedded-functions.md").read_text().partition("## Known, and refused")[0]
    lines += [
        "",
        "By function: the number of right values, then the number of statements that give `engine_limit` (`?`) or are "
        "refused (`!`).",
    ]
    untold: list[str] = []
    for chapter in reference.split("\n## ")[1:]:
        title, _, names = chapter.partition("\n")
        told = []
        for name in re.findall(r"`([A-Z][A-Z0-9_$]*)`", names):
            count = by_function.get(name)
            if not count:
                untold.append(name)
                continue
            signs = "".join(f" {sign}{count[word]}" for word, sign in (("limit", "?"), ("invalid", "!")) if count[word])
            told.append(f"`{name}` {count['right']}{signs}")
        if told:
            lines += ["", f"**{title}.** {' · '.join(told)}"]
    lines += [
        "",
        f"No line of their own, most are in `tests/data/dialect.json`: {' '.join(f'`{name}`' for name in untold)}",
    ]
    return "\n".join(lines)


def main() -> None:
    text = DOCUMENT.read_text()
    begin, end = "<!-- examples: scripts/count_examples.py -->\n", "<!-- end of examples -->\n"
    before, _, rest = text.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        sys.exit(f"{DOCUMENT}: the marks around the examples are missing")
    counted = f"{before}{begin}{table()}\n{end}{after}"
    if "--check" in sys.argv[1:]:
        sys.exit(counted != text and f"{DOCUMENT} is not current: run scripts/count_examples.py")
    DOCUMENT.write_text(counted)


if __name__ == "__main__":
    main()
