"""Bytes and tokens of what an agent reads: the list of tools, the instructions and ten typical answers.

usage: measure_answers.py PROGRAM…
A table with columns for each program. `make agents` brings the tokenizer, o200k_base.

For each answer the larger of the text and the document counts alone: that is what clients give their model, not both.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "tests" / "clients"))

from support.server import FOR_AGENTS, Server  # noqa: E402

AGENTS = Path(os.environ.get("AGENTS", REPOSITORY / ".build" / "agents"))
COUNT = """
const { encode } = require('gpt-tokenizer/encoding/o200k_base');
const texts = JSON.parse(require('fs').readFileSync(0, 'utf8'));
console.log(JSON.stringify(texts.map((text) => encode(text).length)));
"""
SAMPLE = "SNOWFLAKE_SAMPLE_DATA.TPCH_SF1"
ANSWERS: dict[str, tuple[str, dict[str, Any]]] = {
    "databases": ("list_databases", {}),
    "tables of a schema": ("list_tables", {"schema": SAMPLE}),
    "search for a word": ("search_objects", {"query": "custkey"}),
    "a table described": ("describe_table", {"table": f"{SAMPLE}.ORDERS"}),
    "ten rows of a table": ("query_view", {"view": f"{SAMPLE}.ORDERS"}),
    "one number": ("execute_query", {"sql": "SELECT COUNT(*) FROM orders"}),
    "100 rows of ORDERS": ("execute_query", {"sql": "SELECT * FROM orders ORDER BY 1"}),
    "the same as CSV": ("execute_query", {"sql": "SELECT * FROM orders ORDER BY 1", "format": "csv"}),
    "the same as JSON": ("execute_query", {"sql": "SELECT * FROM orders ORDER BY 1", "format": "json"}),
    "a table that is not there": ("execute_query", {"sql": "SELECT * FROM orderz"}),
}


def ask(url: str, method: str, params: dict[str, Any]) -> dict[str, Any]:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=60) as answer:
        text = answer.read().decode()
    lines = [line.removeprefix("data:") for line in text.splitlines() if line.startswith("data:")]
    return json.loads(lines[-1] if lines else text)["result"]


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def texts(program: str) -> dict[str, str]:
    os.environ["SNOWFLAKE_MCP"] = program
    client = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "measure", "version": "1"}}
    with Server(**FOR_AGENTS) as server:
        found = {
            "tools/list": compact(ask(server.url, "tools/list", {})["tools"]),
            "instructions": ask(server.url, "initialize", client).get("instructions", ""),
        }
        for name, (tool, arguments) in ANSWERS.items():
            result = ask(server.url, "tools/call", {"name": tool, "arguments": arguments})
            text = "\n".join(block["text"] for block in result["content"])
            document = compact(result["structuredContent"]) if "structuredContent" in result else ""
            found[name] = max(text, document, key=len)
    return found


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    columns = []
    for program in sys.argv[1:]:
        found = texts(program)
        counted = subprocess.run(
            ["node", "-e", COUNT], input=json.dumps(list(found.values())), cwd=AGENTS, stdout=-1, text=True, check=True
        )
        tokens = json.loads(counted.stdout)
        columns.append({name: (len(found[name].encode()), count) for name, count in zip(found, tokens, strict=True)})
    print("| |" + " bytes | tokens |" * len(columns))
    print("|---|" + "---:|---:|" * len(columns))
    for name in columns[0]:
        print(f"| {name} |" + "".join(f" {column[name][0]:,} | {column[name][1]:,} |" for column in columns))


main()
