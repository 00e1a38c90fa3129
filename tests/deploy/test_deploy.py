"""Chart, manifests, Compose and .env files agree with each other and with docs/configuration.md.

Run by scripts/check-deploy.sh, which renders the chart and the manifests into .build/deploy first.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
KNOWN = set(re.findall(r"^\| `([A-Z][A-Z0-9_]*)` \|", (ROOT / "docs/configuration.md").read_text(), re.M))
RENDERED = sorted((ROOT / ".build/deploy").glob("*.yaml"))
PROBES = {"startupProbe": "/startupz", "readinessProbe": "/readyz", "livenessProbe": "/livez"}


def plain(name: str) -> str:
    return re.sub(r"^(STAGING|PRODUCTION)_(?=SNOWFLAKE_)", "", name)


def objects(path: Path, kind: str) -> list[dict]:
    return [o for o in yaml.safe_load_all(path.read_text()) if o and o["kind"] == kind]


def unknown(names: Iterable[str]) -> list[str]:
    return sorted(n for n in names if plain(n) not in KNOWN)


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


def test_something_was_rendered() -> None:
    assert len(KNOWN) > 50
    assert len(RENDERED) >= 11


@pytest.mark.parametrize("path", RENDERED, ids=lambda p: p.stem)
def test_rendered(path: Path) -> None:
    settings = next(o["data"] for o in objects(path, "ConfigMap") if "SERVER_PORT" in o["data"])
    assert not unknown(settings)
    assert not [name for name, value in settings.items() if re.search(r"\de\+", value)], "a number written 1e+06"
    for secret in objects(path, "Secret"):
        assert not unknown(secret.get("stringData", secret.get("data")))

    (deployment,) = objects(path, "Deployment")
    service, management = sorted(objects(path, "Service"), key=lambda each: len(each["metadata"]["name"]))
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert not unknown(e["name"] for e in container.get("env", []))
    ports = {p["name"]: p["containerPort"] for p in container["ports"]}
    assert ports == {"http": int(settings["SERVER_PORT"]), "management": int(settings["MANAGEMENT_PORT"])}
    assert [p["targetPort"] for p in service["spec"]["ports"]] == ["http"]
    assert [p["targetPort"] for p in management["spec"]["ports"]] == ["management"]
    assert management["spec"]["selector"] == service["spec"]["selector"]
    # Any of several replicas goes on with what another began.
    is_one = deployment["spec"].get("replicas") == 1
    assert is_one or "CURSOR_SECRET" in {e["name"] for e in container.get("env", [])}
    for probe, where in PROBES.items():
        assert container[probe]["httpGet"] == {"path": where, "port": "management"}

    sleep = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    assert pod["terminationGracePeriodSeconds"] == sleep + seconds(settings["SHUTDOWN_TIMEOUT"]) + 10
    assert not container["image"].endswith(":latest")
    assert bool(objects(path, "HorizontalPodAutoscaler")) == ("replicas" not in deployment["spec"])

    selector = service["spec"]["selector"].items()
    assert selector <= deployment["spec"]["template"]["metadata"]["labels"].items()
    for test in objects(path, "Pod"):
        assert not selector <= test["metadata"]["labels"].items()


@pytest.mark.parametrize("path", RENDERED, ids=lambda p: p.stem)
def test_pod_security_restricted(path: Path) -> None:
    pods = [d["spec"]["template"]["spec"] for d in objects(path, "Deployment")]
    for pod in pods + [p["spec"] for p in objects(path, "Pod")]:
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
        kinds = {kind for volume in pod.get("volumes", []) for kind in volume if kind != "name"}
        assert kinds <= {"configMap", "downwardAPI", "emptyDir", "ephemeral", "projected", "secret"}
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] == 65532
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"] + pod.get("initContainers", []):
            assert not any("hostPort" in port for port in container.get("ports", []))
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["readOnlyRootFilesystem"] is True
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["requests"]


def rendered(name: str) -> Path:
    path = ROOT / ".build/deploy" / name
    if not path.exists():
        pytest.skip(f"{name} was not rendered on this machine")
    return path


def test_chart_and_manifests_make_the_same_deployment() -> None:
    """What differs is in the overlays and values: names, images, settings, secrets."""
    chart, manifests = rendered("helm4-default-values.yaml"), rendered("kustomize-production.yaml")
    (ours,), (theirs,) = objects(chart, "Deployment"), objects(manifests, "Deployment")
    for field in ("minReadySeconds", "revisionHistoryLimit", "strategy"):
        assert ours["spec"][field] == theirs["spec"][field], field
    ours, theirs = (each["spec"]["template"]["spec"] for each in (ours, theirs))
    for field in (
        "automountServiceAccountToken",
        "enableServiceLinks",
        "securityContext",
        "terminationGracePeriodSeconds",
    ):
        assert ours[field] == theirs[field], field
    assert {each["topologyKey"] for each in ours["topologySpreadConstraints"]} == {
        each["topologyKey"] for each in theirs["topologySpreadConstraints"]
    }
    (ours,), (theirs,) = ours["containers"], theirs["containers"]
    for field in ("ports", "securityContext", "resources", "lifecycle", "terminationMessagePolicy", *PROBES):
        assert ours[field] == theirs[field], field
    mounts = [{mount["mountPath"] for mount in each["volumeMounts"]} for each in (ours, theirs)]
    assert mounts[0] == mounts[1]


def test_chart_and_manifests_make_the_same_of_everything_else() -> None:
    chart, manifests = rendered("helm4-everything-values.yaml"), rendered("kustomize-production.yaml")

    def spec(path: Path, kind: str) -> dict:
        return next(each["spec"] for each in objects(path, kind))

    for kind in ("PrometheusRule", "HorizontalPodAutoscaler"):
        assert objects(manifests, kind), kind
    release = 'namespace="agents",job="release-snowflake-mcp"'
    ours = json.dumps(spec(chart, "PrometheusRule")).replace(json.dumps(release)[1:-1], "release")
    theirs = json.dumps(spec(manifests, "PrometheusRule")).replace('job=~\\".*snowflake-mcp.*\\"', "release")
    assert json.loads(ours) == json.loads(theirs)
    ours, theirs = spec(chart, "HorizontalPodAutoscaler"), spec(manifests, "HorizontalPodAutoscaler")
    for field in ("minReplicas", "maxReplicas", "behavior"):
        assert ours[field] == theirs[field], field
    assert theirs["metrics"][0] == ours["metrics"][0]
    assert spec(manifests, "PodDisruptionBudget")["maxUnavailable"] == 1
    ours, theirs = (objects(path, "Ingress")[0]["metadata"]["annotations"] for path in (chart, manifests))
    assert ours == theirs
    ours, theirs = spec(chart, "NetworkPolicy"), spec(manifests, "NetworkPolicy")
    assert ours["ingress"] == theirs["ingress"]
    assert theirs["egress"] == ours["egress"][:2]
    (dashboard,) = [each for each in objects(manifests, "ConfigMap") if "snowflake-mcp.json" in each["data"]]
    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"


def test_manifests_carry_certificates_and_callers_as_the_chart_does() -> None:
    chart, manifests = rendered("helm4-tls-values.yaml"), rendered("kustomize-production-tls.yaml")

    def carried(path: Path) -> tuple:
        settings = next(o["data"] for o in objects(path, "ConfigMap") if "SERVER_PORT" in o["data"])
        (deployment,) = objects(path, "Deployment")
        pod = deployment["spec"]["template"]["spec"]
        mounts = {m["name"]: m["mountPath"] for m in pod["containers"][0]["volumeMounts"]}
        modes = {v["name"]: v["secret"]["defaultMode"] for v in pod["volumes"] if "secret" in v}
        names = ("callers", "tls", "client-ca")
        service = min(objects(path, "Service"), key=lambda each: len(each["metadata"]["name"]))
        return (
            {n: v for n, v in settings.items() if n.startswith("TLS_") or n in ("CALLERS_FILE", "PUBLIC_URL")},
            [(mounts[name], modes[name]) for name in names],
            [port["appProtocol"] for port in service["spec"]["ports"]],
            # The monitor scrapes the other port, which is plain HTTP.
            [endpoint.get("scheme") for o in objects(path, "ServiceMonitor") for endpoint in o["spec"]["endpoints"]],
        )

    assert carried(chart) == carried(manifests)
    settings, _, protocols, schemes = carried(manifests)
    assert (settings["PUBLIC_URL"], protocols, schemes) == ("https://mcp.example.com/mcp", ["https"], [None])
    plain = rendered("kustomize-production.yaml")
    settings = next(o["data"] for o in objects(plain, "ConfigMap") if "SERVER_PORT" in o["data"])
    (ingress,) = objects(plain, "Ingress")
    assert settings["PUBLIC_URL"] == f"https://{ingress['spec']['rules'][0]['host']}/mcp"


def test_compose() -> None:
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
    for name in ("server", "server-fakesnow"):
        service = compose["services"][name]
        settings = service["environment"]
        assert not unknown(settings)
        assert (settings["SERVER_PORT"], settings["MANAGEMENT_PORT"]) == ("8000", "9090")
        assert service["healthcheck"]["test"][-1] == "healthcheck"
    for name, service in compose["services"].items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert all(p.startswith("127.0.0.1:") for p in service.get("ports", [])), name
        assert not service["image"].endswith(":latest"), name


COMPOSE = ROOT / ".build/deploy-tools/bin/compose"


def server(*more: str, **environment: str) -> dict:
    """The server as Compose would run it, from these files, the shell and nothing else of this machine."""
    if not COMPOSE.exists():
        pytest.skip("no compose program for this machine")
    files = [f"--file={name}" for name in ("compose.yaml", *more)]
    command = [COMPOSE, "--env-file=/dev/null", *files, "config", "--format=json"]
    done = subprocess.run(command, cwd=ROOT, env=environment, text=True, capture_output=True, check=True)
    return json.loads(done.stdout)["services"]["server"]


def composed(**environment: str) -> dict[str, str]:
    """The server's variables."""
    return server(**environment)["environment"]


