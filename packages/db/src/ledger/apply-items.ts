import {
  type Arbitration,
  applyObservation,
  type Corroboration,
  composeEntry,
  type Entry,
  emptyKeyState,
  evaluateKey,
  groupsByRecord,
  type IpAddress,
  isLive,
  type KeyState,
  type Observation,
  PrincipalDirectory,
  type PrincipalFacts,
  sameEntry,
  tokensOfFacts,
} from "@rollcall/identity-core";
import type pg from "pg";
import { bodyHash, faultOf, letterOf } from "./check-item.ts";
import {
  type ChangedFacts,
  type ChangedSession,
  insertDeadLetters,
  insertHistory,
  insertObserved,
  type KnownObservation,
  knownObservations,
  loadFactsByToken,
  loadSessions,
  loadSessionsOfTokens,
  type ObservedItem,
  type SessionRow,
  saveFacts,
  saveSessions,
  tokensOfKey,
} from "./ledger-rows.ts";
import type { LedgerItem } from "./ledger-types.ts";

/** One tenant's ledger while its customer row is locked: nobody else changes it until the transaction ends. */
export interface OpenLedger {
  readonly client: pg.PoolClient;
  readonly tenantId: string;
  readonly now: number;
  readonly arbitration: Arbitration;
  readonly corroboration: Corroboration;
  /** Sources that cannot be heard. */
  readonly dark: ReadonlySet<string>;
  readonly addressSpaceIds: ReadonlySet<string>;
  /** The feed's newest revision. Grows as changes are written. */
  revision: number;
}

export interface Sender {
  readonly agentId: string;
  readonly epoch: number;
}

export interface Applied {
  readonly deadLetters: number;
  readonly changed: boolean;
  readonly observed: boolean;
}

interface Fresh {
  readonly observation: Observation;
  readonly hash: string;
}

/**
 * Takes items into the ledger: history, facts, key states, entries, change feed and observation feed together.
 *
 * Shape:  an item that cannot be taken becomes a dead letter with its reason. A repeat of a known observation has no
 *         effect; the same identity with another content is a dead letter.
 * Errors: what the database says; the caller rolls back and tries fewer items at once.
 */
export async function applyItems(
  ledger: OpenLedger,
  sender: Sender,
  items: readonly LedgerItem[],
): Promise<Applied> {
  const letters: { item: LedgerItem; reason: string }[] = [];
  const claimed: { item: LedgerItem; observation: Observation }[] = [];
  const facts: PrincipalFacts[] = [];
  for (const item of items) {
    const reason = faultOf(item, ledger.addressSpaceIds);
    if (reason !== null) letters.push({ item, reason });
    else if (item.kind === "observation") claimed.push({ item, observation: item.observation });
    else if (item.kind === "principal") facts.push(item.facts);
  }
  const { fresh, conflicts } = await sortOut(ledger, claimed);
  letters.push(...conflicts);
  await insertDeadLetters(
    ledger,
    sender,
    letters.map(({ item, reason }) => ({ seq: item.seq, reason, item: letterOf(item) })),
  );
  await insertHistory(ledger, sender.agentId, fresh);
  const outcome = await applyToTable(
    ledger,
    fresh.map(({ observation }) => observation),
    facts,
  );
  const observed: ObservedItem[] = [
    ...outcome.news.map((principal) => ({ principal })),
    ...fresh.map(({ observation }) => ({ observation })),
  ];
  await insertObserved(ledger, sender.agentId, observed);
  return { deadLetters: letters.length, changed: outcome.changed, observed: observed.length > 0 };
}

/**
 * Takes what reached the cloud by itself (a firewall that reports a person) into the ledger, like what agents send.
 *
 * Errors: what cannot be taken is `refused` with its reason, and nothing happened. A repeat changes nothing.
 */
export async function applyOwn(
  ledger: OpenLedger,
  observations: readonly Observation[],
): Promise<{ readonly refused: string | null; readonly changed: boolean; readonly observed: boolean }> {
  const claimed = observations.map((observation) => {
    const item: LedgerItem = { seq: 0, kind: "observation", observation };
    return { item, observation };
  });
  const nothing = { changed: false, observed: false };
  for (const { item } of claimed) {
    const refused = faultOf(item, ledger.addressSpaceIds);
    if (refused !== null) return { refused, ...nothing };
  }
  const { fresh, conflicts } = await sortOut(ledger, claimed);
  const [conflict] = conflicts;
  if (conflict !== undefined) return { refused: conflict.reason, ...nothing };
  await insertHistory(ledger, null, fresh);
  const taken = fresh.map(({ observation }) => observation);
  const { changed } = await applyToTable(ledger, taken, []);
  await insertObserved(
    ledger,
    null,
    taken.map((observation) => ({ observation })),
  );
  return { refused: null, changed, observed: taken.length > 0 };
}

