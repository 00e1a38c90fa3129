#!/usr/bin/env python3
"""Measures the house: sizes of files and functions, documentation, comments, dependencies, lines.

    scripts/measure_house.py 731439a HEAD               one column for each commit, as a table in Markdown
    scripts/measure_house.py --commits 731439a..HEAD    lines of code that each commit added

Counts what is under src/, without tests: tests.rs, tests/, what stands behind `#[cfg(test)]`, and the files of such
modules. Circles of files are counted by tests/it/circles, which allows none.
"""

from __future__ import annotations

import functools
import re
import statistics
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ITEM = re.compile(r"^\s*(pub(\([^)]*\))? )?(async |const |unsafe )*(fn|struct|enum|trait|type|const|static|mod) \w+")
FUNCTION = re.compile(r"^(\s*)(pub(\([^)]*\))? )?(async |const |unsafe )*fn \w+")
TEST_MODULE = re.compile(r"^#\[cfg\(test\)\]\n(?:#\[.*\n)*(?:pub(?:\([^)]*\))? )?mod (\w+);", re.MULTILINE)
TEXT = re.compile(r'"(?:\\.|[^"\\])*"')


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout


@functools.cache
def content(blob: str) -> str:
    return git("cat-file", "blob", blob)


def sources(commit: str) -> dict[str, str]:
    entries = [line.split() for line in git("ls-tree", "-r", commit, "src").splitlines()]
    rust = {name: blob for _, _, blob, name in entries if name.endswith(".rs")}
    texts = {name: content(blob) for name, blob in rust.items() if not re.search(r"(^|/)tests(/|\.rs$)", name)}
    tests = {f"{folder(name)}/{module}" for name, text in texts.items() for module in TEST_MODULE.findall(text)}
    inside = tuple(f"{test}/" for test in tests)
    own = {name for name in texts if name.removesuffix(".rs") not in tests and not name.startswith(inside)}
    return {name: without_tests(text) for name, text in texts.items() if name in own}


def folder(name: str) -> str:
    """Where the modules of a file are."""
    path = Path(name)
    return str(path.parent if path.stem in ("mod", "lib", "main") else path.with_suffix(""))


@functools.cache
def without_tests(text: str) -> str:
    """Without the items behind `#[cfg(test)]`: rustfmt ends each at the indentation it began with."""
    kept, lines = [], iter(text.splitlines())
    for line in lines:
        if line.strip() != "#[cfg(test)]":
            kept.append(line)
            continue
        indent = len(line) - len(line.lstrip())
        for line in lines:
            if line.strip().startswith("#["):
                continue
            if line.endswith((";", "}")) and len(line) - len(line.lstrip()) == indent:
                break
    return "\n".join(kept)


def functions(text: str) -> list[tuple[int, int]]:
    """Lines and comment lines of each function with a body."""
    found, lines = [], text.splitlines()
    for start, line in enumerate(lines):
        if not (match := FUNCTION.match(line)):
            continue
        if TEXT.sub("", line).rstrip().endswith("}"):
            found.append((1, 0))
            continue
        end = next((n for n in range(start, len(lines)) if re.match(rf"{match[1]}(\}}|\S.*;$)", lines[n])), start)
        if lines[end].startswith(f"{match[1]}}}"):
            body = lines[start : end + 1]
            found.append((len(body), sum(each.strip().startswith("//") for each in body)))
    return found


def documented(text: str) -> tuple[int, int]:
    """Items, and those with a text. What a trait's `impl` repeats has the text of the trait, and is left out."""
    items = with_text = 0
    repeated = None
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if match := re.match(r"(\s*)(unsafe )?impl\b.* for .*\{$", line):
            repeated = match[1] + "}"
        elif line == repeated:
            repeated = None
        if repeated is not None or not ITEM.match(line) or line.strip().startswith("mod "):
            continue
        items += 1
        above = number - 1
        while above >= 0 and (lines[above].strip().startswith(("#[", "// ")) or lines[above].strip() in (")]", "]")):
            above -= 1
        with_text += above >= 0 and lines[above].strip().startswith(("///", "#[doc"))
    return items, with_text


def spread(values: list[int]) -> str:
    values = sorted(values)
    return f"{statistics.median(values):.0f}, {values[len(values) * 95 // 100]}, {values[-1]}"


def measure(commit: str) -> dict[str, str]:
    files = sources(commit)
    sizes = [text.count("\n") + 1 for text in files.values()]
    inside = [each for text in files.values() for each in functions(text)]
    items = [documented(text) for text in files.values()]
    manifest = tomllib.loads(git("show", f"{commit}:Cargo.toml"))
    lock = tomllib.loads(git("show", f"{commit}:Cargo.lock"))
    direct = len(manifest["dependencies"]) + sum(len(t.get("dependencies", {})) for t in manifest["target"].values())
    share = 100 * sum(w for _, w in items) / sum(n for n, _ in items)
    comments = 100 * sum(c for _, c in inside) / sum(n for n, _ in inside)
    return {
        "files": f"{len(files)}",
        "file length: median, 95th percentile, maximum": spread(sizes),
        "files of more than 300 lines": f"{sum(size > 300 for size in sizes)}",
        "function length: median, 95th percentile, maximum": spread([lines for lines, _ in inside]),
        "documented items (private ones too)": f"{share:.1f} %",
        "comment lines in functions, of 100": f"{comments:.1f}",
        "dependencies: direct, for tests, locked crates": (
            f"{direct}, {len(manifest['dev-dependencies'])}, {len(lock['package'])}"
        ),
        "lines of code without tests, comments and blank lines": f"{lines_of_code(commit):,}",
    }


@functools.cache
def code(text: str) -> int:
    return sum(bool(line.strip()) and not line.strip().startswith("//") for line in text.splitlines())


def lines_of_code(commit: str) -> int:
    return sum(code(text) for text in sources(commit).values())


def by_commit(span: str) -> None:
    lines = lines_of_code(span.split("..")[0])
    for commit in git("rev-list", "--reverse", span).split():
        before, lines = lines, lines_of_code(commit)
        if lines != before:
            print(f"{lines - before:+6}  {git('log', '-1', '--format=%h %s', commit).strip()}")


def main() -> None:
    if sys.argv[1:2] == ["--commits"]:
        by_commit(sys.argv[2])
        return
    commits = sys.argv[1:] or ["HEAD"]
    names = [git("rev-parse", "--short", commit).strip() for commit in commits]
    columns = [measure(commit) for commit in commits]
    print("| | " + " | ".join(names) + " |")
    print("|---|" + "---:|" * len(columns))
    for row in columns[0]:
        print(f"| {row} | " + " | ".join(column[row] for column in columns) + " |")


main()
