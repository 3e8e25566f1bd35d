import {
  type Entry,
  type IpAddress,
  isLive,
  type KeyState,
  type Observation,
  type PrincipalFacts,
  tokensOf,
  tokensOfFacts,
} from "@rollcall/identity-core";
import { storableText } from "../storable-text.ts";
import type { OpenLedger, Sender } from "./apply-items.ts";

/*
 * The rows of the ledger, many at a time. Rows travel as one JSON text each way: one parameter whatever the number of
 * rows, so that the statements are prepared once; measured faster than arrays per column, whose every element would
 * have to be escaped.
 */

export interface KnownObservation {
  readonly bodyHash: string;
}

export interface SessionRow {
  readonly state: KeyState;
  /** Null while nobody was ever known there. */
  readonly entry: Entry | null;
  readonly nextChangeAt: number | null;
}

export interface ChangedSession {
  readonly state: KeyState;
  readonly entry: Entry;
  readonly nextChangeAt: number | null;
  /** Every spelling in the state, and in the state before. */
  readonly tokens: readonly string[];
  readonly formerTokens: readonly string[];
  /** True: it goes into the change feed as well. */
  readonly isChange: boolean;
}

export type ObservedItem = { readonly observation: Observation } | { readonly principal: PrincipalFacts };

const DAY_MS = 86_400_000;

/** Every spelling that decides about this address: of those who claim it, and of those who are said to have left. */
export function tokensOfKey(state: KeyState): Set<string> {
  const tokens = new Set<string>();
  for (const kind of [state.user, state.device]) {
    for (const claim of kind.claims) for (const token of tokensOf(claim.principal)) tokens.add(token);
    for (const end of kind.ends)
      if (end.principal) for (const token of tokensOf(end.principal)) tokens.add(token);
  }
  return tokens;
}

/** What is already known of these observations. Looks a day around their times: one record's times differ by seconds. */
export async function knownObservations(
  { client, tenantId }: OpenLedger,
  observations: readonly Observation[],
): Promise<Map<string, KnownObservation>> {
  const known = new Map<string, KnownObservation>();
  if (observations.length === 0) return known;
  let from = Number.POSITIVE_INFINITY;
  let to = 0;
  for (const { effectiveAt } of observations) {
    from = Math.min(from, effectiveAt);
    to = Math.max(to, effectiveAt);
  }
  const { rows } = await client.query<{ observation_id: string; body_hash: string }>({
    name: "known-observations",
    // One look-up by the whole primary key for each: asked with ANY, the planner reads the whole day.
    text: `SELECT h.observation_id, h.body_hash FROM unnest($2::text[]) AS asked(id)
      CROSS JOIN LATERAL (
        SELECT observation_id, body_hash FROM session_history
        WHERE tenant_id = $1 AND observation_id = asked.id
          AND effective_at BETWEEN to_timestamp($3::float8 / 1000) AND to_timestamp($4::float8 / 1000)
        LIMIT 1
      ) h`,
    values: [tenantId, observations.map(({ id }) => id), from - DAY_MS, to + DAY_MS],
  });
  for (const row of rows) known.set(row.observation_id, { bodyHash: row.body_hash });
  return known;
}

export async function insertHistory(
  { client, tenantId, now }: OpenLedger,
  /** Null: it came from no agent. */
  agentId: string | null,
  fresh: readonly { observation: Observation; hash: string }[],
): Promise<void> {
  if (fresh.length === 0) return;
  const rows = fresh.map(({ observation: o, hash }) => ({
    i: o.id,
    e: o.effectiveAt,
    r: o.receivedAt,
    a: o.addressSpaceId,
    s: o.sourceId,
    p: o.ip,
    k: o.kind,
    v: o.verb,
    c: o.class,
    u: o.principal?.name ?? o.principal?.upn ?? o.principal?.sid ?? null,
    d: o.principal?.domain ?? null,
    h: hash,
    b: o,
  }));
  await client.query({
    name: "insert-history",
    text: `INSERT INTO session_history (tenant_id, observation_id, effective_at, received_at, recorded_at, agent_id,
        address_space_id, source_id, ip, kind, verb, class, user_name, user_domain, body_hash, body)
      SELECT $1, i, to_timestamp(e / 1000), to_timestamp(r / 1000), to_timestamp($3::float8 / 1000), $2,
        a, s, p, k, v, c, u, d, h, b
      FROM json_to_recordset($4::json) AS x(i text, e float8, r float8, a uuid, s text, p text, k text, v text, c text,
        u text, d text, h text, b jsonb)
      ON CONFLICT DO NOTHING`,
    values: [tenantId, agentId, now, JSON.stringify(rows)],
  });
}

interface RawSession {
  readonly state: KeyState;
  readonly entry: Entry;
  readonly next_change_at: number | null;
}

const SESSION = `s.state, s.entry, (extract(epoch FROM s.next_change_at) * 1000)::float8 AS next_change_at`;

