"""What goes into every package: the program, DuckDB's library, licences and the list of crates."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crates import ROOT, cyclonedx, linked, section, write_into

NAME = "snowflake-mcp-server"
"""What the packages are called: `snowflake-mcp` is somebody else's on PyPI (docs/decisions)."""

PLATFORMS = {
    # machine of rustc -> npm's name, Python's architecture, the library's file name
    "x86_64-unknown-linux-gnu": ("linux-x64", "x86_64", "libduckdb.so"),
    "aarch64-unknown-linux-gnu": ("linux-arm64", "aarch64", "libduckdb.so"),
    "aarch64-apple-darwin": ("darwin-arm64", "arm64", "libduckdb.dylib"),
}


@dataclass(frozen=True)
class Parts:
    """One platform's files, and the version they are of."""

    version: str
    host: str
    program: Path
    library: Path
    licences: str
    crates: str

    @property
    def platform(self) -> str:
        return PLATFORMS[self.host][0]

    @property
    def machine(self) -> str:
        return PLATFORMS[self.host][1]

    def texts(self) -> dict[str, str]:
        """The files beside the program in every package."""
        return {
            "LICENSE": (ROOT / "LICENSE").read_text(),
            "THIRD-PARTY-LICENSES.txt": self.licences,
            "snowflake-mcp.cdx.json": self.crates,
        }


def collect(binaries: Path, scratch: Path) -> Parts:
    """`binaries` is a folder such as target/release, with the program and the library in it."""
    host = told(["rustc", "-vV"], r"^host: (.+)$")
    if host not in PLATFORMS:
        raise SystemExit(f"there are no packages for {host}, only for {', '.join(PLATFORMS)}")
    program, library = binaries / "snowflake-mcp", binaries / PLATFORMS[host][2]
    for path in (program, library):
        if not path.exists():
            raise SystemExit(f"{path} is missing: make build")
    version = told([str(program), "--version"], r"^snowflake-mcp (\S+)")
    expected = told(["cat", str(ROOT / "Cargo.toml")], r'^version = "([^"]+)"')
    if version != expected:
        raise SystemExit(f"{program} says it is {version}, but Cargo.toml has {expected}: make build")
    root, crates = linked()
    crates_in = program
    if "linux" in host:
        # In a copy: what lies in the target folder stays as cargo made it.
        crates_in = scratch / program.name
        shutil.copy2(program, crates_in)
        write_into(crates_in, section(crates, root))
    others = [crate for crate in crates if crate is not root]
    return Parts(version, host, crates_in, library, licences_of(others), cyclonedx(crates, root))


def told(command: list[str], pattern: str) -> str:
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    match = re.search(pattern, answer, flags=re.MULTILINE)
    if not match:
        raise SystemExit(f"{' '.join(command)} does not say {pattern}")
    return match.group(1)


def built_at() -> int:
    """The time of everything in the packages, so that the same commit makes the same bytes."""
    told_from_outside = os.environ.get("SOURCE_DATE_EPOCH")
    return int(told_from_outside or told(["git", "-C", str(ROOT), "log", "-1", "--format=%ct"], r"^(\d+)$"))


def licences_of(crates: list[dict[str, Any]]) -> str:
    """Every text once, with the crates it is of."""
    texts: dict[str, list[str]] = {}
    lines = ["This program is linked with the crates below, and comes with DuckDB's library (MIT).", ""]
    for crate in crates:
        name = f"{crate['name']} {crate['version']}"
        lines.append(f"{name}: {crate['license'] or 'see its licence file'}")
        folder = Path(crate["manifest_path"]).parent
        for path in sorted(folder.iterdir()):
            if path.is_file() and re.match(
                r"(licen[cs]e|copying|notice|copyright|unlicense)", path.name, re.IGNORECASE
            ):
                texts.setdefault(path.read_text(errors="replace").strip(), []).append(name)
    for text, names in sorted(texts.items(), key=lambda pair: pair[1]):
        lines += ["", "=" * 100, f"{', '.join(names)}:", "", text]
    return "\n".join(lines) + "\n"
