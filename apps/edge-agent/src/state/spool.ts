import type { DatabaseSync } from "node:sqlite";
import { type StoreMeta, writeMeta } from "./store-meta.ts";

/** How long acknowledged items stay: they refill a cloud that was restored from a backup. */
export const ACKED_KEPT_MS = 24 * 3_600_000;
/** And how much of them stays at most. */
export const ACKED_KEPT_BYTES_MAX = 256 * 1024 * 1024;
/** Rows that one housekeeping step removes: short enough not to be felt. */
const PRUNE_ROWS = 5000;

export interface SpoolItem {
  readonly seq: number;
  /** JSON of the item without its number. */
  readonly body: string;
}

export interface SpoolNumbers {
  readonly epoch: number;
  readonly nextSeq: number;
  readonly ackedSeq: number;
  /** Bytes of all items held, acknowledged or not. */
  readonly bytes: number;
  readonly pendingBytes: number;
}

/** What is not yet at the cloud, in order; and, for a day, what is. */
export interface Spool {
  numbers(): SpoolNumbers;
  /** Takes numbers back that a failed transaction had given. */
  restore(numbers: SpoolNumbers): void;
  /** Within a transaction of the store: gives each body the next number. */
  append(bodies: readonly string[], at: number): void;
  /** Items from number `from` on: at most `maxItems`, and at most `maxBytes` of bodies but never less than one. */
  read(from: number, maxItems: number, maxBytes: number): SpoolItem[];
  /** The smallest number still held; the next one where nothing is. */
  oldestRetained(): number;
  /** When the oldest unacknowledged item was written, epoch ms; null where there is none. */
  oldestPendingAt(): number | null;
  /** Cumulative; only moves forward. Throws for a number that was never given: then the two sides do not agree. */
  acknowledge(ack: number): void;
  /** A new epoch: `state` first, then what was not acknowledged, numbered from 1. Acknowledged items are dropped. */
  startEpoch(epoch: number, state: readonly string[], at: number): void;
  /**
   * Removes what is kept longer than it must: one bounded step. True while there is more to do.
   * `isPressed`: keep nothing that is acknowledged. `isAlone`: there is no cloud, so everything counts as acknowledged.
   */
  prune(now: number, options: { readonly isPressed: boolean; readonly isAlone: boolean }): boolean;
}

type InTransaction = <T>(attempted: string, work: () => T) => T;

