import { describe, expect, it } from "vitest";
import type { PushMemory, PushProgress } from "../push-memory.ts";

const progress: PushProgress = {
  numbering: "1:2",
  revision: 7_000_000_000,
  fingerprint: '["https://192.0.2.1:8443",[]]',
  round: 3,
  roundBeganAt: Date.UTC(2026, 0, 5),
  isResyncing: true,
  tellsAllEnds: false,
  notBefore: Date.UTC(2026, 0, 5),
  heardAt: 0,
  turn: 2,
};

/** What every memory of a push must do, whatever it is kept in. `open` gives the memory of one firewall, empty or reopened. */
export function promisesOfMemory(
  name: string,
  open: () => Promise<{
    readonly memoryOf: (id: string) => PushMemory;
    /** The same memory after the process has ended and begun anew. */
    readonly reopened: () => Promise<(id: string) => PushMemory>;
  }>,
): void {
  describe(name, () => {
    it("remembers over a restart how far a firewall was told and whom it may hold, each firewall by itself", async () => {
      const { memoryOf, reopened } = await open();
      const [a, b] = [memoryOf("a"), memoryOf("b")];
      expect(await a.load()).toBeNull();
      await a.save(progress);
      await a.willTell(["10.0.0.1", "2001:db8::1"], 3);
      await b.willTell(["10.0.0.2"], 1);
      const again = await reopened();
      expect(await again("a").load()).toEqual(progress);
      expect(await again("b").load()).toBeNull();
      expect(await again("a").mayHold(["10.0.0.1", "10.0.0.2", "2001:db8::1"])).toEqual(
        new Set(["10.0.0.1", "2001:db8::1"]),
      );
    });

    it("knows who was told in no round since, a bounded number at a time, and forgets whom it is told to", async () => {
      const memory = (await open()).memoryOf("c");
      await memory.save(progress);
      await memory.willTell(["10.0.0.1", "10.0.0.2", "10.0.0.3"], 1);
      await memory.willTell(["10.0.0.2", "10.0.0.2"], 2);
      expect([...(await memory.leftBehind(2, 10))].sort()).toEqual(["10.0.0.1", "10.0.0.3"]);
      expect(await memory.leftBehind(2, 1)).toHaveLength(1);
      await memory.forget(["10.0.0.1", "10.9.9.9"]);
      expect(await memory.leftBehind(2, 10)).toEqual(["10.0.0.3"]);
      expect(await memory.leftBehind(1, 10)).toEqual([]);
      expect(await memory.mayHold([])).toEqual(new Set());
      await memory.willTell([], 2);
      await memory.forget([]);
    });

    it("keeps the newest progress", async () => {
      const memory = (await open()).memoryOf("d");
      await memory.save(progress);
      await memory.save({ ...progress, revision: 8, isResyncing: false });
      expect(await memory.load()).toMatchObject({ revision: 8, isResyncing: false });
    });
  });
}
