"""pydantic-ai with a model by script: what its model is given of every scenario."""

from __future__ import annotations

import pytest
from pydantic_ai import Agent, ModelMessage, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.mcp import MCPToolset
from pydantic_ai.messages import RetryPromptPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.usage import UsageLimits

from support import scenarios
from support.scenarios import SCENARIOS
from support.server import Server

pytestmark = pytest.mark.anyio


async def test_pydantic_ai_gives_its_model_the_whole_answer(agents_server: Server) -> None:
    seen: list[str] = []

    def model(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        del info
        for part in messages[-1].parts:
            if isinstance(part, ToolReturnPart):
                seen.append(part.model_response_str())
            elif isinstance(part, RetryPromptPart):
                seen.append(part.model_response())
        if len(seen) >= len(SCENARIOS):
            return ModelResponse(parts=[TextPart("done")])
        scenario = SCENARIOS[len(seen)]
        call = ToolCallPart(scenario.tool, scenarios.arguments(scenario, seen[-1] if seen else ""))
        return ModelResponse(parts=[call])

    agent = Agent(FunctionModel(model), toolsets=[MCPToolset(agents_server.url, max_retries=100)], retries=100)
    await agent.run("Go on.", usage_limits=UsageLimits(request_limit=None))
    assert len(seen) == len(SCENARIOS)
    lost = {one.name: one.missing(text) for one, text in zip(SCENARIOS, seen, strict=True) if one.missing(text)}
    assert not lost
