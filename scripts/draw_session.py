#!/usr/bin/env python3
"""Draws docs/session.png: how a session looks to a person. `make session-picture`.

The calls are made and the answers are the server's own; only what the person and the agent say is written here.

    scripts/draw_session.py target/debug/snowflake-mcp
"""

from __future__ import annotations

import html
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
QUESTION = """select n_name as nation, count(*) as orders, round(sum(o_totalprice)) as spent
from customer
join nation on n_nationkey = c_nationkey
join orders on o_custkey = c_custkey
group by 1 order by 3 desc limit 5"""
SESSION: list[tuple[str, Any]] = [
    ("person", "Which nations have the customers that spend most?"),
    ("agent", "I look for tables about customers."),
    ("call", ("search_objects", {"query": "cust"})),
    ("agent", "CUSTOMER and ORDERS are what I need. I add up the orders of each nation."),
    ("call", ("execute_query", {"sql": QUESTION})),
    (
        "agent",
        "Customers in Canada spend most: 109.6 million in 775 orders. I took the price of orders placed.",
    ),
]
STYLE = """
body { margin: 0; padding: 24px 28px; width: 824px; font: 14.5px/1.45 system-ui, "DejaVu Sans", sans-serif;
       background: #fff; color: #1b2733; }
.person { background: #eef3f8; border-radius: 8px; padding: 8px 14px; font-weight: 600; }
.person::before { content: "> "; color: #5a6b7c; }
.agent { padding: 10px 0 6px; }
.agent::before { content: "● "; color: #1f7a5a; }
.call { border: 1px solid #d9e2ea; border-radius: 8px; margin: 2px 0 8px 18px; overflow: hidden; }
.call b { display: block; background: #f3f7fa; padding: 6px 12px; font: 600 13px/1.4 "DejaVu Sans Mono", monospace; }
.call pre { margin: 0; padding: 8px 12px; font: 12.5px/1.45 "DejaVu Sans Mono", monospace; white-space: pre-wrap; }
.call table { border-top: 1px dashed #d9e2ea; width: 100%; border-collapse: collapse; padding: 6px 0; font-size: 13px; }
.call th, .call td { text-align: start; padding: 2px 12px; font-weight: 400; }
.call th { color: #5a6b7c; padding-top: 8px; }
.call .right { text-align: end; }
.call table + p { margin: 4px 12px 8px; color: #5a6b7c; font-size: 13px; }
"""


class Server:
    """The server by its standard input and output."""

    def __init__(self, program: str) -> None:
        # Only the sample data: nothing that this shell has set.
        surroundings = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
        self.process = subprocess.Popen(
            [program, "stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=surroundings,
        )
        client = {"name": "draw_session", "version": "1"}
        self.ask("initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo=client)

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        if not self.process.stdin or not self.process.stdout:
            sys.exit("the server has no pipes")
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())["result"]


def page(server: Server) -> str:
    parts = []
    for kind, content in SESSION:
        if kind != "call":
            parts.append(f'<div class="{kind}">{html.escape(content)}</div>')
            continue
        name, arguments = content
        result = server.ask("tools/call", name=name, arguments=arguments)
        text = result["content"][0]["text"].split(" query_id:")[0]
        if result.get("isError"):
            sys.exit(f"{name}: {text}")
        asked = arguments.get("sql") or json.dumps(arguments)
        parts.append(f'<div class="call"><b>{name}</b><pre>{html.escape(asked)}</pre>{shown(text)}</div>')
    return f'<!doctype html><meta charset="utf-8"><style>{STYLE}</style>{"".join(parts)}'


def shown(markdown: str) -> str:
    """The answer as clients show it: rows as a table, and the closing line."""
    lines = [line for line in markdown.splitlines() if line]
    rows = [
        [html.escape(cell.strip()) for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")
    ]
    right = [cell.endswith(":") for cell in rows.pop(1)]
    drawn = ""
    for number, row in enumerate(rows):
        kind = "td" if number else "th"
        cells = (f'<{kind} class="{"right" if right[at] else ""}">{cell}</{kind}>' for at, cell in enumerate(row))
        drawn += f"<tr>{''.join(cells)}</tr>"
    return f"<table>{drawn}</table><p>{html.escape(lines[-1])}</p>"


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    server = Server(sys.argv[1])
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "session.html"
        file.write_text(page(server))
        subprocess.run(
            [
                *("chromium", "--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=880,815"),
                *(f"--user-data-dir={scratch}/profile", f"--screenshot={ROOT / 'docs/session.png'}", file.as_uri()),
            ],
            check=True,
            capture_output=True,
        )
    server.process.terminate()


if __name__ == "__main__":
    main()
