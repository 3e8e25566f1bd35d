import { tmpdir } from "node:os";
import path from "node:path";
import type { PrincipalFacts } from "@rollcall/identity-core";
import { silentLogger } from "@rollcall/observability";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { type Lab, labForTests } from "../../../../infra/lab/lab.ts";
import { openLogin } from "../testing/open-login.ts";
import { createDirectoryReader, type DirectoryReaderOptions } from "./directory-reader.ts";
import { PrincipalBook } from "./principal-book.ts";

let found: { readonly corp: Lab; readonly other: Lab } | null = null;
const CORP = "127.0.0.64";
const OTHER = "127.0.0.65";

beforeAll(async () => {
  const state = (name: string) => path.join(tmpdir(), "rollcall-lab", `domains-${name}`);
  const corp = await labForTests({
    state: state("corp"),
    address: CORP,
    users: 20,
    forwarder: OTHER,
    isFresh: true,
  });
  if (corp === null) return;
  const other = await labForTests({
    state: state("other"),
    address: OTHER,
    realm: "OTHER.EXAMPLE",
    users: 20,
    forwarder: CORP,
    isFresh: true,
  });
  if (other !== null) found = { corp, other };
}, 240_000);
afterAll(async () => {
  await found?.corp.stop();
  await found?.other.stop();
});

function labsOf(test: TestContext): { readonly corp: Lab; readonly other: Lab } {
  if (found === null) test.skip("no Samba lab here");
  if (found === null) throw new Error("skipped");
  return found;
}

/** A reader of one lab whose turns are made by the test. */
function follow(lab: Lab, book: PrincipalBook, more: Partial<DirectoryReaderOptions> = {}, port = 636) {
  const reader = createDirectoryReader({
    config: {
      id: lab.netbios,
      name: lab.netbios,
      host: lab.address,
      servers: [],
      bind: "simple",
      port,
      tls: "ldaps",
      caPem: lab.caPem,
      dangerouslyTrustAnyCertificate: false,
      pollSeconds: 30,
      pageSize: 500,
      maxQueriesPerSecond: 1000,
    },
    login: openLogin(lab.readerUpn, lab.password),
    book,
    now: Date.now,
    log: silentLogger,
    sleep: () => Promise.resolve(),
    ...more,
  });
  const end = new AbortController();
  const batches = reader.collect({ after: null, signal: end.signal })[Symbol.asyncIterator]();
  const all = new Map<string, PrincipalFacts>();
  return {
    reader,
    async turn() {
      const { value } = await batches.next();
      for (const facts of value?.facts ?? []) all.set(facts.key, facts);
      return value?.facts ?? [];
    },
    /** Turns until `isSo` of the facts told so far. */
    async until(isSo: (facts: ReadonlyMap<string, PrincipalFacts>) => boolean) {
      while (!isSo(all)) await this.turn();
      return all;
    },
    async stop() {
      end.abort();
      await batches.return?.();
    },
  };
}

describe("directories of two domains", () => {
  it("tell their people and groups apart, side by side and over a trust, members from the other domain included", async (test) => {
    const { corp, other } = labsOf(test);
    await corp.trust(other);
    const stranger = await other.sidOf("u000001");
    const group = `CN=DL-VPN,OU=Groups,OU=Lab,${corp.baseDn}`;
    const link = (verb: "add" | "delete") =>
      corp.change(`dn: ${group}\nchangetype: modify\n${verb}: member\nmember: <SID=${stranger}>`);
    await link("add");
    const book = new PrincipalBook();
    const theirs = follow(other, book);
    const ours = follow(corp, book);
    try {
      const first = await theirs.until((facts) => facts.has(stranger));
      expect(first.get(stranger)?.groups).toContain("DL-VPN");
      const own = await ours.until((facts) => facts.size > 60);
      const groups = own.get(stranger)?.groups ?? [];
      // He is in the group of his own domain, and now in the trusting domain's too: two rights, two names.
      expect(groups).toEqual(expect.arrayContaining(["corp.example\\DL-VPN", "other.example\\DL-VPN"]));
      expect(own.get(stranger)).toMatchObject({ domain: "other.example", netbiosDomain: "OTHER" });
      // Both domains have a u000001: neither is meant by the bare name.
      const names = [...own.values()].filter(({ name }) => name === "u000001");
      expect(names.length).toBeGreaterThanOrEqual(1);
      for (const { aliases } of names) expect(aliases).not.toContain("u000001");

      await link("delete");
      await ours.until((facts) => !facts.get(stranger)?.groups.includes("corp.example\\DL-VPN"));
    } finally {
      await theirs.stop();
      await ours.stop();
    }
  });

  it("can be read from the global catalogue, each object in its domain", async (test) => {
    const { corp } = labsOf(test);
    const followed = follow(corp, new PrincipalBook(), {}, 3269);
    try {
      const facts = await followed.until((all) => all.size > 60);
      const user = [...facts.values()].find(({ name }) => name === "u000001");
      expect(user).toMatchObject({ domain: "corp.example", netbiosDomain: "CORP" });
      expect(user?.groups).toEqual(expect.arrayContaining(["GG-Engineering", "UG-Tech", "Domain Users"]));
      expect(followed.reader.health()[0]?.counters.dirSync).toBe(0);
      await corp.setEnabled("u000002", false);
      const told = await followed.turn();
      expect(told).toMatchObject([{ name: "u000002", enabled: false }]);
    } finally {
      await corp.setEnabled("u000002", true);
      await followed.stop();
    }
  });
});
