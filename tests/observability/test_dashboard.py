"""Every query of the dashboard and of the rules, in a real Prometheus that has seen the service at work and in trouble.

An expression that Prometheus does not understand, that finds no series, or that never leaves zero tells nobody a thing:
it has a mistake in it, or the run below lacks what it is about.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator

import pytest

from prometheus import EVERY, RULES, Prometheus, expressions, filled_in, peak
from stub import running_stub
from support.server import Server
from workload import Caller, embedded, snowflake

pytestmark = pytest.mark.usefixtures("needs_prometheus")

QUIET = {
    "snowflake_mcp_runtime_queue_depth",  # nobody waits for a thread in a run as small as this
    "snowflake_mcp_queue_refused_total",  # nor is anybody turned away
    "snowflake_mcp_queue_waiting",
    "snowflake_mcp_cursors_shared",  # one replica of each needs no secret
}
"""Metrics that may stay at zero."""

ELSEWHERE = {
    # The run signs in with a password, without TLS. tests/deploy/rules_test.yaml has the alert.
    "snowflake_mcp_credential_expiry_timestamp_seconds",
}
"""Metrics whose panels show what the run does not have."""

EASED = {
    # Both servers stay up: a release that is not there, and one that is.
    "SnowflakeMcpDown": ('up{job=~".*snowflake-mcp.*"}', 'up{job="nowhere"}'),
    "SnowflakeMcpReplicaDown": ('up{job=~".*snowflake-mcp.*"} == 0', "up == 1"),
    # A run in which one call in twenty takes half a minute takes too long.
    "SnowflakeMcpSlow": ("> 60", "> 0.03"),
    # A defect cannot be ordered; this is the same query about what can.
    "SnowflakeMcpInternalErrors": ('outcome="internal"', 'outcome="query_timeout"'),
    # A small run is far from every limit.
    "SnowflakeMcpStatementsAtLimit": ("> 0.9", "> 0"),
    "SnowflakeMcpConnectionsAtLimit": ("> 0.8", "> 0"),
    "SnowflakeMcpQueueRefuses": ("queue_refused_total", "queue_wait_seconds_count"),
    "SnowflakeMcpUpstreamFails": ('outcome=~"network|http_5xx|unreadable"', 'outcome="ok"'),
    # Nothing here says when it ends; both servers are one replica.
    "SnowflakeMcpCredentialExpires": ("_seconds > 0", "_seconds >= 0"),
    # Neither server has a file that is read again.
    "SnowflakeMcpFileNotTaken": ("[1h])) > 0", "[1h])) >= 0"),
    "SnowflakeMcpCursorsNotShared": ("> 1", "> 0"),
}
"""Alerts whose case the run does not have, and what makes it one of theirs."""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus after the run."""
    folder = tmp_path_factory.mktemp("prometheus")
    local = {"AUDIT_LOG_FILE": str(folder / "audit.jsonl"), "MAX_RESULT_BYTES": "64KiB"}
    with running_stub() as stub:
        remote = stub.settings | {
            "SNOWFLAKE_POOL_MAX_SIZE": "2",
            # Neither the disk nor the collector takes anything.
            "AUDIT_LOG_FILE": "/dev/full",
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }
        with (
            Server(WAREHOUSE_BACKEND="embedded", **local) as engine,
            Server(**remote) as account,
            Prometheus(folder, RULES, embedded=engine.address, snowflake=account.address) as prometheus,
        ):
            # A counter that is first seen at one has not risen: what happens once is nothing to `rate`.
            for _ in range(2):
                embedded(Caller(engine.address))
                snowflake(Caller(account.address), stub)
                time.sleep(2 * EVERY)
            # The password is changed in Snowflake, and the sessions end.
            stub.order("settings", {"password": "another"})
            stub.order("lose", {"what": "sessions"})
            for _ in range(2):
                for _ in range(20):
                    assert Caller(account.address).code("execute_query", sql="select 1") == "sign_in_refused"
                time.sleep(2 * EVERY)
            account.wait_for_event("not_ready")
            time.sleep(3 * EVERY)
            yield prometheus


@pytest.mark.parametrize(("panel", "expression"), expressions(), ids=str)
def test_a_panel_shows_something(seen: Prometheus, panel: str, expression: str) -> None:
    # Grafana's variable: four scrapes, at least. Here it is longer than the run, so that no pause is a gap.
    asked = filled_in(expression, "2m")
    assert "$" not in asked, f"{panel} uses a variable that nobody fills in"
    series = seen.over_time(asked)
    if any(metric in expression for metric in ELSEWHERE):
        return
    assert series, f"{panel}: {expression} finds nothing"
    highest = peak(series)
    assert not math.isnan(highest), f"{panel}: {expression} is never a number"
    assert highest > 0 or any(metric in expression for metric in QUIET), f"{panel}: {expression} never leaves zero"


@pytest.mark.parametrize("about", re.findall(r"(?:alert|record): (\S+)", RULES.read_text()))
def test_a_rule_has_its_case(seen: Prometheus, about: str) -> None:
    rule = next(rule for rule in seen.rules() if rule["name"] == about)
    assert rule["health"] == "ok", rule
    assert rule.get("lastError", "") == ""
    query = rule["query"]
    if rule["type"] == "recording":
        assert peak(seen.over_time(about)) > 0, f"{about} never leaves zero"
    elif about in EASED:
        assert EASED[about][0] in query, query
        query = query.replace(*EASED[about])
    assert seen.over_time(query), f"{about} would never fire: {query} finds nothing"


def test_both_targets_stay_up(seen: Prometheus, measured: dict[str, str]) -> None:
    assert {target["labels"]["job"]: target["health"] for target in seen.targets()} == {
        "embedded": "up",
        "snowflake": "up",
    }
    scrapes = seen.over_time("scrape_duration_seconds")
    measured["a scrape, debug build"] = ", ".join(
        f"{one['metric']['job']} {peak([one]) * 1000:.1f} ms at most" for one in scrapes
    )
