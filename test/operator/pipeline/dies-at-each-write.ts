import { expect } from "vitest";
import type { ApiAccess } from "../../cluster/api-access.ts";
import { mortalApi } from "./mortal-api.ts";
import { openPipelinePlace, type PipelinePlace } from "./pipeline-place.ts";
import { type OperatorOptions, startOperator } from "./started-operator.ts";

/** What an operator goes through, and what has to be there at each stage. */
export interface DeadlyScenario {
  /** How the operators are other than usual. */
  readonly operator?: OperatorOptions;
  /** Once the operator has died and what it was at has come to its end, the rest is as if it had not. Throws where something else came of it. */
  run(place: PipelinePlace, hasDied: () => boolean): Promise<void>;
}

/** How often it is gone through. */
export interface DeathOptions {
  readonly access: ApiAccess;
  /** Anew for each time. */
  readonly scenario: () => DeadlyScenario;
  /** Scenarios at a time: most of one is waiting for Deployments and for pods to be asked. */
  readonly atOnce: number;
  /** A scenario that has more writes than this never settles. */
  readonly writesMax: number;
}

/** What is there after a write is what is there before the next: only some are tried both ways. */
const bothWaysEach = 6;
/** Writes that any scenario has: with fewer, it was not gone through. */
const writesMin = 17;

/** Goes through the scenario with an operator that dies at its first write, at its second, and so on, each time with another that takes its place. */
export async function diesAtEachWrite(options: DeathOptions): Promise<void> {
  let at = 0;
  let survived = false;
  const next = async (): Promise<void> => {
    while (!survived && at < options.writesMax) {
      const write = at++;
      if (!(await dies(options, write, "after"))) survived = true;
      else if (write % bothWaysEach === 0) await dies(options, write, "before");
    }
  };
  await Promise.all(Array.from({ length: options.atOnce }, next));
  // Each write of the scenario was one to die at: the last ones were too many.
  expect(survived).toBe(true);
  expect(at).toBeGreaterThanOrEqual(writesMin);
}

/** False: it had no such write. */
async function dies({ access, scenario }: DeathOptions, at: number, happens: "before" | "after"): Promise<boolean> {
  await using place = await openPipelinePlace(access);
  const mortal = mortalApi(place.api, at, happens);
  const { operator, run } = scenario();
  await using operators = new AsyncDisposableStack();
  const first = operators.use(await startOperator(mortal.api, place.namespace, operator));
  let died = false;
  const succeed = async (): Promise<void> => {
    await mortal.died;
    died = true;
    await first[Symbol.asyncDispose]();
    operators.use(await startOperator(place.api, place.namespace, operator));
  };
  const heir = succeed();
  try {
    await run(place, () => died);
  } catch (cause) {
    throw new Error(`an operator that dies ${happens} write ${at}`, { cause });
  }
  if (died) await heir;
  return died;
}
