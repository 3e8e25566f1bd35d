import type { Entry, EpochMs } from "@rollcall/identity-core";
import type { ServedPoint } from "./served-point.ts";

/** One entry handed to a firewall. */
export interface Told {
  readonly at: EpochMs;
  readonly ip: string;
  readonly user: string | null;
  readonly domain: string | null;
  readonly groups: readonly string[];
  readonly how: "batch" | "ip-query";
}

/** What one responder has told one firewall, and when: the value of that name in the agent's health report. */
export interface FirewallContact {
  readonly enforcementPointId: string;
  readonly lastTokenAt: EpochMs | null;
  readonly lastBatchAt: EpochMs | null;
  readonly lastIpQueryAt: EpochMs | null;
  readonly tokens: number;
  readonly batches: number;
  readonly ipQueries: number;
  readonly entriesSent: number;
  readonly refused: number;
  readonly lastRefusal: string | null;
  readonly lastSourceAddress: string | null;
  /** What it spoke last, as `TLSv1.2 AES128-SHA fw.example`; absent before its first token. */
  readonly tls?: string | undefined;
  /** When a token last went to an address that this firewall had never asked from, and which; absent: never. */
  readonly newSource?: { readonly at: EpochMs; readonly address: string } | undefined;
  /** Live addresses that it is not told of, because its profile says that it cannot hold them. */
  readonly entriesBeyondLimit: number;
  /** Newest first, at most 20. */
  readonly told: readonly Told[];
}

/** Hears of every contact with a firewall. Called on the hot path: it must be quick and must not throw. */
export interface ContactRecorder {
  /** True: that firewall has got tokens before, and none from this address. */
  token(point: ServedPoint, sourceIp: string, at: EpochMs, transport?: string): boolean;
  /** `entries`: the last ones of the batch at least, oldest first; `sent`: how many there were, where that is more. */
  batch(point: ServedPoint, sourceIp: string, at: EpochMs, entries: readonly Entry[], sent?: number): void;
  /** Told when a firewall's question comes over other TLS than its question before. */
  spoke?(point: ServedPoint, transport: string): void;
  ipQuery(point: ServedPoint, sourceIp: string, at: EpochMs, entry: Entry | null): void;
  refused(point: ServedPoint, sourceIp: string, at: EpochMs, sentence: string): void;
  /** How many live addresses a firewall is not told of. Told with each batch of a firewall whose profile sets a limit. */
  limited?(point: ServedPoint, entriesBeyondLimit: number): void;
}

export interface ContactBook extends ContactRecorder {
  /** Of one customer, or of all. */
  contacts(tenantId?: string): readonly FirewallContact[];
  contactOf(tenantId: string, pointId: string): FirewallContact | null;
  forget(tenantId: string, pointId: string): void;
}

const TOLD_MAX = 20;
const TOLD_GROUPS_MAX = 5;
const REFUSAL_CHARACTERS_MAX = 300;
/** Addresses remembered of one point: several firewalls may share a client. Beyond, the oldest counts as new again. */
const SOURCES_MAX = 256;

type Numbers = { -readonly [K in keyof Omit<FirewallContact, "told">]: FirewallContact[K] };

interface Contact extends Numbers {
  readonly tenantId: string;
  /** Where tokens went, oldest first. */
  readonly sources: Set<string>;
  /** Oldest first; turned round when read, because it is written far more often. */
  readonly told: Told[];
}

/** Keeps contacts in memory, one record a firewall. Nothing of it survives a restart: it is sent with the health report. */
export function createContactRecorder(): ContactBook {
  const contacts = new Map<string, Contact>();

  const of = (point: ServedPoint): Contact => {
    const key = keyOf(point.tenantId, point.id);
    let contact = contacts.get(key);
    if (contact === undefined) {
      contact = emptyContact(point);
      contacts.set(key, contact);
    }
    return contact;
  };
  const letIn = (point: ServedPoint, sourceIp: string): Contact => {
    const contact = of(point);
    contact.lastSourceAddress = sourceIp;
    return contact;
  };

  return {
    token(point, sourceIp, at, transport) {
      const contact = letIn(point, sourceIp);
      const isNew = contact.sources.size > 0 && !contact.sources.has(sourceIp);
      contact.tokens += 1;
      contact.lastTokenAt = at;
      if (transport !== undefined) contact.tls = transport;
      if (isNew) contact.newSource = { at, address: sourceIp };
      contact.sources.delete(sourceIp);
      contact.sources.add(sourceIp);
      for (const oldest of contact.sources) {
        if (contact.sources.size <= SOURCES_MAX) break;
        contact.sources.delete(oldest);
      }
      return isNew;
    },
    batch(point, sourceIp, at, entries, sent = entries.length) {
      const contact = letIn(point, sourceIp);
      contact.batches += 1;
      contact.lastBatchAt = at;
      contact.entriesSent += sent;
      for (const entry of entries.slice(-TOLD_MAX)) tell(contact, toldOf(entry, at, "batch"));
    },
    spoke(point, transport) {
      of(point).tls = transport;
    },
    ipQuery(point, sourceIp, at, entry) {
      const contact = letIn(point, sourceIp);
      contact.ipQueries += 1;
      contact.lastIpQueryAt = at;
      if (entry === null) return;
      contact.entriesSent += 1;
      tell(contact, toldOf(entry, at, "ip-query"));
    },
    refused(point, sourceIp, at, sentence) {
      const contact = of(point);
      // Whoever guesses at its secret is not where the firewall is; the sentence names him.
      contact.lastSourceAddress ??= sourceIp;
      contact.refused += 1;
      contact.lastRefusal = `${new Date(at).toISOString()} ${sentence}`.slice(0, REFUSAL_CHARACTERS_MAX);
    },
    limited(point, entriesBeyondLimit) {
      const contact = contacts.get(keyOf(point.tenantId, point.id));
      if (contact !== undefined) contact.entriesBeyondLimit = entriesBeyondLimit;
    },
    contacts: (tenantId) =>
      [...contacts.values()]
        .filter((contact) => tenantId === undefined || contact.tenantId === tenantId)
        .map(shown),
    contactOf(tenantId, pointId) {
      const contact = contacts.get(keyOf(tenantId, pointId));
      return contact === undefined ? null : shown(contact);
    },
    forget(tenantId, pointId) {
      contacts.delete(keyOf(tenantId, pointId));
    },
  };
}

function keyOf(tenantId: string, pointId: string): string {
  return `${tenantId}\u0000${pointId}`;
}

function emptyContact(point: ServedPoint): Contact {
  return {
    tenantId: point.tenantId,
    enforcementPointId: point.id,
    lastTokenAt: null,
    lastBatchAt: null,
    lastIpQueryAt: null,
    tokens: 0,
    batches: 0,
    ipQueries: 0,
    entriesSent: 0,
    refused: 0,
    lastRefusal: null,
    lastSourceAddress: null,
    entriesBeyondLimit: 0,
    sources: new Set(),
    told: [],
  };
}

function tell(contact: Contact, told: Told): void {
  contact.told.push(told);
  if (contact.told.length > TOLD_MAX) contact.told.shift();
}

function toldOf(entry: Entry, at: EpochMs, how: Told["how"]): Told {
  return {
    at,
    ip: entry.ip,
    user: entry.user?.name ?? null,
    domain: entry.user?.domain ?? entry.device?.domain ?? null,
    groups: (entry.user?.groups ?? []).slice(0, TOLD_GROUPS_MAX),
    how,
  };
}

function shown({ tenantId: _, sources: __, told, ...contact }: Contact): FirewallContact {
  return { ...contact, told: told.toReversed() };
}
