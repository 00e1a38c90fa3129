"""The Snowflake of tests/stub as a process, and what a server has to be told to take it for one."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .server import REPOSITORY


def binary() -> Path:
    """The stub: `STUB`, which the Makefile sets, or a debug build in the usual place."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
    path = Path(os.environ.get("STUB", target / "debug" / "examples" / "snowflake-stub"))
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not there: run the tests with `make test`, or build the example first")
    return path


@contextmanager
def running() -> Iterator[str]:
    """Where one listens, for as long as it is wanted."""
    with subprocess.Popen([binary()], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().removeprefix("listening on ").strip()
        finally:
            process.terminate()


def account(url: str) -> dict[str, str]:
    """The variables of a server whose account is at that address."""
    host, _, port = url.removeprefix("http://").partition(":")
    return {
        "SNOWFLAKE_ACCOUNT": "myorg-myaccount",
        "SNOWFLAKE_USER": "reader",
        "SNOWFLAKE_AUTH_TYPE": "password",
        "SNOWFLAKE_PASSWORD": "any-password",
        "SNOWFLAKE_HOST": host,
        "SNOWFLAKE_PORT": port,
        "SNOWFLAKE_PROTOCOL": "http",
    }


def ask(method: str, url: str, body: Any = None, token: str = "None") -> Any:
    """One request as a driver sends it, or for `/stub/…`; the JSON of the answer."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "Authorization": f'Snowflake Token="{token}"'}
    request = urllib.request.Request(url, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=2) as answer:
        text = answer.read()
    return json.loads(text) if text else None
