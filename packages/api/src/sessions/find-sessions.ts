import type { TenantHandle } from "@rollcall/db";
import type { Entry } from "@rollcall/identity-core";
import type { SessionCursor, SessionQuery } from "./session-query.ts";
import { storedEntry } from "./stored-entry.ts";

export interface FoundSession {
  readonly entry: Entry;
  readonly cursor: SessionCursor;
}

export interface FoundSessions {
  readonly page: FoundSession[];
  /** Of all pages together. */
  readonly total: number;
}

interface Place {
  readonly tx: TenantHandle["tx"];
  readonly tenantId: string;
  readonly now: Date;
}

interface Row {
  readonly total: bigint;
  readonly entry: unknown;
  readonly ip: string | null;
  readonly space: string | null;
  readonly sort: number | null;
}

/**
 * Sessions that a query means, newest first: by the time since when somebody is there, else of the last change.
 *
 * Shape:  at most `limit`, after `cursor`. The keys of all that match are sorted and counted; only a page's entries are
 *         read. One row comes back even for an empty page: it carries the total.
 */
export async function findSessions(
  { tx, tenantId, now }: Place,
  query: SessionQuery,
  { limit, cursor }: { readonly limit: number; readonly cursor: SessionCursor | null },
): Promise<FoundSessions> {
  const { ip, range, ipHead, user, group, text, liveOnly } = query;
  const rows = await tx.$queryRaw<Row[]>`
    WITH found AS MATERIALIZED (
      SELECT address_space_id, ip,
        floor(extract(epoch FROM coalesce(since, to_timestamp((entry ->> 'changedAt')::float8 / 1000))) * 1000)::float8
          AS sort
      FROM session
      WHERE tenant_id = ${tenantId}::uuid
        AND (NOT ${liveOnly}::boolean OR (is_live AND (expires_at IS NULL OR expires_at > ${now}::timestamptz)))
        AND (${ip}::text IS NULL OR ip = ${ip}::text)
        AND (${range?.first ?? null}::text IS NULL
          OR ip::inet BETWEEN ${range?.first ?? null}::inet AND ${range?.last ?? null}::inet)
        AND (${ipHead}::text IS NULL OR ip LIKE ${ipHead}::text)
        AND (${user}::text IS NULL OR user_name ILIKE ${user}::text
          OR entry -> 'user' ->> 'upn' ILIKE ${user}::text OR entry -> 'user' ->> 'displayName' ILIKE ${user}::text)
        AND (${group}::text IS NULL OR EXISTS (
          SELECT 1 FROM jsonb_array_elements_text(entry -> 'user' -> 'groups') AS name
          WHERE jsonb_typeof(entry -> 'user') = 'object' AND name ILIKE ${group}::text))
        AND (${text}::text IS NULL OR user_name ILIKE ${text}::text OR user_domain ILIKE ${text}::text
          OR entry -> 'user' ->> 'upn' ILIKE ${text}::text OR entry -> 'user' ->> 'displayName' ILIKE ${text}::text
          OR entry -> 'device' ->> 'name' ILIKE ${text}::text
          OR entry -> 'lastUser' ->> 'name' ILIKE ${text}::text
          OR entry -> 'user' ->> 'groups' ILIKE ${text}::text)
    ), page AS (
      SELECT address_space_id, ip, sort FROM found
      WHERE ${cursor?.sortMs ?? null}::float8 IS NULL
        OR (-sort, ip, address_space_id)
          > (-${cursor?.sortMs ?? null}::float8, ${cursor?.ip ?? null}::text, ${cursor?.space ?? null}::uuid)
      ORDER BY -sort, ip, address_space_id
      LIMIT ${limit}
    )
    SELECT counted.total, session.entry, page.ip, page.address_space_id::text AS space, page.sort
    FROM (SELECT count(*) AS total FROM found) AS counted
    LEFT JOIN page ON true
    LEFT JOIN session ON session.tenant_id = ${tenantId}::uuid
      AND session.address_space_id = page.address_space_id AND session.ip = page.ip
    ORDER BY -page.sort, page.ip, page.address_space_id`;
  return {
    page: rows.flatMap(({ entry, ip: address, space, sort }) =>
      address === null || space === null || sort === null
        ? []
        : [{ entry: storedEntry(entry), cursor: { sortMs: sort, ip: address, space } }],
    ),
    total: Number(rows[0]?.total ?? 0n),
  };
}