export function createSpool(db: DatabaseSync, meta: StoreMeta, transaction: InTransaction): Spool {
  const insert = db.prepare("INSERT INTO spool VALUES (?, ?, ?)");
  const page = db.prepare("SELECT seq, body FROM spool WHERE seq >= ? ORDER BY seq LIMIT ?");
  const oldest = db.prepare("SELECT seq, at FROM spool ORDER BY seq LIMIT 1");
  const atOf = db.prepare("SELECT at FROM spool WHERE seq > ? ORDER BY seq LIMIT 1");
  const prunable = db.prepare(
    "SELECT max(seq) AS last, count(*) AS rows, sum(length(CAST(body AS BLOB))) AS bytes FROM (SELECT seq, body FROM spool WHERE seq <= ? AND at <= ? ORDER BY seq LIMIT ?)",
  );
  const removeUpTo = db.prepare("DELETE FROM spool WHERE seq <= ?");
  const size = (sql: string, ...args: number[]): number => Number(db.prepare(sql).get(...args)?.bytes ?? 0);

  const numbers = (): SpoolNumbers => ({
    epoch: meta.epoch,
    nextSeq: meta.nextSeq,
    ackedSeq: meta.ackedSeq,
    bytes: meta.spoolBytes,
    pendingBytes: meta.pendingBytes,
  });
  const restore = (before: SpoolNumbers): void => {
    meta.epoch = before.epoch;
    meta.nextSeq = before.nextSeq;
    meta.ackedSeq = before.ackedSeq;
    meta.spoolBytes = before.bytes;
    meta.pendingBytes = before.pendingBytes;
  };
  /** Runs a change of the numbers; a fault takes them back. */
  const changing = (attempted: string, work: () => void): void => {
    const before = numbers();
    try {
      transaction(attempted, work);
    } catch (error) {
      restore(before);
      throw error;
    }
  };
  // Kept as they grow: to add them up would mean to read all of the spool at each start.
  const saveBytes = (): void => {
    writeMeta(db, "spoolBytes", String(meta.spoolBytes));
    writeMeta(db, "pendingBytes", String(meta.pendingBytes));
  };
  const saveNumbers = (): void => {
    saveBytes();
    writeMeta(db, "epoch", String(meta.epoch));
    writeMeta(db, "nextSeq", String(meta.nextSeq));
    writeMeta(db, "ackedSeq", String(meta.ackedSeq));
  };
  const append = (bodies: readonly string[], at: number): void => {
    if (bodies.length === 0) return;
    for (const body of bodies) {
      insert.run(meta.nextSeq, at, body);
      meta.nextSeq += 1;
      const length = Buffer.byteLength(body);
      meta.spoolBytes += length;
      meta.pendingBytes += length;
    }
    saveBytes();
    writeMeta(db, "nextSeq", String(meta.nextSeq));
  };

  return {
    numbers,
    restore,
    append,
    read(from, maxItems, maxBytes) {
      const items: SpoolItem[] = [];
      let taken = 0;
      for (const row of page.iterate(from, maxItems)) {
        const body = String(row.body);
        taken += Buffer.byteLength(body);
        if (items.length > 0 && taken > maxBytes) break;
        items.push({ seq: Number(row.seq), body });
      }
      return items;
    },
    oldestRetained: () => Number(oldest.get()?.seq ?? meta.nextSeq),
    oldestPendingAt() {
      const at = atOf.get(meta.ackedSeq)?.at;
      return at === undefined ? null : Number(at);
    },
    acknowledge(ack) {
      if (ack <= meta.ackedSeq) return;
      if (ack >= meta.nextSeq)
        throw new RangeError(`item ${ack} was acknowledged; ${meta.nextSeq - 1} is the last that was sent`);
      changing("note an acknowledgement", () => {
        const freed = size(
          "SELECT sum(length(CAST(body AS BLOB))) AS bytes FROM spool WHERE seq > ? AND seq <= ?",
          meta.ackedSeq,
          ack,
        );
        meta.pendingBytes -= freed;
        saveBytes();
        meta.ackedSeq = ack;
        writeMeta(db, "ackedSeq", String(ack));
      });
    },
    startEpoch(epoch, state, at) {
      changing("begin a new epoch", () => {
        removeUpTo.run(meta.ackedSeq);
        const shift = state.length - meta.ackedSeq;
        // Twice, by way of negative numbers: moved in place, an item could meet one that has not moved yet.
        if (shift !== 0) {
          db.prepare("UPDATE spool SET seq = -(seq + ?)").run(shift);
          db.prepare("UPDATE spool SET seq = -seq").run();
        }
        const last = meta.nextSeq + shift;
        meta.epoch = epoch;
        meta.ackedSeq = 0;
        meta.nextSeq = 1;
        meta.spoolBytes = meta.pendingBytes;
        append(state, at);
        meta.nextSeq = last;
        saveNumbers();
      });
    },
    prune(now, { isPressed, isAlone }) {
      const bound = isAlone ? meta.nextSeq - 1 : meta.ackedSeq;
      const kept = isAlone ? meta.spoolBytes : meta.spoolBytes - meta.pendingBytes;
      const isTooMuch = isPressed || kept > ACKED_KEPT_BYTES_MAX;
      const found = prunable.get(
        bound,
        isTooMuch ? Number.MAX_SAFE_INTEGER : now - ACKED_KEPT_MS,
        PRUNE_ROWS,
      );
      const last = Number(found?.last ?? 0);
      if (last === 0) return false;
      changing("remove old items", () => {
        removeUpTo.run(last);
        const freed = Number(found?.bytes ?? 0);
        meta.spoolBytes -= freed;
        if (isAlone) {
          // What was acknowledged is among it where a cloud was there once.
          meta.pendingBytes = Math.max(0, meta.pendingBytes - freed);
          meta.ackedSeq = Math.max(meta.ackedSeq, last);
          writeMeta(db, "ackedSeq", String(meta.ackedSeq));
        }
        saveBytes();
      });
      return Number(found?.rows) === PRUNE_ROWS;
    },
  };
}
