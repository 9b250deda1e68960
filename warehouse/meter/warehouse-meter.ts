import { SnowflakeError } from "../result.ts";
import type { SavedState } from "../saved-state.ts";
import { creditsPerHour, type WarehouseSize } from "./warehouse-size.ts";

/** A virtual warehouse as SHOW WAREHOUSES knows it. */
export interface WarehouseDefinition {
  readonly name: string;
  readonly size: WarehouseSize;
  /** Seconds without a statement after which it suspends; null: never. */
  readonly autoSuspendSeconds: number | null;
  readonly autoResume: boolean;
  readonly comment: string;
  readonly createdOnMs: number;
}

/** What CREATE and ALTER WAREHOUSE may say. */
export type WarehouseSettings = Partial<Pick<WarehouseDefinition, "size" | "autoSuspendSeconds" | "autoResume" | "comment">>;

/** What one warehouse has used, and how it is now. */
export interface WarehouseUse {
  readonly definition: WarehouseDefinition;
  readonly state: "STARTED" | "SUSPENDED";
  /** Statements that run on it now. */
  readonly running: number;
  /** Statements that ran on it. */
  readonly statements: number;
  readonly resumes: number;
  /** From each resume until it suspended, or now; at least 60 s each. */
  readonly secondsBilled: number;
  readonly credits: number;
}

/** Credits of one hour of one warehouse, as WAREHOUSE_METERING_HISTORY has them. */
export interface MeteredHour {
  readonly warehouse: string;
  /** Milliseconds since the epoch: the hour's begin. */
  readonly hourMs: number;
  readonly credits: number;
}

/** Snowflake bills at least this much for each start of a warehouse. */
const billedMsMin = 60_000;
/** Periods of use that are kept per warehouse; older ones stay in the sums. A year of one resume every five minutes. */
const periodsMax = 105_120;
/** CREATE WAREHOUSE without AUTO_SUSPEND, in seconds. */
const autoSuspendSecondsDefault = 600;
const hourMs = 3_600_000;

interface Period {
  readonly fromMs: number;
  readonly toMs: number;
  readonly creditsPerHour: number;
}

interface Metered {
  definition: WarehouseDefinition;
  /** Since when it has been started; null: suspended. */
  startedMs: number | null;
  /** When its last statement ended. */
  idleSinceMs: number;
  running: number;
  statements: number;
  resumes: number;
  /** Closed periods' milliseconds and credits. */
  billedMs: number;
  credits: number;
  readonly periods: Period[];
}

/** The account's virtual warehouses: which there are, when they run, and what that costs. Times come from `now` alone, so a test that moves the clock sees them suspend. */
export class WarehouseMeter {
  readonly #now: () => number;
  readonly #saved: SavedState<readonly WarehouseDefinition[]>;
  readonly #warehouses = new Map<string, Metered>();

  constructor(now: () => number, saved: SavedState<readonly WarehouseDefinition[]>) {
    this.#now = now;
    this.#saved = saved;
    for (const definition of saved.load() ?? []) this.#add(definition);
  }

