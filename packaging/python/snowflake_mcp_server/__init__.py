"""Starts the program that lies beside this file. Nothing here is meant to be imported."""

import os
import sys
from pathlib import Path

PROGRAM = Path(__file__).resolve().parent / "bin" / "snowflake-mcp"


def main() -> None:
    """Becomes the program: signals, pipes and the exit code are its own, and no Python stays in memory."""
    try:
        os.execv(PROGRAM, [str(PROGRAM), *sys.argv[1:]])
    except OSError as error:
        sys.exit(
            f"snowflake-mcp: {PROGRAM} does not start: {error.strerror}. Install the package again for this machine."
        )
