#!/usr/bin/env bash
# Makes the packages of this machine's platform in .build/dist, and installs and runs each on a fresh machine: tests/dist.
#
#   scripts/dist.sh                          after `make build`; BINARIES=FOLDER takes the program from elsewhere
#   scripts/dist.sh -k uvx                   what goes to pytest; BUILD=no tries the packages that lie there
#   SERVER_SCHEMA=FILE scripts/dist.sh       the registry's schema, where its address cannot be reached
#
# The fresh machines are containers without a network; a Docker engine is started when none answers (scripts/docker-engine.sh).
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
cache="${XDG_CACHE_HOME:-$HOME/.cache}/snowflake-mcp"
tools="$cache/dist-$(cat tests/dist/requirements.txt <("$python" --version 2>&1) | git hash-object --stdin | cut -c1-12)"
if [ ! -f "$tools/.complete" ]; then
  echo "installing uv, auditwheel and twine into $tools"
  rm -rf "$tools"
  "$python" -m venv "$tools"
  "$tools/bin/pip" install --quiet --disable-pip-version-check --requirement tests/dist/requirements.txt
  touch "$tools/.complete"
fi

dist=.build/dist
if [ "${BUILD:-yes}" = yes ]; then
  rm -rf "$dist"
  "$python" packaging/build.py --binaries "${BINARIES:-${CARGO_TARGET_DIR:-target}/release}" --out "$dist"
  "$python" packaging/build.py --finish --out "$dist"
fi
if [ "${TRY:-yes}" = no ]; then exit; fi

owner=
[ -n "${DOCKER_HOST:-}" ] || owner=us
engine=$(scripts/docker-engine.sh start)
eval "$engine"
# An engine that was started for this ends with it.
if [ -n "$owner" ] && [ -n "$engine" ] && [ "${KEEP_ENGINE:-no}" = no ]; then trap 'scripts/docker-engine.sh stop' EXIT; fi
scripts/make-base-images.sh debian bookworm
for target in bare python node; do
  docker build --quiet --target "$target" --tag "snowflake-mcp-dist:$target" - <tests/dist/Dockerfile >/dev/null
done
DIST=$dist DIST_TOOLS=$tools "$tools/bin/pytest" tests/dist "$@"
