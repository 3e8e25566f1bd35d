import type { TenantHandle } from "@rollcall/db";
import { explainAddress, type KeyState, LOGON_TICKET_RULE } from "@rollcall/identity-core";
import type { z } from "zod";
import { lawOf } from "../sessions/law-of.ts";
import { principalsOfAll } from "../sessions/principals-of.ts";
import { storedKeyState } from "../sessions/stored-entry.ts";
import type { corroborationPreview } from "./settings.schema.ts";

type Preview = Omit<z.infer<typeof corroborationPreview>, "asOf">;

/** Addresses looked at: the newest. More would tell nothing else and cost a page its patience. */
const LOOKED_MAX = 500;
const EXAMPLES_MAX = 20;
/**
 * What corroboration would have done to the addresses that a ticket request names now, told with the code that would do
 * it: so that one can look before switching it on.
 */
export async function wouldCorroborate(
  { tx, tenantId }: Pick<TenantHandle, "tx" | "tenantId">,
  now: Date,
): Promise<Preview> {
  // The newest word of a person may be another event than the ticket that corroboration speaks of.
  const rows = await tx.$queryRaw<
    { ip: string; space: string; state: unknown; name: string; domain: string }[]
  >`
    SELECT ip, address_space_id::text AS space, state,
      entry -> 'user' ->> 'name' AS name, entry -> 'user' ->> 'domain' AS domain
    FROM session
    WHERE tenant_id = ${tenantId}::uuid AND is_live AND (expires_at IS NULL OR expires_at > ${now}::timestamptz)
      AND entry -> 'user' ->> 'rule' LIKE 'event:%'
    ORDER BY since DESC NULLS LAST
    LIMIT ${LOOKED_MAX}`;
  const states = rows
    .map((row): readonly [(typeof rows)[number], KeyState] => [row, storedKeyState(row.state)])
    .filter(([, state]) => state.user.claims.some(({ rule }) => rule === LOGON_TICKET_RULE));
  const principals = await principalsOfAll(
    { tx, tenantId },
    states.map(([, state]) => state),
  );
  const { arbitration } = await lawOf({ tx, tenantId });
  const changed = states.flatMap(([row, state]) => {
    const would = explainAddress(state, principals, now.getTime(), { arbitration, corroboration: "on" });
    const is = explainAddress(state, principals, now.getTime(), { arbitration, corroboration: "off" });
    if (would.answer === is.answer) return [];
    const person = row.domain === "" ? row.name : `${row.domain}\\${row.name}`;
    return [{ ip: row.ip, addressSpaceId: row.space, is: person, would: would.answer }];
  });
  return { looked: states.length, changed: changed.length, examples: changed.slice(0, EXAMPLES_MAX) };
}
