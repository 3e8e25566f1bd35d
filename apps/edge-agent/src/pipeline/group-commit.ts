import type { Logger } from "@rollcall/observability";
import { messageOf } from "../agent-error.ts";
import { StoreFault } from "../state/store-fault.ts";
import type { Clock } from "../supervisor/clock.ts";
import { HealthRecord, type Part } from "../supervisor/part.ts";
import type { Arrival, TableKeeper } from "./table-keeper.ts";

/**
 * A commit waits for company so long: three times what the last one took, within these bounds. On a quick disk somebody who has just
 * logged on is known at once; on a slow one a storm still shares its commits.
 */
const COMPANY_MS_MIN = 2;
const COMPANY_MS_MAX = 20;
/** And not at all once so many items wait. */
const COMPANY_ITEMS = 100;
const RETRY_MS_MIN = 1000;
const RETRY_MS_MAX = 10_000;
/** The table is looked at this often even when nothing is due: clocks jump. */
const ADVANCE_MS_MAX = 30_000;

export type StoreState = "ok" | "full" | "broken";

export interface GroupCommit extends Part {
  /** Resolves once `arrival` is durable. While the store cannot be written it waits: that is what stops the sources. */
  submit(arrival: Arrival): Promise<void>;
  readonly storeState: { readonly state: StoreState; readonly sentence: string };
  /** Called when the store's state changes. */
  onStoreState(listener: () => void): void;
  /** Called after each commit that put something into the spool or the table. */
  onCommit(listener: () => void): void;
}

