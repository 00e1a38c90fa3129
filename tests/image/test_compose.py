"""compose.yaml, profile by profile: healthy without a setting, answers clients, is watched, restarts, stops cleanly."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

import engine
import pods
from engine import FULL, SLIM, Container, Stack, docker, until
from support import clients
from support.clients import Kind

pytestmark = pytest.mark.anyio

KEY = "0123456789abcdef0123456789abcdef"
PROMETHEUS = "http://127.0.0.1:19091/api/v1"


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A fresh checkout's `docker compose up`: no settings at all."""
    with Stack("mcp-test-plain").up() as stack:
        yield stack


@pytest.fixture
def server(stack: Stack) -> Container:
    (server,) = stack.containers("server")
    return server


@pytest.mark.parametrize("client", clients.OVER_HTTP, ids=str)
async def test_up_without_settings_answers_a_client(server: Container, client: Kind, log: Path) -> None:
    assert server.state["Health"]["Status"] == "healthy"
    async with client.connect(server.url, log) as session:
        answer = await session.call("execute_query", sql="SELECT COUNT(*) AS n FROM orders", format="json")
    assert answer.rows == [[15_000]]


def test_what_compose_made_is_hardened_and_bounded(server: Container) -> None:
    made = server.inspect()
    host = made["HostConfig"]
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert "no-new-privileges:true" in host["SecurityOpt"]
    assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}}
    assert host["RestartPolicy"]["Name"] == "unless-stopped"
    assert host["Memory"] == 1024**3
    assert host["PidsLimit"] == 256
    assert made["Config"]["StopTimeout"] >= 35
    assert made["Config"]["Healthcheck"]["StartInterval"] == 1_000_000_000
    bindings = [binding for published in host["PortBindings"].values() for binding in published]
    assert {binding["HostIp"] for binding in bindings} == {"127.0.0.1"}
    assert set(host["PortBindings"]) == {"8000/tcp", "9090/tcp"}


def test_logs_are_json_lines(server: Container) -> None:
    lines = [json.loads(line) for line in server.logs()]
    assert "ready" in {line.get("event") for line in lines}


def test_a_server_that_is_killed_is_started_again(server: Container, measured: dict[str, str]) -> None:
    # `docker kill` would count as wanted: the process itself is killed, as by the kernel when memory runs out.
    before = server.state
    os.kill(before["Pid"], signal.SIGKILL)
    until("a new process", 20, lambda: server.state["Running"] and server.state["Pid"] != before["Pid"])
    server.wait_ready(30)
    server.wait_healthy(30)
    assert server.inspect()["RestartCount"] == 1
    measured["kill -9 under Compose"] = "restarted, ready and healthy again"


def test_compose_stop_ends_with_0(stack: Stack, server: Container) -> None:
    stack("stop", "server")
    assert server.state["ExitCode"] == 0
    assert "stopped" in {json.loads(line).get("event") for line in server.logs()}
    stack("start", "server")
    server.wait_ready()


def test_build_and_up_are_one_command() -> None:
    """`up --build`, with the build arguments of the image under test, so that it is in the cache."""
    labels = engine.image(FULL)["Config"]["Labels"]
    version, revision = (labels[f"org.opencontainers.image.{what}"] for what in ("version", "revision"))
    stack = Stack("mcp-test-build", IMAGE="snowflake-mcp:test-built", VERSION=version, REVISION=revision)
    try:
        stack("up", "--build", "--detach", "--wait", "--wait-timeout=120")
        (server,) = stack.containers("server")
        assert server.inspect()["Config"]["Labels"]["org.opencontainers.image.revision"] == revision
    finally:
        stack("down", "--volumes", "--timeout=5", check=False)
        docker("rmi", "snowflake-mcp:test-built", check=False)


