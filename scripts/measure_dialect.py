"""How much of Snowflake's dialect the embedded engine answers, measured on sqlglot's tests of it.

usage: measure_dialect.py PROGRAM TESTS [--list OUTCOME]

PROGRAM is `snowflake-mcp`, TESTS the file tests/dialects/test_snowflake.py of sqlglot's repository. sqlglot must be
installed (`pip install sqlglot`): it tells which statements can be run at all. `--list` prints the statements with
an outcome and the answer.

What counts is every text that the tests call Snowflake's, once, if it is
- a read: SELECT, WITH, VALUES, or an expression, which is put behind SELECT;
- self-contained: it names no table, stage, file, model, variable, parameter or function of its own, and each column
  comes from a FROM, an alias or a lambda of the statement itself. `SELECT MAX(x)` is not, `SELECT MAX(x) FROM VALUES
  (1) AS t(x)` is.

Outcomes: `answered` (rows), `engine_limit` (refused as not Snowflake's answer for certain), and every other error
code. Of the other codes, some are what Snowflake itself would answer, since the tests only read statements and do
not run them: REFUSED names those.
"""

from __future__ import annotations

import ast
import collections
import hashlib
import json
import logging
import os
import re
import sys
import urllib.request
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "clients"))

import sqlglot
from sqlglot import exp

from support.server import Server

logging.getLogger("sqlglot").setLevel(logging.CRITICAL)

REFUSED: dict[str, str] = {
    "6e3c49de0c7e": "AND between a timestamp and a truth value",
    "8cc050f5d364": "the same",
    "c50f8105beed": "BINARY has the formats HEX, BASE64 and UTF-8",
    "144f5d2198ef": "two commas in a row",
}
"""Statements that Snowflake refuses as well: the beginning of the SHA-256 of the text, and why."""


BUILTINS = set(
    "\n".join(
        line
        for line in (Path(__file__).resolve().parents[1] / "src/sql/builtins.txt").read_text().splitlines()
        if not line.startswith("#")
    ).split()
)

NOT_ALONE = re.compile(r"(?i)\b(TRY_)?TO_FILE\(|\bAI_\w+\(|\bIDENTIFIER\('\w+'\)\(|\bTABLE\(['$]")


def texts(tests: Path) -> list[str]:
    """What the tests call Snowflake's, in their order and once."""
    found: dict[str, None] = {}
    for call in ast.walk(ast.parse(tests.read_text())):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        if call.func.attr not in ("validate_identity", "validate_all"):
            continue
        values = list(call.args[: 2 if call.func.attr == "validate_identity" else 1])
        for word in call.keywords:
            if word.arg == "write_sql":
                values.append(word.value)
            if word.arg in ("read", "write") and isinstance(word.value, ast.Dict):
                pairs = zip(word.value.keys, word.value.values, strict=True)
                values += [value for key, value in pairs if isinstance(key, ast.Constant) and key.value == "snowflake"]
        for value in values:
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                found[value.value.strip()] = None
    return list(found)


def as_query(text: str) -> str | None:
    """The text as a query, where it is one or an expression."""
    try:
        parsed = sqlglot.parse(text, read="snowflake")
    except sqlglot.errors.SqlglotError:
        return None
    if len(parsed) != 1 or parsed[0] is None:
        return None
    tree = parsed[0]
    if isinstance(tree, (exp.Query, exp.Values)):
        return text if is_self_contained(tree) else None
    is_statement = isinstance(tree, (exp.DDL, exp.DML, exp.Command)) or not isinstance(tree, exp.Condition)
    if is_statement or re.match(r"(?i)\s*(show|desc|use|set|alter|create|call|put|get|list)\b(?!\s*\()", text):
        return None
    text = f"SELECT {text}"
    try:
        tree = sqlglot.parse_one(text, read="snowflake")
    except sqlglot.errors.SqlglotError:
        return None
    return text if is_self_contained(tree) else None


def is_self_contained(tree: exp.Expression) -> bool:
    outside = (exp.Parameter, exp.Placeholder, exp.SessionParameter, exp.Into, exp.ModelAttribute)
    if any(isinstance(node, outside) for node in tree.walk()):
        return False
    # Files of stages, models that are billed by use, functions that somebody made, tables named by a text.
    for call in tree.find_all(exp.Anonymous):
        if call.name.upper() not in BUILTINS and not call.name.upper().startswith("SYSTEM$"):
            return False
    if NOT_ALONE.search(tree.sql("snowflake")):
        return False
    ctes = {cte.alias.upper() for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        name = table.this
        if isinstance(name, exp.Identifier) and (table.args.get("db") or name.name.upper() not in ctes):
            return False
        if not isinstance(name, (exp.Identifier, exp.Func, exp.Anonymous)):
            return False
    for column in tree.find_all(exp.Column):
        select = column.find_ancestor(exp.Select)
        known: set[str] = set()
        node = column.parent
        while node is not None:
            if isinstance(node, exp.Lambda):
                known |= {argument.name.upper() for argument in node.expressions}
            if isinstance(node, exp.Select):
                known |= {item.alias.upper() for item in node.expressions if item.alias}
                if node.args.get("from_") or node.args.get("from"):
                    known.add("*")
            node = node.parent
        if select is None or not ({"*", column.name.upper(), column.table.upper()} & known):
            return False
    return bool(tree.find(exp.Select, exp.Values))


def ask(url: str, sql: str) -> tuple[str, str]:
    """The outcome, and what was said."""
    arguments = {"sql": sql, "format": "json"}
    params = {"name": "execute_query", "arguments": arguments}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode()
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=60) as answer:
        text = answer.read().decode()
    lines = [line.removeprefix("data:") for line in text.splitlines() if line.startswith("data:")]
    reply = json.loads(lines[-1] if lines else text)
    result: dict[str, Any] = reply.get("result") or {}
    content = result.get("structuredContent") or {}
    if not result or result.get("isError"):
        return content.get("code", "no answer"), content.get("message") or json.dumps(reply)[:300]
    return "answered", json.dumps(content.get("rows"), ensure_ascii=False)


def main() -> None:
    if len(sys.argv) not in (3, 5):
        sys.exit(__doc__)
    os.environ["SNOWFLAKE_MCP"] = sys.argv[1]
    wanted = sys.argv[4] if len(sys.argv) == 5 else None
    all_texts = texts(Path(sys.argv[2]))
    queries = list(dict.fromkeys(query for text in all_texts if (query := as_query(text))))
    outcomes: collections.Counter[str] = collections.Counter()
    with Server(WAREHOUSE_BACKEND="embedded", QUERY_TIMEOUT="20s") as server:
        for query in queries:
            outcome, said = ask(server.url, query)
            key = hashlib.sha256(query.encode()).hexdigest()[:12]
            if outcome != "answered" and key in REFUSED:
                outcome = "refused as Snowflake does"
            outcomes[outcome] += 1
            if wanted in (outcome, "all"):
                print(f"{key} {outcome}\n  {query}\n  {said}")
    counted = sum(outcomes.values()) - outcomes["refused as Snowflake does"]
    print(f"{len(all_texts)} texts, {len(queries)} self-contained reads")
    for outcome, count in outcomes.most_common():
        print(f"{outcome}: {count}")
    print(f"answered of those that Snowflake answers: {outcomes['answered'] / max(counted, 1):.1%}")


if __name__ == "__main__":
    main()
