"""As `scenarios.py`, on the stub of an account: what Snowflake would answer, and what the model has to be given.

Here are the tools that only an account has, and those that ask an account for something else than the embedded engine.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .scenarios import CURSOR, Scenario
from .server import FOR_AGENTS
from .stub import account, ask, running

ID = "01b2c3d4-0001-2345-0000-000a00010001"

Row = list[str | None]


def _answer(contains: str, columns: str, *rows: Row) -> dict[str, Any]:
    return {"contains": contains, "columns": columns.split(), "rows": [list(row) for row in rows]}


def _property(kind: str, name: str, parent: str | None, name_of: str, value: str) -> Row:
    return [kind, name, parent, name_of, value]


SEMANTIC_VIEW = (
    _property("TABLE", "ORDERS", None, "BASE_TABLE_DATABASE_NAME", "SALES"),
    _property("TABLE", "ORDERS", None, "BASE_TABLE_SCHEMA_NAME", "PUBLIC"),
    _property("TABLE", "ORDERS", None, "BASE_TABLE_NAME", "ORDERS"),
    _property("DIMENSION", "REGION", "ORDERS", "DATA_TYPE", "VARCHAR(25)"),
    _property("DIMENSION", "REGION", "ORDERS", "SYNONYMS", '["continent"]'),
    _property("DIMENSION", "ORDER_DATE", "ORDERS", "DATA_TYPE", "DATE"),
    _property("METRIC", "REVENUE", "ORDERS", "DATA_TYPE", "NUMBER(38,2)"),
    _property("METRIC", "REVENUE", "ORDERS", "EXPRESSION", "SUM(PRICE)"),
    _property("METRIC", "MARGIN", "ORDERS", "ACCESS_MODIFIER", "PRIVATE"),
)

HISTORY = "QUERY_ID STATUS STARTED SECONDS ROWS_PRODUCED BYTES_SCANNED WAREHOUSE TOOL ERROR CURSOR_OF TEXT"

ANSWERS = [
    _answer("from semantic_view", "REGION REVENUE", ["Europa, östlich", "12.50"], ["ASIA", None]),
    _answer("get_ddl", "DDL", ["CREATE SEMANTIC VIEW SV AS …"]),
    _answer("show semantic dimensions", "table_name name data_type required", ["ORDERS", "REGION", "VARCHAR", "true"]),
    _answer("describe semantic view", "object_kind object_name parent_entity property property_value", *SEMANTIC_VIEW),
    _answer(
        "show semantic views", "name database_name schema_name comment", ["SV", "SALES", "PUBLIC", "Orders | regions"]
    ),
    _answer(
        "get_query_operator_stats",
        "OPERATOR_ID OPERATOR_TYPE OPERATOR_STATISTICS EXECUTION_TIME_BREAKDOWN OPERATOR_ATTRIBUTES",
        [
            "1",
            "Join",
            '{"input_rows": 20000, "output_rows": 9000000}',
            '{"overall_percentage": 0.75}',
            '{"equality_join_condition": "(A.X = B.X)"}',
        ],
    ),
    _answer(
        "where query_id = ?",
        "STATUS TOTAL_ELAPSED_TIME COMPILATION_TIME QUEUED_PROVISIONING_TIME QUEUED_REPAIR_TIME QUEUED_OVERLOAD_TIME "
        "WAREHOUSE_NAME WAREHOUSE_SIZE ROWS_PRODUCED BYTES_SCANNED TEXT",
        ["SUCCESS", "20000", "500", "8000", "0", "0", "AGENT_WH", "X-Small", "5", "4096", "select a.x from a, b"],
    ),
    _answer("select count(*) from table(", "N", ["2"]),
    _answer(
        "query_history_by_user",
        HISTORY,
        [ID, "running", "2026-01-01", "7", None, None, "AGENT_WH", "execute_query", None, ID, "select 1"],
        [ID, "failed", "2026-01-01", "1", None, None, "AGENT_WH", "execute_query", "no table Ü", None, "select *"],
    ),
    _answer(
        "current_available_roles",
        "USER_NAME ROLE WAREHOUSE DATABASE_NAME SCHEMA_NAME ACCOUNT REGION ROLES",
        ["SERVICE", "ANALYST", "AGENT_WH", "SALES", None, "MYACCOUNT", "AWS_EU", '["PUBLIC", "ANALYST", "my role"]'],
    ),
    _answer("show warehouses", "name state size", ["AGENT_WH", "SUSPENDED", "X-Small"]),
    _answer(
        "approx_count_distinct",
        "N C0_N C0_D C0_MIN C0_MAX C0_TOP",
        ["1000", "1000", "998", "1", "9", '[["1", 1]]'],
    ),
    _answer("describe table", "name type", ["ORDER_ID", "NUMBER(38,0)"]),
    _answer("describe view", "name type", ["ORDER_ID", "NUMBER(38,0)"]),
    _answer(
        "show objects",
        "name database_name schema_name kind comment rows bytes",
        ["ORDERS", "SALES", "PUBLIC", "TABLE", "Bestellungen", "1000", "9000"],
    ),
    _answer('from "sales"."public"."orders"', "ORDER_ID", ["1"], ["2"]),
]

TOOLS_FILE = """
version: 1
tools:
  - name: orders_of
    description: How many orders a customer has, by the customer's number. Use it to look a customer up.
    statement: SELECT COUNT(*) AS orders_found, :customer AS customer FROM sales.public.orders
    parameters: [{name: customer, type: integer, minimum: 1}]
