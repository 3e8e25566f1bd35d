import { principalFactsBody } from "@rollcall/agent-protocol";
import type { TenantHandle } from "@rollcall/db";
import { type KeyState, PrincipalDirectory, tokensOfState } from "@rollcall/identity-core";

type Tenant = Pick<TenantHandle, "tx" | "tenantId">;

/** What directories told of everybody whom the state of one address speaks of. */
export async function principalsOf(tenant: Tenant, state: KeyState): Promise<PrincipalDirectory> {
  return principalsOfAll(tenant, [state]);
}

/** Of one address a few, of a page of addresses some thousands: what is beyond is told as the source wrote it. */
const ALIASES_MAX = 5000;

/** The same for many addresses, asked for at once. */
export async function principalsOfAll(
  { tx, tenantId }: Tenant,
  states: readonly KeyState[],
): Promise<PrincipalDirectory> {
  const directory = new PrincipalDirectory();
  const spelt = await tx.principalAlias.findMany({
    where: { tenantId, alias: { in: [...new Set(states.flatMap((state) => tokensOfState(state)))] } },
    select: { key: true },
    take: ALIASES_MAX,
  });
  const rows = await tx.principalFact.findMany({
    where: { tenantId, key: { in: spelt.map(({ key }) => key) } },
    select: { facts: true },
  });
  for (const row of rows) {
    const facts = principalFactsBody.safeParse(row.facts);
    if (facts.success) directory.upsert(facts.data);
  }
  return directory;
}
