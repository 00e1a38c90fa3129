#!/usr/bin/env python3
"""Builds the site of docs/ in .build/book/html and checks its links: `make book`.

The pages are the files of this repository as they are. A link to one of them becomes a link to its page, one to another
file that file's address in the repository; one that leads nowhere ends the build. Headings that are linked to are
looked up in the finished pages by lychee, which asks no other site.

    scripts/book.py MDBOOK LYCHEE
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / ".build/book"
SOURCE = "https://github.com/snowflake-mcp/snowflake-mcp/blob/main"
TOP = ("README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
# ](target) or ](target#heading), of links and pictures.
LINK = re.compile(r"(\]\()([^)\s#]+)?(#[^)\s]*)?(\))")


def pages() -> dict[Path, Path]:
    """Every file that is part of the site, with its place there."""
    found = {ROOT / name: Path(name) for name in TOP}
    found[ROOT / "README.md"] = Path("index.md")
    found[ROOT / "helm/snowflake-mcp/README.md"] = Path("chart.md")
    for path in sorted((ROOT / "docs").rglob("*")):
        # The rooms are drawn in a language that only the repository's pages show as a picture.
        if path.is_file() and not path.is_relative_to(ROOT / "docs/book") and path.name != "rooms.md":
            found[path] = path.relative_to(ROOT / "docs")
    return found


def with_links(path: Path, places: dict[Path, Path], problems: list[str]) -> str:
    """The page's text, with each link as it must be in the site."""

    def one(match: re.Match[str]) -> str:
        opened, target, heading, closed = match.groups()
        if not target or re.match(r"[a-z]+:", target):
            return match.group(0)
        meant = Path(os.path.normpath(path.parent / target))
        if meant in places:
            there = os.path.relpath(places[meant], places[path].parent)
        elif meant.exists():
            there = f"{SOURCE}/{meant.relative_to(ROOT)}"
        else:
            problems.append(f"{path.relative_to(ROOT)}: {target} leads nowhere")
            there = target
        return f"{opened}{there}{heading or ''}{closed}"

    parts = re.split(r"(^```.*?^```$)", path.read_text(), flags=re.MULTILINE | re.DOTALL)
    return "".join(part if part.startswith("```") else LINK.sub(one, part) for part in parts)


def summary(places: dict[Path, Path]) -> str:
    """The list of pages, with those that docs/book/SUMMARY.md does not name yet at its end."""
    text = (ROOT / "docs/book/SUMMARY.md").read_text()
    listed = set(re.findall(r"\]\(([^)]+)\)", text))
    decisions, more = "", ""
    for path, place in places.items():
        if path.suffix != ".md" or str(place) in listed:
            continue
        title = path.read_text().split("# ", 1)[-1].split("\n", 1)[0]
        if place.parts[0] == "decisions":
            decisions += f"  - [{title}]({place})\n"
        else:
            more += f"- [{title}]({place})\n"
    return text + decisions + (f"\n# More\n\n{more}" if more else "")


def lay_out(folder: Path) -> list[str]:
    """Writes the pages, and returns the links that lead nowhere."""
    places, problems = pages(), []
    for path, place in places.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".md":
            (folder / place).write_text(with_links(path, places, problems))
        else:
            shutil.copyfile(path, folder / place)
    (folder / "SUMMARY.md").write_text(summary(places))
    return problems


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    mdbook, lychee = sys.argv[1:]
    shutil.rmtree(BOOK, ignore_errors=True)
    (BOOK / "src").mkdir(parents=True)
    problems = lay_out(BOOK / "src")
    if problems:
        sys.exit("\n".join(problems))
    for name in ("book.toml", "book.css"):
        shutil.copyfile(ROOT / "docs/book" / name, BOOK / name)
    subprocess.run([mdbook, "build", str(BOOK)], check=True)
    html = BOOK / "html"
    # print.html holds every page once more, with headings that are not unique there.
    check = [lychee, "--offline", "--no-progress", "--include-fragments", "--exclude-path", "print.html"]
    subprocess.run([*check, "--root-dir", str(html), str(html)], check=True)


if __name__ == "__main__":
    main()
