# Stands in for haproxy: Debian's, started as that image starts it. From unstable, which has the
# same version, 3.2.
FROM debian:trixie-slim
# A mirror that lags behind is as good for this. Two releases' OpenSSL have a file in common.
RUN sed -i 's/trixie/sid/' /etc/apt/sources.list \
 && apt-get -o Acquire::Check-Valid-Until=false update \
 && apt-get install --yes --no-install-recommends --option Dpkg::Options::=--force-overwrite haproxy \
 && rm -rf /var/lib/apt/lists/*
USER haproxy
STOPSIGNAL SIGUSR1
ENTRYPOINT ["haproxy", "-W", "-db"]
CMD ["-f", "/usr/local/etc/haproxy/haproxy.cfg"]
