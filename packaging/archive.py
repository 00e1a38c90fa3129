"""The plain archive, for a machine without Python and Node.js. Equal files make equal bytes."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from parts import ROOT, Parts, built_at


@contextmanager
def add(path: Path) -> Iterator[Callable[[tarfile.TarInfo, BinaryIO], None]]:
    """Adds files to a new .tar.gz, with one time for all and nobody as their owner."""
    at = built_at()
    with (
        path.open("wb") as file,
        gzip.GzipFile("", "wb", 6, file, mtime=at) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):

        def one(entry: tarfile.TarInfo, content: BinaryIO) -> None:
            entry.mtime = at
            archive.addfile(entry, content)

        yield one


def build(parts: Parts, out: Path) -> Path:
    """bin and lib, as they go below /usr/local or /opt: the program looks for its library in ../lib."""
    folder = f"snowflake-mcp-{parts.version}-{parts.host}"
    files: dict[str, tuple[bytes, int]] = {
        "bin/snowflake-mcp": (parts.program.read_bytes(), 0o755),
        f"lib/{parts.library.name}": (parts.library.read_bytes(), 0o755),
        **{name: (text.encode(), 0o644) for name, text in parts.texts().items()},
    }
    for name in (".env.production", "systemd/snowflake-mcp.service", "CHANGELOG.md"):
        files[f"share/{Path(name).name.removeprefix('.')}"] = ((ROOT / name).read_bytes(), 0o644)
    path = out / f"{folder}.tar.gz"
    with add(path) as archive:
        for name, (content, mode) in files.items():
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size, entry.mode = len(content), mode
            archive(entry, io.BytesIO(content))
    return path