  /** Makes a warehouse, suspended. Throws SnowflakeError 002002 where the name is taken. Names are as stored (upper case). */
  create(name: string, settings: WarehouseSettings): void {
    if (this.#warehouses.has(name))
      throw new SnowflakeError("002002", "42710", `SQL compilation error:\nObject '${name}' already exists.`);
    this.#add({
      name,
      size: settings.size ?? "X-Small",
      autoSuspendSeconds: settings.autoSuspendSeconds === undefined ? autoSuspendSecondsDefault : settings.autoSuspendSeconds,
      autoResume: settings.autoResume ?? true,
      comment: settings.comment ?? "",
      createdOnMs: this.#now(),
    });
    this.#save();
  }

  /** Throws SnowflakeError 002003 where there is none. A running one is billed at its new size from now on. */
  alter(name: string, settings: WarehouseSettings): void {
    const warehouse = this.#known(name);
    const started = warehouse.startedMs !== null;
    if (started) this.#stop(warehouse, this.#now(), 0);
    warehouse.definition = { ...warehouse.definition, ...settings };
    if (started) warehouse.startedMs = this.#now();
    this.#save();
  }

  /** Throws SnowflakeError 002003 where there is none. */
  drop(name: string): void {
    this.#known(name);
    this.#warehouses.delete(name);
    this.#save();
  }

  has(name: string): boolean {
    return this.#warehouses.has(name);
  }

  /** By name. */
  list(): readonly WarehouseUse[] {
    return [...this.#warehouses.values()]
      .map((warehouse) => this.#use(warehouse))
      .toSorted((a, b) => (a.definition.name < b.definition.name ? -1 : 1));
  }

  /** ALTER WAREHOUSE … RESUME. Throws SnowflakeError 090063 where it runs. */
  resume(name: string): void {
    const warehouse = this.#known(name);
    this.#settle(warehouse);
    if (warehouse.startedMs !== null)
      throw new SnowflakeError("090063", "57014", `Invalid state. Warehouse '${name}' cannot be resumed.`);
    this.#start(warehouse);
  }

  /** ALTER WAREHOUSE … SUSPEND. Throws SnowflakeError 090064 where it is suspended. */
  suspend(name: string): void {
    const warehouse = this.#known(name);
    this.#settle(warehouse);
    if (warehouse.startedMs === null)
      throw new SnowflakeError("090064", "57014", `Invalid state. Warehouse '${name}' cannot be suspended.`);
    this.#stop(warehouse, this.#now(), billedMsMin);
  }

  /**
   * A statement that needs compute begins: resumes the warehouse where it is suspended; dispose when the statement ends.
   * Throws SnowflakeError 000606 where the session has no warehouse, or it may not resume by itself.
   */
  begin(name: string | null): Disposable {
    const warehouse = name === null ? undefined : this.#warehouses.get(name);
    if (warehouse === undefined) throw noActiveWarehouse();
    this.#settle(warehouse);
    if (warehouse.startedMs === null) {
      if (!warehouse.definition.autoResume)
        throw new SnowflakeError(
          "000607",
          "57P03",
          `Warehouse '${name}' cannot be resumed because AUTO_RESUME is FALSE: resume it with ALTER WAREHOUSE.`,
        );
      this.#start(warehouse);
    }
    warehouse.running++;
    warehouse.statements++;
    return {
      [Symbol.dispose]: () => {
        warehouse.running--;
        warehouse.idleSinceMs = this.#now();
      },
    };
  }

  /** Credits by warehouse and hour, oldest first, what runs now included. */
  meteredHours(): readonly MeteredHour[] {
    return [...this.#warehouses.values()].flatMap((warehouse) => {
      this.#settle(warehouse);
      const now = this.#now();
      const open =
        warehouse.startedMs === null
          ? []
          : [{ fromMs: warehouse.startedMs, toMs: now, creditsPerHour: creditsPerHour[warehouse.definition.size] }];
      const hours = new Map<number, number>();
      for (const period of [...warehouse.periods, ...open]) {
        for (let at = period.fromMs; at < period.toMs;) {
          const hour = Math.floor(at / hourMs) * hourMs;
          const end = Math.min(hour + hourMs, period.toMs);
          hours.set(hour, (hours.get(hour) ?? 0) + ((end - at) / hourMs) * period.creditsPerHour);
          at = end;
        }
      }
      return [...hours].map(([hour, credits]) => ({ warehouse: warehouse.definition.name, hourMs: hour, credits }));
    });
  }

  /** Forgets what was used; the warehouses stay, suspended as soon as nothing runs on them. */
  reset(): void {
    for (const warehouse of this.#warehouses.values()) {
      warehouse.startedMs = warehouse.running > 0 ? this.#now() : null;
      Object.assign(warehouse, { statements: 0, resumes: 0, billedMs: 0, credits: 0 });
      warehouse.periods.length = 0;
    }
  }

  #use(warehouse: Metered): WarehouseUse {
    this.#settle(warehouse);
    const { definition, startedMs, running, statements, resumes } = warehouse;
    const openMs = startedMs === null ? 0 : Math.max(this.#now() - startedMs, billedMsMin);
    return {
      definition,
      state: startedMs === null ? "SUSPENDED" : "STARTED",
      running,
      statements,
      resumes,
      secondsBilled: (warehouse.billedMs + openMs) / 1000,
      credits: warehouse.credits + (openMs / hourMs) * creditsPerHour[definition.size],
    };
  }

  #known(name: string): Metered {
    const warehouse = this.#warehouses.get(name);
    if (warehouse === undefined)
      throw new SnowflakeError(
        "002003",
        "02000",
        `SQL compilation error:\nWarehouse '${name}' does not exist or not authorized.`,
      );
    return warehouse;
  }

  /** Suspends it in retrospect where it has been idle for long enough. */
  #settle(warehouse: Metered): void {
    const seconds = warehouse.definition.autoSuspendSeconds;
    if (warehouse.startedMs === null || warehouse.running > 0 || seconds === null || seconds === 0) return;
    const endMs = Math.max(warehouse.idleSinceMs, warehouse.startedMs) + seconds * 1000;
    if (endMs <= this.#now()) this.#stop(warehouse, endMs, billedMsMin);
  }

  #start(warehouse: Metered): void {
    warehouse.startedMs = this.#now();
    warehouse.idleSinceMs = this.#now();
    warehouse.resumes++;
  }

  #stop(warehouse: Metered, endMs: number, leastMs: number): void {
    const fromMs = warehouse.startedMs!;
    const toMs = Math.max(endMs, fromMs + leastMs);
    const rate = creditsPerHour[warehouse.definition.size];
    warehouse.billedMs += toMs - fromMs;
    warehouse.credits += ((toMs - fromMs) / hourMs) * rate;
    warehouse.periods.push({ fromMs, toMs, creditsPerHour: rate });
    if (warehouse.periods.length > periodsMax) warehouse.periods.shift();
    warehouse.startedMs = null;
  }

  #add(definition: WarehouseDefinition): void {
    this.#warehouses.set(definition.name, {
      definition,
      startedMs: null,
      idleSinceMs: 0,
      running: 0,
      statements: 0,
      resumes: 0,
      billedMs: 0,
      credits: 0,
      periods: [],
    });
  }

  #save(): void {
    this.#saved.save([...this.#warehouses.values()].map(({ definition }) => definition));
  }
}

function noActiveWarehouse(): SnowflakeError {
  return new SnowflakeError(
    "000606",
    "57P03",
    "No active warehouse selected in the current session.  Select an active warehouse with the 'use warehouse' command.",
  );
}
