# The image of snowflake-mcp. No `# syntax` line: every BuildKit reads this file, also where its image cannot be fetched.
#
#   docker build --tag snowflake-mcp:dev .                               with the embedded engine
#   docker build --target slim --tag snowflake-mcp:dev-slim .            Snowflake only
#   docker build --build-arg VERSION=0.1.0 --build-arg REVISION="$(git rev-parse HEAD)" …
#
# `make image-test` builds both and runs them. docs/deploying.md has SBOM, provenance and other platforms.
#
# What it is built from. scripts/raise_images.py writes the newest digests behind the tags.
ARG RUST_IMAGE=rust:1.95-slim-trixie
ARG NODE_IMAGE=node:24-trixie-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/base-nossl-debian13:nonroot

# ---- what both variants are built in ----
FROM ${RUST_IMAGE} AS builder
WORKDIR /src
# rust-toolchain.toml stays out: the toolchain is the image's own, and the components it asks for are not needed here.
ENV CARGO_TARGET_DIR=/target CARGO_INCREMENTAL=0
# A shorter table of relocations: 0.9 MB of the slim image. It needs glibc 2.36, which the images have and other systems may not.
ENV RUSTFLAGS="-Clink-arg=-Wl,-z,pack-relative-relocs"
# Debian's own package versions move with the release; pinning them would only break the build later. Python writes the list
# of crates into the binary, where scanners of images find it: there is no package manager to ask.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends gcc libc6-dev python3 \
 && rm -rf /var/lib/apt/lists/*
# The layers below survive edits of the sources: dependencies change with Cargo.toml and Cargo.lock only.
COPY Cargo.toml Cargo.lock build.rs ./
COPY .cargo .cargo
# Every target that Cargo.toml names must be there.
RUN mkdir -p src tests/it tests/stub benches \
 && for program in src/main.rs tests/it/main.rs tests/stub/main.rs benches/render.rs benches/verify.rs; do echo 'fn main() {}' >"$program"; done \
 && echo '' >src/lib.rs

# ---- the binary that speaks to Snowflake only ----
FROM builder AS build-slim
RUN cargo build --release --locked --no-default-features
COPY src src
COPY packaging/crates.py packaging/
ARG VERSION=0.1.0
ARG REVISION=unknown
# A source that is older than the empty one before it would not be built again.
RUN touch src/main.rs src/lib.rs \
 && SNOWFLAKE_MCP_VERSION="${VERSION}" SNOWFLAKE_MCP_REVISION="${REVISION}" cargo build --release --locked --no-default-features \
 && mkdir -p /out/bin /out/lib && cp /target/release/snowflake-mcp /out/bin/ \
 && python3 packaging/crates.py --no-default-features --into /out/bin/snowflake-mcp \
 && cp --dereference "$(gcc -print-file-name=libgcc_s.so.1)" /out/lib/

# ---- the engine's library, fetched with npm: Debian's own npm would be 400 packages ----
# hadolint ignore=DL3006
FROM ${NODE_IMAGE} AS duckdb
WORKDIR /src
COPY scripts/fetch-duckdb.sh scripts/duckdb.sha256 scripts/
# .build/duckdb becomes a link into the script's cache.
RUN XDG_CACHE_HOME=/duckdb scripts/fetch-duckdb.sh

# ---- the binary with the embedded engine ----
FROM builder AS build-full
COPY --from=duckdb /duckdb /duckdb
COPY --from=duckdb /src/.build .build
RUN cargo build --release --locked
COPY src src
COPY packaging/crates.py packaging/
ARG VERSION=0.1.0
ARG REVISION=unknown
RUN touch src/main.rs src/lib.rs \
 && SNOWFLAKE_MCP_VERSION="${VERSION}" SNOWFLAKE_MCP_REVISION="${REVISION}" cargo build --release --locked \
 && mkdir -p /out/bin /out/lib && cp /target/release/snowflake-mcp /target/release/libduckdb.so /out/bin/ \
 && python3 packaging/crates.py --into /out/bin/snowflake-mcp \
 && cp --dereference "$(gcc -print-file-name=libgcc_s.so.1)" "$(gcc -print-file-name=libstdc++.so.6)" /out/lib/

# ---- what both variants run in: no shell, no package manager ----
# distroless/cc less what is not used of it: OpenSSL for both, the C++ library for slim. Together 9 of 23 MB.
# hadolint ignore=DL3006
FROM ${RUNTIME_IMAGE} AS runtime
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="snowflake-mcp" \
      org.opencontainers.image.description="Governed access to Snowflake for AI agents over the Model Context Protocol" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      io.modelcontextprotocol.server.name="io.github.snowflake-mcp/snowflake-mcp"
# The address that other containers can reach; a key is required with it, or ALLOW_ANONYMOUS=true. Probes have a port of their own, on which
# no flood of calls keeps them waiting.
ENV SERVER_HOST=0.0.0.0 MANAGEMENT_PORT=9090 SERVER_RELOAD=false LOG_FORMAT=json
USER 65532:65532
WORKDIR /
EXPOSE 8000 9090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["/usr/local/bin/snowflake-mcp", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/snowflake-mcp"]
CMD ["serve"]

FROM runtime AS slim
COPY --from=build-slim /out/lib/ /usr/lib/
COPY --from=build-slim /out/bin/ /usr/local/bin/

# Last, so that it is what a build without --target makes. The library lies beside the binary, where the run path looks.
FROM runtime AS full
COPY --from=build-full /out/lib/ /usr/lib/
COPY --from=build-full /out/bin/ /usr/local/bin/
