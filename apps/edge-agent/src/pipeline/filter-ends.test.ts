import { siteConfig } from "@rollcall/agent-protocol";
import { type Observation, SessionTable } from "@rollcall/identity-core";
import { aLogon, EVERYTHING, ip, someFacts } from "@rollcall/identity-core/testing";
import { describe, expect, it } from "vitest";
import { arrival, newKeeper, type PipelineLab, spooled, withKeeper } from "../testing/pipeline-lab.ts";
import { compileSiteRules } from "./site-rules.ts";
import type { TableKeeper } from "./table-keeper.ts";

const rules = (filters: readonly object[], parts: object = {}) =>
  compileSiteRules(
    siteConfig.parse({
      addressSpaces: [{ id: "space", name: "S" }],
      syslogSources: [
        {
          id: "source-1",
          name: "VPN",
          senders: ["192.0.2.1"],
          addressSpaceId: "space",
          speaksFor: ["10.0.0.0/8"],
        },
      ],
      filters,
      ...parts,
    }),
  );
const account = (pattern: string) => ({ id: "svc", kind: "principal-exclude", pattern });

const write = (keeper: TableKeeper, ...observations: Observation[]) =>
  keeper.write([arrival({ observations })]);

/** Takes other rules into use, as the running site does. */
function takeRules(keeper: TableKeeper, next: ReturnType<typeof rules>): Observation[] {
  keeper.setRules(next);
  const all: Observation[] = [];
  for (const filtered of keeper.endsByFilters()) {
    keeper.write([arrival({ filtered })]);
    all.push(...filtered);
  }
  return all;
}

const who = (keeper: TableKeeper, address: string) => {
  const entry = keeper.source.byIp(ip(address), EVERYTHING);
  return entry?.user?.name ?? entry?.device?.name ?? null;
};

/** Whom the cloud, or another agent, names by what this agent streamed. */
function elsewhere({ keeper, clock }: PipelineLab): string[] {
  const table = new SessionTable({ issuer: "0", incarnation: "0" });
  for (const { body } of keeper.store.spool.read(1, 10_000, 1e9)) {
    const item = JSON.parse(body);
    if (item.kind === "observation") table.apply([item.observation], clock.now());
    else table.applyFacts([item.principal], clock.now());
  }
  return [...table.entries()].flatMap(({ ip: address, user, device }) => {
    const name = user?.name ?? device?.name;
    return name === undefined ? [] : [`${address} ${name}`];
  });
}

describe("a filter that is added while people are in session", () => {
  it("ends those whom it would keep back, leaves everybody else, and the cloud agrees", () =>
    withKeeper((lab) => {
      const { keeper, clock } = lab;
      keeper.setRules(rules([]));
      write(
        keeper,
        aLogon({ user: "svc-backup", ip: "10.0.0.1", at: clock.now() }),
        aLogon({ user: "ana", ip: "10.0.0.2", at: clock.now() }),
      );
      clock.set(clock.now() + 60_000);
      const ends = takeRules(keeper, rules([account("^svc-")]));
      expect(ends).toMatchObject([
        {
          rule: "filter:svc",
          verb: "end",
          sourceId: "source-1",
          effectiveAt: clock.now(),
          endScope: { principal: "named", family: "any" },
        },
      ]);
      expect([who(keeper, "10.0.0.1"), who(keeper, "10.0.0.2")]).toEqual([null, "ana"]);
      expect(elsewhere(lab)).toEqual(["10.0.0.2 ana"]);
    }));

  it("names whoever was there before, where that is what the law says, and never another that is filtered", () =>
    withKeeper((lab) => {
      const { keeper, clock } = lab;
      keeper.setRules(rules([]));
      const at = clock.now();
      write(
        keeper,
        aLogon({ user: "svc-a", ip: "10.0.0.1", at }),
        aLogon({ user: "svc-b", ip: "10.0.0.1", at: at + 1000 }),
      );
      clock.set(at + 60_000);
      expect(takeRules(keeper, rules([account("^svc-")]))).toHaveLength(2);
      expect(who(keeper, "10.0.0.1")).toBeNull();
      expect(elsewhere(lab)).toEqual([]);
    }));

  it("makes no second end after a restart, whatever was stored", () =>
    withKeeper(({ keeper, clock, file }) => {
      keeper.setRules(rules([]));
      write(keeper, aLogon({ user: "svc-backup", ip: "10.0.0.1", at: clock.now() }));
      takeRules(keeper, rules([account("^svc-")]));
      const before = spooled(keeper);
      expect(before).toHaveLength(2);
      keeper.store.close();
      clock.set(clock.now() + 60_000);
      const again = newKeeper(file, clock);
      try {
        takeRules(again, rules([account("^svc-")]));
        expect(spooled(again)).toEqual(before);
      } finally {
        again.store.close();
      }
    }));

  it("leaves what another site's agent reads to that agent, and what came in time after it to receipt", () =>
    withKeeper(({ keeper, clock }) => {
      keeper.setRules(rules([]));
      keeper.write([
        arrival({
          origin: "cloud",
          observations: [aLogon({ user: "svc-backup", ip: "10.0.0.1", at: clock.now(), source: "far" })],
        }),
      ]);
      expect(takeRules(keeper, rules([account("^svc-")]))).toEqual([]);
      expect(who(keeper, "10.0.0.1")).toBe("svc-backup");
    }));

  it("ends whoever is at an address that is excluded, people and devices, and at one that is no longer included", () =>
    withKeeper((lab) => {
      const { keeper, clock } = lab;
      const at = clock.now();
      const isSilent = (filters: readonly object[]) => {
        takeRules(keeper, rules(filters));
        return ["10.0.0.1", "10.0.0.2", "10.0.1.1"].map((address) => who(keeper, address));
      };
      keeper.setRules(rules([]));
      write(
        keeper,
        aLogon({ user: "ana", ip: "10.0.0.1", at }),
        aLogon({ user: "pc-1", kind: "device", ip: "10.0.0.2", at }),
        aLogon({ user: "ben", ip: "10.0.1.1", at }),
      );
      const excluded = { id: "net", kind: "ip-exclude", range: "10.0.0.1" };
      expect(isSilent([excluded])).toEqual([null, "pc-1", "ben"]);
      expect(isSilent([{ id: "in", kind: "ip-include", range: "10.0.1.0/24" }])).toEqual([null, null, "ben"]);
      expect(elsewhere(lab)).toEqual(["10.0.1.1 ben"]);
    }));

  it("means somebody by any name that the directory knows, at receipt and for those who are there", () =>
    withKeeper(({ keeper, clock }) => {
      keeper.setRules(rules([]));
      const backup = someFacts({ name: "svc-backup", domain: "corp.example" });
      keeper.write([arrival({ facts: [backup] })]);
      const logon = (address: string): Observation => ({
        ...aLogon({ user: "svc-backup", ip: address, at: clock.now() }),
        principal: { name: "svc-backup", domain: "CORP" },
      });
      write(keeper, logon("10.0.0.1"));
      const approved = rules([account("^corp\\.example\\\\svc-backup$")]);
      expect(takeRules(keeper, approved)).toHaveLength(1);
      write(keeper, logon("10.0.0.2"));
      expect([who(keeper, "10.0.0.1"), who(keeper, "10.0.0.2")]).toEqual([null, null]);
      expect(keeper.suppressed.get("svc")).toBe(1);
    }));
});
