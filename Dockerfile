# Two images. `docker build .` makes the last one, snowline: the operator and the pipelines' pods. `--target warehouse`: a test warehouse.
#
# Node 24, as in package.json, and npm; only the program itself gets into the images, without npm.
ARG NODE_IMAGE=node:24-bookworm-slim
# What the images stand on: a C library (glibc, which DuckDB's native module is made for) and libstdc++.
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${NODE_IMAGE} AS packages
WORKDIR /image/snowline
COPY package.json package-lock.json ./
# Nothing that runs needs a package's install script. The npm package `node` is for machines with an older Node, and left out as the rest of dev.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  # Half of what is left is only for who writes programs: types and source maps.
  && find node_modules -type f \( -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.md' \) -delete \
  && mkdir -p /image/usr/local/bin \
  && cp "$(readlink -f "$(command -v node)")" /image/usr/local/bin/node

# Without what only the command line and the test warehouse use.
FROM packages AS runtime-packages
RUN npm uninstall --omit=dev --ignore-scripts --offline --no-audit --no-fund commander @polyglot-sql/sdk

FROM scratch AS runtime-sources
COPY package.json LICENSE /snowline/
COPY crds /snowline/crds
COPY transform /snowline/transform
COPY runtime /snowline/runtime
COPY operator /snowline/operator

FROM runtime-sources AS warehouse-sources
COPY warehouse /snowline/warehouse
COPY cli /snowline/cli

# Each image is two layers on its base: packages, which change seldom, and sources, a megabyte or two (and what Node makes of them, 15 MB
# more). They come last, so that a change of the sources makes nothing else anew. All of it is root's.
FROM ${BASE_IMAGE} AS warehouse
RUN mkdir /data && chown 1000:1000 /data
ENV NODE_ENV=production
WORKDIR /snowline
USER 1000:1000
VOLUME /data
EXPOSE 8086
STOPSIGNAL SIGTERM
# Not Snowflake: a test warehouse. No security worth the name, so keep it inside your own network.
ENTRYPOINT ["node", "--disable-warning=ExperimentalWarning", "cli/main.ts"]
CMD ["warehouse", "--host", "0.0.0.0", "--port", "8086", "--data", "/data", "--secrets", "/data/secrets"]
COPY --from=packages /image /
COPY --from=warehouse-sources / /

# What Node makes of the sources: a process that finds it neither strips types nor compiles, which saves it 30 MB and a fifth of a
# second of CPU. Node takes only what the same user made, and goes without where there is nothing of its own.
FROM ${BASE_IMAGE} AS compiled
ENV NODE_COMPILE_CACHE=/compiled NODE_OPTIONS=--disable-warning=ExperimentalWarning
RUN mkdir /compiled && chown 65532:65532 /compiled
WORKDIR /snowline
USER 65532:65532
COPY --from=runtime-packages /image /
COPY --from=runtime-sources / /
# Programs end at once, for want of arguments; one that needs a thread's message is compiled before it says so.
RUN node --input-type=module -e 'import { globSync } from "node:fs"; \
  for (const file of globSync("{crds,transform,runtime,operator}/**/*.ts")) \
    if (!file.endsWith("main.ts")) await import(`/snowline/${file}`).catch(() => {}); \
  process.exit()' \
  && for program in */main.ts */*-main.ts; do node "$program" < /dev/null > /dev/null 2>&1 || true; done \
  && test -n "$(ls /compiled)"

FROM ${BASE_IMAGE} AS snowline
LABEL org.opencontainers.image.title="snowline" \
  org.opencontainers.image.description="Kafka-to-Snowflake pipelines as Kubernetes resources: operator and runtime" \
  org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production NODE_COMPILE_CACHE=/compiled
WORKDIR /snowline
# Nobody: it owns nothing here and writes nothing here; what it needs to write, it gets as a volume.
USER 65532:65532
STOPSIGNAL SIGTERM
# The operator. A pipeline's pod runs runtime/main.ts instead.
CMD ["node", "--disable-warning=ExperimentalWarning", "operator/main.ts"]
COPY --from=runtime-packages /image /
COPY --from=compiled /compiled /compiled
COPY --from=runtime-sources / /
