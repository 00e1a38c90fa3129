"""Every package, installed as a person would, on a machine that has nothing but what its readers are told to have."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tarfile
import time
import urllib.error
import urllib.request
import uuid
import zipfile
from pathlib import Path

import pytest

from machine import DIST, TOOLS, answers, command, only, run

WHEEL = only("*.whl").name
STARTER = f"/dist/{only('snowflake-mcp-server-[0-9]*.tgz').name}"
PROGRAM = f"/dist/{only('snowflake-mcp-server-linux-*.tgz').name}"
ARCHIVE = only("*.tar.gz").name
VENV = f"python3 -m venv /tmp/venv && /tmp/venv/bin/pip install --quiet --no-index /dist/{WHEEL} >&2"
UV = (f"--volume={TOOLS}/bin:/tools:ro", "--env=UV_OFFLINE=1", "--env=UV_LINK_MODE=copy")
NPM = f"npm install --offline --no-audit --no-fund --loglevel=error --prefix /tmp/node {STARTER} {PROGRAM} >&2"


def test_the_archive_runs_where_there_is_nothing() -> None:
    answers("bare", f"tar -xzf /dist/{ARCHIVE} -C /tmp && exec /tmp/snowflake-mcp-*/bin/snowflake-mcp stdio")


def test_pip() -> None:
    answers("python", f"{VENV} && exec /tmp/venv/bin/snowflake-mcp stdio")


def test_python_m() -> None:
    answers("python", f"{VENV} && exec /tmp/venv/bin/python -m snowflake_mcp_server stdio")


def test_pip_into_a_folder() -> None:
    venv = "python3 -m venv /tmp/venv && /tmp/venv/bin/pip install --quiet --no-index"
    install = f"{venv} --target /tmp/there /dist/{WHEEL} >&2"
    answers("python", f"{install} && PYTHONPATH=/tmp/there exec python3 /tmp/there/bin/snowflake-mcp stdio")


def test_uvx() -> None:
    answers("python", f"exec /tools/uvx --quiet --from /dist/{WHEEL} snowflake-mcp-server stdio", *UV)


def test_uv_tool() -> None:
    install = f"/tools/uv tool install --quiet /dist/{WHEEL} >&2"
    answers("python", f"{install} && exec /tmp/.local/bin/snowflake-mcp stdio", *UV)


def test_uninstalling_leaves_nothing() -> None:
    uninstall = "/tmp/venv/bin/pip uninstall --yes --quiet snowflake-mcp-server"
    code, told = run("python", f"{VENV} && {uninstall} && find /tmp/venv -iname '*snowflake*'")
    assert (code, told.strip()) == (0, "")


def test_npm() -> None:
    answers("node", f"{NPM} && exec /tmp/node/node_modules/.bin/snowflake-mcp stdio")


def test_npx() -> None:
    command = f"npx --offline --yes --package {STARTER} --package {PROGRAM} snowflake-mcp-server stdio"
    answers("node", f"exec {command}")


def test_npm_says_what_is_missing() -> None:
    install = f"npm install --offline --no-audit --no-fund --omit=optional --prefix /tmp/node {STARTER} >/dev/null"
    code, told = run("node", f"{install} && exec /tmp/node/node_modules/.bin/snowflake-mcp stdio")
    assert code == 1
    assert re.search(r"the package snowflake-mcp-server-linux-\w+ is not installed.*--omit=optional", told), told


def test_exit_codes_are_the_programs() -> None:
    for image, script in (
        ("python", f"{VENV} && exec /tmp/venv/bin/snowflake-mcp check"),
        ("node", f"{NPM} && exec /tmp/node/node_modules/.bin/snowflake-mcp check"),
    ):
        code, told = run(image, script, "--env=MAX_ROWS=many")
        assert code == 64, told
        assert "MAX_ROWS" in told


@pytest.mark.parametrize(
    ("image", "script"),
    [
        ("python", f"{VENV} && exec /tmp/venv/bin/snowflake-mcp serve"),
        ("node", f"{NPM} && exec node /tmp/node/node_modules/.bin/snowflake-mcp serve"),
    ],
)
def test_sigterm_reaches_the_program(image: str, script: str) -> None:
    """What stops a service asks its first process. That may be Node.js; the program must end its calls all the same."""
    name = f"snowflake-mcp-dist-{uuid.uuid4().hex[:8]}"
    server = subprocess.Popen(
        command(image, script, "--name", name),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert server.stdout
    for line in server.stdout:
        if "ready" in line:
            break
    before = time.monotonic()
    subprocess.run(["docker", "stop", "--time=30", name], check=True, capture_output=True)
    rest = server.stdout.read()
    assert server.wait(timeout=60) == 0, rest
    assert "stopped" in rest
    assert time.monotonic() - before < 20


def test_the_bundle_starts_as_its_manifest_says(tmp_path: Path) -> None:
    """Unpacked by the format's own tool, with every question of the manifest left unanswered."""
    bundle = only("*.mcpb")
    tool = ["npx", "--yes", "@anthropic-ai/mcpb@2.1.2"]
    subprocess.run([*tool, "unpack", str(bundle), str(tmp_path / "server")], check=True, capture_output=True)
    manifest = json.loads((tmp_path / "server/manifest.json").read_text())
    config = manifest["server"]["mcp_config"]

    def filled(text: str) -> str:
        text = text.replace("${__dirname}", "/bundle")
        return re.sub(r"\$\{user_config\.(\w+)\}", lambda found: manifest["user_config"][found[1]]["default"], text)

    environment = [f"--env={name}={filled(value)}" for name, value in config["env"].items()]
    command = " ".join([filled(config["command"]), *config["args"]])
    tmp_path.chmod(0o755)
    answers("bare", f"exec {command}", f"--volume={tmp_path}/server:/bundle:ro", *environment)
    assert "execute_query" in {tool["name"] for tool in manifest["tools"]}


