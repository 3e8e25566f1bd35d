import { networkInterfaces } from "node:os";
import path from "node:path";
import { type Observation, parseIp } from "@rollcall/identity-core";
import { silentLogger } from "@rollcall/observability";
import { freePort, makeTempDir } from "@rollcall/testkit";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { CollectedBatch } from "../collector.ts";
import { ClientLab, type KeyPair } from "./testing/client-lab.ts";
import { encodeSldc } from "./testing/encode-sldc.ts";
import {
  aHeartbeat,
  aMessage,
  anEnumerate,
  anEventsMessage,
  BOOKMARK_EVENT,
  eventXml,
  logonXml,
} from "./testing/messages.ts";
import type { WefConfig } from "./wef-config.ts";
import { createWefReceiver, type WefReceiver, type WefReceiverOptions } from "./wef-receiver.ts";

/** Nobody is ever placed at loopback: computers must come from an address that could be somebody's. */
const HERE = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(
    ({ family, internal, address }) => family === "IPv4" && !internal && !address.startsWith("169.254."),
  )?.address;
if (HERE === undefined)
  console.info("event forwarding is not tested: this machine has no address but loopback");
const AT = HERE ?? "127.0.0.1";

const UTF16 = "Content-Type: application/soap+xml;charset=UTF-16";
const UTF8 = "Content-Type: application/soap+xml;charset=UTF-8";

let lab: ClientLab;
let ours: KeyPair;
let theirs: KeyPair;
let server: KeyPair;
let pc7: KeyPair;
const certificates = new Map<string, KeyPair>();

beforeAll(async () => {
  lab = new ClientLab(path.join(await makeTempDir(), "wef"));
  ours = await lab.authority("ours");
  theirs = await lab.authority("theirs");
  server = await lab.certificate(ours, {
    file: "server",
    commonName: "localhost",
    san: "DNS:localhost",
    purpose: "serverAuth",
  });
  pc7 = await lab.certificate(ours, { file: "pc7", commonName: "pc7", san: "DNS:pc7.corp.example" });
});

/** A certificate of our authority unless another is given, made once. */
async function certificate(
  file: string,
  options: Partial<Parameters<ClientLab["certificate"]>[1]>,
  authority: KeyPair = ours,
): Promise<KeyPair> {
  const known = certificates.get(file);
  if (known !== undefined) return known;
  const made = await lab.certificate(authority, { file, commonName: file, ...options });
  certificates.set(file, made);
  return made;
}

interface Running {
  readonly receiver: WefReceiver;
  readonly batches: CollectedBatch[];
  readonly observations: () => Observation[];
  readonly marks: Map<string, string>;
  readonly post: (
    body: Uint8Array | string,
    more?: { readonly client?: KeyPair | null; readonly headers?: readonly string[]; readonly path?: string },
  ) => Promise<{ status: number; body: Buffer; text: string }>;
  readonly send: (events: readonly string[], more?: { recordId?: string }) => Promise<number>;
  readonly stop: () => Promise<void>;
}

const running: Running[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});

