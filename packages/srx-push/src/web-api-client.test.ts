import { createServer } from "node:http";
import { createAuthority, issueServerCertificate } from "@rollcall/pki";
import { type Listening, listen, listenOn } from "@rollcall/webapi-server/listen";
import { WebApi } from "@rollcall/webapi-server/web-api";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { bodyOf, planPosts } from "./plan-posts.ts";
import { changeOf } from "./push-change.ts";
import { isPublicAddress } from "./target-address.ts";
import { anEntry, aUser } from "./testing/builders.ts";
import { createWebApiClient, type WebApiTarget } from "./web-api-client.ts";

const [post] = planPosts([changeOf(anEntry({ ip: "10.0.0.1", user: aUser({}) }), 0)], {
  source: "Rollcall",
}).posts;
const body = post ? bodyOf(post) : "";
const signal = new AbortController().signal;
const password = { reveal: () => "pä§:s" };
const stored = { kind: "answered", status: 200, retryAfterMs: null };

let certPem: string;
let keyPem: string;
let caPem: string;
let nameless: { certPem: string; keyPem: string };
beforeAll(async () => {
  const now = Date.now();
  const authority = await createAuthority({ commonName: "Web API CA", kind: "p256", now });
  caPem = authority.certPem;
  const issue = (names: string[]) => issueServerCertificate({ authority, kind: "p256", names, now });
  ({ certPem, keyPem } = await issue(["127.0.0.1", "fw.example"]));
  nameless = await issue(["another.example"]);
});

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});
afterAll(() => undefined);

async function serve(tls: { certPem: string; keyPem: string } | null): Promise<[WebApi, Listening]> {
  const api = new WebApi({ user: "rollcall", password: "pä§:s", clients: ["127.0.0.1"] });
  const listening = await listen(api, { host: "127.0.0.1", port: 0, tls });
  open.push(listening);
  return [api, listening];
}

function clientOf(url: string, of: Partial<WebApiTarget> = {}, answerMs = 5000) {
  const client = createWebApiClient(
    { url, user: "rollcall", password, ...of },
    { now: Date.now, answerMs, connectMs: 2000 },
  );
  open.push(client);
  return client;
}

