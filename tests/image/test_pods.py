"""The pods of the chart and of the manifests, run from the real image with exactly what was rendered for them.

No cluster: who schedules, restarts and routes is not here. What a kubelet takes from a pod's description is.
"""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import engine
import pods
from engine import FULL, SLIM, docker, until
from pods import Pod, Running
from support import clients
from support.lasting import statement_of

pytestmark = pytest.mark.anyio

KEY = "0123456789abcdef0123456789abcdef"
NETWORK = "mcp-test-pods"
BUSYBOX = "busybox:1.37"

# Production as the chart has it by default, on the engine that needs no account.
VALUES = {
    "config": {
        "ENVIRONMENT": "production",
        "LOG_FORMAT": "json",
        "WAREHOUSE_BACKEND": "embedded",
        "CORS_ORIGINS": "https://app.example.com",
    },
    "secret": {"create": True, "data": {"API_KEY": KEY}},
}

RENDERED = {
    **{path.stem.removesuffix("-values"): path for path in sorted((pods.CHART / "ci").glob("*-values.yaml"))},
    **{path.name: path for path in sorted((engine.REPOSITORY / "k8s/overlays").iterdir())},
}


@pytest.fixture(scope="module")
def brought(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """The Secrets that whoever deploys has made. The account is out of reach: nothing listens on that port."""
    key = tmp_path_factory.mktemp("key") / "private_key.pem"
    made = ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", str(key)]
    subprocess.run(made, check=True, capture_output=True)
    variables = {
        "SNOWFLAKE_ACCOUNT": "myorg-myaccount",
        "SNOWFLAKE_USER": "MCP",
        "SNOWFLAKE_HOST": "127.0.0.1",
        "SNOWFLAKE_PORT": "9",
        "API_KEY": KEY,
        "CURSOR_SECRET": "0" * 32,
        "CORS_ORIGINS": "https://app.example.com",
    }
    private_key = {"private_key.pem": key.read_text()}
    pair, own = key.with_name("tls.crt"), key.with_name("tls.key")
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=mcp.example.com"]
    subprocess.run([*made, "-keyout", str(own), "-out", str(pair)], check=True, capture_output=True)
    # As cert-manager writes it, authority and all.
    tls = {"tls.crt": pair.read_text(), "tls.key": own.read_text(), "ca.crt": pair.read_text()}
    callers = {"callers.json": '{"version": 1}'}
    return {
        "snowflake-mcp": variables,
        "mcp-snowflake-mcp": variables,
        "snowflake-mcp-key": private_key,
        "key": private_key,
        "snowflake-mcp-tls": tls,
        "snowflake-mcp-client-ca": tls,
        "snowflake-mcp-callers": callers,
        "callers": callers,
    }


def rendered(name: str, folder: Path, secrets: dict[str, dict[str, str]]) -> Pod:
    path = RENDERED[name]
    objects = pods.overlay(path.name) if path.is_dir() else pods.chart(path)
    return Pod(objects, pods.server(objects), folder, secrets)


@pytest.mark.parametrize("name", RENDERED)
def test_the_binary_accepts_the_settings_as_rendered(
    name: str, tmp_path: Path, brought: dict[str, dict[str, str]]
) -> None:
    """Variables, files and rights together: `check` reads the private key, as its user, from where it is mounted."""
    pod = rendered(name, tmp_path, brought)
    done = docker("run", "--rm", *pod.arguments(FULL, command=("check",)), check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_setting_that_is_wrong_would_not_be_accepted(tmp_path: Path, brought: dict[str, dict[str, str]]) -> None:
    brought = {name: {key: value for key, value in data.items() if key != "API_KEY"} for name, data in brought.items()}
    pod = rendered("production", tmp_path, brought)
    done = docker("run", "--rm", *pod.arguments(FULL, command=("check",)), check=False)
    assert done.returncode == 64
    assert "API_KEY" in done.stdout + done.stderr


@contextmanager
def network() -> Iterator[str]:
    docker("network", "create", NETWORK)
    try:
        yield NETWORK
    finally:
        docker("network", "rm", NETWORK)


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The chart's pod behind its Service's name, on a network of its own."""
    objects = pods.chart(VALUES)
    pod = Pod(objects, pods.server(objects), tmp_path_factory.mktemp("chart"))
    service = pods.one(objects, "Service", "mcp-snowflake-mcp")
    for port in service["spec"]["ports"]:
        # A name on Docker's network changes no port numbers.
        assert port["port"] == pod.port(port["targetPort"])
    with (
        network(),
        pod.running(FULL, f"--network={NETWORK}", f"--network-alias={service['metadata']['name']}") as running,
    ):
        running.wait_started()
        yield running


@pytest.fixture(scope="module")
def manifests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with rendered("development", tmp_path_factory.mktemp("manifests"), {}).running(FULL) as running:
        running.wait_started()
        yield running


@pytest.fixture(params=["chart", "manifests"])
def running(request: pytest.FixtureRequest) -> Running:
    return request.getfixturevalue(request.param)


def test_every_probe_is_answered_where_it_asks(running: Running) -> None:
    until("ready", 30, lambda: running.probe("readinessProbe") == 200)
    assert running.probe("startupProbe") == 200
    assert running.probe("livenessProbe") == 200


def test_it_runs_as_the_security_context_says(running: Running) -> None:
    engine.nobody_in_particular(running.container)
    host = running.container.inspect()["HostConfig"]
    assert host["Memory"] == 1024**3
    assert not running.container.state["OOMKilled"]


def test_it_answers_whom_it_should(running: Running) -> None:
    key = {"X-API-Key": key} if (key := running.pod.variables().get("API_KEY")) else {}
    status, text = running.container.ask("list_databases", **key)
    assert status == 200
    assert '"isError":true' not in text
    assert "SNOWFLAKE_SAMPLE_DATA" in text
    # Without a key where there is one, and under a name that is not the Service's.
    assert running.container.ask("list_databases")[0] == (401 if key else 200)
    assert running.container.ask("list_databases", **key, Host="elsewhere.example.com")[0] == 403


def tried(objects: list[pods.Object], folder: Path) -> subprocess.CompletedProcess[str]:
    """What `helm test` starts, run to its end on the network of the pods."""
    test = pods.one(objects, "Pod")
    assert test["metadata"]["annotations"]["helm.sh/hook"] == "test"
    pod = Pod(objects, test["spec"], folder)
    # The stand-in is made under the name that the chart has by default.
    assert pod.described["image"].split("@")[0] == BUSYBOX
    return docker("run", "--rm", f"--network={NETWORK}", *pod.arguments(BUSYBOX), check=False)


def test_helm_test_calls_a_tool_by_the_name_of_the_service(chart: Running, tmp_path: Path) -> None:
    done = tried(chart.pod.objects, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SNOWFLAKE_SAMPLE_DATA" in done.stdout


@pytest.mark.parametrize(
    "values",
    [{"secret": {"create": True, "data": {"API_KEY": KEY[::-1]}}}, {"fullnameOverride": "nobody-of-this-name"}],
    ids=["another key", "another name"],
)
def test_helm_test_fails_when_nobody_answers(values: dict, chart: Running, tmp_path: Path) -> None:
    done = tried(pods.chart({**VALUES, **values}), tmp_path)
    assert done.returncode != 0, done.stdout


@pytest.mark.parametrize("image", [SLIM, FULL])
def test_without_its_account_it_lives_but_takes_no_calls(
    image: str, tmp_path: Path, brought: dict[str, dict[str, str]]
) -> None:
    """The chart's defaults: whatever Snowflake does, no pod is restarted for it."""
    with rendered("default", tmp_path, brought).running(image) as running:
        until("it lives", 30, lambda: running.probe("livenessProbe") == 200)
        until("it has started", 30, lambda: running.probe("startupProbe") == 200)
        assert running.probe("readinessProbe") == 503
        assert running.container.state["Running"]


async def test_it_leaves_as_the_pod_says(tmp_path: Path, log: Path, measured: dict[str, str]) -> None:
    """Out of the Service, `preStop`, SIGTERM: calls are answered until the end, and the end comes in time."""
    objects = pods.chart({**VALUES, "config": {**VALUES["config"], "ALLOW_ANONYMOUS": True}, "secret": {}})
    with Pod(objects, pods.server(objects), tmp_path).running(FULL) as running:
        running.wait_started()
        until("ready", 30, lambda: running.probe("readinessProbe") == 200)
        async with clients.PYTHON_AUTO.connect(running.container.url, log) as session:
            sql = await statement_of(session, seconds=3.0)
            began = time.monotonic()
            sleeping = asyncio.create_task(asyncio.to_thread(running.before_stop))
            while not sleeping.done():
                assert not (await session.call("execute_query", sql="SELECT 1 AS n")).is_error
            assert running.probe("readinessProbe") == 200
            grace = await sleeping
            assert time.monotonic() - began > 4
            call = asyncio.create_task(session.call("execute_query", sql=sql, format="json"))
            await asyncio.sleep(0.5)
            began = time.monotonic()
            stop = asyncio.create_task(asyncio.to_thread(running.stop, grace))
            assert len((await call).rows) == 1
        assert await stop == 0
        took = time.monotonic() - began
        assert took < grace
    measured["SIGTERM to a pod with a call in flight"] = f"exit 0 after {took:.1f} s of {grace} s"
