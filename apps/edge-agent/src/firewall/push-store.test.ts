import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisesOfMemory } from "@rollcall/srx-push/testing";
import { afterEach, describe, expect, it } from "vitest";
import { openPushStore, type PushStore } from "./push-store.ts";

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0).reverse()) end();
});

function newFile(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "push-store-"));
  ends.push(() => rmSync(folder, { recursive: true }));
  return path.join(folder, "push.db");
}

let now = Date.UTC(2026, 0, 5);
const replaced: string[] = [];
function openAt(file: string): PushStore {
  const store = openPushStore(file, { now: () => now, onReplaced: (_file, reason) => replaced.push(reason) });
  return store;
}

promisesOfMemory("the file in which an agent remembers what firewalls were told", async () => {
  const file = newFile();
  let store = openAt(file);
  ends.push(() => store.close());
  return {
    memoryOf: store.memoryOf,
    async reopened() {
      store.close();
      store = openAt(file);
      return store.memoryOf;
    },
  };
});

describe("openPushStore", () => {
  it("keeps aside what it cannot read, says so, and begins with nothing remembered", async () => {
    const file = newFile();
    writeFileSync(file, "this is no database, and it is long enough to be looked at".repeat(100));
    const store = openAt(file);
    ends.push(() => store.close());
    expect(await store.memoryOf("a").load()).toBeNull();
    expect(readdirSync(path.dirname(file)).some((name) => name.startsWith("push.db.corrupt-"))).toBe(true);
    expect(replaced).toHaveLength(1);
  });

  it("lets nobody else read it", () => {
    const file = newFile();
    const store = openAt(file);
    ends.push(() => store.close());
    for (const name of readdirSync(path.dirname(file)))
      expect([name, statSync(path.join(path.dirname(file), name)).mode & 0o077]).toEqual([name, 0]);
  });

  it("forgets a firewall that has been gone for a month, and no other", async () => {
    const file = newFile();
    const store = openAt(file);
    ends.push(() => store.close());
    for (const id of ["gone", "configured"]) await store.memoryOf(id).willTell(["10.0.0.1"], 1);
    now += 20 * 86_400_000;
    await store.memoryOf("lately-gone").willTell(["10.0.0.1"], 1);
    now += 15 * 86_400_000;
    store.forgetOthers(new Set(["configured"]));
    const held = ["gone", "configured", "lately-gone"].map(
      async (id) => (await store.memoryOf(id).mayHold(["10.0.0.1"])).size,
    );
    expect(await Promise.all(held)).toEqual([0, 1, 1]);
  });
});