def test_compose_mounts_certificates_and_callers_as_folders() -> None:
    files = ("compose/tls.yaml", "compose/callers.yaml")
    service = server(*files, TLS_DIR="/a", CALLERS_DIR="/b", TLS_CLIENT_CA="ca.crt")
    settings = service["environment"]
    assert not unknown(settings)
    assert (settings["TLS_CERT_FILE"], settings["TLS_KEY_FILE"]) == ("/tls/tls.crt", "/tls/tls.key")
    assert settings["TLS_CLIENT_CA_FILE"] == "/tls/ca.crt"
    assert settings["CALLERS_FILE"] == "/callers/callers.json"
    mounts = {(each["source"], each["target"], each["read_only"]) for each in service["volumes"]}
    assert mounts == {("/a", "/tls", True), ("/b", "/callers", True)}
    assert server(*files, TLS_DIR="/a", CALLERS_DIR="/b")["environment"]["TLS_CLIENT_CA_FILE"] == ""


def test_compose_takes_what_the_shell_says() -> None:
    plain = composed()
    assert plain["ENVIRONMENT"] == "development"
    # Which warehouse is left to the account: without one it is the embedded engine.
    assert not {"WAREHOUSE_BACKEND", "SNOWFLAKE_ACCOUNT", "API_KEY", "MAX_ROWS"} & plain.keys()
    # Another level than .env.development has.
    shell = {"LOG_LEVEL": "ERROR", "MAX_ROWS": "700", "API_KEY": "0" * 32, "SNOWFLAKE_ACCOUNT": "myorg-myaccount"}
    assert composed(**shell).items() >= shell.items()
    # The container's own addresses are not for the shell to change.
    assert composed(SERVER_PORT="1", SERVER_HOST="localhost")["SERVER_PORT"] == "8000"
    key = {"SNOWFLAKE_PRIVATE_KEY_FILE": "./compose/settings/no-private-key"}
    assert composed(**key)["SNOWFLAKE_PRIVATE_KEY_PATH"] == "/run/secrets/snowflake_private_key"
    assert composed()["SNOWFLAKE_PRIVATE_KEY_PATH"] == ""
    production = {"ENVIRONMENT": "production", "PRODUCTION_SNOWFLAKE_ROLE": "R", "MAX_ROWS": "7"}
    assert composed(**production).items() >= production.items()
    # Any server reads the next page in development. Elsewhere a secret that everybody knows would be none.
    assert len(plain["CURSOR_SECRET"]) >= 32
    assert composed(CURSOR_SECRET="1" * 32)["CURSOR_SECRET"] == "1" * 32
    assert "CURSOR_SECRET" not in composed(**production)


