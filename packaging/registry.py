"""server.json, by which the MCP registry and the clients that read it know where to get the server and what to ask."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from parts import NAME, ROOT

SCHEMA = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"
SERVER = "io.github.snowflake-mcp/snowflake-mcp"
REPOSITORY = "https://github.com/snowflake-mcp/snowflake-mcp"
IMAGE = "ghcr.io/snowflake-mcp/snowflake-mcp"


def build(version: str, bundles: list[Path], out: Path) -> Path:
    """`bundles` are the .mcpb files that the release publishes; their checksums are part of the document."""
    manifest = json.loads((ROOT / "packaging/mcpb/manifest.json").read_text())
    asked = manifest["user_config"]
    variables = []
    for variable, value in manifest["server"]["mcp_config"]["env"].items():
        question = asked[value.removeprefix("${user_config.").removesuffix("}")]
        variable_asked = {"name": variable, "description": question["description"]}
        if question["type"] in ("file", "directory"):
            variable_asked["format"] = "filepath"
        if question.get("sensitive"):
            variable_asked["isSecret"] = True
        variables.append(variable_asked)
    common = {
        "transport": {"type": "stdio"},
        "packageArguments": [{"type": "positional", "value": "stdio"}],
        "environmentVariables": variables,
    }
    # A container sees no file of the machine unless it is mounted: a token is what works there.
    in_container = [variable for variable in variables if variable.get("format") != "filepath"]
    passed_on = [{"type": "named", "name": "-e", "value": variable["name"]} for variable in in_container]
    packages = [
        {"registryType": "pypi", "identifier": NAME, "version": version, "runtimeHint": "uvx", **common},
        {"registryType": "npm", "identifier": NAME, "version": version, "runtimeHint": "npx", **common},
        {
            "registryType": "oci",
            "identifier": f"{IMAGE}:{version}",
            "runtimeHint": "docker",
            "runtimeArguments": [{"type": "named", "name": "-i"}, {"type": "named", "name": "--rm"}, *passed_on],
            **common,
            "environmentVariables": in_container,
        },
    ]
    packages += [
        {
            "registryType": "mcpb",
            "identifier": f"{REPOSITORY}/releases/download/v{version}/{bundle.name}",
            "fileSha256": hashlib.sha256(bundle.read_bytes()).hexdigest(),
            "transport": {"type": "stdio"},
        }
        for bundle in sorted(bundles)
    ]
    document = {
        "$schema": SCHEMA,
        "name": SERVER,
        "title": "Snowflake",
        "description": "Governed access to Snowflake for AI agents: read-only SQL with limits, or sample data",
        "version": version,
        "websiteUrl": REPOSITORY,
        "repository": {"url": REPOSITORY, "source": "github"},
        "packages": packages,
    }
    path = out / "server.json"
    path.write_text(json.dumps(document, indent=2) + "\n")
    return path
