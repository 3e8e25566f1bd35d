import "server-only";
import { type AppRouter, createCaller } from "@rollcall/api";
import { cookies, headers } from "next/headers";
import { cache } from "react";
import { requestContext } from "./context.ts";

const context = cache(async () => {
  const [jar, sent] = await Promise.all([cookies(), headers()]);
  return requestContext((name) => jar.get(name)?.value ?? null, sent, { isUse: true });
});

/** The API for server components: the same procedures and the same checks as over HTTP, with this request's sign-in. */
export const api: ReturnType<typeof createCaller> = createCaller(context);
export type { AppRouter };
