import { siteConfig } from "@rollcall/agent-protocol";
import { type Entry, type Observation, SessionTable } from "@rollcall/identity-core";
import { aLogon, anEnd, EVERYTHING, ip, minutes, someFacts } from "@rollcall/identity-core/testing";
import { describe, expect, it } from "vitest";
import { arrival, newKeeper, type PipelineLab, withKeeper } from "../testing/pipeline-lab.ts";
import { compileSiteRules } from "./site-rules.ts";
import type { TableKeeper } from "./table-keeper.ts";

const SOURCE = {
  id: "source-1",
  name: "VPN",
  senders: ["192.0.2.1"],
  addressSpaceId: "space",
  speaksFor: ["10.0.0.0/8"],
};
const rules = (parts: object, detection: object = { mode: "on" }) =>
  compileSiteRules(
    siteConfig.parse({
      addressSpaces: [{ id: "space", name: "S" }],
      syslogSources: [SOURCE],
      settings: { detection },
      ...parts,
    }),
  );
const marked = (mark: object, range = "10.0.0.1") =>
  rules({ addressMarks: [{ id: "ts1", addressSpaceId: "space", range, ...mark }] });
const at = (keeper: TableKeeper, address = "10.0.0.1"): Entry | null =>
  keeper.source.byIp(ip(address), EVERYTHING);
const write = (keeper: TableKeeper, ...observations: Observation[]) =>
  keeper.write([arrival({ observations })]);

/** Takes other rules into use, as the running site does. */
function takeRules(keeper: TableKeeper, next: ReturnType<typeof rules>): void {
  keeper.setRules(next);
  keeper.write([arrival({ observations: keeper.endsAtMarks(), renewed: keeper.renewedFacts() })]);
}

/** What the cloud, or another agent, makes of what this agent streamed. */
function elsewhere({ keeper, clock }: PipelineLab): SessionTable {
  const table = new SessionTable({ issuer: "0", incarnation: "0" });
  for (const { body } of keeper.store.spool.read(1, 10_000, 1e9)) {
    const item = JSON.parse(body);
    if (item.kind === "observation") table.apply([item.observation], clock.now());
    else table.applyFacts([item.principal], clock.now());
  }
  return table;
}

const named = (table: Pick<SessionTable, "entries">) =>
  [...table.entries()].flatMap(({ ip: address, user }) => (user ? [`${address} ${user.name}`] : [])).sort();

const people = (clock: { now(): number }, names: readonly string[], sketch: object = {}) =>
  names.map((user, n) => aLogon({ user, at: clock.now() + n * 1000, ...sketch }));

