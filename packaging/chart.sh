#!/usr/bin/env bash
# Packs the chart into FOLDER, with Helm 4 where scripts/check-deploy.sh has brought it, else with the one on the PATH.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:?where to? packaging/chart.sh FOLDER}
helm=.build/deploy-tools/bin/helm4
[ -x "$helm" ] || helm=helm
mkdir -p "$folder"
"$helm" package helm/snowflake-mcp --destination "$folder"
