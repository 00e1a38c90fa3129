#!/usr/bin/env python3
"""Which crates a program is linked with, as scanners look for it: inside the program, and as CycloneDX.

    packaging/crates.py [--no-default-features] [--into PROGRAM] [--cyclonedx FILE]

The section that goes into the program is cargo-auditable's: Trivy, Grype, Syft and `cargo audit bin` read it. Writing
it needs objcopy only; cargo-auditable would have to be compiled first.
https://github.com/rust-secure-code/cargo-auditable/blob/master/PARSING.md
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import tempfile
import zlib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def linked(options: tuple[str, ...] = ()) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """This package, and all crates that are linked in with it, by name; each has `uses`, places in that list.

    What building or testing needs is left out, and macros, which run in the compiler.
    """
    host = re.search(r"^host: (.+)$", _told("rustc", "-vV"), flags=re.MULTILINE)
    if not host:
        raise SystemExit("rustc -vV does not say its host")
    command = ("cargo", "metadata", "--locked", "--format-version=1", "--filter-platform", host[1], *options)
    told = json.loads(_told(*command))
    packages = {package["id"]: package for package in told["packages"]}
    uses = {
        node["id"]: [
            dependency["pkg"]
            for dependency in node["deps"]
            if any(kind["kind"] is None for kind in dependency["dep_kinds"])
            and not _is_macro(packages[dependency["pkg"]])
        ]
        for node in told["resolve"]["nodes"]
    }
    root = told["resolve"]["root"]
    seen: set[str] = set()
    waiting = [root]
    while waiting:
        crate = waiting.pop()
        if crate not in seen:
            seen.add(crate)
            waiting += uses[crate]
    order = sorted(seen, key=lambda crate: (packages[crate]["name"], packages[crate]["version"]))
    place = {crate: number for number, crate in enumerate(order)}
    crates = [{**packages[crate], "uses": sorted({place[other] for other in uses[crate]})} for crate in order]
    return crates[place[root]], crates


def _is_macro(package: dict[str, Any]) -> bool:
    return any("proc-macro" in target["kind"] for target in package["targets"])


def _told(*command: str) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT).stdout


def section(crates: list[dict[str, Any]], root: dict[str, Any]) -> bytes:
    entries = []
    for crate in crates:
        source = "local" if crate["source"] is None else "crates.io" if "crates.io" in crate["source"] else "registry"
        entry = {"name": crate["name"], "version": crate["version"], "source": source}
        if crate["uses"]:
            entry["dependencies"] = crate["uses"]
        if crate is root:
            entry["root"] = True
        entries.append(entry)
    return zlib.compress(json.dumps({"packages": entries}, separators=(",", ":")).encode(), 9)


def write_into(program: Path, content: bytes) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        name = ".dep-v0"
        command = ["objcopy", "--remove-section", name, "--add-section", f"{name}={file.name}"]
        subprocess.run([*command, "--set-section-flags", f"{name}=readonly", program], check=True)


def cyclonedx(crates: list[dict[str, Any]], root: dict[str, Any]) -> str:
    # The engine's library is no crate, but of the version that its crate was made for.
    duckdb = re.search(r"^version=(.+)$", (ROOT / "scripts/fetch-duckdb.sh").read_text(), flags=re.MULTILINE)
    components = [component(crate) for crate in crates if crate is not root]
    if duckdb and any(crate["name"] == "duckdb" for crate in crates):
        library = f"pkg:github/duckdb/duckdb@v{duckdb[1]}"
        components.append({"type": "library", "name": "libduckdb", "version": duckdb[1], "purl": library})
    main = {"type": "application", "name": root["name"], "version": root["version"]}
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": main},
        "components": components,
    }
    return json.dumps(document, indent=1) + "\n"


def component(crate: dict[str, Any]) -> dict[str, Any]:
    purl = f"pkg:cargo/{crate['name']}@{crate['version']}"
    found = {"type": "library", "name": crate["name"], "version": crate["version"], "purl": purl, "bom-ref": purl}
    if crate["license"]:
        # Cargo's older way to write "or".
        found["licenses"] = [{"expression": crate["license"].replace("/", " OR ")}]
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--no-default-features", action="store_true")
    options.add_argument("--into", type=Path)
    options.add_argument("--cyclonedx", type=Path)
    asked = options.parse_args()
    root, crates = linked(("--no-default-features",) if asked.no_default_features else ())
    if asked.into:
        write_into(asked.into, section(crates, root))
    if asked.cyclonedx:
        asked.cyclonedx.write_text(cyclonedx(crates, root))
    print(f"{len(crates) - 1} crates")


if __name__ == "__main__":
    main()
