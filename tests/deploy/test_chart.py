"""Each template of the chart by itself, and each guard, with both majors of Helm.

Run by scripts/check-deploy.sh, which links the programs to .build/deploy-tools.
"""

import base64
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "helm/snowflake-mcp"
BIN = ROOT / ".build/deploy-tools/bin"
NAME = "mcp-snowflake-mcp"
SELECTOR = {"app.kubernetes.io/name": "snowflake-mcp", "app.kubernetes.io/instance": "mcp"}
HELMS = [helm for helm in (BIN / "helm3", BIN / "helm4") if helm.exists()]

pytestmark = pytest.mark.skipif(not HELMS, reason="no helm for this machine")
Render = Callable[..., dict[str, dict[str, Any]]]


RUNS = {"WAREHOUSE_BACKEND": "embedded", "ALLOW_ANONYMOUS": True}
"""Settings with which the chart has nothing to object to."""


def helm(program: Path, values: dict[str, Any], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [program, "template", "mcp", CHART, "--namespace=agents", "--values=-", *arguments]
    # JSON is YAML, and keeps numbers and nulls as they are.
    return subprocess.run(command, input=json.dumps(values), text=True, capture_output=True, check=False)


@pytest.fixture(params=HELMS, ids=lambda path: path.name)
def program(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture
def render(program: Path) -> Render:
    """What the chart makes of these values, by kind. Of two of a kind the one named like the release."""

    def by_name(each: dict[str, Any]) -> int:
        return -len(each["metadata"]["name"])

    def rendered(**values: Any) -> dict[str, dict[str, Any]]:
        done = helm(program, values | {"config": RUNS | values.get("config", {})})
        assert done.returncode == 0, done.stderr
        objects = [each for each in yaml.safe_load_all(done.stdout) if each]
        return {each["kind"]: each for each in sorted(objects, key=by_name)}

    return rendered


def pod(objects: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return objects["Deployment"]["spec"]["template"]["spec"]


def container(objects: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return pod(objects)["containers"][0]


def test_by_default_there_is_what_a_service_needs_and_no_more(render: Render) -> None:
    kinds = {"ServiceAccount", "ConfigMap", "Secret", "Service", "Deployment", "PodDisruptionBudget", "Pod"}
    assert set(render()) == kinds


def named(program: Path, values: dict[str, Any], kind: str, name: str) -> dict[str, Any] | None:
    done = helm(program, values | {"config": RUNS | values.get("config", {})})
    assert done.returncode == 0, done.stderr
    objects = (each for each in yaml.safe_load_all(done.stdout) if each)
    return next((each for each in objects if (each["kind"], each["metadata"]["name"]) == (kind, name)), None)


def test_every_replica_signs_cursors_alike(program: Path, render: Render) -> None:
    made = named(program, {}, "Secret", f"{NAME}-cursor")
    assert len(base64.b64decode(made["data"]["CURSOR_SECRET"])) >= 32
    variable = {
        "name": "CURSOR_SECRET",
        "valueFrom": {"secretKeyRef": {"name": f"{NAME}-cursor", "key": "CURSOR_SECRET"}},
    }
    assert variable in container(render())["env"]
    reference = {"name": "CURSOR_SECRET", "valueFrom": {"secretKeyRef": {"name": "mine", "key": "cursor"}}}
    for values in (
        {"cursorSecret": {"create": False}},
        {"secret": {"create": True, "data": {"CURSOR_SECRET": "0" * 32}}},
        {"extraEnv": [reference]},
    ):
        assert named(program, values, "Secret", f"{NAME}-cursor") is None
        assert variable not in container(render(**values)).get("env", [])


def test_metrics_are_never_on_a_load_balancer(program: Path) -> None:
    values = {
        "service": {"type": "LoadBalancer", "loadBalancerSourceRanges": ["10.0.0.0/8"], "annotations": {"a": "1"}}
    }
    public = named(program, values, "Service", NAME)
    assert public["spec"]["loadBalancerSourceRanges"] == ["10.0.0.0/8"]
    assert [port["name"] for port in public["spec"]["ports"]] == ["http"]
    own = named(program, values, "Service", f"{NAME}-management")
    assert (own["spec"]["type"], [port["name"] for port in own["spec"]["ports"]]) == ("ClusterIP", ["management"])
    assert "annotations" not in own["metadata"]
    assert own["spec"]["selector"] == SELECTOR


def test_names_and_labels_are_everywhere(render: Render) -> None:
    objects = render(commonLabels={"team": "data"}, namespaceOverride="elsewhere", autoscaling={"enabled": True})
    for kind, each in objects.items():
        assert each["metadata"]["namespace"] == "elsewhere", kind
        assert each["metadata"]["labels"]["team"] == "data", kind
        assert each["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "Helm", kind
    assert render(fullnameOverride="other")["Service"]["metadata"]["name"] == "other"
    assert render(nameOverride="other")["Service"]["metadata"]["name"] == "mcp-other"


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ({}, "snowflake-mcp:0.1.0"),
        ({"registry": "registry.example.com", "repository": "a/b", "tag": "2"}, "registry.example.com/a/b:2"),
        ({"tag": "2", "digest": f"sha256:{'0' * 64}"}, f"snowflake-mcp@sha256:{'0' * 64}"),
    ],
)
def test_image(render: Render, image: dict[str, str], expected: str) -> None:
    assert container(render(image=image))["image"] == expected


def test_the_pod_has_time_to_leave_and_to_end(render: Render) -> None:
    objects = render(preStopSleepSeconds=7, shutdownTimeoutSeconds=120)
    assert container(objects)["lifecycle"]["preStop"] == {"sleep": {"seconds": 7}}
    assert objects["ConfigMap"]["data"]["SHUTDOWN_TIMEOUT"] == "120s"
    assert pod(objects)["terminationGracePeriodSeconds"] == 137
    assert "lifecycle" not in container(render(preStopSleepSeconds=0))


def test_ports_are_the_same_for_server_service_and_probes(render: Render) -> None:
    objects = render(ports={"http": 8100, "management": 9100}, service={"port": 80, "managementPort": 81})
    settings = objects["ConfigMap"]["data"]
    assert (settings["SERVER_PORT"], settings["MANAGEMENT_PORT"]) == ("8100", "9100")
    assert {port["name"]: port["containerPort"] for port in container(objects)["ports"]} == {
        "http": 8100,
        "management": 9100,
    }
    service = objects["Service"]["spec"]
    assert {port["port"]: port["targetPort"] for port in service["ports"]} == {80: "http"}
    assert service["selector"] == SELECTOR


def test_settings_keep_their_spelling(render: Render) -> None:
    data = render(config={"MAX_ROWS": 1000000, "ALLOW_ANONYMOUS": True, "LOG_LEVEL": "info,rmcp=warn"})["ConfigMap"][
        "data"
    ]
    assert data["MAX_ROWS"] == "1000000"
    assert data["ALLOW_ANONYMOUS"] == "true"
    assert data["LOG_LEVEL"] == "info,rmcp=warn"


def test_every_name_the_service_is_called_by_is_an_allowed_host(render: Render) -> None:
    objects = render(
        allowedHosts=["a.example.com"],
        ingress={"enabled": True, "hosts": ["b.example.com"]},
        httpRoute={"enabled": True, "parentRefs": [{"name": "gateway"}], "hostnames": ["c.example.com"]},
    )
    hosts = objects["ConfigMap"]["data"]["ALLOWED_HOSTS"].split(",")
    assert {NAME, f"{NAME}.agents.svc", "a.example.com", "b.example.com", "c.example.com", "127.0.0.1"} <= set(hosts)


def test_a_changed_setting_or_secret_replaces_the_pods(render: Render) -> None:
    def checksums(**values: Any) -> tuple[str, str]:
        annotations = render(**values)["Deployment"]["spec"]["template"]["metadata"]["annotations"]
        return annotations["checksum/config"], annotations["checksum/secret"]

    plain = checksums(secret={"create": True, "data": {"API_KEY": "a"}})
    assert checksums(secret={"create": True, "data": {"API_KEY": "b"}})[0] == plain[0]
    assert checksums(secret={"create": True, "data": {"API_KEY": "b"}})[1] != plain[1]
    assert checksums(secret={"create": True, "data": {"API_KEY": "a"}}, config={"MAX_ROWS": 5})[0] != plain[0]


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"existingSecret": "mine"}, "mine"),
        ({"secret": {"create": True, "data": {"API_KEY": "a"}}}, NAME),
        ({"externalSecret": {"enabled": True, "dataFrom": [{"extract": {"key": "a"}}]}}, NAME),
    ],
    ids=["existingSecret", "secret", "externalSecret"],
)
def test_variables_with_secrets_come_from_one_source(render: Render, values: dict[str, Any], name: str) -> None:
    objects = render(**values)
    sources = [source["secretRef"]["name"] for source in container(objects)["envFrom"] if "secretRef" in source]
    assert sources == [name]
    assert (objects.get("Secret", {}).get("metadata", {}).get("name") == NAME) == ("secret" in values)
    assert ("ExternalSecret" in objects) == ("externalSecret" in values)
    if "ExternalSecret" in objects:
        assert objects["ExternalSecret"]["spec"]["target"]["name"] == NAME
    keys = objects["Pod"]["spec"]["containers"][0]["env"]
    assert [key["name"] for key in keys] == ["API_KEY", "API_KEYS"]
    assert {key["valueFrom"]["secretKeyRef"]["name"] for key in keys} == {name}


