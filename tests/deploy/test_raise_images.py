"""scripts/raise_images.py against a registry on this machine that speaks the distribution API."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts/raise_images.py"
FILES = ("Dockerfile", "compose.yaml", "compose/fakesnow/Dockerfile", "helm/snowflake-mcp/values.yaml")
INDEX = "application/vnd.oci.image.index.v1+json"


class Registry(ThreadingHTTPServer):
    """Has every tag. As Docker Hub, it lets nobody in without a token, and gives one to anybody who asks rightly."""

    moved = ""
    broken = ""

    def digest(self, name: str, tag: str) -> str:
        text = f"{name}:{tag}:{self.moved in name if self.moved else False}"
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


class Door(BaseHTTPRequestHandler):
    server: Registry

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        scope = parse_qs(urlparse(self.path).query)["scope"][0]
        body = json.dumps({"token": f"for {scope}"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_HEAD(self) -> None:
        found = re.fullmatch(r"/v2/(.+)/manifests/([^/]+)", self.path)
        assert found
        name, tag = found.groups()
        scope = f"repository:{name}:pull"
        if self.headers.get("Authorization") != f"Bearer for {scope}":
            self.send_response(401)
            realm = f"http://{self.headers['Host']}/token"
            self.send_header("WWW-Authenticate", f'Bearer realm="{realm}",service="here",scope="{scope}"')
        elif name == self.server.broken:
            self.send_response(404)
        else:
            # Without it the registry would answer with one platform's manifest, whose digest is another.
            assert INDEX in self.headers["Accept"]
            self.send_response(200)
            self.send_header("Docker-Content-Digest", self.server.digest(name, tag))
        self.end_headers()


@pytest.fixture
def registry() -> Iterator[Registry]:
    server = Registry(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def tree(tmp_path: Path, registry: Registry) -> Path:
    """The real files, with every image at the registry of this test and without digests."""
    here = f"127.0.0.1:{registry.server_port}"
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    for _, image in listed(tmp_path):
        for name in FILES:
            path = tmp_path / name
            path.write_text(path.read_text().replace(image, f"{here}/{image.partition('@')[0]}"))
    return tmp_path


def raise_images(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SCRIPT, *arguments],
        env={**os.environ, "IMAGES_ROOT": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )


def listed(tree: Path) -> list[tuple[str, str]]:
    done = raise_images(tree, "--list")
    return [tuple(line.split(": ", 1)) for line in done.stdout.split("\n") if line]


def test_every_image_of_the_files_is_known() -> None:
    """One that is written in another way would keep its tag forever."""
    known = {image.partition("@")[0] for _, image in listed(ROOT)}
    named = set()
    for path in (ROOT / "Dockerfile", ROOT / "compose/fakesnow/Dockerfile"):
        named |= {image for image in re.findall(r"^FROM (\S+)", path.read_text(), re.M) if ":" in image}
    for path in (ROOT / "compose.yaml", ROOT / "helm/snowflake-mcp/values.yaml"):
        images = re.findall(r"^ +image: (?:\$\{\w+:-)?([^}\s]+)", path.read_text(), re.M)
        named |= {image.partition("@")[0] for image in images if ":" in image and not image.startswith("snowflake-mcp")}
    assert named <= known
    assert len(known) == 9


def test_digests_are_written_and_then_they_are_the_newest(tree: Path, registry: Registry) -> None:
    assert raise_images(tree, "--check").returncode == 1
    before = {name: (tree / name).read_text() for name in FILES}
    assert raise_images(tree).returncode == 0
    for name, image in listed(tree):
        place, digest = image.split("@")
        repository, tag = place.split("/", 1)[1].rsplit(":", 1)
        assert digest == registry.digest(repository, tag), name
    for name in FILES:
        assert re.sub(r"@sha256:[0-9a-f]{64}", "", (tree / name).read_text()) == before[name]
    done = raise_images(tree, "--check")
    assert (done.returncode, done.stdout) == (0, "every digest is the newest\n")


def test_a_release_needs_a_digest_of_every_image_and_asks_nobody(tree: Path, registry: Registry) -> None:
    done = raise_images(tree, "--pinned")
    assert done.returncode == 1
    assert len(re.findall(r"^\S+: \S+ has no digest", done.stdout, re.M)) == len(listed(tree))
    raise_images(tree)
    registry.broken = "busybox"
    done = raise_images(tree, "--pinned")
    assert (done.returncode, done.stdout) == (0, "every image has a digest\n")


def test_a_tag_that_moved_is_told_and_followed(tree: Path, registry: Registry) -> None:
    raise_images(tree)
    registry.moved = "haproxy"
    done = raise_images(tree, "--check")
    assert done.returncode == 1
    assert re.fullmatch(r"compose.yaml: \S+haproxy:3.2-alpine is sha256:\w+ now, was sha256:\w+\n", done.stdout)
    assert raise_images(tree).returncode == 0
    assert raise_images(tree, "--check").returncode == 0


def test_nothing_is_written_when_one_registry_does_not_answer(tree: Path, registry: Registry) -> None:
    before = {name: (tree / name).read_text() for name in FILES}
    registry.broken = "busybox"
    done = raise_images(tree)
    assert done.returncode == 1
    assert "busybox:1.37: 127.0.0.1" in done.stderr
    assert "404" in done.stderr
    assert {name: (tree / name).read_text() for name in FILES} == before
