import { createHash } from "node:crypto";

/** Characters of the part of a channel's name that is for people, and of the hash that tells channels apart. */
const readableCharactersMax = 60;
const hashCharacters = 32;

/**
 * The channel of a pipeline's split: `ORDERS_3_9F86D0…`. Two splits never share one, as the hash is of namespace, name and split. In
 * upper case without anything to quote, because Snowflake heeds the case of channel names in some calls and not in others.
 */
export function channelName(pipeline: { readonly namespace: string; readonly name: string }, split: string): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([pipeline.namespace, pipeline.name, split]))
    .digest("hex");
  const readable = split
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]+/g, "_")
    .slice(-readableCharactersMax);
  return `SNOWLINE_${readable}_${hash.slice(0, hashCharacters).toUpperCase()}`;
}
