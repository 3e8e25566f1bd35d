import { downlinkReply } from "@rollcall/agent-protocol";
import { type Observation, type PrincipalFacts, parseIp } from "@rollcall/identity-core";
import type { GroupCommit } from "../pipeline/group-commit.ts";
import type { TableKeeper } from "../pipeline/table-keeper.ts";
import type { StateStore } from "../state/state-store.ts";
import type { PortalLink } from "./portal-link.ts";

const WAIT_SECONDS = 50;

export interface DownlinkOptions {
  readonly link: PortalLink;
  readonly keeper: TableKeeper;
  readonly commits: GroupCommit;
}

export interface Downlink {
  /** Runs until the signal. */
  follow(signal: AbortSignal): Promise<void>;
  /** Reads all of it again: what was passed over while this agent did not hold an address space. */
  restart(): Promise<void>;
}

/**
 * Takes over what other agents and the cloud learnt about the addresses of this agent: the same observations with the
 * same identities. They are never sent up again; the place is kept in the transaction that holds them.
 *
 * Read from its start (a new store, or one that was lost) it gives this agent's own observations too: the cloud answers
 * from them, so the agent must.
 */
export function createDownlink({ link, keeper, commits }: DownlinkOptions): Downlink {
  let isCatchingUp = false;
  let store: StateStore | null = null;
  let restarted = new AbortController();
  let restarting: Promise<void> = Promise.resolve();

  async function take(signal: AbortSignal, begun: AbortSignal): Promise<void> {
    const after = keeper.store.downlinkNext;
    if (keeper.store !== store) {
      // Another one may stand in the place of one that failed while the agent ran.
      store = keeper.store;
      isCatchingUp ||= after === 0;
    }
    const waitSeconds = isCatchingUp ? 0 : WAIT_SECONDS;
    const answer = await link.ask({
      method: "GET",
      path: `/v1/downlink?after=${after}&wait=${waitSeconds}${isCatchingUp ? "&own=1" : ""}`,
      answer: downlinkReply,
      waitMs: waitSeconds * 1000,
      signal: AbortSignal.any([signal, begun]),
    });
    if (begun.aborted) return;
    if (answer.kind === "nothing") isCatchingUp = false;
    if (answer.kind !== "answer" || answer.value.next <= after) return;
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
    // The place of the former store was written into another one, which has nothing of what lies before it.
    if (keeper.store !== store) await restart();
  }

  function restart(): Promise<void> {
    // Whatever is under way goes into the store before this or not at all: the place stays at the start.
    restarted.abort();
    restarted = new AbortController();
    isCatchingUp = true;
    restarting = commits.submit({
      observations: [],
      facts: [],
      bookmark: null,
      origin: "cloud",
      downlinkNext: 0,
    });
    return restarting;
  }

  return {
    async follow(signal) {
      while (!signal.aborted) {
        await link.ready(signal);
        await restarting;
        const begun = restarted.signal;
        await take(signal, begun).catch((error: unknown) => {
          if (signal.aborted || !begun.aborted) throw error;
        });
      }
    },
    restart,
  };
}
