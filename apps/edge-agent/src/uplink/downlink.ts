import { downlinkReply } from "@rollcall/agent-protocol";
import { type Observation, type PrincipalFacts, parseIp } from "@rollcall/identity-core";
import type { GroupCommit } from "../pipeline/group-commit.ts";
import type { TableKeeper } from "../pipeline/table-keeper.ts";
import type { PortalLink } from "./portal-link.ts";

const WAIT_SECONDS = 50;

export interface DownlinkOptions {
  readonly link: PortalLink;
  readonly keeper: TableKeeper;
  readonly commits: GroupCommit;
}

/**
 * Takes over what other agents and the cloud learnt about the addresses of this agent: the same observations with the
 * same identities. They are never sent up again; the place is kept in the transaction that holds them.
 */
export async function followDownlink(
  { link, keeper, commits }: DownlinkOptions,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await link.ready(signal);
    const after = keeper.store.downlinkNext;
    const answer = await link.ask({
      method: "GET",
      path: `/v1/downlink?after=${after}&wait=${WAIT_SECONDS}`,
      answer: downlinkReply,
      waitMs: WAIT_SECONDS * 1000,
      signal,
    });
    if (answer.kind !== "answer" || answer.value.next <= after) continue;
    const observations: Observation[] = [];
    const facts: PrincipalFacts[] = [];
    for (const item of answer.value.items) {
      if (item.principal !== undefined) facts.push(item.principal);
      if (item.observation === undefined) continue;
      const ip = parseIp(item.observation.ip);
      if (ip !== null) observations.push({ ...item.observation, ip });
    }
    await commits.submit({
      observations,
      facts,
      bookmark: null,
      origin: "cloud",
      downlinkNext: answer.value.next,
    });
  }
}
