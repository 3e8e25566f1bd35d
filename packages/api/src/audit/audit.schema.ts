import { z } from "zod";
import { cursor, customerInput, limit } from "../input-fields.ts";

const auditFilter = {
  /** Part of the actor's name. */
  actor: z.string().trim().max(100).optional(),
  /** An action such as `directory.add`, or its head `directory.`. */
  action: z.string().trim().max(100).optional(),
  objectKind: z.string().trim().max(50).optional(),
  objectId: z.string().trim().max(100).optional(),
  result: z.string().trim().max(50).optional(),
  from: z.date().optional(),
  to: z.date().optional(),
};

export const auditListInput = customerInput.extend({ ...auditFilter, limit, cursor });

export const auditEntryView = z.object({
  n: z.number().int(),
  at: z.date(),
  actor: z.object({
    kind: z.string(),
    id: z.string().nullable(),
    name: z.string(),
    /** True: somebody of the managed service provider, not of the customer. */
    viaProvider: z.boolean(),
  }),
  action: z.string(),
  object: z.object({ kind: z.string(), id: z.string(), name: z.string() }),
  result: z.string(),
  sourceIp: z.string().nullable(),
  requestId: z.string().nullable(),
  /** Fields that changed; secrets never. Null where the detail was erased. */
  before: z.record(z.string(), z.unknown()).nullable(),
  after: z.record(z.string(), z.unknown()).nullable(),
  reason: z.string().nullable(),
  hash: z.string(),
});
/** Newest first. */
export const auditPage = z.object({
  items: z.array(auditEntryView),
  next: z.string().nullable(),
  asOf: z.date(),
});

export const auditExportInput = customerInput.extend({
  from: z.date().optional(),
  to: z.date().optional(),
  format: z.enum(["csv", "jsonl"]).default("jsonl"),
});
export const startedJob = z.object({ jobId: z.uuid() });
