import type snowflake from "snowflake-sdk";

/** The driver's module. */
export type Driver = typeof snowflake;

/**
 * What the driver does by itself when it is loaded or signs in, each off: asking the cloud's metadata addresses what platform it
 * is on (seconds on a network that drops such packets), loading a native library, telling what options were used.
 */
const offByEnvironment = {
  SNOWFLAKE_DISABLE_PLATFORM_DETECTION: "true",
  SNOWFLAKE_DISABLE_MINICORE: "true",
  SF_TELEMETRY_DISABLE_CONNECTION_SHAPE: "true",
};

/** It logs statements and addresses to a file in the working directory and to stdout: neither is ours to write to. */
const silent = { error: quiet, warn: quiet, info: quiet, debug: quiet, trace: quiet };

/**
 * Loads the driver, with all of that off. It takes half a second the first time. OCSP stays as it is: on (and unused over plain
 * http). It finds its switches in the environment only, as it loads, so they are set here, where a program that has set them
 * itself keeps its own.
 */
export async function loadDriver(): Promise<Driver> {
  for (const [name, value] of Object.entries(offByEnvironment)) process.env[name] ??= value;
  const { default: driver } = await import("snowflake-sdk");
  driver.configure({ logLevel: "OFF", customLogger: silent });
  return driver;
}

function quiet(): void {}
