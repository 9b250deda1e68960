import { expect, test } from "vitest";
import { issueAuthority, issueServing, type KeyPair } from "../../../../operator/webhook/certificates/issue-certificate.ts";
import { nextStep } from "../../../../operator/webhook/certificates/next-step.ts";
import type { StoredCertificates } from "../../../../operator/webhook/certificates/stored-certificates.ts";

const dayMs = 86_400_000;
const now = Date.UTC(2026, 10, 26);
const name = "snowline-webhook.snowline.svc";

/** An authority or a serving certificate that has lived `age` of `life` days. */
const life = (age: number, days: number) => ({ fromMs: now - age * dayMs, untilMs: now + (days - age) * dayMs });
const authority = (age: number) => issueAuthority("CA", life(age, 1825));
const serving = (by: KeyPair, age: number, names = [name]) => issueServing(by, names, life(age, 90));

interface Case {
  readonly what: string;
  readonly stored: StoredCertificates | null;
  readonly publishedMs?: number | null;
  readonly step: object;
}
const young = await authority(10);
const older = await authority(100);
const middle = await authority(1216);
const late = await authority(1218);
const dead = await authority(1826);
const former = [older.certificate];

test.each<Case>([
  {
    what: "nothing is there",
    stored: null,
    step: { kind: "begin", reason: expect.stringContaining("there are no certificates yet") },
  },
  {
    what: "all is young: until a third of the serving one's life is left",
    stored: { authority: young, former: [], serving: await serving(young, 10) },
    step: { kind: "none", lookAgainMs: 50 * dayMs },
  },
  {
    what: "the serving one nears its end",
    stored: { authority: young, former: [], serving: await serving(young, 61) },
    step: { kind: "serving", reason: "the serving certificate has lived two thirds of its life" },
  },
  {
    what: "the serving one has expired",
    stored: { authority: young, former: [], serving: await serving(young, 91) },
    step: { kind: "serving", reason: "the serving certificate has expired" },
  },
  {
    what: "the service has another name",
    stored: { authority: young, former: [], serving: await serving(young, 1, ["other.svc"]) },
    step: { kind: "serving", reason: `the serving certificate is not for ${name}` },
  },
  {
    what: "the authority is looked at when it is due, if that is sooner",
    stored: { authority: middle, former: [], serving: await serving(middle, 1) },
    step: { kind: "none", lookAgainMs: expect.closeTo((1825 * 2 * dayMs) / 3 - 1216 * dayMs, -3) },
  },
  {
    what: "the authority nears its end",
    stored: { authority: late, former: [], serving: await serving(late, 1) },
    step: { kind: "authority", reason: "the authority has lived two thirds of its life" },
  },
  {
    what: "the authority has expired",
    stored: { authority: dead, former: [], serving: await serving(dead, 1) },
    step: { kind: "begin", reason: "the authority has expired" },
  },
  {
    what: "there is a new authority, and nobody has been told yet",
    stored: { authority: young, former, serving: await serving(older, 1) },
    publishedMs: null,
    step: { kind: "none", lookAgainMs: 600_000 },
  },
  {
    what: "there is a new authority, and all were told nine minutes ago",
    stored: { authority: young, former, serving: await serving(older, 61) },
    publishedMs: now - 540_000,
    step: { kind: "none", lookAgainMs: 60_000 },
  },
  {
    what: "there is a new authority, and all were told ten minutes ago",
    stored: { authority: young, former, serving: await serving(older, 1) },
    publishedMs: now - 600_000,
    step: { kind: "serving", reason: "there is a new authority" },
  },
  {
    what: "there is a new authority, and what the former one signed has expired",
    stored: { authority: young, former, serving: await serving(older, 91) },
    publishedMs: null,
    step: { kind: "serving", reason: "the serving certificate has expired" },
  },
])("the next step when $what", ({ stored, publishedMs = now, step }) => {
  expect(nextStep({ stored, names: [name], publishedMs, nowMs: now })).toEqual(step);
});
