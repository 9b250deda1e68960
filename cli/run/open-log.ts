import { type DestinationStream, type Logger, pino } from "pino";

/** Events whose line says what the progress line and the summary say as well. */
const toldElsewhere = new Set<unknown>(["pipeline stopped", "records rejected"]);
/** Levels that are asked for to see every event. */
const everything = new Set(["debug", "info"]);

/** The log of a run in a terminal: what is told there anyway is left out, unless the level asks for every event. */
export function openLog(level: string, destination: DestinationStream): Logger {
  const options = { level, base: null };
  if (everything.has(level)) return pino(options, destination);
  return pino(
    {
      ...options,
      hooks: {
        logMethod(args, method) {
          if (!toldElsewhere.has(args[1])) method.apply(this, args);
        },
      },
    },
    destination,
  );
}
