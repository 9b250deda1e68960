import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { SchemaRegistryConnection } from "../../crds/connectors/schema-registry.ts";
import type { ComponentContext } from "../component/context.ts";
import { NotConnected, Terminal } from "../component/errors.ts";

/** A registry answers from memory; a pod that waits longer than this should say that it is not connected. */
const requestTimeoutMs = 10_000;
/** Confluent's registry takes no schema near this size. */
const responseBytesMax = 8 << 20;
/** Schemas one schema may use, directly or through others. */
const referencesMax = 100;

/** A schema as the registry holds it. */
export interface RegisteredSchema {
  readonly text: string;
  /** Texts of the schemas whose names it uses, those it depends on first. */
  readonly references: readonly string[];
}

interface SchemaAnswer {
  readonly schema?: unknown;
  readonly schemaType?: string;
  readonly references?: readonly { readonly subject: string; readonly version: number }[];
}

/** Confluent's REST API. https://docs.confluent.io/platform/current/schema-registry/develop/api.html */
export interface SchemaRegistry {
  /**
   * The schema with this id, or in a sentence why records cannot use it. Throws NotConnected (unreachable, too busy) and
   * Terminal (credentials refused, no registry at this URL).
   */
  schema(id: number): Promise<RegisteredSchema | string>;
}

/** Throws Terminal where the Connection is for something else. */
export function openSchemaRegistry(connection: string, context: ComponentContext): SchemaRegistry {
  const spec = context.connection(connection).schemaRegistry;
  if (spec === undefined)
    throw new Terminal("ConnectionUnfit", `Connection ${connection}: it is not for a schema registry: it has no schemaRegistry`);
  const get = (path: string) =>
    ask(spec, context, { path, subject: `schema registry ${connection} at ${new URL(spec.url).host}` });
  return {
    async schema(id) {
      const answer = await get(`/schemas/ids/${id}`);
      if (typeof answer === "string") return `schema ${id}: ${answer}`;
      if (answer.schemaType !== undefined && answer.schemaType !== "AVRO")
        return `schema ${id} is ${answer.schemaType}, not AVRO`;
      const found = new Map<string, string>();
      const error = await collectReferences(get, answer, found);
      return error === null ? { text: String(answer.schema), references: [...found.values()] } : `schema ${id}: ${error}`;
    },
  };
}

type Get = (path: string) => Promise<SchemaAnswer | string>;

/** Depth first, so that what is depended on comes first. */
async function collectReferences(get: Get, answer: SchemaAnswer, found: Map<string, string>): Promise<string | null> {
  for (const { subject, version } of answer.references ?? []) {
    const key = `${subject}/versions/${version}`;
    if (found.has(key)) continue;
    if (found.size === referencesMax) return `it uses more than ${referencesMax} other schemas`;
    const referenced = await get(`/subjects/${encodeURIComponent(subject)}/versions/${version}`);
    if (typeof referenced === "string") return `it uses ${key}: ${referenced}`;
    // Taken out and set again, so that it stands behind what it depends on; until then it ends a circle.
    found.set(key, String(referenced.schema));
    const error = await collectReferences(get, referenced, found);
    if (error !== null) return error;
    found.delete(key);
    found.set(key, String(referenced.schema));
  }
  return null;
}

interface Question {
  readonly path: string;
  /** For messages. */
  readonly subject: string;
}

async function ask(
  spec: SchemaRegistryConnection,
  context: ComponentContext,
  { path, subject }: Question,
): Promise<SchemaAnswer | string> {
  const ca = spec.caFrom === undefined ? undefined : await context.value(spec.caFrom);
  const authorization =
    spec.basicAuth === undefined
      ? undefined
      : `Basic ${Buffer.from(`${await context.secret(spec.basicAuth.usernameFrom)}:${await context.secret(spec.basicAuth.passwordFrom)}`).toString("base64")}`;
  const { status, body } = await fetchText(`${spec.url.replace(/\/+$/, "")}${path}`, { ca, authorization }).catch(
    (error: unknown) => {
      throw new NotConnected(`${subject}: no answer: ${reasonOf(error)}`, { cause: error });
    },
  );
  if (status === 200) {
    const answer = parsed(body);
    if (typeof answer?.schema === "string") return answer;
    throw new Terminal("RegistryUnfit", `${subject}: the answer is no schema; is url the base of Confluent's REST API?`);
  }
  if (status === 401 || status === 403) {
    throw new Terminal(
      "AuthenticationFailed",
      `${subject}: the credentials were refused (HTTP ${status}); check basicAuth of the Connection`,
    );
  }
  // An id out of a damaged record must not stop the pipeline, a wrong URL should: only a registry answers with an error code.
  if (typeof parsed(body)?.error_code === "number" && status >= 400 && status < 500 && status !== 408 && status !== 429) {
    return status === 404 ? "the registry does not know it" : `the registry refuses it (HTTP ${status})`;
  }
  if (status === 408 || status === 429 || status >= 500) throw new NotConnected(`${subject}: it answers HTTP ${status}`);
  throw new Terminal("RegistryUnfit", `${subject}: it answers HTTP ${status}; is url the base of Confluent's REST API?`);
}

function parsed(body: string): { readonly schema?: unknown; readonly error_code?: unknown } | null {
  try {
    const answer: unknown = JSON.parse(body);
    return typeof answer === "object" ? answer : null;
  } catch {
    return null;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError" || error.name === "AbortError") return `nothing within ${requestTimeoutMs / 1000} s`;
  return "code" in error ? String(error.code) : error.message;
}

/** Not `fetch`: that takes no certificate authorities of one's own. */
function fetchText(
  url: string,
  { ca, authorization }: { readonly ca: string | undefined; readonly authorization: string | undefined },
): Promise<{ readonly status: number; readonly body: string }> {
  const headers = {
    accept: "application/vnd.schemaregistry.v1+json, application/json",
    ...(authorization === undefined ? {} : { authorization }),
  };
  const options = { headers, signal: AbortSignal.timeout(requestTimeoutMs), ...(ca === undefined ? {} : { ca }) };
  return new Promise((resolve, reject) => {
    const request = (url.startsWith("https:") ? httpsRequest : httpRequest)(url, options, (response) => {
      const pieces: Buffer[] = [];
      let size = 0;
      response.on("data", (piece: Buffer) => {
        size += piece.length;
        if (size > responseBytesMax) request.destroy(new Error(`the answer has more than ${responseBytesMax} bytes`));
        else pieces.push(piece);
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(pieces).toString() }));
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end();
  });
}
