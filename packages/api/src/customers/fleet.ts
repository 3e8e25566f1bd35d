import type { TenantHandle } from "@rollcall/db";
import type { SignedInContext } from "../context.ts";
import type { Permission } from "../permissions.ts";
import { grantedPermissions } from "../principal.ts";

export interface FleetCustomer {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly hue: number;
  readonly adDomain: string | null;
  readonly createdAt: Date;
}

/** Customers answered at the same time: a practice of hundreds must not take all database connections. */
const CONCURRENCY = 4;
/** A customer that takes longer is reported as not having answered. */
const TIMEOUT_MS = 5_000;
/** A practice is served whole up to here; the rest is found by search. */
const CUSTOMERS_MAX = 1_000;

/** The practice's customers for which the person asking has `permission`, by name. */
export async function grantedCustomers(
  ctx: SignedInContext,
  permission: Permission,
): Promise<FleetCustomer[]> {
  const { practiceId } = ctx.principal;
  const rows = await ctx.services.database.withPractice(practiceId, ({ tx }) =>
    tx.customer.findMany({
      where: { practiceId, deletedAt: null },
      select: { id: true, slug: true, name: true, hue: true, adDomain: true, createdAt: true },
      orderBy: { name: "asc" },
      take: CUSTOMERS_MAX,
    }),
  );
  return rows.filter((row) => grantedPermissions(ctx.principal, row.id).has(permission));
}

export interface FleetAnswers<T> {
  readonly answers: readonly { readonly customer: FleetCustomer; readonly answer: T }[];
  readonly failed: readonly { readonly slug: string; readonly name: string }[];
}

/**
 * Asks each customer in its own tenant transaction, a few at a time.
 * One that fails or is slow is named in `failed`, reported, and does not take the others with it.
 */
export async function askEach<T>(
  ctx: SignedInContext,
  customers: readonly FleetCustomer[],
  ask: (handle: TenantHandle, customer: FleetCustomer) => Promise<T>,
): Promise<FleetAnswers<T>> {
  const answers: { customer: FleetCustomer; answer: T }[] = [];
  const failed: { slug: string; name: string }[] = [];
  const waiting = [...customers];
  const worker = async () => {
    for (let customer = waiting.shift(); customer; customer = waiting.shift()) {
      try {
        const asked = customer;
        const answer = await ctx.services.database.withTenant(asked.id, (handle) => ask(handle, asked), {
          timeoutMs: TIMEOUT_MS,
        });
        answers.push({ customer, answer });
      } catch (error) {
        failed.push({ slug: customer.slug, name: customer.name });
        ctx.services.reportError(error, {
          attempted: "ask one customer of a fleet question",
          fields: { tenantId: customer.id, requestId: ctx.requestId },
        });
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return { answers, failed };
}
