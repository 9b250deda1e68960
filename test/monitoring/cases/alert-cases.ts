import type { AlertCase } from "./alert-case.ts";
import { conditions } from "./condition-cases.ts";
import { lag } from "./lag-cases.ts";
import { controlLoop } from "./operator-cases.ts";
import { pods } from "./pod-cases.ts";
import { notReconciling } from "./reconcile-cases.ts";
import { scaling } from "./scaling-cases.ts";
import { stalled } from "./stalled-cases.ts";

/** For every rule that alerts: series with which it fires, and some next door with which it does not. */
export const alertCases: readonly AlertCase[] = [
  ...lag,
  ...stalled,
  ...pods,
  ...conditions,
  ...scaling,
  ...controlLoop,
  ...notReconciling,
];
