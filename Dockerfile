# docker build -t doorward .                                     (BuildKit, Podman or Buildah)
# docker run -p 8000:8000 -v doorward:/data doorward
#
# Settings come as DOORWARD__SECTION__KEY (config.toml lists them), or in a file: mount it and give `--config FILE serve`.
# Other commands work beside the running server: docker exec CONTAINER doorward client list

FROM rust:1.95-slim-bookworm AS build
WORKDIR /build
COPY . .
# Without the default feature: no demo. The slim image has gcc, which is all that aws-lc-sys, SQLite and mimalloc ask for.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --release --locked --no-default-features --bin doorward \
    && install -D target/release/doorward /image/usr/local/bin/doorward

# The same Debian as above: the binary needs its glibc and libgcc.
FROM debian:bookworm-slim
RUN groupadd --gid 10001 doorward \
    && useradd --uid 10001 --gid doorward --home-dir /data --no-create-home --shell /usr/sbin/nologin doorward \
    && install -d -m 0700 -o doorward -g doorward /data
# The certificate authorities for outgoing https, which reqwest asks the system for.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /image/ /
USER 10001:10001
WORKDIR /data
VOLUME /data
ENV DOORWARD__SERVER__DATA=/data \
    DOORWARD__SERVER__LISTEN=0.0.0.0:8000
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["doorward", "health"]
ENTRYPOINT ["doorward"]
CMD ["serve"]