def test_the_private_key_is_a_file_of_which_the_server_knows(render: Render) -> None:
    objects = render(privateKey={"secretName": "key", "key": "rsa.pem"})
    assert objects["ConfigMap"]["data"]["SNOWFLAKE_PRIVATE_KEY_PATH"] == "/var/run/snowflake-mcp/private-key/rsa.pem"
    (mount,) = [m for m in container(objects)["volumeMounts"] if m["name"] == "private-key"]
    assert (mount["mountPath"], mount["readOnly"]) == ("/var/run/snowflake-mcp/private-key", True)
    (volume,) = [v for v in pod(objects)["volumes"] if v["name"] == "private-key"]
    assert volume["secret"]["secretName"] == "key"
    assert volume["secret"]["defaultMode"] == 0o440


def test_the_file_of_callers_is_mounted_and_the_server_knows_where(render: Render) -> None:
    objects = render(callersFile={"secretName": "callers", "key": "who.json"})
    assert objects["ConfigMap"]["data"]["CALLERS_FILE"] == "/var/run/snowflake-mcp/callers/who.json"
    (mount,) = [m for m in container(objects)["volumeMounts"] if m["name"] == "callers"]
    # The whole folder: a single file that is mounted does not change when the Secret does.
    assert (mount["mountPath"], mount["readOnly"], "subPath" in mount) == (
        "/var/run/snowflake-mcp/callers",
        True,
        False,
    )
    (volume,) = [v for v in pod(objects)["volumes"] if v["name"] == "callers"]
    assert volume["secret"]["secretName"] == "callers"
    assert "CALLERS_FILE" not in render()["ConfigMap"]["data"]


