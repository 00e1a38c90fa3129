"""Clients that other people wrote sign in at a real authorization server, and use what they get there."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from support import clients
from support.folders import NODE_FOLDER, node
from support.server import Server
from support.sign_ins import AuthorizationServer, SignIn, free_port, in_a_browser, protected
from support.stub import account, running
from support.stub import ask as control

QUESTION = "SELECT 41 + 1 AS N"

SECONDS = float(os.environ.get("TOKEN_LOAD_SECONDS", "12"))
"""How long tokens are under load; `make token-load` takes ten minutes."""


@pytest.fixture(scope="module")
def issuer_and_server() -> Iterator[tuple[AuthorizationServer, Server]]:
    port = free_port()
    with AuthorizationServer(f"http://127.0.0.1:{port}/mcp") as issuer, protected(port, issuer) as server:
        yield issuer, server


@pytest.mark.anyio
async def test_a_client_signs_in_by_itself_and_runs_a_query(
    http_client: clients.Kind, issuer_and_server: tuple[AuthorizationServer, Server], tmp_path: Path
) -> None:
    issuer, server = issuer_and_server
    before = issuer.stats()
    async with http_client.connect(server, tmp_path / "log", SignIn()) as session:
        assert session.protocol == http_client.protocol
        answer = await session.call("execute_query", sql=QUESTION, format="json")
        assert int(answer.rows[0][0]) == 42
        assert "execute_query" in {tool["name"] for tool in await session.tools()}
    after = issuer.stats()
    assert after["register"] - before["register"] == 1
    assert after["interaction"] > before["interaction"]


STEPPING_UP = (clients.TYPESCRIPT_2, clients.TYPESCRIPT_2_LEGACY, clients.PYTHON_AUTO, clients.PYTHON_LEGACY)
"""Not SDK 1 of TypeScript, see below."""


@pytest.mark.parametrize("kind", STEPPING_UP, ids=str)
@pytest.mark.anyio
async def test_a_client_asks_for_a_further_scope_when_it_needs_one(kind: clients.Kind, tmp_path: Path) -> None:
    port = free_port()
    with (
        AuthorizationServer(f"http://127.0.0.1:{port}/mcp") as issuer,
        protected(port, issuer, OAUTH_SCOPES_SUPPORTED="mcp:catalog") as server,
    ):
        # A client that registers itself is given no more than the first challenge names, by many issuers for ever.
        async with kind.connect(server, tmp_path / "log", SignIn("registered")) as session:
            assert not (await session.call("list_databases")).is_error
            signed_in = issuer.stats()["interaction"]
            answer = await session.call("execute_query", sql=QUESTION, format="json")
            assert int(answer.rows[0][0]) == 42
            assert issuer.stats()["interaction"] > signed_in


@pytest.mark.anyio
async def test_the_first_sdk_of_typescript_refreshes_where_it_should_ask_for_a_scope(tmp_path: Path) -> None:
    """What docs/signing-in.md says of it. When this fails, a newer one has learnt it."""
    port = free_port()
    with (
        AuthorizationServer(f"http://127.0.0.1:{port}/mcp") as issuer,
        protected(port, issuer, OAUTH_SCOPES_SUPPORTED="mcp:catalog") as server,
    ):
        async with clients.TYPESCRIPT_1.connect(server, tmp_path / "log", SignIn("registered")) as session:
            assert not (await session.call("list_databases")).is_error
            before = issuer.stats()
            with pytest.raises(RuntimeError, match="403"):
                await session.call("execute_query", sql=QUESTION)
            after = issuer.stats()
            # It has asked for a token, by its refresh token, and nobody to sign in.
            assert after["token"] > before["token"]
            assert after["interaction"] == before["interaction"]


@pytest.mark.anyio
async def test_a_token_that_expires_is_refreshed_without_anybody(http_client: clients.Kind, tmp_path: Path) -> None:
    port = free_port()
    with (
        AuthorizationServer(f"http://127.0.0.1:{port}/mcp", lifetime=6) as issuer,
        protected(port, issuer, OAUTH_LEEWAY="0s") as server,
    ):
        async with http_client.connect(server, tmp_path / "log", SignIn()) as session:
            assert not (await session.call("list_databases")).is_error
            signed_in = issuer.stats()["interaction"]
            for _ in range(2):
                # Longer than a token lives, which is longer than a sign-in takes on a busy machine.
                await asyncio.sleep(6.5)
                answer = await session.call("execute_query", sql=QUESTION, format="json")
                assert int(answer.rows[0][0]) == 42
            assert issuer.stats()["interaction"] == signed_in


@pytest.mark.parametrize("kind", [clients.PYTHON_MCP_REMOTE, clients.PYTHON_MCP_REMOTE_AUTO], ids=str)
@pytest.mark.anyio
async def test_mcp_remote_signs_in_with_a_browser(
    kind: clients.Kind, issuer_and_server: tuple[AuthorizationServer, Server], tmp_path: Path
) -> None:
    _, server = issuer_and_server
    sign_in = SignIn(environment=in_a_browser(tmp_path))
    async with kind.connect(server, tmp_path / "log", sign_in) as session:
        # A sign-in that takes longer than the client's first question waits is taken for a server of before.
        assert session.protocol in {kind.protocol, "2025-11-25"}
        answer = await session.call("execute_query", sql=QUESTION, format="json")
        assert int(answer.rows[0][0]) == 42


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_the_inspector_signs_in_with_a_browser(
    era: str, issuer_and_server: tuple[AuthorizationServer, Server], tmp_path: Path
) -> None:
    _, server = issuer_and_server
    launcher = (NODE_FOLDER / "node_modules" / ".bin" / "mcp-inspector").resolve()
    home = {"HOME": str(tmp_path), "PATH": f"{node().parent}{os.pathsep}{os.environ['PATH']}"}
    callback = f"http://127.0.0.1:{free_port()}/oauth/callback"
    done = subprocess.run(
        [node(), launcher, "--cli", server.url, "--callback-url", callback, "--protocol-era", era,
         "--method", "tools/call", "--tool-name", "execute_query", "--tool-arg", f"sql={QUESTION}", "format=json"],
        env=home | in_a_browser(tmp_path) | {"MCP_AUTO_OPEN_ENABLED": "true"},
        capture_output=True, text=True, timeout=90,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    result = json.loads(done.stdout[done.stdout.index("{") :])
    assert int(result["structuredContent"]["rows"][0][0]) == 42


def ask(url: str, token: str, sql: str = QUESTION) -> tuple[int, dict[str, Any], str]:
    """One query in one request; status, answer and challenge."""
    call = {"name": "execute_query", "arguments": {"sql": sql, "format": "json"}}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}).encode()
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": "2025-11-25",
    }
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=60) as answer:
            return answer.status, json.load(answer), ""
    except urllib.error.HTTPError as error:
        return error.code, json.load(error), error.headers.get("WWW-Authenticate", "")


def test_tokens_of_the_issuer_that_are_not_for_this_server_are_refused(
    issuer_and_server: tuple[AuthorizationServer, Server],
) -> None:
    issuer, server = issuer_and_server
    assert ask(server.url, issuer.token())[0] == 200
    assert ask(server.url, issuer.token(client="machine-es"))[0] == 200
    status, _, challenge = ask(server.url, issuer.token(resource="https://account.example.com"))
    assert (status, "another server" in challenge) == (401, True)
    status, _, challenge = ask(server.url, issuer.token(scope="mcp:catalog"))
    assert (status, 'scope="mcp:query"' in challenge) == (403, True)


def test_keys_that_change_and_an_issuer_that_fails_lose_no_call() -> None:
    port = free_port()
    with AuthorizationServer(f"http://127.0.0.1:{port}/mcp") as issuer, protected(port, issuer) as server:
        old = issuer.token()
        assert ask(server.url, old)[0] == 200
        issuer.rotate(keep=True)
        assert ask(server.url, issuer.token())[0] == 200
        assert ask(server.url, old)[0] == 200
        issuer.answer_for_keys(500)
        assert ask(server.url, old)[0] == 200


@pytest.mark.timeout(120 + SECONDS)
@pytest.mark.parametrize("identity", ["service", "exchange"])
def test_tokens_of_seconds_under_load(identity: str, measured: dict[str, str]) -> None:
    """`TOKEN_LOAD_SECONDS` sets how long; `make token-load` takes ten minutes for each. Every call asks for something
    of its own, so that another call's answer would be seen, and the issuer changes its keys meanwhile."""
    seconds = SECONDS
    port = free_port()
    with ExitStack() as stack:
        issuer = stack.enter_context(AuthorizationServer(f"http://127.0.0.1:{port}/mcp", lifetime=3))
        settings = {"OAUTH_LEEWAY": "1s"}
        if identity == "exchange":
            settings |= exchanging(stack, issuer)
        server = stack.enter_context(protected(port, issuer, **settings))
        until = time.monotonic() + seconds

        def caller(number: int) -> tuple[int, int]:
            client = ["machine", "machine-es"][number % 2]
            calls = renewals = 0
            token, good_until = "", 0.0
            while time.monotonic() < until:
                if time.monotonic() > good_until:
                    # As a client does: a new one before the old one ends.
                    token, good_until = issuer.token(client=client), time.monotonic() + 1.5
                    renewals += 1
                mark = f"{client} {number} {calls}"
                sql = f"SELECT '{mark}' AS M"
                if identity == "exchange":
                    sql = "SELECT CURRENT_USER()"
                    mark = client.upper()
                status, answer, challenge = ask(server.url, token, sql)
                assert status == 200, (status, answer, challenge)
                assert answer["result"]["structuredContent"].get("rows") == [[mark]], answer
                calls += 1
            return calls, renewals

        async def all_callers() -> list[tuple[int, int]]:
            turns = [asyncio.to_thread(caller, number) for number in range(4)]

            def rotate() -> None:
                # No more often than unknown keys are fetched, and no more keys than a set may have.
                pause = min(seconds / 2, max(40, seconds / 20))
                while until - time.monotonic() > pause:
                    time.sleep(pause)
                    issuer.rotate(keep=True)

            *done, _ = await asyncio.gather(*turns, asyncio.to_thread(rotate))
            return list(done)

        done = asyncio.run(all_callers())
        calls, renewals = (sum(column) for column in zip(*done, strict=True))
        assert renewals >= 4 * seconds / 3
        measured[f"tokens of 3 s under load, {identity}"] = (
            f"{calls} calls with {renewals} tokens in {seconds:.0f} s, none lost, none wrong"
        )