function toSession({ state, entry, next_change_at }: RawSession): SessionRow {
  return {
    state,
    entry: entry.revision > 0 ? entry : null,
    nextChangeAt: next_change_at === null ? null : Math.round(next_change_at),
  };
}

export async function loadSessions(
  { client, tenantId }: OpenLedger,
  keys: readonly { addressSpaceId: string; ip: IpAddress }[],
): Promise<SessionRow[]> {
  if (keys.length === 0) return [];
  const { rows } = await client.query<RawSession>({
    name: "load-sessions",
    text: `SELECT ${SESSION} FROM unnest($2::uuid[], $3::text[]) AS k(space, ip)
      JOIN session s ON s.tenant_id = $1 AND s.address_space_id = k.space AND s.ip = k.ip
      ORDER BY s.address_space_id, s.ip FOR UPDATE OF s`,
    values: [tenantId, keys.map((key) => key.addressSpaceId), keys.map((key) => key.ip)],
  });
  return rows.map(toSession);
}

export async function loadSessionsOfTokens(
  { client, tenantId }: OpenLedger,
  tokens: readonly string[],
): Promise<SessionRow[]> {
  const { rows } = await client.query<RawSession>({
    name: "load-sessions-of-tokens",
    text: `SELECT ${SESSION} FROM (
        SELECT DISTINCT a.address_space_id, a.ip FROM unnest($2::text[]) AS t(alias)
        JOIN session_alias a ON a.tenant_id = $1 AND a.alias = t.alias
      ) k JOIN session s ON s.tenant_id = $1 AND s.address_space_id = k.address_space_id AND s.ip = k.ip
      ORDER BY s.address_space_id, s.ip FOR UPDATE OF s`,
    values: [tenantId, tokens],
  });
  return rows.map(toSession);
}

/** Sessions that time alone may have changed by now, those due first at most `limit`. */
export async function loadDueSessions(
  { client, tenantId, now }: OpenLedger,
  limit: number,
): Promise<SessionRow[]> {
  const { rows } = await client.query<RawSession>({
    name: "load-due-sessions",
    text: `SELECT ${SESSION} FROM session s
      WHERE s.tenant_id = $1 AND s.next_change_at <= to_timestamp($2::float8 / 1000)
      ORDER BY s.next_change_at, s.address_space_id, s.ip LIMIT $3 FOR UPDATE`,
    values: [tenantId, now, limit],
  });
  return rows.map(toSession);
}

/** Writes session rows with their spellings, and in the same statement the change feed of those that changed for a firewall. */
export async function saveSessions(ledger: OpenLedger, sessions: readonly ChangedSession[]): Promise<void> {
  if (sessions.length === 0) return;
  const { client, tenantId, now } = ledger;
  const rows = sessions.map(({ state, entry, nextChangeAt, tokens, formerTokens, isChange }) => ({
    a: state.addressSpaceId,
    p: state.ip,
    r: entry.revision,
    s: state,
    e: entry,
    u: entry.user?.name ?? null,
    d: entry.user?.domain ?? null,
    t: [entry.user?.principalKey, entry.device?.principalKey].filter((key) => key !== undefined),
    ...difference(formerTokens, tokens),
    l: isLive(entry),
    b: entry.user?.since ?? entry.device?.since ?? null,
    o: entry.user?.lastSeenAt ?? null,
    x: entry.user?.expiresAt ?? entry.device?.expiresAt ?? null,
    n: nextChangeAt,
    c: isChange,
  }));
  await client.query({
    name: "save-sessions",
    text: `WITH x AS MATERIALIZED (
        SELECT * FROM json_to_recordset($3::json) AS x(a uuid, p text, r bigint, s jsonb, e jsonb, u text, d text, t text[],
          plus text[], minus text[], l boolean, b float8, o float8, x float8, n float8, c boolean)
      ), spelt AS (
        INSERT INTO session_alias (tenant_id, alias, address_space_id, ip) SELECT $1, unnest(plus), a, p FROM x
        ON CONFLICT DO NOTHING
      ), unspelt AS (
        DELETE FROM session_alias s USING (SELECT unnest(minus) AS alias, a, p FROM x) m
        WHERE s.tenant_id = $1 AND s.alias = m.alias AND s.address_space_id = m.a AND s.ip = m.p
      ), fed AS (
        INSERT INTO change_feed (tenant_id, revision, address_space_id, ip, entry, at)
        SELECT $1, r, a, p, e, to_timestamp($2::float8 / 1000) FROM x WHERE c
      )
      INSERT INTO session AS kept (tenant_id, address_space_id, ip, revision, state, entry, user_name, user_domain,
        principal_keys, is_live, since, last_seen_at, expires_at, next_change_at, updated_at)
      SELECT $1, a, p, r, s, e, u, d, t, l, to_timestamp(b / 1000), to_timestamp(o / 1000), to_timestamp(x / 1000),
        to_timestamp(n / 1000), to_timestamp($2::float8 / 1000)
      FROM x
      ON CONFLICT (tenant_id, address_space_id, ip) DO UPDATE SET
        revision = excluded.revision, state = excluded.state, entry = excluded.entry, user_name = excluded.user_name,
        user_domain = excluded.user_domain, principal_keys = excluded.principal_keys, is_live = excluded.is_live,
        since = excluded.since, last_seen_at = excluded.last_seen_at, expires_at = excluded.expires_at,
        next_change_at = excluded.next_change_at, updated_at = excluded.updated_at`,
    values: [tenantId, now, JSON.stringify(rows)],
  });
}

