import { makeTempDir } from "./temp-dir.ts";
import { findRedis, type RunningRedis, startRedisAt } from "./testing/services.ts";

/** Whether this machine has a redis-server to test against. */
export function hasRedis(): boolean {
  return findRedis() !== null;
}

/**
 * A real redis-server on a free port, with nothing kept. Ends with the process at the latest.
 *
 * Errors: throws when none is installed: CI installs it; elsewhere ask `hasRedis()` first and skip with a reason.
 */
export async function startRedis(): Promise<RunningRedis> {
  const running = await startRedisAt({ dataDir: makeTempDir("rollcall-redis-"), isThrowAway: true });
  if (running === null) throw new Error("no redis-server is installed: apt-get install redis-server");
  return running;
}
