"""What smolagents does with the server: `python smolagents_script.py URL HOW`, in an environment of its own.

HOW is `texts` or `documents`: what its model, which is a script, was given of every scenario, is printed as JSON.
Or it is `gives-up`: a call that takes too long for the client, and one after it.
"""

from __future__ import annotations

import ast
import json
import sys
from typing import Any

from smolagents import MCPClient, Model, Tool, ToolCallingAgent
from smolagents.models import ChatMessage, ChatMessageToolCall, ChatMessageToolCallFunction, MessageRole

from support import scenarios
from support.scenarios import SCENARIOS

URL, HOW = sys.argv[1:]

NOTHING = {"string": "", "integer": 0, "boolean": False, "array": []}
"""What a model writes for an argument it has no value for. To smolagents every argument is required."""


class Script(Model):
    """Calls what the scenarios call, one after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.tools: dict[str, Tool] = {}
        self.seen: list[str] = []
        self._asked = 0

    def generate(self, messages: list[ChatMessage], **_: Any) -> ChatMessage:
        if self._asked:
            self.seen.append(_text(messages[-1]))
        self._asked += 1
        name, arguments = "final_answer", {"answer": "done"}
        if len(self.seen) < len(SCENARIOS):
            scenario = SCENARIOS[len(self.seen)]
            name = scenario.tool
            arguments = scenarios.arguments(scenario, self.seen[-1] if self.seen else "")
            if name in self.tools:
                inputs = self.tools[name].inputs
                arguments = {key: NOTHING[value["type"]] for key, value in inputs.items()} | arguments
        function = ChatMessageToolCallFunction(name=name, arguments=arguments)
        call = ChatMessageToolCall(id=str(self._asked), type="function", function=function)
        return ChatMessage(role=MessageRole.ASSISTANT, content="", tool_calls=[call])


def _text(message: ChatMessage) -> str:
    content = message.content
    text = content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)
    _, _, document = text.partition("Observation:\n")
    if HOW == "documents" and document.startswith("{"):
        # It shows its model a document as Python writes it; the scenarios know JSON.
        return json.dumps(ast.literal_eval(document.strip()), ensure_ascii=False)
    return text


def read() -> None:
    model = Script()
    server = {"url": URL, "transport": "streamable-http"}
    with MCPClient(server, structured_output=HOW == "documents") as tools:
        model.tools = {tool.name: tool for tool in tools}
        agent = ToolCallingAgent(tools=tools, model=model, max_steps=len(SCENARIOS) + 2, verbosity_level=0)
        agent.run("Go on.")
    print(json.dumps(model.seen))


def give_up() -> None:
    server = {"url": URL, "transport": "streamable-http"}
    # A float: of a whole number its adapter makes no time limit at all.
    with MCPClient(server, {"client_session_timeout_seconds": 2.0}, structured_output=False) as tools:
        query = next(tool for tool in tools if tool.name == "execute_query")
        try:
            query(sql="select stub.sleep(60000)")
        except Exception as error:
            print("given up:", error)
        else:
            raise AssertionError("the call was to be given up")
        print("after it:", query(sql="select 1"), flush=True)
        # Until it is told that it may leave.
        sys.stdin.readline()


if HOW == "gives-up":
    give_up()
else:
    read()
