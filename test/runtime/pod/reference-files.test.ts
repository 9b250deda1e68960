import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readSecret, readValue } from "../../../runtime/pod/reference-files.ts";

let root = "";
const directories = (): { secrets: string; configMaps: string } => ({
  secrets: join(root, "secrets"),
  configMaps: join(root, "config-maps"),
});

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "references-"));
  await mkdir(join(root, "secrets", "kafka-user"), { recursive: true });
  await mkdir(join(root, "config-maps", "kafka-ca"), { recursive: true });
  await writeFile(join(root, "secrets", "kafka-user", "password"), "hunter2\n");
  await writeFile(join(root, "config-maps", "kafka-ca", "ca.crt"), "PEM");
  await writeFile(join(root, "outside"), "not yours");
});
afterAll(() => rm(root, { recursive: true }));

test("a value is read from its file at each call, without the newline an editor left", async () => {
  expect(await readSecret(directories(), { secret: "kafka-user", key: "password" })).toBe("hunter2");
  await writeFile(join(root, "secrets", "kafka-user", "password"), "rotated");
  expect(await readSecret(directories(), { secret: "kafka-user", key: "password" })).toBe("rotated");
  expect(await readValue(directories(), { configMap: "kafka-ca", key: "ca.crt" })).toBe("PEM");
  expect(await readValue(directories(), { secret: "kafka-user", key: "password" })).toBe("rotated");
});

test("a reference to nothing is named with its file", async () => {
  await expect(readSecret(directories(), { secret: "kafka-user", key: "pasword" })).rejects.toMatchObject({
    name: "Terminal",
    reason: "SecretMissing",
    message: `secret kafka-user, key pasword: the file ${join(root, "secrets", "kafka-user", "pasword")} is not there`,
  });
});

test.each([
  { secret: "..", key: "outside" },
  { secret: "kafka-user", key: "../../outside" },
  { secret: "kafka-user/../..", key: "outside" },
])("a reference cannot leave its folder: $secret, $key", async (reference) => {
  await expect(readSecret(directories(), reference)).rejects.toMatchObject({ reason: "ReferenceInvalid" });
});
