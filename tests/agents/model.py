"""A model by script, on loopback, for whichever of four interfaces an agent speaks.

Nobody thinks here: the model calls the tools of a list of scenarios, one after the other, and ends. What the agent
hands it after each call is what a real model would be given, and is kept.
"""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from support import scenarios
from support.scenarios import Scenario

Json = dict[str, Any]


class Model:
    """Answers until its script is over."""

    def __init__(self, script: tuple[Scenario, ...]) -> None:
        self.script = script
        self.seen: dict[int, str] = {}
        """What it was given, by the number of the call."""
        self.paths: list[str] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Door", (_Door,), {"model": self}))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def next_call(self, tools: list[str], given: list[str]) -> tuple[str, Json] | None:
        """The tool to call now, by the name the agent has for it, and the arguments."""
        with self._lock:
            # The first sight counts: some agents shorten what is long ago.
            for number, text in enumerate(given):
                self.seen.setdefault(number, text)
        number = len(given)
        if number >= len(self.script):
            return None
        scenario = self.script[number]
        name = next((tool for tool in tools if tool.endswith(scenario.tool)), None)
        # Agents also ask for titles and summaries, without tools.
        return name and (name, scenarios.arguments(scenario, given[-1] if given else ""))


class _Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    model: Model

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._send("", "text/plain")

    def do_GET(self) -> None:
        self._send('{"data": [], "models": []}', "application/json")

    def do_POST(self) -> None:
        body = self._body()
        self.model.paths.append(self.path)
        streams = bool(body.get("stream")) or "streamGenerate" in self.path
        if "count_tokens" in self.path:
            text = '{"input_tokens": 10}'
        else:
            answer = next((answer for part, answer in INTERFACES.items() if part in self.path), None)
            text = answer(self.model, body, streams) if answer else "{}"
        self._send(text, "text/event-stream" if streams else "application/json")

    def _body(self) -> Json:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            raw = b"".join(self._chunks())
        else:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        encoding = self.headers.get("Content-Encoding")
        if encoding == "gzip":
            raw = gzip.decompress(raw)
        elif encoding not in (None, "identity"):
            raise ValueError(f"a body in {encoding}: the agent's setting for that is another now")
        return json.loads(raw or b"{}")

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _send(self, text: str, kind: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _events(events: list[Json], *, named: bool = True) -> str:
    def head(event: Json) -> str:
        return f"event: {event['type']}\n" if named else ""

    return "".join(f"{head(event)}data: {json.dumps(event)}\n\n" for event in events)


def _words(content: Any) -> str:
    """All texts in a result, in order, whatever they are wrapped in."""
    if isinstance(content, str):
        return content
    if isinstance(content, dict):
        # What names the kind of a part is no word of the answer.
        kept = [value for name, value in content.items() if name not in ("type", "id", "name")]
        return "\n".join(text for text in map(_words, kept) if text)
    if isinstance(content, list):
        return "\n".join(text for text in map(_words, content) if text)
    return ""


def _anthropic(model: Model, body: Json, streams: bool) -> str:
    parts = [
        part
        for message in body.get("messages", [])
        if isinstance(message["content"], list)
        for part in message["content"]
    ]
    given = [_words(part.get("content")) for part in parts if part.get("type") == "tool_result"]
    call = model.next_call([tool["name"] for tool in body.get("tools", [])], given)
    message: Json = {
        "id": f"msg_{len(given)}",
        "type": "message",
        "role": "assistant",
        "model": body.get("model"),
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
        "content": [],
    }
    if call:
        name, arguments = call
        block: Json = {"type": "tool_use", "id": f"toolu_{len(given)}", "name": name, "input": {}}
        delta: Json = {"type": "input_json_delta", "partial_json": json.dumps(arguments)}
        whole = block | {"input": arguments}
        reason = "tool_use"
    else:
        block, delta = {"type": "text", "text": ""}, {"type": "text_delta", "text": "done"}
        whole = {"type": "text", "text": "done"}
        reason = "end_turn"
    if not streams:
        return json.dumps(message | {"content": [whole], "stop_reason": reason})
    end = {"stop_reason": reason, "stop_sequence": None}
    return _events(
        [
            {"type": "message_start", "message": message},
            {"type": "content_block_start", "index": 0, "content_block": block},
            {"type": "content_block_delta", "index": 0, "delta": delta},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": end, "usage": {"output_tokens": 1}},
            {"type": "message_stop"},
        ]
    )


def _completions(model: Model, body: Json, streams: bool) -> str:
    given = [_words(message["content"]) for message in body.get("messages", []) if message["role"] == "tool"]
    tools = [tool["function"]["name"] for tool in body.get("tools") or [] if "function" in tool]
    call = model.next_call(tools, given)
    message: Json = {"role": "assistant", "content": None if call else "done"}
    if call:
        function = {"name": call[0], "arguments": json.dumps(call[1])}
        message["tool_calls"] = [{"index": 0, "id": f"call_{len(given)}", "type": "function", "function": function}]
    reason = "tool_calls" if call else "stop"
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    frame = {"id": f"c{len(given)}", "created": 1, "model": body.get("model")}
    if not streams:
        choice = {"index": 0, "message": message, "finish_reason": reason}
        return json.dumps(frame | {"object": "chat.completion", "choices": [choice], "usage": usage})
    frame |= {"object": "chat.completion.chunk"}
    first = {"index": 0, "delta": message, "finish_reason": None}
    last = {"index": 0, "delta": {}, "finish_reason": reason}
    events = [frame | {"choices": [first]}, frame | {"choices": [last], "usage": usage}]
    return _events(events, named=False) + "data: [DONE]\n\n"


def _responses(model: Model, body: Json, streams: bool) -> str:
    items = [item for item in body.get("input", []) if isinstance(item, dict)]
    given = [_words(item.get("output")) for item in items if item.get("type") == "function_call_output"]
    places = dict(_places(body.get("tools", [])))
    call = model.next_call(list(places), given)
    item: Json
    if call:
        item = {"type": "function_call", "id": f"fc_{len(given)}", "call_id": f"call_{len(given)}"}
        item |= {"name": call[0], "arguments": json.dumps(call[1]), "status": "completed"}
        if places[call[0]]:
            item["namespace"] = places[call[0]]
    else:
        text = {"type": "output_text", "text": "done", "annotations": []}
        item = {"type": "message", "id": f"m_{len(given)}", "role": "assistant", "content": [text]}
    usage = {
        "input_tokens": 1,
        "output_tokens": 1,
        "total_tokens": 2,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens_details": {"reasoning_tokens": 0},
    }
    response = {"id": f"r_{len(given)}", "object": "response", "created_at": 1, "model": "scripted", "usage": usage}
    response |= {"status": "completed", "output": [item]}
    if not streams:
        return json.dumps(response)
    return _events(
        [
            {"type": "response.created", "response": response | {"status": "in_progress", "output": []}},
            {"type": "response.output_item.added", "output_index": 0, "item": item},
            {"type": "response.output_item.done", "output_index": 0, "item": item},
            {"type": "response.completed", "response": response},
        ]
    )


def _places(tools: list[Json], space: str | None = None) -> Iterator[tuple[str, str | None]]:
    """The names of tools and the namespace each is in."""
    for tool in tools:
        if tool.get("type") == "namespace":
            yield from _places(tool.get("tools", []), tool.get("name"))
        elif "name" in tool:
            yield tool["name"], space


def _gemini(model: Model, body: Json, streams: bool) -> str:
    parts = [part for content in body.get("contents", []) for part in content.get("parts", [])]
    given = [_words(part["functionResponse"]["response"]) for part in parts if "functionResponse" in part]
    declared = [one["name"] for tool in body.get("tools", []) for one in tool.get("functionDeclarations", [])]
    call = model.next_call(declared, given)
    part = {"functionCall": {"name": call[0], "args": call[1]}} if call else {"text": "done"}
    answer = {
        "candidates": [{"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2},
        "modelVersion": "scripted",
    }
    return f"data: {json.dumps(answer)}\n\n" if streams else json.dumps(answer)


INTERFACES = {
    "/messages": _anthropic,
    "/chat/completions": _completions,
    "/responses": _responses,
    "enerateContent": _gemini,
}
"""How each is told from the others: a part of its path."""