def test_the_pods_show_a_certificate_and_probes_do_not_mind(render: Render) -> None:
    plain = render(metrics={"serviceMonitor": {"enabled": True}})
    assert not [name for name in plain["ConfigMap"]["data"] if name.startswith("TLS_")]
    assert plain["Service"]["spec"]["ports"][0]["appProtocol"] == "http"

    own = {"secretName": "pair", "certificateKey": "chain.pem", "privateKeyKey": "key.pem"}
    objects = render(tls=own, metrics={"serviceMonitor": {"enabled": True}})
    folder = "/var/run/snowflake-mcp/tls"
    data = objects["ConfigMap"]["data"]
    assert (data["TLS_CERT_FILE"], data["TLS_KEY_FILE"]) == (f"{folder}/chain.pem", f"{folder}/key.pem")
    assert "TLS_CLIENT_CA_FILE" not in data
    assert objects["Service"]["spec"]["ports"][0]["appProtocol"] == "https"
    (mount,) = [m for m in container(objects)["volumeMounts"] if m["name"] == "tls"]
    # The whole folder: a single file that is mounted does not change when the Secret does.
    assert (mount["mountPath"], mount["readOnly"], "subPath" in mount) == (folder, True, False)
    (volume,) = [v for v in pod(objects)["volumes"] if v["name"] == "tls"]
    assert (volume["secret"]["secretName"], volume["secret"]["defaultMode"]) == ("pair", 0o440)
    (script,) = objects["Pod"]["spec"]["containers"][0]["args"]
    assert f"https://{NAME}:8000/mcp" in script
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container(objects)[probe] == container(plain)[probe]
        assert "scheme" not in container(objects)[probe]["httpGet"]
    assert objects["ServiceMonitor"]["spec"] == plain["ServiceMonitor"]["spec"]


