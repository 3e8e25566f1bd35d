"use client";

import { Button } from "@rollcall/ui/button";
import { refusalOf } from "~/trpc/refusal.ts";
import { ExplainedLineList } from "./explained-line-list.tsx";
import type { Explained } from "./explained-words.ts";

interface Asked {
  readonly data: Explained | undefined;
  readonly isError: boolean;
  readonly error: unknown;
  readonly refetch: () => Promise<unknown>;
}

/** What became of everything that was said of an address: kind, time, rule, the number of the law, in the order of deciding. */
export function ExplainedLines({ query }: { query: Asked }) {
  const explained = query.data;
  if (explained === undefined)
    return query.isError ? (
      <p className="flex flex-wrap items-center gap-2">
        <span className="text-bad-ink" role="alert">
          {refusalOf(query.error).message}
        </span>
        <Button size="small" onClick={() => void query.refetch()}>
          Ask again
        </Button>
      </p>
    ) : (
      <p className="appear-late" role="status">
        Asking…
      </p>
    );
  return <ExplainedLineList lines={explained.lines} label="What became of what was said" />;
}
