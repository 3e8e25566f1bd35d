import type { ExportedAuditEntry } from "@rollcall/db";
import type { JobPayload } from "@rollcall/queue";
import { auditCsvHeader, auditCsvLine } from "./audit-csv.ts";
import type { JobDeps } from "./job-deps.ts";

const PAGE = 1000;
const KEPT_MS = 7 * 24 * 3_600_000;
/** The result stands in one row: larger exports are made in parts. */
const MAX_BYTES = 128 * 1024 * 1024;
const WRITE_TIMEOUT_MS = 120_000;

/** The export is larger than one row may be; trying again would end the same. */
class ExportTooLargeError extends Error {
  readonly code = "export-too-large";
}

/**
 * Writes a tenant's audit chain, or a part of it, into the row of its job.
 *
 * Shape:  JSON lines that tools/audit-verify checks, or CSV for a spreadsheet. The whole export is of one instant: it ends
 *         with the newest entry at its start. The job's message names the last entry's hash, to be kept elsewhere.
 *         Running twice writes the same row twice; a finished or removed job is left alone.
 */
export async function exportAudit(
  deps: JobDeps,
  payload: JobPayload<"audit-export">,
  context: { readonly signal: AbortSignal; readonly isLastAttempt: boolean },
): Promise<void> {
  const { tenantId, jobId } = payload;
  if (!(await begin(deps, tenantId, jobId))) return;
  deps.bell.ring(`portal:${tenantId}`);
  try {
    await write(deps, payload, context.signal);
  } catch (error) {
    const isFinal = context.isLastAttempt || error instanceof ExportTooLargeError;
    await deps.database.withTenant(tenantId, ({ tx }) =>
      tx.job.updateMany({
        where: { tenantId, id: jobId },
        data: isFinal
          ? {
              state: "failed",
              finishedAt: new Date(deps.now()),
              message:
                error instanceof ExportTooLargeError
                  ? error.message
                  : "The export could not be written. Start it again; if that fails too, the operator's log says why.",
            }
          : { state: "queued", progress: 0 },
      }),
    );
    deps.bell.ring(`portal:${tenantId}`);
    if (error instanceof ExportTooLargeError) return;
    throw error;
  }
  deps.bell.ring(`portal:${tenantId}`);
}

async function begin(deps: JobDeps, tenantId: string, jobId: string): Promise<boolean> {
  const { count } = await deps.database.withTenant(tenantId, ({ tx }) =>
    tx.job.updateMany({
      where: { tenantId, id: jobId, state: { in: ["queued", "running"] } },
      data: { state: "running", progress: 0, message: null },
    }),
  );
  return count > 0;
}

async function write(deps: JobDeps, payload: JobPayload<"audit-export">, signal: AbortSignal): Promise<void> {
  const { database } = deps;
  const { tenantId, jobId, format } = payload;
  const slug = await database.withTenant(
    tenantId,
    async ({ tx }) =>
      (await tx.customer.findUniqueOrThrow({ where: { id: tenantId }, select: { slug: true } })).slug,
  );
  const range = await database.auditReader.range(tenantId, payload.from, payload.to);
  const total = range ? range.last - range.first + 1 : 0;
  const chunks: Buffer[] = [];
  let bytes = 0;
  const put = (text: string) => {
    const chunk = Buffer.from(text);
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_BYTES)
      throw new ExportTooLargeError(
        `The export is larger than ${MAX_BYTES / 1024 / 1024} MB: choose a shorter time and export in parts.`,
      );
  };
  if (format === "csv") put(auditCsvHeader);
  let last: ExportedAuditEntry | null = null;
  let written = 0;
  while (range && written < total) {
    signal.throwIfAborted();
    const page = await database.auditReader.page(
      tenantId,
      range.first + written - 1,
      Math.min(PAGE, total - written),
    );
    if (page.length === 0)
      throw new Error(`export the audit log: entries after ${range.first + written - 1} are missing`);
    put(
      page.map((entry) => (format === "csv" ? auditCsvLine(entry) : `${JSON.stringify(entry)}\n`)).join(""),
    );
    written += page.length;
    last = page.at(-1) ?? last;
    await database.withTenant(tenantId, ({ tx }) =>
      tx.job.updateMany({ where: { tenantId, id: jobId }, data: { progress: written, total } }),
    );
    deps.bell.ring(`portal:${tenantId}`);
  }
  const day = new Date(deps.now()).toISOString().slice(0, 10);
  await database.withTenant(
    tenantId,
    ({ tx }) =>
      tx.job.updateMany({
        where: { tenantId, id: jobId },
        data: {
          state: "done",
          progress: written,
          total,
          message: last
            ? `${written} entries, numbers ${range?.first} to ${last.n}. Keep the last hash elsewhere: ${last.hash}`
            : "There is no entry in that time.",
          resultName: `audit-${slug}-${day}.${format}`,
          resultType: format === "csv" ? "text/csv; charset=utf-8" : "application/jsonl",
          result: new Uint8Array(Buffer.concat(chunks)),
          finishedAt: new Date(deps.now()),
          expiresAt: new Date(deps.now() + KEPT_MS),
        },
      }),
    { timeoutMs: WRITE_TIMEOUT_MS },
  );
}
