#!/usr/bin/env bash
# Builds both images from the Dockerfile, says how large they are, and runs what is deployed from them: tests/image.
#
# A Docker engine is started when none answers (scripts/docker-engine.sh), and what no registry serves is made here
# (scripts/make-base-images.sh). The first run takes as long as two release builds; later ones build what changed.
#
#   scripts/image-test.sh                       everything
#   scripts/image-test.sh -k rolling            what goes to pytest; BUILD=no uses the images of the run before
#
# REVISION is part of the binary, so each commit links it anew. With that of the run before, what did not change is not built.
set -euo pipefail
cd "$(dirname "$0")/.."

owner=
[ -n "${DOCKER_HOST:-}" ] || owner=us
engine=$(scripts/docker-engine.sh start)
eval "$engine"
# An engine that was started for this ends with it.
if [ -n "$owner" ] && [ -n "$engine" ] && [ "${KEEP_ENGINE:-no}" = no ]; then trap 'scripts/docker-engine.sh stop' EXIT; fi

stand_ins=$(scripts/make-base-images.sh all)
eval "$stand_ins"
scripts/fetch-clients.sh
# helm and kubectl render the pods that are run.
scripts/check-deploy.sh tools

version=$(sed -n '0,/^version = "\(.*\)"/s//\1/p' Cargo.toml)
revision=${REVISION:-$(git rev-parse HEAD)}
if [ "${BUILD:-yes}" = yes ]; then
  for target in slim full; do
    started=$SECONDS
    docker build --target "$target" --build-arg VERSION="$version" --build-arg REVISION="$revision" \
      --build-arg RUST_IMAGE --build-arg NODE_IMAGE --build-arg RUNTIME_IMAGE \
      --tag "snowflake-mcp:test-$target" . >".build/image-$target.log" 2>&1 || {
      tail -40 ".build/image-$target.log" >&2
      exit 1
    }
    echo "image $target: built in $((SECONDS - started)) s"
  done
fi
export IMAGE_VERSION=$version
.build/venv/bin/pytest tests/image "$@"
