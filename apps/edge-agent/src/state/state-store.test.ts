import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SessionTable } from "@rollcall/identity-core";
import { aLogon, someFacts } from "@rollcall/identity-core/testing";
import { withTempDir } from "@rollcall/testkit";
import { describe, expect, it } from "vitest";
import { canMount, withSmallDisk } from "../testing/small-disk.ts";
import { openStore } from "./open-store.ts";
import { NOTHING, REVISIONS_RESERVED, type StateStore, type TableOutcome } from "./state-store.ts";
import { StoreFault } from "./store-fault.ts";

const NOW = Date.UTC(2026, 0, 5, 8);
const DAY_MS = 86_400_000;

const nothing: TableOutcome = {
  places: [],
  facts: [],
  revision: 0,
  floorRevision: 0,
  law: "test",
};
const tableOf = (store: StateStore) =>
  new SessionTable({
    issuer: "0000000000000001",
    incarnation: "0000000000000001",
    vocabulary: store.vocabulary,
  });
const items = (...names: string[]) =>
  names.map((name) => JSON.stringify({ kind: "observation", observation: { id: name } }));
const namesIn = (store: StateStore, from = 1) =>
  store.spool.read(from, 1000, 1e9).map(({ seq, body }) => [seq, JSON.parse(body).observation.id]);
const put = (store: StateStore, ...names: string[]) =>
  store.commit({ ...NOTHING, items: items(...names) }, NOW, () => nothing);

function withStore(work: (store: StateStore, file: string) => void | Promise<void>): Promise<void> {
  return withTempDir(async (folder) => {
    const file = path.join(folder, "store.db");
    const { store } = openStore(file, NOW);
    try {
      await work(store, file);
    } finally {
      store.close();
    }
  });
}

