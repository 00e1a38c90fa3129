"""The usual variables for proxies and certificates: sign-in, statements and chunks of results all obey them."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.proxy import Address, Proxy, authority, tls
from support.server import Server, binary, environment
from support.stub import account, ask, running

ACCOUNT, STORAGE = "account.example.test", "storage.example.test"
"""Names that only the proxy knows."""

MANY = "select * from stub.rows(n => 1000, chunk => 200)"


@dataclass
class World:
    """The stub, once as it is and once behind TLS."""

    stub: str
    plain: Address
    tls: Address
    trusted: Path


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    trusted, certificate = authority(tmp_path_factory.mktemp("tls"), ACCOUNT, STORAGE, "localhost")
    with running() as url:
        host, _, port = url.removeprefix("http://").partition(":")
        with tls((host, int(port)), certificate) as secured:
            yield World(url, (host, int(port)), secured, trusted)


def chunks_at(world: World, host: str) -> None:
    ask("POST", world.stub + "/stub/settings", {"chunk_url_host": host})


def settings(world: World, host: str, port: int, protocol: str, **more: str) -> dict[str, str]:
    where = {"SNOWFLAKE_HOST": host, "SNOWFLAKE_PORT": str(port), "SNOWFLAKE_PROTOCOL": protocol}
    return account(world.stub) | where | more


def rows(server: Server) -> int:
    """How many rows a statement has whose result comes in pieces."""
    arguments = {"sql": MANY, "limit": 1000, "format": "json"}
    call: dict[str, Any] = {"name": "execute_query", "arguments": arguments}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}).encode()
    headers = {"Content-Type": "application/json", "MCP-Protocol-Version": "2025-06-18"}
    with urllib.request.urlopen(urllib.request.Request(server.url, body, headers), timeout=60) as answer:
        result = json.loads(answer.read())["result"]
    assert not result.get("isError"), result
    return len(result["structuredContent"]["rows"])


def check(**variables: str) -> subprocess.CompletedProcess[str]:
    quick = {"SNOWFLAKE_POOL_RETRY_ATTEMPTS": "0", "SNOWFLAKE_POOL_CONNECTION_TIMEOUT": "5"}
    return subprocess.run(
        [binary(), "check", "--connect"],
        env=environment(**variables, **quick),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_everything_goes_through_the_proxy_and_trusts_the_authority(world: World) -> None:
    proxy = Proxy({f"{ACCOUNT}:443": world.tls, f"{STORAGE}:443": world.tls})
    chunks_at(world, f"https://{STORAGE}")
    before = ask("GET", world.stub + "/stub/counters")
    with proxy.running() as url:
        own = {"HTTPS_PROXY": url, "SSL_CERT_FILE": str(world.trusted)}
        with Server(**settings(world, ACCOUNT, 443, "https", **own)) as server:
            assert rows(server) == 1000
    assert set(proxy.asked) == {f"CONNECT {ACCOUNT}:443", f"CONNECT {STORAGE}:443"}
    after = ask("GET", world.stub + "/stub/counters")
    assert after["logins"] > before["logins"]
    assert after["chunk_gets"] == before["chunk_gets"] + 4


def test_an_account_without_tls_goes_through_the_other_proxy(world: World) -> None:
    proxy = Proxy({f"{ACCOUNT}:8080": world.plain, f"{STORAGE}:443": world.tls})
    chunks_at(world, f"https://{STORAGE}")
    with proxy.running() as url:
        own = {"HTTP_PROXY": url, "HTTPS_PROXY": url, "SSL_CERT_FILE": str(world.trusted)}
        allowed = {"SNOWFLAKE_ALLOW_INSECURE": "true"}
        with Server(**settings(world, ACCOUNT, 8080, "http", **own, **allowed)) as server:
            assert rows(server) == 1000
    assert f"POST http://{ACCOUNT}:8080/session/v1/login-request" in proxy.asked
    assert f"POST http://{ACCOUNT}:8080/queries/v1/query-request" in proxy.asked
    assert {asked for asked in proxy.asked if "CONNECT" in asked} == {f"CONNECT {STORAGE}:443"}


def test_what_no_proxy_names_is_asked_directly(world: World) -> None:
    proxy = Proxy({f"{STORAGE}:443": world.tls})
    chunks_at(world, f"https://{STORAGE}")
    host, port = "localhost", world.tls[1]
    with proxy.running() as url:
        own = {"HTTPS_PROXY": url, "NO_PROXY": "localhost,.internal.test", "SSL_CERT_FILE": str(world.trusted)}
        with Server(**settings(world, host, port, "https", **own)) as server:
            assert rows(server) == 1000
    assert set(proxy.asked) == {f"CONNECT {STORAGE}:443"}


def test_an_authority_that_is_not_known_is_said_to_be(world: World) -> None:
    checked = check(**settings(world, "localhost", world.tls[1], "https"))
    assert checked.returncode == 1, checked.stderr
    assert "UnknownIssuer" in checked.stderr
    own = {"SSL_CERT_FILE": str(world.trusted)}
    checked = check(**settings(world, "localhost", world.tls[1], "https", **own))
    assert checked.returncode == 0, checked.stderr


def test_a_proxy_that_says_no_is_said_to(world: World) -> None:
    with Proxy({}).running() as url:
        checked = check(**settings(world, ACCOUNT, 443, "https", HTTPS_PROXY=url))
    assert checked.returncode == 1, checked.stderr
    assert "tunnel error" in checked.stderr
