import type { Collector } from "@rollcall/collectors/collector";
import type { Logger } from "@rollcall/observability";
import { applyFilters } from "../pipeline/apply-filters.ts";
import type { GroupCommit } from "../pipeline/group-commit.ts";
import type { TableKeeper } from "../pipeline/table-keeper.ts";
import type { Clock } from "../supervisor/clock.ts";
import { keepRunning } from "../supervisor/keep-running.ts";
import type { Part } from "../supervisor/part.ts";

export interface PumpDeps {
  readonly keeper: TableKeeper;
  readonly commits: GroupCommit;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/**
 * Carries what one collector reads into the table: pull, commit, acknowledge, pull again.
 * A batch is acknowledged only after the transaction that holds it and its bookmark; a crash repeats it.
 */
export function pump(collector: Collector, deps: PumpDeps): Part {
  let isCompared = false;
  return keepRunning({
    name: `source ${collector.id}`,
    does: `reads ${collector.kind} ${collector.id}`,
    clock: deps.clock,
    random: deps.random,
    log: deps.log,
    async run(signal) {
      const after = deps.keeper.store.bookmarkOf(collector.id);
      for await (const batch of untilAborted(collector.collect({ after, signal }), signal)) {
        for (const rejected of batch.rejected) {
          deps.log.debug(
            {
              sourceId: rejected.sourceId,
              reason: rejected.reason,
              count: rejected.count,
              sample: rejected.sample ?? undefined,
            },
            "records rejected",
          );
        }
        await deps.commits.submit({
          observations: batch.observations,
          facts: batch.facts,
          bookmark: batch.bookmark === null ? null : { sourceId: collector.id, value: batch.bookmark },
          marks: batch.marks?.map(({ key, value }) => ({ sourceId: markId(collector.id, key), value })) ?? [],
          origin: "site",
        });
        batch.ack?.();
        // An empty batch is the first sign that everybody has been read: who is missing then was deleted meanwhile.
        if (collector.kind === "directory" && !isCompared && batch.facts.length === 0) {
          isCompared = true;
          await deps.commits.submit({
            observations: [],
            facts: deps.keeper.missingFrom(collector.id),
            bookmark: null,
            origin: "site",
          });
          // Whom a filter means by a name or a place in the directory is known only now.
          await applyFilters(deps);
        }
      }
    },
  });
}

/** Under which id a mark of a collector is kept. */
export function markId(collectorId: string, key: string): string {
  return `${collectorId}/${key}`;
}

/**
 * Hands out what `source` yields and ends at the signal, even while `source` waits for a server that says nothing:
 * neither a change of configuration nor the end of the agent may hang on it. It ends by itself later.
 */
async function* untilAborted<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    while (!signal.aborted) {
      const result = await unlessAborted(iterator.next(), signal);
      if (result === null || result.done === true) return;
      yield result.value;
    }
  } finally {
    void iterator.return?.().catch(() => undefined);
  }
}

/**
 * The step's outcome, or null at the signal; then nobody waits for the step any more, and what becomes of it is of no interest.
 * A race with one promise for all steps would hold on to every step's batch for as long as the source runs.
 */
function unlessAborted<T>(step: Promise<T>, signal: AbortSignal): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const stop = () => resolve(null);
    signal.addEventListener("abort", stop, { once: true });
    step.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