def exchanging(stack: ExitStack, issuer: AuthorizationServer) -> dict[str, str]:
    """The settings of a server whose callers are themselves in a Snowflake, which is a stub."""
    stub = stack.enter_context(running())
    control("POST", stub + "/stub/settings", {"tokens_name_users": True})
    nobody = {name: value for name, value in account(stub).items() if "USER" not in name and "PASSWORD" not in name}
    del nobody["SNOWFLAKE_AUTH_TYPE"]
    return nobody | {
        "SNOWFLAKE_ROLE": "ANALYST",
        "SNOWFLAKE_IDENTITY": "exchange",
        "SNOWFLAKE_EXCHANGE_URL": f"{issuer.url}/token",
        "SNOWFLAKE_EXCHANGE_CLIENT_ID": "exchanger",
        "SNOWFLAKE_EXCHANGE_CLIENT_SECRET": "exchanger-secret",
        "SNOWFLAKE_EXCHANGE_RESOURCE": "https://account.example.com",
    }


def test_a_real_issuer_exchanges_tokens() -> None:
    """Each caller is its own user, whatever the other does, and a token that was taken back is told as such."""
    port = free_port()
    with ExitStack() as stack:
        issuer = stack.enter_context(AuthorizationServer(f"http://127.0.0.1:{port}/mcp"))
        server = stack.enter_context(protected(port, issuer, **exchanging(stack, issuer)))
        for _ in range(2):
            for client in ["machine", "machine-es"]:
                status, answer, _ = ask(
                    server.url, issuer.token(client=client), "SELECT CURRENT_USER(), CURRENT_ROLE()"
                )
                assert status == 200
                assert answer["result"]["structuredContent"]["rows"] == [[client.upper(), "ANALYST"]]
        log = json.dumps(server.log)
        assert "exchanger-secret" not in log
        assert "eyJ" not in log
