import { hash, randomBytes } from "node:crypto";
import type { EpochMs } from "@rollcall/identity-core";
import type { ReaderMemory } from "./reader-memory.ts";
import { createReaderMemory } from "./reader-memory.ts";
import type { Awaitable } from "./served-point.ts";

/** What is kept of a token. The token itself is not: only its hash. */
export interface TokenRecord {
  readonly tenantId: string;
  readonly pointId: string;
  readonly sourceIp: string;
  readonly secretId: string;
  readonly expiresAt: EpochMs;
  /** What this reader was last answered: only to save work, or to go on within a timestamp. Losing it costs a resend. */
  readonly memory: ReaderMemory;
}

export interface IssueToken {
  readonly tenantId: string;
  readonly pointId: string;
  readonly sourceIp: string;
  readonly secretId: string;
  readonly ttlSeconds: number;
  readonly now: EpochMs;
  /** How it looks: 36 characters of a UUID unless the firewall's profile wants 40 hex digits. */
  readonly format?: "uuid" | "hex40";
}

export type TokenFinding =
  | { readonly kind: "live"; readonly record: TokenRecord }
  | { readonly kind: "expired"; readonly record: TokenRecord }
  | { readonly kind: "unknown" };

/**
 * Keeps tokens. An implementation that answers without a promise saves the hot path a turn of the event loop; one that
 * several gateways share may have to look where another wrote.
 */
export interface TokenStore {
  /** A fresh token for that point and address. Older ones of the same point and address live on for the grace time only. */
  issue(request: IssueToken): Awaitable<string>;
  find(token: string, now: EpochMs): Awaitable<TokenFinding>;
  /** Effective at once, also for the grace time. */
  forget(which: { readonly tenantId: string; readonly pointId: string; readonly secretId?: string }): void;
  readonly size: number;
}

export interface MemoryTokenStore extends TokenStore {
  issue(request: IssueToken): string;
  find(token: string, now: EpochMs): TokenFinding;
}

export interface MemoryTokenStoreOptions {
  /** How long an older token still counts after a newer one was issued. A firewall asks its questions concurrently. */
  readonly graceMs?: number;
  /** Live tokens of one point and address; the oldest goes first. */
  readonly tokensPerReaderMax?: number;
  /** Live tokens in all; the oldest goes first. */
  readonly tokensMax?: number;
  /** 16 random bytes. */
  readonly random?: () => Uint8Array;
}

interface Held extends TokenRecord {
  expiresAt: EpochMs;
  readonly key: string;
}

const DEFAULT_GRACE_MS = 10 * 60_000;
const TOKEN_CHARACTERS: ReadonlySet<number> = new Set([36, 40]);

/**
 * Keeps the tokens of one process in memory.
 *
 * Holds hashes of tokens with what they are bound to. A restart forgets them all: firewalls are answered 401 and ask
 * for new ones. It never hands a token out again.
 */
export function createMemoryTokenStore(options: MemoryTokenStoreOptions = {}): MemoryTokenStore {
  const graceMs = options.graceMs ?? DEFAULT_GRACE_MS;
  const perReaderMax = options.tokensPerReaderMax ?? 16;
  const tokensMax = options.tokensMax ?? 50_000;
  const random = options.random ?? (() => randomBytes(16));
  // Both in order of issue: the oldest stands first.
  const held = new Map<string, Held>();
  const ofReader = new Map<string, Held[]>();

  const drop = (record: Held): void => {
    held.delete(record.key);
    const reader = readerKey(record);
    const rest = (ofReader.get(reader) ?? []).filter((other) => other !== record);
    if (rest.length === 0) ofReader.delete(reader);
    else ofReader.set(reader, rest);
  };

  return {
    issue(request) {
      const token = request.format === "hex40" ? randomBytes(20).toString("hex") : uuidShape(random());
      const reader = readerKey(request);
      for (const older of ofReader.get(reader) ?? []) {
        older.expiresAt = Math.min(older.expiresAt, request.now + graceMs);
        if (older.expiresAt <= request.now) drop(older);
      }
      const kept = ofReader.get(reader) ?? [];
      for (const surplus of kept.slice(0, Math.max(0, kept.length + 1 - perReaderMax))) drop(surplus);
      const record: Held = {
        tenantId: request.tenantId,
        pointId: request.pointId,
        sourceIp: request.sourceIp,
        secretId: request.secretId,
        expiresAt: request.now + request.ttlSeconds * 1000,
        memory: createReaderMemory(),
        key: hashOf(token),
      };
      held.set(record.key, record);
      ofReader.set(reader, [...(ofReader.get(reader) ?? []), record]);
      for (const oldest of held.values()) {
        if (held.size <= tokensMax) break;
        drop(oldest);
      }
      return token;
    },
    find(token, now) {
      if (!TOKEN_CHARACTERS.has(token.length)) return { kind: "unknown" };
      const record = held.get(hashOf(token));
      if (record === undefined) return { kind: "unknown" };
      if (record.expiresAt > now) return { kind: "live", record };
      drop(record);
      return { kind: "expired", record };
    },
    forget({ tenantId, pointId, secretId }) {
      for (const record of held.values()) {
        if (record.tenantId !== tenantId || record.pointId !== pointId) continue;
        if (secretId === undefined || record.secretId === secretId) drop(record);
      }
    },
    get size() {
      return held.size;
    },
  };
}

function readerKey(of: {
  readonly tenantId: string;
  readonly pointId: string;
  readonly sourceIp: string;
}): string {
  return `${of.tenantId}\u0000${of.pointId}\u0000${of.sourceIp}`;
}

function hashOf(token: string): string {
  return hash("sha256", token, "base64url");
}

/** All 128 bits are random; only the hyphens are a UUID's. Source: the form a firewall's status shows (seen in published output). */
function uuidShape(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    "-",
  );
}
