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
export type { PushMemory, PushProgress } from "./push-memory.ts";
export { isPublicAddress } from "./target-address.ts";