prompts:
  - name: greet
    description: Greets somebody.
    arguments: [{name: name, required: true}]
    text: Greet {{name}}.
"""

ANSWERS.insert(0, _answer("orders_found", "ORDERS_FOUND CUSTOMER", ["3", "7"]))

VIEW = "sales.public.sv"
FIGURES = {
    "view": VIEW,
    "metrics": ["revenue"],
    "dimensions": ["region"],
    "filters": [{"field": "order_date", "op": "gte", "value": "1995-01-01"}],
    "having": [{"field": "revenue", "op": "gt", "value": 10}],
}

LONG = {"sql": "select stub.sleep(60000)", "wait_seconds": 0}

ACCOUNT_SCENARIOS = (
    Scenario("databases", "list_databases", {}, ('"name_1"', '"name_2"', "all there are.")),
    Scenario("schemas", "list_schemas", {"database": "SALES"}, ('"name_2"', "all there are.")),
    Scenario("tables", "list_tables", {"schema": "SALES.PUBLIC"}, ('"name_2"', "all there are.")),
    Scenario("views", "list_views", {"schema": "SALES.PUBLIC"}, ('"name_2"', "all there are.")),
    Scenario("search", "search_objects", {"query": "order"}, ("SALES.PUBLIC.ORDERS", "Bestellungen", "found")),
    Scenario("table", "describe_table", {"table": "SALES.PUBLIC.ORDERS"}, ("ORDER_ID", "1000 rows")),
    Scenario("view", "describe_view", {"view": "SALES.PUBLIC.V"}, ("ORDER_ID", "1 column.")),
    Scenario("semantic views", "list_semantic_views", {}, ("SV", "Orders", "all there are.")),
    Scenario(
        "a semantic view",
        "describe_semantic_view",
        {"view": VIEW, "metric": "revenue", "definition": "sql"},
        ("ORDERS.REVENUE", "(also continent)", "(cannot be queried)", "ORDERS.REGION (required)", "CREATE SEMANTIC"),
    ),
    Scenario(
        "a semantic view as json",
        "describe_semantic_view",
        {"view": VIEW, "format": "json"},
        ('"metrics":[', '"name":"ORDERS.REVENUE"', '"private":true'),
    ),
    Scenario(
        "figures",
        "query_semantic_view",
        FIGURES,
        ("Europa, östlich", "12.50", "2 rows, all there are.", "sql: SELECT * FROM SEMANTIC_VIEW("),
    ),
    Scenario(
        "figures as json",
        "query_semantic_view",
        FIGURES | {"format": "json"},
        ('["Europa, östlich",', '["ASIA",null]', '"sql":"SELECT * FROM SEMANTIC_VIEW('),
    ),
    Scenario(
        "no such metric",
        "query_semantic_view",
        {"view": VIEW, "metrics": ["revenu"]},
        ("invalid_argument:", "REVENUE?", "What to do:"),
        is_error=True,
    ),
    Scenario(
        "history",
        "query_history",
        {"contains": "select"},
        ("running", "no table Ü", "select 1", "2 rows, all there are."),
    ),
    Scenario("history as json", "query_history", {"format": "json"}, ('"cursor"', '"no table Ü"', '"truncated":false')),
    Scenario(
        "why slow",
        "query_profile",
        {"query_id": ID},
        (
            "waited 8.0 of 20.0 s",
            "makes 9000000 rows of 20000",
            "A.X = B.X",
            "select a.x from a, b",
            "AGENT_WH (X-Small)",
        ),
    ),
    Scenario("why slow as json", "query_profile", {"query_id": ID, "format": "json"}, ('"findings":[', '"percent":75')),
    Scenario("no id", "query_profile", {"query_id": "x"}, ("invalid_argument:", "query_history"), is_error=True),
    Scenario(
        "profile",
        "profile_table",
        {"table": "sales.public.orders"},
        ("ORDER_ID looks unique", "1000 rows were read"),
    ),
    Scenario("who am I", "show_context", {}, ("AGENT_WH", "SUSPENDED", '"my role"', "may be named")),
    Scenario("a tool of the operator's", "orders_of", {"customer": 7}, ("| 3", "1 row, all there are.")),
    Scenario(
        "and its mistake", "orders_of", {"customer": 0}, ("invalid_argument:", "customer", "at least 1"), is_error=True
    ),
    Scenario("rows", "execute_query", {"sql": "SELECT 1 AS one, 'ü' AS two"}, ("ONE", "ü", "1 row, all there are.")),
    Scenario("sample", "query_view", {"view": "sales.public.orders"}, ("ORDER_ID", "2 rows")),
    Scenario("plan", "explain_query", {"sql": "SELECT 1"}, ("operation_1", "all there are.")),
    Scenario("a long statement", "execute_query", LONG, ("still running", "cursor:")),
    Scenario("its state", "query_status", {"cursor": CURSOR}, ("running", "query_id")),
    Scenario("another", "execute_query", LONG, ("still running", "cursor:")),
    Scenario("its rows", "fetch_results", {"cursor": CURSOR, "wait_seconds": 1}, ("still running", "cursor:")),
    Scenario("stopping it", "cancel_query", {"cursor": CURSOR}, ("cancelled", "query_id")),
)

ACCOUNT_TOOLS = {scenario.tool for scenario in ACCOUNT_SCENARIOS}


@contextmanager
def on_an_account(folder: Path) -> Iterator[dict[str, str]]:
    """The settings of a server in front of the stub that answers so, for as long as it is wanted."""
    file = folder / "tools.yaml"
    file.write_text(TOOLS_FILE)
    with running() as stub:
        ask("POST", stub + "/stub/settings", {"answers": ANSWERS})
        # Each client leaves a statement of a minute behind. Quick clients would fill the five slots of development.
        own = {"SNOWFLAKE_DATABASE": "SALES", "CUSTOM_TOOLS_FILE": str(file), "SNOWFLAKE_POOL_MAX_SIZE": "20"}
        yield account(stub) | FOR_AGENTS | own | {"TOOLSETS": "catalog,query,semantic,custom"}
