"""The wheel: `uvx snowflake-mcp-server`, `pip install snowflake-mcp-server`.

The program lies in the package's folder with the library beside it, and a script becomes it. That holds
wherever the wheel goes (a venv, --user, --target). A program among the scripts would not find its library there.
"""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import time
import zipfile
from pathlib import Path

from parts import NAME, ROOT, Parts, built_at

MODULE = NAME.replace("-", "_")


def tag(parts: Parts) -> str:
    """The oldest C library that has every symbol the program and DuckDB's library ask for."""
    if parts.host.endswith("darwin"):
        return f"macosx_12_0_{parts.machine}"  # MACOSX_DEPLOYMENT_TARGET of the release
    newest = (2, 17)  # nothing older is a platform that installers know
    for path in (parts.program, parts.library):
        asked = subprocess.run(["readelf", "--version-info", path], check=True, capture_output=True, text=True).stdout
        newest = max(newest, *((int(major), int(minor)) for major, minor in re.findall(r"GLIBC_(\d+)\.(\d+)", asked)))
    return f"manylinux_{newest[0]}_{newest[1]}_{parts.machine}"


def build(parts: Parts, out: Path) -> Path:
    # Python writes versions its own way: 1.0.0-rc.1 is 1.0.0rc1 there.
    version = re.sub(r"-([a-z]+)\.?(\d+)$", r"\1\2", parts.version)
    platform = tag(parts)
    info = f"{MODULE}-{version}.dist-info"
    files: dict[str, tuple[bytes, int]] = {}
    for source in sorted((ROOT / "packaging/python" / MODULE).glob("*.py")):
        files[f"{MODULE}/{source.name}"] = (source.read_bytes(), 0o644)
    files[f"{MODULE}/bin/snowflake-mcp"] = (parts.program.read_bytes(), 0o755)
    files[f"{MODULE}/bin/{parts.library.name}"] = (parts.library.read_bytes(), 0o755)
    for name, text in parts.texts().items():
        files[f"{info}/licenses/{name}" if "LICENSE" in name else f"{info}/sboms/{name}"] = (text.encode(), 0o644)
    files[f"{info}/METADATA"] = (metadata(version).encode(), 0o644)
    files[f"{info}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: snowflake-mcp\nRoot-Is-Purelib: false\nTag: py3-none-{platform}\n".encode(),
        0o644,
    )
    files[f"{info}/entry_points.txt"] = (
        f"[console_scripts]\n{NAME} = {MODULE}:main\nsnowflake-mcp = {MODULE}:main\n".encode(),
        0o644,
    )
    record = [f"{name},sha256={digest(content)},{len(content)}" for name, (content, _) in files.items()]
    record.append(f"{info}/RECORD,,")
    files[f"{info}/RECORD"] = (("\n".join(record) + "\n").encode(), 0o644)
    path = out / f"{MODULE}-{version}-py3-none-{platform}.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as wheel:
        for name, (content, mode) in files.items():
            entry = zipfile.ZipInfo(name, time.gmtime(max(built_at(), 315532800))[:6])  # zip begins in 1980
            entry.external_attr = (0o100000 | mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            wheel.writestr(entry, content)
    return path


def digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def metadata(version: str) -> str:
    return f"""Metadata-Version: 2.4
Name: {NAME}
Version: {version}
Summary: Governed access to Snowflake for AI agents over the Model Context Protocol
License-Expression: Apache-2.0
License-File: LICENSE
License-File: THIRD-PARTY-LICENSES.txt
Keywords: mcp,snowflake,sql,agents,duckdb
Project-URL: Source, https://github.com/snowflake-mcp/snowflake-mcp
Project-URL: Changelog, https://github.com/snowflake-mcp/snowflake-mcp/blob/main/CHANGELOG.md
Requires-Python: >=3.8
Description-Content-Type: text/markdown

{(ROOT / "packaging/README.md").read_text()}"""
