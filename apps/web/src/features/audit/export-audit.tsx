"use client";

import { Button, buttonClass } from "@rollcall/ui/button";
import { StateGlyph } from "@rollcall/ui/state";
import { say } from "@rollcall/ui/toast";
import { skipToken, useMutation, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import type { Outputs } from "~/trpc/outputs.ts";
import { refusalOf } from "~/trpc/refusal.ts";

type Job = Outputs["jobs"]["get"];

const isOver = (job: Job | undefined) => job?.state === "done" || job?.state === "failed";

/** The log as a file, made by the worker: progress stands here, and the file stays for a while, also after a reload. */
export function ExportAudit({ from }: { from: Date | undefined }) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const start = useMutation(
    trpc.audit.export.mutationOptions({ onSuccess: () => say("The export has begun.") }),
  );
  const known = useQuery(trpc.jobs.list.queryOptions({ customer: customer.slug }));
  const newest = known.data?.items.find((job) => job.kind === "audit-export");
  const id = start.data?.jobId ?? newest?.id;
  const job = useQuery(
    trpc.jobs.get.queryOptions(id === undefined ? skipToken : { customer: customer.slug, id }, {
      refetchInterval: (query) => (isOver(query.state.data) ? false : 1_000),
    }),
  ).data;
  const startedHere = start.data?.jobId;
  const finished = job?.id === startedHere && isOver(job) ? job?.state : undefined;
  useEffect(() => {
    if (finished === "done") say("The export is ready.");
  }, [finished]);
  const isRunning = start.isPending || (job !== undefined && !isOver(job));
  return (
    <div className="flex flex-wrap items-center gap-3">
      <span
        role="status"
        className="inline-flex items-center gap-2 text-sm text-ink-2"
        data-testid="export-state"
      >
        {start.isError ? (
          <span className="text-bad-ink">{refusalOf(start.error).message}</span>
        ) : job === undefined ? null : job.state === "failed" ? (
          <>
            <StateGlyph state="bad" />
            <span className="text-bad-ink">{job.message ?? "The export failed."}</span>
          </>
        ) : job.state === "done" && job.resultName !== null ? (
          <a
            className={buttonClass({ variant: "secondary" })}
            href={`/api/customers/${customer.slug}/jobs/${job.id}/download`}
            download={job.resultName}
          >
            Download {job.resultName}
          </a>
        ) : (
          <>
            <StateGlyph state="busy" />
            {job.total === null
              ? "Waiting for the worker"
              : `${job.progress.toLocaleString("en-GB")} of ${job.total.toLocaleString("en-GB")} entries`}
            <progress
              className="h-1.5 w-24 accent-(--accent)"
              aria-label="Export"
              max={job.total ?? 1}
              value={job.total === null ? undefined : job.progress}
            />
          </>
        )}
      </span>
      <Button
        busy={isRunning}
        onClick={() =>
          start.mutate({ customer: customer.slug, format: "csv", ...(from === undefined ? {} : { from }) })
        }
      >
        Export CSV
      </Button>
      <Button
        busy={isRunning}
        onClick={() =>
          start.mutate({ customer: customer.slug, format: "jsonl", ...(from === undefined ? {} : { from }) })
        }
      >
        Export JSON
      </Button>
    </div>
  );
}
