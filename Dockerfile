# Builds cartotheque and serves its demo; mount your own folder over /srv/cartotheque to serve that.
#
# Without Docker, scripts/build-image-in-chroot.sh follows these lines.

FROM rust:1.95-bookworm AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends cmake g++ make nodejs npm pkg-config sqlite3 \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /build
# The dependencies (PROJ takes most of the time) in a layer of their own: an empty crate with the
# same manifest, so that a change of our sources does not build them again.
COPY Cargo.toml Cargo.lock build.rs ./
RUN mkdir src benches \
 && echo > src/lib.rs \
 && echo 'fn main() {}' > src/main.rs \
 && for bench in $(sed -n '/^\[\[bench\]\]/{n;s/^name = "\(.*\)"$/\1/p}' Cargo.toml); do echo 'fn main() {}' > "benches/$bench.rs"; done \
 && cargo build --profile dist --locked \
 && rm -r src benches
# the maps' viewer, which the binary embeds
COPY viewer viewer
RUN cd viewer && npm ci --ignore-scripts --no-audit --no-fund && node build.mjs
COPY benches benches
COPY assets assets
COPY src src
# files keep the time of the checkout, which may be before that of the empty crate
RUN touch build.rs src/lib.rs src/main.rs && cargo build --profile dist --locked --bin cartotheque

# What runs: the binary needs the C and C++ libraries, which this image has, and nothing else.
FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="cartotheque" \
      org.opencontainers.image.description="A map and feature server: a folder of FlatGeobuf, styles and YAML becomes WMS and more" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
# a number, so that Kubernetes can see that it is not root
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin cartotheque
COPY LICENSE-MIT LICENSE-APACHE /usr/share/doc/cartotheque/
COPY --from=build /build/target/dist/cartotheque /usr/local/bin/cartotheque
WORKDIR /srv/cartotheque
COPY capabilities capabilities
COPY styles styles
COPY data data
USER 10001:10001
# fails the build where a library lacks, or a file of the demo that this user may not read
RUN cartotheque check /srv/cartotheque
# Everything under /srv/cartotheque belongs to root and is only read: the server writes no file.
# No VOLUME: it would copy the demo into a nameless volume at each start.
ENV CARTOTHEQUE_LISTEN=0.0.0.0:8080
EXPOSE 8080
# bash speaks TCP: no curl for one request
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s \
  CMD bash -c 'exec 3<>"/dev/tcp/127.0.0.1/${CARTOTHEQUE_LISTEN##*:}" && printf "GET /health HTTP/1.0\r\n\r\n" >&3 && head -n 1 <&3 | grep -q " 200 "'
STOPSIGNAL SIGTERM
ENTRYPOINT ["cartotheque"]
CMD ["serve", "/srv/cartotheque"]
