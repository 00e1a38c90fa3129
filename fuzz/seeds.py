"""Writes every statement of tests/data/policy as a file of its own into a folder, for libFuzzer to begin with."""

import hashlib
import json
import pathlib
import sys

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
data = pathlib.Path(__file__).parent.parent / "tests" / "data" / "policy"
for path in sorted(data.glob("*.json")):
    for statements in json.loads(path.read_text()).values():
        for statement in statements:
            text = statement.encode()
            (folder / hashlib.sha256(text).hexdigest()[:16]).write_bytes(text)
