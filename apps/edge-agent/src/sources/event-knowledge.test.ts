import { siteConfig } from "@rollcall/agent-protocol";
import { aLogon, ip } from "@rollcall/identity-core/testing";
import { describe, expect, it } from "vitest";
import { arrival, withKeeper } from "../testing/pipeline-lab.ts";
import { type DirectoryKnowledge, EventKnowledge } from "./event-knowledge.ts";

const MINUTE = 60_000;
const site = (parts: object = {}) =>
  siteConfig.parse({ addressSpaces: [{ id: "main", name: "Main" }], ...parts });
const source = (id: string, parts: object = {}) => ({
  id,
  name: id,
  kind: "domain-controller",
  host: `${id}.corp.example`,
  addressSpaceId: "main",
  credentialId: "reader",
  ...parts,
});
const directory = (host: string) => ({ id: host, name: host, host, credentialId: "reader" });

/** Computers at addresses, each since so many minutes ago. */
async function withComputers(
  computers: readonly (readonly [name: string, address: string, minutesAgo: number, domain?: string])[],
  work: (knowledge: EventKnowledge, now: number) => void | Promise<void>,
  directories: DirectoryKnowledge | null = null,
): Promise<void> {
  await withKeeper(async ({ keeper, clock }) => {
    const now = clock.now();
    keeper.write([
      arrival({
        observations: computers.map(([name, address, minutesAgo, domain = "corp.example"], index) =>
          aLogon({
            kind: "device",
            user: name,
            domain,
            ip: address,
            space: "main",
            at: now - minutesAgo * MINUTE,
            id: `device-${index}`,
            class: "B",
          }),
        ),
      }),
    ]);
    await work(
      new EventKnowledge(keeper, () => directories, {
        lookUp: async (host) => {
          if (host !== "ldap1.corp.example") throw new Error("ENOTFOUND");
          return ["10.0.4.4"];
        },
        ownAddresses: () => ["10.0.5.5", "fe80::1"],
      }),
      now,
    );
  });
}

describe("where a computer is", () => {
  it("is known by its name, with and without its domain, at every address it has", () =>
    withComputers(
      [
        ["PC7", "10.0.0.7", 30],
        ["PC7", "10.1.0.7", 30],
        ["PC8", "10.0.0.8", 30],
      ],
      (knowledge, now) => {
        const { addressesOf } = knowledge.of("main");
        for (const name of ["pc7", "PC7", "pc7.corp.example", "PC7.CORP.EXAMPLE"])
          expect([...addressesOf(name, now)].sort()).toEqual(["10.0.0.7", "10.1.0.7"]);
        expect(addressesOf("pc9", now)).toEqual([]);
        expect(addressesOf("", now)).toEqual([]);
      },
    ));

  it("is not known of a time before it was there", () =>
    withComputers([["PC7", "10.0.0.7", 30]], (knowledge, now) => {
      const { addressesOf, hasDevice } = knowledge.of("main");
      expect(addressesOf("pc7", now - 40 * MINUTE)).toEqual([]);
      expect(addressesOf("pc7", now - 30.5 * MINUTE)).toEqual(["10.0.0.7"]);
      expect(hasDevice(ip("10.0.0.7"), now - 40 * MINUTE)).toBe(false);
      expect(hasDevice(ip("10.0.0.7"), now)).toBe(true);
      expect(hasDevice(ip("10.0.0.8"), now)).toBe(false);
    }));

  it("is one computer of two that have a name in two domains; a NetBIOS domain says nothing against either", () =>
    withComputers(
      [
        ["PC7", "10.0.0.7", 30, "corp.example"],
        ["PC7", "10.9.0.7", 30, "other.example"],
        ["PC5", "10.0.0.5", 30, "CORP"],
      ],
      (knowledge, now) => {
        const { addressesOf } = knowledge.of("main");
        expect(addressesOf("pc7.other.example", now)).toEqual(["10.9.0.7"]);
        expect(addressesOf("pc5.corp.example", now)).toEqual(["10.0.0.5"]);
      },
    ));

  it("is asked within one address space", () =>
    withComputers([["PC7", "10.0.0.7", 30]], (knowledge, now) => {
      expect(knowledge.of("branch").addressesOf("pc7", now)).toEqual([]);
    }));
});

describe("what is no seat", () => {
  it("is the infrastructure of the configuration, hosts written as addresses, and where servers were found", () =>
    withComputers([], (knowledge) => {
      const { isInfrastructure } = knowledge.of("main");
      knowledge.configure(
        site({
          settings: { infrastructure: ["10.0.1.0/24"] },
          eventSources: [source("dc1"), source("dc2", { host: "10.0.2.2" })],
        }),
      );
      knowledge.noteServer("dc1", ["10.0.3.3", "::ffff:10.0.3.4"]);
      for (const address of ["10.0.1.9", "10.0.2.2", "10.0.3.3", "10.0.3.4"])
        expect([address, isInfrastructure(ip(address))]).toEqual([address, true]);
      expect(isInfrastructure(ip("10.0.0.7"))).toBe(false);
      // A source that is no more gives its server's addresses back.
      knowledge.configure(site());
      expect(isInfrastructure(ip("10.0.3.3"))).toBe(false);
    }));

  it("is this machine itself, and where DNS says that the directories' servers are", () =>
    withComputers([], async (knowledge) => {
      const { isInfrastructure } = knowledge.of("main");
      knowledge.configure(
        site({ directories: [directory("ldap1.corp.example"), directory("no-such.example")] }),
      );
      await new Promise((resolve) => setImmediate(resolve));
      for (const address of ["10.0.4.4", "10.0.5.5"])
        expect([address, isInfrastructure(ip(address))]).toEqual([address, true]);
      knowledge.configure(site());
      expect(isInfrastructure(ip("10.0.4.4"))).toBe(false);
    }));

  it("and who is a controller is known by what is configured and by what the directory says", () =>
    withComputers(
      [],
      (knowledge) => {
        const { isController } = knowledge.of("main");
        knowledge.configure(
          site({
            directories: [directory("ldap1.corp.example")],
            eventSources: [
              source("dc1"),
              source("mail", { kind: "exchange" }),
              source("wec", { kind: "event-collector" }),
            ],
          }),
        );
        for (const name of ["DC1", "dc1.corp.example", "ldap1", "dc9"])
          expect([name, isController(name)]).toEqual([name, true]);
        for (const name of ["mail", "wec", "pc7", ""])
          expect([name, isController(name)]).toEqual([name, false]);
      },
      { isController: (name) => name === "dc9", principalOf: () => null },
    ));
});