/** Repeats out, contradictions to the dead letters, also within one batch. */
async function sortOut(
  ledger: OpenLedger,
  claimed: readonly { item: LedgerItem; observation: Observation }[],
) {
  const known: Map<string, KnownObservation> = await knownObservations(
    ledger,
    claimed.map(({ observation }) => observation),
  );
  const fresh: Fresh[] = [];
  const conflicts: { item: LedgerItem; reason: string }[] = [];
  for (const { item, observation } of claimed) {
    const hash = bodyHash(observation);
    const before = known.get(observation.id);
    if (before === undefined) {
      known.set(observation.id, { bodyHash: hash });
      fresh.push({ observation, hash });
    } else if (before.bodyHash !== hash)
      conflicts.push({ item, reason: `id: observation ${observation.id} is known with another content` });
  }
  return { fresh, conflicts };
}

/** The facts in one order of fields, so that what comes out of the database compares equal to what went in. */
function inOrder(facts: PrincipalFacts): PrincipalFacts {
  return {
    key: facts.key,
    kind: facts.kind,
    directoryId: facts.directoryId,
    asOf: facts.asOf,
    aliases: [...facts.aliases],
    domain: facts.domain,
    ...(facts.netbiosDomain === undefined ? {} : { netbiosDomain: facts.netbiosDomain }),
    name: facts.name,
    ...(facts.upn === undefined ? {} : { upn: facts.upn }),
    ...(facts.displayName === undefined ? {} : { displayName: facts.displayName }),
    groups: [...facts.groups],
    ...(facts.device === undefined ? {} : { device: facts.device }),
    ...(facts.hostMarkId === undefined ? {} : { hostMarkId: facts.hostMarkId }),
    enabled: facts.enabled,
  };
}

interface Touched {
  state: KeyState;
  readonly row: SessionRow | null;
  stateChanged: boolean;
}

/**
 * Applies observations and facts to the addresses they touch and writes what changed.
 *
 * Shape: with neither, re-evaluates `due`: what time alone may have changed.
 */
