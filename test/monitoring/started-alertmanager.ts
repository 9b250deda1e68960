import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../kafka/free-port.ts";
import { startGuarded } from "../kafka/guarded-process.ts";
import { monitoringPrograms } from "./monitoring-programs.ts";

/** An Alertmanager. Disposing of it ends it and removes its data. */
export interface StartedAlertmanager extends AsyncDisposable {
  /** `host:port`. */
  readonly address: string;
}

const readyMs = 30_000;
const stopMs = 5_000;

/** Starts it on a free port of 127.0.0.1; what it gets it sends to the webhook after a second. */
export async function startAlertmanager(webhookUrl: string): Promise<StartedAlertmanager> {
  const { alertmanager } = await monitoringPrograms();
  const directory = await mkdtemp(join(tmpdir(), "snowline-alertmanager-"));
  const [port] = (await freePorts(1)) as [number];
  const config = {
    route: {
      receiver: "webhook",
      group_by: ["alertname", "namespace", "pipeline"],
      group_wait: "1s",
      group_interval: "1s",
      repeat_interval: "1h",
    },
    receivers: [{ name: "webhook", webhook_configs: [{ url: webhookUrl, send_resolved: true }] }],
  };
  const configFile = join(directory, "alertmanager.json");
  await writeFile(configFile, JSON.stringify(config));
  const address = `127.0.0.1:${port}`;
  const flags = [
    `--config.file=${configFile}`,
    `--storage.path=${join(directory, "data")}`,
    `--web.listen-address=${address}`,
    // Alone: it looks for no others, and needs no address of the machine.
    "--cluster.listen-address=",
  ];
  const running = startGuarded([...alertmanager, ...flags], { name: "alertmanager", removed: directory });
  const stop = async (): Promise<void> => {
    await running.stop(stopMs);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await running.saw("Listening on", readyMs);
  } catch (error) {
    await stop();
    throw error;
  }
  return { address, [Symbol.asyncDispose]: stop };
}
