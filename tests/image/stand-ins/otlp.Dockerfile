# Stands in for otel/opentelemetry-collector: another receiver of OTLP that nobody here wrote. It does not read the
# collector's configuration; it prints every span it receives, as that configuration asks of the collector.
FROM python:3.11-slim
RUN pip install --no-cache-dir rotel==0.0.1a15 \
 && install -m 755 "$(python -c 'import rotel; print(rotel.__path__[0])')/rotel-agent" /usr/local/bin/
USER 65532:65532
# What Compose gives as arguments is for the collector and not looked at.
ENTRYPOINT ["sh", "-c", "exec rotel-agent start --pid-file /tmp/pid --otlp-grpc-endpoint 0.0.0.0:4317 --otlp-http-endpoint 0.0.0.0:4318 --exporter blackhole --debug-log traces --debug-log-verbosity detailed"]
