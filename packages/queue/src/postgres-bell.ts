import pg from "pg";
import type { Bell } from "./bell.ts";
import { createBellListeners, createCoalescingSender } from "./bell-listeners.ts";

const CHANNEL = "rollcall_bell";
const RETRY_DELAY_MS_MIN = 200;
const RETRY_DELAY_MS_MAX = 10_000;

export function createPostgresBell(databaseUrl: string, onFault: (error: unknown) => void): Bell {
  const listeners = createBellListeners(onFault);
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: 1,
    keepAlive: true,
    idleTimeoutMillis: 60_000,
  });
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", onFault));
  const sender = createCoalescingSender(async (topic) => {
    await pool.query({ name: "ring", text: "SELECT pg_notify($1, $2)", values: [CHANNEL, topic] });
  }, onFault);
  let isClosed = false;
  let line: pg.Client | null = null;
  let retry: NodeJS.Timeout | undefined;
  let failures = 0;
  let wasUp = false;
  let resolveReady: () => void = () => {};
  const ready = new Promise<void>((resolve) => {
    resolveReady = resolve;
  });

  async function open(): Promise<void> {
    const client = new pg.Client({
      connectionString: databaseUrl,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
    });
    let isLost = false;
    const lose = (error: unknown) => {
      if (isLost || isClosed) return;
      isLost = true;
      if (line === client) line = null;
      onFault(error);
      client.end().catch(() => {});
      // Full jitter: many processes must not come back at the same instant.
      const limit = Math.min(RETRY_DELAY_MS_MAX, RETRY_DELAY_MS_MIN * 2 ** failures);
      failures += 1;
      retry = setTimeout(() => void open(), RETRY_DELAY_MS_MIN + Math.random() * limit);
    };
    client.on("error", lose);
    client.on("end", () => lose(new Error("the database closed the bell's connection")));
    client.on("notification", ({ payload }) => {
      if (payload !== undefined) listeners.hear(payload);
    });
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
    } catch (error) {
      lose(error);
      return;
    }
    if (isClosed) {
      await client.end().catch(() => {});
      return;
    }
    line = client;
    failures = 0;
    if (wasUp) listeners.hearAll();
    wasUp = true;
    resolveReady();
  }
  void open();

  let closing: Promise<void> | null = null;
  return {
    ring: (topic) => sender.ring(topic),
    onRing: (head, listener) => listeners.add(head, listener),
    ready: () => ready,
    close() {
      closing ??= (async () => {
        await sender.drained();
        isClosed = true;
        clearTimeout(retry);
        resolveReady();
        await line?.end().catch(() => {});
        await pool.end();
      })();
      return closing;
    },
  };
}
