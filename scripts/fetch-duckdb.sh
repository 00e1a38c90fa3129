#!/usr/bin/env bash
# Brings the prebuilt DuckDB library to .build/duckdb, where the build and the run path look for it.
#
# Tried in this order, the first that works wins:
#   1. the user's cache, filled by an earlier run;
#   2. the npm package that ships the official library for this platform.
# When neither works the script says how to go on without it. The checksum of what is used is checked either way.
set -euo pipefail
cd "$(dirname "$0")/.."

version=1.5.6
npm_version=1.5.6-r.1
case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) platform=linux-x64 library=libduckdb.so ;;
  Linux-aarch64) platform=linux-arm64 library=libduckdb.so ;;
  Darwin-x86_64) platform=darwin-x64 library=libduckdb.dylib ;;
  Darwin-arm64) platform=darwin-arm64 library=libduckdb.dylib ;;
  *)
    echo "no prebuilt DuckDB is known for $(uname -s) $(uname -m): build with '--features bundled' (compiles DuckDB," \
      "tens of CPU minutes) or '--no-default-features' (Snowflake only)" >&2
    exit 1
    ;;
esac

cache="${XDG_CACHE_HOME:-$HOME/.cache}/snowflake-mcp/duckdb-$npm_version-$platform"
wanted=$(awk -v name="$platform/$library" '$2 == name { print $1 }' scripts/duckdb.sha256)

checksum() { if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d' ' -f1; }
is_whole() { [ -f "$1" ] && [ -n "$wanted" ] && [ "$(checksum "$1")" = "$wanted" ]; }

if ! is_whole "$cache/$library"; then
  command -v npm >/dev/null || {
    echo "DuckDB $version is fetched with npm, which is not installed. Install Node.js, or put $library of DuckDB" \
      "$version into $cache, or build with '--features bundled' or '--no-default-features'" >&2
    exit 1
  }
  echo "fetching the prebuilt DuckDB $version library ($platform, 24 MB) into $cache"
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  (cd "$scratch" && npm pack --silent "@duckdb/node-bindings-$platform@$npm_version" >/dev/null && tar -xzf ./*.tgz)
  is_whole "$scratch/package/$library" || {
    echo "the DuckDB library that was fetched is not the one scripts/duckdb.sha256 names for $platform; not used" >&2
    exit 1
  }
  mkdir -p "$cache"
  mv -f "$scratch/package/$library" "$cache/$library.part" && mv -f "$cache/$library.part" "$cache/$library"
fi

mkdir -p .build
if [ "$(readlink .build/duckdb 2>/dev/null || true)" != "$cache" ]; then
  rm -rf .build/duckdb
  ln -s "$cache" .build/duckdb
fi
