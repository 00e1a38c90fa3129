"""Names as people really give them: lower case, spaces, dots, quotes, letters from anywhere.

The tools report names as SQL takes them. So whatever one reports is handed to the next, through all of the catalog.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest

from support import clients
from support.clients import Answer, Kind, Session
from support.server import Server

pytestmark = pytest.mark.anyio

PECULIARITIES = {
    "a lower-case letter": re.compile(r"[a-z]"),
    "a space": re.compile(r" "),
    "a dot": re.compile(r"\."),
    "a letter beyond ASCII": re.compile(r"[^\x00-\x7f]"),
}


def bare(name: str) -> str:
    """A name without the quotes that SQL wants around it."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


async def ask(session: Session, tool: str, **arguments: object) -> Answer:
    answer = await session.call(tool, **arguments)
    assert not answer.is_error, f"{tool} {arguments}: {answer.text}"
    return answer


@pytest.mark.parametrize(
    "client", [clients.PYTHON_AUTO, clients.PYTHON_STDIO, clients.TYPESCRIPT_1, clients.TYPESCRIPT_2], ids=str
)
async def test_every_name_a_tool_reports_is_understood_by_the_next(client: Kind, server: Server, log: Path) -> None:
    async with client.connect(server, log) as session:
        await session.tools()
        seen: list[str] = []
        databases = (await ask(session, "list_databases", format="json")).records
        assert len(databases) >= 2
        for database in (row["name"] for row in databases):
            seen.append(database)
            schemas = (await ask(session, "list_schemas", database=database, format="json")).records
            assert schemas
            assert all(row["database"] == database for row in schemas)
            for schema in (row["name"] for row in schemas):
                seen.append(schema)
                seen += await walk_through(session, database, schema)
    peculiar = {what: [name for name in seen if pattern.search(bare(name))] for what, pattern in PECULIARITIES.items()}
    missing = [what for what, names in peculiar.items() if not names]
    assert not missing, f"no name in the embedded engine has {missing}; all names: {seen}"


ODD = """it's "odd" ; -- ünï.code % _ \\ /*"""
"""A name with everything that means something in SQL. Nothing is called so."""


@pytest.mark.parametrize("client", [clients.PYTHON_AUTO, clients.TYPESCRIPT_2], ids=str)
@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("list_schemas", {"database": "{odd}"}),
        ("list_tables", {"database": "DEMO", "schema": "{odd}"}),
        ("list_views", {"schema": "{odd}.{odd}"}),
        ("describe_table", {"table": "DEMO.PUBLIC.{odd}"}),
        ("describe_view", {"view": "{odd}.{odd}.{odd}"}),
        ("query_view", {"view": "{odd}"}),
        ("query_view", {"view": "NATION", "columns": ["{odd}"]}),
        ("search_objects", {"query": "x", "database": "{odd}"}),
        ("execute_query", {"sql": "SELECT 1", "database": "{odd}"}),
        ("execute_query", {"sql": "SELECT 1", "schema": "{odd}"}),
        ("execute_query", {"sql": "SELECT * FROM {odd}"}),
        ("explain_query", {"sql": "SELECT {odd} FROM nation"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_name_that_looks_like_sql_is_looked_up_as_a_name(
    client: Kind, server: Server, log: Path, tool: str, arguments: dict[str, Any]
) -> None:
    async with client.connect(server, log) as session:
        await session.tools()
        answer = await session.call(tool, **written(arguments))
    assert answer.is_error
    assert answer.structured["code"] == "object_not_found", answer.text


async def test_a_column_may_be_called_anything(client: Kind, server: Server, log: Path) -> None:
    async with client.connect(server, log) as session:
        await session.tools()
        answer = await ask(session, "execute_query", sql=f"SELECT 1 AS {quoted(ODD)}", format="json")
        assert answer.records == [{ODD: 1}]
        answer = await ask(session, "execute_query", sql=f"SELECT 1 AS {quoted(ODD)}", format="csv")
        assert next(csv.reader(answer.text.splitlines())) == [ODD]


def quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def written(value: Any) -> Any:
    """The arguments with the odd name put in."""
    if isinstance(value, str):
        return value.replace("{odd}", quoted(ODD))
    if isinstance(value, list):
        return [written(one) for one in value]
    return {name: written(one) for name, one in value.items()}


async def walk_through(session: Session, database: str, schema: str) -> list[str]:
    """Describes and samples every table and view of a schema, and gives their names and their columns'."""
    seen = []
    for kind in ("table", "view"):
        listed = await ask(session, f"list_{kind}s", database=database, schema=schema, limit=1000, format="json")
        for row in listed.records:
            assert (row["database"], row["schema"]) == (database, schema)
            seen.append(row["name"])
            seen += await look_at(session, kind, f"{database}.{schema}.{row['name']}")
    return seen


async def look_at(session: Session, kind: str, name: str) -> list[str]:
    described = (await ask(session, f"describe_{kind}", **{kind: name})).structured
    assert described["name"] == name
    columns = [column["name"] for column in described["columns"]]
    assert columns

    sample = await ask(session, "query_view", view=name, columns=columns, limit=3, format="json")
    assert [column["name"] for column in sample.structured["columns"]] == [bare(column) for column in columns]

    # The same names by hand in a statement, and the schema as an argument instead of a prefix.
    selected = ", ".join(columns)
    whole = await ask(session, "execute_query", sql=f"SELECT {selected} FROM {name}", limit=1, format="json")
    database, schema, table = split(name)
    short = await ask(
        session,
        "execute_query",
        sql=f"SELECT {selected} FROM {table}",
        database=database,
        schema=schema,
        limit=1,
        format="json",
    )
    assert whole.structured["columns"] == short.structured["columns"] == sample.structured["columns"]

    await ask(session, "explain_query", sql=f"SELECT {selected} FROM {name}")

    words = re.findall(r"\w+", bare(table))
    if words:
        found = await ask(session, "search_objects", query=max(words, key=len), database=database, limit=1000)
        assert name in {match["name"] for match in found.structured["matches"]}
    return columns


def split(name: str) -> list[str]:
    """The parts of a qualified name, quotes kept."""
    parts = re.findall(r'"(?:[^"]|"")*"|[^".]+', name)
    assert ".".join(parts) == name
    return parts
