import { chmodSync, writeFileSync } from "node:fs";
import path from "node:path";
import { siteConfig } from "@rollcall/agent-protocol";
import { withTempDir } from "@rollcall/testkit";
import { describe, expect, it } from "vitest";
import { checkSite } from "./check-site.ts";

const login = (id: string, parts: object = {}) => ({
  id,
  name: id,
  user: "reader@corp.example",
  password: { sealed: [] },
  ...parts,
});
const log = (id: string, parts: object = {}) => ({
  id,
  name: id,
  kind: "domain-controller",
  host: "dc1.corp.example",
  addressSpaceId: "main",
  credentialId: "reader",
  ...parts,
});
const directory = (parts: object) => ({ id: "d1", name: "D", host: "dc1", ...parts });

/** Every fault of a configuration as `path: problem -> remedy`. */
function faults(parts: object, baseFolder: string | null = null): string[] {
  const site = siteConfig.parse({ addressSpaces: [{ id: "main", name: "Main" }], ...parts });
  return checkSite(site, { baseFolder }).map(
    ({ path: at, problem, remedy }) => `${at}: ${problem}${remedy === undefined ? "" : ` -> ${remedy}`}`,
  );
}

describe("what a configuration says of Windows", () => {
  it("is taken where every reference leads somewhere", () => {
    expect(
      faults({
        credentials: [login("reader"), login("old", { user: "CORP\\old", allowNtlm: true })],
        directories: [directory({ credentialId: "reader" })],
        eventSources: [log("dc1"), log("dc2", { host: "192.0.2.2", credentialId: "old" })],
        pcProbe: { addressSpaceId: "main", credentialIds: ["old", "reader"], include: ["10.0.0.0/8"] },
        settings: { infrastructure: ["192.0.2.0/24"] },
      }),
    ).toEqual([]);
  });

  it("must name credentials that exist, wherever it names one", () => {
    expect(
      faults({
        credentials: [login("reader")],
        directories: [directory({ credentialId: "x" })],
        eventSources: [log("dc1", { credentialId: "y" })],
        pcProbe: { addressSpaceId: "main", credentialIds: ["z"] },
      }),
    ).toEqual([
      'directories[0].credentialId: there is no credential "x" -> known here: reader',
      'eventSources[0].credentialId: there is no credential "y" -> known here: reader',
      'pcProbe.credentialIds[0]: there is no credential "z" -> known here: reader',
    ]);
    expect(faults({ directories: [directory({ credentialId: "x" })] })).toEqual([
      'directories[0].credentialId: there is no credential "x" -> add it to credentials',
    ]);
  });

  it("gives a directory one login: a credential, or one of its own", () => {
    const own = { bindUser: "u", bindPassword: { sealed: [] } };
    const credentials = [login("reader")];
    expect(faults({ credentials, directories: [directory({ credentialId: "reader", ...own })] })).toEqual([
      "directories[0].credentialId: there is a login of its own beside the credential -> keep credentialId, or bindUser and bindPassword",
    ]);
    expect(faults({ directories: [directory({})] })).toEqual([
      "directories[0].bindUser: nobody is named to read it with -> set bindUser and bindPassword, or credentialId",
    ]);
    expect(faults({ directories: [directory({ bindUser: "u" })] })).toEqual([
      "directories[0].bindPassword: nobody is named to read it with -> set bindUser and bindPassword, or credentialId",
    ]);
    expect(faults({ directories: [directory(own)] })).toEqual([]);
  });

  it("says how Kerberos can be used where it could not", () => {
    const short = login("reader", { user: "CORP\\reader" });
    expect(faults({ credentials: [short], directories: [directory({ credentialId: "reader" })] })).toEqual(
      [],
    );
    expect(faults({ credentials: [short], eventSources: [log("dc1")] })).toEqual([
      'credentials[0].user: "CORP\\reader" does not say its Kerberos realm -> write user@corp.example, or set realm',
    ]);
    expect(
      faults({ credentials: [login("reader")], eventSources: [log("dc1", { host: "2001:db8::1" })] }),
    ).toEqual([
      "eventSources[0].host: Kerberos cannot log in at an address, and the credential does not allow NTLM -> write the server's full DNS name",
    ]);
  });

  it("logs on to a directory by Kerberos inside of TLS, as somebody whose realm is known", () => {
    const own = { bind: "kerberos", bindPassword: { sealed: [] } };
    const checked = (parts: object) => faults({ directories: [directory({ ...own, ...parts })] });
    expect(checked({ bindUser: "reader@corp.example" })).toEqual([]);
    expect(checked({ bindUser: "CORP\\reader", tls: "none" })).toEqual([
      "directories[0].bind: Kerberos is used inside of TLS only, and the connection has none -> choose ldaps or starttls",
      'directories[0].bind: "CORP\\reader" does not say its Kerberos realm -> write user@corp.example, or name a credential with a realm',
    ]);
  });

  it("uses an id once among credentials and once among sources of every kind", () => {
    const found = faults({
      credentials: [login("reader"), login("reader")],
      directories: [directory({ id: "a", credentialId: "reader" })],
      eventSources: [log("a"), log("b")],
      wefReceiver: { id: "b", addressSpaceId: "main", host: "agent.corp.example", clientCaPem: "nothing" },
    });
    expect(found).toEqual([
      'directories, syslogSources, eventSources and wefReceiver: the id "a" is used twice -> give each its own id',
      'directories, syslogSources, eventSources and wefReceiver: the id "b" is used twice -> give each its own id',
      'credentials[1].id: the id "reader" is used twice -> give each its own id',
      "wefReceiver.clientCaPem: it holds no certificate that can be read -> paste the PEM, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----",
    ]);
  });

  it("names address spaces that exist, ranges that can be read, and nothing twice", () => {
    const pem = "x";
    expect(
      faults({
        credentials: [login("reader")],
        eventSources: [
          log("dc1", {
            addressSpaceId: "no",
            rulesOn: ["event:4778", "event:4769"],
            rulesOff: ["event:4769"],
          }),
        ],
        wefReceiver: {
          id: "wef",
          addressSpaceId: "no",
          host: "a",
          clientCaPem: pem,
          channels: ["Security", "Security"],
          query: "<QueryList><Query></QueryList>",
        },
        pcProbe: {
          addressSpaceId: "no",
          credentialIds: ["reader", "reader"],
          include: ["10.0.0.0/99", "0.0.0.0/0"],
          exclude: ["here"],
          methods: ["wmi", "wmi"],
        },
        settings: { infrastructure: ["dc1"] },
      }).map((sentence) => sentence.split(" -> ")[0]),
    ).toEqual([
      'eventSources[0].addressSpaceId: there is no address space "no"',
      'wefReceiver.addressSpaceId: there is no address space "no"',
      'pcProbe.addressSpaceId: there is no address space "no"',
      'pcProbe.include[0]: "10.0.0.0/99" is no address, prefix or range',
      'pcProbe.exclude[0]: "here" is no address, prefix or range',
      'settings.infrastructure[0]: "dc1" is no address, prefix or range',
      'eventSources[0].rulesOn: "event:4769" is switched on and off',
      'wefReceiver.channels[1]: "Security" is there twice',
      "wefReceiver.query: it is no structured query",
      "wefReceiver.clientCaPem: it holds no certificate that can be read",
      'pcProbe.include[1]: "0.0.0.0/0" is wider than any network of workstations: a login would be carried everywhere',
      'pcProbe.credentialIds[1]: "reader" is there twice',
      'pcProbe.methods[1]: "wmi" is there twice',
    ]);
  });

  it("takes events that others forward from a collector only: a controller's log is believed of everybody", () => {
    const of = (parts: object) =>
      faults({ credentials: [login("reader")], eventSources: [log("dc1", parts)] }).map(
        (one) => one.split(":")[0],
      );
    expect(of({ channelPath: "ForwardedEvents" })).toEqual(["eventSources[0].channelPath"]);
    expect(of({ channelPath: "security" })).toEqual([]);
    expect(of({ kind: "event-collector", channelPath: "ForwardedEvents" })).toEqual([]);
  });

  it("switches rules that there are, and says of an event that is never a session why it cannot be switched", () => {
    const found = faults({
      credentials: [login("reader")],
      eventSources: [log("dc1", { rulesOn: ["event:5140", "4768"], rulesOff: ["event:4625"] })],
    });
    expect(found).toEqual([
      expect.stringMatching(/^eventSources\[0\]\.rulesOff\[0\]: event:4625 never becomes a session/),
      expect.stringMatching(
        /^eventSources\[0\]\.rulesOn\[1\]: there is no event rule "4768" -> rules: event:4768/,
      ),
    ]);
  });

  it("takes names of shares, and event rules of the customer, that there can be", () => {
    const found = faults({
      settings: { eventRulesOff: ["event:4776", "4768"] },
      credentials: [login("reader")],
      eventSources: [log("dc1", { shares: ["Homes", "\\\\fs1\\Homes"] })],
    });
    expect(found).toEqual([
      expect.stringMatching(
        /^eventSources\[0\]\.shares\[1\]: .* is no name of a share -> write its name alone/,
      ),
      expect.stringMatching(/^settings\.eventRulesOff\[1\]: there is no event rule "4768"/),
    ]);
  });

  it("names password files that are there, hold something and are private", () =>
    withTempDir(async (folder) => {
      writeFileSync(path.join(folder, "good"), "x", { mode: 0o600 });
      writeFileSync(path.join(folder, "open"), "x");
      chmodSync(path.join(folder, "open"), 0o644);
      const found = faults(
        {
          credentials: ["good", "open", "missing"].map((file) => login(file, { password: { file } })),
          directories: [directory({ bindUser: "u", bindPassword: { file: "missing" } })],
        },
        folder,
      );
      expect(found.map((sentence) => sentence.split(": ")[0])).toEqual([
        "credentials[1].password.file",
        "credentials[2].password.file",
        "directories[0].bindPassword.file",
      ]);
    }));
});