def test_what_watches_is_given_the_files_its_configuration_names() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]

    def mounted(service: str) -> dict[str, Path]:
        volumes = [volume.split(":") for volume in services[service]["volumes"]]
        return {target: ROOT / source for source, target, *_ in volumes if source.startswith("./")}

    def read(service: str, path: str) -> dict:
        """A file as the container sees it."""
        for target, source in mounted(service).items():
            if path == target or path.startswith(f"{target}/"):
                return yaml.safe_load((source / path.removeprefix(target).lstrip("/")).read_text())
        raise AssertionError(f"{service} has no {path}")

    (source,) = read("grafana", "/etc/grafana/provisioning/datasources/prometheus.yaml")["datasources"]
    assert source["url"] == "http://prometheus:9090"
    assert services["prometheus"]["ports"][0].endswith(":9090")
    (provider,) = read("grafana", "/etc/grafana/provisioning/dashboards/dashboards.yaml")["providers"]
    dashboard = read("grafana", f"{provider['options']['path']}/snowflake-mcp.json")
    variables = {variable["name"]: variable for variable in dashboard["templating"]["list"]}
    assert variables["datasource"]["query"] == source["type"]
    # Every query obeys every variable.
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    for name in set(variables) - {"datasource"}:
        metrics = r"\b(?:snowflake_mcp|process)_\w+"
        for query in queries:
            assert len(re.findall(metrics, query)) == query.count(f'{name}=~"${name}"'), query

    (config,) = [word.split("=")[1] for word in services["prometheus"]["command"] if word.startswith("--config.file=")]
    prometheus = read("prometheus", config)
    for rules in prometheus["rule_files"]:
        assert read("prometheus", rules)["groups"]
    (job,) = prometheus["scrape_configs"]
    (found,) = job["dns_sd_configs"]
    assert found["names"] == ["server"]
    assert str(found["port"]) == services["server"]["environment"]["MANAGEMENT_PORT"]
    (config,) = [word.split("=")[1] for word in services["otlp"]["command"]]
    assert set(read("otlp", config)["receivers"]["otlp"]["protocols"]) == {"grpc", "http"}


