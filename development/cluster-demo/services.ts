// Within the network of the demo's cluster: a Kafka broker and the test warehouse, on the address at which pods reach them.
import { join } from "node:path";
import { startBroker } from "../../test/kafka/broker.ts";
import { startGuarded } from "../../test/kafka/guarded-process.ts";
import { root, secrets } from "./place.ts";

const warehousePort = 8086;
const startTimeoutMs = 60_000;
const stopGraceMs = 10_000;

/** Members of a group that are killed are missed after this, instead of Kafka's 45 s: a demo is short. */
const quickGroups = {
  "group.consumer.heartbeat.interval.ms": 1000,
  "group.consumer.min.heartbeat.interval.ms": 1000,
  "group.consumer.session.timeout.ms": 6000,
  "group.consumer.min.session.timeout.ms": 6000,
};

const [address = "127.0.0.1"] = process.argv.slice(2);
const broker = await startBroker({ address, properties: quickGroups, say: (line) => console.log(line) });
const serve = ["warehouse", "--host", address, "--port", String(warehousePort), "--secrets", secrets];
const warehouse = startGuarded(
  [process.execPath, "--disable-warning=ExperimentalWarning", join(root, "cli", "main.ts"), ...serve],
  {
    name: "test warehouse",
  },
);
const line = await warehouse.saw("listening on", startTimeoutMs);
const warehouseUrl = /listening on (\S+?);/.exec(line)?.[1];
process.once("SIGTERM", () => void Promise.all([broker.stop(), warehouse.stop(stopGraceMs)]));
console.log(`services ready ${JSON.stringify({ bootstrap: broker.bootstrap, warehouseUrl })}`);
