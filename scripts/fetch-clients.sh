#!/usr/bin/env bash
# Brings the clients that the tests use to .build/venv (Python) and .build/node (JavaScript, with a Node of its own).
#
# What is installed is kept in the user's cache under the checksum of what was asked for, so another checkout, or the same
# one tomorrow, finds it there.
set -euo pipefail
cd "$(dirname "$0")/.."

cache="${XDG_CACHE_HOME:-$HOME/.cache}/snowflake-mcp"
python=${PYTHON:-python3}

checksum() { cat "$@" | git hash-object --stdin | cut -c1-12; }

need() {
  command -v "$1" >/dev/null || {
    echo "$1 is needed for the client tests and is not installed ($2)" >&2
    exit 1
  }
}

# keep FOLDER NAME COMMAND…: runs the command with a new folder and keeps it as FOLDER when it succeeds.
keep() {
  local folder=$1 name=$2
  shift 2
  if [ ! -f "$folder/.complete" ]; then
    echo "installing the $name clients into $folder"
    rm -rf "$folder"
    mkdir -p "$folder"
    "$@" "$folder"
    touch "$folder/.complete"
  fi
  mkdir -p .build
  ln -sfn "$folder" ".build/$name"
}

# A venv cannot be moved, so it is made where it stays.
install_venv() {
  "$python" -m venv "$1" || {
    echo "Python's venv module does not work (Debian: apt-get install python3-venv)" >&2
    exit 1
  }
  "$1/bin/pip" install --quiet --disable-pip-version-check --requirement tests/clients/requirements.txt
}

install_node() {
  cp tests/clients/node/package.json tests/clients/node/package-lock.json tests/clients/node/.npmrc "$1"
  (cd "$1" && npm ci --loglevel=error >/dev/null)
}

need git "any version"
need "$python" "3.11 or newer, with venv"
need npm "comes with Node.js, 18 or newer"

# Two checkouts may ask at the same time.
mkdir -p "$cache"
exec 9>"$cache/clients.lock"
if command -v flock >/dev/null; then flock 9; fi

wanted=$(checksum tests/clients/requirements.txt <("$python" --version 2>&1) scripts/fetch-clients.sh)
keep "$cache/venv-$wanted" venv install_venv

wanted=$(checksum tests/clients/node/package-lock.json tests/clients/node/.npmrc scripts/fetch-clients.sh)
keep "$cache/node-$wanted" node install_node
