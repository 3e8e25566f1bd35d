import { setImmediate as others } from "node:timers/promises";
import type { GroupCommit } from "./group-commit.ts";
import type { TableKeeper } from "./table-keeper.ts";

/**
 * Ends the sessions that stand and that the filters in force would keep back, step by step.
 * Rejects where the store gives up; a restart, or the next change of filters, does it again.
 */
export async function applyFilters(deps: {
  readonly keeper: TableKeeper;
  readonly commits: Pick<GroupCommit, "submit">;
}): Promise<void> {
  for (const filtered of deps.keeper.endsByFilters()) {
    if (filtered.length > 0)
      await deps.commits.submit({ observations: [], facts: [], bookmark: null, origin: "site", filtered });
    await others();
  }
}