describe("the way to a firewall's Web API", () => {
  it("posts over one kept connection, checked against the CA that was given", async () => {
    const [api, { url, connections }] = await serve({ certPem, keyPem });
    const client = clientOf(url, { caPem });
    for (let n = 0; n < 5; n++) expect(await client.post(body, signal)).toEqual(stored);
    expect([api.table.rows().length, connections()]).toEqual([1, 1]);
    expect(client.warning).toBeNull();
    expect(await client.probe(signal)).toBeNull();
  });

  it("does not post to who shows a certificate that nobody vouches for, or one for another name", async () => {
    const [api, { url }] = await serve({ certPem, keyPem });
    expect(await clientOf(url).post(body, signal)).toMatchObject({
      kind: "no-answer",
      sentence: expect.stringContaining("is not trusted"),
    });
    const [, other] = await serve(nameless);
    expect(await clientOf(other.url, { caPem }).post(body, signal)).toMatchObject({
      sentence: expect.stringContaining("for another name"),
    });
    expect(api.posts).toEqual([]);
  });

  it("takes a certificate that was given itself, whatever it is for, and any one only when told so, saying it", async () => {
    const [, { url }] = await serve(nameless);
    expect(await clientOf(url, { caPem: nameless.certPem }).post(body, signal)).toEqual(stored);
    const trusting = clientOf(url, { dangerouslyTrustAnyCertificate: true });
    expect(await trusting.post(body, signal)).toEqual(stored);
    expect(trusting.warning).toContain("not checked");
  });

  it("says that credentials go in clear where the address says http", async () => {
    const [, { url }] = await serve(null);
    const client = clientOf(url);
    expect(await client.post(body, signal)).toEqual(stored);
    expect(client.warning).toContain("in clear");
  });

  it("posts again at once when the kept connection had just ended", async () => {
    const [, { url, port, close }] = await serve({ certPem, keyPem });
    const client = clientOf(url, { caPem });
    await client.post(body, signal);
    await close();
    const api = new WebApi({ user: "rollcall", password: "pä§:s", clients: [] });
    open.push(await listen(api, { host: "127.0.0.1", port, tls: { certPem, keyPem } }));
    expect(await client.post(body, signal)).toEqual(stored);
  });

  it("gives up on silence, on a cut, and where nobody listens, each with a sentence and without what was sent", async () => {
    const [api, { url, close }] = await serve({ certPem, keyPem });
    const client = clientOf(url, { caPem }, 300);
    api.mode = { kind: "silent" };
    const silent = await client.post(body, signal);
    api.mode = { kind: "reset", stored: false };
    const cut = await client.post(body, signal);
    await close();
    const nobody = await client.post(body, signal);
    expect([silent, cut, nobody]).toMatchObject([
      { sentence: expect.stringContaining("does not answer in time") },
      { sentence: expect.stringContaining("cut the connection") },
      { sentence: expect.stringContaining("Nothing listens") },
    ]);
    expect(await client.probe(signal)).toContain("Nothing listens");
    expect(JSON.stringify([silent, cut, nobody])).not.toMatch(/ana|pä§/);
  });

  it("reads how long to wait, follows no redirect, and does not read an endless body", async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? "");
      if (asked.length === 1) response.writeHead(503, { "Retry-After": "7" }).end();
      else if (asked.length === 2) response.writeHead(302, { Location: "/elsewhere" }).end();
      else {
        response.writeHead(200);
        const pour = setInterval(() => response.write("x".repeat(20_000)), 1);
        response.on("close", () => clearInterval(pour));
      }
    });
    const port = await listenOn(server, { host: "127.0.0.1", port: 0 });
    open.push({ close: () => server.close() });
    const client = clientOf(`http://127.0.0.1:${port}`);
    expect(await client.post(body, signal)).toMatchObject({ status: 503, retryAfterMs: 7000 });
    expect(await client.post(body, signal)).toMatchObject({ status: 302 });
    expect(await client.post(body, signal)).toEqual(stored);
    expect(new Set(asked)).toEqual(new Set(["/api/userfw/v1/post-entry"]));
  });

  it("connects to no address that may not be posted to, written or resolved, and to none but what was judged", async () => {
    const [api, { url, port }] = await serve(null);
    expect(await clientOf(url, { isAllowed: isPublicAddress }).post(body, signal)).toMatchObject({
      kind: "not-sent",
      sentence: expect.stringContaining("127.0.0.1"),
    });
    expect(
      await clientOf(`http://localhost:${port}`, { isAllowed: isPublicAddress }).post(body, signal),
    ).toMatchObject({ kind: "not-sent", sentence: expect.stringContaining("localhost leads to") });
    expect(
      await clientOf(`http://localhost:${port}`, { isAllowed: (ip) => ip === "127.0.0.1" }).post(
        body,
        signal,
      ),
    ).toEqual(stored);
    expect(api.posts).toHaveLength(1);
  });

  it("says what is wrong with an address or a CA that cannot be used", async () => {
    expect(await clientOf("ftp://192.0.2.1").post(body, signal)).toMatchObject({ kind: "not-sent" });
    expect(await clientOf("https://192.0.2.1", { caPem: "no certificate" }).post(body, signal)).toMatchObject(
      {
        sentence: expect.stringContaining("no certificate"),
      },
    );
  });
});

describe("isPublicAddress", () => {
  it("takes hosts of the internet", () => {
    expect(
      ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2600:1f00::1", "2a00:1450::1"].filter(
        (ip) => !isPublicAddress(ip),
      ),
    ).toEqual([]);
  });

  it("refuses whatever is private, local, reserved, or a wrapping of it", () => {
    const others = [
      ...["0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.0.1", "169.254.169.254", "172.16.0.1"],
      ...[
        "172.31.255.255",
        "192.168.1.1",
        "192.0.2.1",
        "198.18.0.1",
        "203.0.113.9",
        "224.0.0.1",
        "255.255.255.255",
      ],
      ...[
        "::",
        "::1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a00:1",
        "fe80::1",
        "fd00:ec2::254",
      ],
      ...["2001:db8::1", "2001::1", "2002:a00:1::", "ff02::1", "fec0::1", "100::1", "no address", ""],
    ];
    expect(others.filter(isPublicAddress)).toEqual([]);
  });
});
