"""Does a test see it when the code is wrong? `make mutants`; with numbers or words only some.

All mutations of mutations.py are put into one copy of the sources, each behind a switch, so that the program is
compiled once and not for each. A mutation is killed when one of its tests fails. MUTANTS_HOME is where the copy is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

from mutations import ALL, Mutation

ROOT = Path(__file__).resolve().parents[2]
HOME = Path(os.environ.get("MUTANTS_HOME", ROOT / ".build" / "mutants"))
SWITCH = """
/// Whether this mutation is on.
pub fn mutant(number: u32) -> bool {
    static ON: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    let read = || std::env::var("MUTANT").ok().and_then(|n| n.parse().ok()).unwrap_or(0);
    *ON.get_or_init(read) == number
}
"""
# The program gets none of the environment but what the tests give it.
PASSED_ON = ".envs(DEFAULTS)"


def copy() -> Path:
    """The sources with all mutations in them."""
    tree = HOME / "tree"
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(listed, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    names = {name for name in files.decode().split("\0") if (ROOT / name).is_file()}
    for name in names:
        place(tree / name, (ROOT / name).read_bytes())
    for folder in ("src", "tests"):
        for old in (tree / folder).rglob("*"):
            if old.is_file() and str(old.relative_to(tree)) not in names:
                old.unlink()
    changed: dict[Path, str] = {}
    for mutation in ALL:
        path = tree / mutation.file
        text = changed.get(path) or (ROOT / mutation.file).read_text()
        if text.count(mutation.old) != 1:
            raise SystemExit(f"{mutation.number}: its text is not in {mutation.file} once: {mutation.old!r}")
        changed[path] = text.replace(mutation.old, mutation.new)
    changed[tree / "src/lib.rs"] = (ROOT / "src/lib.rs").read_text() + SWITCH
    support = (ROOT / "tests/it/support/server.rs").read_text()
    passing = PASSED_ON + '.envs(std::env::vars().filter(|(name, _)| name == "MUTANT"))'
    changed[tree / "tests/it/support/server.rs"] = support.replace(PASSED_ON, passing)
    for path, text in changed.items():
        place(path, text.encode())
    if not (tree / ".build").exists():
        (tree / ".build").symlink_to(ROOT / ".build")
    return tree


def place(path: Path, content: bytes) -> None:
    """Only what differs, so that nothing is compiled again for nothing."""
    if not path.is_file() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        shutil.copymode(ROOT / path.relative_to(HOME / "tree"), path)


def build(tree: Path) -> tuple[Path, Path]:
    """The unit tests and those of the front door."""
    cargo = os.environ.get("CARGO", "cargo").split()
    command = [*cargo, "test", "--lib", "--test", "it", "--no-run"]
    environment = os.environ | {"CARGO_TARGET_DIR": str(HOME / "target"), "CARGO_TERM_COLOR": "never"}
    told = subprocess.run(command, cwd=tree, env=environment, stderr=subprocess.PIPE, text=True)
    print(told.stderr, file=sys.stderr)
    told.check_returncode()
    made = [line.rsplit("(", 1)[1].rstrip(")") for line in told.stderr.splitlines() if "Executable" in line]
    return tuple((tree / name).resolve() for name in made[:2])


def passes(program: Path, words: list[str], number: int, tree: Path) -> bool:
    environment = os.environ | {
        "MUTANT": str(number),
        "CARGO_MANIFEST_DIR": str(tree),
        "INSTA_UPDATE": "no",
        "RUST_BACKTRACE": "0",
    }
    command = [program, *words, "--skip", "months_of", "--test-threads", os.environ.get("TEST_THREADS", "4")]
    try:
        done = subprocess.run(command, cwd=tree, env=environment, timeout=600, capture_output=True, text=True)
    except subprocess.TimeoutExpired:
        return False
    if done.returncode and number == 0:
        print(done.stdout[-4000:], done.stderr[-2000:])
    return done.returncode == 0


def is_killed(mutation: Mutation, unit: Path, front_door: Path, tree: Path) -> bool:
    if mutation.unit and not passes(unit, mutation.unit, mutation.number, tree):
        return True
    return bool(mutation.front_door) and not passes(front_door, mutation.front_door, mutation.number, tree)


def main() -> int:
    words = sys.argv[1:]
    chosen = [m for m in ALL if not words or str(m.number) in words or any(w in m.file for w in words)]
    tree = copy()
    unit, front_door = build(tree)
    without = {tuple(m.unit) for m in chosen if m.unit}, {tuple(m.front_door) for m in chosen if m.front_door}
    for program, sets in zip((unit, front_door), without, strict=True):
        every = sorted({word for words in sets for word in words})
        if every and not passes(program, every, 0, tree):
            print(f"the tests fail without a mutation: {program.name} {' '.join(every)}")
            return 1
    killed: Counter[str] = Counter()
    total = Counter(m.file.split("/")[1] for m in chosen)
    for mutation in chosen:
        is_seen = is_killed(mutation, unit, front_door, tree)
        killed[mutation.file.split("/")[1]] += is_seen
        mark = "killed" if is_seen else "ALIVE "
        print(f"{mark} {mutation.number:3} {mutation.file}: {mutation.what}", flush=True)
    for room, count in total.items():
        print(f"{room}: {killed[room]} of {count}")
    print(f"{killed.total()} of {total.total()} killed: {100 * killed.total() // max(1, total.total())} %")
    return 0


if __name__ == "__main__":
    sys.exit(main())
