"""A real authorization server, and what signs in there: oidc-provider, and a browser whose user allows everything."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import sys
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx2
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken

from support.browser import browse
from support.folders import NODE_FOLDER, node
from support.server import Server

SCRIPT = Path(__file__).resolve().parents[1] / "node" / "authorization-server.mjs"


class AuthorizationServer:
    """oidc-provider on a free port, which makes tokens for one resource."""

    def __init__(self, resource: str, lifetime: int = 300) -> None:
        self.resource = resource
        self._lifetime = lifetime

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [node(), SCRIPT, NODE_FOLDER, self.resource, str(self._lifetime)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        assert self.url.startswith("http"), f"the authorization server ended with {self._process.poll()}"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def token(self, scope: str = "mcp:catalog mcp:query", client: str = "machine", resource: str | None = None) -> str:
        """A token for a program."""
        secret = base64.b64encode(f"{client}:{client}-secret".encode()).decode()
        form = {"grant_type": "client_credentials", "resource": resource or self.resource, "scope": scope}
        request = urllib.request.Request(
            f"{self.url}/token", urllib.parse.urlencode(form).encode(), {"Authorization": f"Basic {secret}"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return str(json.load(answer)["access_token"])

    def rotate(self, *, keep: bool) -> None:
        """New keys from now on; the old ones stay published, or not."""
        self._control(f"rotate?keep={int(keep)}")

    def answer_for_keys(self, status: int) -> None:
        """What it answers to whoever asks for its keys."""
        self._control(f"keys?mode={status}")

    def stats(self) -> dict[str, int]:
        """How often it was asked for what."""
        return self._control("stats")

    def _control(self, what: str) -> Any:
        method = "GET" if what == "stats" else "POST"
        request = urllib.request.Request(f"{self.url}/control/{what}", method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)


def free_port() -> int:
    """A port that is free now. Tokens are made for an address, so it must be known before the server starts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def protected(port: int, issuer: AuthorizationServer, **settings: str) -> Server:
    """A server that takes tokens of this issuer."""
    own = {"SERVER_PORT": str(port), "PUBLIC_URL": issuer.resource, "OAUTH_ISSUER": issuer.url}
    return Server(**(own | settings))


class _Kept:
    """What a client is given, in memory."""

    def __init__(self, client: OAuthClientInformationFull | None = None) -> None:
        self._tokens: OAuthToken | None = None
        self._client = client

    async def get_tokens(self) -> OAuthToken | None:
        return self._tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self._tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self._client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self._client = client_info


@dataclass(frozen=True)
class SignIn:
    """How a client signs in: with a client id that the issuer knows, or `-` to register itself."""

    client: str = "-"
    environment: dict[str, str] | None = None
    """For a client that is a process: where its browser is."""

    def http_client(self, url: str) -> httpx2.AsyncClient:
        """HTTP for the Python client, which signs in when it is told to."""
        callback = "http://127.0.0.1/callback"
        came_back: dict[str, str] = {}

        async def go(address: str) -> None:
            came_back.update(browse(address, callback))

        async def code() -> AuthorizationCodeResult:
            assert "code" in came_back, came_back
            return AuthorizationCodeResult(
                code=came_back["code"], state=came_back.get("state"), iss=came_back.get("iss")
            )

        metadata = OAuthClientMetadata.model_validate(
            {
                "client_name": "snowflake-mcp-client-tests",
                "redirect_uris": [callback],
                "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"],
                "token_endpoint_auth_method": "none",
                "application_type": "native",
            }
        )
        known = metadata.model_dump() | {"client_id": self.client}
        known_client = None if self.client == "-" else OAuthClientInformationFull.model_validate(known)
        provider = OAuthClientProvider(url, metadata, _Kept(known_client), go, code)
        return httpx2.AsyncClient(auth=provider, timeout=60)


def in_a_browser(folder: Path) -> dict[str, str]:
    """The environment of a program that opens a browser: ours, which goes all the way."""
    browser = folder / "browser"
    browser_script = Path(__file__).with_name("browser.py")
    browser.write_text(f'#!/bin/sh\nexec {sys.executable} {browser_script} "$1"\n')
    browser.chmod(0o755)
    return {"BROWSER": str(browser), "DISPLAY": ""}
