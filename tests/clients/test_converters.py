"""The schemas of the tools, through the converters by which other people's agents hand them to a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anthropic
import mcp.types
import pytest
from agents.strict_schema import ensure_strict_json_schema
from google.genai import _mcp_utils, types
from langchain_google_genai._function_utils import convert_to_genai_function_declarations

from support import clients
from support.server import Server

pytestmark = pytest.mark.anyio

COUNT = 18


@pytest.fixture
async def tools(agents_server: Server, log: Path) -> list[dict[str, Any]]:
    """All tools, as a client sees them."""
    async with clients.PYTHON_AUTO.connect(agents_server, log) as session:
        listed = await session.tools()
    assert len(listed) == COUNT
    return listed


async def test_openai_strict_takes_every_tool(tools: list[dict[str, Any]]) -> None:
    for tool in tools:
        strict = ensure_strict_json_schema(json.loads(json.dumps(tool["inputSchema"])))
        assert strict["additionalProperties"] is False, tool["name"]
        assert sorted(strict.get("required", [])) == sorted(strict["properties"]), tool["name"]


async def test_google_genai_takes_every_tool(tools: list[dict[str, Any]]) -> None:
    for tool in tools:
        converted = _mcp_utils.mcp_to_gemini_tool(mcp.types.Tool.model_validate(tool))
        [declared] = converted.function_declarations or []
        assert declared.name == tool["name"]


async def test_a_schema_of_google_genai_loses_no_argument(tools: list[dict[str, Any]]) -> None:
    for tool in tools:
        # Its own type of a schema refuses what Gemini's interface does not know.
        schema = types.Schema.model_validate(tool["inputSchema"])
        assert set(schema.properties or {}) == set(tool["inputSchema"]["properties"]), tool["name"]


async def test_langchain_google_genai_takes_every_tool(tools: list[dict[str, Any]]) -> None:
    for tool in tools:
        function = {"name": tool["name"], "description": tool["description"], "parameters": tool["inputSchema"]}
        converted = convert_to_genai_function_declarations([function])
        assert tool["name"] in str(converted)


async def test_anthropic_strict_takes_every_tool(tools: list[dict[str, Any]]) -> None:
    for tool in tools:
        strict = anthropic.transform_schema(tool["inputSchema"])
        assert strict["additionalProperties"] is False, tool["name"]
        assert set(strict["properties"]) == set(tool["inputSchema"]["properties"]), tool["name"]
