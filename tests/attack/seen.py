"""What comes of an attack, what is allowed of it, and the table of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from callers import Polite, p95
from limited import Server, Stub

# A polite caller may wait twice as long as alone. The attackers run on the same cores as the server, so a call that
# takes two milliseconds alone is given these.
FLOOR_MS = 50

# A probe or a call beside connections that do nothing: they cost no processor, so this is a lot.
SOON_MS = 1000


@dataclass
class Place:
    """What an attack is made on. `begin` starts another server with the same settings, or with some of its own."""

    server: Server
    stub: Stub
    begin: Callable[..., Server]


@dataclass
class Seen:
    """What came of an attack: what was answered, what is wrong with it if anything, and the figures that matter."""

    answers: object
    wrong: str = ""
    told: str = ""


Attack = Callable[[Place], Awaitable[Seen]]


@dataclass
class Part:
    """Attacks on one kind of server."""

    title: str
    attacks: list[tuple[str, int, Attack]] = field(default_factory=list)

    def attack(self, name: str, most_more: int = 0) -> Callable[[Attack], Attack]:
        """Adds one. It may take `most_more` MiB more than there were before it; without it, the cgroup is the limit."""

        def add(function: Attack) -> Attack:
            self.attacks.append((name, most_more, function))
            return function

        return add


ENGINE = Part("embedded engine")
ACCOUNT = Part("an account")


def only(answers: Mapping[str, int], *allowed: str) -> str:
    other = {answer: times for answer, times in answers.items() if answer not in allowed}
    return f"unexpected: {in_words(other)}" if other else ""


def in_words(answers: object) -> str:
    """Answers and how often, the most frequent first."""
    if isinstance(answers, Counter):
        answers = dict(answers.most_common())
    if isinstance(answers, dict):
        return ", ".join(
            f"{times} × {answer}" if isinstance(times, int) else f"{answer}: {times}"
            for answer, times in answers.items()
        )
    return str(answers)


def waited(polite: Polite, alone: float) -> tuple[str, str]:
    """What is wrong with what a polite caller waited, and its figures."""
    busy = p95(polite.times)
    told = f"polite p95 {busy:.0f} ms, alone {alone:.0f}"
    if polite.failed:
        return f"{polite.failed} polite calls failed", told
    return ("" if busy <= max(2 * alone, alone + FLOOR_MS) else "the polite caller waits"), told


def soon(polite: Polite, server: Server) -> tuple[str, str]:
    """The same beside connections that do nothing, with a probe."""
    busy, probe = p95(polite.times), server.probe("/livez")
    told = f"polite p95 {busy:.0f} ms, /livez {probe}"
    is_well = probe == 200 and not polite.failed and busy < SOON_MS
    return ("" if is_well else f"others had to wait ({polite.failed} polite calls failed)"), told


@dataclass
class Row:
    """One line of the table."""

    part: str
    attack: str
    answers: str
    peak: str
    more: str
    told: str
    verdict: str


class Table:
    """All lines. Each is shown when it is there; the whole is written at the end."""

    def __init__(self, about: str) -> None:
        self.about = about
        self.rows: list[Row] = []

    def add(self, part: str, attack: str, seen: Seen, memory: tuple[int, int] | None, verdict: str) -> None:
        peak, more = (str(memory[0]), str(memory[1])) if memory else ("–", "–")
        row = Row(part, attack, in_words(seen.answers), peak, more, seen.told or "–", verdict or "pass")
        self.rows.append(row)
        figures = f"peak {peak} MiB, {more} more; " if memory else ""
        mark = "FAIL: " if verdict else ""
        print(f"  {attack}: {row.answers}; {figures}{row.told} -> {mark}{row.verdict}", flush=True)

    @property
    def failed(self) -> int:
        return sum(row.verdict != "pass" for row in self.rows)

    def markdown(self) -> str:
        lines = [
            self.about,
            "",
            "| server | attack | answers | peak, MiB | more, MiB | seen | |",
            "|---|---|---|---:|---:|---|---|",
        ]
        for row in self.rows:
            verdict = row.verdict if row.verdict == "pass" else f"**fail**: {row.verdict}"
            cells = [row.part, row.attack, row.answers, row.peak, row.more, row.told, verdict]
            lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
        passed = len(self.rows) - self.failed
        return "\n".join([*lines, "", f"{passed} of {len(self.rows)} pass.", ""])

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.markdown())
