/** Longest pause, in milliseconds: how late a pod is asked that is new while nobody is due. */
const pauseMsMax = 250;

/** Whether somebody is asked often. */
export type Pace = "quick" | "slow";

/** Who is asked next: those that are new, then whoever is longest due. Times are in milliseconds on one clock. */
export interface AskingOrder {
  /** As soon as there is room. */
  soon(uid: string): void;
  /** Not before `dueMs`, which is later than that of everybody of the same pace who was told so before, give or take. */
  later(uid: string, when: { readonly pace: Pace; readonly dueMs: number }): void;
  drop(uid: string): void;
  /** Takes the next out; undefined: nobody is due. */
  take(nowMs: number): string | undefined;
  /** When it is worth looking again. */
  pauseMs(nowMs: number, spacingMs: number): number;
}

/** Nobody yet. */
export function createAskingOrder(): AskingOrder {
  const fresh = new Set<string>();
  /** In the order in which they are due. */
  const due: Readonly<Record<Pace, Map<string, number>>> = { quick: new Map(), slow: new Map() };
  const drop = (uid: string): void => {
    fresh.delete(uid);
    due.quick.delete(uid);
    due.slow.delete(uid);
  };
  const first = (): readonly [string, number] | undefined => {
    for (const uid of fresh) return [uid, 0];
    const [quick] = due.quick;
    const [slow] = due.slow;
    return quick === undefined || (slow !== undefined && slow[1] < quick[1]) ? slow : quick;
  };
  return {
    soon: (uid) => fresh.add(uid),
    later: (uid, { pace, dueMs }) => due[pace].set(uid, dueMs),
    drop,
    take: (nowMs) => {
      const [uid, dueMs] = first() ?? [undefined, 0];
      if (uid === undefined || dueMs > nowMs) return undefined;
      drop(uid);
      return uid;
    },
    pauseMs: (nowMs, spacingMs) => {
      const [uid, dueMs] = first() ?? [undefined, 0];
      return uid === undefined ? pauseMsMax : Math.min(Math.max(dueMs - nowMs, spacingMs), pauseMsMax);
    },
  };
}
