import { createHmac, randomBytes } from "node:crypto";
import type { TransactionClient } from "../generated/prisma/internal/prismaNamespace.ts";
import { storableText } from "../storable-text.ts";
import { canonicalJson } from "./canonical-json.ts";

export interface AuditActor {
  readonly kind: "user" | "agent" | "firewall" | "system";
  readonly id: string | null;
  readonly name: string;
  /** True: somebody of the managed service provider, not of the customer. */
  readonly viaProvider?: boolean;
}

/** What happened, by whom, to what. `detail` holds personal data and may be erased later; secrets never go in. */
export interface AuditInput {
  readonly actor: AuditActor;
  /** Dotted, object first: "directory.add". */
  readonly action: string;
  readonly object: { readonly kind: string; readonly id: string; readonly name: string };
  readonly result: "done" | "refused" | "failed";
  readonly sourceIp?: string | null;
  readonly requestId?: string | null;
  readonly detail?: AuditDetail;
}

export interface AuditDetail {
  readonly before?: Readonly<Record<string, unknown>> | null;
  readonly after?: Readonly<Record<string, unknown>> | null;
  readonly reason?: string | null;
}

/** Postgres holds neither NUL nor half a surrogate pair; a caller's text must not stop the action being written down. */
function clean(text: string, max = 500): string {
  return storableText(text.slice(0, max));
}

function cleanTree(value: unknown): unknown {
  if (typeof value === "string") return clean(value, 20_000);
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(cleanTree);
  if (value !== null && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [clean(key), cleanTree(member)]));
  return value;
}

/** The statement that puts one entry at the end of a tenant's chain: for connections that Prisma does not hold. */
export function auditStatement(
  tenantId: string,
  { entry, node, at }: { readonly entry: AuditInput; readonly node: string; readonly at: number },
): { readonly text: string; readonly values: unknown[] } {
  const salt = randomBytes(16).toString("base64url");
  const detail = JSON.stringify(cleanTree(entry.detail ?? {}));
  const commit = createHmac("sha256", salt)
    .update(canonicalJson(JSON.parse(detail)))
    .digest("hex");
  const { actor, object } = entry;
  const orNull = (text: string | null | undefined) =>
    text === null || text === undefined ? null : clean(text);
  return {
    text: `WITH entry AS (
      INSERT INTO audit_entry (tenant_id, n, at, actor_kind, actor_id, actor_name, via_provider, source_ip, node,
        action, object_kind, object_id, object_name, result, request_id, detail_commit, prev_hash, hash)
      VALUES ($1::uuid, 0, to_timestamp($2::float8 / 1000), $3::text, $4::text, $5::text, $6::boolean, $7::text, $8::text,
        $9::text, $10::text, $11::text, $12::text, $13::text, $14::text, $15::text, '', '')
      RETURNING tenant_id, n
    )
    INSERT INTO audit_detail (tenant_id, n, salt, detail) SELECT tenant_id, n, $16::text, $17::jsonb FROM entry`,
    values: [
      tenantId,
      at,
      actor.kind,
      orNull(actor.id),
      clean(actor.name),
      actor.viaProvider ?? false,
      orNull(entry.sourceIp),
      clean(node),
      clean(entry.action),
      clean(object.kind),
      clean(object.id),
      clean(object.name),
      entry.result,
      orNull(entry.requestId),
      commit,
      salt,
      detail,
    ],
  };
}

/**
 * Puts one entry at the end of the tenant's chain, within the caller's transaction.
 *
 * Shape:  the table gives number, previous hash and hash by itself (trigger `chain`) and holds the chain until the
 *         transaction ends. The detail stands in a row of its own, bound by HMAC-SHA-256(salt, canonical JSON).
 * Units:  `at` is epoch ms.
 * Errors: thrown, so that the action fails with its audit entry.
 * Source: tools/audit-verify/README.md, "The format".
 */
export async function writeAudit(
  tx: TransactionClient,
  tenantId: string,
  audit: { readonly entry: AuditInput; readonly node: string; readonly at: number },
): Promise<void> {
  const { text, values } = auditStatement(tenantId, audit);
  await tx.$executeRawUnsafe(text, ...values);
}