/** Facts of everybody who may be meant by one of these spellings (in lower case). */
export async function loadFactsByToken(
  { client, tenantId }: OpenLedger,
  tokens: readonly string[],
): Promise<PrincipalFacts[]> {
  if (tokens.length === 0) return [];
  const { rows } = await client.query<{ facts: PrincipalFacts }>({
    name: "load-facts",
    text: `SELECT p.facts FROM (
        SELECT DISTINCT a.key FROM unnest($2::text[]) AS t(alias)
        JOIN principal_alias a ON a.tenant_id = $1 AND a.alias = t.alias
      ) k JOIN principal_fact p ON p.tenant_id = $1 AND p.key = k.key`,
    values: [tenantId, tokens],
  });
  return rows.map((row) => row.facts);
}

export interface ChangedFacts {
  readonly facts: PrincipalFacts;
  readonly before: PrincipalFacts | null;
}

export async function saveFacts(
  { client, tenantId, now }: OpenLedger,
  changed: readonly ChangedFacts[],
): Promise<void> {
  if (changed.length === 0) return;
  const rows = changed.map(({ facts, before }) => {
    const aliases = tokensOfFacts(facts);
    const former = before ? tokensOfFacts(before) : [];
    return { k: facts.key, s: facts.asOf, f: facts, a: aliases, ...difference(former, aliases) };
  });
  await client.query({
    name: "save-facts",
    text: `WITH x AS MATERIALIZED (
        SELECT * FROM json_to_recordset($3::json) AS x(k text, s float8, f jsonb, a text[], plus text[], minus text[])
      ), learnt AS (
        INSERT INTO principal_alias (tenant_id, alias, key) SELECT $1, unnest(plus), k FROM x ON CONFLICT DO NOTHING
      ), forgotten AS (
        DELETE FROM principal_alias p USING (SELECT unnest(minus) AS alias, k FROM x) m
        WHERE p.tenant_id = $1 AND p.alias = m.alias AND p.key = m.k
      )
      INSERT INTO principal_fact (tenant_id, key, as_of, facts, aliases, updated_at)
      SELECT $1, k, to_timestamp(s / 1000), f, a, to_timestamp($2::float8 / 1000) FROM x
      ON CONFLICT (tenant_id, key) DO UPDATE SET
        as_of = excluded.as_of, facts = excluded.facts, aliases = excluded.aliases, updated_at = excluded.updated_at`,
    values: [tenantId, now, JSON.stringify(rows)],
  });
}

/** What must be added to `before`, and what taken away, to have `after`. */
function difference(before: readonly string[], after: readonly string[]) {
  const had = new Set(before);
  const has = new Set(after);
  return { plus: after.filter((one) => !had.has(one)), minus: before.filter((one) => !has.has(one)) };
}

/** In the order given: positions grow in the order of commits, because the customer row is locked. */
export async function insertObserved(
  { client, tenantId, now }: OpenLedger,
  /** Null: it came from no agent. */
  agentId: string | null,
  items: readonly ObservedItem[],
): Promise<void> {
  if (items.length === 0) return;
  await client.query({
    name: "insert-observed",
    text: `INSERT INTO observation_feed (tenant_id, agent_id, item, at)
      SELECT $1, $2, item, to_timestamp($3::float8 / 1000)
      FROM json_array_elements($4::json) WITH ORDINALITY AS x(item, n) ORDER BY n`,
    values: [tenantId, agentId, now, JSON.stringify(items)],
  });
}

export async function insertDeadLetters(
  { client, tenantId, now }: OpenLedger,
  { agentId, epoch }: Sender,
  letters: readonly { seq: number; reason: string; item: string }[],
): Promise<void> {
  if (letters.length === 0) return;
  await client.query({
    name: "insert-dead-letters",
    text: `INSERT INTO dead_letter (tenant_id, agent_id, epoch, seq, reason, item, at)
      SELECT $1, $2, $3, s, r, i::jsonb, to_timestamp($4::float8 / 1000)
      FROM unnest($5::bigint[], $6::text[], $7::text[]) AS x(s, r, i) ON CONFLICT DO NOTHING`,
    values: [
      tenantId,
      agentId,
      epoch,
      now,
      letters.map((letter) => letter.seq),
      letters.map((letter) => storableText(letter.reason.slice(0, 500))),
      letters.map((letter) => letter.item),
    ],
  });
}
