import { string } from "./schema.ts";

/** An HTTP or HTTPS URL. */
export const httpUrl = (description: string) =>
  string(description, {
    maxLength: 2000,
    matches: { pattern: "^https?://[^/]", message: "must be a URL that begins with http:// or https://" },
  });