def test_clients_are_asked_for_certificates(render: Render) -> None:
    tls = {"secretName": "pair", "clientCa": {"secretName": "ca", "key": "roots.pem"}}
    objects = render(tls=tls)
    data = objects["ConfigMap"]["data"]
    assert data["TLS_CLIENT_CA_FILE"] == "/var/run/snowflake-mcp/client-ca/roots.pem"
    assert data["TLS_CLIENT_AUTH"] == "required"
    assert "client-ca" in {m["name"] for m in container(objects)["volumeMounts"]}
    assert "Pod" not in objects, "the pod of helm test has no certificate"
    optional = render(tls=tls | {"clientAuth": "optional"})
    assert optional["ConfigMap"]["data"]["TLS_CLIENT_AUTH"] == "optional"
    assert "Pod" in optional


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"ingress": {"enabled": True, "hosts": ["a.example.com"], "tls": [{"hosts": ["a.example.com"]}]}}, "https://a.example.com/mcp"),
        ({"ingress": {"enabled": True, "hosts": ["a.example.com"]}}, None),
        ({"httpRoute": {"enabled": True, "parentRefs": [{"name": "g"}], "hostnames": ["b.example.com"]}}, "https://b.example.com/mcp"),
    ],
)  # fmt: skip
def test_an_issuer_is_told_the_address_of_ingress_or_route(
    render: Render, values: dict[str, Any], expected: str | None
) -> None:
    issuer = {"OAUTH_ISSUER": "https://login.example.com", "SNOWFLAKE_ACCOUNT": "a-b"}
    assert render(config=issuer, **values)["ConfigMap"]["data"].get("PUBLIC_URL") == expected
    own = render(config=issuer | {"PUBLIC_URL": "https://own.example.com/mcp"}, **values)
    assert own["ConfigMap"]["data"]["PUBLIC_URL"] == "https://own.example.com/mcp"
    assert "PUBLIC_URL" not in render(**values)["ConfigMap"]["data"]
    # The file may name issuers of its own.
    file = render(callersFile={"secretName": "callers"}, **values)
    assert file["ConfigMap"]["data"].get("PUBLIC_URL") == expected


def test_workload_identity_needs_no_secret_at_all(render: Render) -> None:
    objects = render(workloadIdentity={"enabled": True, "audience": "aud"})
    data = objects["ConfigMap"]["data"]
    assert data["SNOWFLAKE_AUTH_TYPE"] == "workload_identity"
    assert data["SNOWFLAKE_TOKEN_PATH"] == "/var/run/snowflake-mcp/identity/token"
    (volume,) = [v for v in pod(objects)["volumes"] if v["name"] == "identity"]
    (source,) = volume["projected"]["sources"]
    assert source["serviceAccountToken"] == {"path": "token", "audience": "aud", "expirationSeconds": 3600}
    assert not any("secretRef" in each for each in container(objects)["envFrom"])
    assert set(objects["Secret"]["data"]) == {"CURSOR_SECRET"}


def test_pods_are_spread_and_the_selector_is_filled_in(render: Render) -> None:
    spread = pod(render(topologySpreadKeys=["zone"]))["topologySpreadConstraints"]
    assert [(each["topologyKey"], each["labelSelector"]["matchLabels"]) for each in spread] == [("zone", SELECTOR)]
    assert "topologySpreadConstraints" not in pod(render(topologySpreadKeys=[]))


