import type { Route } from "../http/route.ts";

const text = `This is not Snowflake. It is Snowline's test warehouse: a small server that speaks Snowflake's wire protocol over DuckDB, so
that pipelines, drivers and SQL can be tried without an account. It is no product of Snowflake Inc., it has no security worth the
name, and what works here may not work there, and the other way round. Do not keep data in it that you need.

Connect any Snowflake driver to this address, over plain http.
`;

/** Says to whoever looks what this server is. */
export function frontPage(): Route {
  return { method: "GET", path: /^\/$/, handle: async () => ({ status: 200, body: text }) };
}