describe("an address with more than one person behind it", () => {
  it("names nobody once three people logged on there in a quarter of an hour, keeps its device, and the cloud agrees", () =>
    withKeeper((lab) => {
      const { keeper, clock } = lab;
      keeper.setRules(rules({}));
      write(keeper, aLogon({ user: "ts1", kind: "device", at: clock.now() }));
      const [ana, ben, cho, dora] = people(clock, ["ana", "ben", "cho", "dora"]);
      if (!ana || !ben || !cho || !dora) throw new Error("four people");
      write(keeper, ana, ben);
      expect(at(keeper)?.user?.name).toBe("ben");
      clock.set(clock.now() + minutes(1));
      write(keeper, cho);
      expect([at(keeper)?.user, at(keeper)?.device?.name]).toEqual([null, "ts1"]);
      write(keeper, dora);
      expect(named(keeper.table)).toEqual([]);
      expect(named(elsewhere(lab))).toEqual([]);
      expect(keeper.detections(10)).toMatchObject([{ kind: "multi-user", acted: true, count: 4 }]);
      expect(Object.fromEntries(keeper.suppressed)).toEqual({ "mark:multi-user": 2 });
    }));

  it("names nobody also when all of them come in one batch, the latest first", () =>
    withKeeper((lab) => {
      lab.keeper.setRules(rules({}));
      const logons = people(lab.clock, ["ana", "ben", "cho"]).map((logon) => ({
        ...logon,
        receivedAt: lab.clock.now() + 4000,
      }));
      write(lab.keeper, ...logons.reverse());
      expect([named(lab.keeper.table), named(elsewhere(lab))]).toEqual([[], []]);
    }));

  it("is known as one after a restart, and no longer once somebody said that it is none", () =>
    withKeeper(({ keeper, clock, file }) => {
      keeper.setRules(rules({}));
      write(keeper, ...people(clock, ["ana", "ben"]));
      clock.set(clock.now() + minutes(1));
      write(keeper, aLogon({ user: "cho", at: clock.now() }));
      keeper.store.close();
      const again = newKeeper(file, clock);
      again.setRules(rules({}));
      clock.set(clock.now() + minutes(60));
      write(again, aLogon({ user: "dora", at: clock.now() }));
      expect(at(again)?.user ?? null).toBeNull();
      again.setRules(rules({}, { mode: "on", exempt: ["space|10.0.0.1"] }));
      write(again, aLogon({ user: "dora", at: clock.now() + 1 }));
      expect(at(again)?.user?.name).toBe("dora");
      again.store.close();
    }));

  it("goes on naming people in detect mode, and says what it found", () =>
    withKeeper(({ keeper, clock }) => {
      keeper.setRules(rules({}, { mode: "detect" }));
      write(keeper, ...people(clock, ["ana", "ben", "cho"]));
      expect(at(keeper)?.user?.name).toBe("cho");
      expect(keeper.detections(10)).toMatchObject([{ kind: "multi-user", acted: false }]);
    }));

  it("ends who stands there when somebody marks the address, though the detection is off", () =>
    withKeeper((lab) => {
      const { keeper, clock } = lab;
      keeper.setRules(rules({}, { mode: "off" }));
      write(
        keeper,
        aLogon({ user: "ana", at: clock.now() }),
        aLogon({ user: "ben", at: clock.now(), ip: "10.0.0.2" }),
      );
      clock.set(clock.now() + minutes(1));
      takeRules(keeper, marked({ mark: "multi-user" }));
      expect(named(keeper.table)).toEqual(["10.0.0.2 ben"]);
      expect(named(elsewhere(lab))).toEqual(["10.0.0.2 ben"]);
      clock.set(clock.now() + minutes(1));
      takeRules(keeper, rules({}));
      write(keeper, aLogon({ user: "cho", at: clock.now() }));
      expect(at(keeper)?.user?.name).toBe("cho");
      // Marked a second time: it ends again, whoever stands there by then.
      clock.set(clock.now() + minutes(1));
      takeRules(keeper, marked({ mark: "multi-user" }));
      expect(named(keeper.table)).toEqual(["10.0.0.2 ben"]);
    }));

  it("names the fixed user with the roles that the mark gives, in place of anybody, here and in the cloud", () =>
    withKeeper((lab) => {
      const { keeper, clock } = lab;
      const pseudo = (groups: string[]) =>
        marked({
          mark: "multi-user",
          mode: "pseudo-user",
          pseudoUser: { domain: "Corp.example", name: "rds", groups },
        });
      takeRules(keeper, pseudo(["rds-users"]));
      write(keeper, ...people(clock, ["ana", "ben"]));
      expect(at(keeper)?.user).toMatchObject({
        domain: "corp.example",
        name: "rds",
        groups: ["rds-users"],
        rule: "mark:pseudo-user",
      });
      write(keeper, anEnd({ user: "ana", at: clock.now() + 5000 }));
      expect(at(keeper)?.user?.name).toBe("rds");
      takeRules(keeper, pseudo(["others"]));
      expect(at(keeper)?.user?.groups).toEqual(["others"]);
      expect(elsewhere(lab).entryOf("space", ip("10.0.0.1"))?.user).toMatchObject({
        name: "rds",
        groups: ["others"],
      });
    }));

  it("names whoever logged on interactively last where the mark asks for that", () =>
    withKeeper(({ keeper, clock }) => {
      keeper.setRules(marked({ mark: "multi-user", mode: "last-interactive" }));
      write(keeper, aLogon({ user: "ana", at: clock.now() }));
      write(keeper, aLogon({ user: "ben", at: clock.now() + minutes(20), class: "B" }));
      expect(at(keeper)?.user?.name).toBe("ana");
      write(keeper, aLogon({ user: "cho", at: clock.now() + minutes(21) }));
      expect(at(keeper)?.user?.name).toBe("cho");
    }));

  it("names neither person nor machine behind a translated network", () =>
    withKeeper((lab) => {
      const { keeper, clock } = lab;
      keeper.setRules(rules({}));
      write(keeper, aLogon({ user: "ana", at: clock.now() }));
      write(keeper, ...people(clock, ["pc1", "pc2", "pc3", "pc4", "pc5"], { kind: "device" }));
      expect(at(keeper)).toBeNull();
      clock.set(clock.now() + minutes(1));
      write(keeper, aLogon({ user: "ben", at: clock.now() }));
      expect(at(keeper)).toBeNull();
      expect(keeper.detections(10)).toMatchObject([{ kind: "nat", acted: true, count: 5 }]);
      const cloud = elsewhere(lab).entryOf("space", ip("10.0.0.1"));
      expect([cloud?.user, cloud?.device]).toEqual([null, null]);
    }));
});

describe("an account that works everywhere", () => {
  const seats = (clock: { now(): number }, count: number) =>
    Array.from({ length: count }, (_, n) =>
      aLogon({ user: "svc", ip: `10.0.1.${n + 1}`, at: clock.now() + n * 1000 }),
    );

  it("names nobody any more from its twenty-fifth address in an hour on, and its sessions end everywhere", () =>
    withKeeper((lab) => {
      const { keeper, clock } = lab;
      keeper.setRules(rules({}));
      for (const seat of seats(clock, 24)) write(keeper, seat);
      write(keeper, aLogon({ user: "ana", at: clock.now(), ip: "10.0.1.200" }));
      expect(named(keeper.table)).toHaveLength(25);
      clock.set(clock.now() + minutes(2));
      write(keeper, aLogon({ user: "svc", ip: "10.0.1.25", at: clock.now() }));
      expect(named(keeper.table)).toEqual(["10.0.1.200 ana"]);
      expect(named(elsewhere(lab))).toEqual(["10.0.1.200 ana"]);
      write(keeper, aLogon({ user: "svc", ip: "10.0.1.26", at: clock.now() }));
      expect(named(keeper.table)).toEqual(["10.0.1.200 ana"]);
    }));

  it("names nobody also when all its logons come in one batch", () =>
    withKeeper((lab) => {
      lab.keeper.setRules(rules({}));
      write(lab.keeper, ...seats(lab.clock, 30));
      expect([named(lab.keeper.table), named(elsewhere(lab))]).toEqual([[], []]);
    }));

  it("ends them after a disk that was full just as well", () =>
    withKeeper((lab) => {
      const { keeper, clock } = lab;
      keeper.setRules(rules({}));
      write(keeper, ...seats(clock, 24));
      clock.set(clock.now() + minutes(2));
      const last = aLogon({ user: "svc", ip: "10.0.1.25", at: clock.now() });
      keeper.store.setBound(1);
      const big = Array.from({ length: 300 }, (_, n) =>
        aLogon({ user: `u${n}`, ip: `10.9.${n >> 8}.${n & 255}`, at: clock.now() }),
      );
      expect(() => write(keeper, last, ...big)).toThrow(/full/);
      keeper.store.setBound(1e8);
      write(keeper, last, ...big);
      expect(named(keeper.table).filter((one) => one.endsWith("svc"))).toEqual([]);
    }));
});

