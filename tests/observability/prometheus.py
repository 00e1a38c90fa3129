"""A real Prometheus on a free port, with a scrape interval of tests."""

from __future__ import annotations

import json
import math
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any, Self

from support.server import REPOSITORY

RULES = REPOSITORY / "helm" / "snowflake-mcp" / "files" / "rules.yaml"
DASHBOARD = REPOSITORY / "helm" / "snowflake-mcp" / "files" / "dashboard.json"

EVERY = 0.5
"""Seconds between two scrapes, and between two evaluations of the rules."""


def installed() -> bool:
    return shutil.which("prometheus") is not None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Prometheus:
    """Scrapes the servers it is told, each under the name of a job."""

    def __init__(self, folder: Path, rules: Path, **jobs: str) -> None:
        self._folder = folder
        self._port = free_port()
        self.started = time.time()
        config = {
            "global": {
                "scrape_interval": f"{EVERY * 1000:.0f}ms",
                "scrape_timeout": f"{EVERY * 1000:.0f}ms",
                "evaluation_interval": f"{EVERY * 1000:.0f}ms",
            },
            "rule_files": [str(rules)],
            "scrape_configs": [
                {"job_name": job, "static_configs": [{"targets": [address]}]} for job, address in jobs.items()
            ],
        }
        folder.mkdir(parents=True, exist_ok=True)
        # JSON is YAML.
        (folder / "prometheus.yml").write_text(json.dumps(config))

    def __enter__(self) -> Self:
        self._log = (self._folder / "prometheus.log").open("wb")
        self._process = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={self._folder}/prometheus.yml",
                f"--storage.tsdb.path={self._folder}/data",
                f"--web.listen-address=127.0.0.1:{self._port}",
                "--log.level=warn",
            ],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        deadline = time.monotonic() + 30
        while not self._is_up():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise RuntimeError((self._folder / "prometheus.log").read_text())
            time.sleep(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._log.close()

    def _is_up(self) -> bool:
        try:
            # Ready means that it has read its own data; then its targets must have been scraped once.
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/-/ready", timeout=2):
                return all(target["health"] == "up" for target in self.targets()) and bool(self.targets())
        except (urllib.error.URLError, OSError):
            return False

    def ask(self, path: str, **parameters: Any) -> Any:
        """The `data` of an answer; what is no success is an error with Prometheus' words."""
        query = urllib.parse.urlencode(parameters)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/api/v1/{path}?{query}", timeout=20) as answer:
                told = json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{parameters}: {error.read().decode()}") from None
        assert told["status"] == "success", told
        assert not told.get("warnings"), told
        return told["data"]

    def targets(self) -> list[dict[str, Any]]:
        return self.ask("targets")["activeTargets"]

    def over_time(self, expression: str, since: float | None = None) -> list[dict[str, Any]]:
        """The series of an expression from the start, or from then, until now."""
        found = self.ask(
            "query_range", query=expression, start=since or self.started, end=time.time(), step=f"{EVERY * 1000:.0f}ms"
        )
        return found["result"]

    def now(self, expression: str) -> list[dict[str, Any]]:
        return self.ask("query", query=expression)["result"]

    def alerts(self) -> dict[str, str]:
        """The state of every alert that is not at rest; the gravest, where several instances have it."""
        found: dict[str, str] = {}
        for alert in self.ask("alerts")["alerts"]:
            name = alert["labels"]["alertname"]
            if found.get(name) != "firing":
                found[name] = alert["state"]
        return found

    def rules(self) -> list[dict[str, Any]]:
        return [rule for group in self.ask("rules")["groups"] for rule in group["rules"]]


def peak(series: list[dict[str, Any]]) -> float:
    """The largest number there is; not-a-number where there is none."""
    values = [float(value) for one in series for _, value in one["values"]]
    return max((value for value in values if math.isfinite(value)), default=math.nan)


def filled_in(expression: str, interval: str) -> str:
    """An expression as Grafana asks it: every namespace, release and pod, rates over the interval."""
    return re.sub(r'"\$(namespace|job|pod)"', '".*"', expression.replace("$__rate_interval", interval))


def expressions() -> list[tuple[str, str]]:
    """Every expression of the dashboard, by its panel."""
    board = json.loads(DASHBOARD.read_text())
    panels = board["panels"] + [inner for panel in board["panels"] for inner in panel.get("panels", [])]
    return [(panel["title"], target["expr"]) for panel in panels for target in panel.get("targets", [])]
