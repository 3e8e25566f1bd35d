import { tmpdir } from "node:os";
import path from "node:path";
import type { PrincipalFacts } from "@rollcall/identity-core";
import { silentLogger } from "@rollcall/observability";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { type Lab, labForTests } from "../../../../infra/lab/lab.ts";
import { openLogin } from "../testing/open-login.ts";
import type { DirectoryConfig } from "./directory-config.ts";
import { createDirectoryReader, type DirectoryReader } from "./directory-reader.ts";

let found: Lab | null = null;

beforeAll(async () => {
  // Its own state and address: another run's lab is not disturbed.
  found = await labForTests({
    state: path.join(tmpdir(), "rollcall-lab", "collectors"),
    address: "127.0.0.12",
    isFresh: true,
  });
}, 240_000);
afterAll(async () => found?.stop());

function labOf(test: TestContext): Lab {
  if (found === null) test.skip("no Samba lab here");
  if (found === null) throw new Error("skipped");
  return found;
}

type Overrides = Partial<DirectoryConfig> & { readonly user?: string; readonly password?: string };

function readerOf(lab: Lab, { user = lab.readerUpn, password = lab.password, ...overrides }: Overrides) {
  return createDirectoryReader({
    config: configOf(lab, overrides),
    login: openLogin(user, password),
    now: Date.now,
    log: silentLogger,
    sleep: () => Promise.resolve(),
  });
}

function configOf(lab: Lab, overrides: Partial<DirectoryConfig> = {}): DirectoryConfig {
  return {
    id: "corp",
    name: "Corp",
    host: lab.address,
    port: 636,
    tls: "ldaps",
    caPem: lab.caPem,
    dangerouslyTrustAnyCertificate: false,
    pollSeconds: 30,
    pageSize: 50,
    servers: [],
    bind: "simple",
    maxQueriesPerSecond: 1000,
    ...overrides,
  };
}

/** Follows a reader; each step is one turn, made at once. */
async function follow<T>(
  lab: Lab,
  overrides: Overrides,
  use: (followed: {
    readonly reader: DirectoryReader;
    readonly facts: ReadonlyMap<string, PrincipalFacts>;
    named(name: string): PrincipalFacts | undefined;
    turn(): Promise<readonly PrincipalFacts[]>;
  }) => Promise<T>,
): Promise<T> {
  const reader = readerOf(lab, overrides);
  const end = new AbortController();
  const facts = new Map<string, PrincipalFacts>();
  const batches = reader.collect({ after: null, signal: end.signal })[Symbol.asyncIterator]();
  const turn = async () => {
    const { value } = await batches.next();
    const told: readonly PrincipalFacts[] = value?.facts ?? [];
    for (const fact of told) facts.set(fact.key, fact);
    return told;
  };
  await turn();
  try {
    const named = (name: string) => [...facts.values()].find((fact) => fact.name === name);
    return await use({ reader, facts, named, turn });
  } finally {
    end.abort();
    await batches.return?.();
  }
}

