# Stands in for busybox: Debian's, of the same version.
FROM debian:trixie-slim AS packages
WORKDIR /debs
RUN apt-get update \
 && apt-get download busybox-static \
 && dpkg -x busybox-static*.deb /root-of-image \
 && cd /root-of-image \
 && rm -rf usr/share \
 && mkdir -p bin tmp && mv "$(find . -name busybox -type f)" bin/busybox \
 && for applet in $(bin/busybox --list); do ln -s busybox "bin/$applet" 2>/dev/null || true; done

FROM scratch
COPY --from=packages /root-of-image /
ENV PATH=/bin
CMD ["sh"]
