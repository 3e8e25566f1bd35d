export {
  bodyOf,
  halvesOf,
  MAX_POST_BYTES,
  MAX_POST_ENTRIES,
  type PlannedEntry,
  type PlannedPost,
  type PostPlan,
  planPosts,
} from "./plan-posts.ts";
export { judge, type PostOutcome, type PostVerdict } from "./post-outcome.ts";
export { changeOf, nobodyAt, type PushChange } from "./push-change.ts";
export { type PushMemory, type PushProgress, readProgress } from "./push-memory.ts";
export type { PushClock, PushTransport } from "./push-ports.ts";
export type { PushStateName, PushStatus } from "./push-record.ts";
export { PushRun, type PushRunOptions } from "./push-run.ts";
export { ROUND_WORDS, type RoundCause } from "./round-cause.ts";
export { isPublicAddress } from "./target-address.ts";
export { createWebApiClient, type WebApiClientOptions, type WebApiTarget } from "./web-api-client.ts";
