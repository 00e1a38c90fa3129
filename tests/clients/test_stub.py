"""The Snowflake stub of tests/stub, judged by those who know Snowflake best: its own connectors."""

from __future__ import annotations

import http.client
import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.server import REPOSITORY
from support.stub import ask, running

SCRIPT = Path(__file__).with_name("stub_script.py")


@pytest.fixture
def stub() -> Iterator[str]:
    """Where one listens."""
    with running() as url:
        yield url


def sign_in(stub: str) -> dict[str, Any]:
    answer = ask("POST", stub + "/session/v1/login-request", {"data": {"LOGIN_NAME": "a", "PASSWORD": "b"}})
    assert answer["success"], answer
    return answer["data"]


@pytest.mark.parametrize("connector", ["connector4", "connector5"])
def test_a_connector_of_snowflakes_takes_it_for_snowflake(stub: str, connector: str) -> None:
    python = REPOSITORY / ".build" / connector / "bin" / "python"
    script = subprocess.run(
        [python, "-W", "ignore", SCRIPT, stub],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert script.returncode == 0, script.stdout + script.stderr
    counters = ask("GET", stub + "/stub/counters")
    assert counters["sessions_open"] == 0
    assert counters["sessions_closed"] == counters["logins"]
    assert counters["running"] == 0
    assert counters["token_leaked_to_chunk"] == counters["bad_chunk_headers"] == 0
    assert counters["unknown_requests"] == []


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "status", "code": 429, "retry_after": 3}, urllib.error.HTTPError),
        ({"kind": "html"}, json.JSONDecodeError),
        ({"kind": "truncate"}, http.client.IncompleteRead),
        ({"kind": "hang"}, TimeoutError),
        ({"kind": "reset"}, ConnectionResetError),
        ({"kind": "reset", "after": True}, ConnectionResetError),
        ({"kind": "code", "code": "390100", "message": "no"}, AssertionError),
    ],
    ids=str,
)
def test_a_fault_strikes_as_ordered_and_as_often(stub: str, fault: dict[str, Any], error: type[Exception]) -> None:
    ask("POST", stub + "/stub/faults", [{"endpoint": "login", "times": 1} | fault])
    with pytest.raises((error, urllib.error.URLError)) as raised:
        sign_in(stub)
    if type(raised.value) is urllib.error.URLError:
        assert isinstance(raised.value.reason, error)
    sign_in(stub)
    was_carried_out = fault.get("after", False) or fault["kind"] == "truncate"
    assert ask("GET", stub + "/stub/counters")["logins"] == 1 + was_carried_out


def test_tokens_end_when_they_should(stub: str) -> None:
    ask("POST", stub + "/stub/settings", {"token_lifetime_s": 0.1, "master_lifetime_s": 0.5})
    tokens = sign_in(stub)

    def code_of(path: str, token: str) -> str | None:
        return ask("POST", stub + path, {}, token)["code"]

    assert code_of("/session/heartbeat", tokens["token"]) is None
    time.sleep(0.2)
    assert code_of("/session/heartbeat", tokens["token"]) == "390112"
    assert code_of("/session/token-request", tokens["masterToken"]) is None
    time.sleep(0.5)
    assert code_of("/session/token-request", tokens["masterToken"]) == "390114"
    with pytest.raises(urllib.error.HTTPError, match="401"):
        code_of("/session/heartbeat", "never given out")
