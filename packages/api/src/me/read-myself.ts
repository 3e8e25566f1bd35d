import type { z } from "zod";
import type { SignedInContext } from "../context.ts";
import { isPracticeStaff, practicePermissions } from "../principal.ts";
import type { myself } from "./me.schema.ts";

type Myself = z.infer<typeof myself>;

export async function readMyself(ctx: SignedInContext): Promise<Myself> {
  const { principal, services } = ctx;
  const practice = await services.database.signIns.practiceOf(principal.userId);
  if (practice === null) throw new Error("read the practice of the person signed in");
  const customers = await services.database.withPractice(principal.practiceId, ({ tx }) =>
    tx.customer.findMany({
      where: { practiceId: principal.practiceId, deletedAt: null, id: { in: grantedIds(ctx) } },
      select: { id: true, slug: true, name: true },
    }),
  );
  const grants: Myself["grants"] = principal.grants.flatMap(({ role, customerId }): Myself["grants"] => {
    if (customerId === null) return [{ role, customer: null }];
    const customer = customers.find((one) => one.id === customerId);
    return customer ? [{ role, customer: { slug: customer.slug, name: customer.name } }] : [];
  });
  const isStaff = isPracticeStaff(principal);
  const only = new Set(grants.map((grant) => grant.customer?.slug));
  const [first] = only;
  return {
    user: {
      id: principal.userId,
      name: principal.name,
      email: principal.email,
      timeZone: principal.timeZone,
    },
    practice: { slug: practice.slug, name: practice.name },
    grants,
    permissions: [...practicePermissions(principal)].sort(),
    isPracticeStaff: isStaff,
    onlyCustomer: !isStaff && only.size === 1 && first !== undefined ? first : null,
  };
}

function grantedIds({ principal }: SignedInContext): string[] {
  return principal.grants.map((grant) => grant.customerId).filter((id) => id !== null);
}
