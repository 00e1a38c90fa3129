#!/usr/bin/env python3
"""Makes what people install: wheel, npm packages, .mcpb, archive, chart, and the registry's server.json.

    packaging/build.py [--binaries target/release] [--out .build/dist]   the packages of this machine's platform
    packaging/build.py --finish [--out .build/dist]                      server.json and SHA256SUMS of what lies there

Each release runs the first on one machine of each platform and the second once, over all of it. Nothing is published.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import tempfile
from pathlib import Path

import archive
import bundle
import npm
import registry
import wheel
from parts import ROOT, Parts, collect


def platform(binaries: Path, out: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        pack(collect(binaries, Path(scratch)), out)


def pack(parts: Parts, out: Path) -> None:
    for path in (archive.build(parts, out), wheel.build(parts, out), *npm.build(parts, out), bundle.build(parts, out)):
        print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB")
    (out / f"snowflake-mcp-{parts.version}-{parts.platform}.cdx.json").write_text(parts.crates)


def finish(out: Path) -> None:
    found = re.search(r'^version = "([^"]+)"', (ROOT / "Cargo.toml").read_text(), flags=re.MULTILINE)
    if not found:
        sys.exit("Cargo.toml has no version")
    registry.build(found.group(1), list(out.glob("*.mcpb")), out)
    sums = out / "SHA256SUMS"
    files = [path for path in sorted(out.iterdir()) if path.is_file() and path != sums]
    sums.write_text("".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files))
    print(f"{sums}: {len(files)} files")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--binaries", type=Path, default=ROOT / "target/release")
    options.add_argument("--out", type=Path, default=ROOT / ".build/dist")
    options.add_argument("--finish", action="store_true")
    asked = options.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    if asked.finish:
        finish(asked.out)
    else:
        platform(asked.binaries, asked.out)


if __name__ == "__main__":
    main()
