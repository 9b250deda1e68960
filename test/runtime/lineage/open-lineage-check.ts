import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";

// From https://github.com/OpenLineage/OpenLineage, spec/, at 8f02abfb7a252783b95df79f443edb13959bf52c (Apache License 2.0), as they are.
const directory = join(import.meta.dirname, "specification");

const formats: Readonly<Record<string, RegExp>> = {
  "date-time": /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/,
  uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  uri: /^[a-z][a-z0-9+.-]*:\S+$/,
};

/** What of an event is not as OpenLineage's official JSON schemas want it, its facets included; empty where nothing is. */
export function openLineageProblems(event: unknown): string[] {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  for (const [name, pattern] of Object.entries(formats)) ajv.addFormat(name, pattern);
  for (const file of readdirSync(directory)) ajv.addSchema(JSON.parse(readFileSync(join(directory, file), "utf8")) as object);
  const problemsOf = (value: unknown, schemaUrl: string): string[] => {
    const validate = ajv.getSchema(schemaUrl);
    if (validate === undefined) return [`${schemaUrl}: there is no such schema`];
    return validate(value) === true
      ? []
      : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath}: ${message}`);
  };
  const { schemaURL } = event as { schemaURL: string };
  return [schemaURL, schemaURL.split("#")[0]!]
    .flatMap((url) => problemsOf(event, url))
    .concat(facetsIn(event).flatMap((facet) => problemsOf(facet, facet._schemaURL)));
}

interface Facet {
  readonly _schemaURL: string;
}

function facetsIn(value: unknown): Facet[] {
  if (typeof value !== "object" || value === null) return [];
  const own = "_schemaURL" in value ? [value as Facet] : [];
  return [...own, ...Object.values(value).flatMap((member) => facetsIn(member))];
}