describe("StateStore", () => {
  it("keeps spool, bookmarks, facts, key states, entries and numbers together, over a restart", () =>
    withStore((store, file) => {
      const written = tableOf(store);
      written.applyFacts([someFacts({ name: "ana", groups: ["Finance"] })], NOW);
      written.apply([aLogon({ user: "ana", at: NOW })], NOW);
      store.commit(
        {
          items: items("a", "b"),
          bookmarks: [{ sourceId: "dc1", value: "page-7" }],
          downlinkNext: 12,
        },
        NOW,
        () => ({
          ...nothing,
          ...written.changedPages(),
          revision: 5,
          floorRevision: 2,
        }),
      );
      const { spoolId } = store;
      store.close();

      const again = openStore(file, NOW).store;
      const table = again.loadTable();
      const restored = tableOf(again);
      restored.restorePages({ ...table, isAllDue: false });
      expect(namesIn(again)).toEqual([
        [1, "a"],
        [2, "b"],
      ]);
      expect([again.bookmarkOf("dc1"), again.bookmarkOf("dc2"), again.downlinkNext]).toEqual([
        "page-7",
        null,
        12,
      ]);
      expect([...restored.states()]).toEqual([...written.states()]);
      expect([...restored.entries()]).toEqual([...written.entries()]);
      expect([...restored.principals.all()]).toEqual([...written.principals.all()]);
      expect([table.law, table.revision, table.floorRevision, again.spoolId]).toEqual([
        "test",
        5,
        2,
        spoolId,
      ]);
      again.close();
    }));

  it("writes all of a commit or nothing, and gives the same numbers to the next one", () =>
    withStore((store) => {
      put(store, "a");
      const failing = () =>
        store.commit(
          { ...NOTHING, items: items("lost"), bookmarks: [{ sourceId: "s", value: "9" }], downlinkNext: 9 },
          NOW,
          () => {
            throw new Error("a bug in the table");
          },
        );
      expect(failing).toThrow("a bug in the table");
      expect([store.bookmarkOf("s"), store.downlinkNext]).toEqual([null, 0]);
      put(store, "b");
      expect(namesIn(store)).toEqual([
        [1, "a"],
        [2, "b"],
      ]);
    }));

  it("is readable by its owner alone, its log too", () =>
    withStore((store, file) => {
      put(store, "a");
      expect([file, `${file}-wal`].map((one) => statSync(one).mode & 0o777)).toEqual([0o600, 0o600]);
    }));

  it("is taken by one process at a time, and says so to the second", () =>
    withStore((_store, file) => {
      const error = (() => {
        try {
          openStore(file, NOW);
        } catch (thrown) {
          return thrown;
        }
        return null;
      })();
      expect(error).toMatchObject({
        code: "already-running",
        message: expect.stringContaining("Another rollcall-agent runs"),
      });
    }));

  it("refuses a store of a later version and leaves it as it is", () =>
    withTempDir((folder) => {
      const file = path.join(folder, "store.db");
      const db = new DatabaseSync(file);
      db.exec("PRAGMA user_version = 99");
      db.close();
      expect(() => openStore(file, NOW)).toThrow(/later version/);
      expect(readdirSync(folder)).toEqual(["store.db"]);
    }));

  it("keeps aside a store whose table an earlier version wrote in another form, says so, and begins empty", () =>
    withTempDir((folder) => {
      const file = path.join(folder, "store.db");
      const db = new DatabaseSync(file);
      db.exec("CREATE TABLE key_state (body TEXT); PRAGMA user_version = 1");
      db.close();
      const { store, how } = openStore(file, NOW);
      expect(how).toMatchObject({ kind: "replaced", reason: expect.stringContaining("earlier version") });
      expect([...store.loadTable().places]).toEqual([]);
      store.close();
    }));

  it.each([
    ["garbage from its first byte", (file: string) => writeFileSync(file, "garbage".repeat(2000))],
    [
      "garbage in its middle",
      (file: string) => {
        const bytes = readFileSync(file);
        bytes.fill(0xa5, 4096, bytes.length);
        writeFileSync(file, bytes);
      },
    ],
    ["cut off", (file: string) => writeFileSync(file, readFileSync(file).subarray(0, 9000))],
  ])("keeps an unreadable store aside (%s) and begins empty under another spool id", (_how, harm) =>
    withTempDir((folder) => {
      const file = path.join(folder, "store.db");
      const before = openStore(file, NOW).store;
      put(before, ...Array.from({ length: 200 }, (_, n) => `item-${n}`));
      const { spoolId } = before;
      const { incarnation } = before.loadTable();
      before.close();
      harm(file);

      const { store, how } = openStore(file, NOW);
      expect(how).toMatchObject({ kind: "replaced", keptAs: `${file}.corrupt-20260105T080000Z` });
      expect(existsSync(`${file}.corrupt-20260105T080000Z`)).toBe(true);
      expect([store.spoolId === spoolId, store.loadTable().incarnation === incarnation]).toEqual([
        false,
        false,
      ]);
      expect(namesIn(store)).toEqual([]);
      store.close();
    }),
  );

  it("goes on with the next revision after a clean stop, and above all told ones after a crash", () =>
    withStore((store, file) => {
      store.commitTable({ ...nothing, revision: 7 });
      store.close();
      const clean = openStore(file, NOW).store;
      expect(clean.loadTable().revision).toBe(7);
      // Not closed: as after a kill, the file is copied while it is open.
      const copy = `${file}.copy`;
      for (const suffix of ["", "-wal"])
        if (existsSync(file + suffix)) writeFileSync(copy + suffix, readFileSync(file + suffix));
      clean.close();
      const crashed = openStore(copy, NOW).store;
      expect(crashed.loadTable().revision).toBeGreaterThanOrEqual(REVISIONS_RESERVED);
      crashed.close();
    }));

  it("reports no room, writes nothing of that, and takes writes again once there is room", () =>
    withStore((store) => {
      put(store, "first");
      store.setBound(200_000);
      const large = Array.from({ length: 400 }, (_, n) => `${n}-${"x".repeat(1000)}`);
      const error = (() => {
        try {
          put(store, ...large);
        } catch (thrown) {
          return thrown;
        }
        return null;
      })();
      expect(error).toBeInstanceOf(StoreFault);
      expect(error).toMatchObject({ kind: "full" });
      expect(() => store.takeRoom(400_000)).toThrow(StoreFault);
      expect(namesIn(store)).toEqual([[1, "first"]]);
      store.setBound(8_000_000);
      store.takeRoom(400_000);
      put(store, ...large);
      expect(store.spool.numbers().nextSeq).toBe(402);
    }));
});

