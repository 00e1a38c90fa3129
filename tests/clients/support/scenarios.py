"""What an agent asks for, in order, and what its model has to be given: every tool, good answers and bad.

The real agents (`tests/agents`), the rules by which clients choose (`test_answers.py`) and the agents in Python
(`test_pydantic_ai.py`) are all held to this one list.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

SAMPLE = "SNOWFLAKE_SAMPLE_DATA.TPCH_SF1"

CURSOR = "<the cursor of the answer before>"
"""Stands for the cursor that the model was given last: whether it can go on is what is tried."""

LONG = "SELECT COUNT(*) FROM lineitem a, lineitem b, lineitem c WHERE a.l_comment || b.l_comment > c.l_comment"


@dataclass(frozen=True)
class Scenario:
    """One call."""

    name: str
    tool: str
    arguments: dict[str, Any]
    holds: tuple[str, ...]
    """Texts that the model must be given: rows, the closing line, the words of an error."""
    is_error: bool = False
    lacks: tuple[str, ...] = field(default=())

    @property
    def is_json(self) -> bool:
        return self.arguments.get("format") == "json"

    def missing(self, seen: str) -> list[str]:
        """What the model was not given, and what it should not have been."""
        plain = flat(seen)
        lost = [f"no {text!r}" for text in self.holds if flat(text) not in plain]
        return lost + [f"has {text!r}" for text in self.lacks if flat(text) in plain]


def flat(text: str) -> str:
    """Without what clients change when they put a text into JSON or write a document anew: spaces and escapes."""
    for escaped, plain in (("\\n", " "), ('\\"', '"'), ("\\u2192", "→")):
        text = text.replace(escaped, plain)
    return re.sub(r"\s+", "", text)


def cursor(seen: str) -> str:
    """The cursor in what the model was given, in a closing line or a document."""
    found = re.findall(r'cursor\\?"?:\s*\\?"?([A-Za-z0-9_.-]{20,})', seen)
    return found[-1] if found else "the model was given no cursor"


def arguments(scenario: Scenario, before: str) -> dict[str, Any]:
    """The arguments, the cursor of the answer before put in."""
    return {name: cursor(before) if value == CURSOR else value for name, value in scenario.arguments.items()}


def _fails(name: str, tool: str, code: str, about: str, **values: Any) -> Scenario:
    return Scenario(name, tool, values, (f"{code}:", about, "What to do:"), is_error=True)


ALL_THERE = "all there are."
FIGURES = "DEMO.PUBLIC.TPCH_ANALYSIS"
SUPPLIERS = {"view": FIGURES, "metrics": ["supplier.suppliers"], "dimensions": ["region_name"]}
NATIONS = "SELECT n_name FROM nation ORDER BY 1"
NATION_COLUMN = '"columns":[{"name":"N_NAME","type":"VARCHAR'
LISTED = '"truncated":false'

SCENARIOS = (
    # Every tool, in the order in which an agent finds its way.
    Scenario("databases", "list_databases", {}, ("SNOWFLAKE_SAMPLE_DATA", "DEMO", ALL_THERE)),
    Scenario("schemas", "list_schemas", {"database": "SNOWFLAKE_SAMPLE_DATA"}, ("TPCH_SF1", ALL_THERE)),
    Scenario("tables", "list_tables", {"schema": SAMPLE}, ("LINEITEM", "60175", ALL_THERE)),
    Scenario("views", "list_views", {"schema": SAMPLE}, ("MONTHLY_REVENUE", ALL_THERE)),
    Scenario("search", "search_objects", {"query": "custkey"}, ("C_CUSTKEY", "O_CUSTKEY", "found")),
    Scenario("table", "describe_table", {"table": f"{SAMPLE}.NATION"}, ("N_REGIONKEY", "Primary key", "25 rows")),
    Scenario("view", "describe_view", {"view": f"{SAMPLE}.MONTHLY_REVENUE"}, ("MONTHLY_REVENUE", "columns")),
    Scenario(
        "sample", "query_view", {"view": "REGION", "limit": 2}, ("AFRICA", "2 rows shown", "query_id"), lacks=("ASIA",)
    ),
    Scenario("plan", "explain_query", {"sql": "SELECT * FROM region"}, ("R_NAME", "Reads", ALL_THERE)),
    Scenario("who am I", "show_context", {}, ("SNOWFLAKE_SAMPLE_DATA", "Roles a call may name", "may be named")),
    Scenario(
        "profile",
        "profile_table",
        {"table": f"{SAMPLE}.NATION"},
        ("N_NATIONKEY looks unique", "25 rows were read", "query_id"),
    ),
    Scenario("semantic views", "list_semantic_views", {}, ("TPCH_ANALYSIS", "Part of this server", ALL_THERE)),
    Scenario(
        "a semantic view",
        "describe_semantic_view",
        {"view": FIGURES, "metric": "revenue"},
        ("LINE_ITEMS.REVENUE", "(also sales, turnover)", "go with the metric", "7 metrics, 9 dimensions, 5 facts"),
    ),
    Scenario(
        "figures",
        "query_semantic_view",
        SUPPLIERS,
        ("AFRICA", "MIDDLE EAST", "5 rows", ALL_THERE, "sql: SELECT * FROM SEMANTIC_VIEW("),
    ),
    Scenario("rows", "execute_query", {"sql": NATIONS}, ("ALGERIA", "VIETNAM", "25 rows", ALL_THERE)),
    Scenario("rows as csv", "execute_query", {"sql": NATIONS, "format": "csv"}, ("N_NAME", "VIETNAM", ALL_THERE)),
    Scenario(
        "rows as json",
        "execute_query",
        {"sql": NATIONS, "format": "json"},
        (NATION_COLUMN, '["ALGERIA"]', '["VIETNAM"]', '"row_count":25', LISTED),
    ),
    Scenario(
        "no rows", "execute_query", {"sql": "SELECT n_name FROM nation WHERE 1 = 0"}, ("N_NAME", "0 rows", ALL_THERE)
    ),
    Scenario(
        "cut rows",
        "execute_query",
        {"sql": NATIONS, "limit": 3},
        ("BRAZIL", "3 rows of 25 shown; there are more", "next_cursor"),
        lacks=("CANADA",),
    ),
    Scenario(
        "the next rows", "fetch_results", {"cursor": CURSOR}, ("CANADA", "EGYPT", "4 to 6 of 25"), lacks=("ALGERIA",)
    ),
    Scenario(
        "and the next as json",
        "fetch_results",
        {"cursor": CURSOR, "format": "json"},
        ('["ETHIOPIA"]', '"truncated":true', '"next_cursor":"'),
    ),
    Scenario(
        "cut json", "execute_query", {"sql": NATIONS, "limit": 3, "format": "json"}, ('["BRAZIL"]', '"next_cursor":"')
    ),
    Scenario("its next rows", "fetch_results", {"cursor": CURSOR, "format": "csv"}, ("CANADA", "4 to 6 of 25")),
    Scenario("cut list", "list_tables", {"schema": SAMPLE, "limit": 2}, ("CUSTOMER", "there are more", "next_cursor")),
    Scenario("its next names", "fetch_results", {"cursor": CURSOR}, ("NATION", "Rows 3 to 4")),
    Scenario(
        "a long statement", "execute_query", {"sql": LONG, "wait_seconds": 0}, ("still running", "query_id", "cursor:")
    ),
    Scenario("its state", "query_status", {"cursor": CURSOR}, ("running", "query_id")),
    Scenario("another long one", "execute_query", {"sql": LONG, "wait_seconds": 0}, ("still running", "cursor:")),
    Scenario("stopping it", "cancel_query", {"cursor": CURSOR}, ("cancelled", "query_id")),
    # Nothing found.
    Scenario("no tables", "list_tables", {"schema": SAMPLE, "like": "NOPE%"}, ("0 rows", ALL_THERE)),
    Scenario("no views", "list_views", {"schema": SAMPLE, "like": "NOPE%"}, ("0 rows", ALL_THERE)),
    Scenario("no schemas", "list_schemas", {"database": "DEMO", "like": "NOPE%"}, ("0 rows", ALL_THERE)),
    Scenario("no databases", "list_databases", {"like": "NOPE%"}, ("0 rows", ALL_THERE)),
    Scenario("nothing found", "search_objects", {"query": "qqqq"}, ("Nothing found",)),
    # As documents.
    Scenario("databases as json", "list_databases", {"format": "json"}, ('"SNOWFLAKE_SAMPLE_DATA"', LISTED)),
    Scenario("schemas as json", "list_schemas", {"database": "DEMO", "format": "json"}, ('"PUBLIC"', LISTED)),
    Scenario("tables as json", "list_tables", {"schema": SAMPLE, "format": "json"}, ('"LINEITEM"', LISTED)),
    Scenario("views as json", "list_views", {"schema": SAMPLE, "format": "json"}, ('"MONTHLY_REVENUE"', LISTED)),
    Scenario("search as json", "search_objects", {"query": "custkey", "format": "json"}, ('"C_CUSTKEY"', LISTED)),
    Scenario(
        "table as json", "describe_table", {"table": "NATION", "format": "json"}, ('"N_REGIONKEY"', '"row_count":25')
    ),
    Scenario("view as json", "describe_view", {"view": "MONTHLY_REVENUE", "format": "json"}, ('"columns":[', '"ddl"')),
    Scenario(
        "sample as json",
        "query_view",
        {"view": "REGION", "limit": 2, "format": "json"},
        ('"AFRICA"', '"truncated":true'),
    ),
    Scenario(
        "semantic views as json", "list_semantic_views", {"schema": "DEMO.PUBLIC", "format": "json"}, ('"TPCH_', LISTED)
    ),
    Scenario(
        "a semantic view as json",
        "describe_semantic_view",
        {"view": FIGURES, "format": "json"},
        ('"metrics":[', '"name":"SUPPLIER.SUPPLIERS"', '"ref_table":"NATION"'),
    ),
    Scenario(
        "figures as json",
        "query_semantic_view",
        SUPPLIERS | {"order_by": ["region_name"], "format": "json"},
        ('["AFRICA",', '"row_count":5', '"sql":"SELECT * FROM SEMANTIC_VIEW('),
    ),
    Scenario("context as json", "show_context", {"format": "json"}, ('"warehouses":[', '"limits":{')),
    Scenario(
        "profile as json",
        "profile_table",
        {"table": "REGION", "columns": ["R_NAME"], "format": "json"},
        ('"findings":[', '"distinct":5'),
    ),
    Scenario(
        "plan as json", "explain_query", {"sql": "SELECT * FROM region", "format": "json"}, ('"rows":[', '"summary":"')
    ),
    # Mistakes, with every tool.
    _fails("no such argument", "list_databases", "invalid_argument", "lik", lik="X%"),
    _fails("schemas of nothing", "list_schemas", "object_not_found", "NOPE", database="NOPE"),
    _fails("tables of nothing", "list_tables", "object_not_found", "NOPE", database="NOPE"),
    _fails("views of nothing", "list_views", "object_not_found", "NOPE", database="NOPE"),
    _fails("search in nothing", "search_objects", "object_not_found", "NOPE", query="x", database="NOPE"),
    _fails("no such table", "describe_table", "object_not_found", "NOPE", table=f"{SAMPLE}.NOPE"),
    _fails("no such view", "describe_view", "object_not_found", "NOPE", view=f"{SAMPLE}.NOPE"),
    _fails("sample of nothing", "query_view", "object_not_found", "NOPE", view=f"{SAMPLE}.NOPE"),
    _fails("profile of nothing", "profile_table", "object_not_found", "NOPE", table=f"{SAMPLE}.NOPE"),
    _fails("semantic views of nothing", "list_semantic_views", "object_not_found", "NOPE", database="NOPE"),
    _fails("no such semantic view", "describe_semantic_view", "object_not_found", "NOPE", view="DEMO.PUBLIC.NOPE"),
    _fails(
        "no such metric", "query_semantic_view", "invalid_argument", "SUPPLIERS?", view=FIGURES, metrics=["supliers"]
    ),
    _fails("no such argument of the context", "show_context", "invalid_argument", "format", formt="x"),
    _fails("plan of no query", "explain_query", "sql_invalid", "read", sql="SELEC 1"),
    _fails("a write", "execute_query", "statement_not_allowed", "DELETE", sql="DELETE FROM nation"),
    _fails(
        "an error, json wanted", "execute_query", "object_not_found", "NOPE", sql="SELECT * FROM nope", format="json"
    ),
    _fails("no cursor", "fetch_results", "cursor_invalid", "cursor", cursor="nonsense"),
    _fails("state of nothing", "query_status", "cursor_invalid", "cursor", cursor="nonsense"),
    _fails("stopping nothing", "cancel_query", "cursor_invalid", "cursor", cursor="nonsense"),
)

TOOLS = {scenario.tool for scenario in SCENARIOS}


def by_structure_first(result: dict[str, Any]) -> str:
    """Claude Code, Codex, pydantic-ai: the document if there is one, the texts of a failure."""
    if result.get("structuredContent") is not None and not result.get("isError"):
        return json.dumps(result["structuredContent"], ensure_ascii=False, separators=(",", ":"))
    return by_text(result)


def by_text(result: dict[str, Any]) -> str:
    """Gemini CLI, LangChain, the AI SDK: all texts."""
    return "\n".join(_texts(result))


def by_first_text(result: dict[str, Any]) -> str:
    """smolagents: the first text, whatever follows."""
    return next(iter(_texts(result)), "")


def by_structure_always(result: dict[str, Any]) -> str:
    """Clients that hold to the document in failures too."""
    if result.get("structuredContent") is not None:
        return json.dumps(result["structuredContent"], ensure_ascii=False, separators=(",", ":"))
    return by_text(result)


def by_both(result: dict[str, Any]) -> str:
    """google-adk, mcp-use, LlamaIndex, fastmcp: the whole result."""
    return by_text(result) + "\n" + by_structure_always(result)


RULES = (by_structure_first, by_structure_always, by_text, by_first_text, by_both)


def _texts(result: dict[str, Any]) -> list[str]:
    return [block["text"] for block in result.get("content", []) if block.get("type") == "text"]
