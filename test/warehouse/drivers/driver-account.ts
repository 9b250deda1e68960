import { type RunningWarehouse } from "../../../warehouse/start-warehouse.ts";
import { password, startedWarehouse } from "../started-warehouse.ts";

/** A server that other people's drivers sign in to, as the environment of their programs says. */
export interface DriverAccount extends AsyncDisposable {
  readonly server: RunningWarehouse;
  /** ROUND_PORT, ROUND_USER, ROUND_PASSWORD, ROUND_DATABASE, ROUND_SCHEMA, and what keeps drivers from asking around. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Starts it; queries that take longer than half a second are polled for. */
export async function driverAccount(): Promise<DriverAccount> {
  const server = await startedWarehouse({ longPollMs: 500 });
  return {
    server,
    environment: {
      ROUND_PORT: new URL(server.url).port,
      ROUND_USER: "ANN",
      ROUND_PASSWORD: password,
      ROUND_DATABASE: "DB",
      ROUND_SCHEMA: "PUBLIC",
      // They would ask the cloud's metadata addresses where they are.
      SNOWFLAKE_DISABLE_PLATFORM_DETECTION: "true",
      NO_PROXY: "127.0.0.1,localhost",
      PYTHONWARNINGS: "ignore",
    },
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
