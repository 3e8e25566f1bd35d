import { pcProbeConfig, siteConfig } from "@rollcall/agent-protocol";
import {
  createWinrmMethod,
  createWmiMethod,
  type LoginContexts,
  type ProbeMethod,
} from "@rollcall/collectors/pc-probe";
import type { Observation } from "@rollcall/identity-core";
import { aLogon, ip } from "@rollcall/identity-core/testing";
import { silentLogger } from "@rollcall/observability";
import { createNtlmContext } from "@rollcall/windows-rpc/ntlm";
import { type FakeComputer, startFakeComputer } from "@rollcall/wmi-server/fake-computer";
import { describe, expect, it } from "vitest";
import { createGroupCommit, type GroupCommit } from "../pipeline/group-commit.ts";
import { compileSiteRules } from "../pipeline/site-rules.ts";
import type { KeeperOptions, TableKeeper } from "../pipeline/table-keeper.ts";
import { systemClock } from "../supervisor/clock.ts";
import { withKeeper } from "../testing/pipeline-lab.ts";
import { eventually } from "../testing/uplink-lab.ts";
import { createPcProbe, type PcProbeSource, type ProbeWire } from "./pc-probe-source.ts";

const log = silentLogger;
const HERE = ip("10.0.0.7");

/** The computer itself checks the password, as with NTLM. */
const contexts: LoginContexts = {
  make: async ({ user, password }) => {
    const another = () => createNtlmContext({ user, domain: "CORP", password });
    return { kind: "accepted", value: { context: another(), another, isProven: false, isFresh: true } };
  },
};

interface Lab {
  readonly probe: PcProbeSource;
  readonly keeper: TableKeeper;
  readonly commits: GroupCommit;
  readonly computer: FakeComputer;
  configure(parts?: object, infrastructure?: readonly string[]): void;
}

let last = 0;

/** A probe, and one computer that stands at every address. */
function withProbe(work: (lab: Lab) => Promise<void>, { password = "right" } = {}): Promise<void> {
  let probeOfLab: PcProbeSource | null = null;
  const onComputer: KeeperOptions["onComputer"] = (space, address) => probeOfLab?.heardOf(space, address);
  return withKeeper(
    async ({ keeper }) => {
      last += 1;
      const host = `127.0.11.${last}`;
      const computer = await startFakeComputer({
        host,
        wmiPort: 0,
        winrmPort: 0,
        name: "PC-7",
        domain: "corp.example",
        seats: { console: "CORP\\ana", remote: [] },
        accounts: [{ user: "reader", password: "right" }],
      });
      const commits = createGroupCommit({ keeper, clock: systemClock, log, reopen: () => undefined });
      const atHost = (method: ProbeMethod): ProbeMethod => ({
        ...method,
        async reach(target, signal) {
          const there = { ...target, ip: ip(host) };
          const reached = await method.reach(there, signal);
          return reached;
        },
      });
      const wire: ProbeWire = {
        names: { reverse: async () => [], addressesOf: async () => [] },
        method: (id) =>
          atHost(
            id === "wmi"
              ? createWmiMethod({ contexts, port: computer.wmiPort })
              : createWinrmMethod({ contexts, httpPort: computer.winrmPort ?? 0, httpsPort: 1 }),
          ),
      };
      let refusals = 0;
      const probe = createPcProbe({
        keeper,
        commits,
        clock: systemClock,
        random: () => 0,
        log,
        login: () => ({
          withheld: async () => (refusals >= 2 ? "paused" : null),
          async attempt(logIn, asked) {
            if (refusals >= 2) return { kind: "withheld", sentence: "paused" };
            const login = { user: "reader", password, realm: null, kdcs: [], allowNtlm: true };
            const outcome = await logIn(login, asked);
            refusals = outcome.kind === "refused" ? refusals + 1 : 0;
            return outcome;
          },
          untilUsable: async () => undefined,
        }),
        isInfrastructure: (_space, address) => address === ip("10.0.0.1"),
        wire,
      });
      probeOfLab = probe;
      const { signal } = new AbortController();
      await commits.start(signal);
      try {
        await work({
          probe,
          keeper,
          commits,
          computer,
          configure: (parts = {}, infrastructure = []) =>
            probe.configure(
              pcProbeConfig.parse({
                enabled: true,
                addressSpaceId: "space",
                credentialIds: ["reader"],
                include: ["10.0.0.0/8"],
                ...parts,
              }),
              infrastructure,
            ),
        });
      } finally {
        await probe.stop();
        await commits.stop();
        await computer.close();
      }
    },
    Date.now,
    { onComputer },
  );
}

