import { principalFactsBody } from "@rollcall/agent-protocol";
import type { TenantHandle } from "@rollcall/db";
import { type KeyState, PrincipalDirectory, tokensOfState } from "@rollcall/identity-core";

/** What directories told of everybody whom the state of one address speaks of. */
export async function principalsOf(
  { tx, tenantId }: Pick<TenantHandle, "tx" | "tenantId">,
  state: KeyState,
): Promise<PrincipalDirectory> {
  const directory = new PrincipalDirectory();
  const spelt = await tx.principalAlias.findMany({
    where: { tenantId, alias: { in: tokensOfState(state) } },
    select: { key: true },
    take: 500,
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
