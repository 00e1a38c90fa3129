"""Writes what is derived for deploying.

The list of settings that Compose passes on, and what the chart's values.schema.json says of each, come from
docs/configuration.md, the rest of that schema and the table of the chart's README from its values.yaml, the alert rules
and the dashboard of k8s/components/monitoring from the chart's files: kustomize reads no file outside its own folder.

    python scripts/generate_deploy.py            writes them
    python scripts/generate_deploy.py --check    fails when they are not what it would write

In values.yaml `# -- text` above a value is its description. A value's type is that of its default; what else is to be
known of it stands under the description as `# @schema` and YAML, such as `# @schema {minimum: 1}`. A map without a
description is a section: it is closed, so that a mistyped key is an error.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
CHART = ROOT / "helm/snowflake-mcp"
MONITORING = ROOT / "k8s/components/monitoring"
PASSED_ON = """\
# Written by `make docs` from docs/configuration.md: what Compose passes on from the shell, or from a file .env beside
# compose.yaml, where it is set there. Not here: addresses and ports, which compose.yaml sets, and paths, which are
# those of this machine.
"""
NOT_PASSED_ON = re.compile(r"SERVER_HOST|(SERVER|MANAGEMENT)_PORT|SERVER_RELOAD|.*_(PATH|FILE|DIR|DIRECTORY|HOME)")
RULES = """\
# Written by `make docs` from helm/snowflake-mcp/files/rules.yaml.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: { name: snowflake-mcp }
spec:
"""
KEY = re.compile(r"^(?P<indent> *)(?P<key>[A-Za-z][\w.-]*):")
NOTE = re.compile(r"^ *# (?:-- (?P<text>.*)|@schema (?P<schema>.*))$")
SETTING = re.compile(r"^\| `([A-Z][A-Z0-9_]*)` \| (.*?) \| (.*?) \| (.*) \|$", re.M)
TYPES = {str: "string", bool: "boolean", int: "integer", list: "array", dict: "object"}


def described(text: str) -> dict[tuple[str, ...], dict[str, Any]]:
    """What the comments say, by the path of the value under them."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    path: list[str] = []
    notes: dict[str, Any] = {}
    for line in text.splitlines():
        if note := NOTE.match(line):
            if note["text"] is not None:
                notes = {"text": note["text"]}
            else:
                notes["schema"] = yaml.safe_load(note["schema"])
        elif key := KEY.match(line):
            depth = len(key["indent"]) // 2
            path[depth:] = [key["key"]]
            # Inside a described map there are values, not settings.
            inside = any(tuple(path[:length]) in found for length in range(1, len(path)))
            if notes and not inside:
                found[tuple(path)] = notes
            notes = {}
    return found


def schema_of(value: Any, notes: dict[tuple[str, ...], dict[str, Any]], path: tuple[str, ...]) -> dict[str, Any]:
    note = notes.get(path)
    if note is None:
        if not isinstance(value, dict):
            raise SystemExit(f"values.yaml: {'.'.join(path)} has no description (`# -- …` above it)")
        properties = {key: schema_of(inner, notes, (*path, key)) for key, inner in value.items()}
        return {"type": "object", "additionalProperties": False, "properties": properties}
    schema = dict(note.get("schema", {}))
    if "type" not in schema and "enum" not in schema:
        if value is None:
            raise SystemExit(f"values.yaml: {'.'.join(path)} is null: say its type (`# @schema {{type: …}}`)")
        schema = {"type": TYPES[type(value)], **schema}
    return {**schema, "description": note["text"]}


def rows(value: Any, notes: dict[tuple[str, ...], dict[str, Any]], path: tuple[str, ...]) -> list[str]:
    if note := notes.get(path):
        default = json.dumps(value, ensure_ascii=False).replace("|", "\\|")
        return [f"| `{'.'.join(path)}` | `{default}` | {note['text']} |"]
    return [row for key, inner in value.items() for row in rows(inner, notes, (*path, key))]


def main() -> None:
    text = (CHART / "values.yaml").read_text()
    values, notes = yaml.safe_load(text), described(text)
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Values of the chart snowflake-mcp",
        **schema_of(values, notes, ()),
    }
    # A chart that is another's dependency is handed this one.
    schema["properties"]["global"] = {"type": "object"}
    head = "| value | default | meaning |\n|---|---|---|\n"
    readme = (CHART / "README.md").read_text().split(head)[0]
    rules = (CHART / "files/rules.yaml").read_text()
    reference = (ROOT / "docs/configuration.md").read_text()
    # Editors complete the names and show the texts. Secrets do not belong into `config`.
    schema["properties"]["config"]["properties"] = {
        name: {"description": f"{meaning} Expected: {expected}. Default: {default}."}
        for name, default, expected, meaning in SETTING.findall(reference)
        if not meaning.endswith("*Secret.*")
    }
    names = re.findall(r"^\| `([A-Z][A-Z0-9_]*)` \|", reference, re.M)
    passed_on = [name for name in names if not NOT_PASSED_ON.fullmatch(name)]
    # In staging and production every one of these may carry the environment's name.
    passed_on += [f"{e}_{n}" for e in ("STAGING", "PRODUCTION") for n in passed_on if n.startswith("SNOWFLAKE_")]
    written = {
        ROOT / "compose/settings/passed-on.env": PASSED_ON + "".join(f"{name}\n" for name in passed_on),
        CHART / "values.schema.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n",
        CHART / "README.md": readme + head + "\n".join(rows(values, notes, ())) + "\n",
        MONITORING / "prometheusrule.yaml": RULES + "".join(f"  {line}".rstrip() + "\n" for line in rules.splitlines()),
        MONITORING / "snowflake-mcp.json": (CHART / "files/dashboard.json").read_text(),
    }
    stale = [path for path, content in written.items() if not path.exists() or path.read_text() != content]
    if "--check" in sys.argv[1:]:
        if stale:
            names = ", ".join(str(path.relative_to(ROOT)) for path in stale)
            raise SystemExit(f"not as they would be written now: {names} (run `make docs`)")
        return
    for path in stale:
        path.write_text(written[path])


main()
