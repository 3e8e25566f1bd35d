import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { silentLogger } from "@rollcall/observability";
import { afterEach, describe, expect, test } from "vitest";
import { aPoint, bearer, type Harness, startHarness } from "./testing/index.ts";

let harness: Harness;
afterEach(() => harness.stop());

const FORM = { "content-type": "application/x-www-form-urlencoded" };
const POLL = "/user_query/v2/users/endpoints?begintime=0&entry_count=200";

/** The first `bytes` characters that come back on one connection for exactly these bytes. */
async function exchange(sent: string, bytes: number): Promise<string> {
  const socket = await harness.raw();
  const answer = new Promise<string>((resolve) => {
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("utf8");
      if (text.length >= bytes) resolve(text);
    });
    socket.on("close", () => resolve(text));
  });
  socket.write(sent);
  const text = await answer;
  socket.destroy();
  return text;
}

function golden(name: string): string {
  const room = createRequire(import.meta.url).resolve("@rollcall/srx-protocol");
  return readFileSync(new URL(`goldens/${name}.http`, `file://${room}`), "utf8");
}

describe("a token", () => {
  test.each([
    [
      "a form",
      {
        method: "POST",
        path: "/oauth_token/oauth",
        headers: FORM,
        body: "grant_type=client_credentials&client_id=srx-a&client_secret=EXAMPLE",
      },
    ],
    [
      "a form under /api",
      {
        method: "POST",
        path: "/api/oauth-token/oauth",
        headers: FORM,
        body: "client_id=srx-a&client_secret=EXAMPLE",
      },
    ],
    [
      "JSON",
      {
        method: "PUT",
        path: "/oauth_token/oauth",
        headers: { "content-type": "application/json" },
        body: '{"client_id":"srx-a","client_secret":"EXAMPLE"}',
      },
    ],
    [
      "Basic",
      {
        method: "GET",
        path: "/oauth_token/oauth",
        headers: { authorization: `Basic ${btoa("srx-a:EXAMPLE")}` },
      },
    ],
  ])("is given for %s", async (_, asking) => {
    harness = await startHarness();
    const answer = await harness.ask(asking);
    expect(answer).toMatchObject({ status: 200, reason: "OK" });
    expect(JSON.parse(answer.body)).toEqual({
      access_token: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      token_type: "Bearer",
      expires_in: 28_800,
    });
    expect(answer.headers["cache-control"]).toBe("no-store");
  });

  test("is refused for a wrong secret and for an unknown client in the very same bytes, and the page says why", async () => {
    harness = await startHarness();
    const request = (client: string, secret: string) => {
      const body = `client_id=${client}&client_secret=${secret}`;
      return `POST /oauth_token/oauth HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    };
    const expected = golden("1b-wrong-client.response");
    expect(await exchange(request("srx-a", "WRONG"), expected.length)).toBe(expected);
    expect(await exchange(request("nobody", "EXAMPLE"), expected.length)).toBe(expected);
    expect(harness.contacts.contactOf("tenant-1", "point-1")).toMatchObject({ refused: 1, tokens: 0 });
    expect(harness.contacts.contactOf("tenant-1", "point-1")?.lastRefusal).toContain(
      "wrong secret (asked from 127.0.0.1)",
    );
  });

  test.each([
    [
      "credentials in the address",
      { method: "POST", path: "/oauth?client_id=srx-a&client_secret=EXAMPLE" },
      400,
    ],
    [
      "another grant",
      {
        method: "POST",
        path: "/oauth",
        headers: FORM,
        body: "grant_type=password&client_id=srx-a&client_secret=EXAMPLE",
      },
      400,
    ],
    [
      "repeated parameters",
      {
        method: "POST",
        path: "/oauth",
        headers: FORM,
        body: "client_id=srx-a&client_id=srx-a&client_secret=EXAMPLE",
      },
      400,
    ],
    [
      "a wrong content type",
      { method: "POST", path: "/oauth", headers: { "content-type": "text/xml" }, body: "<a/>" },
      400,
    ],
    [
      "a form of 1 MiB",
      { method: "POST", path: "/oauth", headers: FORM, body: `client_id=${"a".repeat(1_048_576)}` },
      413,
    ],
    ["another method", { method: "DELETE", path: "/oauth" }, 405],
  ])("is refused for %s, and no secret is logged", async (_, asking, status) => {
    const lines: unknown[] = [];
    const method = (...line: unknown[]) => lines.push(line);
    const log = {
      trace: method,
      debug: method,
      info: method,
      warn: method,
      error: method,
      fatal: method,
      child: () => log,
      isEnabled: () => true,
    };
    harness = await startHarness({ log: log as never });
    expect((await harness.ask(asking)).status).toBe(status);
    expect(JSON.stringify(lines)).not.toContain("EXAMPLE");
    expect(harness.tokens.size).toBe(0);
  });

  test("malformed a hundred times by a stranger is said ten times, and counted each time", async () => {
    const lines: unknown[] = [];
    const log = { ...silentLogger, warn: (...line: unknown[]) => void lines.push(line) };
    harness = await startHarness({ log });
    const ask = (from: string) =>
      harness.ask({ method: "POST", path: "/oauth", headers: FORM, body: "", from });
    for (let at = 0; at < 100; at++) expect((await ask("127.0.0.1")).status).toBe(400);
    expect(lines).toHaveLength(10);
    expect(harness.server.health().counters.refused).toBe(100);
    await ask("127.0.0.2");
    expect(lines).toHaveLength(11);
  });

  test("is refused from an address the point may not ask from, although the secret is right", async () => {
    harness = await startHarness();
    harness.points.setPoints([aPoint({ sourceAddresses: ["127.0.0.2", "10.0.0.0/8"] })]);
    await expect(harness.token({ from: "127.0.0.1" })).rejects.toThrow("401");
    expect(await harness.token({ from: "127.0.0.2" })).toHaveLength(36);
    expect(harness.contacts.contactOf("tenant-1", "point-1")?.lastRefusal).toContain(
      "not one of the addresses",
    );
  });

  test("used from another address is worth nothing", async () => {
    harness = await startHarness();
    const token = await harness.token({ from: "127.0.0.1" });
    expect((await harness.ask({ path: POLL, headers: bearer(token), from: "127.0.0.2" })).status).toBe(401);
    expect((await harness.ask({ path: POLL, headers: bearer(token), from: "127.0.0.1" })).status).toBe(200);
    expect(harness.contacts.contactOf("tenant-1", "point-1")?.lastRefusal).toContain(
      "issued to another address",
    );
  });

  test("is worth nothing from the moment its address is struck off the list", async () => {
    harness = await startHarness();
    const token = await harness.token();
    harness.points.setPoints([aPoint({ sourceAddresses: ["10.0.0.0/8"] })]);
    expect((await harness.ask({ path: POLL, headers: bearer(token) })).status).toBe(401);
    harness.points.setPoints([aPoint({ sourceAddresses: ["not an address"] })]);
    expect((await harness.ask({ path: POLL, headers: bearer(token) })).status).toBe(401);
    harness.points.setPoints([aPoint({ sourceAddresses: ["127.0.0.0/8"] })]);
    expect((await harness.ask({ path: POLL, headers: bearer(token) })).status).toBe(200);
  });

  test("missing, wrong or expired is answered as the table says, and a new one is given", async () => {
    harness = await startHarness();
    const expected = golden("7a-token-expired.response");
    const asked = `GET ${POLL} HTTP/1.1\r\nHost: x\r\n`;
    expect(await exchange(`${asked}\r\n`, expected.length)).toBe(expected);
    expect(
      await exchange(
        `${asked}Authorization: Bearer 11111111-2222-4333-8444-555555555555\r\n\r\n`,
        expected.length,
      ),
    ).toBe(expected);
    const token = await harness.token();
    await harness.clock.advance(28_799_000);
    expect((await harness.ask({ path: POLL, headers: bearer(token) })).status).toBe(200);
    await harness.clock.advance(1_000);
    expect(await exchange(`${asked}Authorization: Bearer ${token}\r\n\r\n`, expected.length)).toBe(expected);
    expect((await harness.ask({ path: POLL, headers: bearer(await harness.token()) })).status).toBe(200);
  });

  test("outlives its successor by the grace time only", async () => {
    harness = await startHarness();
    const older = await harness.token();
    const newer = await harness.token();
    await harness.clock.advance(9 * 60_000);
    expect((await harness.ask({ path: POLL, headers: bearer(older) })).status).toBe(200);
    await harness.clock.advance(2 * 60_000);
    expect((await harness.ask({ path: POLL, headers: bearer(older) })).status).toBe(401);
    expect((await harness.ask({ path: POLL, headers: bearer(newer) })).status).toBe(200);
  });

  test("can be got with either of two secrets while they rotate, and dies with its secret at once", async () => {
    harness = await startHarness();
    const secrets = [
      { id: "old", verifier: "OLD" },
      { id: "new", verifier: "NEW" },
    ];
    harness.points.setPoints([aPoint({ secrets })]);
    const byOld = await harness.token({ secret: "OLD" });
    const byNew = await harness.token({ secret: "NEW" });
    harness.points.setPoints([aPoint({ secrets: secrets.slice(1) })]);
    expect((await harness.ask({ path: POLL, headers: bearer(byOld) })).status).toBe(401);
    expect((await harness.ask({ path: POLL, headers: bearer(byNew) })).status).toBe(200);
    await expect(harness.token({ secret: "OLD" })).rejects.toThrow("401");
  });

  test("dies with its point at once, on a connection that is open, and the point of another customer lives on", async () => {
    harness = await startHarness();
    harness.points.setPoints([aPoint(), aPoint({ tenantId: "tenant-2", clientId: "srx-b" })]);
    const token = await harness.token();
    const other = await harness.token({ clientId: "srx-b" });
    harness.points.forget("tenant-1", "point-1");
    expect((await harness.ask({ path: POLL, headers: bearer(token) })).status).toBe(401);
    expect((await harness.ask({ path: POLL, headers: bearer(other) })).status).toBe(200);
    await expect(harness.token()).rejects.toThrow("401");
  });

  test("guessed at from elsewhere does not lock the firewall out", async () => {
    harness = await startHarness();
    const statuses: number[] = [];
    for (let at = 0; at < 12; at++) {
      const answer = await harness.ask({
        method: "POST",
        path: "/oauth",
        headers: FORM,
        body: `client_id=srx-a&client_secret=guess${at}`,
        from: "127.0.0.9",
      });
      statuses.push(answer.status);
    }
    expect(statuses).toEqual([...Array(10).fill(401), 429, 429]);
    await expect(harness.token({ from: "127.0.0.9" })).rejects.toThrow("429");
    expect(await harness.token({ from: "127.0.0.1" })).toHaveLength(36);
    await harness.clock.advance(61_000);
    expect(await harness.token({ from: "127.0.0.9" })).toHaveLength(36);
  });

  test("cannot be checked when the directory of points is gone: 503, never a guess", async () => {
    harness = await startHarness({
      points: { authenticate: () => Promise.reject(new Error("no database")), find: () => null },
    });
    await expect(harness.token()).rejects.toThrow("503");
    expect(harness.server.health().counters.failed).toBe(1);
  });
});