@pytest.mark.parametrize(
    "name",
    [
        ".env.development",
        ".env.production",
        *(f"compose/settings/{e}.env" for e in ("development", "staging", "production")),
    ],
)
def test_env_files(name: str) -> None:
    names = re.findall(r"^(?:# )?([A-Z][A-Z0-9_]*)=", (ROOT / name).read_text(), re.M)
    assert names
    assert not unknown(names)


def test_rules_and_dashboard_use_metrics_that_exist() -> None:
    known = set(re.findall(r"`(snowflake_mcp_\w+)`", (ROOT / "docs/metrics.md").read_text()))
    for name in ("rules.yaml", "dashboard.json"):
        used = set(re.findall(r"snowflake_mcp_\w+", (ROOT / "helm/snowflake-mcp/files" / name).read_text()))
        assert used
        assert {re.sub("_(bucket|sum|count)$", "", metric) for metric in used} <= known


def test_the_image_has_a_placeholder_for_every_target_of_the_package() -> None:
    """Without one, cargo does not even read the manifest in the layer that compiles the dependencies."""
    named = re.findall(r'^path = "(\S+)"', (ROOT / "Cargo.toml").read_text(), re.M)
    benches = re.findall(r'^\[\[bench\]\]\nname = "(\w+)"', (ROOT / "Cargo.toml").read_text(), re.M)
    dockerfile = (ROOT / "Dockerfile").read_text()
    for target in (*named, *(f"benches/{name}.rs" for name in benches)):
        assert re.search(rf"for program in .*{re.escape(target)}", dockerfile), target


def test_chart_and_image_carry_the_version_of_the_package() -> None:
    version = re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.M).group(1)
    chart = yaml.safe_load((ROOT / "helm/snowflake-mcp/Chart.yaml").read_text())
    assert chart["appVersion"] == version
    assert f"ARG VERSION={version}" in (ROOT / "Dockerfile").read_text()


def test_the_systemd_unit_is_one_and_agrees_with_the_server(tmp_path: Path) -> None:
    unit = (ROOT / "systemd/snowflake-mcp.service").read_text()
    # The default SHUTDOWN_TIMEOUT, 5 s more at most, and 5 s to spare.
    grace = int(re.search(r"^TimeoutStopSec=(\d+)$", unit, re.M).group(1))
    assert grace >= 30 + 5 + 5
    assert "RestartPreventExitStatus=64" in unit
    assert not unknown(re.findall(r"^Environment=(\w+)=", unit, re.M))
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd on this machine")
    # Only programs that are there pass.
    copy = tmp_path / "snowflake-mcp.service"
    copy.write_text(unit.replace("/usr/local/bin/snowflake-mcp", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", copy], text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