describe("the spool", () => {
  it("reads by number, bounded by items and by bytes, and always at least one", () =>
    withStore((store) => {
      put(store, "a", "b", "c", "d");
      expect(store.spool.read(2, 2, 1e9).map((item) => item.seq)).toEqual([2, 3]);
      expect(store.spool.read(1, 10, 1).map((item) => item.seq)).toEqual([1]);
      expect(store.spool.read(9, 10, 1e9)).toEqual([]);
    }));

  it("moves acknowledgements forward only, and refuses one for what was never given", () =>
    withStore((store) => {
      put(store, "a", "b", "c");
      store.spool.acknowledge(2);
      store.spool.acknowledge(1);
      expect(store.spool.numbers()).toMatchObject({ ackedSeq: 2, nextSeq: 4 });
      expect(() => store.spool.acknowledge(4)).toThrow(RangeError);
      expect(store.spool.numbers().ackedSeq).toBe(2);
    }));

  it("counts what waits in items and bytes, and since when", () =>
    withStore((store, file) => {
      put(store, "a");
      store.commit({ ...NOTHING, items: items("b", "c") }, NOW + 60_000, () => nothing);
      const [a, b, c] = items("a", "b", "c").map((body) => Buffer.byteLength(body));
      expect(store.spool.numbers()).toMatchObject({ pendingBytes: (a ?? 0) + (b ?? 0) + (c ?? 0) });
      expect(store.spool.oldestPendingAt()).toBe(NOW);
      store.spool.acknowledge(1);
      expect(store.spool.oldestPendingAt()).toBe(NOW + 60_000);
      store.close();
      const again = openStore(file, NOW).store;
      expect(again.spool.numbers()).toMatchObject({ pendingBytes: (b ?? 0) + (c ?? 0) });
      again.close();
    }));

  it("begins a new epoch with the state first and what was not acknowledged after it, numbered from 1", () =>
    withStore((store, file) => {
      put(store, "acked-1", "acked-2", "waiting-1", "waiting-2");
      store.spool.acknowledge(2);
      store.spool.startEpoch(7, items("state-1", "state-2", "state-3"), NOW);
      put(store, "later");
      const expected = [
        [1, "state-1"],
        [2, "state-2"],
        [3, "state-3"],
        [4, "waiting-1"],
        [5, "waiting-2"],
        [6, "later"],
      ];
      expect(namesIn(store)).toEqual(expected);
      expect(store.spool.numbers()).toMatchObject({ epoch: 7, nextSeq: 7, ackedSeq: 0 });
      store.close();
      const again = openStore(file, NOW).store;
      expect(namesIn(again)).toEqual(expected);
      again.close();
    }));

  it("begins a new epoch also with a state smaller than what was acknowledged, and with none at all", () =>
    withStore((store) => {
      put(store, ...Array.from({ length: 50 }, (_, n) => `acked-${n}`), "waiting");
      store.spool.acknowledge(50);
      store.spool.startEpoch(2, items("state"), NOW);
      expect(namesIn(store)).toEqual([
        [1, "state"],
        [2, "waiting"],
      ]);
      store.spool.acknowledge(2);
      store.spool.startEpoch(3, [], NOW);
      expect([namesIn(store), store.spool.numbers().nextSeq]).toEqual([[], 1]);
    }));

  it("keeps acknowledged items for a day and what is not acknowledged for ever", () =>
    withStore((store) => {
      put(store, "a", "b", "c");
      store.spool.acknowledge(2);
      const gentle = { isPressed: false, isAlone: false };
      store.spool.prune(NOW + DAY_MS - 1, gentle);
      expect(store.spool.oldestRetained()).toBe(1);
      store.spool.prune(NOW + DAY_MS, gentle);
      store.spool.prune(NOW + 100 * DAY_MS, gentle);
      expect(namesIn(store)).toEqual([[3, "c"]]);
    }));

  it("keeps nothing that is acknowledged while room is short", () =>
    withStore((store) => {
      put(store, "a", "b", "c");
      store.spool.acknowledge(2);
      store.spool.prune(NOW, { isPressed: true, isAlone: false });
      expect([namesIn(store), store.spool.oldestRetained()]).toEqual([[[3, "c"]], 3]);
    }));

  it("forgets what is a day old where there is no cloud to wait for", () =>
    withStore((store) => {
      put(store, "a", "b");
      store.commit({ ...NOTHING, items: items("c") }, NOW + DAY_MS, () => nothing);
      store.spool.prune(NOW + DAY_MS, { isPressed: false, isAlone: true });
      expect([namesIn(store), store.spool.numbers().ackedSeq]).toEqual([[[3, "c"]], 2]);
    }));
});

describe("a full disk", () => {
  it.skipIf(!canMount)(
    "is reported as full and not as damage, and what was written before is still there",
    () =>
      withSmallDisk(1, ({ folder }) => {
        const file = path.join(folder, "store.db");
        const { store } = openStore(file, NOW);
        let written = 0;
        const fault = (() => {
          for (;;) {
            try {
              put(store, ...Array.from({ length: 20 }, (_, n) => `${written + n}-${"x".repeat(500)}`));
              written += 20;
            } catch (error) {
              return error;
            }
          }
        })();
        expect(fault).toMatchObject({ kind: "full" });
        store.close();
        const again = openStore(file, NOW).store;
        expect(again.spool.numbers().nextSeq).toBe(written + 1);
        expect(namesIn(again)).toHaveLength(written);
        again.close();
      }),
  );

  it.skipIf(!canMount)(
    "gives an agent that starts on it another incarnation, because it can note nothing",
    () =>
      withSmallDisk(2, ({ folder, fill, free }) => {
        const file = path.join(folder, "store.db");
        const before = openStore(file, NOW).store;
        put(before, "a");
        const { incarnation } = before.loadTable();
        before.close();
        fill();
        const full = openStore(file, NOW).store;
        const other = full.loadTable().incarnation;
        expect(other).not.toBe(incarnation);
        free();
        full.commitTable({ ...nothing, revision: 1 });
        full.close();
        const after = openStore(file, NOW).store;
        expect(after.loadTable().incarnation).toBe(other);
        after.close();
      }),
  );
});
