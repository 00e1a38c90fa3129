# Stands in for python:3.13-slim: Debian 13's own Python 3.13, found by the names the public image has, and its
# library.
FROM debian:trixie-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends python3 python3-pip libpython3.13 \
 && rm -rf /var/lib/apt/lists/* /usr/lib/python3.13/EXTERNALLY-MANAGED \
 && ln -s /usr/bin/python3 /usr/local/bin/python
ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt
