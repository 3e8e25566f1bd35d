import { siteConfig } from "@rollcall/agent-protocol";
import type { TenantHandle } from "@rollcall/db";

/** By which choices of the session law this customer's addresses are decided. */
export async function lawOf({ tx, tenantId }: Pick<TenantHandle, "tx" | "tenantId">) {
  const { settings } = await tx.customer.findUniqueOrThrow({
    where: { id: tenantId },
    select: { settings: true },
  });
  const { arbitration, corroboration } = siteConfig.shape.settings
    .catch(siteConfig.shape.settings.parse({}))
    .parse(agentSettings(settings));
  return { arbitration, corroboration };
}

/** The column holds settings of the portal's own too, which the agents' schema would refuse. */
function agentSettings(stored: unknown): unknown {
  if (typeof stored !== "object" || stored === null) return {};
  const { arbitration, corroboration } = Object.fromEntries(Object.entries(stored));
  return { arbitration, corroboration };
}
