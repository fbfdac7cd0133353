# One static binary and nothing else: no shell, no package manager, nobody to be but uid 65532.
#
#   docker build -t api-canary .
#   docker build -t api-canary --build-arg BASE=scratch .
#   docker build -t api-canary --build-context binary=DIR .     # DIR has a static binary, api-canary, and an empty directory, state

# What the binary stands on. The default adds /etc/passwd, time zones, and certificate roots beside the bundled ones;
# it needs none of them, so `scratch` works too.
ARG BASE=gcr.io/distroless/static-debian12:nonroot

FROM docker.io/library/rust:1.91-alpine3.22 AS build
# The cryptography is C and assembly; the target of this image is musl, which is linked statically.
RUN apk add --no-cache cmake g++ make musl-dev
WORKDIR /src
COPY . .
ARG REVISION=unknown
RUN API_CANARY_REVISION="$REVISION" cargo build --locked --release --bin api-canary \
    && mkdir -p /out/state && mv target/release/api-canary /out/

FROM scratch AS binary
COPY --from=build /out /

FROM ${BASE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="api-canary" \
      org.opencontainers.image.description="Probes LLM APIs layer by layer, says why a call fails, and exposes it to Prometheus" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=binary --chmod=0755 /api-canary /usr/bin/api-canary
# What paid calls cost must survive a restart: mount a volume here; a new named one takes its owner from this directory.
# Nothing else is ever written, so that the root may be read-only.
COPY --from=binary --chown=65532:65532 /state /var/lib/api-canary
USER 65532:65532
ENV API_CANARY_STATE_DIRECTORY=/var/lib/api-canary
EXPOSE 10429
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 CMD ["/usr/bin/api-canary", "healthcheck"]
ENTRYPOINT ["/usr/bin/api-canary"]
CMD ["serve"]
