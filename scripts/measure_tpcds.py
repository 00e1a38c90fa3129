"""The 99 queries of TPC-DS on the embedded engine's own data, compared with DuckDB itself.

usage: measure_tpcds.py PROGRAM [SCALE]

Needs `pip install duckdb duckdb-extension-tpcds` of one version. The extension has the benchmark's generator and
its queries; the tables become Parquet files in a folder that the program reads as `LOCAL.PUBLIC`. Neither is part
of this repository, whose licence is another one than the benchmark's.

Prints one line for each query: the same rows as DuckDB's, other rows, or the code of the refusal.
"""

from __future__ import annotations

import json
import os
import pathlib
import sys
import tempfile
import time
import urllib.request
from datetime import date
from decimal import Decimal
from typing import Any

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "clients"))

import duckdb
import duckdb_extension_tpcds

from support.server import Server


def extension() -> str:
    folder = pathlib.Path(duckdb_extension_tpcds.__path__[0])
    return str(next(folder.rglob("tpcds.duckdb_extension")))


def ask(url: str, sql: str) -> tuple[str, Any]:
    arguments = {"sql": sql, "format": "json", "schema": "LOCAL.PUBLIC", "limit": 10000}
    params = {"name": "execute_query", "arguments": arguments}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode()
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=300) as answer:
        text = answer.read().decode()
    lines = [line.removeprefix("data:") for line in text.splitlines() if line.startswith("data:")]
    result = json.loads(lines[-1] if lines else text)["result"]
    content = result.get("structuredContent") or {}
    if result.get("isError"):
        return content["code"], content["message"]
    return "rows", content["rows"]


def plain(value: Any) -> Any:
    """A value to be compared: numbers by nine digits, texts without blanks at their end (CHAR has them)."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, float, Decimal)):
        return f"{float(value):.9g}" if value else "0"
    if isinstance(value, date):
        return value.isoformat()[:10]
    text = str(value).rstrip()
    try:
        return f"{float(text):.9g}" if float(text) else "0"
    except ValueError:
        return text


def near(one: Any, other: Any) -> bool:
    if one == other:
        return True
    try:
        # A quotient of decimals has six digits in Snowflake, and sixteen in DuckDB.
        return abs(float(one) - float(other)) <= max(2e-6, abs(float(other)) * 1e-6)
    except (TypeError, ValueError):
        return False


def are_same(found: list[list[Any]], expected: list[list[Any]]) -> bool:
    if len(found) != len(expected):
        return False
    key = lambda row: [(value is None, str(value)) for value in row]  # noqa: E731
    found, expected = sorted(found, key=key), sorted(expected, key=key)
    pairs = zip(found, expected, strict=True)
    return all(all(map(near, row, other)) for row, other in pairs)


def main() -> None:
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    os.environ["SNOWFLAKE_MCP"] = sys.argv[1]
    scale = float(sys.argv[2]) if len(sys.argv) == 3 else 0.01
    engine = duckdb.connect()
    engine.execute(f"LOAD '{extension()}'")
    engine.execute(f"CALL dsdgen(sf={scale})")
    engine.execute("SET default_null_order='nulls_last'")
    outcomes: dict[str, list[int]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for (table,) in engine.execute("SELECT table_name FROM duckdb_tables()").fetchall():
            engine.execute(f"COPY {table} TO '{folder}/{table}.parquet' (FORMAT parquet)")
        settings = {"WAREHOUSE_BACKEND": "embedded", "EMBEDDED_DATA_DIR": folder, "QUERY_TIMEOUT": "120s"}
        with Server(**settings) as server:
            for number, query in engine.execute("SELECT query_nr, query FROM tpcds_queries()").fetchall():
                begun = time.monotonic()
                outcome, said = ask(server.url, query.strip().rstrip(";"))
                took = time.monotonic() - begun
                note = ""
                if outcome == "rows":
                    expected = [[plain(value) for value in row] for row in engine.execute(query).fetchall()]
                    found = [[plain(value) for value in row] for row in said]
                    outcome = "same" if are_same(found, expected) else "different"
                    if outcome == "different":
                        note = f"{len(found)} rows for {len(expected)}: {found[:1]} {expected[:1]}"
                else:
                    note = said
                outcomes.setdefault(outcome, []).append(number)
                print(f"{number:2} {outcome} {took:.2f} s {note}")
    for outcome, numbers in outcomes.items():
        print(f"{outcome}: {len(numbers)}")


if __name__ == "__main__":
    main()
