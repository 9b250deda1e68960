# Node 24, as in package.json. Debian's C library: DuckDB's native module is made for it.
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS packages
WORKDIR /snowline
COPY package.json package-lock.json ./
# The npm package `node` is for machines with an older Node; here it would only be a second one.
RUN npm ci --omit=dev --no-audit --no-fund

FROM ${NODE_IMAGE} AS warehouse
ENV NODE_ENV=production
WORKDIR /snowline
COPY --from=packages /snowline/node_modules ./node_modules
COPY package.json ./
COPY crds ./crds
COPY transform ./transform
COPY runtime ./runtime
COPY warehouse ./warehouse
COPY cli ./cli
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8086
STOPSIGNAL SIGTERM
# Not Snowflake: a test warehouse. No security worth the name, so keep it inside your own network.
ENTRYPOINT ["node", "--disable-warning=ExperimentalWarning", "cli/main.ts"]
CMD ["warehouse", "--host", "0.0.0.0", "--port", "8086", "--data", "/data", "--secrets", "/data/secrets"]