describe("a computer that is a shared host by its place in the directory", () => {
  const RDS = { id: "rds", under: "OU=RDS,DC=corp,DC=example" };
  const hosts = (mark: object = {}, parts: object = {}) =>
    rules({ hostMarks: [{ ...RDS, ...mark }], ...parts });
  /** What a reader of the directory says of it, by the marks in force. */
  const computer = (name: string, hostMarkId?: string) =>
    someFacts({
      name,
      kind: "device",
      aliases: [`corp.example\\${name}$`, `corp.example\\${name}`, name],
      ...(hostMarkId === undefined ? {} : { hostMarkId }),
    });
  const comes = (lab: PipelineLab, name: string, address = "10.0.0.1") =>
    aLogon({ user: name, kind: "device", at: lab.clock.now(), ip: address });
  const read = (keeper: TableKeeper, ...facts: ReturnType<typeof computer>[]) =>
    keeper.write([arrival({ facts: facts.map((one, n) => ({ ...one, asOf: one.asOf + ++reading + n })) })]);
  let reading = 0;

  it("names nobody, whoever logs on there, keeps its device, and the cloud agrees", () =>
    withKeeper((lab) => {
      const { keeper, clock } = lab;
      keeper.setRules(hosts());
      read(keeper, computer("rds1", "rds"), computer("pc7"));
      write(keeper, comes(lab, "rds1"), comes(lab, "pc7", "10.0.0.7"));
      write(
        keeper,
        aLogon({ user: "ana", at: clock.now() }),
        aLogon({ user: "ben", at: clock.now(), ip: "10.0.0.7" }),
      );
      expect([at(keeper)?.user, at(keeper)?.device?.name]).toEqual([null, "rds1"]);
      expect(named(keeper.table)).toEqual(["10.0.0.7 ben"]);
      expect(named(elsewhere(lab))).toEqual(["10.0.0.7 ben"]);
      expect(Object.fromEntries(keeper.suppressed)).toEqual({ "mark:host": 1 });
      expect(keeper.journal.linesOf("space", "10.0.0.1").map(({ rule, law }) => [rule, law])).toEqual([
        ["mark:host", "9"],
      ]);
    }));

  it("ends whoever stands at an address that it takes over, also within one batch and whatever comes first", () =>
    withKeeper((lab) => {
      const { keeper, clock } = lab;
      keeper.setRules(hosts());
      read(keeper, computer("rds1", "rds"));
      write(keeper, aLogon({ user: "ana", at: clock.now() }));
      clock.set(clock.now() + 1000);
      write(
        keeper,
        aLogon({ user: "ben", at: clock.now(), ip: "10.0.0.2" }),
        comes(lab, "rds1"),
        comes(lab, "rds1", "10.0.0.2"),
        aLogon({ user: "cho", at: clock.now(), ip: "10.0.0.2" }),
      );
      expect([named(keeper.table), named(elsewhere(lab))]).toEqual([[], []]);
    }));

  it.each([
    ["by a source that does not speak for the address", { class: "D" as const }],
    ["by a use of a ticket, where another computer is", { class: "C" as const }],
    ["by an event from before the computer that is there", { at: -minutes(30) }],
  ])("takes nobody's name away where it is said to be %s", (_, said) =>
    withKeeper((lab) => {
      const { keeper, clock } = lab;
      keeper.setRules(hosts());
      read(keeper, computer("rds1", "rds"), computer("pc7"));
      write(keeper, comes(lab, "pc7"), aLogon({ user: "ana", at: clock.now() }));
      const { at: earlier = 0, ...strength } = { at: 0, ...said };
      write(keeper, {
        ...comes(lab, "rds1"),
        ...strength,
        effectiveAt: clock.now() + earlier,
      });
      expect(named(keeper.table)).toEqual(["10.0.0.1 ana"]);
      write(keeper, aLogon({ user: "ben", at: clock.now() + 1 }));
      expect(named(keeper.table)).toEqual(["10.0.0.1 ben"]);
    }),
  );

  it("leaves an address to the next computer there, and its people with it", () =>
    withKeeper((lab) => {
      const { keeper, clock } = lab;
      keeper.setRules(hosts());
      read(keeper, computer("rds1", "rds"), computer("pc7"));
      write(keeper, comes(lab, "rds1"));
      write(keeper, aLogon({ user: "ana", at: clock.now() }));
      clock.set(clock.now() + minutes(60));
      write(keeper, comes(lab, "pc7"), aLogon({ user: "ana", at: clock.now() }));
      expect(named(keeper.table)).toEqual(["10.0.0.1 ana"]);
    }));

  it("is found when the directory is read after people logged on there, and when it is moved", () =>
    withKeeper((lab) => {
      const { keeper, clock } = lab;
      keeper.setRules(hosts());
      write(keeper, comes(lab, "rds1"), comes(lab, "rds2", "10.0.0.2"));
      write(
        keeper,
        aLogon({ user: "ana", at: clock.now() }),
        aLogon({ user: "ben", at: clock.now(), ip: "10.0.0.2" }),
      );
      clock.set(clock.now() + 1000);
      read(keeper, computer("rds1", "rds"), computer("rds2"));
      expect(named(keeper.table)).toEqual(["10.0.0.2 ben"]);
      read(keeper, computer("rds2", "rds"));
      expect([named(keeper.table), named(elsewhere(lab))]).toEqual([[], []]);
    }));

  it("is still known after a restart, before the directory has been read again", () =>
    withKeeper((lab) => {
      const { keeper, clock, file } = lab;
      keeper.setRules(hosts());
      read(keeper, computer("rds1", "rds"));
      write(keeper, comes(lab, "rds1"));
      keeper.store.close();
      const again = newKeeper(file, clock);
      again.setRules(hosts());
      write(again, aLogon({ user: "ana", at: clock.now() }));
      expect(named(again.table)).toEqual([]);
      again.store.close();
    }));

  it("names its fixed user in place of anybody, and whoever logged on last where that is chosen", () =>
    withKeeper((lab) => {
      const { keeper, clock } = lab;
      const pseudoUser = { domain: "corp.example", name: "rds-users", groups: ["Hosts"] };
      keeper.setRules(hosts({ mode: "pseudo-user", pseudoUser }));
      read(keeper, computer("rds1", "rds"));
      write(keeper, comes(lab, "rds1"));
      write(keeper, aLogon({ user: "ana", at: clock.now() }));
      expect(at(keeper)?.user).toMatchObject({ name: "rds-users", groups: ["Hosts"] });
      expect(named(elsewhere(lab))).toEqual(["10.0.0.1 rds-users"]);
      clock.set(clock.now() + 1000);
      takeRules(keeper, hosts({ mode: "last-interactive" }));
      write(keeper, aLogon({ user: "ben", at: clock.now() + 1, class: "B" }));
      expect(named(keeper.table)).not.toContain("10.0.0.1 ben");
      write(keeper, aLogon({ user: "cho", at: clock.now() + 2 }));
      expect(named(keeper.table)).toEqual(["10.0.0.1 cho"]);
    }));

  it("gives way to a mark of the address, and is forgotten with its rule", () =>
    withKeeper((lab) => {
      const { keeper, clock } = lab;
      const addressMarks = [
        { id: "m", addressSpaceId: "space", range: "10.0.0.1", mark: "multi-user", mode: "last-interactive" },
      ];
      keeper.setRules(hosts({}, { addressMarks }));
      read(keeper, computer("rds1", "rds"));
      write(keeper, comes(lab, "rds1"), comes(lab, "rds1", "10.0.0.2"));
      const both = () =>
        ["10.0.0.1", "10.0.0.2"].map((address) => aLogon({ user: "ana", at: clock.now(), ip: address }));
      write(keeper, ...both());
      expect(named(keeper.table)).toEqual(["10.0.0.1 ana"]);
      clock.set(clock.now() + 1000);
      takeRules(keeper, rules({}));
      write(keeper, ...both());
      expect(named(keeper.table)).toEqual(["10.0.0.1 ana", "10.0.0.2 ana"]);
    }));
});

