import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { withTempDir } from "@rollcall/testkit";
import { describe, expect, it } from "vitest";
import { createLoginLedger, fingerprintOfLogin } from "../sources/login-ledger.ts";
import { CLEAR, HELD_MS, type LoginTally } from "./login-tally.ts";
import { changeLogin, openStore } from "./open-store.ts";
import type { StateStore } from "./state-store.ts";

const NOW = Date.parse("2026-01-05T08:00:00Z");
const A = "a".repeat(64);
const B = "b".repeat(64);
const REFUSED: LoginTally = { ...CLEAR, refusals: 2, refusal: "the password is wrong" };

function withFile(work: (file: string) => void | Promise<void>): Promise<void> {
  return withTempDir((folder) => work(path.join(folder, "store.db")));
}

function ledgerOf(store: StateStore, now = NOW) {
  return createLoginLedger({ record: () => store.logins, now: () => now });
}

/** A store of the version before there was a record of logins. */
function makeOldStore(file: string): void {
  openStore(file, NOW).store.close();
  const db = new DatabaseSync(file);
  db.exec("DROP TABLE login; DELETE FROM meta WHERE name = 'loginSalt'; PRAGMA user_version = 2");
  db.close();
}

describe("the record of logins", () => {
  it("is there after the process was killed, with the words of the server, and without the password", () =>
    withFile(async (file) => {
      const { store } = openStore(file, NOW);
      const of = await fingerprintOfLogin(store.logins.salt, "reader@corp.example", "Wr0ng-passw0rd");
      store.logins.save(of, REFUSED);
      // Not closed: as after a kill.
      const copy = `${file}.copy`;
      writeFileSync(copy, readFileSync(file));
      writeFileSync(`${copy}-wal`, readFileSync(`${file}-wal`));
      const again = openStore(copy, NOW).store;
      expect(again.logins.find(of, NOW)).toEqual(REFUSED);
      expect(await fingerprintOfLogin(again.logins.salt, "READER@corp.example", "Wr0ng-passw0rd")).toBe(of);
      for (const one of [copy, `${file}-wal`])
        expect(readFileSync(one).includes("Wr0ng-passw0rd")).toBe(false);
      store.close();
      again.close();
    }));

  it("gives each store a salt of its own: fingerprints of two agents tell nothing of each other", () =>
    withFile(async (file) => {
      const [one, other] = [openStore(file, NOW).store, openStore(`${file}.2`, NOW).store];
      expect(one.logins.salt).not.toBe(other.logins.salt);
      one.close();
      other.close();
    }));

  it("keeps nothing of a login that is let in", () =>
    withFile((file) => {
      const { store } = openStore(file, NOW);
      store.logins.save(A, REFUSED);
      store.logins.save(A, CLEAR);
      expect(store.logins.all().rows).toEqual([]);
      store.close();
      const again = openStore(file, NOW).store;
      expect(again.logins.find(A, NOW)).toEqual(CLEAR);
      again.close();
    }));

  it("begins in a store of the version before, which is opened with all it has", () =>
    withFile((file) => {
      makeOldStore(file);
      const old = new DatabaseSync(file);
      const spoolId = old.prepare("SELECT value FROM meta WHERE name = 'spoolId'").get()?.value;
      old.close();
      const { store, how } = openStore(file, NOW);
      expect(how.kind).toBe("opened");
      expect(store.spoolId).toBe(spoolId);
      store.logins.save(A, REFUSED);
      store.close();
      const again = openStore(file, NOW);
      expect(again.how.kind).toBe("opened");
      expect(again.store.logins.find(A, NOW)).toEqual(REFUSED);
      again.store.close();
    }));

  it("is carried over from a store that is spoilt elsewhere", () =>
    withFile((file) => {
      const { store } = openStore(file, NOW);
      store.logins.save(A, REFUSED);
      const { salt } = store.logins;
      store.close();
      const db = new DatabaseSync(file);
      db.exec("UPDATE meta SET value = 'x' WHERE name = 'revision'");
      db.close();
      const { store: next, how } = openStore(file, NOW);
      expect(how.kind).toBe("replaced");
      expect([next.logins.salt, next.logins.find(A, NOW)]).toEqual([salt, REFUSED]);
      expect(next.logins.find(B, NOW)).toEqual(CLEAR);
      next.close();
    }));

  it("that is lost with its store lets no login be tried for half an hour unless a person says so, and then once", () =>
    withFile(async (file) => {
      writeFileSync(file, "garbage".repeat(2000));
      const { store, how } = openStore(file, NOW);
      expect(how.kind).toBe("replaced");
      const ledger = ledgerOf(store);
      expect(await ledger.begin(A)).toMatchObject({
        kind: "withheld",
        standing: { kind: "held", until: NOW + HELD_MS, doubt: expect.stringContaining("could not be read") },
      });
      expect(ledger.resume(A)).toBe(true);
      expect((await ledger.begin(A)).kind).toBe("turn");
      // Who looks after the time is over.
      const later = ledgerOf(store, NOW + HELD_MS);
      expect((await later.begin(B)).kind).toBe("turn");
      store.close();
    }));

  it("goes on with what is in memory where the store is replaced while the agent runs", () =>
    withFile((file) => {
      const { store } = openStore(file, NOW);
      store.logins.save(A, REFUSED);
      const logins = store.logins.all();
      store.close();
      writeFileSync(file, "garbage".repeat(2000));
      const next = openStore(file, NOW, logins).store;
      expect([next.logins.salt, next.logins.find(A, NOW)]).toEqual([logins.salt, REFUSED]);
      next.close();
    }));

  it("keeps aside a store whose counts make no sense, and holds logins back", () =>
    withFile((file) => {
      const { store } = openStore(file, NOW);
      store.logins.save(A, REFUSED);
      store.close();
      const db = new DatabaseSync(file);
      db.exec("UPDATE login SET refusals = -1");
      db.close();
      const { store: next, how } = openStore(file, NOW);
      expect(how.kind).toBe("replaced");
      expect(next.logins.find(A, NOW).doubts).toBe(2);
      next.close();
    }));

  it("forgets the oldest of five hundred, not the newest", () =>
    withFile((file) => {
      const { store } = openStore(file, NOW);
      const names = Array.from({ length: 502 }, (_, n) => String(n).padStart(64, "0"));
      for (const name of names) store.logins.save(name, REFUSED);
      store.close();
      const again = openStore(file, NOW).store;
      expect(again.logins.find(names[0] ?? "", NOW)).toEqual(CLEAR);
      expect(again.logins.find(names.at(-1) ?? "", NOW)).toEqual(REFUSED);
      again.close();
    }));
});

describe("a change of one login beside an agent that does not run", () => {
  it("is what the agent finds when it starts, and leaves the rest as it was", () =>
    withFile((file) => {
      openStore(file, NOW).store.close();
      changeLogin(file, A, NOW, () => REFUSED);
      const { store, how } = openStore(file, NOW);
      expect(how.kind).toBe("opened");
      expect(store.logins.find(A, NOW)).toEqual(REFUSED);
      // A clean stop before is still one: the next revision follows the last.
      expect(store.loadTable().revision).toBe(0);
      store.close();
    }));

  it("is refused where an agent has the store, and where it cannot be read, which is then left alone", () =>
    withFile((file) => {
      const { store } = openStore(file, NOW);
      expect(() => changeLogin(file, A, NOW, () => REFUSED)).toThrow(
        expect.objectContaining({ kind: "locked" }),
      );
      store.close();
      writeFileSync(file, "garbage".repeat(2000));
      expect(() => changeLogin(file, A, NOW, () => REFUSED)).toThrow(
        expect.objectContaining({ kind: "corrupt" }),
      );
      expect(readFileSync(file, "utf8")).toContain("garbage");
      expect(existsSync(`${file}-wal`)).toBe(false);
    }));
});
