# Stands in for prom/prometheus: Debian's Prometheus, in the places that image has it. From unstable, which has the
# same version, 3.5.
FROM debian:trixie-slim
# A mirror that lags behind is as good for this.
RUN sed -i 's/trixie/sid/' /etc/apt/sources.list \
 && apt-get -o Acquire::Check-Valid-Until=false update \
 && apt-get install --yes --no-install-recommends prometheus \
 && rm -rf /var/lib/apt/lists/* \
 && mkdir -p /prometheus && chown 65534:65534 /prometheus
USER 65534
WORKDIR /prometheus
VOLUME ["/prometheus"]
ENTRYPOINT ["/bin/prometheus"]