async function start(
  given: {
    readonly config?: Partial<WefConfig>;
    readonly options?: Partial<WefReceiverOptions>;
    /** Null: keep everything and acknowledge nothing. */
    readonly onBatch?: (batch: CollectedBatch) => void | Promise<void>;
    readonly marks?: Map<string, string>;
  } = {},
): Promise<Running> {
  const port = given.config?.port ?? (await freePort());
  const marks = given.marks ?? new Map<string, string>();
  const receiver = createWefReceiver({
    config: {
      id: "wef",
      name: "Event forwarding",
      addressSpaceId: "main",
      host: "localhost",
      port,
      clientCaPem: lab.text(ours.certificate),
      allow: [],
      channels: ["Security"],
      heartbeatSeconds: 900,
      readExisting: false,
      compress: true,
      lifetimeMinutes: 480,
      rulesOff: [],
      rulesOn: [],
      ...given.config,
    },
    listenHost: AT,
    identity: async () => ({ keyPem: lab.text(server.key), certificatePem: lab.text(server.certificate) }),
    site: {
      isInfrastructure: () => false,
      isController: (computer) => computer.startsWith("dc1"),
      addressesOf: () => [],
      hasDevice: () => false,
      principalOf: () => null,
    },
    markOf: (key) => marks.get(key) ?? null,
    now: Date.now,
    log: silentLogger,
    ...given.options,
  });
  const stopping = new AbortController();
  const batches: CollectedBatch[] = [];
  const onBatch =
    given.onBatch ??
    ((batch: CollectedBatch) => {
      for (const { key, value } of batch.marks ?? []) marks.set(key, value);
      batch.ack?.();
    });
  const collecting = (async () => {
    for await (const batch of receiver.collect({ after: null, signal: stopping.signal })) {
      batches.push(batch);
      await onBatch(batch);
    }
  })();
  await until(() => receiver.address !== null || receiver.fault !== null);
  const one: Running = {
    receiver,
    batches,
    marks,
    observations: () => batches.flatMap((batch) => batch.observations),
    async post(body, more = {}) {
      const client = more.client === null ? {} : { client: more.client ?? pc7 };
      const answer = await lab.post({
        url: `https://localhost:${port}${more.path ?? "/wsman/SubscriptionManager/WEC"}`,
        ca: ours.certificate,
        body,
        more: ["--connect-to", `localhost:${port}:${AT}:${port}`],
        headers: more.headers ?? [typeof body === "string" ? UTF8 : UTF16],
        ...client,
      });
      return { ...answer, text: textOf(answer.body) };
    },
    async send(events, more = {}) {
      const identifier = receiver.subscription.version;
      return (await one.post(anEventsMessage({ identifier, events, ...more }))).status;
    },
    async stop() {
      stopping.abort();
      await collecting;
    },
  };
  running.push(one);
  return one;
}

function textOf(body: Buffer): string {
  return body[0] === 0xff && body[1] === 0xfe ? body.subarray(2).toString("utf16le") : body.toString("utf8");
}

function utf16(text: string): Buffer {
  return Buffer.from(`\ufeff${text}`, "utf16le");
}

