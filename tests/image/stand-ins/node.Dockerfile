# Stands in for node:24-trixie-slim: Debian 13's own Node.js with npm, which is all that is used of it.
FROM debian:trixie-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends nodejs npm \
 && rm -rf /var/lib/apt/lists/*
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
