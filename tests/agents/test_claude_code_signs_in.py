"""Claude Code at a server that asks who it is: by a key, a token, and its own sign-in at an authorization server."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import agents
import pytest
from model import Model

from support.scenarios import Scenario
from support.server import FOR_AGENTS, Server
from support.sign_ins import AuthorizationServer, free_port, in_a_browser, protected

KEY = "test-key-0123456789abcdef0123456789abcdef"
CLAUDE = next(agent for agent in agents.ALL if agent.name == "claude-code")
QUESTION = Scenario("a question", "execute_query", {"sql": "SELECT 41 + 1 AS N"}, ("42", "query_id"))


@pytest.fixture(scope="module")
def issuer_and_server() -> Iterator[tuple[AuthorizationServer, Server]]:
    port = free_port()
    with (
        AuthorizationServer(f"http://127.0.0.1:{port}/mcp") as issuer,
        protected(port, issuer, API_KEY=KEY, **FOR_AGENTS) as server,
    ):
        yield issuer, server


def environment(home: Path, **variables: str) -> dict[str, str]:
    """A home of its own, and nobody to report to."""
    own = {"PATH": os.environ["PATH"], "HOME": str(home), "TERM": "dumb", "LANG": "C.UTF-8"}
    own |= {"NO_PROXY": "127.0.0.1,localhost", "DISABLE_AUTOUPDATER": "1", "DISABLE_TELEMETRY": "1"}
    return own | {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"} | variables


def run(home: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Claude Code without a terminal."""
    return subprocess.run(
        [CLAUDE.program(), *arguments],
        env=environment(home, **variables),
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def run_in_a_terminal(home: Path, *arguments: str, **variables: str) -> tuple[int, str]:
    """The same for what insists on a terminal: its exit code, and what it wrote there."""
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [CLAUDE.program(), *arguments],
        env=environment(home, **variables),
        cwd=home,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    said: list[bytes] = []

    def listen() -> None:
        # The end of a terminal is an error in Linux.
        with contextlib.suppress(OSError):
            while part := os.read(ours, 4096):
                said.append(part)

    listener = threading.Thread(target=listen)
    listener.start()
    try:
        code = process.wait(timeout=90)
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait()
    listener.join()
    os.close(ours)
    return code, b"".join(said).decode(errors="replace")


def ask(home: Path, server: Server, entry: dict[str, object] | None = None, **variables: str) -> tuple[str | None, str]:
    """What the model was given for its question, if it got to ask it, and what the agent printed."""
    with Model((QUESTION,)) as model:
        arguments, own = CLAUDE.prepare(home, server.url, model.url)
        if entry is None:
            # Its own settings, where `claude mcp add` wrote the server.
            place = arguments.index("--mcp-config")
            del arguments[place : place + 2]
            arguments.remove("--strict-mcp-config")
        else:
            settings = {"mcpServers": {"snowflake": {"type": "http", "url": server.url} | entry}}
            (home / "mcp.json").write_text(json.dumps(settings))
        done = run(home, *arguments, **(own | variables))
    return model.seen.get(0), done.stdout + done.stderr


def test_a_key_or_a_token_in_a_header(issuer_and_server: tuple[AuthorizationServer, Server], tmp_path: Path) -> None:
    issuer, server = issuer_and_server
    header = {"headers": {"Authorization": "Bearer ${SNOWFLAKE_MCP_KEY}"}}
    for name, credential in (("key", KEY), ("token", issuer.token())):
        home = tmp_path / name
        home.mkdir()
        seen, said = ask(home, server, header, SNOWFLAKE_MCP_KEY=credential)
        assert seen is not None, said[-2000:]
        assert not QUESTION.missing(seen), seen


def test_without_one_it_says_that_it_needs_a_sign_in(
    issuer_and_server: tuple[AuthorizationServer, Server], tmp_path: Path
) -> None:
    issuer, server = issuer_and_server
    before = issuer.stats()
    seen, said = ask(tmp_path, server, {})
    assert seen is None, said[-2000:]
    started = next(line for line in map(json.loads, said.splitlines()) if line.get("subtype") == "init")
    (status,) = [each["status"] for each in started["mcp_servers"] if each["name"] == "snowflake"]
    assert status == "needs-auth", started["mcp_servers"]
    # Nobody is there to sign in: nothing is asked for in somebody's name.
    assert issuer.stats()["interaction"] == before["interaction"]


def test_it_signs_in_by_itself_where_there_is_a_browser(
    issuer_and_server: tuple[AuthorizationServer, Server], tmp_path: Path
) -> None:
    issuer, server = issuer_and_server
    before = issuer.stats()
    added = run(tmp_path, "mcp", "add", "--transport", "http", "--scope", "user", "snowflake", server.url)
    assert added.returncode == 0, added.stdout + added.stderr
    code, said = run_in_a_terminal(tmp_path, "mcp", "login", "snowflake", **in_a_browser(tmp_path))
    assert code == 0, said
    after = issuer.stats()
    assert after["interaction"] > before["interaction"]
    seen, said = ask(tmp_path, server)
    assert seen is not None, said[-2000:]
    assert not QUESTION.missing(seen), seen
    # With the token it has: nobody is asked again.
    assert issuer.stats()["interaction"] == after["interaction"]


class Https(Server):
    """A server that speaks HTTPS and asks for certificates."""

    @property
    def url(self) -> str:
        return super().url.replace("http:", "https:")


def made(folder: Path, name: str, purpose: str, authority: str | None = None) -> tuple[str, str]:
    """A certificate and its key, by openssl as docs/tls.md has it; without an authority it is one."""
    key, request, certificate = (folder / f"{name}.{end}" for end in ("key", "csr", "crt"))
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}"]

    def openssl(*arguments: object) -> None:
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

    if authority is None:
        openssl("req", "-x509", *curve, "-days", 2, "-keyout", key, "-out", certificate)
        return str(certificate), str(key)
    extensions = folder / f"{name}.ext"
    extensions.write_text(f"subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage={purpose}\n")
    openssl("req", *curve, "-keyout", key, "-out", request)
    signer = ["-CA", folder / f"{authority}.crt", "-CAkey", folder / f"{authority}.key"]
    openssl("x509", "-req", "-in", request, *signer, "-days", 2, "-out", certificate, "-extfile", extensions)
    return str(certificate), str(key)


def test_by_https_with_a_certificate_of_its_own(tmp_path: Path) -> None:
    authority, _ = made(tmp_path, "authority", "")
    pair = made(tmp_path, "server", "serverAuth", "authority")
    certificate, key = made(tmp_path, "agent", "clientAuth", "authority")
    files = {"TLS_CERT_FILE": pair[0], "TLS_KEY_FILE": pair[1], "TLS_CLIENT_CA_FILE": authority}
    header = {"headers": {"Authorization": f"Bearer {KEY}"}}
    with Https(API_KEY=KEY, **files, **FOR_AGENTS) as server:
        trusted = {"NODE_EXTRA_CA_CERTS": authority}
        seen, said = ask(tmp_path, server, header, **trusted)
        assert seen is None, said[-2000:]
        own = {"CLAUDE_CODE_CLIENT_CERT": certificate, "CLAUDE_CODE_CLIENT_KEY": key}
        seen, said = ask(tmp_path, server, header, **trusted, **own)
        assert seen is not None, said[-2000:]
        assert not QUESTION.missing(seen), seen
