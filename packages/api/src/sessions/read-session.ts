import type { TenantHandle } from "@rollcall/db";
import { explainAddress, type IpAddress, type KeyState, parseIp } from "@rollcall/identity-core";
import type { z } from "zod";
import type { TenantContext } from "../context.ts";
import { readAgents, readContacts } from "../facts/read-facts.ts";
import { dateOf } from "../facts/stored-json.ts";
import { findAddress } from "./find-address.ts";
import { lawOf } from "./law-of.ts";
import { principalsOf } from "./principals-of.ts";
import { readHistory } from "./session-history.ts";
import { readSessionNames, type SessionNames, sessionRowOf, sourceName } from "./session-rows.ts";
import type { sessionDetail, sessionInput } from "./sessions.schema.ts";
import { storedEntry, storedKeyState } from "./stored-entry.ts";

type Detail = z.infer<typeof sessionDetail>;
type Tx = TenantHandle["tx"];

export type ReadSessionOutcome =
  | { readonly kind: "read"; readonly session: Detail }
  | { readonly kind: "space-not-found" };

/** One address: who is there, what sources said, why the answer is what it is, and which firewall was told. */
export async function readSession(
  ctx: TenantContext,
  input: z.output<typeof sessionInput>,
): Promise<ReadSessionOutcome> {
  const now = ctx.services.now();
  const ip = parseIp(input.ip);
  if (ip === null) return { kind: "space-not-found" };
  return ctx.run(async ({ tx, tenantId }): Promise<ReadSessionOutcome> => {
    const found = await findAddress({ tx, tenantId }, { ip, addressSpaceId: input.addressSpaceId });
    if (found === null) return { kind: "space-not-found" };
    const { space, row } = found;
    const names = await readSessionNames(tx, tenantId);
    const agents = new Map((await readAgents(tx, tenantId)).map((agent) => [agent.id, agent.name]));
    const explained =
      row === null ? null : await explain({ tx, tenantId, now }, storedKeyState(row.state), names);
    const history = await readHistory(
      { tx, tenantId, names, agents },
      { ip, addressSpaceId: space.id, cursor: input.historyCursor ?? null },
    );
    return {
      kind: "read",
      session: {
        session: row === null ? null : sessionRowOf(storedEntry(row.entry), names, now),
        ip,
        addressSpace: space,
        explain: explained?.lines ?? [{ rule: "-", sentence: "No source has ever spoken of this address." }],
        nextChangeAt: dateOf(explained?.nextChangeAt),
        history: history.items,
        historyNext: history.next,
        told: await readTold({ tx, tenantId, agents }, ip),
        asOf: new Date(now),
      },
    };
  });
}

/** The law, told with the very code that decided: each claim that is kept, then the rule that settled it. */
async function explain(
  { tx, tenantId, now }: { readonly tx: Tx; readonly tenantId: string; readonly now: number },
  state: KeyState,
  names: SessionNames,
): Promise<{ lines: Detail["explain"]; nextChangeAt: number | null }> {
  const law = await lawOf({ tx, tenantId });
  const principals = await principalsOf({ tx, tenantId }, state);
  const { claims, trace, answer, nextChangeAt } = explainAddress(state, principals, now, law);
  const ofClaims = claims.map((claim) => ({
    rule: claim.rule,
    sentence: `${claim.principalKey} by ${sourceName(claim.sourceId, names)} (class ${claim.class}): ${STATE_WORDS[claim.state]}.`,
  }));
  return {
    lines: [
      ...ofClaims,
      ...trace.map(({ rule, sentence }) => ({ rule, sentence })),
      { rule: "=", sentence: answer },
    ],
    nextChangeAt,
  };
}

const STATE_WORDS = { speaks: "counts", ended: "was ended", expired: "has run out" } as const;

async function readTold(
  {
    tx,
    tenantId,
    agents,
  }: { readonly tx: Tx; readonly tenantId: string; readonly agents: ReadonlyMap<string, string> },
  ip: IpAddress,
): Promise<Detail["told"]> {
  const points = await tx.enforcementPoint.findMany({
    where: { tenantId },
    select: { id: true, name: true },
  });
  const contacts = await readContacts(tx, tenantId, null);
  return points
    .flatMap((firewall) =>
      (contacts.get(firewall.id) ?? []).flatMap(({ responder, contact }) =>
        contact.told
          .filter((one) => one.ip === ip)
          .map(({ at, user, domain, groups, how }) => ({
            at: new Date(at),
            firewall,
            responder: responder === "cloud" ? "Cloud" : (agents.get(responder) ?? "an agent that is gone"),
            user,
            domain,
            groups,
            how,
          })),
      ),
    )
    .sort((a, b) => b.at.getTime() - a.at.getTime());
}
