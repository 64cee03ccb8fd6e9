# SPDX-License-Identifier: GPL-2.0-or-later
#
# The controller as an image. The first stage builds it and runs the unit tests, so no image can be had of
# what fails them; the second holds the daemon, the tool, the hook and the programs beside the daemon, and of
# Debian only what they need.
#
#   podman build --build-arg REVISION="$(git rev-parse HEAD)" -t jettison .
#
# BASE is a Debian 12 of any origin. How the image is run, and why so: examples/podman/run.sh.
ARG BASE=docker.io/library/debian:bookworm-slim

FROM ${BASE} AS build
RUN apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install \
        gcc libc6-dev meson pkg-config \
        libcgroup-dev libcriterion-dev libcurl4-openssl-dev libjansson-dev libmicrohttpd-dev libseccomp-dev
COPY . /src
# The daemon trusts no configuration that others may write, as they may in sources that came with umask 002.
RUN chmod -R go-w /src && \
        meson setup /build /src --prefix=/usr --werror -Dtests=enabled -Dsystemd=enabled -Dman=disabled && \
        meson compile -C /build

# As a plain user: the root of a build has not all of root's rights, which the tests take for granted.
RUN chown -R nobody /build/meson-logs && cd /tmp && \
        setpriv --reuid=nobody --regid=nogroup --clear-groups --inh-caps=-all \
        meson test -C /build --no-rebuild --print-errorlogs && \
        DESTDIR=/out meson install -C /build --no-rebuild --strip --tags runtime

FROM ${BASE}
RUN apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install \
        libcgroup2 libcurl4 libjansson4 libmicrohttpd12 libseccomp2 && \
        rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/apt /var/log/dpkg.log && \
        mkdir -p /etc/jettison /run/jettison /var/log/jettison
COPY --from=build /out/usr /usr

# The container is the daemon's group, as a unit is: going elsewhere would hide it from who is to stop it.
RUN echo '{ "group": { "path": "" } }' >/etc/jettison/jettison.json

ARG REVISION=
LABEL org.opencontainers.image.title="Jettison" \
        org.opencontainers.image.description="Container-aware out-of-memory controller for Linux" \
        org.opencontainers.image.licenses="GPL-2.0-or-later" \
        org.opencontainers.image.revision="${REVISION}"

# An engine that makes OCI images leaves this out; the examples give it on the command line.
HEALTHCHECK --interval=60s --timeout=10s CMD ["/usr/bin/jettison", "status"]
ENTRYPOINT ["/usr/sbin/jettisond"]