const miss = (address: string, firewallId = "fw-1") => ({
  firewallId,
  addressSpaceIds: ["space"],
  ip: ip(address),
});
const userAt = (keeper: TableKeeper, address = HERE) => keeper.table.entryOf("space", address)?.user?.name;

describe("an address that a firewall asks about and nobody knows", () => {
  for (const methods of [["wmi"], ["winrm"]])
    it(`is found out by ${methods.join()}, and in the table when the firewall's question is answered`, () =>
      withProbe(async ({ probe, keeper, configure }) => {
        configure({ methods });
        await probe.missed(miss("10.0.0.7"));
        expect(keeper.table.entryOf("space", HERE)).toMatchObject({
          user: { domain: "corp", name: "ana", class: "A", rule: "probe:user", sourceId: "pc-probe" },
          device: { name: "PC-7", domain: "corp.example" },
        });
        expect(probe.sourceHealth()).toMatchObject([
          {
            id: "pc-probe",
            state: "ok",
            sentence: "1 of 1 computers answered.",
            counters: { asked: 1, misses: 1, "answer.user": 1, "credential.reader.answered": 1 },
          },
        ]);
      }));

  it("is asked once, however often and by however many firewalls it is asked about", () =>
    withProbe(async ({ probe, computer, configure }) => {
      configure({ methods: ["winrm"] });
      await Promise.all([
        probe.missed(miss("10.0.0.7")),
        probe.missed(miss("10.0.0.7", "fw-2")),
        probe.missed(miss("10.0.0.7")),
      ]);
      expect(probe.missed(miss("10.0.0.7"))).toBeNull();
      expect(computer.logins).toEqual(["reader accepted"]);
    }));

  it("is not asked for a firewall of another address space, outside the ranges, at a server, or where that is off", () =>
    withProbe(async ({ probe, configure }) => {
      expect(probe.missed(miss("10.0.0.7"))).toBeNull();
      configure({}, ["10.0.0.2"]);
      expect(probe.missed({ ...miss("10.0.0.7"), addressSpaceIds: ["elsewhere"] })).toBeNull();
      for (const address of ["192.168.0.7", "10.0.0.1", "10.0.0.2", "127.0.0.1"])
        expect(probe.missed(miss(address)), address).toBeNull();
      configure({ onUnknownAddress: false });
      expect(probe.missed(miss("10.0.0.7"))).toBeNull();
      configure({ enabled: false });
      expect(probe.missed(miss("10.0.0.7"))).toBeNull();
      expect(probe.report(HERE)).toBeNull();
      expect(probe.sourceHealth()).toMatchObject([{ state: "off" }]);
    }));

  it("is asked for one firewall though another asks about a hundred", () =>
    withProbe(async ({ probe, configure }) => {
      configure({ methods: ["winrm"] });
      const asked = Array.from({ length: 100 }, (_, host) => probe.missed(miss(`10.1.0.${host}`)));
      const taken = asked.filter((one) => one !== null);
      expect(taken.length).toBeLessThanOrEqual(25);
      expect(probe.missed(miss("10.2.0.1", "fw-2"))).not.toBeNull();
      await Promise.all(taken);
    }));
});

