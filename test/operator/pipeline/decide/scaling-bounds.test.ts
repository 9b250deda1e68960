import { expect, test } from "vitest";
import { boundsNow } from "../../../../operator/pipeline/decide/scaling-bounds.ts";
import { unprobed } from "../../../../operator/probe/probed.ts";
import { ordersRevision } from "../orders.ts";

const scaling = (min: number, more = {}) =>
  ({ min, max: 5, targetLagSeconds: 60, scaleDownAfterSeconds: 300, mode: "auto", ...more }) as const;
const nowMs = Date.parse("2026-01-01T12:00:00Z");
const rested = { target: ordersRevision(), isResting: true, scaleToZero: true, probed: unprobed };
const blind = (seconds: number) => ({ probe: null, failure: { message: "no broker answers", sinceMs: nowMs - seconds * 1000 } });
const iam = ordersRevision({ events: { "spec.kafka.sasl": { awsMskIam: { region: "eu-central-1" } } } });
const files = ordersRevision({
  set: { "spec.source": { files: { paths: ["orders.csv"], format: { csv: { columns: { id: "BIGINT" } } } } } },
});

test.each([
  ["as the spec says", scaling(2), rested, { min: 2, awake: null, nextChangeMs: null }],
  ["none where none has to run", scaling(0), rested, { min: 0, awake: null, nextChangeMs: null }],
  ["one before the spec has shown that it works", scaling(0), { ...rested, isResting: false }, { min: 1, awake: "Unproven" }],
  ["one where sources are not looked at", scaling(0), { ...rested, scaleToZero: false }, { min: 1, awake: "ScaleToZeroOff" }],
  ["one where only a pod can sign in", scaling(0), { ...rested, target: iam }, { min: 1, awake: "NotProbeable" }],
  [
    "one where only one may read, whatever a window says",
    scaling(0, { windows: [{ start: "0 8 * * *", end: "0 18 * * *", timeZone: "UTC", min: 3, max: 4 }] }),
    { ...rested, target: files },
    { min: 1, max: 1, awake: null },
  ],
  ["one where the source is files", scaling(0), { ...rested, target: files }, { min: 1, awake: "NotProbeable" }],
  [
    "none while the source is out of sight for moments, and then it is looked again",
    scaling(0),
    { ...rested, probed: blind(299) },
    { min: 0, awake: null, nextChangeMs: nowMs + 1_000 },
  ],
  [
    "one where it is out of sight for five minutes",
    scaling(0),
    { ...rested, probed: blind(300) },
    { min: 1, awake: "ProbeFailed" },
  ],
  ["two though it is out of sight", scaling(2), { ...rested, probed: blind(300) }, { min: 2, awake: null, nextChangeMs: null }],
  [
    "none in a window of none",
    scaling(2, { windows: [{ start: "0 8 * * *", end: "0 18 * * *", timeZone: "UTC", min: 0 }] }),
    rested,
    { min: 0, max: 5, awake: null, nextChangeMs: nowMs + 6 * 3_600_000 },
  ],
] as const)("the fewest pods are %s", (_what, spec, { probed, ...options }, expected) => {
  expect(boundsNow(spec, { nowMs, probed }, options)).toMatchObject(expected);
});
