"""What clients show people, and the operator's own tools: prompts, resources, completions, `CUSTOM_TOOLS_FILE`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.clients import Kind
from support.server import Server

pytestmark = pytest.mark.anyio

TOOLS = """
version: 1
tools:
  - name: nations_of
    description: The nations of a region, by the name of the region. Use it to look nations up.
    statement: |
      SELECT n_name FROM nation JOIN region ON r_regionkey = n_regionkey
      WHERE r_name = :region ORDER BY 1
    parameters: [{name: region, type: string, enum: [AFRICA, ASIA]}]
prompts:
  - name: greet
    description: Greets somebody.
    arguments: [{name: name, required: true}]
    text: Greet {{name}}.
"""


@pytest.fixture(scope="module")
def offering(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with tools and prompts of its operator's."""
    file = tmp_path_factory.mktemp("custom") / "tools.yaml"
    file.write_text(TOOLS)
    with Server(CUSTOM_TOOLS_FILE=str(file)) as server:
        yield server


async def test_a_tool_of_the_operators_is_called_like_any_other(http_client: Kind, offering: Server, log: Path) -> None:
    async with http_client.connect(offering, log) as session:
        names = [tool["name"] for tool in await session.tools()]
        assert names[-1] == "nations_of"
        answer = await session.call("nations_of", region="AFRICA", format="json")
        assert answer.rows == [["ALGERIA"], ["ETHIOPIA"], ["KENYA"], ["MOROCCO"], ["MOZAMBIQUE"]]
        refused = await session.call("nations_of", region="EUROPE")
        assert refused.is_error
        assert "one of" in refused.text


async def test_prompts_resources_and_completions_are_there_for_every_client(
    http_client: Kind, offering: Server, log: Path
) -> None:
    async with http_client.connect(offering, log) as session:
        assert {"explore_database", "review_query", "greet"} <= set(await session.prompts())
        assert await session.prompt("greet", name="Ada") == "Greet Ada."
        table = "snowflake://SNOWFLAKE_SAMPLE_DATA/TPCH_SF1/NATION"
        assert {"snowflake://guide", "snowflake://policy", table} <= set(await session.resources())
        assert "N_REGIONKEY" in await session.read(table)
        assert "nothing may be changed" in await session.read("snowflake://policy")
        templates = await session.templates()
        assert templates[-1] == "snowflake://{database}/{schema}/{object}"
        assert await session.complete(templates[-1], "database", "sam") == ["SNOWFLAKE_SAMPLE_DATA"]
