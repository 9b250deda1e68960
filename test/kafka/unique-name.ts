import { randomUUID } from "node:crypto";

/** A name for a topic, group or subject that no other test has. */
export const uniqueName = (purpose: string): string => `${purpose}-${randomUUID().slice(0, 8)}`;