describe("an event that names a computer and no user", () => {
  const computerAt = (address: string) =>
    aLogon({
      user: "PC-7",
      domain: "corp.example",
      kind: "device",
      at: Date.now(),
      ip: address,
      class: "B",
      family: "event-log",
      rule: "event:4768",
    });
  const bring = ({ commits }: Lab, observations: readonly Observation[]) =>
    commits.submit({ observations, facts: [], bookmark: null, origin: "site" });

  it("makes the probe ask who sits there, once, and whoever it is is named", () =>
    withProbe(async (lab) => {
      const { probe, keeper, computer, configure } = lab;
      configure({ methods: ["winrm"] });
      await bring(lab, [computerAt("10.0.0.7")]);
      await bring(lab, [computerAt("10.0.0.7")]);
      await eventually("Ana is named", () => userAt(keeper) === "ana");
      await bring(lab, [computerAt("10.0.0.7")]);
      expect(computer.logins).toHaveLength(1);
      expect(probe.sourceHealth()[0]?.counters).toMatchObject({ asked: 1, eventsWithoutUser: 1 });
    }));

  it("asks nobody where somebody is known, outside the ranges, where several share the address, or where that is off", () =>
    withProbe(async (lab) => {
      const { probe, keeper, configure } = lab;
      const asked = () => probe.sourceHealth()[0]?.counters.eventsWithoutUser;
      configure();
      await bring(lab, [
        aLogon({ user: "bob", at: Date.now(), ip: "10.0.0.7", class: "B", family: "event-log" }),
        computerAt("10.0.0.7"),
      ]);
      await bring(lab, [computerAt("192.168.0.7")]);
      configure({ onEventWithoutUser: false });
      await bring(lab, [computerAt("10.0.0.8")]);
      configure();
      const shared = {
        id: "rds",
        addressSpaceId: "space",
        range: "10.0.0.9",
        mark: "multi-user",
        mode: "suppress",
      };
      keeper.setRules(
        compileSiteRules(
          siteConfig.parse({ addressSpaces: [{ id: "space", name: "Space" }], addressMarks: [shared] }),
        ),
      );
      await bring(lab, [computerAt("10.0.0.9")]);
      expect(asked()).toBeUndefined();
      await bring(lab, [computerAt("10.0.0.8")]);
      expect(asked()).toBe(1);
    }));

  it("holds up no firewall's question, however many computers start at once", () =>
    withProbe(async (lab) => {
      const { probe, configure } = lab;
      configure({ methods: ["winrm"], workers: 64 });
      await bring(
        lab,
        Array.from({ length: 200 }, (_, host) => ({ ...computerAt(`10.1.0.${host + 1}`) })),
      );
      const { counters } = probe.sourceHealth()[0] ?? {};
      expect(counters?.eventsWithoutUser).toBeLessThanOrEqual(25);
      expect((counters?.eventsPaced ?? 0) + (counters?.eventsWithoutUser ?? 0)).toBe(200);
      expect(probe.missed(miss("10.2.0.1"))).not.toBeNull();
    }));
});

it("shows a wrong password twice and says that nobody can be asked", () =>
  withProbe(
    async ({ probe, computer, configure }) => {
      configure();
      await probe.start(new AbortController().signal);
      for (const host of [1, 2, 3, 4]) await probe.missed(miss(`10.1.0.${host}`));
      expect(computer.logins).toEqual(["reader wrong-password", "reader wrong-password"]);
      await eventually("it says so", () => probe.sourceHealth()[0]?.state === "degraded");
      expect(probe.sourceHealth()[0]?.sentence).toBe("No computer can be asked: paused");
      expect(await probe.test()).toContainEqual(
        expect.objectContaining({ name: "credential reader", ok: false }),
      );
    },
    { password: "wrong" },
  ));

it("asks before a session ends, and serves whom the computer names", () =>
  withProbe(async ({ probe, keeper, commits, computer, configure }) => {
    computer.seats.console = "CORP\\bob";
    configure();
    const at = Date.now();
    const logon = aLogon({
      user: "ana",
      domain: "corp",
      at,
      ip: "10.0.0.7",
      class: "B",
      family: "event-log",
    });
    await commits.submit({
      observations: [{ ...logon, lifetimeMs: 8000 }],
      facts: [],
      bookmark: null,
      origin: "site",
    });
    await probe.start(new AbortController().signal);
    await eventually("Bob is served", () => userAt(keeper) === "bob");
    expect(probe.sourceHealth()[0]?.counters).toMatchObject({ "verified.user": 1 });
  }));

it("tells a person what a computer said", () =>
  withProbe(async ({ probe, computer, configure }) => {
    configure({ methods: ["winrm"] });
    expect(await probe.report(HERE)).toEqual({
      outcome: "user",
      sentence: "CORP\\ana sits there (by WinRM, with reader).",
      user: "CORP\\ana",
      computer: "PC-7.corp.example",
    });
    computer.seats.console = null;
    expect(await probe.report(ip("10.0.0.8"))).toMatchObject({ outcome: "nobody", user: null });
    expect(await probe.report(ip("192.168.0.1"))).toMatchObject({ outcome: "not-asked" });
    expect(probe.report(HERE, "elsewhere")).toBeNull();
  }));
