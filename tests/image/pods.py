"""A pod that the chart or the manifests describe, run by `docker run` as a kubelet would run it.

What is in the description is done here, or named below as a cluster's own business. A field that is neither is an
error: whatever the chart learns to write must be tried as well.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import engine
from engine import REPOSITORY, Container, docker

TOOLS = REPOSITORY / ".build" / "deploy-tools"
CHART = REPOSITORY / "helm" / "snowflake-mcp"
NAMESPACE = "agents"

Object = dict[str, Any]

CLUSTER_OF_POD = {
    "affinity",
    "automountServiceAccountToken",  # Docker gives no token to anybody
    "dnsPolicy",
    "enableServiceLinks",  # nor variables about other services
    "hostAliases",
    "restartPolicy",
    "serviceAccountName",
    "terminationGracePeriodSeconds",  # see Pod.end
    "topologySpreadConstraints",
}
CLUSTER_OF_CONTAINER = {
    "imagePullPolicy",
    "lifecycle",  # see Pod.end
    "livenessProbe",  # see Pod.probe
    "name",
    "ports",  # a name for a number, see Pod.port
    "readinessProbe",
    "startupProbe",
    "terminationMessagePolicy",
}


def take(what: Object, name: str, default: Any = None) -> Any:
    """Takes a field out of a description, so that what is left is what nobody looked at."""
    return what.pop(name, default)


def nothing_left(what: Object, *but: str) -> None:
    left = what.keys() - set(but)
    assert not left, f"tests/image/pods.py does not know {sorted(left)}"


def parsed(text: str) -> list[Object]:
    """YAML by the deployment tools' Python: that of the clients has no parser for it."""
    script = "import json, sys, yaml; json.dump([each for each in yaml.safe_load_all(sys.stdin) if each], sys.stdout)"
    return json.loads(program(TOOLS / "venv/bin/python", "-c", script, stdin=text))


def program(path: Path, *arguments: str, stdin: str = "") -> str:
    done = subprocess.run([path, *arguments], input=stdin, text=True, capture_output=True, check=False)
    assert done.returncode == 0, f"{path.name}: {done.stderr}"
    return done.stdout


def chart(values: Object | Path) -> list[Object]:
    """What Helm 4 makes of the chart as the release `mcp`; tests/deploy checks that Helm 3 makes the same."""
    source = ("--values", str(values)) if isinstance(values, Path) else ("--values=-",)
    text = "" if isinstance(values, Path) else json.dumps(values)
    return parsed(
        program(TOOLS / "bin/helm4", "template", "mcp", str(CHART), f"--namespace={NAMESPACE}", *source, stdin=text)
    )


def overlay(name: str) -> list[Object]:
    return parsed(program(TOOLS / "bin/kubectl", "kustomize", str(REPOSITORY / "k8s/overlays" / name)))


def one(objects: list[Object], kind: str, name: str | None = None) -> Object:
    (found,) = [each for each in objects if each["kind"] == kind and name in (None, each["metadata"]["name"])]
    return found


def server(objects: list[Object]) -> Object:
    """The description of the server's pod."""
    return one(objects, "Deployment")["spec"]["template"]["spec"]


