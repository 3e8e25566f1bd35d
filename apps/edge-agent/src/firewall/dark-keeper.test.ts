import { siteConfig } from "@rollcall/agent-protocol";
import type { SourceHealth } from "@rollcall/collectors/collector";
import { type Entry, SessionTable } from "@rollcall/identity-core";
import { aLogon, EVERYTHING, minutes } from "@rollcall/identity-core/testing";
import { silentLogger } from "@rollcall/observability";
import { filterHash } from "@rollcall/srx-protocol";
import { FakeClock } from "@rollcall/testkit";
import { describe, expect, it } from "vitest";
import { createDarkKeeper, type DarkenedPoint } from "./dark-keeper.ts";

const points = siteConfig.parse({
  addressSpaces: [{ id: "space", name: "S" }],
  enforcementPoints: (["hold", "shorten", "drop"] as const).map((whenSourcesDark) => ({
    id: whenSourcesDark,
    name: whenSourcesDark,
    clientId: `point-${whenSourcesDark}`,
    verifiers: [],
    addressSpaceIds: ["space"],
    whenSourcesDark,
  })),
}).enforcementPoints;

const health = (state: SourceHealth["state"], since: number): SourceHealth => ({
  id: "vpn",
  kind: "syslog",
  name: "VPN",
  state,
  sentence: "",
  since,
  lastActivityAt: null,
  counters: {},
});

function lab() {
  const clock = new FakeClock();
  const table = new SessionTable({ issuer: "0", incarnation: "0" });
  table.apply(
    [
      aLogon({ user: "ana", at: clock.now(), source: "vpn" }),
      aLogon({ user: "ben", at: clock.now(), ip: "10.0.0.2", source: "dc1" }),
    ],
    clock.now(),
  );
  let source = health("ok", clock.now());
  let told: readonly DarkenedPoint[] = [];
  let calls = 0;
  const keeper = createDarkKeeper({
    receivers: [
      {
        setPoints(made) {
          told = made;
          calls += 1;
        },
      },
    ],
    sources: () => [source],
    clock,
    random: () => 0,
    log: silentLogger,
  });
  const filterOf = (id: string) => ({
    ...EVERYTHING,
    darkSourceIds: told.find((point) => point.id === id)?.darkSourceIds ?? [],
  });
  keeper.setPoints(points);
  return {
    keeper,
    clock,
    calls: () => calls,
    become(state: SourceHealth["state"]) {
      source = health(state, clock.now());
    },
    pass(count: number) {
      clock.set(clock.now() + minutes(count));
      keeper.look();
    },
    filterOf,
    /** What a firewall holds after a full dump, and whom it is told of in vain. */
    dump(id: string): string[] {
      const name = ({ user, lastUser }: Entry) => (user ? user.name : `-${lastUser?.name}`);
      return table.changesSince(0, 100, filterOf(id)).entries.map(name);
    },
  };
}

describe("a firewall whose source was lost", () => {
  it("is told the logoff at two minutes with drop, after half an hour with shorten, and never with hold", () => {
    const { become, pass, dump, keeper } = lab();
    become("broken");
    pass(1);
    expect([dump("hold"), dump("shorten"), dump("drop")]).toEqual([
      ["ana", "ben"],
      ["ana", "ben"],
      ["ana", "ben"],
    ]);
    pass(1);
    expect([dump("hold"), dump("shorten"), dump("drop")]).toEqual([
      ["ana", "ben"],
      ["ana", "ben"],
      ["-ana", "ben"],
    ]);
    pass(28);
    expect([dump("hold"), dump("shorten")]).toEqual([
      ["ana", "ben"],
      ["-ana", "ben"],
    ]);
    expect(keeper.darkSources()).toMatchObject([{ sourceId: "vpn" }]);
  });

  it("is told the logon again when the source is back, and nobody else in between", () => {
    const { become, pass, dump, keeper } = lab();
    become("broken");
    pass(3);
    expect(dump("drop")).toEqual(["-ana", "ben"]);
    become("ok");
    pass(0);
    expect([dump("drop"), keeper.darkSources()]).toEqual([["ana", "ben"], []]);
  });

  it("gets everything anew, for its filter is another one", () => {
    const { become, pass, filterOf } = lab();
    const nothing = { domains: [], includeIp: [], excludeIp: [] };
    const before = filterHash(filterOf("drop"), nothing);
    become("broken");
    pass(2);
    expect(filterHash(filterOf("drop"), nothing)).not.toBe(before);
    become("ok");
    pass(0);
    expect(filterHash(filterOf("drop"), nothing)).toBe(before);
  });

  it("loses nobody to a source that is only silent, and is told nothing anew while nothing changes", () => {
    const { become, pass, dump, calls } = lab();
    become("never");
    pass(600);
    become("degraded");
    pass(600);
    expect([dump("drop"), calls()]).toEqual([["ana", "ben"], 1]);
  });
});
