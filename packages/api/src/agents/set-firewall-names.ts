import type { z } from "zod";
import { change } from "../change.ts";
import type { TenantContext } from "../context.ts";
import type { setFirewallNamesInput } from "./agents.schema.ts";

export type SetFirewallNamesOutcome =
  | { readonly kind: "set"; readonly names: string[] }
  | { readonly kind: "not-found" };

/** Names and addresses by which firewalls reach the agent: they go into its firewall-facing certificate. */
export async function setFirewallNames(
  ctx: TenantContext,
  { id, names }: z.output<typeof setFirewallNamesInput>,
): Promise<SetFirewallNamesOutcome> {
  return change(
    ctx,
    async ({ tx, tenantId, record, configurationChanged }): Promise<SetFirewallNamesOutcome> => {
      const where = { tenantId_id: { tenantId, id } };
      const agent = await tx.agent.findUnique({ where, select: { name: true, firewallNames: true } });
      if (agent === null) return { kind: "not-found" };
      const wanted = [...new Set(names.map((name) => name.toLowerCase()))];
      if (JSON.stringify(wanted) === JSON.stringify(agent.firewallNames))
        return { kind: "set", names: wanted };
      await tx.agent.update({ where, data: { firewallNames: wanted } });
      record({
        action: "agent.firewall-names.set",
        object: { kind: "agent", id, name: agent.name },
        before: { firewallNames: agent.firewallNames },
        after: { firewallNames: wanted },
      });
      configurationChanged();
      return { kind: "set", names: wanted };
    },
  );
}
