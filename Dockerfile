# Two images. `docker build .` makes the last one, snowline: the operator and the pipelines' pods. `--target warehouse`: a test warehouse.
#
# Node 24, as in package.json, and npm; only the program itself gets into the images, without npm.
ARG NODE_IMAGE=node:24-bookworm-slim
# What the images stand on: a C library (glibc, which DuckDB's native module is made for) and libstdc++.
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${NODE_IMAGE} AS packages
WORKDIR /snowline
COPY package.json package-lock.json ./
# Nothing that runs needs a package's install script. The npm package `node` is for machines with an older Node, and left out as the rest of dev.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  # Half of what is left is only for who writes programs: types and source maps.
  && find node_modules -type f \( -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.md' \) -delete \
  && cp "$(readlink -f "$(command -v node)")" /usr/local/bin/snowline-node

# Without what only the command line and the test warehouse use.
FROM packages AS runtime-packages
RUN npm uninstall --omit=dev --ignore-scripts --offline --no-audit --no-fund commander @polyglot-sql/sdk

FROM ${BASE_IMAGE} AS warehouse
COPY --from=packages /usr/local/bin/snowline-node /usr/local/bin/node
ENV NODE_ENV=production
WORKDIR /snowline
COPY --from=packages /snowline/node_modules ./node_modules
COPY package.json LICENSE ./
COPY crds ./crds
COPY transform ./transform
COPY runtime ./runtime
COPY operator ./operator
COPY warehouse ./warehouse
COPY cli ./cli
RUN mkdir /data && chown 1000:1000 /data
USER 1000:1000
VOLUME /data
EXPOSE 8086
STOPSIGNAL SIGTERM
# Not Snowflake: a test warehouse. No security worth the name, so keep it inside your own network.
ENTRYPOINT ["node", "--disable-warning=ExperimentalWarning", "cli/main.ts"]
CMD ["warehouse", "--host", "0.0.0.0", "--port", "8086", "--data", "/data", "--secrets", "/data/secrets"]

FROM ${BASE_IMAGE} AS snowline
LABEL org.opencontainers.image.title="snowline" \
  org.opencontainers.image.description="Kafka-to-Snowflake pipelines as Kubernetes resources: operator and runtime" \
  org.opencontainers.image.licenses="MIT"
COPY --from=packages /usr/local/bin/snowline-node /usr/local/bin/node
ENV NODE_ENV=production
WORKDIR /snowline
# What changes least comes first: a change of the sources alone is a layer of a few megabytes.
COPY --from=runtime-packages /snowline/node_modules ./node_modules
COPY package.json LICENSE ./
COPY crds ./crds
COPY transform ./transform
COPY runtime ./runtime
COPY operator ./operator
# Nobody: it owns nothing here and writes nothing here; what it needs to write, it gets as a volume.
USER 65532:65532
STOPSIGNAL SIGTERM
# The operator. A pipeline's pod runs runtime/main.ts instead.
CMD ["node", "--disable-warning=ExperimentalWarning", "operator/main.ts"]