export async function applyToTable(
  ledger: OpenLedger,
  observations: readonly Observation[],
  facts: readonly PrincipalFacts[],
  due: readonly SessionRow[] = [],
): Promise<{ readonly changed: boolean; readonly news: PrincipalFacts[] }> {
  const keyOf = (addressSpaceId: string, ip: string) => `${addressSpaceId}|${ip}`;
  const touched = new Map<string, Touched>();
  const touch = (row: SessionRow) =>
    touched.set(keyOf(row.state.addressSpaceId, row.state.ip), {
      state: row.state,
      row,
      stateChanged: false,
    });
  for (const row of due) touch(row);

  const wanted = new Map<string, { addressSpaceId: string; ip: IpAddress }>();
  for (const { addressSpaceId, ip } of observations)
    wanted.set(keyOf(addressSpaceId, ip), { addressSpaceId, ip });
  for (const row of await loadSessions(ledger, [...wanted.values()])) touch(row);
  for (const observation of observations) {
    const key = keyOf(observation.addressSpaceId, observation.ip);
    const known = touched.get(key) ?? {
      state: emptyKeyState(observation.addressSpaceId, observation.ip),
      row: null,
      stateChanged: false,
    };
    const state = applyObservation(known.state, observation);
    if (state !== known.state) touched.set(key, { ...known, state, stateChanged: true });
  }

  const learnt = await learnFacts(ledger, facts);
  if (learnt.tokens.size > 0)
    for (const row of await loadSessionsOfTokens(ledger, [...learnt.tokens]))
      if (!touched.has(keyOf(row.state.addressSpaceId, row.state.ip))) touch(row);

  const tokens = new Map<string, Set<string>>();
  const allTokens = new Set<string>();
  for (const [key, { state }] of touched) {
    const own = tokensOfKey(state);
    tokens.set(key, own);
    for (const token of own) allTokens.add(token);
  }
  const principals = new PrincipalDirectory();
  for (const known of await loadFactsByToken(ledger, [...allTokens])) principals.upsert(known);

  const saved: ChangedSession[] = [];
  const changes: Entry[] = [];
  for (const group of changedTogether(observations, touched, keyOf)) {
    // What one record changed has one revision: a firewall is told of it at once.
    const revision = ledger.revision + 1;
    for (const key of group) {
      const one = touched.get(key);
      if (one === undefined) continue;
      const { state, row, stateChanged } = one;
      const evaluation = evaluateKey(state, principals, ledger.now, {
        arbitration: ledger.arbitration,
        corroboration: ledger.corroboration,
      });
      const previous = row?.entry ?? null;
      const next = composeEntry(state, evaluation, principals, previous, revision, ledger.now);
      const isNews = previous ? !sameEntry(previous, next, ledger.dark) : isLive(next);
      // Revision 0: nobody was ever known there, so there is nothing to tell; the state is kept all the same.
      const entry: Entry = isNews
        ? next
        : { ...next, revision: previous?.revision ?? 0, changedAt: previous?.changedAt ?? ledger.now };
      if (isNews) changes.push(entry);
      const nextChangeAt = evaluation.nextChangeAt;
      const isStill = row !== null && row.nextChangeAt === nextChangeAt && isSameStay(previous, entry);
      if (!isNews && !stateChanged && isStill) continue;
      const spelt = [...(tokens.get(key) ?? [])];
      const formerTokens = row === null ? [] : stateChanged ? [...tokensOfKey(row.state)] : spelt;
      saved.push({ state, entry, nextChangeAt, tokens: spelt, formerTokens, isChange: isNews });
    }
    if (changes.at(-1)?.revision === revision) ledger.revision = revision;
  }
  await saveSessions(ledger, saved);
  return { changed: changes.length > 0, news: learnt.news };
}

/** The keys of `touched`, those together that observations of one record changed. */
function changedTogether(
  observations: readonly Observation[],
  touched: ReadonlyMap<string, Touched>,
  keyOf: (addressSpaceId: string, ip: string) => string,
): string[][] {
  const keys = [...touched.keys()];
  const numbers = new Map(keys.map((key, at) => [key, at]));
  const rows = observations.map(({ addressSpaceId, ip }) => numbers.get(keyOf(addressSpaceId, ip)) ?? -1);
  const isChanged = (row: number): boolean => touched.get(keys[row] ?? "")?.stateChanged ?? false;
  const groups = groupsByRecord(observations, rows, isChanged).map((group) =>
    group.map((row) => keys[row] ?? ""),
  );
  const grouped = new Set(groups.flat());
  return [...groups, ...keys.flatMap((key) => (grouped.has(key) ? [] : [[key]]))];
}

function isSameStay(before: Entry | null, after: Entry): boolean {
  return (
    before !== null &&
    before.user?.expiresAt === after.user?.expiresAt &&
    before.user?.lastSeenAt === after.user?.lastSeenAt &&
    before.device?.expiresAt === after.device?.expiresAt
  );
}

/** Keeps the newest facts of each principal; gives what was new and every spelling, old and new, that it concerns. */
async function learnFacts(ledger: OpenLedger, facts: readonly PrincipalFacts[]) {
  const tokens = new Set<string>();
  if (facts.length === 0) return { news: [], tokens };
  const known = new Map<string, PrincipalFacts>();
  const directory = new PrincipalDirectory();
  const keys = [...new Set(facts.map((one) => one.key.toLowerCase()))];
  for (const stored of (await loadFactsByToken(ledger, keys)).map(inOrder)) {
    known.set(stored.key, stored);
    directory.upsert(stored);
  }
  const changed = new Map<string, ChangedFacts>();
  for (const one of facts.map(inOrder)) {
    const former = directory.factsOf(one.key);
    const taken = directory.take(one);
    if (taken === "older") continue;
    // Newer but equal facts are kept too: their time decides about a later report.
    changed.set(one.key, { facts: one, before: known.get(one.key) ?? null });
    if (taken === "same") continue;
    for (const token of [...tokensOfFacts(one), ...(former ? tokensOfFacts(former) : [])]) tokens.add(token);
  }
  await saveFacts(ledger, [...changed.values()]);
  return { news: [...changed.values()].map((one) => one.facts), tokens };
}
