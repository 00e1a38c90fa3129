#!/usr/bin/env python3
"""docs/benchmarks.md and its plots from the figures of `make bench`: report.py RESULTS. Needs matplotlib."""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path

DOCS = Path("docs")

TITLES = {
    "start": (
        "Start and idle memory",
        "From the start of the process to its first answer, which needs nobody to sign in: the median of five starts.",
    ),
    "lists": (
        "`tools/list`",
        "16 clients. The floor is a handler of actix-web that gives the same bytes and does nothing else.",
    ),
    "small": (
        "`SELECT 1`",
        "CPU is the server's own for one call, user and system; the clients and the account have theirs.",
    ),
    "far": ("`SELECT 1` far from the account", "One client. The latency is of every request to the account and back."),
    "large": ("10,000 rows of ten columns", "One client, then four at once. CPU holds the download and decoding."),
    "slow": ("Statements of 50 ms, 64 clients, a pool of 64", "1,280 calls/s is all there can be."),
    "signing_in": ("Sign-ins of 200 ms, statements of 20 ms, 16 clients", "From a cold pool of 16."),
    "faults": (
        "Faults",
        "8 clients, after a quiet start. A call that the client sees fail counts, whatever the reason.",
    ),
    "leaving": (
        "Clients that leave",
        "8 clients close their connections once their statements have begun, which would run for a minute.",
    ),
    "growth": ("How cost grows", "One client, the format that is the server's default."),
    "replicas": (
        "Replicas behind HAProxy",
        "A pool of 16 sessions each; all on one machine, so that more of them show what the pool gives.",
    ),
}

COLOURS = {"snowflake-mcp": "#1f77b4", "MCP Toolbox": "#ff7f0e", "snowflake-labs-mcp": "#7f7f7f"}


#: A load average past which times are told by nobody.
BUSY = 4


def is_noise(name: str) -> bool:
    """Whether a column is what other work on the machine changes."""
    is_time = name.endswith(" ms") and not name.startswith("latency")
    return is_time or "calls/s" in name or "statements/s" in name or name.startswith("of 64")


def table(rows: list[dict[str, object]], is_busy: bool) -> str:
    names: list[str] = []
    for row in rows:
        names += [name for name in row if name not in names and name != "failure"]
    names = [name for name in names if not (is_busy and is_noise(name))]
    lines = [
        "| " + " | ".join(names) + " |",
        "|" + "|".join("---" if name == "server" else "---:" for name in names) + "|",
    ]
    for row in rows:
        cells = [str(row.get(name, "")) for name in names]
        if "failure" in row and len(cells) > 1:
            cells[1] = f"not measured: {row['failure']}"
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def plot(
    results: dict[str, object], name: str, x: str, y: str, where: dict[str, object], logarithmic: bool
) -> str | None:
    """A picture of one column against another, a line for each server."""
    tables = results["tables"]
    assert isinstance(tables, dict)
    rows = [row for row in tables.get(name, []) if x in row and y in row]
    rows = [row for row in rows if all(row.get(key) == value for key, value in where.items())]
    if not rows:
        return None
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(5.2, 2.6), dpi=90)
    for server in dict.fromkeys(row["server"] for row in rows):
        points = [(row[x], row[y]) for row in rows if row["server"] == server]
        axes.plot(*zip(*points, strict=True), marker="o", markersize=3, label=server, color=COLOURS.get(str(server)))
    if logarithmic:
        axes.set_xscale("log")
        axes.set_yscale("log")
    axes.set_ylim(bottom=None if logarithmic else 0)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7, frameon=False)
    figure.tight_layout()
    path = DOCS / f"benchmarks-{name}.png"
    figure.savefig(path, pil_kwargs={"optimize": True})
    pyplot.close(figure)
    return path.name


PLOTS = {
    "small": ("clients", "p50 ms", {}, True),
    "far": ("latency, ms", "p50 ms", {}, False),
    "growth": ("rows", "CPU ms", {"columns": 10}, True),
}


def main() -> None:
    results = json.loads(Path(sys.argv[1]).read_text())
    machine, loads = results["machine"], results["load"]
    text = [
        "<!-- Written by `make bench`. -->",
        "# Benchmarks",
        "",
        "This server and its peers, side by side in one run on the stub of an account that the tests use. Everything",
        "is on one machine: the clients, which are one Python process, the server and the account share it, so calls a",
        "second are less than each could do alone, and CPU is what compares. A statement takes as long as it says;",
        "nothing is spent on computing it. Nothing here was run against Snowflake.",
        "",
        f"{results['date']}, revision {results['revision']}.",
        f"{machine['cpu']}, {machine['memory']}, {machine['system']}.",
        f"Load average at the start and after each table: {', '.join(map(str, loads))}.",
    ]
    if results["short"]:
        text.append("A short run, with a tenth of the calls.")
    # A load average still holds the minute before, so a single high one says nothing.
    is_busy = statistics.median(loads) > BUSY
    if is_busy:
        text.append(
            "**The machine was busy with other work**, so times are left out and only what was counted is here."
        )
    if results.get("note"):
        text.append(results["note"])
    text += [
        "",
        "Run it again: `make bench`; `make bench bench_flags=--short` takes a tenth of the calls,",
        "`bench_flags='--only far --peers ours,toolbox'` measures a part.",
        "",
        "| server | version | how it was set up |",
        "|---|---|---|",
        *(f"| {peer['name']} | {peer['version']} | {peer['told']} |" for peer in results["peers"]),
        *(f"| {name} | | left out: {why} |" for name, why in results["missing"].items()),
    ]
    for name, rows in results["tables"].items():
        title, meaning = TITLES[name]
        text += ["", f"## {title}", "", meaning, "", table(rows, is_busy)]
        picture = plot(results, name, *PLOTS[name]) if name in PLOTS and not is_busy else None
        if picture:
            text += ["", f"![{title}]({picture})"]
    (DOCS / "benchmarks.md").write_text("\n".join(text) + "\n")


if __name__ == "__main__":
    main()
