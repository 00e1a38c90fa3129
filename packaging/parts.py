"""What goes into every package: the program, DuckDB's library, licences and the list of crates."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
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


def collect(binaries: Path) -> Parts:
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
    crates = linked_crates(host)
    return Parts(version, host, program, library, licences_of(crates), list_of(crates, version))


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


def linked_crates(host: str) -> list[dict[str, object]]:
    """The crates that are linked in: what building or testing needs is left out."""
    command = ["cargo", "metadata", "--locked", "--format-version=1", "--filter-platform", host]
    answer = json.loads(subprocess.run(command, check=True, capture_output=True, cwd=ROOT).stdout)
    packages = {package["id"]: package for package in answer["packages"]}
    nodes = {node["id"]: node for node in answer["resolve"]["nodes"]}
    seen: set[str] = set()
    waiting = [answer["resolve"]["root"]]
    while waiting:
        crate = waiting.pop()
        if crate in seen:
            continue
        seen.add(crate)
        waiting += [
            dependency["pkg"]
            for dependency in nodes[crate]["deps"]
            if any(kind["kind"] is None for kind in dependency["dep_kinds"])
        ]
    seen.discard(answer["resolve"]["root"])
    return sorted((packages[crate] for crate in seen), key=lambda package: (package["name"], package["version"]))


def licences_of(crates: list[dict[str, object]]) -> str:
    """Every text once, with the crates it is of."""
    texts: dict[str, list[str]] = {}
    lines = ["This program is linked with the crates below, and comes with DuckDB's library (MIT).", ""]
    for crate in crates:
        name = f"{crate['name']} {crate['version']}"
        lines.append(f"{name}: {crate['license'] or 'see its licence file'}")
        folder = Path(str(crate["manifest_path"])).parent
        for path in sorted(folder.iterdir()):
            if path.is_file() and re.match(
                r"(licen[cs]e|copying|notice|copyright|unlicense)", path.name, re.IGNORECASE
            ):
                texts.setdefault(path.read_text(errors="replace").strip(), []).append(name)
    for text, names in sorted(texts.items(), key=lambda pair: pair[1]):
        lines += ["", "=" * 100, f"{', '.join(names)}:", "", text]
    return "\n".join(lines) + "\n"


def list_of(crates: list[dict[str, object]], version: str) -> str:
    """CycloneDX, as scanners of images and packages read it."""
    duckdb = re.search(r"^version=(.+)$", (ROOT / "scripts/fetch-duckdb.sh").read_text(), flags=re.MULTILINE)
    components = [component(str(crate["name"]), str(crate["version"]), str(crate["license"] or "")) for crate in crates]
    library = duckdb.group(1) if duckdb else "unknown"
    components.append(
        {"type": "library", "name": "duckdb", "version": library, "purl": f"pkg:github/duckdb/duckdb@v{library}"}
    )
    main = {"type": "application", "name": "snowflake-mcp", "version": version, "bom-ref": "snowflake-mcp"}
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": main},
        "components": components,
    }
    return json.dumps(document, indent=1) + "\n"


def component(name: str, version: str, licence: str) -> dict[str, object]:
    purl = f"pkg:cargo/{name}@{version}"
    found: dict[str, object] = {"type": "library", "name": name, "version": version, "purl": purl, "bom-ref": purl}
    if licence:
        # Cargo's older way to write "or".
        found["licenses"] = [{"expression": licence.replace("/", " OR ")}]
    return found
