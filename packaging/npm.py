"""The npm packages (`npx snowflake-mcp-server`): one for each platform holds the program, one starts it."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

from archive import add
from parts import NAME, PLATFORMS, ROOT, Parts

COMMON = {
    "description": "Governed access to Snowflake for AI agents over the Model Context Protocol",
    "license": "Apache-2.0",
    "repository": {"type": "git", "url": "git+https://github.com/snowflake-mcp/snowflake-mcp.git"},
}


def build(parts: Parts, out: Path) -> list[Path]:
    return [starter(parts, out), platform(parts, out)]


def starter(parts: Parts, out: Path) -> Path:
    """The same on every platform: whichever machine builds it."""
    package = {
        "name": NAME,
        "version": parts.version,
        **COMMON,
        "keywords": ["mcp", "snowflake", "sql", "agents", "duckdb"],
        # The MCP registry looks for its own name here before it lists the package.
        "mcpName": "io.github.snowflake-mcp/snowflake-mcp",
        "bin": {NAME: "start.js", "snowflake-mcp": "start.js"},
        "engines": {"node": ">=18"},
        "optionalDependencies": {f"{NAME}-{name}": parts.version for name, _, _ in PLATFORMS.values()},
    }
    files = {
        "package.json": (json.dumps(package, indent=2).encode() + b"\n", 0o644),
        "start.js": ((ROOT / "packaging/npm/start.js").read_bytes(), 0o755),
        "README.md": ((ROOT / "packaging/README.md").read_bytes(), 0o644),
        "LICENSE": ((ROOT / "LICENSE").read_bytes(), 0o644),
    }
    return pack(out / f"{NAME}-{parts.version}.tgz", files)


def platform(parts: Parts, out: Path) -> Path:
    system, cpu = parts.platform.split("-")
    package = {
        "name": f"{NAME}-{parts.platform}",
        "version": parts.version,
        **COMMON,
        "os": [system],
        "cpu": [cpu],
        **({"libc": ["glibc"]} if system == "linux" else {}),
        # Yarn would keep it zipped, from where nothing can be started.
        "preferUnplugged": True,
    }
    files = {
        "package.json": (json.dumps(package, indent=2).encode() + b"\n", 0o644),
        "README.md": (f"The program of {NAME} for {parts.platform}. Install {NAME}.\n".encode(), 0o644),
        "bin/snowflake-mcp": (parts.program.read_bytes(), 0o755),
        f"bin/{parts.library.name}": (parts.library.read_bytes(), 0o755),
        **{name: (text.encode(), 0o644) for name, text in parts.texts().items()},
    }
    return pack(out / f"{NAME}-{parts.platform}-{parts.version}.tgz", files)


def pack(path: Path, files: dict[str, tuple[bytes, int]]) -> Path:
    with add(path) as archive:
        for name, (content, mode) in files.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size, entry.mode = len(content), mode
            archive(entry, io.BytesIO(content))
    return path
