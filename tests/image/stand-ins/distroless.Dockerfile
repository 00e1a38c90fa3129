# Stands in for gcr.io/distroless/base-nossl-debian13:nonroot: the same Debian packages unpacked whole (so it is not
# smaller than the public one), no shell, no package manager.
FROM debian:trixie-slim AS packages
WORKDIR /debs
RUN apt-get update \
 && apt-get download base-files netbase tzdata libc6 \
 && for package in *.deb; do dpkg -x "$package" /root-of-image; done \
 && cd /root-of-image \
 && mkdir -p etc/ssl/certs home/nonroot tmp var/tmp proc sys dev \
 && chmod 1777 tmp var/tmp \
 && chown 65532:65532 home/nonroot && chmod 700 home/nonroot \
 && cp /etc/ssl/certs/ca-certificates.crt etc/ssl/certs/ \
 && printf 'root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n' >etc/passwd \
 && printf 'root:x:0:\nnobody:x:65534:\nnonroot:x:65532:\n' >etc/group

FROM scratch
COPY --from=packages /root-of-image /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 65532
WORKDIR /home/nonroot
