/** Kubernetes' MicroTime, which must have six digits: `2026-01-01T00:00:00.000000Z`. */
export function microTime(nowMs: number): string {
  return new Date(nowMs).toISOString().replace("Z", "000Z");
}
