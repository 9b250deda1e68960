import { readFile } from "node:fs/promises";
import { pino } from "pino";
import { collectDefaultMetrics, Registry } from "prom-client";
import type { ClusterPlace } from "./kube/cluster-place.ts";
import { runOperator } from "./operator.ts";
import { type OperatorOptions, readOptions } from "./options.ts";

/** Exit codes: 0 it ended as it should; 1 it may work when started again; 2 the command line is wrong. */
const exitCode = { ok: 0, crashed: 1, usage: 2 } as const;

function placeOf({ kubeconfig, serviceAccountDirectory: directory }: OperatorOptions): ClusterPlace {
  if (kubeconfig !== null) return { kubeconfig: { file: kubeconfig } };
  const { KUBERNETES_SERVICE_HOST: host = "", KUBERNETES_SERVICE_PORT: port = "" } = process.env;
  if (host === "") throw new Error("--kubeconfig: is missing, and this is no pod: name the file, such as ~/.kube/config");
  return { pod: { host, port, directory } };
}

async function main(options: OperatorOptions): Promise<void> {
  const log = pino({ base: {}, level: options.logLevel });
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.once(signal, () => {
      stop.abort();
      // What does not end in time is ended: the lease runs out by itself, and every write can be repeated.
      setTimeout(() => {
        log.error({ graceSeconds: options.graceSeconds }, "not stopped in time");
        process.exit(exitCode.crashed);
      }, options.graceSeconds * 1000).unref();
    });
  const { version } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  log.info({ version, identity: options.identity }, "operator starts");
  try {
    const userAgent = `snowline-operator/${version}`;
    await runOperator(options, { place: placeOf(options), userAgent, registry, log, signal: stop.signal });
    log.info("operator stopped");
  } catch (error) {
    log.fatal({ err: error }, "operator failed");
    process.exitCode = exitCode.crashed;
  }
}

function optionsOrUsage(): OperatorOptions | null {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`operator: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = exitCode.usage;
    return null;
  }
}

const options = optionsOrUsage();
if (options !== null) await main(options);
