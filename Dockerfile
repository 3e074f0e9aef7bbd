# Builds cartotheque and serves its demo. PROJ is built in a layer of its own, so that a change
# of our sources does not build it again.
FROM rust:1.95-bookworm AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends cmake g++ make pkg-config sqlite3 \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY Cargo.toml Cargo.lock build.rs ./
# the dependencies alone: an empty crate with the same manifest
RUN mkdir -p src benches \
 && echo > src/lib.rs && echo 'fn main() {}' > src/main.rs \
 && sed -n 's/^name = "\(.*\)"$/\1/p' Cargo.toml | while read -r n; do echo 'fn main() {}' > "benches/$n.rs"; done \
 && cargo build --profile dist --locked \
 && rm -rf src benches
COPY src src
COPY benches benches
COPY assets assets
RUN touch src/lib.rs src/main.rs && cargo build --profile dist --locked

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends curl libstdc++6 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --create-home --home-dir /srv/cartotheque cartotheque
COPY --from=build /build/target/dist/cartotheque /usr/local/bin/cartotheque
COPY capabilities /srv/cartotheque/capabilities
COPY styles /srv/cartotheque/styles
COPY data /srv/cartotheque/data
COPY LICENSE-MIT LICENSE-APACHE /usr/share/doc/cartotheque/
USER cartotheque
WORKDIR /srv/cartotheque
ENV CARTOTHEQUE_LISTEN=0.0.0.0:8080
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=3s --start-period=5s CMD curl -fsS http://127.0.0.1:8080/health > /dev/null
STOPSIGNAL SIGTERM
ENTRYPOINT ["cartotheque"]
CMD ["serve", "/srv/cartotheque"]
