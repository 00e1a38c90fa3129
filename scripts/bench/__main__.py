#!/usr/bin/env python3
"""This server and its peers side by side on the stub of an account: `make bench`, or

    python3 scripts/bench FOLDER [--short] [--only small,far] [--peers ours,toolbox,labs] [--results FILE]

FOLDER has the release binaries, the stub among its examples. Figures go to a file, from which report.py writes
docs/benchmarks.md. Peers are fetched into .build/bench, pinned.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

from measures import ALL, Bench
from peers import Labs, Ours, Peer, Toolbox
from wire import Failed


def machine() -> dict[str, object]:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(": ", 1)[1] for line in lines if line.startswith("model name")), platform.machine())
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 1e6
    return {
        "cpu": f"{os.cpu_count()} × {model}",
        "memory": f"{memory:.0f} GB",
        "system": f"Linux {platform.release()}",
        "python": platform.python_version(),
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--short", action="store_true")
    arguments.add_argument("--only", default=",".join(ALL))
    arguments.add_argument("--peers", default="ours,toolbox,labs")
    arguments.add_argument("--results", type=Path, default=Path(".build/bench/results.json"))
    arguments.add_argument("--note", default="", help="a sentence for the report")
    given = arguments.parse_args()
    place = given.results.resolve().parent
    place.mkdir(parents=True, exist_ok=True)
    binaries = given.folder.resolve()
    bench = Bench(place, binaries / "examples" / "snowflake-stub", given.short)
    known: dict[str, Peer] = {"ours": Ours(binaries / "snowflake-mcp"), "toolbox": Toolbox(), "labs": Labs()}
    peers, missing = [], {}
    for name in given.peers.split(","):
        peer = known[name]
        try:
            peer.install(place)
            peers.append(peer)
        except (Failed, OSError, subprocess.SubprocessError) as error:
            missing[peer.name] = str(error)
            print(f"{peer.name} is left out: {error}", file=sys.stderr)
    revision = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    tables: dict[str, list[dict[str, object]]] = {}
    results = {
        "date": time.strftime("%Y-%m-%d"),
        "revision": revision,
        "short": given.short,
        "note": given.note,
        "machine": machine(),
        "peers": [{"name": peer.name, "version": peer.version, "told": peer.told} for peer in peers],
        "missing": missing,
        "load": [round(os.getloadavg()[0], 1)],
        "tables": tables,
    }
    for name in given.only.split(","):
        # One measurement of all before the next: what disturbs the machine meanwhile disturbs all.
        for peer in peers:
            rows = tables.setdefault(name, [])
            try:
                for row in ALL[name](bench, peer):
                    rows.append({"server": peer.name, **row})
                    print(name, json.dumps(rows[-1]), flush=True)
            except (Failed, OSError, EOFError) as error:
                rows.append({"server": peer.name, "failure": str(error)[:200]})
                print(name, json.dumps(rows[-1]), flush=True)
        results["load"].append(round(os.getloadavg()[0], 1))
        given.results.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
