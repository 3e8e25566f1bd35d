import { Agent } from "node:https";
import { createLogger } from "@rollcall/observability";
import { afterEach, describe, expect, test } from "vitest";
import { type ContactRecorder, createContactRecorder } from "./index.ts";
import { aPoint, bearer, type Harness, startHarness } from "./testing/index.ts";

const POLL = "/user_query/v2/users/endpoints?begintime=0&entry_count=200";
const TRIES = 1000;
let harness: Harness;
afterEach(() => harness.stop());

/** Addresses of this machine from which nobody may ask: so many that no limit per address hides anything. */
const strangers = Array.from({ length: 250 }, (_, n) => `127.0.1.${n + 1}`);

async function statuses(ask: (from: string) => Promise<{ readonly status: number }>): Promise<number[]> {
  const seen = new Set<number>();
  for (let tries = 0; tries < TRIES; tries += 50) {
    const from = Array.from({ length: 50 }, (_, n) => strangers[(tries + n) % strangers.length] ?? "");
    for (const { status } of await Promise.all(from.map(ask))) seen.add(status);
  }
  return [...seen].sort();
}

describe("a secret and a token belong to where they are used from", () => {
  test(`T-SRX-1: the right secret from a wrong network gets 0 tokens of ${TRIES}`, async () => {
    harness = await startHarness();
    harness.points.setPoints([aPoint({ sourceAddresses: ["127.0.0.1/32"] })]);
    const seen = await statuses((from) =>
      harness.ask({
        method: "POST",
        path: "/oauth_token/oauth",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: "client_id=srx-a&client_secret=EXAMPLE",
        from,
      }),
    );
    expect([seen, harness.server.health().counters.tokens]).toEqual([[401], 0]);
    expect(harness.contacts.contacts()[0]?.refused).toBe(TRIES);
    // And the firewall itself is not shut out by any of it.
    expect(await harness.token()).toMatch(/^[0-9a-f-]{36}$/);
  });

  test(`T-SRX-2: a token used from another address than it was issued to is refused ${TRIES} times of ${TRIES}`, async () => {
    harness = await startHarness();
    const token = await harness.token();
    expect((await harness.ask({ path: POLL, headers: bearer(token) })).status).toBe(200);
    expect(await statuses((from) => harness.ask({ path: POLL, headers: bearer(token), from }))).toEqual([
      401,
    ]);
    expect((await harness.ask({ path: POLL, headers: bearer(token) })).status).toBe(200);
  });

  test("a token that goes to an address never seen before is said in the log and on the firewall's page, once", async () => {
    const lines: string[] = [];
    const log = createLogger({
      name: "test",
      level: "info",
      destination: { write: (line) => void lines.push(line) },
    });
    harness = await startHarness({ log });
    const alerts = () => lines.filter((line) => line.includes("never been used from"));
    await harness.token();
    await harness.token();
    expect([alerts().length, harness.contacts.contacts()[0]?.newSource]).toEqual([0, undefined]);
    await harness.token({ from: "127.0.0.2" });
    await harness.token({ from: "127.0.0.2" });
    await harness.token();
    expect(alerts()).toHaveLength(1);
    expect(alerts()[0]).toContain("127.0.0.2");
    expect(harness.contacts.contacts()[0]?.newSource).toEqual({
      at: harness.clock.now(),
      address: "127.0.0.2",
    });
  });

  test("what a firewall speaks stands on its page from its first token on", async () => {
    harness = await startHarness();
    await harness.token();
    expect(harness.contacts.contacts()[0]?.tls).toMatch(
      /^TLSv1\.3 TLS_AES_128_GCM_SHA256 (no SNI|localhost)$/,
    );
  });

  test("what a firewall speaks is noted anew when its next connection speaks otherwise, and not with each question", async () => {
    const book = createContactRecorder();
    const heard: string[] = [];
    const contacts: ContactRecorder = {
      ...book,
      spoke(point, transport) {
        heard.push(transport);
        book.spoke?.(point, transport);
      },
    };
    harness = await startHarness({ contacts });
    const token = await harness.token();
    const versions = ["TLSv1.3", "TLSv1.2", "TLSv1.2"] as const;
    for (const version of versions) {
      const agent = new Agent({ keepAlive: true, minVersion: version, maxVersion: version });
      for (let at = 0; at < 3; at++) await harness.ask({ path: POLL, headers: bearer(token), agent });
      agent.destroy();
    }
    expect(heard.map((transport) => transport.split(" ")[0])).toEqual(["TLSv1.3", "TLSv1.2"]);
    expect(book.contacts()[0]?.tls).toMatch(/^TLSv1\.2 /);
    await harness.ask({ path: POLL, headers: bearer("a".repeat(36)) });
    expect(heard).toHaveLength(2);
  });
});