interface Waiting {
  readonly arrival: Arrival;
  readonly items: number;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

export interface GroupCommitOptions {
  readonly keeper: TableKeeper;
  readonly clock: Clock;
  readonly log: Logger;
  /** Opens the store anew after the disk has failed, and gives it to the keeper. */
  readonly reopen: () => void;
  /** Measures work, in milliseconds. */
  readonly stopwatch?: () => number;
}

/**
 * Gathers what readers bring into transactions, lets time pass in the table, and waits out a full disk.
 *
 * While there is no room, nothing is taken from the sources, firewalls are answered and told of expiry, and a real
 * write is tried until it succeeds; then what waited is written and reading goes on. Nothing waits twice.
 */
export function createGroupCommit(options: GroupCommitOptions): GroupCommit {
  const { keeper, clock, log, stopwatch = () => performance.now() } = options;
  const health = new HealthRecord(clock.now, "off", "not started");
  const stateListeners = new Set<() => void>();
  const commitListeners = new Set<() => void>();
  let waiting: Waiting[] = [];
  let waitingItems = 0;
  let lastCommitAt = 0;
  let companyMs = COMPANY_MS_MAX;
  let timer: NodeJS.Timeout | null = null;
  let advanceTimer: NodeJS.Timeout | null = null;
  let retryMs = RETRY_MS_MIN;
  let isRunning = false;
  let store: { readonly state: StoreState; readonly sentence: string } = {
    state: "ok",
    sentence: "The store takes what comes.",
  };

  function setStore(state: StoreState, sentence: string): void {
    const isChange = state !== store.state;
    store = { state, sentence };
    health.set(state === "ok" ? "ok" : "broken", sentence);
    if (!isChange) return;
    if (state === "ok") log.info({ component: "store" }, "store takes writes again; sources are read on");
    else log.error({ component: "store", state, reason: sentence }, "store cannot be written; sources wait");
    for (const listener of stateListeners) listener();
  }

  function plan(): void {
    if (!isRunning || timer !== null || waiting.length === 0) return;
    const idleMs = clock.now() - lastCommitAt;
    const delayMs =
      waitingItems >= COMPANY_ITEMS || idleMs >= companyMs || idleMs < 0 ? 0 : companyMs - idleMs;
    timer = setTimeout(commit, delayMs);
  }

  function commit(): void {
    timer = null;
    const group = waiting;
    waiting = [];
    waitingItems = 0;
    lastCommitAt = clock.now();
    if (group.length === 0) return;
    const begunAt = stopwatch();
    try {
      if (store.state === "full") keeper.store.takeRoom(2 * bytesOf(group));
      keeper.write(group.map((one) => one.arrival));
    } catch (error) {
      if (error instanceof StoreFault) putBack(group, error);
      else for (const one of group) one.reject(error);
      return;
    }
    companyMs = Math.min(Math.max(3 * (stopwatch() - begunAt), COMPANY_MS_MIN), COMPANY_MS_MAX);
    retryMs = RETRY_MS_MIN;
    setStore("ok", "The store takes what comes.");
    for (const one of group) one.resolve();
    for (const listener of commitListeners) listener();
    planAdvance();
    plan();
  }

  /** Nothing of the group was written: it stays in front of what comes, and is tried again. */
  function putBack(group: readonly Waiting[], fault: StoreFault): void {
    waiting = [...group, ...waiting];
    waitingItems = waiting.reduce((sum, one) => sum + one.items, 0);
    meet(fault);
    if (!isRunning) return;
    timer = setTimeout(commit, retryMs);
    retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
  }

  /** Says what is wrong with the store. For room it waits; a store that failed otherwise is opened again. */
  function meet(fault: StoreFault): void {
    if (fault.kind === "full") {
      setStore(
        "full",
        "No room is left for the agent's store; sources wait, firewalls are answered. Free some disk or raise --max-spool-bytes.",
      );
      return;
    }
    setStore(
      "broken",
      `The agent's store cannot be written: ${fault.message}. It is opened again and checked.`,
    );
    try {
      options.reopen();
    } catch (error) {
      log.error({ component: "store", err: error }, "store cannot be opened again");
    }
  }

  function planAdvance(): void {
    if (!isRunning) return;
    if (advanceTimer !== null) clearTimeout(advanceTimer);
    const next = keeper.table.nextChangeAt;
    const delayMsMax = store.state === "ok" ? ADVANCE_MS_MAX : RETRY_MS_MAX;
    const delayMs = next === null ? delayMsMax : Math.min(Math.max(next - clock.now(), 0) + 1, delayMsMax);
    advanceTimer = setTimeout(advance, delayMs);
  }

  function advance(): void {
    try {
      const before = keeper.table.revision;
      const fault = keeper.advance();
      // While arrivals wait, their next commit says how the store is, and opens it again.
      if (fault !== null && (store.state === "ok" || waiting.length === 0)) meet(fault);
      else if (fault === null && store.state !== "ok" && waiting.length === 0)
        setStore("ok", "The store takes what comes.");
      if (keeper.table.revision !== before) for (const listener of commitListeners) listener();
    } catch (error) {
      log.error(
        { component: "table", err: error, reason: messageOf(error) },
        "table could not be brought forward",
      );
    }
    planAdvance();
  }

  return {
    name: "store",
    async start() {
      isRunning = true;
      health.set("ok", store.sentence);
      keeper.advance();
      planAdvance();
      plan();
    },
    async stop() {
      if (!isRunning) return;
      if (timer !== null) clearTimeout(timer);
      timer = null;
      if (waiting.length > 0 && store.state === "ok") commit();
      isRunning = false;
      if (timer !== null) clearTimeout(timer);
      if (advanceTimer !== null) clearTimeout(advanceTimer);
      timer = null;
      advanceTimer = null;
      for (const one of waiting) one.reject(new Error("the agent stops"));
      waiting = [];
      health.set("off", "stopped");
    },
    health: () => health.current,
    submit(arrival) {
      return new Promise((resolve, reject) => {
        if (!isRunning) {
          reject(new Error("the agent stops"));
          return;
        }
        const { observations, facts, renewed = [], filtered = [] } = arrival;
        const items = observations.length + facts.length + renewed.length + filtered.length;
        waiting.push({ arrival, items, resolve, reject });
        waitingItems += items;
        plan();
      });
    },
    get storeState() {
      return store;
    },
    onStoreState: (listener) => void stateListeners.add(listener),
    onCommit: (listener) => void commitListeners.add(listener),
  };
}

/** About what a group takes on the disk: generous, because room is only looked for while it is short. */
function bytesOf(group: readonly Waiting[]): number {
  return 65_536 + group.reduce((sum, one) => sum + one.items * 4096, 0);
}