def test_what_is_not_thought_of_can_be_added(render: Render) -> None:
    extra = {
        "extraEnv": [{"name": "LOG_LEVEL", "value": "INFO"}],
        "extraEnvFrom": [{"configMapRef": {"name": "more"}}],
        "extraVolumes": [{"name": "v", "emptyDir": {}}],
        "extraVolumeMounts": [{"name": "v", "mountPath": "/v"}],
        "initContainers": [{"name": "before", "image": "a:1"}],
        "extraContainers": [{"name": "beside", "image": "a:1"}],
        "podLabels": {"a": "b"},
        "podAnnotations": {"number": "1"},
        "imagePullSecrets": [{"name": "pull"}],
        "priorityClassName": "high",
        "nodeSelector": {"disk": "fast"},
        "tolerations": [{"operator": "Exists"}],
        "affinity": {"nodeAffinity": {}},
        "dnsConfig": {"options": [{"name": "ndots", "value": "1"}]},
        "dnsPolicy": "ClusterFirst",
        "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["a.example.com"]}],
        "deploymentAnnotations": {"reloader.stakater.com/auto": "true"},
    }
    objects = render(**extra)
    template, spec = objects["Deployment"]["spec"]["template"], pod(objects)
    assert container(objects)["env"][1:] == extra["extraEnv"]
    assert extra["extraEnvFrom"][0] in container(objects)["envFrom"]
    assert extra["extraVolumes"][0] in spec["volumes"]
    assert extra["extraVolumeMounts"][0] in container(objects)["volumeMounts"]
    assert [each["name"] for each in spec["containers"]] == ["snowflake-mcp", "beside"]
    assert objects["Deployment"]["metadata"]["annotations"] == extra["deploymentAnnotations"]
    assert template["metadata"]["labels"]["a"] == "b"
    assert template["metadata"]["annotations"]["number"] == "1"
    for field in (
        "initContainers",
        "imagePullSecrets",
        "priorityClassName",
        "nodeSelector",
        "tolerations",
        "affinity",
        "dnsConfig",
        "dnsPolicy",
        "hostAliases",
    ):
        assert spec[field] == extra[field], field


def test_extra_objects_go_through_the_templates(render: Render) -> None:
    text = "apiVersion: v1\nkind: Secret\nmetadata: { name: '{{ .Release.Name }}-text' }"
    tree = {"apiVersion": "v1", "kind": "Role", "metadata": {"name": "{{ .Release.Name }}-tree"}}
    objects = render(extraObjects=[text, tree], cursorSecret={"create": False})
    assert objects["Secret"]["metadata"]["name"] == "mcp-text"
    assert objects["Role"]["metadata"]["name"] == "mcp-tree"


def test_replicas_are_the_autoscalers_when_there_is_one(render: Render) -> None:
    assert render()["Deployment"]["spec"]["replicas"] == 2
    assert render(replicaCount=0)["Deployment"]["spec"]["replicas"] == 0
    objects = render(autoscaling={"enabled": True, "targetCallsInFlight": 20})
    assert "replicas" not in objects["Deployment"]["spec"]
    cpu, calls = objects["HorizontalPodAutoscaler"]["spec"]["metrics"]
    assert cpu["resource"]["target"] == {"type": "Utilization", "averageUtilization": 70}
    assert calls["pods"]["metric"]["name"] == "snowflake_mcp_tool_calls_in_flight"
    assert calls["pods"]["target"] == {"type": "AverageValue", "averageValue": "20"}
    assert objects["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"] == NAME


def test_budget_has_one_bound(render: Render) -> None:
    spec = render()["PodDisruptionBudget"]["spec"]
    assert (spec["maxUnavailable"], "minAvailable" in spec) == (1, False)
    spec = render(podDisruptionBudget={"minAvailable": "50%", "maxUnavailable": None})["PodDisruptionBudget"]["spec"]
    assert (spec["minAvailable"], "maxUnavailable" in spec) == ("50%", False)
    assert spec["selector"]["matchLabels"] == SELECTOR


def test_ingress_neither_buffers_nor_gives_up_early(render: Render) -> None:
    """Nothing of one controller by default; the values for ingress-nginx are an example in the package."""
    ingress = render(ingress={"enabled": True, "className": "traefik", "hosts": ["a.example.com"]})["Ingress"]
    assert "annotations" not in ingress["metadata"]
    assert ingress["spec"]["ingressClassName"] == "traefik"
    (path,) = ingress["spec"]["rules"][0]["http"]["paths"]
    assert (path["path"], path["backend"]["service"]) == ("/mcp", {"name": NAME, "port": {"name": "http"}})
    example = yaml.safe_load((CHART / "ci/ingress-nginx-values.yaml").read_text())
    annotations = render(**example)["Ingress"]["metadata"]["annotations"]
    assert annotations["nginx.ingress.kubernetes.io/proxy-buffering"] == "off"
    assert int(annotations["nginx.ingress.kubernetes.io/proxy-read-timeout"]) > 300


