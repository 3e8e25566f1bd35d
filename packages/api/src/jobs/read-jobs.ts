import type { TenantHandle } from "@rollcall/db";
import type { z } from "zod";
import type { TenantContext } from "../context.ts";
import type { Permission } from "../permissions.ts";
import { type JobView, type jobList, jobView } from "./jobs.schema.ts";

/** Rows without the result, which may be large. */
const columns = {
  id: true,
  kind: true,
  state: true,
  progress: true,
  total: true,
  message: true,
  resultName: true,
  createdAt: true,
  finishedAt: true,
  expiresAt: true,
} as const;

type Row = NonNullable<Awaited<ReturnType<typeof findJob>>>;

export async function listJobs(ctx: TenantContext): Promise<z.infer<typeof jobList>> {
  const rows = await ctx.run(({ tx, tenantId }) =>
    tx.job.findMany({ where: { tenantId }, select: columns, orderBy: { createdAt: "desc" }, take: 100 }),
  );
  return { items: rows.map(viewOf) };
}

export async function readJob(ctx: TenantContext, id: string): Promise<JobView | null> {
  const row = await ctx.run(({ tx, tenantId }) => findJob(tx, tenantId, id));
  return row === null ? null : viewOf(row);
}

function findJob(tx: TenantHandle["tx"], tenantId: string, id: string) {
  return tx.job.findUnique({ where: { tenantId_id: { tenantId, id } }, select: columns });
}

function viewOf(row: Row): JobView {
  return { ...row, state: jobView.shape.state.parse(row.state) };
}

export type JobFileOutcome =
  | { readonly kind: "file"; readonly name: string; readonly type: string; readonly bytes: Uint8Array }
  | { readonly kind: "not-found" }
  | { readonly kind: "not-ready" };

/** What the result of a job needs beside `job:read`: it holds what that permission guards. */
const RESULT_PERMISSIONS: Readonly<Record<string, Permission>> = { "audit-export": "audit:export" };

/** The file that a job made, until it expires. */
export async function readJobFile(ctx: TenantContext, id: string): Promise<JobFileOutcome> {
  const row = await ctx.run(({ tx, tenantId }) =>
    tx.job.findUnique({ where: { tenantId_id: { tenantId, id } } }),
  );
  const needed = row === null ? undefined : RESULT_PERMISSIONS[row.kind];
  if (row === null || needed === undefined || !ctx.permissions.has(needed)) return { kind: "not-found" };
  if (row.state !== "done" || row.result === null || row.resultName === null) return { kind: "not-ready" };
  if (row.expiresAt !== null && row.expiresAt.getTime() <= ctx.services.now()) return { kind: "not-found" };
  return {
    kind: "file",
    name: row.resultName,
    type: row.resultType ?? "application/octet-stream",
    bytes: row.result,
  };
}
