#!/usr/bin/env python3
"""Makes a release of what stands under "Unreleased" in CHANGELOG.md.

    scripts/release.py --check  what must agree at any time: versions, the oldest Rust, the sections of CHANGELOG.md
    scripts/release.py 0.2.0    writes the version and the changelog's section
    scripts/release.py --released 0.2.0   fails unless the sources are that version, as the release workflow's tag says
    scripts/release.py --notes 0.2.0      prints that version's section of CHANGELOG.md

It changes files only: looking at the difference, committing, tagging and pushing are for a person.
"""

from __future__ import annotations

import datetime
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CARGO, CHART, CHANGELOG = ROOT / "Cargo.toml", ROOT / "helm/snowflake-mcp/Chart.yaml", ROOT / "CHANGELOG.md"
# Those of Keep a Changelog, and what a reader may look for in vain.
SECTIONS = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security", "Not yet")


def found(path: Path, pattern: str) -> str:
    match = re.search(pattern, path.read_text(), flags=re.MULTILINE)
    return match.group(1) if match else "nothing"


def misfits() -> list[str]:
    problems = []
    version = found(CARGO, r'^version = "([^"]+)"')
    for key in ("version", "appVersion"):
        told = found(CHART, rf'^{key}: "?([^"\n]+)"?')
        if told != version:
            problems.append(f"{key} in Chart.yaml is {told}, Cargo.toml has {version}")
    oldest = found(CARGO, r'^rust-version = "([^"]+)"')
    used = found(ROOT / "rust-toolchain.toml", r'^channel = "(\d+\.\d+)')
    if oldest != used:
        problems.append(f"Cargo.toml promises Rust {oldest}, but only {used} (rust-toolchain.toml) is tried")
    image = found(ROOT / "Dockerfile", r"^ARG RUST_IMAGE=rust:(\d+\.\d+)")
    if image not in (used, "nothing"):
        problems.append(f"the image is built with Rust {image}, rust-toolchain.toml has {used}")
    text = CHANGELOG.read_text()
    if not re.search(r"^## Unreleased$", text, flags=re.MULTILINE):
        problems.append('CHANGELOG.md has no section "## Unreleased"')
    unknown = sorted(set(re.findall(r"^### (.+)$", text, flags=re.MULTILINE)) - set(SECTIONS))
    if unknown:
        problems.append(f"CHANGELOG.md has sections that nobody knows: {', '.join(unknown)}")
    return problems


def release(version: str) -> None:
    if not re.fullmatch(r"\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?", version):
        sys.exit(f"{version} is no version: it is to read as 1.2.3 or 1.2.3-rc.1")
    text = CHANGELOG.read_text()
    if f"## {version} " in text:
        sys.exit(f"CHANGELOG.md has {version} already")
    unreleased = text.split("## Unreleased\n", 1)[1].split("\n## ", 1)[0].strip()
    if not unreleased:
        sys.exit("nothing stands under Unreleased in CHANGELOG.md: there is nothing to release")
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    CHANGELOG.write_text(text.replace("## Unreleased\n", f"## Unreleased\n\n## {version} - {today}\n", 1))
    for path, pattern, new in (
        (CARGO, r'^version = "[^"]+"', f'version = "{version}"'),
        (CHART, r"^version: .+", f"version: {version}"),
        (CHART, r"^appVersion: .+", f'appVersion: "{version}"'),
    ):
        path.write_text(re.sub(pattern, new, path.read_text(), count=1, flags=re.MULTILINE))
    print(f"""{version} is written. Now:
  cargo check && make docs && git diff      # the lock file and generated files follow
  git commit -am 'release: {version}' && git tag -a v{version}""")


def section(version: str) -> str:
    found = re.search(
        rf"^## {re.escape(version)} - \d{{4}}-\d\d-\d\d$(.*?)(?=^## |\Z)",
        CHANGELOG.read_text(),
        re.MULTILINE | re.DOTALL,
    )
    if not found:
        sys.exit(f"CHANGELOG.md has no section for {version}: scripts/release.py {version} makes it")
    return found.group(1).strip()


def released(version: str) -> None:
    told = found(CARGO, r'^version = "([^"]+)"')
    if told != version:
        sys.exit(
            f"the tag says {version}, Cargo.toml has {told}: tag the commit that scripts/release.py {version} prepared"
        )
    section(version)


def main() -> None:
    problems = misfits()
    if problems:
        sys.exit("\n".join(problems))
    match sys.argv[1:]:
        case ["--check"]:
            pass
        case ["--released", version]:
            released(version)
        case ["--notes", version]:
            print(section(version))
        case [version] if not version.startswith("-"):
            release(version)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
