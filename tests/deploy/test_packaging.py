"""What packages and the release say of themselves, before anything is built: tests/dist runs the packages."""

import json
import re
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
KNOWN = set(re.findall(r"^\| `([A-Z][A-Z0-9_]*)` \|", (ROOT / "docs/configuration.md").read_text(), re.M))
MANIFEST = json.loads((ROOT / "packaging/mcpb/manifest.json").read_text())
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))

sys.path.insert(0, str(ROOT / "packaging"))


def test_the_bundle_asks_for_settings_that_there_are() -> None:
    variables = MANIFEST["server"]["mcp_config"]["env"]
    assert not [name for name in variables if name not in KNOWN]
    asked = {value.removeprefix("${user_config.").removesuffix("}") for value in variables.values()}
    assert asked == set(MANIFEST["user_config"])
    # Clients leave `${user_config.x}` as it is where an answer has neither a value nor a default.
    assert not [name for name, question in MANIFEST["user_config"].items() if "default" not in question]
    secret = {"private_key_passphrase", "token"}
    assert {name for name, question in MANIFEST["user_config"].items() if question.get("sensitive")} == secret


def test_the_registry_knows_the_packages_as_ours(tmp_path: Path) -> None:
    import registry

    (tmp_path / "one.mcpb").write_bytes(b"")
    document = json.loads(registry.build("1.2.3", [tmp_path / "one.mcpb"], tmp_path).read_text())
    assert len(document["description"]) <= 100, "the schema's limit"
    assert [package["registryType"] for package in document["packages"]] == ["pypi", "npm", "oci", "mcpb"]
    assert f"mcp-name: {document['name']}" in (ROOT / "packaging/README.md").read_text()
    assert f'io.modelcontextprotocol.server.name="{document["name"]}"' in (ROOT / "Dockerfile").read_text()
    assert (
        not {
            variable["name"] for package in document["packages"] for variable in package.get("environmentVariables", [])
        }
        - KNOWN
    )


def test_every_platform_has_a_checksum_of_its_library() -> None:
    import parts

    known = {line.split()[1] for line in (ROOT / "scripts/duckdb.sha256").read_text().splitlines()}
    assert {f"{platform}/{library}" for platform, _, library in parts.PLATFORMS.values()} == known


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_trusts_only_what_is_pinned(path: Path) -> None:
    text = path.read_text()
    used = re.findall(r"uses: (\S+)(.*)", text)
    assert used
    for action, comment in used:
        assert re.fullmatch(r"[\w-]+/[\w/-]+@[0-9a-f]{40}", action), f"{action} is not pinned by commit"
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), f"{action} does not say its version"
    jobs = yaml.safe_load(text)["jobs"]
    # Every token has only what its job needs: nothing is granted for all.
    assert yaml.safe_load(text)["permissions"] == {}
    assert not [name for name, job in jobs.items() if "permissions" not in job or "timeout-minutes" not in job]
    assert "secrets." not in text
