/** A moment as Kubernetes writes it: `2026-11-26T23:00:00Z`. */
export const timestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
