"""The image by itself: what is in it, how it starts, what it says, and how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import struct
import subprocess
import tarfile
import time
import zlib
from pathlib import Path

import pytest

import engine
from engine import FULL, SLIM, Container, docker, image, until
from support import clients
from support.clients import Answer, Kind
from support.lasting import lasting, statement_of

pytestmark = pytest.mark.anyio

MEGABYTE = 1_000_000
IN_FLIGHT = "snowflake_mcp_tool_calls_in_flight"
PROGRAM = "/usr/local/bin/snowflake-mcp"


def test_slim_is_small_and_full_is_what_the_engine_makes_it(measured: dict[str, str]) -> None:
    for name, limit in ((SLIM, 40), (FULL, 120)):
        size, sent = image(name)["Size"] / MEGABYTE, compressed(name) / MEGABYTE
        measured[f"size of {name}"] = f"{size:.1f} MB, {sent:.1f} MB as layers are sent"
        assert size <= limit, name


def compressed(name: str) -> int:
    """The bytes of its layers as a registry keeps them: compressed by gzip."""
    total = 0
    with (
        subprocess.Popen(["docker", "save", name], stdout=subprocess.PIPE) as save,
        tarfile.open(fileobj=save.stdout, mode="r|") as archive,
    ):
        for member in archive:
            content = archive.extractfile(member)
            # Layers are tar files; what describes the image is JSON.
            if content is None or (head := content.read(512))[257:262] != b"ustar":
                continue
            gzip = zlib.compressobj(6, wbits=31)
            total += len(gzip.compress(head))
            while chunk := content.read(MEGABYTE):
                total += len(gzip.compress(chunk))
            total += len(gzip.flush())
    return total


@pytest.mark.parametrize("name", [SLIM, FULL])
def test_what_the_image_says_of_itself(name: str) -> None:
    config = image(name)["Config"]
    assert config["User"] == "65532:65532"
    assert config["StopSignal"] == "SIGTERM"
    assert config["Healthcheck"]["Test"] == ["CMD", PROGRAM, "healthcheck"]
    assert set(config["ExposedPorts"]) == {"8000/tcp", "9090/tcp"}
    labels = config["Labels"]
    assert labels["io.modelcontextprotocol.server.name"]
    assert labels["org.opencontainers.image.version"] == os.environ["IMAGE_VERSION"]
    assert len(labels["org.opencontainers.image.revision"]) == 40


@pytest.mark.parametrize("name", [SLIM, FULL])
def test_there_is_no_shell_and_no_package_manager(name: str, tmp_path: Path) -> None:
    container = docker("create", name).stdout.strip()
    try:
        exported = tmp_path / "image.tar"
        docker("export", "--output", str(exported), container)
        with tarfile.open(exported) as archive:
            names = set(archive.getnames())
    finally:
        docker("rm", container)
    assert PROGRAM.removeprefix("/") in names
    assert ("usr/local/bin/libduckdb.so" in names) == (name == FULL)
    assert not {"bin/sh", "bin/bash", "bin/busybox", "usr/bin/apt", "usr/bin/dpkg"} & names


def crates(program: bytes) -> set[str]:
    """The crates of the section that cargo-auditable writes, read without its help."""
    sections, size, count, names = struct.unpack_from("<Q", program, 40)[0], *struct.unpack_from("<HHH", program, 58)
    headers = [struct.unpack_from("<IIQQQQ", program, sections + size * number) for number in range(count)]
    texts = headers[names][4]
    for name, _, _, _, offset, length in headers:
        if program[texts + name :].startswith(b".dep-v0\0"):
            return {
                package["name"]
                for package in json.loads(zlib.decompress(program[offset : offset + length]))["packages"]
            }
    return set()


@pytest.mark.parametrize("name", [SLIM, FULL])
def test_scanners_find_the_crates_in_the_binary(name: str, tmp_path: Path) -> None:
    container = docker("create", name).stdout.strip()
    docker("cp", f"{container}:{PROGRAM}", str(tmp_path / "program"))
    docker("rm", container)
    found = crates((tmp_path / "program").read_bytes())
    assert {"actix-web", "rmcp", "rustls"} <= found
    assert ("duckdb" in found) == (name == FULL)
    # A scanner that nobody here wrote finds the same.
    docker(name, str(tmp_path), program="scripts/sbom.sh")
    cyclone, spdx = (json.loads((tmp_path / f"image.{kind}.json").read_text()) for kind in ("cdx", "spdx"))
    assert cyclone["metadata"]["component"]["name"] == "snowflake-mcp"
    listed = {each["name"] for each in cyclone["components"] if each.get("purl", "").startswith("pkg:cargo/")}
    assert {"actix-web", "rmcp", "rustls"} <= listed <= found
    assert ("duckdb" in listed) == (name == FULL)
    assert listed <= {each["name"] for each in spdx["packages"]}


def test_version_and_revision_are_those_of_the_build(server: Container) -> None:
    labels = server.inspect()["Config"]["Labels"]
    version, revision = (labels[f"org.opencontainers.image.{what}"] for what in ("version", "revision"))
    answer = json.loads(server.manage("/version")[1])
    assert (answer["version"], answer["revision"]) == (version, revision)
    (info,) = [
        line for line in server.manage("/metrics")[1].splitlines() if line.startswith("snowflake_mcp_build_info{")
    ]
    assert f'version="{version}"' in info
    assert f'revision="{revision}"' in info


def test_it_becomes_healthy_by_its_own_check(server: Container) -> None:
    server.wait_healthy()


def test_it_runs_as_nobody_in_particular_and_can_write_nothing(server: Container) -> None:
    engine.nobody_in_particular(server)


@pytest.mark.parametrize("client", clients.OVER_HTTP, ids=str)
async def test_a_client_gets_an_answer(server: Container, client: Kind, log: Path) -> None:
    async with client.connect(server.url, log) as session:
        assert len(await session.tools()) >= 10
        answer = await session.call("execute_query", sql="SELECT COUNT(*) AS n FROM orders", format="json")
    assert answer.rows == [[15_000]]


async def test_every_log_line_is_json(server: Container, log: Path) -> None:
    async with clients.PYTHON_AUTO.connect(server.url, log) as session:
        await session.call("execute_query", sql="SELECT 'a-secret-value' AS n")
    assert "a-secret-value" not in "".join(server.logs())
    lines = [json.loads(line) for line in server.logs()]
    assert all({"timestamp", "level", "target", "message"} <= line.keys() for line in lines), lines[0]
    assert {"listening", "ready"} <= {line.get("event") for line in lines}
    assert any(line["message"] == "call answered" and line["span"]["tool"] == "execute_query" for line in lines)


def test_an_open_port_without_a_key_is_refused() -> None:
    with engine.run(FULL) as container:
        assert container.wait_exit(10) == 64
        assert "API_KEY" in "\n".join(container.logs())


@pytest.mark.parametrize("name", [SLIM, FULL])
def test_bad_settings_end_with_64_and_name_every_problem(name: str) -> None:
    wrong = {
        "SERVER_PORT": "70000",
        "SHUTDOWN_TIMEOUT": "soon",
        "SNOWFLAKE_POOL_MIN_SIZE": "0",
        "MAX_ROWS": "many",
        "LOG_FORMAT": "xml",
        "CORS_ORIGINS": "*",
    }
    settings = {**wrong, "ENVIRONMENT": "production", "API_KEY": "0123456789abcdef0123456789abcdef"}
    with engine.run(name, "--restart=no", **settings) as container:
        assert container.wait_exit(10) == 64
        said = "\n".join(container.logs())
    for variable in (*wrong, "SNOWFLAKE_ACCOUNT"):
        assert variable in said, said
    assert settings["API_KEY"] not in said


@pytest.mark.parametrize("written", [{"WAREHOUSE_BACKEND": "embedded"}, {"SNOWFLAKE_ACCOUNT": ""}], ids=str)
def test_slim_says_that_it_has_no_embedded_engine(written: dict[str, str]) -> None:
    """Whether the engine was asked for, or taken because nothing was."""
    with engine.run(SLIM, ALLOW_ANONYMOUS="true", **written) as container:
        assert container.wait_exit(10) == 64
        said = "\n".join(container.logs())
    assert "without the embedded engine" in said
    assert all(name in said for name in written)


async def in_flight(server: Container, call: asyncio.Task[Answer]) -> None:
    """Returns when the call is being worked on."""
    while await asyncio.to_thread(server.metric, IN_FLIGHT) < 1:
        assert not call.done(), call.result().text
        await asyncio.sleep(0.05)


async def test_sigterm_lets_a_call_end_and_exits_with_0(log: Path, measured: dict[str, str]) -> None:
    grace = 40
    with engine.run(FULL, ALLOW_ANONYMOUS="true", MANAGEMENT_PORT="9090") as server:
        server.wait_ready()
        async with clients.PYTHON_AUTO.connect(server.url, log) as session:
            sql = await statement_of(session, seconds=2.0)
            call = asyncio.create_task(session.call("execute_query", sql=sql, format="json"))
            await in_flight(server, call)
            started = time.monotonic()
            stop = asyncio.create_task(asyncio.to_thread(docker, "stop", f"--time={grace}", server.id))
            assert len((await call).rows) == 1
        await stop
        took = time.monotonic() - started
        assert server.state["ExitCode"] == 0
        assert took < grace
        measured["docker stop with a call that ends in time"] = f"exit 0 after {took:.1f} s"


async def test_sigterm_stops_a_call_that_does_not_end(log: Path, measured: dict[str, str]) -> None:
    settings = {"ALLOW_ANONYMOUS": "true", "MANAGEMENT_PORT": "9090", "SHUTDOWN_TIMEOUT": "3s"}
    with engine.run(FULL, **settings) as server:
        server.wait_ready()
        async with clients.PYTHON_AUTO.connect(server.url, log) as session:
            call = asyncio.create_task(session.call("execute_query", sql=lasting(1_000_000_000)))
            await in_flight(server, call)
            started = time.monotonic()
            stop = asyncio.create_task(asyncio.to_thread(docker, "stop", "--time=20", server.id))
            answer = await call
            # As text: a server for agents has no structured errors.
            assert answer.text.startswith("query_cancelled: "), answer.text
        await stop
        took = time.monotonic() - started
        assert server.state["ExitCode"] == 0
        assert took < 3 + 5
        measured["docker stop with a call that does not end"] = f"exit 0 after {took:.1f} s (SHUTDOWN_TIMEOUT 3 s)"


def test_readiness_fails_before_the_end_in_production(tmp_path: Path) -> None:
    """Load balancers need a moment between the refusal of `/readyz` and that of the port."""
    settings = {
        "ENVIRONMENT": "production",
        "WAREHOUSE_BACKEND": "embedded",
        "API_KEY": "0123456789abcdef0123456789abcdef",
        "CORS_ORIGINS": "https://app.example.com",
        "MANAGEMENT_PORT": "9090",
    }
    with engine.run(FULL, **settings) as server:
        server.wait_ready()
        docker("kill", "--signal=TERM", server.id)
        until("/readyz is 503", 2, lambda: server.manage("/readyz")[0] == 503)
        assert engine.get(server.url.removesuffix("/mcp") + "/version")[0] == 200
        assert server.wait_exit(30) == 0
