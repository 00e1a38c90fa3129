"""Clients that other people wrote, behind one small interface, so that every test runs with each of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import mcp
import mcp.client.stdio
import mcp.client.streamable_http

from support import sign_ins
from support.folders import NODE_FOLDER, node
from support.server import Server, binary, environment

CALL_TIMEOUT = 60
"""Seconds after which a call counts as never answered."""

HERE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Answer:
    """What a tool answered."""

    text: str
    structured: dict[str, Any]
    is_error: bool

    @property
    def rows(self) -> list[list[Any]]:
        """The rows of an answer that was asked for as JSON."""
        assert not self.is_error, self.text
        return self.structured["rows"]

    @property
    def records(self) -> list[dict[str, Any]]:
        """The same, each row by the names of its columns."""
        names = [column["name"] for column in self.structured["columns"]]
        return [dict(zip(names, row, strict=True)) for row in self.rows]


class Session(Protocol):
    """One client connected to one server."""

    protocol: str

    async def tools(self) -> list[dict[str, Any]]:
        """`tools/list`, as it came."""

    async def call(self, tool: str, **arguments: Any) -> Answer:
        """`tools/call`."""

    async def prompts(self) -> list[str]:
        """`prompts/list`: the names."""

    async def prompt(self, prompt: str, /, **arguments: str) -> str:
        """`prompts/get`: the text."""

    async def resources(self) -> list[str]:
        """`resources/list`: the addresses."""

    async def templates(self) -> list[str]:
        """`resources/templates/list`: the templates."""

    async def read(self, uri: str) -> str:
        """`resources/read`: the text."""

    async def complete(self, template: str, name: str, value: str) -> list[str]:
        """`completion/complete` for an argument of a template."""

    async def give_up(self, after: float, tool: str, **arguments: Any) -> None:
        """Calls, and aborts the call after so many seconds in the way the client does that."""


@dataclass(frozen=True)
class Kind:
    """A client, its transport and the protocol it is told to speak."""

    name: str
    protocol: str
    transport: str = "http"

    def __str__(self) -> str:
        return self.name

    @asynccontextmanager
    async def connect(
        self, server: Server | str, log: Path, sign_in: sign_ins.SignIn | None = None, **settings: str
    ) -> AsyncIterator[Session]:
        """Connects to a server, or to one of its own over stdio, with these settings, whose log goes to the file."""
        url = server if isinstance(server, str) else server.url
        if self.name.startswith("python"):
            session = _python(self, url, log, sign_in, settings)
        else:
            session = _node(self, url, sign_in)
        async with session as connected:
            yield connected


PYTHON_AUTO = Kind("python-http", "2026-07-28")
PYTHON_LEGACY = Kind("python-http-legacy", "2025-11-25")
PYTHON_STDIO = Kind("python-stdio", "2026-07-28", "stdio")
PYTHON_STDIO_LEGACY = Kind("python-stdio-legacy", "2025-11-25", "stdio")
TYPESCRIPT_1 = Kind("typescript-1", "2025-11-25")
TYPESCRIPT_2 = Kind("typescript-2", "2026-07-28")
TYPESCRIPT_2_LEGACY = Kind("typescript-2-legacy", "2025-11-25")
PYTHON_MCP_REMOTE_AUTO = Kind("python-mcp-remote-auto", "2026-07-28", "mcp-remote")
PYTHON_MCP_REMOTE = Kind("python-mcp-remote", "2025-11-25", "mcp-remote")
"""A client that only speaks stdio, with mcp-remote between. Node takes seconds to start it, so it is not in `ALL`."""

OVER_HTTP = (PYTHON_AUTO, PYTHON_LEGACY, TYPESCRIPT_1, TYPESCRIPT_2, TYPESCRIPT_2_LEGACY)
ALL = (*OVER_HTTP, PYTHON_STDIO, PYTHON_STDIO_LEGACY)


class _PythonSession:
    def __init__(self, client: mcp.Client) -> None:
        self._client = client
        self.protocol = client.protocol_version

    async def tools(self) -> list[dict[str, Any]]:
        listed = await self._client.list_tools()
        return [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in listed.tools]

    async def call(self, tool: str, **arguments: Any) -> Answer:
        result = await self._client.call_tool(tool, arguments)
        text = "\n".join(block.text for block in result.content if block.type == "text")
        return Answer(text, result.structured_content or {}, bool(result.is_error))

    async def prompts(self) -> list[str]:
        return [prompt.name for prompt in (await self._client.list_prompts()).prompts]

    async def prompt(self, prompt: str, /, **arguments: str) -> str:
        return (await self._client.get_prompt(prompt, arguments)).messages[0].content.text

    async def resources(self) -> list[str]:
        return [str(resource.uri) for resource in (await self._client.list_resources()).resources]

    async def templates(self) -> list[str]:
        listed = await self._client.list_resource_templates()
        return [template.uri_template for template in listed.resource_templates]

    async def read(self, uri: str) -> str:
        return (await self._client.read_resource(uri)).contents[0].text

    async def complete(self, template: str, name: str, value: str) -> list[str]:
        reference = mcp.types.ResourceTemplateReference(type="ref/resource", uri=template)
        return (await self._client.complete(reference, {"name": name, "value": value})).completion.values

    async def give_up(self, after: float, tool: str, **arguments: Any) -> None:
        try:
            async with asyncio.timeout(after):
                answer = await self.call(tool, **arguments)
        except TimeoutError:
            return
        raise AssertionError(f"the call was to be given up, but was answered: {answer.text}")


@asynccontextmanager
async def _python(
    kind: Kind, url: str, log: Path, sign_in: sign_ins.SignIn | None, settings: dict[str, str]
) -> AsyncIterator[Session]:
    mode = "auto" if kind.protocol == "2026-07-28" else "legacy"
    if sign_in is not None and kind.transport == "http":
        async with sign_in.http_client(url) as http:
            transport = mcp.client.streamable_http.streamable_http_client(url, http_client=http)
            async with mcp.Client(transport, mode=mode, read_timeout_seconds=CALL_TIMEOUT) as client:
                yield _PythonSession(client)
        return
    if kind.transport == "http":
        async with mcp.Client(url, mode=mode, read_timeout_seconds=CALL_TIMEOUT) as client:
            yield _PythonSession(client)
        return
    command = mcp.StdioServerParameters(command=str(binary()), args=["stdio"], env=environment(**settings))
    if kind.transport == "mcp-remote":
        proxy = NODE_FOLDER / "node_modules" / "mcp-remote" / "dist" / "proxy.js"
        arguments = [str(proxy), url, "--allow-http", "--transport", "http-only"]
        # What it remembers of servers is for this test alone.
        own = {"MCP_REMOTE_CONFIG_DIR": str(log.with_name("mcp-remote"))}
        if sign_in is not None:
            own |= sign_in.environment
        command = mcp.StdioServerParameters(command=str(node()), args=arguments, env=environment() | own)
    with log.open("w") as errors:
        transport = mcp.client.stdio.stdio_client(command, errlog=errors)
        async with mcp.Client(transport, mode=mode, read_timeout_seconds=CALL_TIMEOUT) as client:
            yield _PythonSession(client)


class _NodeSession:
    """Talks to `node/driver.mjs`, one JSON object a line each way."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.protocol = ""

    async def ask(self, **request: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        line = await asyncio.wait_for(self._process.stdout.readline(), CALL_TIMEOUT + 5)
        if not line:
            raise RuntimeError(f"the driver ended with {await self._process.wait()}; its stderr tells why")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["result"]

    async def tools(self) -> list[dict[str, Any]]:
        return await self.ask(do="list")

    async def call(self, tool: str, **arguments: Any) -> Answer:
        result = await self.ask(do="call", name=tool, arguments=arguments)
        text = "\n".join(block["text"] for block in result["content"] if block["type"] == "text")
        return Answer(text, result.get("structuredContent", {}), result.get("isError", False))

    async def prompts(self) -> list[str]:
        return [prompt["name"] for prompt in await self.ask(do="list_prompts")]

    async def prompt(self, prompt: str, /, **arguments: str) -> str:
        return await self.ask(do="get_prompt", name=prompt, arguments=arguments)

    async def resources(self) -> list[str]:
        return [resource["uri"] for resource in await self.ask(do="list_resources")]

    async def templates(self) -> list[str]:
        return [template["uriTemplate"] for template in await self.ask(do="list_templates")]

    async def read(self, uri: str) -> str:
        return await self.ask(do="read", name=uri)

    async def complete(self, template: str, name: str, value: str) -> list[str]:
        params = {"ref": {"type": "ref/resource", "uri": template}, "argument": {"name": name, "value": value}}
        return await self.ask(do="complete", arguments=params)

    async def give_up(self, after: float, tool: str, **arguments: Any) -> None:
        await self.ask(do="give_up", name=tool, arguments=arguments, after_ms=round(after * 1000))


@asynccontextmanager
async def _node(kind: Kind, url: str, sign_in: sign_ins.SignIn | None) -> AsyncIterator[Session]:
    process = await asyncio.create_subprocess_exec(
        node(),
        HERE / "node" / "driver.mjs",
        NODE_FOLDER,
        kind.name,
        url,
        *([sign_in.client] if sign_in else []),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=64 * 1024 * 1024,
    )
    try:
        session = _NodeSession(process)
        session.protocol = await session.ask(do="connect")
        yield session
        await session.ask(do="close")
        assert process.stdin is not None
        process.stdin.close()
        await asyncio.wait_for(process.wait(), 10)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
