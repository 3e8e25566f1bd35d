import { notFound } from "../refusals.ts";
import { router, tenantProcedure } from "../trpc.ts";
import { jobInput, jobList, jobView } from "./jobs.schema.ts";
import { listJobs, readJob } from "./read-jobs.ts";

export const jobsRouter = router({
  list: tenantProcedure("job:read")
    .output(jobList)
    .query(({ ctx }) => listJobs(ctx)),

  get: tenantProcedure("job:read")
    .input(jobInput)
    .output(jobView)
    .query(async ({ ctx, input }) => {
      const job = await readJob(ctx, input.id);
      if (job === null) throw notFound();
      return job;
    }),
});
