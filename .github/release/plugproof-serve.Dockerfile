# The mock server alone; mount the plugins that it is to run, read-only if you like:
#   docker run --rm -p 127.0.0.1:8200:8200 -v "$PWD/plugins:/plugins:ro" \
#     ghcr.io/plugproof/plugproof-serve --register-all --root-token root
FROM scratch
ARG TARGETPLATFORM
COPY $TARGETPLATFORM/plugproof-serve /plugproof-serve
COPY --chown=65532:65532 .github/release/root/ /
USER 65532:65532
# It is empty until something is mounted there.
WORKDIR /plugins
EXPOSE 8200
ENTRYPOINT ["/plugproof-serve", "--listen", "0.0.0.0:8200", "--plugin-dir", "/plugins"]
