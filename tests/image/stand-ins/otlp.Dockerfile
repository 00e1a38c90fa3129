# Stands in for otel/opentelemetry-collector: the collector's own parts out of Debian unstable, with the receiver and the
# exporter that compose/otlp/config.yaml names.
FROM debian:trixie-slim AS build
# A mirror that lags behind is as good for this. Two releases' OpenSSL have a file in common.
RUN sed -i 's/trixie/sid/' /etc/apt/sources.list \
 && apt-get -o Acquire::Check-Valid-Until=false update \
 && apt-get install --yes --no-install-recommends --option Dpkg::Options::=--force-overwrite \
    golang-go golang-opentelemetry-collector-dev \
 && rm -rf /var/lib/apt/lists/*
COPY otlp/main.go /src/main.go
# Debian's libraries lie where Go looked for them before there were modules.
RUN --mount=type=cache,target=/tmp/go cd /src && CGO_ENABLED=0 GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=/tmp/go go build -ldflags='-s -w' -o /otelcol .

FROM scratch
COPY --from=build /otelcol /otelcol
USER 10001
ENTRYPOINT ["/otelcol"]
CMD ["--config", "/etc/otelcol/config.yaml"]
