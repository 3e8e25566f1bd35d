import path from "node:path";
import { siteConfig } from "@rollcall/agent-protocol";
import type { Entry, Observation } from "@rollcall/identity-core";
import { aLogon, anEnd, EVERYTHING, ip, someFacts } from "@rollcall/identity-core/testing";
import { FakeClock } from "@rollcall/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arrival, newKeeper, spooled, withKeeper } from "../testing/pipeline-lab.ts";
import { canMount, withSmallDisk } from "../testing/small-disk.ts";
import { compileSiteRules } from "./site-rules.ts";
import type { TableKeeper } from "./table-keeper.ts";

const MINUTE = 60_000;
const at = (keeper: TableKeeper, address = "10.0.0.1"): Entry | null =>
  keeper.source.byIp(ip(address), EVERYTHING);
const rules = (parts: object) =>
  compileSiteRules(siteConfig.parse({ addressSpaces: [{ id: "space", name: "S" }], ...parts }));
const filled = (keeper: TableKeeper) =>
  [...keeper.table.entries()]
    .map((entry) => [entry.ip, entry.user?.name ?? null, entry.user?.groups ?? null])
    .sort();

/** Takes other rules into use, as the running site does. */
function takeRules(keeper: TableKeeper, next: ReturnType<typeof rules>): void {
  keeper.setRules(next);
  keeper.write([arrival({ renewed: keeper.renewedFacts() })]);
}