@dataclass
class Pod:
    """The one container of a pod's description, and how to make it.

    `secrets` are those that the objects only refer to, by name, each a map of keys and values.
    """

    objects: list[Object]
    spec: Object
    folder: Path
    secrets: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.described,) = self.spec["containers"]

    # ---- as a kubelet reads it ----

    def data(self, kind: str, name: str) -> dict[str, str]:
        made = [each for each in self.objects if (each["kind"], each["metadata"]["name"]) == (kind, name)]
        if made:
            if "stringData" in made[0] or kind == "ConfigMap":
                return made[0].get("stringData") or made[0]["data"]
            return {key: base64.b64decode(value).decode() for key, value in made[0]["data"].items()}
        assert kind == "Secret", f"there is no {kind} {name}"
        return self.secrets[name]

    def variables(self) -> dict[str, str]:
        """Later sources win over earlier ones, and `env` over all of them."""
        found: dict[str, str] = {}
        for source in json.loads(json.dumps(self.described.get("envFrom", []))):
            for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
                if reference := take(source, key):
                    found |= self.data(kind, reference["name"])
            nothing_left(source)
        for each in self.described.get("env", []):
            if "value" in each:
                found[each["name"]] = each["value"]
                continue
            reference = each["valueFrom"]["secretKeyRef"]
            data = self.data("Secret", reference["name"])
            if reference["key"] in data or not reference.get("optional"):
                found[each["name"]] = data[reference["key"]]
        return found

    def port(self, name: str) -> int:
        (number,) = [each["containerPort"] for each in self.described["ports"] if each["name"] == name]
        return number

    def mounts(self) -> list[str]:
        """Volumes as a kubelet makes them: root's, and readable by the group of `fsGroup` whatever their mode."""
        volumes = {each["name"]: dict(each) for each in self.spec.get("volumes", [])}
        group = self.spec["securityContext"]["fsGroup"]
        made = []
        for mount in self.described.get("volumeMounts", []):
            nothing_left(mount, "name", "mountPath", "readOnly")
            volume = volumes[mount["name"]]
            if "emptyDir" in volume:
                size = volume["emptyDir"]["sizeLimit"].removesuffix("i")
                made.append(f"--tmpfs={mount['mountPath']}:mode=2777,gid={group},size={size}")
                continue
            assert mount["readOnly"], mount["name"]
            folder = self.folder / mount["name"]
            folder.mkdir()
            for path, content, mode in self.files(volume):
                (folder / path).write_text(content)
                os.chown(folder / path, 0, group)
                (folder / path).chmod(mode | 0o440)
            os.chown(folder, 0, group)
            folder.chmod(0o750)
            made.append(f"--volume={folder}:{mount['mountPath']}:ro")
        return made

    def files(self, volume: Object) -> Iterator[tuple[str, str, int]]:
        """Name, content and mode of each file of a volume."""
        if "secret" in volume:
            secret = volume["secret"]
            data = self.data("Secret", secret["secretName"])
            items = secret.get("items") or [{"key": key, "path": key} for key in data]
            for item in items:
                yield item["path"], data[item["key"]], secret["defaultMode"]
            return
        assert "projected" in volume, f"tests/image/pods.py does not know the volume {volume}"
        for source in volume["projected"]["sources"]:
            yield source["serviceAccountToken"]["path"], "header.payload.signature", 0o600

    def options(self) -> list[str]:
        """Of `docker run`, from the two security contexts, the resources and the volumes."""
        spec, described = json.loads(json.dumps([self.spec, self.described]))
        context = {**take(spec, "securityContext"), **take(described, "securityContext")}
        options = []
        assert take(context, "runAsNonRoot")
        options.append(f"--user={take(context, 'runAsUser')}:{take(context, 'runAsGroup')}")
        options.append(f"--group-add={take(context, 'fsGroup')}")
        # Docker's own profile, which is what RuntimeDefault means to a runtime.
        assert take(context, "seccompProfile") == {"type": "RuntimeDefault"}
        if take(context, "readOnlyRootFilesystem"):
            options.append("--read-only")
        if not take(context, "allowPrivilegeEscalation", default=True):
            options.append("--security-opt=no-new-privileges:true")
        options += [f"--cap-drop={name}" for name in take(context, "capabilities")["drop"]]
        nothing_left(context)

        resources = take(described, "resources")
        shares = int(resources["requests"]["cpu"].removesuffix("m")) * 1024 // 1000
        options += [f"--cpu-shares={shares}", f"--memory={resources['limits']['memory'].removesuffix('i')}"]
        options += self.mounts()
        options += [f"--env={name}={value}" for name, value in self.variables().items()]
        for name in ("volumes", "containers"):
            take(spec, name)
        for name in ("env", "envFrom", "volumeMounts", "image", "command", "args"):
            take(described, name)
        nothing_left(spec, *CLUSTER_OF_POD)
        nothing_left(described, *CLUSTER_OF_CONTAINER)
        return options

    # ---- as a kubelet runs it ----

    def arguments(self, image: str, *options: str, command: tuple[str, ...] = ()) -> list[str]:
        """Of `docker run`: the image takes the place of the described one, `command` that of its arguments."""
        entry, *rest = self.described.get("command") or [""]
        start = [f"--entrypoint={entry}"] if entry else []
        return [*options, *self.options(), *start, image, *rest, *(command or self.described.get("args", []))]

    @contextmanager
    def running(self, image: str, *options: str) -> Iterator[Running]:
        with engine.started("--publish=127.0.0.1::8000", *self.arguments(image, *options)) as container:
            yield Running(self, container)


@dataclass(frozen=True)
class Running:
    """A pod's container, and what a kubelet does with it from then on."""

    pod: Pod
    container: Container

    def probe(self, name: str) -> int:
        """The status that one request of a probe gets."""
        probe = self.pod.described[name]
        request = probe["httpGet"]
        nothing_left(request, "path", "port")
        url = f"http://{self.container.address}:{self.pod.port(request['port'])}{request['path']}"
        return engine.get(url, timeout=probe.get("timeoutSeconds", 1))[0]

    def wait_started(self) -> float:
        """Asks as often as the startup probe says, and gives up when it would; returns the seconds it took."""
        probe, started = self.pod.described["startupProbe"], time.monotonic()
        for _ in range(probe["failureThreshold"]):
            if self.probe("startupProbe") == 200:
                return time.monotonic() - started
            time.sleep(probe["periodSeconds"])
        raise AssertionError(f"the startup probe gave up: {self.container.logs()[-5:]}")

    def before_stop(self) -> float:
        """Sleeps as `preStop` says; returns what is left of the grace period."""
        sleep = self.pod.described.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        time.sleep(sleep)
        return self.pod.spec["terminationGracePeriodSeconds"] - sleep

    def stop(self, grace: float) -> int:
        """SIGTERM, and SIGKILL when the grace period is over; returns the exit code."""
        docker("stop", f"--time={int(grace)}", self.container.id)
        return self.container.state["ExitCode"]
