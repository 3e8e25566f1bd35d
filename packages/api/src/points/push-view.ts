import type { z } from "zod";
import { storedSealed } from "../directories/sealed-password.ts";
import { pushRecords } from "../facts/chain-facts.ts";
import { type AgentRecord, cloudPushOf } from "../facts/read-facts.ts";
import { dateOf } from "../facts/stored-json.ts";
import { versionOf } from "../meanwhile.ts";
import { pushFields, type pushView } from "./points.schema.ts";

type View = z.infer<typeof pushView>;

/** Where a firewall is posted to as it is stored; null: it is not. */
export function storedPush(row: {
  readonly push: unknown;
  readonly pushFrom: string;
}): (z.infer<typeof pushFields> & Pick<View, "from">) | null {
  if (row.push === null) return null;
  const parsed = pushFields.safeParse(row.push);
  return parsed.success ? { ...parsed.data, from: row.pushFrom === "cloud" ? "cloud" : "agent" } : null;
}

const EDITED = ["url", "user", "caPem", "maxPostsPerSecond", "from", "password"] as const;

/** The state of the form of pushing; null where it is off. A password that was typed anew is another state. */
export function pushVersion(row: {
  readonly push: unknown;
  readonly pushFrom: string;
  readonly pushCipher: string | null;
  readonly pushSecret: { readonly setAt: Date } | null;
}): string | null {
  const push = storedPush(row);
  if (push === null) return null;
  return versionOf({ ...push, password: [row.pushSecret?.setAt, row.pushCipher] }, EDITED);
}

export function pushViewOf(
  row: {
    readonly id: string;
    readonly siteId: string | null;
    readonly push: unknown;
    readonly pushFrom: string;
    readonly pushCipher: string | null;
    readonly pushSecret: { readonly sealed: unknown; readonly setAt: Date } | null;
    readonly pushProgress: readonly { readonly state: unknown; readonly stateAt: Date | null }[];
  },
  agents: readonly AgentRecord[],
): View | null {
  const push = storedPush(row);
  const version = pushVersion(row);
  if (push === null || version === null) return null;
  const opened = new Set(storedSealed(row.pushSecret?.sealed).map(({ agentId }) => agentId));
  const atSite = agents.filter((agent) => agent.siteId === row.siteId && agent.state === "active");
  return {
    ...push,
    passwordSetAt: row.pushSecret?.setAt ?? null,
    version,
    agentsWithoutPassword:
      push.from === "cloud" ? [] : atSite.filter(({ id }) => !opened.has(id)).map(({ name }) => name),
    states: pushRecords({ id: row.id, cloudPush: cloudPushOf(row) }, agents).map(
      ({ state: said, ...by }) => ({
        ...by,
        state: said.state,
        sentence: said.sentence,
        lastPostAt: dateOf(said.lastPostAt),
        lastOkAt: dateOf(said.lastOkAt),
        posts: said.posts,
        entries: said.entries,
        failures: said.failures,
        pending: said.pending,
        refusedPosts: said.refusedPosts.map(({ at, ...post }) => ({ ...post, at: new Date(at) })),
      }),
    ),
  };
}
