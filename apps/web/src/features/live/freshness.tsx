"use client";

import { Button } from "@rollcall/ui/button";
import { Notice } from "@rollcall/ui/notice";
import { TimeAgo } from "@rollcall/ui/time";
import { refusalOf } from "~/trpc/refusal.ts";

interface Fresh {
  readonly isError: boolean;
  readonly error: unknown;
  readonly dataUpdatedAt: number;
  readonly refetch: () => Promise<unknown>;
}

/** Over rows that are still shown though the last question failed: since when they are old, and a way to ask again. */
export function StaleNotice({ query, what }: { query: Fresh; what: string }) {
  if (!query.isError) return null;
  const refusal = refusalOf(query.error);
  return (
    <Notice
      tone="warn"
      live
      title={
        <>
          {what} as of <TimeAgo at={query.dataUpdatedAt} />
        </>
      }
      action={
        <Button size="small" onClick={() => void query.refetch()}>
          Ask again
        </Button>
      }
    >
      {refusal.message}
    </Notice>
  );
}

/** "As of 4 s ago": how old what stands here is. */
export function AsOf({ at }: { at: Date }) {
  return (
    <span className="text-xs text-ink-3" data-testid="as-of">
      · as of <TimeAgo at={at} />
    </span>
  );
}
