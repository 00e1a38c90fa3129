#!/usr/bin/env bash
# Makes sure that the images the Dockerfiles, compose.yaml and the chart's test name are there, for the tests of the image.
#
# An image that is there already is used, then one that can be pulled. Where no registry answers, a stand-in is made of
# the same programs out of Debian's and Python's packages and tagged like the public one. Stand-ins carry the label
# snowflake-mcp.stand-in; they are for testing on this machine and must never be pushed. A stand-in has no digest: where
# an image is named with one, what goes to stdout is to be evaluated, and names the stand-in by its tag.
#
#   scripts/make-base-images.sh            those that building the image needs
#   scripts/make-base-images.sh all        those of the Compose profiles and the chart's test as well
#   scripts/make-base-images.sh debian bookworm     that Debian alone, which packages are tried on
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "base images: $*" >&2; }
label=snowflake-mcp.stand-in=true
stand_ins=tests/image/stand-ins
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Certificates this machine trusts besides Debian's own: behind a proxy that opens TLS nothing is fetched without them.
own_certificates=/usr/local/share/ca-certificates

have() {
  docker image inspect "$1" >/dev/null 2>&1 && return
  timeout 300 docker pull --quiet "$1" >/dev/null 2>&1
}

# The checksum of what the stand-in NAME is made from.
source_of() { cat "$stand_ins/$1.Dockerfile" "$stand_ins/$1"/* 2>/dev/null | git hash-object --stdin; }

# Whether TAG needs no making: it is a public image, or the stand-in NAME as that is made now.
current() {
  local of
  if [ -n "$(docker image ls --quiet --filter "label=$label" --filter "reference=$1")" ]; then
    of=$(docker image inspect --format '{{index .Config.Labels "snowflake-mcp.stand-in.of"}}' "$1")
    [ "$of" = "$(source_of "$2")" ]
  else
    have "$1"
  fi
}

# build TAG NAME [OPTION…]: the stand-in for TAG from NAME.Dockerfile.
build() {
  local tag=$1 name=$2
  current "$tag" "$name" && return
  shift 2
  say "making a stand-in for $tag"
  docker build --quiet --label "$label" --label "snowflake-mcp.stand-in.of=$(source_of "$name")" --tag "$tag" \
    --file "$stand_ins/$name.Dockerfile" "$@" "$stand_ins" >/dev/null
}

debian() {
  local release=$1
  have "debian:$release-slim" && return
  say "making a stand-in for debian:$release-slim (two minutes)"
  command -v debootstrap >/dev/null || { apt-get update -qq && apt-get install -qq --no-install-recommends debootstrap >/dev/null; }
  debootstrap --variant=minbase --include=ca-certificates "$release" "$scratch/debian" >"$scratch/debootstrap.log" 2>&1 || {
    tail -20 "$scratch/debootstrap.log" >&2
    exit 1
  }
  mkdir -p "$scratch/debian$own_certificates"
  cp "$own_certificates"/*.crt "$scratch/debian$own_certificates/" 2>/dev/null || true
  chroot "$scratch/debian" update-ca-certificates >/dev/null
  rm -rf "$scratch"/debian/var/cache/apt/*.bin "$scratch"/debian/var/cache/apt/archives/*.deb "$scratch"/debian/var/lib/apt/lists/*
  tar -C "$scratch/debian" -c . | docker import --change "LABEL $label" --change 'CMD ["bash"]' - "debian:$release-slim" >/dev/null
  rm -rf "$scratch/debian"
}

# The toolchain cannot be fetched without a registry either: this machine's own goes in.
rust() {
  local version sysroot
  version=$(sed -n 's/^ARG RUST_IMAGE=rust:\([0-9.]*\).*/\1/p' Dockerfile)
  current "$1" rust && return
  sysroot=$(rustc --print sysroot)
  case "$(rustc --version)" in "rustc $version"*) ;; *) say "this machine's Rust is not $version"; exit 1 ;; esac
  mkdir -p "$scratch/toolchain/lib"
  cp -r "$sysroot/bin" "$sysroot/libexec" "$scratch/toolchain/"
  cp -r "$sysroot"/lib/*.so* "$sysroot/lib/rustlib" "$scratch/toolchain/lib/"
  build "$1" rust --build-context "toolchain=$scratch/toolchain"
  rm -rf "$scratch/toolchain"
}

# wanted VARIABLE: the image that a file names by it, without its digest, which is pulled first where it can be. Otherwise the
# shell that evaluates this gets the variable with the tag alone.
wanted() {
  local named
  named=$(sed -n -e "s/^ARG $1=//p" -e "s/^ *image: \${$1:-\(.*\)}$/\1/p" Dockerfile compose.yaml compose/fakesnow/Dockerfile)
  if [ "$named" != "${named%@*}" ] && ! have "$named"; then echo "export $1='${named%@*}'"; fi
  image=${named%@*}
}

if [ "${1:-}" = debian ]; then
  debian "${2:?which release? scripts/make-base-images.sh debian bookworm}"
  exit
fi
debian trixie
wanted RUST_IMAGE && rust "$image"
wanted NODE_IMAGE && build "$image" node
wanted RUNTIME_IMAGE && build "$image" distroless
if [ "${1:-}" = all ]; then
  wanted PYTHON_IMAGE && build "$image" python
  wanted HAPROXY_IMAGE && build "$image" haproxy
  wanted PROMETHEUS_IMAGE && build "$image" prometheus
  wanted COLLECTOR_IMAGE && build "$image" otlp
  # What the chart's test runs in.
  image=$(sed -n '/^tests:/,$s/^ *image: \([^@]*\).*/\1/p' helm/snowflake-mcp/values.yaml)
  build "$image" busybox
fi
