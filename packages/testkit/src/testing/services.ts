/** The machine's services as `npm start` runs them. They live in scripts/, which is no package; tests may reach there. */
export { migrateDeploy } from "../../../../scripts/migrate-deploy.ts";
export {
  findRedis,
  freePort,
  freePorts,
  type RunningPostgres,
  type RunningRedis,
  ServiceUnavailableError,
  startPostgres as startPostgresAt,
  startRedis as startRedisAt,
} from "../../../../scripts/services.ts";
