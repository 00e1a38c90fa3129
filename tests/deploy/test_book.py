"""The pages of `make book`, as far as they can be judged without the programs that make a site of them."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import book  # noqa: E402


def test_every_link_leads_somewhere_and_every_page_is_listed(tmp_path: Path) -> None:
    assert book.lay_out(tmp_path) == []
    listed = re.findall(r"\]\(([^)]+)\)", (tmp_path / "SUMMARY.md").read_text())
    pages = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.md")} - {"SUMMARY.md"}
    assert set(listed) == pages
    assert len(listed) == len(pages), "a page is listed twice"


def test_links_become_those_of_the_site(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(book, "ROOT", tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "src").mkdir()
    (tmp_path / "src/lib.rs").touch()
    page = tmp_path / "docs/page.md"
    page.write_text(
        "[a](../README.md#x) [b](../src/lib.rs) [c](gone.md) [d](https://example.com/) [e](#here)\n"
        "```\n[f](gone.md)\n```\n"
    )
    (tmp_path / "README.md").touch()
    problems: list[str] = []
    places = {page: Path("page.md"), tmp_path / "README.md": Path("index.md")}
    assert book.with_links(page, places, problems) == (
        f"[a](index.md#x) [b]({book.SOURCE}/src/lib.rs) [c](gone.md) [d](https://example.com/) [e](#here)\n"
        "```\n[f](gone.md)\n```\n"
    )
    assert problems == ["docs/page.md: gone.md leads nowhere"]
