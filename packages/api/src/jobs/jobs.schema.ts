import { z } from "zod";
import { customerInput, objectInput, uuid } from "../input-fields.ts";

export const jobView = z.object({
  id: uuid,
  kind: z.string(),
  state: z.enum(["queued", "running", "done", "failed"]),
  progress: z.number().int(),
  total: z.number().int().nullable(),
  message: z.string().nullable(),
  /** File to fetch from /api/customers/{customer}/jobs/{id}/download, once done and until `expiresAt`. */
  resultName: z.string().nullable(),
  createdAt: z.date(),
  finishedAt: z.date().nullable(),
  expiresAt: z.date().nullable(),
});
export type JobView = z.infer<typeof jobView>;
export const jobListInput = customerInput;
export const jobList = z.object({ items: z.array(jobView) });
export const jobInput = objectInput;
