import type pg from "pg";
import { inTenant } from "../tenant-connection.ts";

/** One line of an audit export. Names and order as tools/audit-verify reads them; `detail` null: erased. */
export interface ExportedAuditEntry {
  readonly tenantId: string;
  readonly n: number;
  /** Epoch ms. */
  readonly at: number;
  readonly actorKind: string;
  readonly actorId: string | null;
  readonly actorName: string;
  readonly viaProvider: boolean;
  readonly sourceIp: string | null;
  readonly node: string;
  readonly action: string;
  readonly objectKind: string;
  readonly objectId: string;
  readonly objectName: string;
  readonly result: string;
  readonly requestId: string | null;
  readonly detailCommit: string;
  readonly prevHash: string;
  readonly hash: string;
  readonly salt: string | null;
  readonly detail: unknown;
}

export interface AuditHead {
  readonly n: number;
  readonly hash: string;
}

export interface AuditReader {
  /** The newest entry's number and hash: the anchor to keep elsewhere. Null for an empty chain. */
  head(tenantId: string): Promise<AuditHead | null>;
  /** Entries with number > `after`, oldest first, at most `limit`. */
  page(tenantId: string, after: number, limit: number): Promise<ExportedAuditEntry[]>;
  /** Numbers of the first and last entry within a time (epoch ms, both inclusive); null when there is none. */
  range(
    tenantId: string,
    from: number | null,
    to: number | null,
  ): Promise<{ first: number; last: number } | null>;
}

export function createAuditReader(pool: pg.Pool): AuditReader {
  return {
    head: (tenantId) =>
      inTenant(pool, tenantId, async (client) => {
        const { rows } = await client.query<{ n: string; hash: string }>(
          "SELECT n, hash FROM audit_entry WHERE tenant_id = $1 ORDER BY n DESC LIMIT 1",
          [tenantId],
        );
        const row = rows[0];
        return row ? { n: Number(row.n), hash: row.hash } : null;
      }),

    page: (tenantId, after, limit) =>
      inTenant(pool, tenantId, async (client) => {
        const { rows } = await client.query<ExportedAuditEntry>(
          `SELECT e.tenant_id AS "tenantId", e.n::float8 AS n,
             floor(extract(epoch FROM e.at) * 1000)::float8 AS at,
             e.actor_kind AS "actorKind", e.actor_id AS "actorId", e.actor_name AS "actorName",
             e.via_provider AS "viaProvider", e.source_ip AS "sourceIp", e.node, e.action,
             e.object_kind AS "objectKind", e.object_id AS "objectId", e.object_name AS "objectName", e.result,
             e.request_id AS "requestId", e.detail_commit AS "detailCommit", e.prev_hash AS "prevHash", e.hash,
             d.salt, d.detail
           FROM audit_entry e LEFT JOIN audit_detail d ON d.tenant_id = e.tenant_id AND d.n = e.n
           WHERE e.tenant_id = $1 AND e.n > $2 ORDER BY e.n LIMIT $3`,
          [tenantId, after, limit],
        );
        return rows;
      }),

    range: (tenantId, from, to) =>
      inTenant(pool, tenantId, async (client) => {
        const { rows } = await client.query<{ first: string | null; last: string | null }>(
          `SELECT min(n) AS first, max(n) AS last FROM audit_entry WHERE tenant_id = $1
             AND ($2::float8 IS NULL OR at >= to_timestamp($2::float8 / 1000))
             AND ($3::float8 IS NULL OR at <= to_timestamp($3::float8 / 1000))`,
          [tenantId, from, to],
        );
        const row = rows[0];
        return row?.first && row.last ? { first: Number(row.first), last: Number(row.last) } : null;
      }),
  };
}
