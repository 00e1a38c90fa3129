"""Secrets in every setting and header, with every library at its loudest: nothing that leaves the process shows one.

Looked through is every byte of the log on stderr and in its file, of the audit log, of what goes to a collector, of the
metrics, and of the answers. `tests/it/telemetry.rs` has panics and values of statements.
"""

from __future__ import annotations

import base64
import http.client
import http.server
import json
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from prometheus import free_port
from stub import Stub
from support.server import Server
from workload import Caller

LOUD = (
    "trace,rmcp=info,h2=trace,hyper=trace,hyper_util=trace,reqwest=trace,reqwest_middleware=trace,tonic=trace,tower=trace,"
    "rustls=trace,actix_http=trace,actix_web=trace,actix_server=trace,snowflake_api=trace,object_store=trace,mobc=trace,"
    "opentelemetry=trace,opentelemetry_sdk=trace,opentelemetry_otlp=trace,opentelemetry_http=trace,jsonwebtoken=trace,"
    "sqlparser=trace,duckdb=trace,mio=trace,want=trace,h2::codec=trace,hyper::proto=trace,[x]=trace"
)
"""`rmcp` alone is held where it is by default or above: at DEBUG it prints messages, as docs/logging.md says."""

PASSPHRASE = "passphrase-SECRET-0a1b"

GUESS = "guessed-key-SECRET-90bc"

ALWAYS = {
    "API_KEY": "api-key-SECRET-1111aaaa",
    "API_KEYS": "team-key-SECRET-2222bbbb,team-key-SECRET-3333cccc",
    "CURSOR_SECRET": "cursor-SECRET-4444dddd-0123456789abcdef,cursor-SECRET-5555eeee-0123456789abcdef",
    "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20collector-SECRET-6666ffff",
}


def sealed_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    encryption = serialization.BestAvailableEncryption(PASSPHRASE.encode())
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption).decode()


def ways() -> dict[str, dict[str, str]]:
    """Every way to sign in, with its secrets."""
    sealed = sealed_key()
    key = {"SNOWFLAKE_AUTH_TYPE": "private_key", "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE": PASSPHRASE}
    return {
        "password": {"SNOWFLAKE_PASSWORD": "password-SECRET-7f3a", "SNOWFLAKE_PASSCODE": "passcode-SECRET-11aa"},
        "key": key | {"SNOWFLAKE_PRIVATE_KEY": sealed},
        "key in base64": key | {"SNOWFLAKE_PRIVATE_KEY": base64.b64encode(sealed.encode()).decode()},
        "programmatic access token": {
            "SNOWFLAKE_AUTH_TYPE": "programmatic_access_token",
            "SNOWFLAKE_TOKEN": "pat-SECRET-8c2d",
        },
        "oauth": {"SNOWFLAKE_AUTH_TYPE": "oauth", "SNOWFLAKE_TOKEN": "oauth-token-SECRET-5b7e"},
        "workload identity": {
            "SNOWFLAKE_AUTH_TYPE": "workload_identity",
            "SNOWFLAKE_WORKLOAD_IDENTITY_PROVIDER": "oidc",
            "SNOWFLAKE_TOKEN": "oidc-token-SECRET-6d9f",
        },
    }


WAYS = ways()


class NeverReady(Server):
    """One that cannot sign in."""

    awaited = "not_ready"


class Collected:
    """What a collector over HTTP is sent, bodies only: the headers are meant for it."""

    def __init__(self) -> None:
        self.bytes = b""
        collected = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                collected.bytes += self.rfile.read(int(self.headers["content-length"]))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Silent."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)


@pytest.fixture
def collected() -> Iterator[Collected]:
    collected = Collected()
    threading.Thread(target=collected.server.serve_forever, daemon=True).start()
    yield collected
    collected.server.shutdown()
    collected.server.server_close()


def secrets_in(settings: dict[str, str]) -> set[str]:
    """The parts of the settings that nobody may see."""
    found = {PASSPHRASE, GUESS}
    for value in settings.values():
        found.update(re.findall(r"[\w-]*SECRET[\w-]*", value))
    pem = settings.get("SNOWFLAKE_PRIVATE_KEY", "")
    # Every line of a key, and its base64 in slices.
    found.update(line for line in pem.splitlines() if len(line) > 20 and "-----" not in line)
    if "-----" not in pem:
        found.update(pem[at : at + 32] for at in range(0, len(pem), 32))
    return {secret for secret in found if len(secret) > 8}


