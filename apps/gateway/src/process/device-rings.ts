import type { Bell } from "@rollcall/queue";
import type { WaitBell } from "../agents/long-poll.ts";

export type RingKind = "feed" | "config" | "commands" | "portal";

const KINDS: readonly RingKind[] = ["feed", "config", "commands", "portal"];
/** A customer's pages are told at most this often that something of its devices changed. */
const PORTAL_EVERY_MS = 1000;

/**
 * The bell as the device plane uses it: one subscription to each kind of topic for the whole process, and rings for
 * the portal no more than once a second per customer (the last one is never lost).
 */
export class DeviceRings implements WaitBell {
  readonly #bell: Bell;
  readonly #heard = new Map<string, Set<() => void>>();
  readonly #anyOf = new Map<string, Set<(tenantId: string | null) => void>>();
  readonly #portal = new Map<string, { timer: NodeJS.Timeout; again: boolean }>();
  readonly #stops: (() => void)[] = [];

  constructor(bell: Bell) {
    this.#bell = bell;
    for (const kind of KINDS)
      this.#stops.push(
        bell.onRing(`${kind}:`, (topic) => this.#dispatch(kind, topic.slice(kind.length + 1))),
      );
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
    for (const { timer } of this.#portal.values()) clearTimeout(timer);
    this.#portal.clear();
  }

  onTopic(topic: string, heard: () => void): () => void {
    return listen(this.#heard, topic, heard);
  }

  /** Calls back at every ring of one kind: with the tenant, or null when rings may have been missed and all must look. */
  onAny(kind: RingKind, heard: (tenantId: string | null) => void): () => void {
    return listen(this.#anyOf, kind, heard);
  }

  feed(tenantId: string): void {
    this.#bell.ring(`feed:${tenantId}`);
  }

  config(tenantId: string): void {
    this.#bell.ring(`config:${tenantId}`);
  }

  portal(tenantId: string): void {
    const waiting = this.#portal.get(tenantId);
    if (waiting) {
      waiting.again = true;
      return;
    }
    this.#bell.ring(`portal:${tenantId}`);
    const timer = setTimeout(() => {
      const isDue = this.#portal.get(tenantId)?.again;
      this.#portal.delete(tenantId);
      if (isDue) this.portal(tenantId);
    }, PORTAL_EVERY_MS);
    this.#portal.set(tenantId, { timer, again: false });
  }

  #dispatch(kind: RingKind, tenantId: string): void {
    const topics =
      tenantId === ""
        ? [...this.#heard.keys()].filter((t) => t.startsWith(`${kind}:`))
        : [`${kind}:${tenantId}`];
    for (const topic of topics) for (const heard of [...(this.#heard.get(topic) ?? [])]) heard();
    for (const heard of [...(this.#anyOf.get(kind) ?? [])]) heard(tenantId === "" ? null : tenantId);
  }
}

function listen<T>(map: Map<string, Set<T>>, key: string, heard: T): () => void {
  const listeners = map.get(key) ?? new Set<T>();
  listeners.add(heard);
  map.set(key, listeners);
  return () => {
    listeners.delete(heard);
    if (listeners.size === 0 && map.get(key) === listeners) map.delete(key);
  };
}
