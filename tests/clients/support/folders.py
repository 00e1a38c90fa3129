"""Where the clients that other people wrote are installed."""

from __future__ import annotations

import os
from pathlib import Path

from support.server import REPOSITORY

NODE_FOLDER = Path(os.environ.get("NODE_CLIENTS", REPOSITORY / ".build" / "node"))


def node() -> Path:
    """Node as a package beside the clients: the Inspector wants a newer one than many systems have."""
    found = sorted(NODE_FOLDER.glob("node_modules/node-*/bin/node"))
    if not found:
        raise FileNotFoundError(f"no Node in {NODE_FOLDER}: run the tests with `make test`")
    return found[0]