describe("the directory reader against a Samba Active Directory", () => {
  it("reads every user and computer over several pages", async (test) => {
    const lab = labOf(test);
    await follow(lab, {}, async ({ facts, named }) => {
      const all = [...facts.values()];
      expect(all.filter(({ name }) => /^u\d{6}$/.test(name))).toHaveLength(200);
      expect(all.filter(({ kind }) => kind === "device").length).toBeGreaterThanOrEqual(51);
      expect(named("jörg.weiß")).toMatchObject({
        upn: "jörg.weiß@corp.example",
        displayName: "Jörg Weiß",
        enabled: true,
      });
      expect(named("x.altupn")?.aliases).toEqual(
        expect.arrayContaining(["corp.example\\x.altupn", "corp\\x.altupn", "first.last@mail.corp.example"]),
      );
      expect(named("WS0001")?.aliases).toContain("ws0001.corp.example");
      expect(
        [named("x.disabled"), named("x.expired"), named("u000025")].map((fact) => fact?.enabled),
      ).toEqual([false, false, false]);
    });
  });

  it("computes the very groups that the controller computes, nested, circular and primary", async (test) => {
    const lab = labOf(test);
    await follow(lab, {}, async ({ reader, facts, named }) => {
      const { graph } = reader.book;
      for (const name of [
        "u000001",
        "u000003",
        "u000007",
        "x.multi",
        "x.primary",
        "x.comma",
        "svc-collector",
      ]) {
        const fact = named(name);
        const id = fact === undefined ? null : graph.principalBySid(fact.key);
        if (id === null) throw new Error(`${name} was not read`);
        const ours = graph.effectiveGroups(id).map((group) => graph.group(group)?.sid ?? "");
        const theirs = await lab.tokenGroupsOf(name);
        // Beside groups of the directory the controller counts "everybody who logged on" and the like.
        const ofTheDirectory = theirs.filter(
          (sid) => !/^S-1-(1|5-(2|11|15|32-554|32-574))-?\d*$/.test(sid) || ours.includes(sid),
        );
        expect([...ours].sort(), name).toEqual([...ofTheDirectory].sort());
      }
      expect(facts.get(named("u000001")?.key ?? "")?.groups).toEqual([
        "DL-Internet-Access",
        "DL-VPN",
        "Domain Users",
        "GG-Engineering",
        "GG-Everyone",
        "UG-AllStaff",
        "UG-Tech",
      ]);
    });
  });

  it("sees a person put into a group and taken out, and tells of nobody else", async (test) => {
    const lab = labOf(test);
    await follow(lab, {}, async ({ turn, named }) => {
      await lab.addToGroup("u000002", "GG-Empty");
      expect((await turn()).map(({ name }) => name)).toEqual(["u000002"]);
      expect(named("u000002")?.groups).toContain("GG-Empty");
      await lab.removeFromGroup("u000002", "GG-Empty");
      expect((await turn()).map(({ name }) => name)).toEqual(["u000002"]);
      expect(named("u000002")?.groups).not.toContain("GG-Empty");
    });
  });

  it("sees a group put into another, for everybody below it", async (test) => {
    const lab = labOf(test);
    await follow(lab, {}, async ({ turn, facts }) => {
      await lab.addToGroup("GG-Sales", "GG-Empty");
      const told = await turn();
      expect(told.length).toBe(
        [...facts.values()].filter(({ groups }) => groups.includes("GG-Sales")).length,
      );
      expect(told.every(({ groups }) => groups.includes("GG-Empty"))).toBe(true);
      await lab.removeFromGroup("GG-Sales", "GG-Empty");
      expect((await turn()).length).toBe(told.length);
    });
  });

  it("sees a group's new name", async (test) => {
    const lab = labOf(test);
    await follow(lab, {}, async ({ turn, named }) => {
      await lab.renameGroup("GG-Primary", "GG-Renamed");
      try {
        expect((await turn()).map(({ name }) => name)).toEqual(["x.primary"]);
        expect(named("x.primary")?.groups).toContain("GG-Renamed");
      } finally {
        await lab.renameGroup("GG-Renamed", "GG-Primary");
      }
    });
  });

  it("sees an account disabled and enabled", async (test) => {
    const lab = labOf(test);
    await follow(lab, {}, async ({ turn }) => {
      await lab.setEnabled("u000004", false);
      expect(await turn()).toMatchObject([{ name: "u000004", enabled: false }]);
      await lab.setEnabled("u000004", true);
      expect(await turn()).toMatchObject([{ name: "u000004", enabled: true }]);
    });
  });

  it("sees an account that locked itself, asks for it again at each turn, and sees it unlocked", async (test) => {
    const lab = labOf(test);
    const threshold = (value: number) =>
      lab.change(
        `dn: ${lab.baseDn}\nchangetype: modify\nreplace: lockoutThreshold\nlockoutThreshold: ${value}`,
      );
    await threshold(3);
    try {
      await follow(lab, {}, async ({ reader, turn }) => {
        for (const _ of [1, 2, 3])
          await lab.logOnLdap({ user: "u000006", from: "127.0.5.6", password: "wrong" });
        expect(await turn()).toMatchObject([{ name: "u000006", enabled: false }]);
        const read = reader.health()[0]?.counters.entriesRead ?? 0;
        expect(await turn()).toEqual([]);
        expect(reader.health()[0]?.counters.entriesRead).toBe(read + 1);
        await lab.unlock("u000006");
        expect(await turn()).toMatchObject([{ name: "u000006", enabled: true }]);
      });
    } finally {
      await threshold(0);
    }
  });

  it("keeps hold of a person who is moved, gets another name and another primary group", async (test) => {
    const lab = labOf(test);
    await follow(lab, {}, async ({ turn, facts }) => {
      const name = `t.${Date.now().toString(36)}`;
      await lab.addUser(name);
      const [first] = await turn();
      const dn = `CN=${name},OU=Staff,OU=Lab,${lab.baseDn}`;
      const move = (from: string, to: string, above: string) =>
        lab.change(
          `dn: ${from}\nchangetype: modrdn\nnewrdn: CN=${to}\ndeleteoldrdn: 1\nnewsuperior: ${above},OU=Lab,${lab.baseDn}`,
        );
      await move(dn, `${name}-2`, "OU=Groups");
      const moved = `CN=${name}-2,OU=Groups,OU=Lab,${lab.baseDn}`;
      // Nothing that a firewall is told is another.
      expect(await turn()).toEqual([]);
      await lab.change(
        `dn: ${moved}\nchangetype: modify\nreplace: sAMAccountName\nsAMAccountName: ${name}-3`,
      );
      expect(await turn()).toMatchObject([{ key: first?.key, name: `${name}-3` }]);
      await lab.addToGroup(`${name}-3`, "GG-Primary");
      await turn();
      const rid = (await lab.sidOf("GG-Primary")).split("-").at(-1);
      await lab.change(`dn: ${moved}\nchangetype: modify\nreplace: primaryGroupID\nprimaryGroupID: ${rid}`);
      await turn();
      expect(facts.get(first?.key ?? "")?.groups).toEqual(
        expect.arrayContaining(["Domain Users", "GG-Primary"]),
      );
      await lab.deleteAccount(`${name}-3`);
    });
  });

  it("lets a person go who is moved out of the part that is read", async (test) => {
    const lab = labOf(test);
    const overrides = { baseDn: `OU=Staff,OU=Lab,${lab.baseDn}`.replaceAll(",", ", ") };
    await follow(lab, overrides, async ({ turn }) => {
      const name = `t.${Date.now().toString(36)}`;
      await lab.addUser(name);
      expect(await turn()).toMatchObject([{ name, enabled: true }]);
      await lab.change(
        `dn: CN=${name},OU=Staff,OU=Lab,${lab.baseDn}\nchangetype: modrdn\nnewrdn: CN=${name}\ndeleteoldrdn: 1\nnewsuperior: OU=Groups,OU=Lab,${lab.baseDn}`,
      );
      expect(await turn()).toMatchObject([{ name, enabled: false }]);
      await lab.deleteAccount(name);
    });
  });

  it("reads a user and his groups again when he logs on", async (test) => {
    const lab = labOf(test);
    await follow(lab, {}, async ({ reader, turn, named }) => {
      await lab.addToGroup("u000009", "GG-Empty");
      reader.noteLogon(named("u000009")?.key ?? "");
      expect((await turn()).map(({ name }) => name)).toEqual(["u000009"]);
      expect(reader.health()[0]?.counters).toMatchObject({
        logonReads: 1,
        logonsMended: 1,
        incrementalReads: 0,
      });
      await lab.removeFromGroup("u000009", "GG-Empty");
      await turn();
    });
  });

  it("sees a new account, and its deletion, with the right to see deleted objects and without", async (test) => {
    const lab = labOf(test);
    for (const user of [lab.readerUpn, lab.replicatorUpn]) {
      await follow(lab, { user }, async ({ reader, turn }) => {
        const name = `t.${Date.now().toString(36)}`;
        await lab.addUser(name);
        expect(await turn()).toMatchObject([{ name, enabled: true, groups: ["Domain Users"] }]);
        await lab.deleteAccount(name);
        expect(await turn()).toMatchObject([{ name, enabled: false, groups: [] }]);
        const { counters, sentence } = reader.health()[0] ?? {};
        expect(counters).toMatchObject({ dirSync: 1, fullReads: 1 });
        expect(counters?.deletionListings === 0).toBe(user === lab.replicatorUpn);
        expect(/deletions are found by listing/.test(sentence ?? "")).toBe(user !== lab.replicatorUpn);
      });
    }
  });

  it("reads over StartTLS, and below a part of the tree with the groups of all of it", async (test) => {
    const lab = labOf(test);
    const overrides = {
      tls: "starttls",
      port: 389,
      baseDn: `OU=Finance,OU=Staff,OU=Lab,${lab.baseDn}`,
    } as const;
    await follow(lab, overrides, async ({ facts }) => {
      expect(facts.size).toBe(25);
      for (const { groups } of facts.values()) expect(groups).toContain("DL-Internet-Access");
    });
  });

  it("reads what the account may see, and no more", async (test) => {
    const lab = labOf(test);
    await follow(lab, { user: "svc-limited@corp.example" }, async ({ named }) => {
      expect([named("x.hidden1"), named("x.multi")].map((fact) => fact?.name)).toEqual([
        undefined,
        "x.multi",
      ]);
    });
  });

  it("logs on as a UPN, as DOMAIN\\user and as a DN", async (test) => {
    const lab = labOf(test);
    const dn = `CN=svc-collector,OU=Service Accounts,OU=Lab,${lab.baseDn}`;
    for (const user of [lab.readerUpn, `${lab.netbios}\\svc-collector`, dn]) {
      const reader = readerOf(lab, { user });
      expect((await reader.test()).filter(({ ok }) => !ok)).toEqual([]);
    }
  });

  it("logs on by Kerberos, over LDAPS and StartTLS, and says why where it cannot", async (test) => {
    const lab = labOf(test);
    for (const overrides of [{}, { tls: "starttls", port: 389 } as const])
      await follow(lab, { bind: "kerberos", ...overrides }, async ({ named }) => {
        expect(named("u000001")?.enabled).toBe(true);
      });
    const refused = (await readerOf(lab, { bind: "kerberos", password: "wrong" }).test()).at(-1);
    expect(refused).toMatchObject({ name: "Log-on", ok: false, remedy: expect.stringMatching(/password/) });
    const unknown = (await readerOf(lab, { bind: "kerberos", user: "nobody@corp.example" }).test()).at(-1);
    expect(unknown).toMatchObject({ name: "Log-on", ok: false });
  });

  it("says what is wrong, step by step, with what to do", async (test) => {
    const lab = labOf(test);
    const failing = async (overrides: Overrides) => {
      const last = (await readerOf(lab, overrides).test()).at(-1);
      return `${last?.name}: ${last?.detail} -> ${last?.remedy}`;
    };
    expect(await failing({ password: "wrong" })).toBe(
      `Log-on: ${lab.address}:636 refuses ${lab.readerUpn}: the password or the user name is wrong -> type the password again`,
    );
    expect(await failing({ user: "x.disabled@corp.example" })).toMatch(
      /^Log-on: .*the account is disabled -> enable/,
    );
    expect(await failing({ caPem: OTHER_CA })).toMatch(
      /^Encryption: .*certificate.* is not accepted: .* -> give the PEM/,
    );
    expect(await failing({ caPem: OTHER_CA, tls: "starttls", port: 389 })).toMatch(
      /^Log-on: .*certificate.* is not accepted/,
    );
    expect(await failing({ tls: "none", port: 389 })).toMatch(
      /^Log-on: .*demands encryption -> choose LDAPS/,
    );
    expect(await failing({ port: 389 })).toMatch(/^Encryption: .*instead of encrypting it -> check the port/);
    expect(await failing({ port: 640 })).toMatch(
      /^Port: .*refuses connections -> check that the domain controller runs/,
    );
    expect(await failing({ host: "dc9.invalid" })).toMatch(/^Name: The name dc9.invalid is not known/);
    expect(await failing({ baseDn: "OU=Nowhere,DC=corp,DC=example" })).toMatch(
      /^People: .*does not know the base DN/,
    );
  });

  it("does not read over a connection that it cannot trust, and says so in its health", async (test) => {
    const lab = labOf(test);
    const config = configOf(lab, { caPem: OTHER_CA });
    const end = new AbortController();
    const reader = createDirectoryReader({
      config,
      login: openLogin(lab.readerUpn, lab.password),
      now: Date.now,
      log: silentLogger,
      sleep: async () => end.abort(),
    });
    const batches: unknown[] = [];
    for await (const batch of reader.collect({ after: null, signal: end.signal })) batches.push(batch);
    expect(batches).toEqual([]);
    expect(reader.health()[0]).toMatchObject({
      state: "broken",
      sentence: expect.stringMatching(/is not accepted/),
    });
  });

  it("goes on by itself when the controller comes back", { timeout: 120_000 }, async (test) => {
    const lab = labOf(test);
    const end = new AbortController();
    const sentences: string[] = [];
    const reader: DirectoryReader = createDirectoryReader({
      config: configOf(lab, { pollSeconds: 5 }),
      login: openLogin(lab.readerUpn, lab.password),
      now: Date.now,
      log: silentLogger,
      sleep: async () => {
        const [health] = reader.health();
        if (health?.state === "broken") sentences.push(health.sentence);
        if (sentences.length === 1) found = await labForTests({ state: lab.state, address: lab.address });
      },
    });
    let turns = 0;
    for await (const batch of reader.collect({ after: null, signal: end.signal })) {
      turns += 1;
      if (turns === 1) expect(batch.facts.length).toBeGreaterThan(250);
      if (turns === 1) await lab.stop();
      // The directory is the same as before: after the pause there is nothing to tell.
      if (turns === 2) expect(batch.facts).toEqual([]);
      if (turns === 2) break;
    }
    expect(sentences[0]).toMatch(/^127\.0\.0\.12:636 (closed the connection|refuses connections)/);
    expect(reader.health()[0]?.state).toBe("ok");
  });
});

