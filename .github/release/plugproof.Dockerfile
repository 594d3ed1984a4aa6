# The command with the sample plugins beside it:
#   docker run --rm ghcr.io/plugproof/plugproof run
# There are no CA certificates: mount yours and set VAULT_CACERT or SSL_CERT_FILE.
FROM scratch
ARG TARGETPLATFORM
COPY $TARGETPLATFORM/ /plugproof/
COPY --chown=65532:65532 .github/release/root/ /
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["/plugproof/plugproof"]