describe("TableKeeper", () => {
  it("has an address answered once a logon is written, and has it in the store for the cloud", () =>
    withKeeper(({ keeper, clock }) => {
      keeper.write([arrival({ observations: [aLogon({ user: "ana", at: clock.now() })] })]);
      expect(at(keeper)?.user?.name).toBe("ana");
      expect(spooled(keeper)).toEqual(["observation ana"]);
    }));

  it("takes a repeat for what it is: neither the table nor the cloud hears of it again", () =>
    withKeeper(({ keeper, clock, file }) => {
      const logon = aLogon({ user: "ana", at: clock.now() });
      const end = anEnd({ user: "ana", at: clock.now() + 1 });
      keeper.write([arrival({ observations: [logon, end] })]);
      keeper.write([arrival({ observations: [logon, end] })]);
      keeper.store.close();
      const again = newKeeper(file, clock);
      again.write([arrival({ observations: [end, logon] })]);
      expect(spooled(again)).toEqual(["observation ana", "observation ana"]);
      again.store.close();
    }));

  it("gives an unknown person's entry its groups in the same revision when the directory was read before", () =>
    withKeeper(({ keeper, clock }) => {
      keeper.write([
        arrival({ facts: [someFacts({ name: "ana", groups: ["vpn"] }), someFacts({ name: "ben" })] }),
      ]);
      keeper.write([arrival({ observations: [aLogon({ user: "ana", at: clock.now() })] })]);
      expect([at(keeper)?.user?.groups, keeper.table.revision]).toEqual([["vpn"], 1]);
      expect(spooled(keeper)).toEqual(["principal ana", "observation ana"]);
    }));

  it("says who of a directory logged on once that is written, and not whom nobody knows, or who left", () =>
    withKeeper(({ keeper, clock, file }) => {
      keeper.store.close();
      const told: string[] = [];
      const listening = newKeeper(file, clock, { onLogon: ({ name }) => told.push(name) });
      listening.write([arrival({ facts: [someFacts({ name: "ana" }), someFacts({ name: "ben" })] })]);
      const ana = aLogon({ user: "ana", at: clock.now() });
      listening.write([
        arrival({ observations: [ana, aLogon({ user: "stranger", ip: "10.0.0.2", at: clock.now() })] }),
      ]);
      listening.write([arrival({ observations: [ana, anEnd({ user: "ben", at: clock.now() })] })]);
      expect(told).toEqual(["ana"]);
      listening.store.close();
    }));

  it("gives groups to those who came before the directory was read, and streams only people with sessions", () =>
    withKeeper(({ keeper, clock }) => {
      keeper.write([arrival({ observations: [aLogon({ user: "ana", at: clock.now() })] })]);
      keeper.write([
        arrival({ facts: [someFacts({ name: "ana", groups: ["vpn"] }), someFacts({ name: "ben" })] }),
      ]);
      expect(at(keeper)?.user?.groups).toEqual(["vpn"]);
      expect(spooled(keeper)).toEqual(["observation ana", "principal ana"]);
    }));

  it("streams a person's facts again when they change, and not when they were only read again", () =>
    withKeeper(({ keeper, clock }) => {
      const facts = (groups: string[]) => someFacts({ name: "ana", groups, asOf: clock.now() });
      keeper.write([
        arrival({ facts: [facts(["a"])], observations: [aLogon({ user: "ana", at: clock.now() })] }),
      ]);
      clock.set(clock.now() + MINUTE);
      keeper.write([arrival({ facts: [facts(["a"])] })]);
      keeper.write([arrival({ facts: [facts(["a", "b"])] })]);
      expect(spooled(keeper)).toEqual(["principal ana", "observation ana", "principal ana"]);
      expect(at(keeper)?.user?.groups).toEqual(["a", "b"]);
    }));

  it("takes the latest of several readings that are written together", () =>
    withKeeper(({ keeper, clock }) => {
      const read = (groups: string[], asOf: number) =>
        arrival({ facts: [someFacts({ name: "ana", groups, asOf })] });
      keeper.write([arrival({ observations: [aLogon({ user: "ana", at: clock.now() })] })]);
      keeper.write([read(["a"], 1), read(["a", "b"], 2)]);
      expect(at(keeper)?.user?.groups).toEqual(["a", "b"]);
    }));

  it("never puts its own older reading of a person in place of a newer one that came from the cloud", () =>
    withKeeper(({ keeper, clock, file }) => {
      const facts = (groups: string[], asOf: number) => someFacts({ name: "ana", groups, asOf });
      keeper.write([
        arrival({ facts: [facts(["old"], 10)], observations: [aLogon({ user: "ana", at: clock.now() })] }),
      ]);
      keeper.write([arrival({ facts: [facts(["new"], 20)], origin: "cloud" })]);
      keeper.write([arrival({ observations: [aLogon({ user: "ana", ip: "10.0.0.2", at: clock.now() })] })]);
      keeper.write([arrival({ facts: [facts(["ancient"], 5)], origin: "cloud" })]);
      expect([at(keeper)?.user?.groups, at(keeper, "10.0.0.2")?.user?.groups]).toEqual([["new"], ["new"]]);
      keeper.store.close();
      const again = newKeeper(file, clock);
      again.advance();
      expect(at(again)?.user?.groups).toEqual(["new"]);
      again.store.close();
    }));

  it("answers for neither of two people who share the name that was written, though only one has a session", () =>
    withKeeper(({ keeper, clock }) => {
      const one = someFacts({
        name: "ana",
        key: "s-1",
        domain: "one.example",
        aliases: ["one.example\\ana", "ana"],
        groups: ["one"],
      });
      const two = someFacts({
        name: "ana",
        key: "s-2",
        domain: "two.example",
        aliases: ["two.example\\ana", "ana"],
        groups: ["two"],
      });
      keeper.write([arrival({ facts: [one, two] })]);
      keeper.write([
        arrival({ observations: [aLogon({ user: "ana", domain: "one.example", at: clock.now() })] }),
      ]);
      keeper.write([
        arrival({ observations: [aLogon({ user: "ana", domain: "", ip: "10.0.0.2", at: clock.now() })] }),
      ]);
      expect(at(keeper)?.user?.groups).toEqual(["one"]);
      expect(at(keeper, "10.0.0.2")?.user?.groups ?? []).toEqual([]);
    }));

  it("ends the sessions of somebody who was deleted while the agent did not run", () =>
    withKeeper(async ({ keeper, clock, file }) => {
      keeper.write([
        arrival({
          facts: [someFacts({ name: "ana" })],
          observations: [aLogon({ user: "ana", at: clock.now() })],
        }),
      ]);
      keeper.store.close();
      const again = newKeeper(file, clock);
      again.advance();
      expect(at(again)?.user?.name).toBe("ana");
      again.write([arrival({ facts: [someFacts({ name: "ben" })] })]);
      again.write([arrival({ facts: again.missingFrom("directory-1") })]);
      expect([at(again)?.user ?? null, spooled(again).at(-1)]).toEqual([null, "principal ana"]);
      again.store.close();
    }));

  it("keeps back what the filters exclude, counts it by rule, and never sends it up", () =>
    withKeeper(({ keeper, clock }) => {
      keeper.setRules(
        rules({
          filters: [
            { id: "f1", kind: "ip-exclude", range: "10.9.0.0/16" },
            { id: "f2", kind: "principal-exclude", pattern: "^svc-" },
          ],
        }),
      );
      const logon = (user: string, address: string) => aLogon({ user, ip: address, at: clock.now() });
      keeper.write([
        arrival({
          observations: [
            logon("ana", "10.0.0.1"),
            logon("ben", "10.9.1.1"),
            logon("SVC-backup", "10.0.0.3"),
            logon("cho", "127.0.0.1"),
          ],
        }),
      ]);
      expect(filled(keeper)).toEqual([["10.0.0.1", "ana", []]]);
      expect(Object.fromEntries(keeper.suppressed)).toEqual({ "ip-exclude": 1, f2: 1, "never-a-session": 1 });
      expect(spooled(keeper)).toEqual(["observation ana"]);
    }));

  it("applies what came down with its identity and never sends it up again", () =>
    withKeeper(({ keeper, clock, file }) => {
      const observation = aLogon({ user: "ana", at: clock.now(), source: "another-site" });
      keeper.write([
        arrival({
          observations: [observation],
          facts: [someFacts({ name: "ana", groups: ["g"] })],
          origin: "cloud",
          downlinkNext: 40,
        }),
      ]);
      keeper.write([arrival({ observations: [observation], origin: "cloud", downlinkNext: 41 })]);
      expect([at(keeper)?.user?.groups, keeper.table.revision, spooled(keeper)]).toEqual([["g"], 1, []]);
      keeper.store.close();
      const again = newKeeper(file, clock);
      expect(again.store.downlinkNext).toBe(41);
      again.store.close();
    }));

  it("still knows after a rest and a restart what the cloud said of people whom no session named meanwhile", () =>
    withKeeper(({ keeper, clock, file }) => {
      keeper.write([arrival({ facts: [someFacts({ name: "ana", groups: ["vpn"] })], origin: "cloud" })]);
      keeper.forgetUnused();
      keeper.store.close();
      const again = newKeeper(file, clock);
      again.write([arrival({ observations: [aLogon({ user: "ana", at: clock.now() })] })]);
      expect(at(again)?.user?.groups).toEqual(["vpn"]);
      again.store.close();
    }));

  it("stores a person's facts again when a session names them after they were forgotten", () =>
    withKeeper(({ keeper, clock, file }) => {
      const logon = aLogon({ user: "ana", at: clock.now(), lifetimeMinutes: 10 });
      keeper.write([
        arrival({ facts: [someFacts({ name: "ana", groups: ["vpn"] })], observations: [logon] }),
      ]);
      clock.set(clock.now() + 10 * MINUTE);
      keeper.advance();
      clock.set(clock.now() + 25 * 60 * MINUTE);
      keeper.advance();
      keeper.forgetUnused();
      expect(keeper.table.principals.size).toBe(0);
      keeper.write([arrival({ observations: [aLogon({ user: "ana", at: clock.now() })] })]);
      keeper.store.close();
      // The directory does not answer when the agent comes back.
      const again = newKeeper(file, clock);
      again.advance();
      expect(at(again)?.user?.groups).toEqual(["vpn"]);
      again.store.close();
    }));

  it("undoes in the table what found no room, before any firewall can be told of it", () =>
    withKeeper(({ keeper, clock }) => {
      keeper.write([arrival({ observations: [aLogon({ user: "ana", at: clock.now() })] })]);
      keeper.store.setBound(1);
      const many = Array.from({ length: 300 }, (_, n) =>
        aLogon({ user: `u${n}`, ip: `10.1.${n >> 8}.${n & 255}`, at: clock.now() }),
      );
      expect(() =>
        keeper.write([arrival({ observations: many, bookmark: { sourceId: "s", value: "2" } })]),
      ).toThrow(/full/);
      expect([filled(keeper), keeper.store.bookmarkOf("s")]).toEqual([[["10.0.0.1", "ana", []]], null]);
      keeper.store.setBound(1e8);
      keeper.write([arrival({ observations: many, bookmark: { sourceId: "s", value: "2" } })]);
      expect([filled(keeper).length, keeper.store.bookmarkOf("s")]).toEqual([301, "2"]);
    }));

  it.skipIf(!canMount)(
    "ends sessions on time though the disk is full, writes it when there is room, and re-uses no revision",
    () =>
      withSmallDisk(2, ({ folder, fill, free }) => {
        const clock = new FakeClock();
        const file = path.join(folder, "store.db");
        const keeper = newKeeper(file, clock);
        const logon = (n: number) =>
          aLogon({ user: `u${n}`, ip: `10.1.0.${n + 1}`, at: clock.now(), lifetimeMinutes: 1 });
        keeper.write([arrival({ observations: Array.from({ length: 200 }, (_, n) => logon(n)) })]);
        fill();
        clock.set(clock.now() + 2 * MINUTE);
        const fault = keeper.advance();
        expect([fault?.kind, keeper.table.liveCount, keeper.table.revision, keeper.hasUnsaved]).toEqual([
          "full",
          0,
          400,
          true,
        ]);
        expect(() => keeper.write([arrival({ observations: [logon(201)] })])).toThrow(/full/);
        free();
        keeper.write([arrival({ observations: [aLogon({ user: "new", at: clock.now() })] })]);
        expect([keeper.hasUnsaved, keeper.table.liveCount]).toEqual([false, 1]);
        expect(at(keeper)?.revision).toBeGreaterThan(400);
        const told = keeper.table.revision;
        keeper.store.close();
        const again = newKeeper(file, clock);
        again.advance();
        expect([again.table.liveCount, again.table.revision]).toEqual([1, told]);
        again.store.close();
      }),
  );

  it("drops users without an included group only when it is told to", () =>
    withKeeper(({ keeper, clock }) => {
      const filters = [{ id: "g", kind: "group-include", pattern: "^vpn$" }];
      keeper.write([
        arrival({
          facts: [someFacts({ name: "ana", groups: [] })],
          observations: [aLogon({ user: "ana", at: clock.now() })],
        }),
      ]);
      takeRules(keeper, rules({ filters }));
      expect(at(keeper)?.user?.name).toBe("ana");
      takeRules(keeper, rules({ filters, settings: { dropUsersWithoutIncludedGroup: true } }));
      expect(at(keeper)?.user ?? null).toBeNull();
      takeRules(keeper, rules({ filters }));
      expect(at(keeper)?.user?.name).toBe("ana");
    }));

  it("holds, over any history cut into any batches with restarts in between, what one table holds that saw it whole", () => {
    const step = fc.record({
      user: fc.constantFrom("ana", "ben", "cho"),
      address: fc.constantFrom("10.0.0.1", "10.0.0.2"),
      minute: fc.nat(300),
      isEnd: fc.boolean(),
    });
    return fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 25 }),
        fc.array(fc.nat(5), { maxLength: 10 }),
        async (history, cuts) => {
          await withKeeper(async ({ keeper: whole, clock }) => {
            const start = clock.now();
            const observations = history.map(({ user, address, minute, isEnd }, n): Observation => {
              const sketch = { user, ip: address, at: start + minute * MINUTE, id: `h${n}` };
              return isEnd ? anEnd(sketch) : aLogon(sketch);
            });
            clock.set(start + 400 * MINUTE);
            whole.write([arrival({ observations })]);
            await withKeeper(({ keeper, file }) => {
              let current = keeper;
              const rest = [...observations];
              for (const cut of [...cuts, observations.length]) {
                current.write([arrival({ observations: rest.splice(0, cut) })]);
                current.store.close();
                current = newKeeper(file, clock);
                current.advance();
              }
              const owners = (one: TableKeeper) => filled(one).filter(([, user]) => user !== null);
              expect(owners(current)).toEqual(owners(whole));
              current.store.close();
            });
          });
        },
      ),
      { numRuns: 25 },
    );
  });
});
