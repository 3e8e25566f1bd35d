export { FakeClock } from "./fake-clock.ts";
export { fuzzRuns, fuzzSeed } from "./fuzz-runs.ts";
export { createDatabaseForTest, migrate, startPostgres, type TestDatabase } from "./postgres.ts";
export { randomOf, wholeNumbersOf } from "./random-of.ts";
export { hasRedis, startRedis, startRedisCluster } from "./redis.ts";
export { makeTempDir, withTempDir } from "./temp-dir.ts";
export {
  freePort,
  freePorts,
  type RunningPostgres,
  type RunningRedis,
  ServiceUnavailableError,
} from "./testing/services.ts";
