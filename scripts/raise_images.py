#!/usr/bin/env python3
"""Writes the newest digest of every image that is built from or run with, behind its tag: `name:tag@sha256:…`.

    scripts/raise_images.py            asks the registries and writes the files
    scripts/raise_images.py --check    writes nothing; fails when a digest is missing or no longer the tag's
    scripts/raise_images.py --pinned   asks nobody; fails when an image has no digest, as a release does
    scripts/raise_images.py --list     says which images there are, and asks nobody

An image with a digest is the same tomorrow, and a tag that is moved under us is seen as a change of a file. The digest
is that of the list of all platforms. Registries are asked by the distribution API, without an account. After a change
of the chart's values: `make docs`.
"""

from __future__ import annotations

import json
import os
import re
import sys
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(os.environ.get("IMAGES_ROOT", Path(__file__).resolve().parent.parent))
# Where images are named, and how: the first group stays, the second is the image.
PLACES = (
    ("Dockerfile", r"^(ARG \w+_IMAGE=)(\S+)$"),
    ("compose/fakesnow/Dockerfile", r"^(ARG \w+_IMAGE=)(\S+)$"),
    ("compose.yaml", r"^( +image: \$\{\w+_IMAGE:-)([^}\s]+)(?=\})"),
    ("helm/snowflake-mcp/values.yaml", r"^(  image: )(\w\S*:\S+)$"),
)
KINDS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Image:
    """A name as `docker pull` takes it, in its parts."""

    name: str
    tag: str
    digest: str

    @staticmethod
    def of(text: str) -> Image:
        rest, _, digest = text.partition("@")
        name, _, tag = rest.rpartition(":")
        if not name or "/" in tag:
            raise SystemExit(f"{text} has no tag: an image is written name:tag or name:tag@sha256:…")
        if digest and not DIGEST.fullmatch(digest):
            raise SystemExit(f"{text}: the digest is to read sha256: and 64 digits")
        return Image(name, tag, digest)

    @property
    def registry(self) -> str:
        first = self.name.split("/", 1)[0]
        return first if "/" in self.name and re.search(r"[.:]|^localhost$", first) else "registry-1.docker.io"

    @property
    def repository(self) -> str:
        if self.registry != "registry-1.docker.io":
            return self.name.split("/", 1)[1]
        return self.name if "/" in self.name else f"library/{self.name}"

    def __str__(self) -> str:
        return f"{self.name}:{self.tag}" + (f"@{self.digest}" if self.digest else "")


def newest(image: Image) -> str:
    """The digest that the tag has now."""
    scheme = "http" if re.match(r"(localhost|127\.0\.0\.1)(:|$)", image.registry) else "https"
    url = f"{scheme}://{image.registry}/v2/{image.repository}/manifests/{image.tag}"
    request = urllib.request.Request(url, method="HEAD", headers={"Accept": ", ".join(KINDS)})
    try:
        try:
            answer = urllib.request.urlopen(request, timeout=30)
        except urllib.error.HTTPError as refused:
            if refused.code != 401:
                raise
            request.add_header("Authorization", f"Bearer {token(refused.headers.get('WWW-Authenticate', ''))}")
            answer = urllib.request.urlopen(request, timeout=30)
    except (urllib.error.URLError, TimeoutError) as error:
        raise SystemExit(f"{image}: {image.registry} does not tell its digest: {error}") from None
    digest = answer.headers.get("Docker-Content-Digest", "")
    if not DIGEST.fullmatch(digest):
        raise SystemExit(f"{image}: {image.registry} answers with the digest {digest!r}, which is none")
    return digest


def token(challenge: str) -> str:
    """What the registry's own words lead to: anybody may read public images, but has to ask for a token first."""
    said = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    if not challenge.startswith("Bearer ") or "realm" not in said:
        raise SystemExit(f"a registry asks for an account: {challenge}")
    query = urllib.parse.urlencode({key: said[key] for key in ("service", "scope") if key in said})
    with urllib.request.urlopen(f"{said['realm']}?{query}", timeout=30) as answer:
        told = json.load(answer)
    return told.get("token") or told["access_token"]


def main() -> None:
    if len(sys.argv) > 2 or (len(sys.argv) == 2 and sys.argv[1] not in ("--check", "--pinned", "--list")):
        sys.exit(__doc__)
    mode = sys.argv[1] if len(sys.argv) == 2 else ""
    known: dict[str, str] = {}
    stale = []
    texts = {}
    for name, pattern in PLACES:

        def one(match: re.Match[str], name: str = name) -> str:
            image = Image.of(match[2])
            if mode == "--list":
                print(f"{name}: {image}")
                return match[0]
            if mode == "--pinned":
                if not image.digest:
                    stale.append(f"{name}: {image} has no digest; scripts/raise_images.py writes it")
                return match[0]
            tag = f"{image.name}:{image.tag}"
            if tag not in known:
                known[tag] = newest(image)
            if image.digest != known[tag]:
                stale.append(f"{name}: {tag} is {known[tag]} now" + (f", was {image.digest}" if image.digest else ""))
            return f"{match[1]}{tag}@{known[tag]}"

        text = (ROOT / name).read_text()
        texts[ROOT / name] = re.sub(pattern, one, text, flags=re.MULTILINE)
        if texts[ROOT / name] == text and not re.search(pattern, text, flags=re.MULTILINE):
            sys.exit(f"{name} names no image as {pattern}: scripts/raise_images.py does not know how it is written")
    fine = "every image has a digest" if mode == "--pinned" else "every digest is the newest"
    print("\n".join(stale) if stale or mode == "--list" else fine)
    # All registries have answered by now: either every file is written or none.
    if mode == "":
        for path, text in texts.items():
            path.write_text(text)
    elif stale and mode in ("--check", "--pinned"):
        sys.exit(1)


if __name__ == "__main__":
    main()
