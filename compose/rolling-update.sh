#!/usr/bin/env bash
# Replaces the servers behind the proxy one by one with the image that IMAGE names, without a failed call.
#
#   IMAGE=snowflake-mcp:0.2.0 compose/rolling-update.sh          an image that is there
#
# Compose by itself replaces all of them at once. Here a new one is started and healthy before an old one is told to stop,
# and an old one has `stop_grace_period` to end its calls. HOST_PORTS and
# MANAGEMENT_PORTS must leave a port for one more.
set -euo pipefail
cd "$(dirname "$0")/.."

running=$(docker compose ps --quiet server)
[ -n "$running" ] || { echo "no server runs: docker compose --profile proxy up --detach --scale server=3" >&2; exit 1; }
count=$(wc -w <<<"$running")
for old in $running; do
  docker compose --profile proxy up --detach --no-build --no-recreate --wait --scale server=$((count + 1)) server
  docker stop "$old" >/dev/null
  docker rm "$old" >/dev/null
done
