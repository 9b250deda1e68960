import { BadRequest } from "../http/route.ts";

/** Refusals that several endpoints of the streaming API know, with its codes. */
export const refused = {
  staleToken: () =>
    new BadRequest(
      400,
      "STALE_CONTINUATION_TOKEN_SEQUENCER",
      "Channel sequencer in the continuation token is stale. Please reopen the channel",
    ),
  noChannel: (channel: string) =>
    new BadRequest(
      404,
      "ERR_CHANNEL_DOES_NOT_EXIST_OR_IS_NOT_AUTHORIZED",
      `The channel ${channel} does not exist or is not authorized`,
    ),
  noPipe: (pipe: string) =>
    new BadRequest(404, "ERR_PIPE_DOES_NOT_EXIST_OR_NOT_AUTHORIZED", `The pipe ${pipe} does not exist or is not authorized`),
  noTable: (table: string) =>
    new BadRequest(404, "ERR_TABLE_DOES_NOT_EXIST_NOT_AUTHORIZED", `The table ${table} does not exist or is not authorized`),
  notAllowed: (privilege: string, object: string) =>
    new BadRequest(403, "ERR_INSUFFICIENT_PRIVILEGES", `The user's default role lacks ${privilege} on ${object}`),
  notSupported: (message: string) => new BadRequest(400, "ERR_PIPE_KIND_NOT_SUPPORTED", message),
  uncommitted: (channel: string) =>
    new BadRequest(409, "ERR_CHANNEL_HAS_UNCOMMITTED_DATA", `The channel ${channel} has rows that are not committed yet`),
  openInProgress: (channel: string) =>
    new BadRequest(409, "ERR_OPEN_CHANNEL_IN_PROGRESS", `The channel ${channel} is being opened by another client`),
  mustReopen: (code: string) => new BadRequest(409, code, "The channel is invalid: reopen it"),
  throttled: () => new BadRequest(429, "ERR_CHANNEL_REQUEST_RATE_EXCEEDED", "Too many requests for this channel: slow down"),
} as const;
