import { builtInProfile } from "@rollcall/srx-protocol";
import { anEntry, anEntryUser } from "@rollcall/srx-protocol/testing";
import { Firewall } from "@rollcall/srx-simulator/firewall";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aPoint, EVERYTHING, type Harness, startHarness, testIdentity } from "./testing/server-harness.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness({
    now: Date.now,
    onUserReport: ({ observation: { ip, verb, principal } }) => {
      const user = anEntryUser({ name: principal?.name ?? "", groups: ["finance"] });
      harness.source.tell(verb === "end" ? anEntry({ ip }) : anEntry({ ip, user }));
      return { kind: "recorded" };
    },
  });
});
afterEach(() => harness.stop());

const device = {
  principalKey: "s-1-5-21-1",
  domain: "corp.example",
  name: "kiosk-3",
  groups: ["kiosks", "lobby & hall"],
  since: 0,
  expiresAt: 1,
  category: "kiosk",
  vendor: "Example <Devices>",
  model: `K "200"`,
  os: "windows 11",
  osVersion: "10.0.26100",
};

/** The simulator was written from the protocol paper and shares no code with what it reads here. */
describe.each([
  ["json-superset", "json"],
  ["userfw-xml", "xml"],
  ["insight-v1", "insight"],
] as const)("a reader that shares no code with %s", (id, read) => {
  async function firewall(): Promise<Firewall> {
    const profile = builtInProfile(id);
    if (profile === null) throw new Error(id);
    harness.points.setPoints([
      aPoint({
        profile,
        mayReport: ["10.90.0.0/16"],
        filter: { ...EVERYTHING, addressSpaceIds: ["space-1"] },
      }),
    ]);
    const { caPem } = await testIdentity();
    return new Firewall({
      primary: {
        url: `https://localhost:${harness.port}`,
        clientId: "srx-a",
        clientSecret: "EXAMPLE",
        ca: caPem,
        profile: read,
        ...(id === "insight-v1" ? { queryApi: "user_query/v1" } : {}),
      },
      items: 100,
    });
  }

  it("holds who is where: people with hard names, devices alone, IPv6; page after page, and who has left", async () => {
    for (let at = 0; at < 250; at++)
      harness.source.tell(anEntry({ ip: `10.0.0.${at}`, user: anEntryUser({ name: `user${at}` }) }));
    harness.source.tell(
      anEntry({
        ip: "10.0.1.1",
        user: anEntryUser({ name: `o'neil & <søn>`, groups: [`"a"`, "b&c"] }),
        device,
      }),
    );
    harness.source.tell(anEntry({ ip: "10.0.1.2", device }));
    harness.source.tell(anEntry({ ip: "2001:db8::5", user: anEntryUser() }));
    const reader = await firewall();
    try {
      expect(await reader.poll()).toMatchObject({ kind: "answered", pages: 3, reports: 253 });
      expect(reader.entry("10.0.1.1")).toMatchObject({
        user: `o'neil & <søn>`,
        domain: "corp.example",
        groups: [`"a"`, "b&c"],
        device: "kiosk-3",
        deviceGroups: ["kiosks", "lobby & hall"],
        deviceAttributes: {
          "device-category": "kiosk",
          "device-vendor": "Example <Devices>",
          "device-model": `K "200"`,
          "device-os": "windows 11",
          "device-os-version": "10.0.26100",
        },
      });
      expect(reader.entry("10.0.1.2")).toMatchObject({ user: "", groups: [], device: "kiosk-3" });
      expect(reader.entry("2001:db8::5")).toMatchObject({ user: "alice" });

      harness.source.tell(anEntry({ ip: "10.0.0.7", lastUser: { domain: "corp.example", name: "user7" } }));
      harness.source.tell(
        anEntry({ ip: "10.0.0.8", user: anEntryUser({ name: "user8", groups: ["engineering", "oncall"] }) }),
      );
      expect(await reader.poll()).toMatchObject({ reports: 2 });
      expect(reader.entry("10.0.0.7")).toBeUndefined();
      expect(reader.entry("10.0.0.8")?.groups).toEqual(["engineering", "oncall"]);
      expect(await reader.poll()).toMatchObject({ pages: 1, reports: 0 });

      expect(await reader.queryIp("10.0.1.1")).toMatchObject({ kind: "known" });
      expect(await reader.queryIp("10.0.9.9")).toMatchObject({ kind: "unknown" });
      const [server] = reader.counters().servers;
      expect(server).toMatchObject({ complaints: {}, rejectedEntries: 0, malformedBodies: 0 });
    } finally {
      await reader.stop();
    }
  });

  it.each(["query", "form", "json", "xml"] as const)(
    "reports a captive portal's logon by %s and gets the groups, and takes it back",
    async (as) => {
      const reader = await firewall();
      try {
        const pushed = { address: "10.90.0.1", user: "CORP\\carol", as };
        expect(await reader.push(pushed)).toMatchObject({
          kind: "known",
          entry: { user: "carol", groups: ["finance"] },
        });
        expect(await reader.push({ ...pushed, state: "disconnect" })).toMatchObject({ kind: "unknown" });
        expect(await reader.push({ ...pushed, address: "10.91.0.1" })).toMatchObject({ kind: "unknown" });
      } finally {
        await reader.stop();
      }
    },
  );
});