def probe(server: Server) -> str:
    """Calls that go well and calls that do not, keys that are right, wrong and in every place; all answers."""
    answers = []
    for key in (ALWAYS["API_KEY"], ALWAYS["API_KEYS"].split(",")[1], GUESS):
        for headers in ({"Authorization": f"Bearer {key}"}, {"X-API-Key": key}):
            more = {"Cookie": f"session={GUESS}", "Proxy-Authorization": f"Basic {GUESS}"}
            caller = Caller(server.address, **headers, **more)
            for arguments in ({"sql": "select 1"}, {"sql": "selec 1"}, {"sql": "select * from nowhere"}):
                request = {"name": "execute_query", "arguments": arguments | {"timeout_seconds": 5}}
                answers.append(caller.text("tools/call", **request))
    for path in ("/metrics", "/readyz?verbose", "/version", "/startupz"):
        connection = http.client.HTTPConnection(server.address, timeout=20)
        connection.request("GET", path, headers={"Authorization": f"Bearer {GUESS}"})
        answers.append(connection.getresponse().read().decode())
        connection.close()
    return "\n".join(answers)


def everything(
    kind: type[Server], settings: dict[str, str], folder: Path, collected: Collected, work: Callable[[Server], str]
) -> str:
    """All that a server with these settings says while it works."""
    port = collected.server.server_port
    local = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}",
        "OTEL_BSP_SCHEDULE_DELAY": "50",
        "TRACE_SQL": "true",
        "LOG_LEVEL": LOUD,
        "TRACE_FILTER": LOUD,
        "LOG_FILE": str(folder / "server.log"),
        "AUDIT_LOG_FILE": str(folder / "audit.jsonl"),
        "NO_PROXY": "",
    }
    with kind(**settings, **local) as server:
        seen = work(server)
        server.terminate()
        assert server.wait(timeout=30) == 0
        server.wait_for_event("stopped")
        server.skip_log()
        seen += "\n".join(json.dumps(line, ensure_ascii=False) for line in server.log)
    for file in folder.iterdir():
        seen += file.read_text()
    seen += collected.bytes.decode(errors="replace")
    assert '"level": "TRACE"' in seen, "the libraries were loud"
    assert "tools/call execute_query" in seen, "the collector was sent spans"
    return seen


def is_clean(seen: str, settings: dict[str, str]) -> None:
    # Signed tokens and the tokens of sessions are made on the way.
    for secret in sorted(
        secrets_in(settings) | {"eyJhbGciOi", "eyJ0eXAiOi", "ver:3-hint", "Snowflake Token=", "PRIVATE KEY-----"}
    ):
        if (at := seen.find(secret)) >= 0:
            raise AssertionError(f"{secret} leaked: …{seen[max(0, at - 300) : at + 100]}…")


@pytest.mark.parametrize("way", WAYS)
def test_no_secret_leaves_with_any_way_to_sign_in(stub: Stub, collected: Collected, tmp_path: Path, way: str) -> None:
    settings = stub.settings | {"SNOWFLAKE_PASSWORD": ""} | WAYS[way] | ALWAYS

    def work(server: Server) -> str:
        answers = probe(server)
        assert '"isError":false' in answers, answers
        # What was right is refused from now on, and what is sent gets lost, too.
        refusal = {"endpoint": "login", "kind": "code", "code": "390100", "message": "Incorrect username or password."}
        stub.order("faults", [{"endpoint": "query", "kind": "html", "times": 2}, refusal])
        stub.order("lose", {"what": "sessions"})
        return answers + probe(server)

    seen = everything(Server, settings, tmp_path, collected, work)
    assert "sign_in_refused" in seen
    is_clean(seen, settings)


def test_no_secret_leaves_where_nothing_can_be_reached(collected: Collected, tmp_path: Path) -> None:
    nobody = free_port()
    settings = ALWAYS | {
        "SNOWFLAKE_ACCOUNT": "myorg-myaccount",
        "SNOWFLAKE_AUTH_TYPE": "oauth_client_credentials",
        "SNOWFLAKE_OAUTH_CLIENT_ID": "client",
        "SNOWFLAKE_OAUTH_CLIENT_SECRET": "client-SECRET-3e4f",
        "SNOWFLAKE_OAUTH_TOKEN_URL": f"https://127.0.0.1:{nobody}/token",
    }
    seen = everything(NeverReady, settings, tmp_path, collected, probe)
    assert "warehouse_unreachable" in seen
    is_clean(seen, settings)


def test_the_password_of_a_proxy_stays_inside(collected: Collected, tmp_path: Path) -> None:
    nobody = free_port()
    proxy = f"http://reader:proxy-SECRET-2a3b@127.0.0.1:{nobody}"
    settings = ALWAYS | {
        "SNOWFLAKE_ACCOUNT": "myorg-myaccount",
        "SNOWFLAKE_USER": "reader",
        "SNOWFLAKE_AUTH_TYPE": "password",
        "SNOWFLAKE_PASSWORD": "password-SECRET-7f3a",
        "HTTPS_PROXY": proxy,
    }
    seen = everything(NeverReady, settings, tmp_path, collected, probe)
    assert "warehouse_unreachable" in seen
    is_clean(seen, settings)
    assert base64.b64encode(b"reader:proxy-SECRET-2a3b").decode() not in seen
