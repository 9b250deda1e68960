import { expect, test } from "vitest";
import { validateConnections } from "../../crds/validate-connections.ts";
import { manifest } from "./manifest.ts";

const events = manifest({ title: "", of: "Connection", set: {} });
const schemas = manifest({
  title: "",
  of: "Connection",
  set: { "metadata.name": "schemas", spec: { schemaRegistry: { url: "https://schemas" } } },
});
const kafka = "spec.source.kafka";
const avro = { [`${kafka}.format`]: { avro: { registry: { connection: "schemas" }, columns: { a: "INTEGER" } } } };

test.each([
  ["a Connection that is there", {}, [events], []],
  ["one of a namespace that is left open", { "metadata.namespace": "shop" }, [events], []],
  ["a schema registry", avro, [events, schemas], []],
  ["files, which need none", { "spec.source": { files: { paths: ["a"] } } }, [], []],
  ["a name that is wrong in itself", { [`${kafka}.connection`]: 5 }, [events], []],
])("validateConnections accepts %s", (_what, set, connections, problems) => {
  expect(validateConnections(manifest({ title: "", set }), connections)).toEqual(problems);
});

const other = manifest({ title: "", of: "Connection", set: { "metadata.namespace": "finance" } });
test.each<[string, Record<string, unknown>, unknown[], readonly [string, string]]>([
  [
    "a misspelt name",
    { [`${kafka}.connection`]: "evnts" },
    [events, schemas],
    [`${kafka}.connection`, 'there is no Connection "evnts" in the given files: did you mean events?'],
  ],
  [
    "an unknown name",
    { [`${kafka}.connection`]: "clicks" },
    [events, schemas],
    [`${kafka}.connection`, 'there is no Connection "clicks" in the given files: there is events'],
  ],
  [
    "no Connection at all",
    {},
    [],
    [`${kafka}.connection`, 'there is no Connection "events" in the given files: give the file that has it as well'],
  ],
  [
    "the wrong kind",
    { ...avro, [`${kafka}.connection`]: "schemas" },
    [events, schemas],
    [`${kafka}.connection`, '"schemas" is a Connection without kafka: name one with kafka'],
  ],
  [
    "the wrong kind of registry",
    { [`${kafka}.format.avro.registry.connection`]: "events" },
    [events],
    [`${kafka}.format.avro.registry.connection`, '"events" is a Connection without schemaRegistry: name one with schemaRegistry'],
  ],
  [
    "dead letters to nowhere",
    { "spec.deadLetter": { kafka: { connection: "dead", topic: "a" } } },
    [events],
    ["spec.deadLetter.kafka.connection", 'there is no Connection "dead" in the given files: there is events'],
  ],
  [
    "another namespace",
    { "metadata.namespace": "shop" },
    [other],
    [`${kafka}.connection`, 'there is no Connection "events" in the given files: give the file that has it as well'],
  ],
])("validateConnections refuses %s", (_what, set, connections, [path, message]) => {
  expect(validateConnections(manifest({ title: "", set }), connections)).toEqual([{ path, message }]);
});