def test_route_gives_a_statement_its_time(render: Render) -> None:
    route = render(httpRoute={"enabled": True, "parentRefs": [{"name": "gateway"}]})["HTTPRoute"]["spec"]
    (rule,) = route["rules"]
    assert rule["timeouts"] == {"request": "330s", "backendRequest": "330s"}
    assert rule["backendRefs"] == [{"name": NAME, "port": 8000}]
    assert route["parentRefs"] == [{"name": "gateway"}]


def test_network_policy_opens_what_is_needed(render: Render) -> None:
    extra = {"ports": [{"port": 4318, "protocol": "TCP"}]}
    policy = render(networkPolicy={"enabled": True, "extraEgress": [extra]})["NetworkPolicy"]["spec"]
    assert policy["podSelector"]["matchLabels"] == SELECTOR
    assert [each["ports"][0]["port"] for each in policy["ingress"]] == ["http", "management"]
    assert policy["ingress"][0]["from"] == [{"podSelector": {}}]
    controller = {"enabled": True, "namespaceLabels": {"name": "edge"}}
    policy = render(networkPolicy={"enabled": True, "ingressController": controller, "extraEgress": [extra]})[
        "NetworkPolicy"
    ]["spec"]
    assert policy["ingress"][0]["from"][1]["namespaceSelector"]["matchLabels"]["name"] == "edge"
    assert [port["port"] for each in policy["egress"] for port in each["ports"]] == [53, 53, 443, 4318]


@pytest.mark.parametrize(("value", "kind"), [("serviceMonitor", "ServiceMonitor"), ("podMonitor", "PodMonitor")])
def test_scrapers_find_the_management_port(render: Render, value: str, kind: str) -> None:
    more = {
        "labels": {"release": "prometheus"},
        "annotations": {"a": "1"},
        "namespace": "monitoring",
        "scrapeTimeout": "5s",
        "honorLabels": True,
        "relabelings": [{"targetLabel": "cluster", "replacement": "one"}],
        "metricRelabelings": [{"action": "labeldrop", "regex": "revision"}],
    }
    objects = render(metrics={value: {"enabled": True, **more}})
    assert objects[kind]["metadata"]["labels"]["release"] == "prometheus"
    assert objects[kind]["metadata"]["annotations"] == {"a": "1"}
    assert objects[kind]["metadata"]["namespace"] == "monitoring"
    spec = objects[kind]["spec"]
    assert spec["namespaceSelector"] == {"matchNames": ["agents"]}
    assert spec["selector"]["matchLabels"].items() >= SELECTOR.items()
    (endpoint,) = spec.get("endpoints") or spec["podMetricsEndpoints"]
    assert (endpoint["port"], endpoint["path"]) == ("management", "/metrics")
    assert (endpoint["scrapeTimeout"], endpoint["honorLabels"]) == ("5s", True)
    assert endpoint["relabelings"] == [{"targetLabel": "job", "replacement": NAME}, *more["relabelings"]]
    assert endpoint["metricRelabelings"] == more["metricRelabelings"]


def test_a_service_monitor_finds_one_service(program: Path) -> None:
    values = {"metrics": {"serviceMonitor": {"enabled": True}}}
    wanted = named(program, values, "ServiceMonitor", NAME)["spec"]["selector"]["matchLabels"].items()
    services = [named(program, values, "Service", name) for name in (NAME, f"{NAME}-management")]
    assert [wanted <= each["metadata"]["labels"].items() for each in services] == [False, True]


def test_annotations_say_where_to_scrape(render: Render) -> None:
    annotations = render(metrics={"annotations": True})["Deployment"]["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/port"] == "9090"


def test_rules_are_those_of_the_file_for_this_release(render: Render) -> None:
    rules = (CHART / "files/rules.yaml").read_text()
    release = f'namespace="agents",job="{NAME}"'
    expected = yaml.safe_load(rules.replace('job=~".*snowflake-mcp.*"', release))
    objects = render(metrics={"prometheusRule": {"enabled": True}})
    assert objects["PrometheusRule"]["spec"] == expected


