import type { AppRouter } from "@rollcall/api";
import type { inferRouterInputs, inferRouterOutputs } from "@trpc/server";

/** What the API gives and takes, as types. */
export type Outputs = inferRouterOutputs<AppRouter>;
export type Inputs = inferRouterInputs<AppRouter>;
