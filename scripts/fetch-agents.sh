#!/usr/bin/env bash
# Brings the agents that `make agents` runs to .build/agents, in the versions of tests/agents/node/package-lock.json.
#
# They are kept in the user's cache under the checksum of that file, as what scripts/fetch-clients.sh brings is. 1.3 GB.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v npm >/dev/null || {
  echo "npm is needed for the agents and is not installed (it comes with Node.js, 20 or newer)" >&2
  exit 1
}

files=(tests/agents/node/package.json tests/agents/node/package-lock.json tests/agents/node/.npmrc)
folder="${XDG_CACHE_HOME:-$HOME/.cache}/snowflake-mcp/agents-$(cat "${files[@]}" | git hash-object --stdin | cut -c1-12)"
if [ ! -f "$folder/.complete" ]; then
  echo "installing the agents into $folder"
  rm -rf "$folder"
  mkdir -p "$folder"
  cp "${files[@]}" "$folder"
  (cd "$folder" && npm ci --loglevel=error >/dev/null)
  touch "$folder/.complete"
fi
mkdir -p .build
ln -sfn "$folder" .build/agents
