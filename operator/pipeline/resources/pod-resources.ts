import type { Problem } from "../../../crds/check.ts";
import type { PodOverrides } from "../../../crds/kinds/pod-overrides.ts";
import { pathText } from "../../../crds/path.ts";
import { nanosOf } from "../../kube/quantity.ts";
import { canonicalQuantity } from "./canonical-quantity.ts";

/** Amounts by resource, as the API server prints them. */
type Quantities = Readonly<Record<string, string>>;

/** `resources` of the container, and the size of its memory-backed directory. */
export interface PodResources {
  readonly requests: Quantities;
  readonly limits: Quantities;
  readonly scratch: string;
}

/** What the schema of `spec.pod` promises. */
const byDefault = { cpu: "250m", memory: "1Gi", scratch: "512Mi" } as const;

/**
 * What a pod asks for and may use. A default gives way to what the owner says of the same resource: it is never asked for more than
 * the limit, and never limited to less than what is asked for. What is no quantity is a problem.
 */
export function podResources(overrides: PodOverrides): {
  readonly resources: PodResources;
  readonly problems: readonly Problem[];
} {
  const problems: Problem[] = [];
  const read = (quantity: unknown, path: readonly string[]): string => {
    const text = typeof quantity === "string" || typeof quantity === "number" ? canonicalQuantity(quantity) : null;
    if (text !== null) return text;
    const message = `${JSON.stringify(quantity)} is no quantity: write an amount such as 500m, 2 or 1Gi`;
    problems.push({ path: pathText(["spec", "pod", ...path]), message });
    return "0";
  };
  const readAll = (member: "requests" | "limits"): Quantities =>
    Object.fromEntries(
      Object.entries(overrides.resources?.[member] ?? {}).map(([name, quantity]) => [
        name,
        read(quantity, ["resources", member, name]),
      ]),
    );
  const requests = readAll("requests");
  const limits = readAll("limits");
  const memoryLimit = limits["memory"] ?? greater(byDefault.memory, requests["memory"]);
  const resources = {
    requests: {
      cpu: lesser(byDefault.cpu, limits["cpu"]),
      memory: lesser(byDefault.memory, memoryLimit),
      ...requests,
    },
    limits: { ...limits, memory: memoryLimit },
    scratch:
      overrides.scratchBytes === undefined
        ? lesser(byDefault.scratch, halfOf(memoryLimit))
        : read(overrides.scratchBytes, ["scratchBytes"]),
  };
  return { resources, problems: [...problems, ...excessProblems(resources)] };
}

/** More asked for than may be used. */
function excessProblems({ requests, limits }: PodResources): readonly Problem[] {
  return Object.entries(requests).flatMap(([name, request]) => {
    const limit = limits[name];
    if (limit === undefined || amount(request) <= amount(limit)) return [];
    const path = pathText(["spec", "pod", "resources", "requests", name]);
    return [{ path, message: `${request} is more than the limit ${limit}: ask for less, or raise the limit` }];
  });
}

const amount = (quantity: string): bigint => nanosOf(quantity) ?? 0n;
const lesser = (a: string, b: string | undefined): string => (b !== undefined && amount(b) < amount(a) ? b : a);
const greater = (a: string, b: string | undefined): string => (b !== undefined && amount(b) > amount(a) ? b : a);

/** Files in memory count as the pod's memory: with more than half of it they would kill the pod before they were full. */
function halfOf(quantity: string): string {
  const mebibytes = amount(quantity) / nanoPerMebibyte / 2n;
  return canonicalQuantity(`${mebibytes > 0n ? mebibytes : 1n}Mi`) ?? quantity;
}
const nanoPerMebibyte = 2n ** 20n * 10n ** 9n;
