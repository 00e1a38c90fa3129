#!/usr/bin/env bash
# A Docker engine for the tests of the image, on a machine that has none running.
#
#   eval "$(scripts/docker-engine.sh start)"     uses the engine that answers, or starts one and waits for it
#   scripts/docker-engine.sh stop                ends the one that was started here, and nothing else
#
# The engine, its client, buildx and Compose come from Debian 13 as packages that are unpacked into the user's cache, not
# installed; runc and iptables are the machine's own, installed when missing. That needs Linux, apt and root. What the
# engine keeps (images, build cache) stays in the cache, so the second run is quick.
set -euo pipefail
cd "$(dirname "$0")/.."

cache="${XDG_CACHE_HOME:-$HOME/.cache}/snowflake-mcp/docker"
socket=$cache/run/docker.sock
pid_file=$cache/run/dockerd.pid
root=$cache/debian13

say() { echo "docker-engine: $*" >&2; }

# Compose's health checks (start_interval) ask for Engine 25.
answers() {
  local version
  version=$(docker version --format '{{.Server.Version}}' 2>/dev/null) || return 1
  [ "${version%%.*}" -ge 25 ] && docker compose version >/dev/null 2>&1 && docker buildx version >/dev/null 2>&1
}

stop() {
  local pid
  pid=$(cat "$pid_file" 2>/dev/null) || return 0
  # The id may belong to somebody else after a restart of the machine.
  if [ "$(readlink "/proc/$pid/exe" 2>/dev/null)" = "$root/usr/sbin/dockerd" ]; then
    kill "$pid"
    for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.2; done
  fi
}

install_missing() {
  local packages=()
  command -v runc >/dev/null || packages+=(runc)
  command -v iptables >/dev/null || packages+=(iptables)
  [ ${#packages[@]} = 0 ] && return
  say "installing ${packages[*]}"
  apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends "${packages[@]}" >/dev/null
}

# Debian 13's packages need no newer C library than Debian 12 has. Its runc does, so that one is the machine's.
unpack() {
  [ -f "$root/.complete" ] && return
  local keyring=/usr/share/keyrings/debian-archive-keyring.gpg apt=$cache/apt mirror package
  say "fetching Debian 13's Docker packages into $root (93 MB)"
  rm -rf "$root" "$apt"
  mkdir -p "$root" "$apt/lists/partial" "$apt/archives/partial" "$apt/debs"
  # shellcheck disable=SC2016 # apt's own placeholders
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | head -1)
  echo "deb [signed-by=$keyring] ${mirror:?apt knows no mirror of Debian: apt-get update} trixie main" >"$apt/sources.list"
  local options=(-qq -o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$apt/lists"
    -o "Dir::Cache=$apt" -o APT::Sandbox::User=root)
  apt-get "${options[@]}" update >&2
  (cd "$apt/debs" && apt-get "${options[@]}" download docker.io docker-cli docker-buildx docker-compose containerd >&2)
  for package in "$apt"/debs/*.deb; do dpkg -x "$package" "$root"; done
  rm -rf "$apt"
  touch "$root/.complete"
}

start() {
  if answers; then
    say "using the engine that answers: $(docker version --format '{{.Server.Version}}')"
    return
  fi
  if [ "$(uname -s)" != Linux ] || [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    say "no Docker engine of version 25 or newer answers, with Compose and buildx, and one can be started here only by root on Debian"
    exit 1
  fi
  install_missing
  unpack
  export PATH="$root/usr/sbin:$root/usr/bin:$PATH" DOCKER_HOST="unix://$socket" DOCKER_CONFIG="$cache/config"
  mkdir -p "$cache/run" "$cache/config/cli-plugins"
  ln -sf "$root"/usr/libexec/docker/cli-plugins/* "$cache/config/cli-plugins/"
  if ! answers; then
    stop
    say "starting an engine; its log is $cache/dockerd.log"
    setsid "$root/usr/sbin/dockerd" --data-root "$cache/data" --exec-root "$cache/run/exec" --pidfile "$pid_file" \
      --host "$DOCKER_HOST" >"$cache/dockerd.log" 2>&1 </dev/null &
    for _ in $(seq 150); do answers && break; sleep 0.2; done
    answers || { say "the engine does not answer:"; tail -20 "$cache/dockerd.log" >&2; exit 1; }
  fi
  say "engine $(docker version --format '{{.Server.Version}}') at $DOCKER_HOST"
  echo "export DOCKER_HOST='$DOCKER_HOST' DOCKER_CONFIG='$DOCKER_CONFIG' PATH='$root/usr/sbin:$root/usr/bin':\$PATH"
}

case "${1:-}" in
  start) start ;;
  stop) stop ;;
  *) sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 64 ;;
esac
