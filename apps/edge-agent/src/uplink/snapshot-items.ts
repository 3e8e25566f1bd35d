import {
  type Claim,
  type End,
  isKeptBySlot,
  type KeyState,
  type Observation,
  type SessionTable,
} from "@rollcall/identity-core";

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
    ...state[kind].claims.flatMap((claim) => [
      claimed(state, kind, claim),
      ...(kind === "user" && isKeptBySlot(claim) && claim.firstAt < claim.at
        ? [oldestOfSlot(claimed(state, kind, claim), claim.firstAt)]
        : []),
    ]),
    ...state[kind].ends.map((end) => ended(state, kind, end)),
  ]);
}

/** The newest observation of a claim stands for those before it: they are in the cloud's history already. */
function claimed(state: KeyState, kind: "user" | "device", claim: Claim): Observation {
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
  return newest;
}

/**
 * Of tickets and reads the oldest time in a slot decides as well as the newest (the session law, "Corroboration"). Its own
 * identity is gone; what stands for it has one made of the newest's, the same each time.
 */
function oldestOfSlot(newest: Observation, at: number): Observation {
  const recordId = `${newest.recordId}|oldest`;
  return {
    ...newest,
    id: `${recordId}#0`,
    recordId,
    effectiveAt: at,
    receivedAt: Math.max(at, newest.receivedAt),
  };
}

function ended(state: KeyState, kind: "user" | "device", end: End): Observation {
  return {
    id: end.id,
    recordId: end.id.replace(/#\d+$/, ""),
    sourceId: end.sourceId,
    family: end.family,
    addressSpaceId: state.addressSpaceId,
    ip: state.ip,
    kind,
    verb: "end",
    class: "A",
    effectiveAt: end.at,
    receivedAt: end.at,
    lifetimeMs: 60_000,
    principal: end.principal,
    correlator: end.correlator,
    endScope: end.scope,
    rule: end.rule,
  };
}
