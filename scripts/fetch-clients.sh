#!/usr/bin/env bash
# Brings the clients that the tests use to .build/venv (Python) and .build/node (JavaScript, with a Node of its own). What cannot
# share an environment has one of its own: two generations of Snowflake's own connector (.build/connector4, .build/connector5), and
# smolagents (.build/smolagents).
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
install_python() {
  local requirements=$1 folder=$2
  "$python" -m venv "$folder" || {
    echo "Python's venv module does not work (Debian: apt-get install python3-venv)" >&2
    exit 1
  }
  "$folder/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
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

keep_python() {
  local name=$1 requirements=$2 wanted
  wanted=$(checksum "$requirements" <("$python" --version 2>&1) scripts/fetch-clients.sh)
  keep "$cache/$name-$wanted" "$name" install_python "$requirements"
}

keep_python venv tests/clients/requirements.txt
keep_python connector4 tests/clients/connector4.txt
keep_python connector5 tests/clients/connector5.txt
keep_python smolagents tests/clients/smolagents.txt

wanted=$(checksum tests/clients/node/package-lock.json tests/clients/node/.npmrc scripts/fetch-clients.sh)
keep "$cache/node-$wanted" node install_node
