import { connectionKind } from "./connection.ts";
import type { Kind } from "./kind.ts";
import { pipelineKind } from "./pipeline.ts";

/** Every kind of `snowline.dev`. */
export const kinds: readonly Kind[] = [pipelineKind, connectionKind];