def test_watch_looks_at_the_sources() -> None:
    """What it would do on an edit is `up --build`, above."""
    command = ["docker", "compose", "--project-name=mcp-test-watch", "watch", "--no-up"]
    environment = {**os.environ, "IMAGE": FULL}
    with subprocess.Popen(
        command, cwd=engine.REPOSITORY, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as watch:
        try:
            assert any("Watch enabled" in line for line in watch.stdout), "it ended instead"
        finally:
            watch.send_signal(signal.SIGINT)


def production(tmp_path: Path, **environment: str) -> Stack:
    """Production with an account that cannot be reached from here and a key that only this test has."""
    key = tmp_path / "key.pem"
    made = ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", str(key)]
    subprocess.run(made, check=True, capture_output=True)
    key.chmod(0o644)
    return Stack(
        "mcp-test-production",
        ENVIRONMENT="production",
        SNOWFLAKE_PRIVATE_KEY_FILE=str(key),
        PRODUCTION_SNOWFLAKE_ACCOUNT="myorg-myaccount",
        PRODUCTION_SNOWFLAKE_USER="MCP",
        CORS_ORIGINS="https://app.example.com",
        **environment,
    )


def test_production_takes_its_key_from_a_file_secret(tmp_path: Path) -> None:
    with production(tmp_path, API_KEY=KEY).up() as stack:
        (server,) = stack.containers("server")
        assert server.state["Health"]["Status"] == "healthy"
        mounts = {mount["Destination"]: mount for mount in server.inspect()["Mounts"]}
        assert not mounts["/run/secrets/snowflake_private_key"]["RW"]
        # No account is in reach: not ready, and it says so, but it lives and asks for the key.
        status, body = server.manage("/readyz?verbose")
        assert status == 503
        assert "warehouse" in body
        assert engine.get(server.url, b"{}")[0] == 401
        assert KEY not in "\n".join(server.logs())


def test_production_without_a_key_says_what_is_missing(tmp_path: Path) -> None:
    stack = production(tmp_path, API_KEY="")
    try:
        stack("up", "--no-build", "--detach")
        (server,) = stack.containers("server")
        until("it has ended with 64", 20, lambda: server.state["ExitCode"] == 64)
        assert "API_KEY" in "\n".join(server.logs())
    finally:
        stack("down", "--volumes", "--timeout=1", check=False)


@pytest.mark.parametrize("image", [SLIM, FULL])
async def test_fakesnow_is_served_over_the_snowflake_protocol(image: str, log: Path) -> None:
    stack = Stack("mcp-test-fakesnow", "fakesnow", IMAGE=image)
    stack("build", "fakesnow")
    with stack.up("server-fakesnow"):
        (server,) = stack.containers("server-fakesnow")
        server.wait_ready()
        async with clients.PYTHON_AUTO.connect(server.url, log) as session:
            answer = await session.call("execute_query", sql="SELECT 40 + 2 AS n", format="json")
            assert answer.rows == [[42]]
        for each in (server, *stack.containers("fakesnow")):
            engine.nobody_in_particular(each)
        assert "snowflake" in server.manage("/readyz?verbose")[1]


@pytest.fixture(scope="module")
def observed() -> Iterator[Stack]:
    """The profile without Grafana, whose image cannot be made here: what it would ask and be given is tried instead."""
    stack = Stack("mcp-test-observed", "observability", OTEL_EXPORTER_OTLP_ENDPOINT="http://otlp:4318")
    with stack.up("server", "prometheus", "otlp"):
        yield stack


def prometheus(path: str) -> dict:
    status, body = engine.get(f"{PROMETHEUS}/{path}")
    return json.loads(body)["data"] if status == 200 else {}


async def test_prometheus_scrapes_the_server_and_knows_the_rules(observed: Stack, log: Path) -> None:
    (server,) = observed.containers("server")
    async with clients.PYTHON_AUTO.connect(server.url, log) as session:
        for number in range(3):
            await session.call("execute_query", sql=f"SELECT {number} AS n")

    def healthy() -> bool:
        targets = prometheus("targets").get("activeTargets", [])
        return [target["health"] for target in targets] == ["up"]

    def counted() -> bool:
        series = prometheus("query?query=sum(snowflake_mcp_tool_calls_total)").get("result", [])
        return bool(series) and float(series[0]["value"][1]) >= 3

    until("the target is up", 60, healthy)
    until("the calls are counted", 60, counted)
    rules = [rule for group in prometheus("rules")["groups"] for rule in group["rules"]]
    assert len(rules) >= 3
    assert all(rule["health"] != "err" for rule in rules)


def panels() -> dict[str, list[str]]:
    """The queries of the dashboard, by the title of their panel."""
    dashboard = json.loads((engine.REPOSITORY / "helm/snowflake-mcp/files/dashboard.json").read_text())
    return {
        panel["title"]: [
            re.sub(r'"\$(namespace|job|pod)"', '".*"', target["expr"].replace("$__rate_interval", "1m"))
            for target in panel["targets"]
        ]
        for panel in dashboard["panels"]
        if panel.get("targets")
    }


def test_every_query_of_the_dashboard_is_one_and_shows_what_happened(observed: Stack) -> None:
    """Grafana itself is not here; what it would ask Prometheus is."""
    (server,) = observed.containers("server")

    def filled() -> set[str]:
        found = set()
        for title, queries in panels().items():
            for query in queries:
                status, body = engine.get(f"{PROMETHEUS}/query?query={quote(query)}")
                assert status == 200, f"{title}: {query}: {body}"
                values = [each["value"][1] for each in json.loads(body)["data"]["result"]]
                if any(value not in ("0", "NaN") for value in values):
                    found.add(title)
        return found

    expected = {
        "HTTP requests by route and status",
        "Requests of MCP by method and revision",
        "Ready replicas",
        "Calls by tool",
        "Calls by outcome",
        "Time of a call",
        "Time by step, p95",
        "Where time goes",
        "Statements by verdict",
        "Processor",
        "Memory",
        "Spans and audit records",
    }
    assert expected <= panels().keys()

    def all_show() -> bool:
        # A rate is what changes between two scrapes.
        assert server.ask("execute_query", {"sql": "SELECT 1 AS n"})[0] == 200
        empty = expected - filled()
        print("empty:", empty)
        return not empty

    until("each panel that has something to show shows it", 90, all_show)


def test_grafana_would_find_prometheus_where_its_data_source_says(observed: Stack) -> None:
    provisioned = engine.REPOSITORY / "compose/grafana/provisioning/datasources/prometheus.yaml"
    (source,) = pods.parsed(provisioned.read_text())[0]["datasources"]
    network = f"--network={observed.project}_default"
    asked = docker("run", "--rm", network, "busybox:1.37", "wget", "-q", "-O", "-", f"{source['url']}/-/ready")
    assert "Ready" in asked.stdout


@pytest.mark.parametrize("service", ["server", "prometheus", "otlp"])
def test_what_watches_is_hardened_as_well(service: str, observed: Stack) -> None:
    (container,) = observed.containers(service)
    engine.nobody_in_particular(container, {"prometheus": 65534, "otlp": 10001}.get(service, 65532))


@pytest.mark.parametrize(("protocol", "port"), [("http/protobuf", 4318), ("grpc", 4317)])
def test_traces_arrive(protocol: str, port: int, observed: Stack) -> None:
    """The spans of a call, in the trace that the caller began."""
    (receiver,) = observed.containers("otlp")
    trace = secrets.token_hex(16)
    call = ("execute_query", {"sql": "SELECT 1 AS n"})
    headers = {"traceparent": f"00-{trace}-{secrets.token_hex(8)}-01"}
    if protocol == "http/protobuf":
        # As Compose has it.
        (server,) = observed.containers("server")
        assert server.ask(*call, **headers)[0] == 200
    else:
        settings = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://otlp:{port}",
            "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
            "ALLOW_ANONYMOUS": "true",
            "MANAGEMENT_PORT": "9090",
        }
        with engine.run(FULL, f"--network={observed.project}_default", **settings) as server:
            server.wait_ready()
            assert server.ask(*call, **headers)[0] == 200
            # What is still waiting is sent before the end.
            docker("stop", "--time=20", server.id)
    # A line a span: the request, the call, its check and its answer.
    until("the spans have arrived", 30, lambda: sum(trace in line for line in receiver.logs()) >= 4)
    said = "\n".join(receiver.logs())
    assert "tools/call execute_query" in said
    assert "snowflake-mcp" in said
