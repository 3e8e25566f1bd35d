import { randomBytes, randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { StoreFault } from "./store-fault.ts";

/** The single values of the store, as they stand in memory. */
export interface StoreMeta {
  /** Says to the cloud which spool this is; a lost store gets another. */
  spoolId: string;
  /** The cloud's fencing number of the stream; 0 before the first. */
  epoch: number;
  nextSeq: number;
  ackedSeq: number;
  /** Which life of the table's numbering this is, 16 hex digits. */
  incarnation: string;
  revision: number;
  floorRevision: number;
  /** No revision above this was ever given out. */
  revisionCeiling: number;
  downlinkNext: number;
  /** Bytes of all items in the spool, and of those not yet acknowledged. */
  spoolBytes: number;
  pendingBytes: number;
  /** By which law the entries were made: the version of the product and its settings. */
  law: string;
}

const NUMBERS = [
  "epoch",
  "nextSeq",
  "ackedSeq",
  "revision",
  "floorRevision",
  "revisionCeiling",
  "downlinkNext",
  "spoolBytes",
  "pendingBytes",
] as const;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function newIncarnation(): string {
  return randomBytes(8).toString("hex");
}

export function freshMeta(revisionCeiling: number): StoreMeta {
  return {
    spoolId: randomUUID(),
    epoch: 0,
    nextSeq: 1,
    ackedSeq: 0,
    incarnation: newIncarnation(),
    revision: 0,
    floorRevision: 0,
    revisionCeiling,
    downlinkNext: 0,
    spoolBytes: 0,
    pendingBytes: 0,
    law: "",
  };
}

/** Reads and checks the values; throws `StoreFault` "corrupt" where one is missing or makes no sense. */
export function readMeta(db: DatabaseSync): StoreMeta & { readonly isClean: boolean } {
  const found = new Map(
    db
      .prepare("SELECT name, value FROM meta")
      .all()
      .map((row) => [String(row.name), String(row.value)]),
  );
  const bad = (name: string): StoreFault =>
    new StoreFault("corrupt", "read the store", new Error(`its value "${name}" is missing or wrong`));
  const meta = freshMeta(0);
  for (const name of NUMBERS) {
    const value = Number(found.get(name) ?? Number.NaN);
    if (!Number.isSafeInteger(value) || value < 0) throw bad(name);
    meta[name] = value;
  }
  meta.spoolId = found.get("spoolId") ?? "";
  meta.incarnation = found.get("incarnation") ?? "";
  meta.law = found.get("law") ?? "";
  if (!UUID.test(meta.spoolId)) throw bad("spoolId");
  if (!/^[0-9a-f]{16}$/.test(meta.incarnation)) throw bad("incarnation");
  if (meta.ackedSeq >= meta.nextSeq) throw bad("ackedSeq");
  return { ...meta, isClean: found.get("clean") === "1" };
}

export function writeMeta(db: DatabaseSync, name: string, value: string): void {
  db.prepare("INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value").run(
    name,
    value,
  );
}

export function writeAllMeta(db: DatabaseSync, meta: StoreMeta): void {
  for (const [name, value] of Object.entries(meta)) writeMeta(db, name, String(value));
}
