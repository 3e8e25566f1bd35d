import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { CollectedBatch, Collector } from "@rollcall/collectors/collector";
import { aLogon } from "@rollcall/identity-core/testing";
import { silentLogger } from "@rollcall/observability";
import { describe, expect, it } from "vitest";
import { createGroupCommit } from "../pipeline/group-commit.ts";
import { openStore } from "../state/open-store.ts";
import { spooled, withKeeper } from "../testing/pipeline-lab.ts";
import { eventually } from "../testing/uplink-lab.ts";
import { pump } from "./source-pump.ts";

/** Runs a pump over what `collect` yields until `until` holds. */
function pumped(
  collect: Collector["collect"],
  until: (spool: () => readonly string[]) => Promise<void>,
): Promise<void> {
  return withKeeper(async ({ keeper, clock, file }) => {
    const commits = createGroupCommit({
      keeper,
      clock: { now: Date.now, sleep: clock.sleep },
      log: silentLogger,
      reopen: () => keeper.replaceStore(openStore(file, Date.now()).store),
    });
    await commits.start(new AbortController().signal);
    const collector: Collector = { id: "vpn", kind: "syslog", collect, health: () => [] };
    const part = pump(collector, { keeper, commits, clock, random: () => 0.5, log: silentLogger });
    await part.start(new AbortController().signal);
    try {
      await until(() => spooled(keeper));
    } finally {
      await part.stop();
      await commits.stop();
    }
  }, Date.now);
}

const batchOf = (user: string, ack: () => void): CollectedBatch => ({
  observations: [aLogon({ user, at: Date.now() })],
  facts: [],
  rejected: [],
  bookmark: null,
  ack,
});

describe("a pump", () => {
  it("acknowledges a batch only once it is in the store, and then asks for the next", () => {
    const heard: string[] = [];
    let spool: () => readonly string[] = () => [];
    return pumped(
      async function* () {
        for (const user of ["ana", "ben"]) {
          heard.push(`asked for ${user}`);
          yield batchOf(user, () => heard.push(`${spool().at(-1)} is durable`));
        }
        await new Promise(() => undefined);
      },
      async (stored) => {
        spool = stored;
        await eventually("both are acknowledged", () => heard.length === 4);
        expect(heard).toEqual([
          "asked for ana",
          "observation ana is durable",
          "asked for ben",
          "observation ben is durable",
        ]);
      },
    );
  });

  it("lets go of a batch when it asks for the next, however long the source runs", () => {
    setFlagsFromString("--expose-gc");
    const collectGarbage: () => void = runInNewContext("gc");
    const held: WeakRef<CollectedBatch>[] = [];
    let acknowledged = 0;
    const noted = (): CollectedBatch => {
      const batch = batchOf(`u${held.length}`, () => {
        acknowledged += 1;
      });
      held.push(new WeakRef(batch));
      return batch;
    };
    return pumped(
      async function* () {
        for (let n = 0; n < 20; n += 1) yield noted();
        await new Promise(() => undefined);
      },
      async () => {
        await eventually("all are acknowledged", () => acknowledged === 20);
        await eventually("all but the last are let go", () => {
          collectGarbage();
          return held.slice(0, -1).every((batch) => batch.deref() === undefined);
        });
        expect(held).toHaveLength(20);
      },
    );
  });

  it("ends at once while its source waits for a server that says nothing", () =>
    pumped(
      () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) }),
      async (stored) => expect(stored()).toEqual([]),
    ));
});
