import { AgentError } from "../agent-error.ts";

/**
 * What went wrong with the store, by what to do about it.
 *
 * `full`    no room on the disk or within the bound: nothing was written; wait for room.
 * `locked`  another process holds it.
 * `corrupt` it cannot be read: keep it aside, begin anew.
 * `failed`  the disk failed (I/O error): do not trust this handle any more; open again and check.
 */
export type StoreFaultKind = "full" | "locked" | "corrupt" | "failed";

export class StoreFault extends AgentError {
  readonly kind: StoreFaultKind;

  constructor(kind: StoreFaultKind, attempted: string, cause: unknown) {
    super(`store-${kind}`, `${attempted}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
    this.name = "StoreFault";
    this.kind = kind;
  }
}

const BUSY = 5;
const LOCKED = 6;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const NOTADB = 26;

/** Source: SQLite result codes, sqlite.org/rescode.html (documented); the low byte is the primary code. */
export function storeFaultOf(attempted: string, thrown: unknown): StoreFault {
  if (thrown instanceof StoreFault) return thrown;
  const code =
    thrown instanceof Error && "errcode" in thrown && typeof thrown.errcode === "number"
      ? thrown.errcode & 0xff
      : 0;
  if (code === FULL || isOutOfSpace(thrown)) return new StoreFault("full", attempted, thrown);
  if (code === BUSY || code === LOCKED) return new StoreFault("locked", attempted, thrown);
  if (code === CORRUPT || code === NOTADB) return new StoreFault("corrupt", attempted, thrown);
  if (code === IOERR) return new StoreFault("failed", attempted, thrown);
  return new StoreFault("failed", attempted, thrown);
}

function isOutOfSpace(thrown: unknown): boolean {
  return (
    thrown instanceof Error && "code" in thrown && (thrown.code === "ENOSPC" || thrown.code === "EDQUOT")
  );
}
