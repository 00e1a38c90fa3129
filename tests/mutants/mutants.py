"""Does a test see it when the code is wrong? `make mutants`; with numbers or words only some.

All mutations of mutations.py are put into one copy of the sources, each behind a switch, so that the program is
compiled once and not for each. A mutation is killed when one of its tests fails with it and passes without it.
MUTANTS_HOME is where the copy is.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
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


def first_failure(command: list[str | Path], tree: Path, number: int) -> str | None:
    """The first test that fails with this mutation; an empty text where the program ends without naming one."""
    environment = os.environ | {
        "MUTANT": str(number),
        "CARGO_MANIFEST_DIR": str(tree),
        "INSTA_UPDATE": "no",
        "RUST_BACKTRACE": "0",
    }
    tests = subprocess.Popen(
        command,
        cwd=tree,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )

    def end() -> None:
        # With the servers that it has started.
        os.killpg(tests.pid, signal.SIGKILL)

    with tests:
        # A mutation may make a test wait for ever.
        too_long = threading.Timer(600, end)
        too_long.start()
        try:
            for line in tests.stdout:
                if found := re.match(r"test (\S+) \.\.\. FAILED$", line):
                    # The others need not be waited for.
                    end()
                    return found[1]
        finally:
            too_long.cancel()
    return "" if tests.returncode else None


def killer(mutation: Mutation, unit: Path, front_door: Path, tree: Path) -> str | None:
    """A test that fails with the mutation and passes without it."""
    threads = ["--test-threads", os.environ.get("TEST_THREADS", "4")]
    for program, words in ((unit, mutation.unit), (front_door, mutation.front_door)):
        skipped = ["--skip", "months_of"]
        while words:
            failed = first_failure([program, *words, *skipped, *threads], tree, mutation.number)
            if failed is None:
                break
            only = [failed, "--exact"] if failed else words
            if first_failure([program, *only, *threads], tree, 0) is None:
                return failed or " ".join(words)
            print(f"       {mutation.number:3} fails without the mutation as well: {failed or words}", flush=True)
            if not failed:
                break
            skipped += ["--skip", failed]
    return None


def main() -> int:
    words = sys.argv[1:]
    chosen = [m for m in ALL if not words or str(m.number) in words or any(w in m.file for w in words)]
    tree = copy()
    unit, front_door = build(tree)
    killed: Counter[str] = Counter()
    total = Counter(m.file.split("/")[1] for m in chosen)
    for mutation in chosen:
        by = killer(mutation, unit, front_door, tree)
        killed[mutation.file.split("/")[1]] += by is not None
        mark = "killed" if by else "ALIVE "
        by = f" (by {by})" if by else ""
        print(f"{mark} {mutation.number:3} {mutation.file}: {mutation.what}{by}", flush=True)
    for room, count in total.items():
        print(f"{room}: {killed[room]} of {count}")
    print(f"{killed.total()} of {total.total()} killed: {100 * killed.total() // max(1, total.total())} %")
    return 0


if __name__ == "__main__":
    sys.exit(main())
