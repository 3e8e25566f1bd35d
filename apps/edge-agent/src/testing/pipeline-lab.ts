import path from "node:path";
import { silentLogger } from "@rollcall/observability";
import { FakeClock, withTempDir } from "@rollcall/testkit";
import { type Arrival, type KeeperOptions, TableKeeper } from "../pipeline/table-keeper.ts";
import { openStore } from "../state/open-store.ts";

export const TEST_ISSUER = "00112233445566aa";

export interface PipelineLab {
  readonly clock: FakeClock;
  readonly keeper: TableKeeper;
  readonly file: string;
}

/** A keeper on a real store in a folder of its own, with time that the test moves. */
export function withKeeper(
  work: (lab: PipelineLab) => void | Promise<void>,
  now?: () => number,
  options: Partial<KeeperOptions> = {},
): Promise<void> {
  return withTempDir(async (folder) => {
    const clock = new FakeClock();
    const file = path.join(folder, "store.db");
    const keeper = newKeeper(file, { now: now ?? clock.now }, options);
    try {
      await work({ clock, keeper, file });
    } finally {
      keeper.store.close();
    }
  });
}

export function newKeeper(
  file: string,
  clock: { readonly now: () => number },
  options: Partial<KeeperOptions> = {},
): TableKeeper {
  return new TableKeeper(openStore(file, clock.now()).store, {
    ...options,
    issuer: TEST_ISSUER,
    now: clock.now,
    log: silentLogger,
  });
}

/** What a source of the site brings; only what matters to the test is named. */
export function arrival(parts: Partial<Arrival>): Arrival {
  return { observations: [], facts: [], bookmark: null, origin: "site", ...parts };
}

/** Items of the spool as `observation NAME` and `principal NAME`. */
export function spooled(keeper: TableKeeper): string[] {
  return keeper.store.spool.read(1, 10_000, 1e9).map(({ body }) => {
    const item = JSON.parse(body) as
      | { kind: "observation"; observation: { principal: { name: string } | null } }
      | { kind: "principal"; principal: { name: string } };
    return item.kind === "observation"
      ? `observation ${item.observation.principal?.name ?? "-"}`
      : `principal ${item.principal.name}`;
  });
}
