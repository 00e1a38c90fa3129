#!/usr/bin/env python3
"""Draws panels of the dashboard from a real Prometheus that watches a run with an outage: docs/dashboard.png.

    python3 -m venv .build/plots && .build/plots/bin/pip install matplotlib==3.10.9
    .build/plots/bin/python scripts/render_dashboard.py

Expressions, titles, legends and units are those of the chart's dashboard; only the drawing is not Grafana's. Needs
prometheus on the PATH, and the debug build and the stub as the tests do.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests" / "clients"), str(ROOT / "tests" / "observability")]

from prometheus import DASHBOARD, RULES, Prometheus, filled_in  # noqa: E402
from stub import running_stub  # noqa: E402
from support.server import Server  # noqa: E402
from workload import Caller  # noqa: E402

PANELS = [
    "Calls by outcome",
    "Time of a call",
    "Time by step, p95",
    "Sessions",
    "Requests by outcome",
    "Ready replicas",
]

CALM, OUT = 20, 25
"""Seconds."""

STATEMENTS = [
    ("execute_query", {"sql": "select 1"}),
    ("execute_query", {"sql": "select stub.sleep(150)"}),
    ("execute_query", {"sql": "select * from stub.rows(n => 900, chunk => 90)", "limit": 900}),
    ("execute_query", {"sql": "drop table t"}),
    ("execute_query", {"sql": "select * from nowhere"}),
    ("list_databases", {}),
]


def traffic(address: str, over: threading.Event, which: int) -> None:
    caller = Caller(address)
    while not over.wait(0.1):
        tool, arguments = STATEMENTS[which % len(STATEMENTS)]
        which += 1
        caller.call(tool, **arguments)


def legend(form: str, labels: dict[str, str]) -> str:
    """Grafana's `{{label}}`."""
    return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda found: labels.get(found[1], ""), form) or "value"


def draw(axes: Any, panel: dict[str, Any], prometheus: Prometheus, since: float) -> None:
    for target in panel["targets"]:
        expression = filled_in(target["expr"], "4s")
        for series in prometheus.over_time(expression, since):
            points = [(float(at) - since, float(value)) for at, value in series["values"]]
            axes.plot(*zip(*points, strict=True), linewidth=1.2, label=legend(target["legendFormat"], series["metric"]))
    unit = panel["fieldConfig"]["defaults"].get("unit", "")
    axes.set_title(panel["title"] + (f" ({unit})" if unit and unit != "short" else ""), fontsize=9, loc="left")
    axes.legend(fontsize=6, loc="upper left", frameon=False)
    axes.tick_params(labelsize=7)
    axes.grid(alpha=0.25)
    axes.set_ylim(bottom=0)
    axes.axvspan(CALM, CALM + OUT, color="tab:red", alpha=0.07)


def main() -> None:
    panels = {panel["title"]: panel for panel in json.loads(DASHBOARD.read_text())["panels"]}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stub = stack.enter_context(running_stub())
        settings = stub.settings | {"SNOWFLAKE_POOL_MAX_SIZE": "4", "SNOWFLAKE_POOL_CONNECTION_TIMEOUT": "5"}
        servers = [stack.enter_context(Server(**settings, AUDIT_LOG_FILE=str(folder / "audit"))) for _ in range(2)]
        jobs = {f"replica{number}": server.address for number, server in enumerate(servers)}
        prometheus = stack.enter_context(Prometheus(folder, RULES, **jobs))
        over = threading.Event()
        threads = [
            threading.Thread(target=traffic, args=(server.address, over, which))
            for server in servers
            for which in (0, 2, 4)
        ]
        for thread in threads:
            thread.start()
        time.sleep(4)
        since = time.time()
        time.sleep(CALM)
        stub.stop()
        time.sleep(OUT)
        stub.start()
        time.sleep(CALM)
        over.set()
        for thread in threads:
            thread.join()
        figure, grid = plt.subplots(3, 2, figsize=(10, 8), dpi=90, sharex=True)
        for axes, title in zip(grid.flat, PANELS, strict=True):
            draw(axes, panels[title], prometheus, since)
        for axes in grid[-1]:
            axes.set_xlabel("seconds; Snowflake is stopped in the red part", fontsize=7)
        figure.tight_layout()
        figure.savefig(ROOT / "docs" / "dashboard.png", metadata={"Software": None})


main()
