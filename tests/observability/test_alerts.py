"""Alerts in a real Prometheus: they come with the trouble they are about, by way of `pending`, and go with it.

The rules are the chart's, with their times shortened: minutes become seconds.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from prometheus import EVERY, RULES, Prometheus
from stub import Stub
from support.server import Server
from workload import Caller, at_once

pytestmark = pytest.mark.usefixtures("needs_prometheus")

PATIENCE = 90
"""Seconds. Only a failing test waits this long."""


def shortened(folder: Path) -> Path:
    """The rules with every wait of two seconds and every window of ten."""
    text, waits = re.subn(r"\bfor: \d+m\b", "for: 2s", RULES.read_text())
    text, windows = re.subn(r"\[\d+[mh]\]", "[10s]", text)
    assert waits
    assert windows
    copy = folder / "rules.yaml"
    copy.write_text(text)
    return copy


class Watched:
    """Notes every state that an alert is seen in."""

    def __init__(self, prometheus: Prometheus) -> None:
        self._prometheus = prometheus
        self.seen: dict[str, list[str]] = {}

    def until(self, what: str, is_it: Callable[[dict[str, str]], bool]) -> float:
        """Looks until the alerts are like this; how long that took."""
        started = time.monotonic()
        while True:
            alerts = self._prometheus.alerts()
            for name, state in alerts.items():
                states = self.seen.setdefault(name, [])
                if states[-1:] != [state]:
                    states.append(state)
            took = time.monotonic() - started
            if is_it(alerts):
                return took
            assert took < PATIENCE, f"never {what}: {alerts}, seen {self.seen}"
            time.sleep(EVERY / 2)

    def firing(self, *names: str) -> float:
        return self.until(f"firing: {names}", lambda alerts: all(alerts.get(name) == "firing" for name in names))

    def resolved(self, *names: str) -> float:
        return self.until(f"resolved: {names}", lambda alerts: not any(name in alerts for name in names))


@pytest.fixture
def account(stub: Stub) -> Iterator[Server]:
    with Server(**stub.settings, SNOWFLAKE_POOL_MAX_SIZE="2", SNOWFLAKE_POOL_CONNECTION_TIMEOUT="20") as server:
        yield server


@pytest.fixture
def watched(account: Server, tmp_path: Path) -> Iterator[Watched]:
    with Prometheus(tmp_path, shortened(tmp_path), snowflake=account.address) as prometheus:
        yield Watched(prometheus)


@contextmanager
def traffic(server: Server) -> Iterator[None]:
    """Somebody calls, five times a second, whatever the answer."""
    over = threading.Event()
    caller = Caller(server.address)

    def calls() -> None:
        while not over.wait(0.2):
            caller.call("execute_query", sql="select 1", timeout_seconds=5)

    thread = threading.Thread(target=calls)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_snowflake_out_of_reach(watched: Watched, account: Server, stub: Stub, measured: dict[str, str]) -> None:
    about = ("SnowflakeMcpNotReady", "SnowflakeMcpNoReplicaReady", "SnowflakeMcpErrorBudgetFast")
    with traffic(account):
        time.sleep(2)
        watched.resolved(*about)
        stub.stop()
        fired = watched.firing(*about)
        assert watched.seen["SnowflakeMcpNotReady"] == ["pending", "firing"]
        assert watched.seen["SnowflakeMcpNoReplicaReady"] == ["pending", "firing"]
        stub.start()
        gone = watched.resolved(*about)
    measured["Snowflake out of reach"] = f"alerts fired after {fired:.0f} s and were resolved after {gone:.0f} s"
    assert "SnowflakeMcpInternalErrors" not in watched.seen, "an outage is no defect"


def test_credentials_refused(watched: Watched, account: Server, stub: Stub) -> None:
    about = ("SnowflakeMcpSignInRefused", "SnowflakeMcpBreakerOpen")
    with traffic(account):
        stub.order("settings", {"password": "another"})
        stub.order("lose", {"what": "sessions"})
        watched.firing(*about)
        assert watched.seen["SnowflakeMcpBreakerOpen"] == ["pending", "firing"]
        stub.order("settings", {"password": None})
        watched.resolved(*about)


def test_every_session_in_use(watched: Watched, account: Server) -> None:
    caller = Caller(account.address)
    busy = threading.Thread(
        target=at_once, args=(6, lambda: caller.call("execute_query", sql="select stub.sleep(4000)"))
    )
    busy.start()
    watched.firing("SnowflakeMcpPoolExhausted")
    busy.join()
    watched.resolved("SnowflakeMcpPoolExhausted")
    assert watched.seen["SnowflakeMcpPoolExhausted"] == ["pending", "firing"]