def test_the_wheels_tag_is_true() -> None:
    told = subprocess.run(
        [TOOLS / "bin/auditwheel", "show", DIST / WHEEL], check=True, capture_output=True, text=True
    ).stdout
    consistent = re.search(r'platform tag:\s*"(\w+)"', " ".join(told.split()))
    assert consistent, told
    assert f"-{consistent[1]}.whl" in WHEEL, told


def test_the_wheel_is_well_made() -> None:
    for tool in (["twine", "check", "--strict"], ["check-wheel-contents"]):
        done = subprocess.run(
            [TOOLS / "bin" / tool[0], *tool[1:], DIST / WHEEL], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_registrys_document() -> None:
    document = json.loads((DIST / "server.json").read_text())
    bundles = [package for package in document["packages"] if package["registryType"] == "mcpb"]
    sums = dict(reversed(line.split()) for line in (DIST / "SHA256SUMS").read_text().splitlines())
    for package in bundles:
        assert sums[package["identifier"].rsplit("/", 1)[1]] == package["fileSha256"]
    # Each registry proves to the MCP registry that the package is ours.
    with tarfile.open(only("snowflake-mcp-server-[0-9]*.tgz")) as archive:
        package = archive.extractfile("package/package.json")
        assert package
        assert json.load(package)["mcpName"] == document["name"]
    with zipfile.ZipFile(DIST / WHEEL) as wheel:
        metadata = wheel.read(next(name for name in wheel.namelist() if name.endswith("METADATA"))).decode()
    assert f"mcp-name: {document['name']}" in metadata
    schema = os.environ.get("SERVER_SCHEMA")
    try:
        if schema:
            told = json.loads(Path(schema).read_text())
        else:
            with urllib.request.urlopen(document["$schema"], timeout=20) as answer:
                told = json.load(answer)
    except (urllib.error.URLError, TimeoutError) as error:
        pytest.skip(f"{document['$schema']} cannot be had: {error}. SERVER_SCHEMA names a copy of it")
    import jsonschema

    jsonschema.Draft7Validator(told, format_checker=jsonschema.FormatChecker()).validate(document)


def test_licences_and_crates_are_in_every_package() -> None:
    with zipfile.ZipFile(DIST / WHEEL) as wheel:
        names = {name.rsplit("/", 1)[1] for name in wheel.namelist()}
        crates = json.loads(wheel.read(next(name for name in wheel.namelist() if name.endswith(".cdx.json"))))
    wanted = {"LICENSE", "THIRD-PARTY-LICENSES.txt", "snowflake-mcp.cdx.json"}
    assert wanted <= names
    for package in (only("*.tar.gz"), only("snowflake-mcp-server-linux-*.tgz")):
        with tarfile.open(package) as archive:
            assert wanted <= {Path(name).name for name in archive.getnames()}, package
    with zipfile.ZipFile(only("*.mcpb")) as opened:
        assert wanted <= set(opened.namelist())
    linked = {component["name"] for component in crates["components"]}
    assert {"rmcp", "sqlparser", "duckdb", "ring"} <= linked
    assert not {"criterion", "proptest", "insta"} & linked, "what only tests need is not shipped"


def test_scanners_find_the_crates_in_the_program() -> None:
    with zipfile.ZipFile(DIST / WHEEL) as wheel:
        program = wheel.read("snowflake_mcp_server/bin/snowflake-mcp")
    # The name of the section, as the table of sections has it; tests/image reads what is in it.
    assert b"\0.dep-v0\0" in program
