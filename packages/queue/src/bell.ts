import { createPostgresBell } from "./postgres-bell.ts";
import { createRedisBell } from "./redis-bell.ts";

export type Topic = `feed:${string}` | `config:${string}` | `commands:${string}` | `portal:${string}`;

export interface BellOptions {
  readonly redisUrl?: string | undefined;
  readonly databaseUrl: string;
  /** Told when the line is lost or cannot be opened; it is opened again by itself. */
  readonly onFault?: (error: unknown) => void;
}

/**
 * Says between processes that something changed, not what: whoever hears it reads the ledger.
 *
 * Shape:  `ring` reaches every process (also this one) that listens to the topic or to a head of it ("feed:").
 *         Rings of one topic that come faster than they can be sent are sent as one. A ring may be lost while the
 *         line is down; when it is up again listeners are rung with their own head, so that all look. Poll as well,
 *         more slowly.
 * Errors: none thrown by `ring`: what it announces is committed already.
 */
export interface Bell {
  ring(topic: Topic): void;
  /** Returns how to stop listening. */
  onRing(head: string, listener: (topic: string) => void): () => void;
  /** Resolves when rings of other processes are heard. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

export function createBell(options: BellOptions): Bell {
  const onFault = options.onFault ?? (() => {});
  return options.redisUrl
    ? createRedisBell(options.redisUrl, onFault)
    : createPostgresBell(options.databaseUrl, onFault);
}