describe("people at one host by remote desktop", () => {
  const session = (lab: PipelineLab, user: string, number: number) =>
    aLogon({ user, at: lab.clock.now(), rule: "event:4624-10", correlator: `rds1|0x${number}` });

  it("are nobody to a firewall while two are connected, and somebody again where it is only suggested", () =>
    withKeeper((lab) => {
      const { keeper, clock } = lab;
      keeper.setRules(rules({}));
      write(keeper, session(lab, "ana", 1));
      clock.set(clock.now() + minutes(120));
      expect(at(keeper)?.user?.name).toBe("ana");
      write(keeper, session(lab, "ben", 2));
      expect([named(keeper.table), named(elsewhere(lab))]).toEqual([[], []]);
      expect(keeper.detections(9)).toMatchObject([
        { kind: "multi-user", acted: true, count: 2, signs: ["remote-desktop"] },
      ]);
      keeper.setRules(rules({}, { mode: "detect" }));
      clock.set(clock.now() + 1000);
      write(keeper, session(lab, "cho", 3));
      expect(named(keeper.table)).toEqual(["10.0.0.1 cho"]);
    }));
});

describe("the first days of a site", () => {
  it("leave the sessions of what looks like a service account alone, and end them once they are over", () =>
    withKeeper((lab) => {
      const { keeper, clock } = lab;
      keeper.setRules(rules({}, { mode: "on", suggestAccountsUntil: clock.now() + minutes(60) }));
      const seat = (n: number) => aLogon({ user: "svc", ip: `10.0.1.${n}`, at: clock.now() });
      for (let n = 1; n <= 30; n += 1) write(keeper, seat(n));
      expect(named(keeper.table)).toHaveLength(30);
      expect(keeper.detections(9)).toMatchObject([{ kind: "service-account", acted: false, count: 30 }]);
      clock.set(clock.now() + minutes(61));
      write(keeper, seat(1));
      expect([named(keeper.table), named(elsewhere(lab))]).toEqual([[], []]);
    }));
});

describe("the journal of what was kept back", () => {
  it("says of an address what was kept back there, by which rule and number, the newest first", () =>
    withKeeper(({ keeper, clock }) => {
      keeper.setRules(rules({ filters: [{ id: "f2", kind: "principal-exclude", pattern: "^svc-" }] }));
      write(
        keeper,
        aLogon({ user: "svc-backup", at: clock.now(), id: "a" }),
        aLogon({ user: "krbtgt", at: clock.now() + 1, id: "b" }),
      );
      write(keeper, aLogon({ user: "svc-backup", at: clock.now(), id: "a" }));
      expect(
        keeper.journal.linesOf("space", "10.0.0.1").map(({ rule, law, principal }) => [rule, law, principal]),
      ).toEqual([
        ["product-account", "4", "corp.example\\krbtgt"],
        ["f2", "14", "corp.example\\svc-backup"],
      ]);
    }));
});