/** A certificate of nobody: made for this test, its key thrown away. */
const OTHER_CA = `-----BEGIN CERTIFICATE-----
MIIBkjCCATegAwIBAgIUcZth3TdC0wlHcV4VeOundmXwy2owCgYIKoZIzj0EAwIw
HTEbMBkGA1UEAwwSU29tZWJvZHkgZWxzZSdzIENBMCAXDTI2MTEyNTAwMzAxOVoY
DzIxMjYxMTAxMDAzMDE5WjAdMRswGQYDVQQDDBJTb21lYm9keSBlbHNlJ3MgQ0Ew
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATHd6y2OudDrC0V74o7AQXKJHAC5hWJ
VEBX13z1HWv1QawgTvMEYsfnboV2NKaXwVfaBsZRP+BE2aJmF2JeOTv2o1MwUTAd
BgNVHQ4EFgQUZQHaApjA1g//+S797xF3YGK4wlowHwYDVR0jBBgwFoAUZQHaApjA
1g//+S797xF3YGK4wlowDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBG
AiEAkwp82W1RegzUJAnXG3ww4jCt+vSRcOAJXZC7jSkBWZECIQDChdBPtBac3tt6
FIWkejUQZpT8BNzoocaIT9+R1caWAA==
-----END CERTIFICATE-----
`;
