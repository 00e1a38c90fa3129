"""The .mcpb for desktop clients, packed by the format's own tool, which refuses a manifest that is wrong."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from parts import ROOT, Parts

TOOL = "@anthropic-ai/mcpb@2.1.2"


def tools() -> list[dict[str, str]]:
    """Names and first sentences, which clients show before the server runs, from the generated docs/tools.md."""
    found = re.findall(r"^## `(\w+)`\n+(.+)$", (ROOT / "docs/tools.md").read_text(), flags=re.MULTILINE)
    if not found:
        raise SystemExit("docs/tools.md has no headings with the names of tools, which packaging/bundle.py reads")
    return [{"name": name, "description": first_sentence(text)} for name, text in found]


def first_sentence(text: str) -> str:
    told = re.sub(r"^Toolset `\w+`\. ", "", text)
    return re.split(r"(?<=[.:]) ", told)[0].rstrip(".:") + "."


def build(parts: Parts, out: Path) -> Path:
    manifest = json.loads((ROOT / "packaging/mcpb/manifest.json").read_text())
    manifest["version"] = parts.version
    manifest["tools"] = tools()
    manifest["compatibility"]["platforms"] = [parts.platform.split("-")[0]]
    path = (out / f"snowflake-mcp-{parts.version}-{parts.platform}.mcpb").resolve()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "server").mkdir()
        for source, mode in ((parts.program, 0o755), (parts.library, 0o644)):
            shutil.copyfile(source, folder / "server" / source.name)
            (folder / "server" / source.name).chmod(mode)
        for name, text in parts.texts().items():
            (folder / name).write_text(text)
        (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
        for command in (["validate", scratch], ["pack", scratch, str(path)]):
            done = subprocess.run(
                ["npx", "--yes", TOOL, *command],
                capture_output=True,
                text=True,
                check=False,
                env={**os.environ, "CI": "1"},
            )
            if done.returncode != 0:
                raise SystemExit(f"mcpb {command[0]}: {done.stdout}{done.stderr}")
    return path