def test_alerts_can_be_told_otherwise(render: Render) -> None:
    alerts = {
        "SnowflakeMcpSlow": {"threshold": 5, "for": "1m", "severity": "page"},
        "SnowflakeMcpClientsLeave": {"threshold": 0.5},
        "SnowflakeMcpTracesLost": {"enabled": False},
    }
    values = {
        "enabled": True,
        "alerts": alerts,
        "errorBudget": 0.05,
        "job": "other",
        "runbookUrl": "https://r.example/a",
    }
    groups = render(metrics={"prometheusRule": values})["PrometheusRule"]["spec"]["groups"]
    rules = {rule["alert"]: rule for group in groups for rule in group["rules"] if "alert" in rule}
    slow = rules["SnowflakeMcpSlow"]
    assert slow["expr"].endswith("> 5")
    assert (slow["for"], slow["labels"]["severity"]) == ("1m", "page")
    assert slow["annotations"]["runbook_url"] == "https://r.example/a#snowflakemcpslow"
    assert rules["SnowflakeMcpClientsLeave"]["expr"].endswith("> 0.5")
    assert "SnowflakeMcpTracesLost" not in rules
    assert rules["SnowflakeMcpErrorBudgetFast"]["expr"].count("14.4 * 0.05") == 2
    assert 'job="other"' in rules["SnowflakeMcpDown"]["expr"]


def test_every_alert_has_its_line_in_the_runbook() -> None:
    rules = yaml.safe_load((CHART / "files/rules.yaml").read_text())
    text = (ROOT / "docs/operating.md").read_text()
    for rule in (rule for group in rules["groups"] for rule in group["rules"] if "alert" in rule):
        assert f'<a id="{rule["alert"].lower()}"></a>{rule["alert"]} |' in text, rule["alert"]


def test_the_dashboard_is_that_of_the_file() -> None:
    done = helm(HELMS[0], {"config": RUNS, "metrics": {"dashboard": {"enabled": True}}})
    (dashboard,) = [
        each
        for each in yaml.safe_load_all(done.stdout)
        if each and each["metadata"]["labels"].get("grafana_dashboard") == "1"
    ]
    assert json.loads(dashboard["data"]["snowflake-mcp.json"]) == json.loads(
        (CHART / "files/dashboard.json").read_text()
    )


def test_service_account_can_be_somebody_elses(render: Render) -> None:
    objects = render(serviceAccount={"create": False, "name": "theirs"})
    assert "ServiceAccount" not in objects
    assert pod(objects)["serviceAccountName"] == "theirs"
    objects = render(serviceAccount={"annotations": {"iam.example.com/role": "reader"}})
    assert objects["ServiceAccount"]["metadata"]["annotations"] == {"iam.example.com/role": "reader"}
    assert objects["ServiceAccount"]["automountServiceAccountToken"] is False


def test_service_can_be_told_more(render: Render) -> None:
    service = render(service={"type": "NodePort", "ipFamilyPolicy": "PreferDualStack", "annotations": {"a": "1"}})[
        "Service"
    ]
    assert service["spec"]["type"] == "NodePort"
    assert service["spec"]["ipFamilyPolicy"] == "PreferDualStack"
    assert service["metadata"]["annotations"] == {"a": "1"}


def test_the_test_pod_calls_a_tool_and_is_no_replica(render: Render) -> None:
    test = render(service={"port": 80})["Pod"]
    assert test["metadata"]["annotations"]["helm.sh/hook"] == "test"
    assert not SELECTOR.items() <= test["metadata"]["labels"].items()
    (script,) = test["spec"]["containers"][0]["args"]
    assert "tools/call" in script
    assert f"http://{NAME}:80/mcp" in script


def notes(values: dict[str, Any]) -> str:
    """Helm 4 renders them without a cluster; Helm 3 asks for one."""
    if not (BIN / "helm4").exists():
        pytest.skip("no helm 4")
    command = [BIN / "helm4", "install", "mcp", CHART, "--namespace=agents", "--dry-run=client", "--values=-"]
    done = subprocess.run(command, input=json.dumps(values), text=True, capture_output=True, check=True)
    return done.stdout.split("NOTES:")[1]


def test_notes_say_how_to_connect() -> None:
    said = notes({"config": {"SNOWFLAKE_ACCOUNT": "a"}, "extraEnvFrom": [{"secretRef": {"name": "mine"}}]})
    assert f"port-forward service/{NAME} 8000:8000" in said
    assert '/mcp --header "X-API-Key' in said
    assert "helm test mcp --namespace agents" in said
    assert "Callers need API_KEY" in said
    assert "Argo CD" in said