async function until(isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error("it did not become so within 10 s");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const users = (observations: readonly Observation[]): (string | undefined)[] =>
  observations.filter(({ kind }) => kind === "user").map(({ principal }) => principal?.name);

describe.skipIf(HERE === undefined)("a Windows computer that forwards its events", () => {
  it("asks for its subscription, sends a logon, and is acknowledged; the user is where its connection comes from", async () => {
    const { receiver, post, observations } = await start();
    const enumerated = await post(utf16(anEnumerate("uuid:MixedCase-0001")));
    expect(enumerated.status).toBe(200);
    expect(enumerated.text).toContain("<a:RelatesTo>uuid:MixedCase-0001</a:RelatesTo>");
    const version = /<m:Version>uuid:([0-9A-F-]{36})</.exec(enumerated.text)?.[1] ?? "";
    const notifyTo = /<e:NotifyTo><a:Address>https:\/\/localhost:\d+([^<]+)</.exec(enumerated.text)?.[1];
    expect(notifyTo).toBe(`/wsman/subscriptions/${version}`);
    expect(
      (await post(aMessage({ action: "http://schemas.microsoft.com/wbem/wsman/1/wsman/End" }))).status,
    ).toBe(204);

    const time = Date.now() - 1000;
    const sent = anEventsMessage({
      identifier: version,
      events: [logonXml("ana", { time }), BOOKMARK_EVENT],
    });
    const answer = await post(Buffer.from(encodeSldc(utf16(sent))), {
      path: notifyTo,
      headers: [UTF16, "Content-Encoding: SLDC"],
    });
    expect(answer.status).toBe(200);
    expect(answer.body.subarray(0, 2)).toEqual(Buffer.from([0xff, 0xfe]));
    expect(answer.text).toContain("<a:Action>http://schemas.dmtf.org/wbem/wsman/1/wsman/Ack</a:Action>");
    expect(observations()).toEqual([
      expect.objectContaining({
        kind: "user",
        verb: "start",
        class: "A",
        ip: parseIp(AT),
        rule: "event:4624-2",
        effectiveAt: time,
        recordId: `windows:pc7.corp.example/Security/7@${time}`,
      }),
      expect.objectContaining({ kind: "device", principal: { name: "pc7", domain: "corp.example" } }),
    ]);
    expect(receiver.health()[0]).toMatchObject({
      state: "ok",
      counters: { bookmarkEvents: 1, computers: 1 },
    });
    expect(receiver.computers(5)).toMatchObject([{ name: "pc7.corp.example", address: AT, events: 2 }]);
  });

  it("is acknowledged only once what it sent is committed, and is asked to come again where that takes too long", async () => {
    const kept: CollectedBatch[] = [];
    const { send, post, receiver, marks } = await start({
      onBatch: (batch) => void kept.push(batch),
      options: { limits: { commitWaitMs: 300 } },
    });
    const time = Date.now();
    expect(await send([logonXml("ana", { time })])).toBe(503);
    expect(kept).toHaveLength(1);
    expect(marks.size).toBe(0);
    // Until the commit it is told to go on from where it was kept, not from where it has sent.
    expect((await post(anEnumerate())).text).not.toContain("RecordId");
    kept[0]?.ack?.();
    expect((await post(anEnumerate())).text).toContain('RecordId="7"');
    expect(receiver.health()[0]?.counters).toMatchObject({ askedToComeAgain: 1 });
  });

  it("is asked to come again while too much waits to be committed, and what it sent is not even read", async () => {
    const { send, receiver } = await start({
      onBatch: () => undefined,
      options: { limits: { commitWaitMs: 200, waiting: 1 } },
    });
    expect(await send([logonXml("ana", { time: Date.now() })])).toBe(503);
    expect(await send([logonXml("ana", { time: Date.now(), recordId: 8 })])).toBe(503);
    expect(receiver.health()[0]?.counters).toMatchObject({ received: 1, askedToComeAgain: 2 });
  });

  it("goes on after a restart of the agent where it was kept, forward, whichever way it had read", async () => {
    const first = await start();
    const identifier = first.receiver.subscription.version;
    const message = anEventsMessage({
      identifier,
      events: [BOOKMARK_EVENT],
      recordId: "4711",
      isBackward: true,
    });
    expect((await first.post(message)).status).toBe(200);
    await first.stop();
    const second = await start({ marks: first.marks });
    const { text } = await second.post(anEnumerate());
    expect(text).toContain(
      '<w:Bookmark><BookmarkList><Bookmark Channel="Security" RecordId="4711" IsCurrent="true"/></BookmarkList></w:Bookmark>',
    );
    expect(text).not.toContain("backward");
  });

  it("takes the new subscription when it changes: what it names then is unknown, and it asks again", async () => {
    const first = await start();
    const before = first.receiver.subscription.version;
    expect((await first.post(aHeartbeat(before))).status).toBe(200);
    await first.stop();
    const same = await start({
      config: { port: Number(/:(\d+)\//.exec(first.receiver.subscription.notifyTo)?.[1]) },
    });
    expect(same.receiver.subscription.version).toBe(before);
    await same.stop();
    const changed = await start({ config: { heartbeatSeconds: 600 } });
    expect(changed.receiver.subscription.version).not.toBe(before);
    expect((await changed.post(aHeartbeat(before))).status).toBe(404);
    expect((await changed.post(anEventsMessage({ identifier: before, events: [] }))).status).toBe(404);
    expect((await changed.post(aHeartbeat(changed.receiver.subscription.version))).status).toBe(200);
  });

  it("ends its user's session at its own address, and a lock ends nothing", async () => {
    const { send, observations } = await start();
    const time = Date.now() - 5000;
    const data = {
      TargetUserSid: "S-1-5-21-1-2-3-1104",
      TargetUserName: "ana",
      TargetDomainName: "CORP",
      TargetLogonId: "0x1a2b3c",
    };
    await send([
      logonXml("ana", { time, recordId: 1 }),
      eventXml({ eventId: 4800, time: time + 1000, recordId: 2, data }),
      eventXml({ eventId: 4634, time: time + 2000, recordId: 3, data: { ...data, LogonType: "2" } }),
      eventXml({ eventId: 4647, time: time + 2000, recordId: 4, data }),
    ]);
    const made = observations().filter(({ kind }) => kind === "user");
    expect(made.map(({ rule, verb, correlator }) => [rule, verb, correlator])).toEqual([
      ["event:4624-2", "start", "pc7.corp.example|0x1a2b3c"],
      ["event:4634", "end", "pc7.corp.example|0x1a2b3c"],
      ["event:4647", "end", null],
    ]);
    expect(new Set(made.map(({ ip }) => ip))).toEqual(new Set([parseIp(AT)]));
  });
});

describe.skipIf(HERE === undefined)("who may forward", () => {
  it("is not a computer with a certificate of another authority, one without any, or one for servers", async () => {
    const { receiver, post } = await start();
    const foreign = await certificate("foreign", { san: "DNS:pc7.corp.example" }, theirs);
    const wrongPurpose = await certificate("wrong", { san: "DNS:pc7.corp.example", purpose: "serverAuth" });
    for (const client of [foreign, wrongPurpose, null])
      expect((await post(anEnumerate(), { client })).status).toBe(0);
    await until(() => receiver.health()[0]?.counters.refusedSenders === 3);
    expect(receiver.health()[0]).toMatchObject({
      state: "degraded",
      counters: {
        "refusedSenders.certificate-not-trusted": 2,
        "refusedSenders.no-certificate": 1,
        messages: 0,
      },
    });
  });

  it("does not come where it does not trust the agent, and that is said", async () => {
    const { receiver } = await start();
    const port = receiver.address?.port;
    const { status } = await lab.post({
      url: receiver.subscription.notifyTo,
      ca: theirs.certificate,
      client: pc7,
      body: anEnumerate(),
      more: ["--connect-to", `localhost:${port}:${AT}:${port}`],
    });
    expect(status).toBe(0);
    await until(() => receiver.health()[0]?.counters["refusedSenders.agent-not-trusted"] === 1);
    expect(receiver.health()[0]?.sentence).toContain("does not trust the agent's certificate");
  });

  it("speaks for itself only: an event of another computer is refused and counted, and the rest of the message counts", async () => {
    const { receiver, send, observations } = await start();
    const time = Date.now() - 1000;
    const forged = [
      logonXml("admin", { time, computer: "dc1.corp.example" }),
      logonXml("admin", { time, computer: "PC7" }),
      logonXml("admin", { time, computer: "pc7.corp.example.evil.example" }),
      eventXml({
        eventId: 4768,
        time,
        computer: "dc1.corp.example",
        data: {
          TargetUserName: "admin",
          TargetDomainName: "CORP",
          Status: "0x0",
          PreAuthType: "2",
          IpAddress: "10.0.0.9",
        },
      }),
    ];
    expect(await send([...forged, logonXml("ana", { time, computer: "PC7.Corp.Example" })])).toBe(200);
    expect(users(observations())).toEqual(["ana"]);
    expect(receiver.health()[0]).toMatchObject({ state: "degraded", counters: { forged: 4 } });
    expect(receiver.check().find(({ name }) => name === "forged events")?.ok).toBe(false);
  });

  it("may be a domain controller, which speaks of others; nobody is placed where the controller is", async () => {
    const dc1 = await certificate("dc1", { san: "DNS:dc1.corp.example" });
    const { receiver, post, observations } = await start();
    const data = {
      TargetUserName: "ana",
      TargetDomainName: "CORP",
      Status: "0x0",
      PreAuthType: "2",
      IpAddress: "::ffff:10.0.0.9",
    };
    const events = [
      eventXml({ eventId: 4768, time: Date.now(), computer: "dc1.corp.example", data }),
      logonXml("admin", { time: Date.now(), computer: "dc1.corp.example", recordId: 8 }),
    ];
    const identifier = receiver.subscription.version;
    expect((await post(anEventsMessage({ identifier, events }), { client: dc1 })).status).toBe(200);
    expect(observations().map(({ kind, ip, rule }) => [kind, ip, rule])).toEqual([
      ["user", parseIp("10.0.0.9"), "event:4768"],
    ]);
  });

  it("must be on the list of names where there is one", async () => {
    const pc8 = await certificate("pc8", { san: "DNS:pc8.lab.example" });
    const { receiver, post } = await start({ config: { allow: ["*.corp.example"] } });
    expect((await post(anEnumerate())).status).toBe(200);
    expect((await post(anEnumerate(), { client: pc8 })).status).toBe(403);
    expect(receiver.health()[0]?.counters).toMatchObject({ "refusedSenders.not-allowed": 1 });
  });

  it("has a plain name: without a DNS name the common name counts, a wildcard and a name hidden in another never", async () => {
    const cnOnly = await certificate("pc9.corp.example", {});
    const wildcard = await certificate("wild", { san: "DNS:*.corp.example" });
    const hidden = await certificate("hidden", {
      san: "@names",
      more: "[names]\nURI=x, DNS:dc1.corp.example, y",
    });
    const { receiver, post } = await start();
    expect((await post(anEnumerate(), { client: cnOnly })).status).toBe(200);
    expect(receiver.computers(1)).toMatchObject([{ name: "pc9.corp.example" }]);
    expect((await post(anEnumerate(), { client: wildcard })).status).toBe(403);
    expect((await post(anEnumerate(), { client: hidden })).status).toBe(403);
  });

  it("is let in by the issuing authority alone, without its root", async () => {
    const issuing = await certificate("issuing", { isAuthority: true });
    const pc10 = await certificate("pc10", { san: "DNS:pc10.corp.example" }, issuing);
    const { post } = await start({ config: { clientCaPem: lab.text(issuing.certificate) } });
    expect((await post(anEnumerate(), { client: pc10 })).status).toBe(200);
    // And whoever the root let in by another way is not.
    expect((await post(anEnumerate(), { client: pc7 })).status).toBe(0);
  });

  it("is nobody whose certificate has run out meanwhile, and TLS 1.2 is the oldest that is spoken", async () => {
    const { post } = await start({ options: { now: () => Date.now() + 40 * 86_400_000 } });
    expect((await post(anEnumerate())).status).toBe(403);
    const { receiver } = await start();
    const speaking = async (version: string): Promise<number> => {
      const port = receiver.address?.port;
      const more = ["--connect-to", `localhost:${port}:${AT}:${port}`, "--tls-max", version];
      const url = receiver.subscription.notifyTo;
      const weak = ["--ciphers", "DEFAULT@SECLEVEL=0"];
      return (
        await lab.post({
          url,
          ca: ours.certificate,
          client: pc7,
          body: anEnumerate(),
          more: [...more, ...weak],
        })
      ).status;
    };
    expect(await speaking("1.2")).toBe(200);
    expect(await speaking("1.1")).toBe(0);
  });
});

describe.skipIf(HERE === undefined)("bad messages", () => {
  it("are refused with a reason that is counted, and the next message is read", async () => {
    const { receiver, post, send } = await start();
    const identifier = receiver.subscription.version;
    const doctype = `<!DOCTYPE s [<!ENTITY x "y">]>${anEnumerate()}`;
    const statuses: number[] = [];
    for (const body of ["<a", "<a/>", doctype, aMessage({ action: "urn:other" }), aMessage({ action: " " })])
      statuses.push((await post(body)).status);
    statuses.push((await post(utf16(anEnumerate()), { headers: [UTF16, "Content-Encoding: gzip"] })).status);
    statuses.push(
      (await post(Buffer.from([1, 2, 3]), { headers: [UTF16, "Content-Encoding: SLDC"] })).status,
    );
    statuses.push((await post("x".repeat(700_000))).status);
    statuses.push((await post(anEnumerate(), { path: "/other" })).status);
    expect(statuses).toEqual([400, 400, 400, 400, 400, 415, 400, 413, 404]);
    // What grows beyond the bound when it is expanded is not expanded.
    const bomb = encodeSldc(Buffer.alloc(60_000, 0x41));
    expect((await post(Buffer.from(bomb), { headers: [UTF16, "Content-Encoding: SLDC"] })).status).toBe(400);
    expect((await post("")).status).toBe(200);
    expect(await send(["<Event", "<Event/>", logonXml("ana", { time: Date.now() })])).toBe(200);
    expect(receiver.health()[0]?.counters).toMatchObject({
      refusedMessages: 9,
      "refusedMessages.doctype": 1,
      "refusedMessages.content-encoding": 1,
      "damaged.not-xml": 1,
      "damaged.no-event": 1,
      matched: 1,
    });
    expect(identifier).toBe(receiver.subscription.version);
  });

  it("with characters that no XML may hold are read without these, and they are counted", async () => {
    const { receiver, send, observations } = await start();
    const time = Date.now();
    const events = [
      logonXml("ana", { time, data: { WorkstationName: "a\u0005b" } }),
      logonXml("ben", { time, recordId: 8, data: { WorkstationName: "a&#x5;b" } }),
    ];
    expect(await send(events)).toBe(200);
    expect(users(observations())).toEqual(["ana", "ben"]);
    expect(receiver.health()[0]?.counters).toMatchObject({ sanitised: 2 });
  });

  it("that come too slowly, and connections beyond the bound, are closed", async () => {
    const { receiver, post } = await start({
      options: { limits: { connectionsPerAddress: 2, handshakeMs: 200, headersMs: 300, requestMs: 300 } },
    });
    const { connect } = await import("node:net");
    const port = receiver.address?.port ?? 0;
    const idle = [connect(port, AT), connect(port, AT)];
    for (const socket of idle) socket.on("error", () => undefined);
    await until(() => receiver.health()[0]?.counters.connections === 2);
    expect((await post(anEnumerate())).status).toBe(0);
    expect(receiver.health()[0]?.counters).toMatchObject({ droppedConnections: 1 });
    await until(() => receiver.health()[0]?.counters.connections === 0);
    expect((await post(anEnumerate())).status).toBe(200);
  });
});

describe.skipIf(HERE === undefined)("the port of the receiver", () => {
  it("is free for the next one as soon as it says so", async () => {
    const port = await freePort();
    for (let round = 0; round < 10; round += 1) {
      const { receiver, stop } = await start({ config: { port } });
      expect(receiver.fault).toBeNull();
      // Not waited for, as a reader that is given up is not: the port alone says it.
      void stop();
      await receiver.closed();
    }
  });

  it("that is taken is said with who has it, and opened when it is free", async () => {
    const { createServer } = await import("node:net");
    const port = await freePort();
    const other = createServer().listen(port, AT);
    await new Promise((resolve) => other.once("listening", resolve));
    const { receiver } = await start({ config: { port } });
    expect(receiver.health()[0]).toMatchObject({ state: "broken" });
    expect(receiver.health()[0]?.sentence).toContain(`${port} is taken`);
    await new Promise((resolve) => other.close(resolve));
    await until(() => receiver.address !== null);
    expect(receiver.health()[0]?.state).toBe("never");
  });
});
