import { enforcementPointConfig } from "@rollcall/agent-protocol";
import { hostMarkAt, type TenantHandle } from "@rollcall/db";
import { ALARM_MS } from "@rollcall/health";
import {
  createIpSet,
  darkSourcesFor,
  type EntryFilter,
  explainAddress,
  lightsOf,
  parseIp,
} from "@rollcall/identity-core";
import type { z } from "zod";
import type { TenantContext } from "../context.ts";
import { readAgents } from "../facts/read-facts.ts";
import { dateOf } from "../facts/stored-json.ts";
import { readHostMarks } from "../marks/host-mark-rows.ts";
import { readMarks } from "../marks/mark-rows.ts";
import { findAddress } from "./find-address.ts";
import { lawOf } from "./law-of.ts";
import { principalsOf } from "./principals-of.ts";
import { readSessionNames, sourceName } from "./session-rows.ts";
import type { explainInput, explanation } from "./sessions.schema.ts";
import { storedEntry, storedKeyState } from "./stored-entry.ts";

type Explanation = z.infer<typeof explanation>;
type Tenant = Pick<TenantHandle, "tx" | "tenantId">;

export type ExplainSessionOutcome =
  | { readonly kind: "explained"; readonly explanation: Explanation }
  | { readonly kind: "space-not-found" };

/**
 * What became of everything that was said of one address, told with the very code that decided.
 *
 * Shape: what the cloud has. Whatever an agent kept back at receipt never came here: only the agent's own journal knows
 *        it, and is asked with the command `look-up-address`.
 */
export async function explainSession(
  ctx: TenantContext,
  input: z.output<typeof explainInput>,
): Promise<ExplainSessionOutcome> {
  const now = ctx.services.now();
  const ip = parseIp(input.ip);
  if (ip === null) return { kind: "space-not-found" };
  return ctx.run(async ({ tx, tenantId }): Promise<ExplainSessionOutcome> => {
    const found = await findAddress({ tx, tenantId }, { ip, addressSpaceId: input.addressSpaceId });
    if (found === null) return { kind: "space-not-found" };
    const { space, row } = found;
    const marks = (await readMarks(tx, { tenantId, id: null })).filter(
      (mark) => mark.addressSpace.id === space.id && createIpSet([mark.range]).has(ip),
    );
    const hostMarkId = await hostMarkAt({ tx, tenantId }, { addressSpaceId: space.id, ip });
    const [hostMark = null] =
      hostMarkId === null ? [] : await readHostMarks(tx, { tenantId, id: hostMarkId });
    const empty = { ip, addressSpace: space, marks, hostMark, asOf: new Date(now) };
    if (row === null) {
      const answer = "No source has ever spoken of this address.";
      return { kind: "explained", explanation: { ...empty, answer, lines: [], nextChangeAt: null } };
    }
    const state = storedKeyState(row.state);
    const names = await readSessionNames(tx, tenantId);
    const explained = explainAddress(state, await principalsOf({ tx, tenantId }, state), now, {
      ...(await lawOf({ tx, tenantId })),
      entry: storedEntry(row.entry),
      readers: await readersOf({ tx, tenantId }, now),
      alsoLiveIn: await otherSpacesOf({ tx, tenantId }, { ip, spaceId: space.id, now }),
    });
    return {
      kind: "explained",
      explanation: {
        ...empty,
        answer: explained.answer,
        nextChangeAt: dateOf(explained.nextChangeAt),
        lines: explained.lines.map(({ kind, of, at, rule, law, sentence, sourceId, principal }) => ({
          kind,
          of,
          at: dateOf(at),
          rule,
          law,
          sentence,
          source: sourceId === null ? null : sourceName(sourceId, names),
          principal,
        })),
      },
    };
  });
}

/** Other address spaces in which somebody is known at this address: a firewall that sees two of them is told of neither. */
async function otherSpacesOf(
  { tx, tenantId }: Tenant,
  { ip, spaceId, now }: { readonly ip: string; readonly spaceId: string; readonly now: number },
): Promise<string[]> {
  const others = await tx.session.findMany({
    where: {
      tenantId,
      ip,
      addressSpaceId: { not: spaceId },
      isLive: true,
      OR: [{ expiresAt: null }, { expiresAt: { gt: new Date(now) } }],
    },
    select: { addressSpaceId: true },
  });
  return others.map(({ addressSpaceId }) => addressSpaceId);
}

const whenDark = enforcementPointConfig.shape.whenSourcesDark;

/** Who reads, and what each is not told: its own filters, and people whose source cannot be heard. */
async function readersOf(
  { tx, tenantId }: Tenant,
  now: number,
): Promise<{ name: string; filter: EntryFilter }[]> {
  const points = await tx.enforcementPoint.findMany({
    where: { tenantId, enabled: true },
    select: {
      name: true,
      addressSpaceIds: true,
      domains: true,
      includeIp: true,
      excludeIp: true,
      ipv6: true,
      whenSourcesDark: true,
      darkMinutes: true,
    },
    orderBy: { name: "asc" },
  });
  const carriers = (await readAgents(tx, tenantId)).flatMap(({ report }) =>
    report === null
      ? []
      : [
          {
            lastWordAt: report.receivedAt.getTime(),
            sources: report.health.sources.map(({ id, state, since }) => ({
              id,
              isBroken: state === "broken",
              since,
            })),
          },
        ],
  );
  const lights = lightsOf(carriers, now, ALARM_MS);
  return points.map(({ name, domains, whenSourcesDark, darkMinutes, ...filter }) => {
    const policy = {
      whenSourcesDark: whenDark.catch("shorten").parse(whenSourcesDark),
      darkMinutes,
      darkAfterMs: ALARM_MS,
    };
    const { darkSourceIds } = darkSourcesFor(policy, lights, now);
    return {
      name,
      filter: {
        ...filter,
        domains: domains.map((domain) => domain.toLowerCase()),
        ...(darkSourceIds.length > 0 ? { darkSourceIds } : {}),
      },
    };
  });
}