def test_notes_are_true_where_no_key_is_asked_for() -> None:
    said = notes({"config": RUNS, "ingress": {"enabled": True, "hosts": ["mcp.example.com"]}})
    assert "X-API-Key" not in said
    assert "everybody who reaches the Service may call" in said
    assert "sample data" in said
    assert "https://mcp.example.com/mcp" in said


GUARDS: dict[str, dict[str, Any]] = {
    "keep one of them": {"existingSecret": "a", "secret": {"create": True, "data": {"API_KEY": "b"}}},
    "give it the variables": {"secret": {"create": True}},
    "set externalSecret.dataFrom or externalSecret.data": {"externalSecret": {"enabled": True}},
    "sign in by one of them": {"privateKey": {"secretName": "a"}, "workloadIdentity": {"enabled": True}},
    "clients show certificates in TLS only": {"config": RUNS, "tls": {"clientCa": {"secretName": "a"}}},
    "name the Secrets in tls instead": {"config": RUNS | {"TLS_CERT_FILE": "/a"}},
    "name a version, or set image.digest": {"image": {"tag": "latest"}},
    "leave replicaCount null": {"replicaCount": 3, "autoscaling": {"enabled": True}},
    "lower one or raise the other": {"autoscaling": {"enabled": True, "minReplicas": 9, "maxReplicas": 2}},
    "set targetCPUUtilizationPercentage or targetCallsInFlight": {
        "autoscaling": {"enabled": True, "targetCPUUtilizationPercentage": None}
    },
    "set one and leave the other null": {"podDisruptionBudget": {"minAvailable": 1}},
    "ports.http is 70000, which is no port: choose one from 1 to 65535": {"ports": {"http": 70000}},
    "service.port is 0, which is no port": {"service": {"port": 0}},
    "ports.http and ports.management are the same: give each its own": {"ports": {"http": 9090}},
    "service.port and service.managementPort are the same: give each its own": {"service": {"port": 9090}},
    "enable one of metrics.serviceMonitor": {"metrics": {"annotations": True, "podMonitor": {"enabled": True}}},
    "set ports, shutdownTimeoutSeconds or allowedHosts instead": {"config": {"SERVER_PORT": 80}},
    "put it into existingSecret, secret.data or an ExternalSecret": {"config": {"API_KEY": "a"}},
    "No account is named": {},
    "Nobody could call": {"config": {"SNOWFLAKE_ACCOUNT": "a"}},
    "extraEnv sets SERVER_PORT, which the chart makes": {"extraEnv": [{"name": "SERVER_PORT", "value": "1"}]},
    "take it by valueFrom": {"extraEnv": [{"name": "API_KEY", "value": "a"}]},
    "would keep the ingress controller out": {
        "config": RUNS,
        "networkPolicy": {"enabled": True},
        "ingress": {"enabled": True, "hosts": ["a.example.com"]},
    },
    "does nothing for a Service of another type": {
        "config": RUNS,
        "service": {"loadBalancerSourceRanges": ["10.0.0.0/8"]},
    },
    "that alert has none": {
        "config": RUNS,
        "metrics": {"prometheusRule": {"enabled": True, "alerts": {"SnowflakeMcpDown": {"threshold": 1}}}},
    },
    "there is no such alert": {
        "config": RUNS,
        "metrics": {"prometheusRule": {"enabled": True, "alerts": {"Slow": {"for": "1m"}}}},
    },
    "name the hosts it serves": {"config": RUNS, "ingress": {"enabled": True}},
    "name the Gateway it belongs to": {"config": RUNS, "httpRoute": {"enabled": True}},
}


@pytest.mark.parametrize(("sentence", "values"), GUARDS.items(), ids=GUARDS)
def test_what_cannot_work_is_refused_with_what_to_change(program: Path, sentence: str, values: dict[str, Any]) -> None:
    """Also where the schema is not looked at: the templates say it themselves."""
    done = helm(program, values, "--skip-schema-validation")
    assert done.returncode != 0
    assert sentence in done.stderr


def test_every_guard_has_a_test() -> None:
    templates = "".join(path.read_text() for path in (CHART / "templates").iterdir() if path.is_file())
    assert templates.count("{{- fail ") == len(GUARDS) - 1  # the one about ports is tried with two of them
