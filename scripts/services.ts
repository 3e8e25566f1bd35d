/**
 * The services a start on one machine brings up by itself: PostgreSQL (npm's, else the system's) and, where
 * installed, Redis. Loopback only; nothing is downloaded; both end with the process that started them.
 */
export { freePort, freePorts, isPortFree, portHolder } from "./services/free-port.ts";
export {
  type PostgresOptions,
  prepareDatabase,
  prepareRoles,
  type RunningPostgres,
  startPostgres,
} from "./services/postgres.ts";
export { findRedis, type RedisOptions, type RunningRedis, startRedis } from "./services/redis.ts";
export { ServiceUnavailableError } from "./services/service-unavailable.ts";
