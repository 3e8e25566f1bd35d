import "server-only";
import { randomUUID } from "node:crypto";
import type { Principal, RequestContext } from "@rollcall/api";
import { signInCookieName } from "@rollcall/auth/options";
import { findLiveSignIn } from "@rollcall/auth/sign-in";
import { type Portal, portal } from "./services.ts";
import { sourceIpOf } from "./source-ip.ts";

/** Who is asking, by the browser's cookie; null: nobody. `isUse`: the person did something, the page did not ask by itself. */
async function principalOf(
  { services }: Portal,
  token: string | null,
  { isUse }: { readonly isUse: boolean },
): Promise<Principal | null> {
  if (token === null) return null;
  const signIn = await findLiveSignIn(services.database.signIns, token, { now: services.now(), isUse });
  if (signIn === null) return null;
  const { person } = signIn;
  return {
    userId: person.id,
    practiceId: person.practiceId,
    name: person.name,
    email: person.email,
    timeZone: person.timeZone,
    signInId: signIn.id,
    grants: signIn.grants,
  };
}

/** The context of one request: who asks, from where, with what. */
export async function requestContext(
  cookie: (name: string) => string | null,
  headers: Headers,
  use: { readonly isUse: boolean },
): Promise<RequestContext> {
  const running = await portal();
  const token = cookie(signInCookieName(running.isSecure));
  return {
    services: running.services,
    principal: await principalOf(running, token, use),
    requestId: randomUUID(),
    sourceIp: sourceIpOf((name) => headers.get(name), running.config.isBehindProxy),
    tenants: new Map(),
    recheck: () => principalOf(running, token, { isUse: false }),
  };
}

/** One cookie of a plain request. */
export function cookieOf(request: Request): (name: string) => string | null {
  const jar = new Map<string, string>();
  for (const pair of (request.headers.get("cookie") ?? "").split(";")) {
    const at = pair.indexOf("=");
    if (at > 0) jar.set(pair.slice(0, at).trim(), decodeURIComponentSafely(pair.slice(at + 1).trim()));
  }
  return (name) => jar.get(name) ?? null;
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
