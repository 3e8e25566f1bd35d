import { initTRPC, TRPCError } from "@trpc/server";
import superjson from "superjson";
import { z } from "zod";
import type { RequestContext, SignedInContext } from "./context.ts";
import { slug } from "./input-fields.ts";
import type { Permission } from "./permissions.ts";
import { mayAnywhere, mayInPractice } from "./principal.ts";
import type { AllowanceName } from "./rate-limiter.ts";
import { forbidden, notFound, Refusal, signedOut, tooMany } from "./refusals.ts";
import { openTenant } from "./tenant.ts";

/** Beside every procedure: what the access test lists. */
export interface ProcedureMeta {
  /** `signed-in` needs no grant. */
  readonly permission: Permission | "signed-in";
  /** `tenant`: within the customer named in the input. `practice`: by a grant over all customers. `granted`: over those customers that grant it. */
  readonly scope: "self" | "practice" | "granted" | "tenant";
  readonly allowance?: AllowanceName;
}

const UNKNOWN_FAULT = "This failed on our side. Your firewalls keep being answered.";

const t = initTRPC
  .context<RequestContext>()
  .meta<ProcedureMeta>()
  .create({
    transformer: superjson,
    isDev: false,
    sse: {
      ping: { enabled: true, intervalMs: 15_000 },
      client: { reconnectAfterInactivityMs: 45_000 },
    },
    /** The one place where errors become what a caller may read. */
    errorFormatter({ shape, error, ctx }) {
      const isFault = error.code === "INTERNAL_SERVER_ERROR";
      const refusal = error.cause instanceof Refusal ? error.cause : null;
      const invalid = error.cause instanceof z.ZodError && error.code === "BAD_REQUEST" ? error.cause : null;
      return {
        message: isFault ? UNKNOWN_FAULT : invalid ? "Check the marked fields." : shape.message,
        code: shape.code,
        data: {
          code: shape.data.code,
          httpStatus: shape.data.httpStatus,
          path: shape.data.path,
          requestId: ctx?.requestId ?? null,
          reason: refusal?.reason ?? null,
          fields: invalid ? fieldsOf(invalid) : (refusal?.fields ?? {}),
        },
      };
    },
  });

export const router = t.router;
export const createCallerFactory = t.createCallerFactory;

/** Sentences by the path of the field, e.g. `{"sequences.0.trigger": ["…"]}`. */
function fieldsOf(error: z.ZodError): Record<string, readonly string[]> {
  const fields = new Map<string, string[]>();
  for (const issue of error.issues.slice(0, 50)) {
    const path = issue.path.map(String).join(".");
    fields.set(path, [...(fields.get(path) ?? []), issue.message]);
  }
  return Object.fromEntries(fields);
}

/** A query is a read; a mutation counts against `write` unless its procedure says otherwise. */
const signedIn = t.procedure.use(({ ctx, meta, type, next }) => {
  if (ctx.principal === null) throw signedOut();
  const person = ctx.principal.userId;
  const wait =
    ctx.services.limiter.take(person, "any") ??
    (meta?.allowance ? ctx.services.limiter.take(person, meta.allowance) : null) ??
    (type === "mutation" && !meta?.allowance ? ctx.services.limiter.take(person, "write") : null);
  if (wait !== null) throw tooMany(wait);
  const signedInContext: SignedInContext = { ...ctx, principal: ctx.principal };
  return next({ ctx: signedInContext });
});

/** Needs a sign-in and nothing else: speaks of the person asking only. */
export function selfProcedure() {
  return signedIn.meta({ permission: "signed-in", scope: "self" });
}

/** Needs `permission` by a grant over all customers of the practice. */
export function practiceProcedure(permission: Permission, allowance?: AllowanceName) {
  return signedIn.meta({ permission, scope: "practice", allowance }).use(({ ctx, next }) => {
    if (!mayInPractice(ctx.principal, permission)) throw forbidden();
    return next();
  });
}

/** Needs `permission` by any grant; the use case narrows to the customers that grant it. */
export function grantedProcedure(permission: Permission, allowance?: AllowanceName) {
  return signedIn.meta({ permission, scope: "granted", allowance }).use(({ ctx, next }) => {
    if (!mayAnywhere(ctx.principal, permission)) throw forbidden();
    return next();
  });
}

/** Needs `permission` for the customer that the input names. Errors: NOT_FOUND and FORBIDDEN as `openTenant` says. */
export function tenantProcedure(permission: Permission, allowance?: AllowanceName) {
  return signedIn
    .meta({ permission, scope: "tenant", allowance })
    .input(z.object({ customer: slug }))
    .use(async ({ ctx, input, next }) => {
      const outcome = await openTenant(ctx, input.customer, permission);
      switch (outcome.kind) {
        case "open":
          return next({ ctx: outcome.context });
        case "not-found":
          throw notFound();
        case "forbidden":
          throw forbidden();
      }
    });
}

/** For the caller of a server component: a fault stays one, everything else keeps its code. */
export function isRefusal(error: unknown): error is TRPCError {
  return error instanceof TRPCError && error.code !== "INTERNAL_SERVER_ERROR";
}
