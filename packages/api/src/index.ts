import type { inferRouterInputs, inferRouterOutputs } from "@trpc/server";
import type { AppRouter } from "./root.router.ts";

export type {
  ApiServices,
  GatewayAddresses,
  Grant,
  Principal,
  RequestContext,
  SignedInContext,
  TenantContext,
} from "./context.ts";
export { type JobFileOutcome, readJobFile } from "./jobs/read-jobs.ts";
export { PERMISSIONS, type Permission, ROLES, type Role } from "./permissions.ts";
export { createRateLimiter, type RateLimiter } from "./rate-limiter.ts";
export { type AppRouter, appRouter, createCaller } from "./root.router.ts";
export { type OpenTenantOutcome, openTenant } from "./tenant.ts";
export { isRefusal } from "./trpc.ts";

export type RouterInputs = inferRouterInputs<AppRouter>;
export type RouterOutputs = inferRouterOutputs<AppRouter>;
