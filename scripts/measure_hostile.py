"""What statements made to do harm cost the embedded engine: the answer, its time, and the peak of the process's memory.

usage: measure_hostile.py PROGRAM

Each statement is asked once, one at a time, of one server with a limit of 512 MiB and two threads. The peak is that of
the whole process while the statement runs (Linux). `busy after` is the time of the processor in the second after the
answer: what was not stopped. Prints the table of docs/embedded-engine.md.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from measure_nested import ask

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "clients"))

from support.server import Server  # noqa: E402

TIME_LIMIT = "10s"


def doubled(times: int, source: str) -> str:
    query = source
    for _ in range(times):
        query = f"SELECT T || T AS T FROM ({query})"
    return f"SELECT MAX(LENGTH(T)) FROM ({query})"


def replaced(times: int) -> str:
    return "REPLACE(" * times + "L_COMMENT" + ", 'a', 'aaaa')" * times


def arrays(times: int) -> str:
    query = "SELECT ARRAY_CONSTRUCT(O_COMMENT) AS A FROM ORDERS"
    for _ in range(times):
        query = f"SELECT ARRAY_CAT(A, A) AS A FROM ({query})"
    return f"SELECT MAX(ARRAY_SIZE(A)) FROM ({query})"


PRODUCT = "LINEITEM A, LINEITEM B"
JOINS = "NATION N0 " + " ".join(f"JOIN NATION N{n} ON N{n}.N_NATIONKEY = N{n - 1}.N_NATIONKEY" for n in range(1, 100))
CUBE = ", ".join(f"L_ORDERKEY % {n}" for n in range(2, 14))
LISTAGG = "(SELECT LISTAGG(L_COMMENT) AS T FROM LINEITEM) B"
CALLS = ", ".join(f"MAX(LENGTH(REPEAT(L_COMMENT, 700 + {n})))" for n in range(40))

STATEMENTS = {
    "text doubled 30 times in nested subqueries": doubled(30, "SELECT 'x' AS T"),
    "the same 14 times over ORDERS": doubled(14, "SELECT O_COMMENT AS T FROM ORDERS"),
    "40 × `REPEAT(c, 700)` in one list": f"SELECT {CALLS} FROM LINEITEM",
    "12 nested `REPLACE(c, 'a', 'aaaa')`": f"SELECT MAX(LENGTH({replaced(12)})) FROM LINEITEM",
    "`SPLIT(REPEAT(c, 800), '')`": "SELECT MAX(ARRAY_SIZE(SPLIT(REPEAT(L_COMMENT, 800), ''))) FROM LINEITEM",
    "`LPAD(c, 60000, 'x')` over ORDERS": "SELECT MAX(LENGTH(LPAD(O_COMMENT, 60000, 'x'))) FROM ORDERS",
    "arrays doubled 14 times": arrays(14),
    "`ARRAY_AGG` over a product of tables": f"SELECT ARRAY_SIZE(ARRAY_AGG(A.L_COMMENT)) FROM {PRODUCT}",
    "`LISTAGG` of all rows, joined to each row": f"SELECT MAX(LENGTH(B.T || L_COMMENT)) FROM LINEITEM, {LISTAGG}",
    "`COUNT(DISTINCT …)` over a product": f"SELECT COUNT(DISTINCT A.L_COMMENT || B.L_COMMENT) FROM {PRODUCT}",
    "`ORDER BY` over a product": f"SELECT A.L_COMMENT FROM {PRODUCT} ORDER BY B.L_COMMENT || A.L_COMMENT",
    "a window over a product": (
        f"SELECT SUM(A.L_TAX) OVER (PARTITION BY B.L_COMMENT ORDER BY A.L_COMMENT) FROM {PRODUCT}"
    ),
    "a recursion that multiplies its rows": (
        "WITH RECURSIVE R(N) AS (SELECT 1 UNION ALL SELECT N + N_NATIONKEY FROM R, NATION) SELECT COUNT(*) FROM R"
    ),
    "a recursion that doubles a text": (
        "WITH RECURSIVE R(N, T) AS (SELECT 1, 'x' UNION ALL SELECT N + 1, T || T FROM R WHERE N < 60) "
        "SELECT MAX(LENGTH(T)) FROM R"
    ),
    "a recursion without end": "WITH RECURSIVE R(N) AS (SELECT 1 UNION ALL SELECT N + 1 FROM R) SELECT * FROM R",
    "`CUBE` of 12 columns": f"SELECT COUNT(*) FROM LINEITEM GROUP BY CUBE({CUBE})",
    "a join of 100 tables": f"SELECT COUNT(*) FROM {JOINS}",
    "a product of three tables": f"SELECT COUNT(*) FROM {PRODUCT}, LINEITEM C WHERE A.L_TAX + B.L_TAX + C.L_TAX > 9",
    "50 nested `DATE_TRUNC`": "SELECT " + "DATE_TRUNC('DAY', " * 50 + "O_ORDERDATE" + ")" * 50 + " FROM ORDERS",
    "a pattern that others go back in": "SELECT COUNT_IF(REGEXP_LIKE(REPEAT('a', 3000) || L_COMMENT, '(a+)+b')) "
    "FROM LINEITEM",
}


def peak(pid: int) -> int:
    """The most memory since it was last reset, in megabytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) // 1024
    return 0


def reset(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    os.environ["SNOWFLAKE_MCP"] = sys.argv[1]
    settings = {"EMBEDDED_MEMORY_LIMIT": "512MiB", "EMBEDDED_THREADS": "2"}
    with Server(QUERY_TIMEOUT=TIME_LIMIT, SYNC_WAIT="20s", **settings) as server:
        pid = server.pid
        print(f"before the first: {peak(pid)} MB\n")
        print("| statement | answer | after | peak | busy after |\n|---|---|---|---|---|")
        for name, sql in STATEMENTS.items():
            reset(pid)
            outcome, took, _ = ask(server.url, sql)
            before = server.cpu_seconds()
            time.sleep(1)
            after = server.cpu_seconds() - before
            print(f"| {name} | `{outcome}` | {took:.2f} s | {peak(pid)} MB | {after:.2f} s |", flush=True)
        outcome, took, _ = ask(server.url, "SELECT COUNT(*) FROM NATION")
        print(f"\nafterwards a small statement: {outcome}, {took * 1000:.0f} ms")


if __name__ == "__main__":
    main()
