import type { Claim, End, KeyState, KindState, Observation, SessionTable } from "@rollcall/identity-core";

/**
 * The present state as bodies of stream items: facts first, then what is kept of every address.
 *
 * Shape:  the same identities as when the observations were first sent, so that a cloud that has them takes them for
 *         repeats. Only sources and directories of this site: others' observations are theirs to tell.
 * Source: agent-protocol, `openReply`: "gives its current state new sequence numbers".
 */
export function snapshotItems(table: SessionTable, ownSources: ReadonlySet<string>): string[] {
  const items: string[] = [];
  for (const facts of table.principals.all()) {
    if (ownSources.has(facts.directoryId))
      items.push(JSON.stringify({ kind: "principal", principal: facts }));
  }
  for (const state of table.states()) {
    for (const observation of observationsOf(state)) {
      if (ownSources.has(observation.sourceId))
        items.push(JSON.stringify({ kind: "observation", observation }));
    }
  }
  return items;
}

/** What a key's state was made of, as far as it is kept. */
export function observationsOf(state: KeyState): Observation[] {
  return (["user", "device"] as const).flatMap((kind) => [
    ...state[kind].claims.flatMap((claim) => claimed(state, kind, claim)),
    ...state[kind].ends.map((end) => ended(state, kind, end, state[kind])),
  ]);
}

function claimed(state: KeyState, kind: "user" | "device", claim: Claim): Observation[] {
  const newest: Observation = {
    id: claim.id,
    recordId: claim.recordId,
    sourceId: claim.sourceId,
    family: claim.family,
    addressSpaceId: state.addressSpaceId,
    ip: state.ip,
    kind,
    verb: "start",
    class: claim.class,
    effectiveAt: claim.at,
    receivedAt: claim.seenAt,
    lifetimeMs: claim.lifetimeMs,
    principal: claim.principal,
    correlator: claim.correlator,
    rule: claim.rule,
    ...(claim.sourceLabel === undefined ? {} : { sourceLabel: claim.sourceLabel }),
  };
  if (claim.firstAt === claim.at) return [newest];
  // The state keeps the time of the oldest one that this claim stands for, and that time counts in the law.
  return [
    { ...newest, id: `${claim.id}~first`, effectiveAt: claim.firstAt, receivedAt: claim.firstAt },
    newest,
  ];
}

/** An end does not say which source wrote it: it goes under the source of a claim of its family at that address. */
function ended(state: KeyState, kind: "user" | "device", end: End, kept: KindState): Observation {
  const sibling = kept.claims.find((claim) => claim.family === end.family);
  return {
    id: end.id,
    recordId: end.id.replace(/#\d+$/, ""),
    sourceId: sibling?.sourceId ?? "",
    family: end.family,
    addressSpaceId: state.addressSpaceId,
    ip: state.ip,
    kind,
    verb: "end",
    class: "A",
    effectiveAt: end.at,
    receivedAt: end.at,
    lifetimeMs: sibling?.lifetimeMs ?? 60_000,
    principal: end.principal,
    correlator: end.correlator,
    endScope: end.scope,
    rule: end.rule,
  };
}
